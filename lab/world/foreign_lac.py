"""
Another code base's L2TP client (LAC) in place of xl2tpd: kl2tpd of go-l2tp, Katalix' in Go, as Debian has it. IPsec and PPP are
the client's as ever.
"""

import os

from shell import Failure, run, write

PROGRAM = "/usr/sbin/kl2tpd"


def install():
    """From Debian's archive, by the network that the lab's host has."""
    if not os.path.exists(PROGRAM):
        run("apt-get", "-q", "update", timeout=600)
        run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "install", "--no-install-recommends", "go-l2tp", timeout=900)
    # What it asks the kernel by; xl2tpd goes another way.
    run("modprobe", "-a", "l2tp_netlink", "l2tp_ppp")
    return {"version": run("dpkg-query", "-W", "-f", "${Version}", "go-l2tp").stdout.strip()}


def settings(gateway, port, arguments):
    """kl2tpd.toml(5): one tunnel from the port that IPsec covers, one session. It asks nobody whether they live: 0.1.8 does not take xl2tpd's answers."""
    return f"""[tunnel.vpn]
local = "0.0.0.0:{int(port)}"
peer = "{gateway}:1701"
version = "l2tpv2"
encap = "udp"

[tunnel.vpn.session.vpn]
pseudowire = "ppp"
pppd_args = "{arguments}"
"""


def command(etc, gateway, port):
    """Writes what it reads, and gives its command line. Its file of pppd's arguments knows no quotes: they are in pppd's own file."""
    if not os.path.exists(PROGRAM):
        raise Failure("kl2tpd is not installed: lab-world foreign-lac install")
    write(f"{etc}/kl2tpd/pppd", "file /etc/ppp/options.lab\n")
    write(f"{etc}/kl2tpd/kl2tpd.toml", settings(gateway, port, f"{etc}/kl2tpd/pppd"))
    return [PROGRAM, "-config", f"{etc}/kl2tpd/kl2tpd.toml", "-verbose"]
