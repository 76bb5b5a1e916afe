"""
Further clouds, and somebody's device, for site connections:

    [gateway 2's outside] wan1 -- isp2 (1:1 NAT: 198.18.2.20) -- edge        inside2 -- lan1 -- [gateway 2's inside]
    [gateway 3's outside] wan2 -- isp3 (1:1 NAT: 198.18.3.20) -- edge        inside3 -- lan2 -- [gateway 3's inside]
    branch -- device ---------------------------------------- public

The second and the third have one more network, the same in both: a host of it is on each one's inside card. Where a pair is
in the first cloud, the others' cards have numbers that are one higher.
"""

from shell import in_namespace
from topology import bridge, forward, namespace, port, route, wire

TRANSLATE = """table ip nat {
  chain in { type nat hook prerouting priority dstnat; ip daddr 198.18.%(number)d.20 dnat to 172.31.%(number)d.11; }
  chain out { type nat hook postrouting priority srcnat; oifname "up0" ip saddr 172.31.%(number)d.11 snat to 198.18.%(number)d.20; }
}
"""
# Third bytes of the inside networks; the second's and the third's are one's in lab/networks.ts, too.
INSIDE = {2: 30, 3: 50}


def build(count, own=1):
    """Clouds 2 to `count`, and the device; `own`: cards of the first cloud."""
    for number in range(2, count + 1):
        cloud(number, number - 2 + own)
    namespace("device")
    namespace("branch")
    forward("device")
    port("public", "device", "eth0", "198.51.100.70/24")
    route("device", "default", "via", "198.51.100.1")
    wire("device", "lan0", ["10.40.0.1/24"], "branch", "eth0", ["10.40.0.10/24"])
    route("branch", "default", "via", "10.40.0.1")


def cloud(number, card):
    isp, inside, net = f"isp{number}", f"inside{number}", INSIDE[number]
    namespace(isp)
    namespace(inside)
    forward(isp)
    bridge(f"outside{number}", f"wan{card}")
    bridge(f"insidenet{number}", f"lan{card}")
    port(f"outside{number}", isp, "outside0", f"172.31.{number}.1/24", f"2001:db8:1{number}::1/64")
    # A /30 and a /64 of its own towards the edge.
    low, six = 4 * (number - 1), 0xFE - (number - 2)
    wire(isp, "up0", [f"198.18.0.{low + 1}/30", f"2001:db8:{six:x}::1/64"], "edge", f"cloud{number}", [f"198.18.0.{low + 2}/30", f"2001:db8:{six:x}::2/64"])
    route(isp, "default", "via", f"198.18.0.{low + 2}")
    route(isp, "default", "via", f"2001:db8:{six:x}::2")
    route("edge", f"198.18.{number}.0/24", "via", f"198.18.0.{low + 1}")
    route("edge", f"2001:db8:1{number}::/64", "via", f"2001:db8:{six:x}::1")
    in_namespace(isp, "nft", "-f", "-", stdin=TRANSLATE % {"number": number})

    port(f"insidenet{number}", inside, "eth0", f"10.{net}.0.10/24", f"fd{net}::10/64", "10.60.0.10/24")
    route(inside, "default", "via", f"10.{net}.0.1")
    route(inside, "default", "via", f"fd{net}::1")

