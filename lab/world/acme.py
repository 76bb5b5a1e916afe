"""
A public CA on the internet: Pebble, Let's Encrypt's own ACME server for tests, as Debian has it. It makes a new root each
time that it starts, and asks at port 80 of where the lab's name server sends it.
"""

import json
import os
import shutil
import time

from shell import STATE, Failure, in_namespace, is_active, run, start_unit, stop_unit, write

NAMESPACE = "internet"
UNIT = "lab-acme"
FOLDER = f"{STATE}/acme"
PORT, MANAGEMENT = 14000, 15000
START_SECONDS = 300  # it makes RSA keys, for which an emulated machine takes its time


def config(address, days):
    return {
        "pebble": {
            "listenAddress": f"{address}:{PORT}",
            "managementListenAddress": f"127.0.0.1:{MANAGEMENT}",
            "certificate": f"{FOLDER}/tls.pem",
            "privateKey": f"{FOLDER}/tls.key",
            "httpPort": 80,
            "tlsPort": 443,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": False,
            "certificateValidityPeriod": days * 86400,
        }
    }


def openssl(*words):
    run("openssl", *words, timeout=120)


def make_tls(address):
    """Its HTTPS certificate, of an authority that nobody knows: a CA of a company's own is like that."""
    write(f"{FOLDER}/extensions", f"subjectAltName=IP:{address},IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *key, "-keyout", f"{FOLDER}/authority.key", "-out", f"{FOLDER}/authority.pem", "-subj", "/CN=the CA's HTTPS", "-days", "30")
    openssl("req", *key, "-keyout", f"{FOLDER}/tls.key", "-out", f"{FOLDER}/tls.csr", "-subj", "/CN=the CA")
    signing = ("-CA", f"{FOLDER}/authority.pem", "-CAkey", f"{FOLDER}/authority.key", "-CAcreateserial")
    openssl("x509", "-req", "-in", f"{FOLDER}/tls.csr", *signing, "-days", "30", "-extfile", f"{FOLDER}/extensions", "-out", f"{FOLDER}/tls.pem")


def start(wanted):
    """`address` that it is asked at, `nameServer` that it asks, `days` for which its certificates hold."""
    for key in ("address", "nameServer", "days"):
        if not wanted.get(key):
            raise Failure(f"{key} is missing")
    stop()
    os.makedirs(FOLDER, mode=0o700)
    make_tls(wanted["address"])
    write(f"{FOLDER}/config.json", json.dumps(config(wanted["address"], wanted["days"])))
    settings = ("PEBBLE_VA_NOSLEEP=1", "PEBBLE_AUTHZREUSE=0")  # it asks each time, and at once
    start_unit(UNIT, NAMESPACE, "/usr/bin/pebble", "-config", f"{FOLDER}/config.json", "-dnsserver", f"{wanted['nameServer']}:53", properties=["Type=exec", *(f"Environment={each}" for each in settings)])
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        root = in_namespace(NAMESPACE, "curl", "--silent", "--fail", "--max-time", "5", "--cacert", f"{FOLDER}/authority.pem", f"https://127.0.0.1:{MANAGEMENT}/roots/0", check=False)
        if root.returncode == 0 and "BEGIN CERTIFICATE" in root.stdout:
            with open(f"{FOLDER}/authority.pem") as file:
                return {"directory": f"https://{wanted['address']}:{PORT}/dir", "directoryAuthority": file.read(), "root": root.stdout}
        time.sleep(0.3)
    raise Failure(f"pebble did not start: {said()['log'][-400:]}")


def stop():
    stop_unit(UNIT)
    shutil.rmtree(FOLDER, ignore_errors=True)


def status():
    return {"running": is_active(UNIT), **said()}


def said():
    return {"log": run("journalctl", "-u", UNIT, "-o", "cat", "-n", "40", check=False).stdout}
