"""Somebody's directory: Debian's OpenLDAP in the inside network, over TLS, with users and the NT hashes that Samba's schema keeps."""

import base64
import glob
import os
import shutil
import time

from shell import STATE, Failure, ip_in, read_json_input, run, signal_unit, start_unit, stop_unit, write

NAMESPACE = "inside"
UNIT = "lab-directory"
FOLDER = f"{STATE}/directory"
SUFFIX = "dc=example,dc=com"
READER = f"cn=vpn,{SUFFIX}"


def install():
    """From Debian's archive, by the network that the lab's host has. Gives FreeRADIUS' driver for the gateway, which has no such network."""
    if not os.path.exists("/usr/sbin/slapd"):
        run("apt-get", "-q", "update", timeout=600)
        run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "install", "--no-install-recommends", "slapd", timeout=900)
        run("systemctl", "disable", "--now", "slapd", check=False, timeout=60)
    os.makedirs(f"{STATE}/packages", exist_ok=True)
    run("sh", "-c", f"cd {STATE}/packages && apt-get -q download freeradius-ldap", timeout=300)
    with open(glob.glob(f"{STATE}/packages/freeradius-ldap_*.deb")[0], "rb") as file:
        return {"driver": base64.b64encode(file.read()).decode()}


def conf():
    schema = "".join(f"include /etc/ldap/schema/{name}.schema\n" for name in ("core", "cosine", "inetorgperson"))
    return f"""{schema}attributetype ( 1.3.6.1.4.1.7165.2.1.25 NAME 'sambaNTPassword' EQUALITY caseIgnoreIA5Match SYNTAX 1.3.6.1.4.1.1466.115.121.1.26{{32}} SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.99999.1 NAME 'withHash' SUP top AUXILIARY MAY sambaNTPassword )
pidfile {FOLDER}/pid
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile {FOLDER}/server.pem
TLSCertificateKeyFile {FOLDER}/server.key
database mdb
suffix "{SUFFIX}"
directory {FOLDER}/db
access to attrs=sambaNTPassword by dn.exact="{READER}" read by * none
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{READER}" read by * none
"""


def entries(wanted):
    found = [
        f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: example\n",
        f"dn: {READER}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: vpn\nuserPassword:: {base64.b64encode(wanted['password'].encode()).decode()}\n",
        f"dn: ou=people,{SUFFIX}\nobjectClass: organizationalUnit\nou: people\n",
    ]
    for name, user in wanted["users"].items():
        found.append(
            f"dn: uid={name},ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\nobjectClass: withHash\nuid: {name}\ncn: {name}\nsn: {name}\n"
            f"employeeType: {user['kind']}\nsambaNTPassword: {user['hash'].upper()}\n"
        )
    return "\n".join(found)


def start(wanted):
    """A new one. Gives the certificate of who signed its own."""
    stop()
    address = wanted["address"]
    ip_in(NAMESPACE, "addr", "replace", f"{address}/24", "dev", "eth0")
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(f"{FOLDER}/db", mode=0o700)
    key = ("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    run(*key, "-x509", "-days", "3650", "-subj", "/CN=authority", "-keyout", f"{FOLDER}/ca.key", "-out", f"{FOLDER}/ca.pem", timeout=120)
    run(*key, "-subj", f"/CN={address}", "-keyout", f"{FOLDER}/server.key", "-out", f"{FOLDER}/server.csr", timeout=120)
    write(f"{FOLDER}/extensions", f"subjectAltName=IP:{address}\n", 0o600)
    authority = ("-CA", f"{FOLDER}/ca.pem", "-CAkey", f"{FOLDER}/ca.key", "-CAcreateserial")
    run("openssl", "x509", "-req", "-in", f"{FOLDER}/server.csr", *authority, "-days", "3650", "-extfile", f"{FOLDER}/extensions", "-out", f"{FOLDER}/server.pem", timeout=120)
    write(f"{FOLDER}/slapd.conf", conf(), 0o600)
    write(f"{FOLDER}/data.ldif", entries(wanted), 0o600)
    run("/usr/sbin/slapadd", "-f", f"{FOLDER}/slapd.conf", "-l", f"{FOLDER}/data.ldif", timeout=120)
    # In the foreground, for systemd to have it: -d.
    start_unit(UNIT, NAMESPACE, "/usr/sbin/slapd", "-f", f"{FOLDER}/slapd.conf", "-h", f"ldaps://{address}", "-d", "256", properties=["Type=exec"])
    for _ in range(60):
        said = run("journalctl", "-u", UNIT, "-o", "cat", "-n", "8", check=False).stdout
        if "slapd starting" in said:
            break
        time.sleep(1)
    else:
        raise Failure("slapd: " + said)
    with open(f"{FOLDER}/ca.pem") as file:
        return {"authority": file.read(), "bindDn": READER, "base": f"ou=people,{SUFFIX}"}


def stop():
    signal_unit(UNIT, "CONT")
    stop_unit(UNIT)


def act(action):
    if action == "install":
        return install()
    if action == "start":
        return start(read_json_input())
    if action == "stop":
        stop()
    else:
        signal_unit(UNIT, "STOP" if action == "silence" else "CONT")
    return {"done": True}
