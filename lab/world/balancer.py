"""
A load balancer with the manners of AWS's Network Load Balancer, in the router before the gateways: UDP 500 and UDP 4500
are two target groups, each with its own stickiness by source address; targets are asked by TCP every 5 s, and two
answers or silences in a row decide; clients' addresses are preserved; flows idle for 120 s are forgotten; where no
target is healthy all of them get traffic. What becomes of UDP flows to a target that lost its health AWS does not say: they
end here, or with `keepsFlows` go on until they are idle.
"""

import json
import os
import time

from shell import STATE, Failure, answers, in_namespace, ip_in, is_active, lab_world, run, start_unit, stop_unit, write

ROUTER = "isp"
UNIT = "lab-balancer"
FILE = os.path.join(STATE, "balancer.json")
SEEN = os.path.join(STATE, "balancer-targets.json")
PORTS = (500, 4500)
INTERVAL = 5.0
THRESHOLD = 2
IDLE_SECONDS = 120


def rules(address, targets, seeds=None):
    """
    Where new flows go. Seeds of their own make the two groups choose differently for one client, as AWS's may; where they
    have one, a client's source address alone decides, as Azure's distribution by source IP.
    """
    seeds = seeds or {str(port): port for port in PORTS}
    lines = []
    for port in PORTS:
        choice = targets[0] if len(targets) == 1 else (
            f"jhash ip saddr mod {len(targets)} seed {int(seeds[str(port)]):#x} map {{ " + ", ".join(f"{n} : {one}" for n, one in enumerate(targets)) + " }"
        )
        lines.append(f"    ip daddr {address} udp dport {port} dnat to {choice}")
    body = "\n".join(lines)
    return (
        "table ip lab_balancer {}\ndelete table ip lab_balancer\n"
        f"table ip lab_balancer {{\n  chain pre {{\n    type nat hook prerouting priority dstnat; policy accept;\n{body}\n  }}\n}}\n"
    )


class Target:
    """One target's health, as the balancer sees it."""

    def __init__(self, address):
        self.address = address
        self.healthy = False
        self.streak = 0

    def saw(self, answered):
        """True where this changed its state."""
        self.streak = 0 if answered == self.healthy else self.streak + 1
        if self.streak < THRESHOLD:
            return False
        self.healthy, self.streak = answered, 0
        return True


def chosen(targets):
    return [one.address for one in targets if one.healthy] or [one.address for one in targets]


def ending(wanted, now):
    """The targets whose flows end."""
    return [] if wanted.get("keepsFlows") else [address for address in wanted["targets"] if address not in now]


def serve():
    """The balancer itself; runs in the router's namespace."""
    with open(FILE) as file:
        wanted = json.load(file)
    targets = [Target(address) for address in wanted["targets"]]
    was = None
    while True:
        began = time.monotonic()
        for one in targets:
            one.saw(answers(one.address, wanted["healthPort"], INTERVAL / 2))
        now = chosen(targets)
        if now != was:
            run("nft", "-f", "-", stdin=rules(wanted["address"], now, wanted.get("seeds")))
            # Their next packet is a new flow.
            for address in ending(wanted, now):
                run("conntrack", "-D", "-p", "udp", "-d", wanted["address"], "-r", address, check=False)
            was = now
        write(SEEN, json.dumps({"healthy": [one.address for one in targets if one.healthy], "traffic": now}))
        time.sleep(max(0.0, INTERVAL - (time.monotonic() - began)))


def start(wanted):
    for key in ("address", "targets", "healthPort"):
        if not wanted.get(key):
            raise Failure(f"{key} is missing")
    stop()
    write(FILE, json.dumps(wanted))
    ip_in(ROUTER, "addr", "replace", f"{wanted['address']}/32", "dev", "outside0")
    # It knows no flow yet, not one of another balancer's before it.
    in_namespace(ROUTER, "conntrack", "-D", "-p", "udp", "-d", wanted["address"], check=False)
    for name in ("nf_conntrack_udp_timeout", "nf_conntrack_udp_timeout_stream"):
        in_namespace(ROUTER, "sysctl", "-qw", f"net.netfilter.{name}={IDLE_SECONDS}", check=False)
    start_unit(UNIT, ROUTER, *lab_world("balancer", "serve"), properties=["Restart=always"])
    return {"started": True}


def stop():
    stop_unit(UNIT)
    if os.path.exists(SEEN):
        os.remove(SEEN)
    if os.path.exists(FILE):
        with open(FILE) as file:
            address = json.load(file)["address"]
        ip_in(ROUTER, "addr", "del", f"{address}/32", "dev", "outside0", check=False)
        os.remove(FILE)
    in_namespace(ROUTER, "nft", "delete", "table", "ip", "lab_balancer", check=False)


def status():
    seen = {"healthy": [], "traffic": []}
    if os.path.exists(SEEN):
        with open(SEEN) as file:
            seen = json.load(file)
    return {"running": is_active(UNIT), **seen}
