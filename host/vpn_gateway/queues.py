"""
The queues of users' rates in the kernel: what tc is told so that they become what they shall be. Whose they are: rates.py.
"""

import os
import re
from dataclasses import dataclass

from .errors import Failure
from .gateway import Gateway

DEVICES = {"down": "vpn-rate-down", "up": "vpn-rate-up"}
MAJOR = 0x5240
MASK = 0xFFFF0000
EVERYBODY, TOGETHER = 1, 0xFFFE  # classes: of those without a rate, and above all where there is an uplink
WHOLE, VOICE = 0x4000, 0x8000  # of a user's number: both classes together, and voice; the number itself is everything else
PREFERENCES = {"clients": 5240, "clients6": 5241, "recall": 5242, "recall6": 5243, "redirect": 5244, "forget": 5245}
Classes = dict[int, int]  # kbit/s by a user's number, or EVERYBODY or TOGETHER
BURST = 0.04  # seconds of the rate that may go at once: an emulated or crowded machine wakes up that late (docs/rates.md)
# CS5 to CS7, EF and VOICE-ADMIT (RFC 4594, RFC 5865), by the type of service's bits.
VOICES = ("0xa0/0xe0", "0xc0/0xc0")


@dataclass(frozen=True)
class Queue:
    """A class of HTB, in kbit/s, and what is in it."""

    parent: int
    assured: int
    ceiling: int
    priority: int = 0
    leaf: str = ""


def missing(gateway: Gateway, wanted: dict[str, Classes], pools: list[str]) -> list[str]:
    """tc's commands from what the kernel has to what it shall have, by way; none where it is so already."""
    there = _tc(gateway, "qdisc", "show")
    lines = [line for way, device in DEVICES.items() for line in _queues(gateway, there, device, wanted[way])]
    return lines + _handing_over(gateway, there, pools)


def make_devices(gateway: Gateway) -> None:
    for device in DEVICES.values():
        if not _is_link(gateway, device):
            gateway.programs.must(f"{device} could not be made", "ip", "link", "add", device, "type", "ifb")
            gateway.programs.must(f"{device} could not be made", "ip", "link", "set", device, "up")


def _is_link(gateway: Gateway, device: str) -> bool:
    return os.path.isdir(gateway.paths.of(f"/sys/class/net/{device}"))


def _tc(gateway: Gateway, *argv: str) -> list[str]:
    """Lines of what tc shows. Not as JSON, which older ones write wrongly for some kinds."""
    result = gateway.programs.run("tc", *argv)
    return result.output.splitlines() if result.ok else []


def _actual(gateway: Gateway, there: list[str], device: str) -> tuple[bool, dict[int, tuple[int, int]], set[int]]:
    """Whether HTB is there, what its classes are assured of and held to in kbit/s, and the classes that have their leaf."""
    if not any(line.startswith(f"qdisc htb {MAJOR:x}: dev {device} root") for line in there):
        return False, {}, set()
    leaves = {int(number, 16) for number in re.findall(rf"^qdisc (?:cake|fq_codel) \S+ dev {device} parent {MAJOR:x}:([0-9a-f]+)", "\n".join(there), re.M)}
    listed = "\n".join(_tc(gateway, "class", "show", "dev", device))
    found = re.findall(rf"^class htb {MAJOR:x}:([0-9a-f]+) .*?\brate (\d+)([KMG]?)bit ceil (\d+)([KMG]?)bit", listed, re.M)
    units = {"": 0.001, "K": 1, "M": 1000, "G": 1000000}
    return True, {int(number, 16): (round(int(rate) * units[one]), round(int(ceiling) * units[other])) for number, rate, one, ceiling, other in found}, leaves


def queues(device: str, wanted: Classes) -> dict[int, Queue]:
    """Each class that there shall be, those above others first."""
    found: dict[int, Queue] = {}
    total = sum(kilobits for number, kilobits in wanted.items() if number != TOGETHER)
    if TOGETHER in wanted:
        found[TOGETHER] = Queue(0, wanted[TOGETHER], wanted[TOGETHER])
    for number, ceiling in sorted(wanted.items()):
        if number == TOGETHER:
            continue
        assured = max(8, wanted[TOGETHER] * ceiling // total) if TOGETHER in wanted else ceiling
        found[number | WHOLE] = Queue(TOGETHER if TOGETHER in wanted else 0, assured, ceiling)
        found[number | VOICE] = Queue(number | WHOLE, max(4, assured // 4), ceiling, 0, "fq_codel limit 300 flows 64")
        found[number] = Queue(number | WHOLE, max(4, assured // 2), ceiling, 1, f"cake {_cake(device, number, ceiling)}")
    return found


def _queues(gateway: Gateway, there: list[str], device: str, wanted: Classes) -> list[str]:
    root, actual, leaves = _actual(gateway, there, device)
    whole = f"{MAJOR:x}:"
    lines = []
    if not root:
        # What is marked with a class that is not there, waits in none.
        lines.append(f"qdisc replace dev {device} root handle {whole} htb default 0")
        for number, (protocol, bits) in enumerate(((protocol, bits) for protocol in ("ip", "ipv6") for bits in VOICES), 1):
            lines.append(f"filter add dev {device} parent {whole} protocol {protocol} prio {number} flower ip_tos {bits} action skbedit mark {VOICE:#x}/{VOICE:#x} continue")
        lines.append(f"filter add dev {device} parent {whole} protocol all prio 9 fw")
    shall = queues(device, wanted)
    # Those below others first.
    for number in sorted(actual.keys() - shall.keys(), key=lambda each: (each == TOGETHER, each & WHOLE and not each & VOICE, each)):
        lines.append(f"class del dev {device} classid {whole}{number:x}")
    for number, queue in shall.items():
        is_so = actual.get(number, (0, 0))
        # tc shows few digits of large rates.
        if any(abs(one - other) > other // 1000 for one, other in zip(is_so, (queue.assured, queue.ceiling))):
            burst = max(3028, round(queue.ceiling * 125 * BURST))
            above = f"{whole}{queue.parent:x}" if queue.parent else whole
            # A change of a class that is there drops nothing of what waits in it.
            lines.append(
                f"class replace dev {device} parent {above} classid {whole}{number:x} htb rate {queue.assured}kbit ceil {queue.ceiling}kbit"
                f" burst {burst} cburst {burst} quantum 1514 prio {queue.priority}"
            )
        if queue.leaf and number not in leaves:
            lines.append(f"qdisc replace dev {device} parent {whole}{number:x} handle {number:x}: {queue.leaf}")
    return lines


def _cake(device: str, number: int, kilobits: int) -> str:
    """Half a second of packets may wait, so that a flood is cut soon. Users without a class of their own get equal shares."""
    memory = max(262144, min(kilobits * 1000 // 16, 33554432))
    hosts = ("dual-dsthost" if device == DEVICES["down"] else "dual-srchost") if number == EVERYBODY else "flows"
    return f"unlimited diffserv4 {hosts} nat split-gso memlimit {memory}"


def handing_over(gateway: Gateway) -> list[str]:
    """Interfaces that packets come in and go out by in clear."""
    folder = gateway.paths.of("/sys/class/net")
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return [name for name in names if os.path.isdir(f"{folder}/{name}") and name != "lo" and not name.startswith(("ppp", "st-", *DEVICES.values()))]


def _filters(pools: list[str]) -> dict[str, list[tuple[int, str, str]]]:
    """Number in the order, protocol and words of each filter, by direction of the interface."""
    families = {6 if ":" in pool else 4 for pool in pools}
    mark = f"{MAJOR << 16:#x}/{MASK:#x}"
    ingress = []
    for pool in pools:
        # What came out of a client's SA comes in by the same interface once more: its way is up.
        name, protocol = ("clients6", "ipv6") if ":" in pool else ("clients", "ip")
        ingress.append((PREFERENCES[name], protocol, f"flower src_ip {pool} action ok"))
    for family, name, protocol in ((4, "recall", "ip"), (6, "recall6", "ipv6")):
        if family in families:
            ingress.append((PREFERENCES[name], protocol, "matchall action connmark continue"))
    ingress.append((PREFERENCES["redirect"], "all", f"handle {mark} fw action mirred egress redirect dev {DEVICES['down']}"))
    # Marks of others on a connection are not for packets that have not been looked at yet.
    ingress.append((PREFERENCES["forget"], "all", "matchall action skbedit mark 0 continue"))
    egress = [(PREFERENCES["redirect"], "all", f"handle {mark} fw action mirred egress redirect dev {DEVICES['up']}")]
    return {"ingress": ingress, "egress": egress}


def _handing_over(gateway: Gateway, queues: list[str], pools: list[str]) -> list[str]:
    lines: list[str] = []
    for device in handing_over(gateway):
        has = any(line.startswith("qdisc clsact ") and f" dev {device} " in line for line in queues)
        if any(line.startswith("qdisc ingress ") and f" dev {device} " in line for line in queues):
            raise Failure(f"{device} has an ingress qdisc of somebody else's, which leaves no room for clsact: users' rates are not held")
        if not has:
            lines.append(f"qdisc add dev {device} clsact")
        for direction, wanted in _filters(pools).items():
            there = _present(gateway, device, direction) if has else {}
            if there == _counted(wanted):
                continue
            lines += [f"filter del dev {device} {direction} prio {number}" for number in there]
            lines += [f"filter add dev {device} {direction} prio {number} protocol {protocol} {text}" for number, protocol, text in wanted]
    return lines


def _counted(wanted: list[tuple[int, str, str]]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for number, _protocol, _text in wanted:
        counts[number] = counts.get(number, 0) + 1
    return counts


def _present(gateway: Gateway, device: str, direction: str) -> dict[int, int]:
    """Our filters of one direction: how many of each number in the order."""
    counts: dict[int, int] = {}
    for line in _tc(gateway, "filter", "show", "dev", device, direction):
        # Each preference is told once without a handle, as the head of its filters.
        number = re.match(r"filter .*\bpref (\d+) .*\bhandle ", line)
        if number and int(number[1]) in PREFERENCES.values():
            counts[int(number[1])] = counts.get(int(number[1]), 0) + 1
    return counts


def take_away(gateway: Gateway) -> None:
    """Nothing of them stays."""
    for device in handing_over(gateway):
        for direction in ("ingress", "egress"):
            for number in sorted(_present(gateway, device, direction)):
                gateway.programs.run("tc", "filter", "del", "dev", device, direction, "prio", str(number))
        if not any(_tc(gateway, "filter", "show", "dev", device, direction) for direction in ("ingress", "egress")):
            gateway.programs.run("tc", "qdisc", "del", "dev", device, "clsact")
    for device in DEVICES.values():
        if _is_link(gateway, device):
            gateway.programs.run("ip", "link", "del", "dev", device)
