"""
Somebody's device: Libreswan in the namespace `device`, and FRR where the text holds something for it, configured from the
text that a site connection outputs and nothing else. Libreswan's package cannot be installed beside strongSwan's, so it is
unpacked without dpkg's knowledge; FRR's is the image's.
"""

import glob
import os
import re
import shutil
import time

from shell import STATE, Failure, in_namespace, read_json_input, run, start_unit, stop_unit, write

NAMESPACE = "device"
UNIT = "lab-pluto"
FRR_UNIT = "lab-frr"
FRR_ETC = "/etc/netns/device/frr"
FOLDER = os.path.join(STATE, "libreswan")
ETC = "/etc/netns/device"
FRR_RUN = os.path.join(STATE, "frr")
# What libreswan depends on (its control file), less what is there.
NEEDS = re.compile(r"^Depends: (.*)$", re.M)


def install():
    """From Debian's archive, by the network that the lab's host has: one to three minutes where there is no KVM."""
    if not os.path.exists("/usr/libexec/ipsec/pluto"):
        os.makedirs(FOLDER, exist_ok=True)
        run("apt-get", "-q", "update", timeout=600)
        shown = run("apt-cache", "show", "--no-all-versions", "libreswan").stdout
        names = [one.split("|")[0].split("(")[0].strip() for one in NEEDS.search(shown)[1].split(",")]
        run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "install", "--no-install-recommends", *names, timeout=900)
        run("sh", "-c", f"cd {FOLDER} && apt-get -q download libreswan && dpkg-deb -x libreswan_*.deb /", timeout=300)
    return {"version": in_namespace(NAMESPACE, "ipsec", "--version").stdout.strip()}


def start():
    text = read_json_input()["text"]
    return {**pluto(text), **frr(text)}


def frr(text):
    """FRR as its package starts it, with its own files and sockets, and then what the text says for it."""
    stop_unit(FRR_UNIT)
    files = re.findall(r"^### /etc/frr/([a-z0-9.-]+).*\n((?:(?!### ).*\n?)*)", text, re.M)
    if not files:
        return {}
    shutil.rmtree(FRR_ETC, ignore_errors=True)
    shutil.rmtree(FRR_RUN, ignore_errors=True)
    with open("/etc/frr/daemons") as file:
        daemons = re.sub(r"^(bgpd|bfdd)=no", r"\1=yes", file.read(), flags=re.M)
    write(f"{FRR_ETC}/daemons", daemons)
    write(f"{FRR_ETC}/vtysh.conf", "service integrated-vtysh-config\n")
    write(f"{FRR_ETC}/frr.conf", "log syslog informational\n", 0o640)
    for name, content in files:
        write(f"{FRR_ETC}/{name}", content, 0o640)
    for folder in (FRR_RUN, "/run/frr"):
        os.makedirs(folder, mode=0o755, exist_ok=True)
    run("chown", "-R", "frr:frr", FRR_ETC, FRR_RUN)
    start_unit(FRR_UNIT, NAMESPACE, "/usr/lib/frr/frrinit.sh", "start", properties=["Type=forking", f"BindPaths={FRR_ETC}:/etc/frr {FRR_RUN}:/run/frr"])
    # As its owner does by the text's own words.
    told = [vtysh("-f", f"{FRR_ETC}/{name}") for name, _ in files]
    return {"frr": " ".join(told)[-500:]}


def vtysh(*words):
    return run("vtysh", "--vty_socket", FRR_RUN, "--config_dir", FRR_ETC, *words, timeout=60).stdout


def pluto(text, setup=""):
    """Starts Libreswan anew with the files that the text holds; `setup`: more lines of ipsec.conf's `config setup`."""
    stop()
    os.makedirs(f"{ETC}/ipsec.d", mode=0o700, exist_ok=True)
    for old in [name for end in ("conf", "secrets", "pem") for name in glob.glob(f"{ETC}/ipsec.d/*.{end}")]:
        os.remove(old)
    files = re.findall(r"^### /etc/ipsec\.d/([a-z0-9.-]+).*\n((?:(?!### ).*\n?)*)", text, re.M)
    if not files:
        raise Failure("the text names no file under /etc/ipsec.d")
    for name, content in files:
        write(f"{ETC}/ipsec.d/{name}", content, 0o600)
    # As the package has them: both include what is in ipsec.d.
    write(f"{ETC}/ipsec.conf", f"config setup\n    logfile=/run/pluto/log\n    uniqueids=yes\n{setup}include /etc/ipsec.d/*.conf\n")
    write(f"{ETC}/ipsec.secrets", "include /etc/ipsec.d/*.secrets\n", 0o600)
    shutil.rmtree(f"{STATE}/pluto", ignore_errors=True)
    os.makedirs(f"{STATE}/pluto", mode=0o700)
    os.makedirs("/run/pluto", mode=0o700, exist_ok=True)
    os.makedirs("/var/lib/ipsec/nss", mode=0o700, exist_ok=True)
    if not os.path.exists("/var/lib/ipsec/nss/cert9.db"):
        run("ipsec", "initnss", timeout=60)
    for script in re.findall(r"^### A shell.*\n((?:(?!### ).*\n?)*)", text, re.M):
        in_namespace(NAMESPACE, "sh", "-c", script, timeout=120)
    binds = f"{ETC}/ipsec.d:/etc/ipsec.d {ETC}/ipsec.conf:/etc/ipsec.conf {ETC}/ipsec.secrets:/etc/ipsec.secrets {STATE}/pluto:/run/pluto"
    start_unit(UNIT, NAMESPACE, "/usr/libexec/ipsec/pluto", "--config", "/etc/ipsec.conf", "--nofork", properties=[f"BindPaths={binds}"])
    for _ in range(100):
        pid = run("systemctl", "show", "-p", "MainPID", "--value", UNIT).stdout.strip()
        done = run("nsenter", "-t", pid, "-n", "-m", "ipsec", "whack", "--status", check=False) if pid != "0" else None
        if done and done.returncode == 0:
            break
        time.sleep(0.3)
    else:
        raise Failure(f"pluto did not start: {run('journalctl', '-u', UNIT, '-n', '5', '-o', 'cat').stdout}")
    # As `ipsec start` does: every connection is loaded, those with auto=start begin.
    added = run("nsenter", "-t", pid, "-n", "-m", "/usr/libexec/ipsec/addconn", "--config", "/etc/ipsec.conf", "--autoall", check=False)
    return {"started": True, "said": (added.stdout + added.stderr)[-500:]}


def stop():
    stop_unit(UNIT)
    stop_unit(FRR_UNIT)
    for family in ("state", "policy"):
        in_namespace(NAMESPACE, "ip", "xfrm", family, "flush", check=False)


def act(action):
    result = {"install": install, "start": start, "stop": stop}[action]()
    return result or {"done": True}
