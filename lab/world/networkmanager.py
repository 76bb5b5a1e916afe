"""
A client that connects as a desktop does: Debian's NetworkManager with its strongSwan and L2TP plugins, in a client's
namespace, with a system bus of its own. Its packages lie over this machine's root for it alone: they bring another IKE
daemon than the other clients have.
"""

import glob
import json
import os
import re
import shutil
import time

from client import Client, reasons, wait_for
from shell import STATE, Failure, in_namespace, ip_in, run, start_unit, stop_unit, write

UNIT = "lab-networkmanager"
# In memory: a file system that lies over the root must not be part of it.
FOLDER = f"{STATE}/networkmanager"
UPPER, ROOT = f"{FOLDER}/over/upper", f"{FOLDER}/root"
# And what of theirs this machine has not; what they draw windows with is left out.
PACKAGES = (
    "network-manager", "network-manager-strongswan", "strongswan-nm", "network-manager-l2tp", "strongswan-starter", "strongswan-charon",
    "libnm0", "libndp0", "libcurl3t64-gnutls", "libngtcp2-16", "libngtcp2-crypto-gnutls8", "libnspr4", "libnss3",
)
CONNECTIONS = "/etc/NetworkManager/system-connections"
CONNECT_SECONDS = 90

CONF = """[main]
plugins=keyfile
auth-polkit=root-only
no-auto-default=*
[connectivity]
enabled=false
"""

# Over a read-only /sys NetworkManager does not wait for udev, which knows no cards of a namespace.
ROOT_SCRIPT = f"""set -e
mount --make-rprivate /
mount -t overlay overlay -o lowerdir=/,upperdir={UPPER},workdir={FOLDER}/over/work {ROOT}
cd {ROOT}
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mkdir -p run/dbus run/lock run/systemd/journal
mount --bind /run/systemd/journal run/systemd/journal
"""
SERVE = ROOT_SCRIPT + "chroot . ldconfig\nchroot . dbus-daemon --system --fork --nopidfile\nexec chroot . /usr/sbin/NetworkManager -n\n"


def install():
    """From Debian's archive, by the network that the lab's host has; unpacked alone, for nothing of it is to start by itself."""
    if not os.path.ismount(f"{FOLDER}/over"):
        os.makedirs(f"{FOLDER}/over", exist_ok=True)
        run("mount", "-t", "tmpfs", "-o", "size=300m,mode=755", "tmpfs", f"{FOLDER}/over")
    for folder in (UPPER, ROOT, f"{FOLDER}/over/work", f"{FOLDER}/packages"):
        os.makedirs(folder, exist_ok=True)
    if os.path.exists(f"{UPPER}/usr/sbin/NetworkManager"):
        return
    run("modprobe", "overlay")
    run("apt-get", "-q", "update", timeout=600)
    run("sh", "-c", f"cd {FOLDER}/packages && apt-get -q download {' '.join(PACKAGES)} && for each in *.deb; do dpkg-deb -x $each {UPPER}; done && rm *.deb", timeout=900)


def wire(client):
    """The client's own card as NetworkManager's: it sets no tunnel up over a card that somebody else manages."""
    return f"[connection]\nid=wire\ntype=ethernet\ninterface-name=eth0\n[ipv4]\nmethod=manual\naddress1={address(client)}/24,10.9.0.1\n[ipv6]\nmethod=ignore\n"


def address(client):
    return f"10.9.0.{10 + client.number}"


def inside(*words, timeout=60):
    """A command within its root and its namespace."""
    pid = run("systemctl", "show", "-p", "MainPID", "--value", UNIT).stdout.strip()
    if pid == "0":
        raise Failure(f"NetworkManager is not running: {journal()}")
    return run("nsenter", "-t", pid, "-m", "-n", "-r", "-w", *words, check=False, timeout=timeout)


def journal():
    """What it and its plugins said since it was started."""
    this = run("systemctl", "show", "-p", "InvocationID", "--value", UNIT, check=False).stdout.strip()
    return run("journalctl", f"_SYSTEMD_INVOCATION_ID={this}", "-o", "cat", check=False).stdout if this else ""


def connect(wanted):
    """`client`; `file`: text of the connection; `id`: its own; `files`: what goes beside it, by path under /etc/NetworkManager."""
    client = Client(wanted["client"])
    stop(client)
    # Both would be at ports 500 and 4500.
    client.disconnect()
    client.stop()
    shutil.rmtree(f"{UPPER}{CONNECTIONS}", ignore_errors=True)
    write(f"{UPPER}/etc/NetworkManager/NetworkManager.conf", CONF)
    write(f"{UPPER}{CONNECTIONS}/wire.nmconnection", wire(client), 0o600)
    write(f"{UPPER}{CONNECTIONS}/vpn.nmconnection", wanted["file"], 0o600)
    for path, text in wanted["files"].items():
        if not re.fullmatch(r"/etc/NetworkManager/certificates/[\w.-]+", path):
            raise Failure(f"no file of a profile: {path}")
        write(UPPER + path, text)
    start_unit(UNIT, client.namespace, "unshare", "-m", "sh", "-c", SERVE, properties=["TimeoutStopSec=10", "Type=exec"])
    wait_for(lambda: inside("nmcli", "-t", "general").returncode == 0, 60, f"NetworkManager did not start: {journal()}")
    carried = inside("nmcli", "-w", "60", "connection", "up", "wire", timeout=90)
    if carried.returncode != 0:
        raise Failure(f"the client's own card: {carried.stdout}{carried.stderr}: {journal()}")
    began = time.monotonic()
    dial = lambda: inside("nmcli", "-w", str(CONNECT_SECONDS), "connection", "up", wanted["id"], timeout=CONNECT_SECONDS + 30)  # noqa: E731
    up = dial()
    beforehand = False
    if "did not start in time" in up.stdout + up.stderr:
        # NetworkManager gives its plugin 5 s to start, and an emulated machine needs more: it takes one that runs already.
        start_plugin(wanted["file"])
        beforehand = True
        began = time.monotonic()
        up = dial()
    seconds = round(time.monotonic() - began, 2)
    if up.returncode != 0:
        # nmcli tells that it failed; the daemons, why.
        return {"connected": False, "beforehand": beforehand, "seconds": seconds, "address": None, "mtu": None, "log": journal(), "reason": f"{(up.stdout + up.stderr).strip()}: {reasons(journal())}"}
    details = inside("nmcli", "-t", "-f", "GENERAL.VPN,IP4.ADDRESS,IP4.DNS", "connection", "show", wanted["id"]).stdout
    return {"connected": True, "beforehand": beforehand, "seconds": seconds, **client.addresses(), "log": journal(), "reason": " ".join(details.split())}


def start_plugin(file):
    """The plugin that the connection names, as NetworkManager itself would start it, and waits until the bus knows it."""
    service = re.search(r"^service-type=(\S+)$", file, re.M)[1]
    named = [path for path in glob.glob(f"{UPPER}/usr/lib/NetworkManager/VPN/*.name") if f"service={service}\n" in open(path).read()]
    program = re.search(r"^program=(\S+)$", open(named[0]).read(), re.M)[1]
    inside("sh", "-c", f"setsid {program} >/dev/null 2>&1 </dev/null &")
    owned = ("dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner", f"string:{service}")
    wait_for(lambda: "boolean true" in inside(*owned).stdout, 60, f"{program} did not start: {journal()}")


def stop(client):
    """Ends it with all that it started, and gives the client its plain network back."""
    stop_unit(UNIT)
    run("pkill", "-x", "charon-nm", check=False)
    for family in ("state", "policy"):
        in_namespace(client.namespace, "ip", "xfrm", family, "flush", check=False)
    for one in json.loads(ip_in(client.namespace, "-j", "link").stdout):
        if one["ifname"] not in ("lo", "eth0"):
            ip_in(client.namespace, "link", "del", one["ifname"], check=False)
    ip_in(client.namespace, "addr", "flush", "dev", "eth0")
    # charon's table, where it was killed before it took that away.
    ip_in(client.namespace, "rule", "del", "pref", "220", check=False)
    ip_in(client.namespace, "addr", "add", f"{address(client)}/24", "dev", "eth0")
    ip_in(client.namespace, "link", "set", "eth0", "up")
    ip_in(client.namespace, "route", "replace", "default", "via", "10.9.0.1")


def act(action, wanted):
    if action == "install":
        install()
    elif action == "connect":
        return connect(wanted)
    else:
        stop(Client(wanted["client"]))
    return {"done": True}
