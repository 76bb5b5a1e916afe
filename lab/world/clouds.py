"""
A second cloud, and somebody's device, for site connections:

    [gateway 2's outside] wan1 -- isp2 (1:1 NAT: 198.18.2.20) -- edge        inside2 -- lan1 -- [gateway 2's inside]
    branch -- device ---------------------------------------- public
"""

from shell import in_namespace
from topology import address, bridge, forward, namespace, port, route, wire

NAMESPACES = ("isp2", "inside2", "device", "branch")
BRIDGES = ("outside2", "insidenet2")
TRANSLATE = """table ip nat {
  chain in { type nat hook prerouting priority dstnat; ip daddr 198.18.2.20 dnat to 172.31.2.11; }
  chain out { type nat hook postrouting priority srcnat; oifname "up0" ip saddr 172.31.2.11 snat to 198.18.2.20; }
}
"""


def build():
    for name in NAMESPACES:
        namespace(name)
    forward("isp2")
    forward("device")
    bridge("outside2", "wan1")
    bridge("insidenet2", "lan1")
    port("outside2", "isp2", "outside0", "172.31.2.1/24", "2001:db8:12::1/64")
    wire("isp2", "up0", ["198.18.0.5/30", "2001:db8:fe::1/64"], "edge", "cloud2", ["198.18.0.6/30", "2001:db8:fe::2/64"])
    route("isp2", "default", "via", "198.18.0.6")
    route("isp2", "default", "via", "2001:db8:fe::2")
    route("edge", "198.18.2.0/24", "via", "198.18.0.5")
    route("edge", "2001:db8:12::/64", "via", "2001:db8:fe::1")
    in_namespace("isp2", "nft", "-f", "-", stdin=TRANSLATE)

    port("insidenet2", "inside2", "eth0", "10.30.0.10/24", "fd30::10/64")
    route("inside2", "default", "via", "10.30.0.1")
    route("inside2", "default", "via", "fd30::1")

    port("public", "device", "eth0", "198.51.100.70/24")
    route("device", "default", "via", "198.51.100.1")
    wire("device", "lan0", ["10.40.0.1/24"], "branch", "eth0", ["10.40.0.10/24"])
    route("branch", "default", "via", "10.40.0.1")

