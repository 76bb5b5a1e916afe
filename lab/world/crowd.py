"""
A crowd: hundreds of sessions from one namespace, to see what many cost a gateway. One charon dials all of them and dials again
by itself; by L2TP each has an address, an SA and an xl2tpd of its own, as a client of its own would: the NAT gives each a port,
by which the gateway's firewall tells who dials too often.

  crowd dial, end       JSON on stdin: what a client is connected with, and `logins`: a name and a password for each
  crowd count, answers  how many have an address, and how many of those get an answer through their tunnel
"""

import json
import os
import shutil
import subprocess
import sys
import time

import client_files
from client import Client, check
from shell import STATE, Failure, ip_in, lab_world, processes, run, start_unit, stop_unit, write

# Behind the NAT, one for each protocol.
NAMESPACES = {"ikev2": 1, "l2tp": 2}
HOMES = "10.10.0.0/16"
# A port for each, too: of hundreds behind one NAT, all from 1701, two may fall into one zone (docs/same-nat.md), which is not measured here.
FIRST_PORT = 2001
UNIT = "lab-crowd-l2tp"
# Bytes of what the kernel tells a charon and it has not read yet. It waits for the word that a virtual address is gone with no
# end (kernel_netlink_net.c, del_ip) and keeps that SA to itself meanwhile: of hundreds that end at once the kernel dropped
# some, and every thread came to wait behind two SAs. A client of its own has one address.
EVENTS_ROOM = 32 << 20
FOLDER = f"{STATE}/crowd"


def dial(wanted):
    """Configures them and starts; they come up one after the other, as the gateway lets them."""
    check({**wanted, "user": "each", "password": "its own"})
    client = crowd_of(wanted["protocol"])
    wanted = {**wanted, "persistent": True}
    client.disconnect()
    client.stop()
    shutil.rmtree(f"{client.etc}/swanctl/conf.d", ignore_errors=True)
    run("sysctl", "-qw", f"net.core.rmem_default={EVENTS_ROOM}")
    client.start()
    client.configure(each(wanted)[0])
    os.remove(f"{client.etc}/swanctl/conf.d/vpn.conf")
    for name, text in connections(wanted).items():
        write(f"{client.etc}/swanctl/conf.d/{name}.conf", text, 0o600)
    client.swanctl("--reload-settings")
    loaded = client.swanctl("--load-all", "--clear", "--noprompt", timeout=300)
    if loaded.returncode != 0:
        raise Failure(f"the crowd's connections are refused: {(loaded.stdout + loaded.stderr).strip()[-400:]}")
    if wanted["protocol"] == "l2tp":
        stop_unit(UNIT)
        shutil.rmtree(FOLDER, ignore_errors=True)
        settle(client, wanted)
        for number, one in enumerate(each(wanted), 1):
            options = f"{FOLDER}/{number}/options"
            write(f"{FOLDER}/{number}/xl2tpd.conf", xl2tpd_conf(one, options))
            write(options, client_files.ppp_options(one), 0o600)
        write("/var/log/lab-ppp.log", "")
        start_unit(UNIT, client.namespace, *lab_world("crowd", "serve"), properties=["TemporaryFileSystem=/run", f"BindPaths=/run/systemd {FOLDER} {client.etc}/ppp:/etc/ppp", "TasksMax=infinity"])
    return {"dialling": len(wanted["logins"])}


def each(wanted):
    """
    What each is connected with. Each is another user: of two with one name from one address and port a gateway takes the second
    for the first, which has dialled anew, and gives it the same address.
    """
    return [
        {**wanted, "user": user, "password": password, **({"sourcePort": FIRST_PORT + number, "localAddress": home(number)} if wanted["protocol"] == "l2tp" else {"localId": user})}
        for number, (user, password) in enumerate(wanted["logins"], 1)
    ]


def connections(wanted):
    """swanctl's file of each, by name."""
    render = (lambda one, name: client_files.l2tp_swanctl(0, one, name)) if wanted["protocol"] == "l2tp" else client_files.ikev2_swanctl
    return {f"crowd-{number}": render(one, f"crowd-{number}") for number, one in enumerate(each(wanted), 1)}


def xl2tpd_conf(one, options):
    """
    With PPP by way of the daemon, not of the kernel: that knows a tunnel by a number of 16 bits, which each daemon draws without
    knowing of the others, and of 200 in one namespace two had the same one and the second's session got nothing.
    """
    return client_files.xl2tpd_conf(0, one, options).replace("[global]\n", "[global]\nforce userspace = yes\n") + "autodial = yes\n"


def home(number):
    return f"10.10.{number // 250}.{number % 250 + 1}"


def settle(client, wanted):
    """Gives the namespace each client's address, and its NAT the way there."""
    ip_in("nat", "route", "replace", HOMES, "dev", "home")
    for number in range(1, len(wanted["logins"]) + 1):
        ip_in(client.namespace, "addr", "replace", f"{home(number)}/32", "dev", "eth0")


def crowd_of(protocol):
    return Client(NAMESPACES[protocol])


def serve():
    """All xl2tpds, as one service; with the last its work is done."""
    children = []
    for number in sorted(map(int, os.listdir(FOLDER))):
        own = f"{FOLDER}/{number}"
        children.append(subprocess.Popen(["/usr/sbin/xl2tpd", "-D", "-c", f"{own}/xl2tpd.conf", "-p", f"{own}/pid", "-C", f"{own}/control"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        # Two hundred that start at once have their calls time out while pppds are loaded.
        time.sleep(0.2)
    for child in children:
        child.wait()


def addresses(protocol):
    """What the gateway gave: a virtual address of each, or that of its PPP interface, with the interface."""
    found = []
    for link in json.loads(ip_in(crowd_of(protocol).namespace, "-j", "-4", "addr").stdout or "[]"):
        name = link.get("ifname", "")
        for info in link.get("addr_info", []):
            if name.startswith("ppp") or (protocol == "ikev2" and name != "lo" and info["prefixlen"] == 32):
                found.append((name, info["local"], info.get("address")))
    return found


def count(protocol):
    return {"up": len(addresses(protocol))}


def answers(protocol, target):
    """Each session asks its gateway (L2TP), or a host behind it (IKEv2), up to three times."""
    asked = addresses(protocol)
    words = [f"{name if protocol == 'l2tp' else own} {peer if protocol == 'l2tp' else target}" for name, own, peer in asked]
    said = run("ip", "netns", "exec", crowd_of(protocol).namespace, "xargs", "-P", "8", "-L", "1", "sh", "-c", 'ping -q -c 3 -i 0.5 -W 3 -I "$0" "$1" >/dev/null && echo answered', stdin="\n".join(words), check=False, timeout=900).stdout
    return {"asked": len(asked), "answered": said.count("answered")}


def end(protocol):
    stop_unit(UNIT)
    client = crowd_of(protocol)
    if processes(client.charon):
        client.swanctl("--unload-conns", check=False)
    client.stop()
    shutil.rmtree(f"{client.etc}/swanctl/conf.d", ignore_errors=True)
    os.makedirs(f"{client.etc}/swanctl/conf.d", exist_ok=True)
    return {"ended": True}


def action(wanted, given):
    if wanted.action == "serve":
        serve()
        sys.exit(0)
    if wanted.action == "dial":
        return dial(given)
    protocol = given["protocol"]
    if wanted.action == "count":
        return count(protocol)
    if wanted.action == "answers":
        return answers(protocol, given["target"])
    return end(protocol)
