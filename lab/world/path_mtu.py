"""
What passes whole between two hosts: packets of one size, both ways, what their sender is told of one byte more, and TCP
while nobody tells the hosts anything.
"""

import contextlib
import json
import re
import time

import measure
from shell import Failure, in_namespace

# iputils: "Frag needed and DF set (mtu = 1438)", "Packet too big: mtu=1438".
TOLD = re.compile(r"From (\S+?):? icmp_seq=\d+ .*?mtu ?= ?(\d+)")
TRIES = 3  # the path has no loss, the emulated machines have pauses
BYTES = 1_000_000
PATIENCE = 25  # seconds
UNHEARD = """table inet lab_unheard {
  chain in {
    type filter hook input priority 0
    icmp type destination-unreachable icmp code frag-needed drop
    icmpv6 type packet-too-big drop
  }
}
"""


def told(said):
    """By whom, and of which size; None: nobody."""
    found = TOLD.search(said)
    return {"by": found[1], "mtu": int(found[2])} if found else None


def forget(*namespaces):
    """A host remembers for ten minutes which size was too large."""
    for name in namespaces:
        for family in ("-4", "-6"):
            in_namespace(name, "ip", family, "route", "flush", "cache")


def one_more(namespace, target, size):
    for _ in range(TRIES):
        forget(namespace)
        done = in_namespace(namespace, *measure.ping_command(target, size + 1, True, 1), check=False, timeout=20)
        answered = told(done.stdout + done.stderr)
        if answered or measure.read_ping(done.stdout, 1)["received"]:
            break
    return {"passes": measure.read_ping(done.stdout, 1)["received"] == 1, "told": answered}


def transferred(report):
    """Bytes that came, of what iperf3 says in JSON, and what it says where it failed."""
    try:
        read = json.loads(report)
    except ValueError:
        return {"bytes": 0, "reason": report.strip()[:200]}
    if "error" in read:
        return {"bytes": 0, "reason": read["error"]}
    return {"bytes": read["end"]["sum_received"]["bytes"]}


def transfer(namespace, target):
    """A megabyte by TCP: by IPv4 from here, by IPv6 towards here."""
    words = ["iperf3", "-J", "-c", target, "-n", str(BYTES), "--connect-timeout", "5000", *(["-R"] if ":" in target else [])]
    for _ in range(TRIES):
        try:
            found = transferred(in_namespace(namespace, *words, check=False, timeout=PATIENCE).stdout)
        except Failure as failure:
            return {"bytes": 0, "reason": str(failure)}
        # Of one that stalled the server may not have heard yet that it is over.
        if "busy" not in found.get("reason", ""):
            break
        time.sleep(2)
    return found


@contextlib.contextmanager
def unheard(*namespaces):
    """These hosts hear of no packet that is too large."""
    try:
        for name in namespaces:
            in_namespace(name, "nft", "-f", "-", stdin=UNHEARD)
        yield
    finally:
        for name in namespaces:
            in_namespace(name, "nft", "delete", "table", "inet", "lab_unheard", check=False)


def cross(wanted):
    """
    {"from", "to": namespaces, "targets": addresses of `to`, "size": bytes, "transfer": "unheard", "heard" or none}: gives for
    each target whether packets of that size pass, what is said of one byte more, and how much of a megabyte came.
    """
    near, far, size, kind = wanted["from"], wanted["to"], wanted["size"], wanted.get("transfer")
    found = []
    for target in wanted["targets"]:
        forget(near, far)
        found.append({"target": target, "passes": measure.passes(near, target, size), "oneMore": one_more(near, target, size)})
    if kind:
        with unheard(*((near, far) if kind == "unheard" else ())):
            for one in found:
                forget(near, far)
                one["transfer"] = transfer(near, one["target"])
    return found
