"""
The networks around the gateway, as namespaces of this one machine:

    c1 c2 … -- nat --+                                     +-- [gateway's outside]
    direct ----------+-- edge --(middle link)-- isp -- wan0+
    internet --------+                          inside -- lan0 -- [gateway's inside]

Only bridges are in the root namespace, so that a second gateway is one more port.
"""

import json
import os

from shell import STATE, ip, ip_in, in_namespace, run, start_unit, stop_unit, write

DEFAULTS = {"clients": 4}
TOPOLOGY = os.path.join(STATE, "topology.json")
ROUTERS = ("isp", "edge", "nat")


def clients(count):
    return [f"c{number}" for number in range(1, count + 1)]


def namespace(name):
    ip("netns", "add", name)
    ip_in(name, "link", "set", "lo", "up")
    # No waiting for duplicate address detection: nobody else is on these wires.
    in_namespace(name, "sysctl", "-qw", "net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0")


def forward(name):
    in_namespace(name, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")


def address(name, card, *addresses):
    for one in addresses:
        ip_in(name, "addr", "add", one, "dev", card, *(["nodad"] if ":" in one else []))
    ip_in(name, "link", "set", card, "up")


def bridge(name, *cards):
    ip("link", "add", name, "type", "bridge")
    ip("link", "set", name, "up")
    # The root namespace is no neighbour of the wires that it joins.
    run("sysctl", "-qw", f"net.ipv6.conf.{name}.disable_ipv6=1")
    for card in cards:
        run("sysctl", "-qw", f"net.ipv6.conf.{card}.disable_ipv6=1")
        ip("link", "set", card, "master", name)
        ip("link", "set", card, "up")


def port(bridge_name, name, card, *addresses):
    """A card of a namespace on a bridge of the root namespace."""
    outer = f"{name}-{card}"[:15]
    ip("link", "add", outer, "type", "veth", "peer", "name", card, "netns", name)
    run("sysctl", "-qw", f"net.ipv6.conf.{outer}.disable_ipv6=1")
    ip("link", "set", outer, "master", bridge_name)
    ip("link", "set", outer, "up")
    address(name, card, *addresses)


def wire(left, left_card, left_addresses, right, right_card, right_addresses):
    ip_in(left, "link", "add", left_card, "type", "veth", "peer", "name", right_card, "netns", right)
    address(left, left_card, *left_addresses)
    address(right, right_card, *right_addresses)


def route(name, *words):
    ip_in(name, *(["-6"] if any(":" in word for word in words) else []), "route", "add", *words)


def cards(prefix):
    """The machine's own cards of one kind: wan0, wan1, … or lan0, …"""
    return sorted(name for name in os.listdir("/sys/class/net") if name.startswith(prefix) and name[len(prefix):].isdigit())


def build(count, clouds=1, pair=False):
    for name in ("isp", "edge", "nat", "direct", "internet", "inside", *clients(count)):
        namespace(name)
    for name in ROUTERS:
        forward(name)

    # With several clouds the further cards are the others'; a pair has the first two.
    own = 2 if pair else 1
    bridge("outside", *(cards("wan")[:own] if clouds > 1 else cards("wan")))
    bridge("insidenet", *(cards("lan")[:own] if clouds > 1 else cards("lan")))
    bridge("public")
    port("outside", "isp", "outside0", "192.0.2.1/24", "2001:db8:1::1/64")
    wire("isp", "middle0", ["198.18.0.1/30", "2001:db8:ff::1/64"], "edge", "middle0", ["198.18.0.2/30", "2001:db8:ff::2/64"])
    port("public", "edge", "public0", "198.51.100.1/24", "2001:db8:2::1/64")
    wire("edge", "internet0", ["203.0.113.1/24", "2001:db8:3::1/64"], "internet", "eth0", ["203.0.113.10/24", "2001:db8:3::10/64"])
    route("isp", "default", "via", "198.18.0.2")
    route("isp", "default", "via", "2001:db8:ff::2")
    route("edge", "192.0.2.0/24", "via", "198.18.0.1")
    route("edge", "2001:db8:1::/64", "via", "2001:db8:ff::1")
    route("internet", "default", "via", "203.0.113.1")
    route("internet", "default", "via", "2001:db8:3::1")

    port("public", "direct", "eth0", "198.51.100.60/24", "2001:db8:2::60/64")
    route("direct", "default", "via", "198.51.100.1")
    route("direct", "default", "via", "2001:db8:2::1")

    port("public", "nat", "public0", "198.51.100.2/24")
    route("nat", "default", "via", "198.51.100.1")
    in_namespace("nat", "nft", "-f", "-", stdin='table ip nat { chain out { type nat hook postrouting priority srcnat; oifname "public0" masquerade; }; }')
    ip_in("nat", "link", "add", "home", "type", "bridge")
    address("nat", "home", "10.9.0.1/24")
    for number, name in enumerate(clients(count), 1):
        ip_in("nat", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        ip_in("nat", "link", "set", name, "master", "home", "up")
        address(name, "eth0", f"10.9.0.{10 + number}/24")
        route(name, "default", "via", "10.9.0.1")

    port("insidenet", "inside", "eth0", "10.20.0.10/24", "fd20::10/64")
    route("inside", "default", "via", "10.20.0.1")
    route("inside", "default", "via", "fd20::1")

    if clouds > 1:
        from clouds import build as build_clouds  # it needs this module

        build_clouds(clouds, own)

    for name in ("inside", "internet", *(f"inside{number}" for number in range(2, clouds + 1))):
        start_unit(f"lab-iperf-{name}", name, "/usr/bin/iperf3", "-s", properties=["Restart=always"])


def tear_down():
    from client import stop_all  # the client module needs this one

    stop_all()
    for name in ("inside", "internet", "inside2", "inside3"):
        stop_unit(f"lab-iperf-{name}")
    for line in ip("netns", "list").stdout.splitlines():
        ip("netns", "del", line.split()[0])
    for name in ("outside", "insidenet", "public", "outside2", "insidenet2", "outside3", "insidenet3"):
        ip("link", "del", name, check=False)
    for name in os.listdir("/sys/class/net"):
        if name.endswith(("-outside0", "-public0", "-eth0")):
            ip("link", "del", name, check=False)
    if os.path.exists(TOPOLOGY):
        os.remove(TOPOLOGY)


def setup(wanted):
    """Makes the networks; nothing to do when they are there as wanted."""
    wanted = {**DEFAULTS, **wanted}
    if os.path.exists(TOPOLOGY):
        with open(TOPOLOGY) as file:
            if json.load(file) == wanted:
                return wanted
    tear_down()
    # On a host that starves it systemd ends networkd for its silence, and the next one takes our cards out of their bridges.
    run("systemctl", "service-watchdogs", "no")
    for module in ("l2tp_ppp", "veth", "bridge", "sch_netem"):
        run("modprobe", module)
    # Bridges carry frames; nftables of this machine has no say in them.
    run("sysctl", "-qw", "net.bridge.bridge-nf-call-iptables=0", check=False)
    os.makedirs(STATE, mode=0o755, exist_ok=True)
    # connmark and forecast write legacy iptables marks that send packets out on the wrong SA.
    write("/etc/strongswan.d/lab.conf", "charon-systemd {\n  plugins {\n    connmark { load = no }\n    forecast { load = no }\n  }\n}\n")
    build(wanted["clients"], wanted.get("clouds", 1), wanted.get("pair", False))
    write(TOPOLOGY, json.dumps(wanted))
    return wanted
