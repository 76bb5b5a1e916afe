"""
Users' rates: the queues that their packets wait in, and who waits in which. What marks a packet is the table of `rates.nft`
(gateway/render/rates.ts); the queues are made here, as users come, go and get other rates.

Two interfaces of type ifb, one a way. Each has HTB with a class for each user who is connected and has a rate there, and in
it two: voice, of which a quarter of the rate never waits and the rest goes first, and everything else, which is sure of
half. Everything else is in CAKE without a rate of its own, which shares it between the user's flows and cuts what the card
has joined (split-gso), so that 64 KiB never stand in a voice packet's way. All interfaces but PPP's and sites' hand over
what is marked: what goes to clients where it comes in, what comes from them where it goes out.
"""

import contextlib
import fcntl
import hashlib
import ipaddress
import json
import os
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from . import admitted, files, sessions
from .admitted import User
from .errors import Failure
from .gateway import Gateway
from .sessions import Session

PATH = "/etc/vpn-gateway/rates.nft"
SETTINGS = "/etc/vpn-gateway/rates.json"
UNIT = "vpn-gateway-rates.service"
LOCK = "/run/vpn-gateway/rates.lock"
TABLE = "inet vpn_gateway_rates"
DEVICES = {"down": "vpn-rate-down", "up": "vpn-rate-up"}
MAJOR = 0x5240
MASK = 0xFFFF0000
EVERYBODY, TOGETHER = 1, 0xFFFE  # classes: of those without a rate, and above all where there is an uplink
FIRST, LAST = 0x10, 0x3FFF
WHOLE, VOICE = 0x4000, 0x8000  # of a user's number: both classes together, and voice; the number itself is everything else
PREFERENCES = {"clients": 5240, "clients6": 5241, "recall": 5242, "recall6": 5243, "redirect": 5244, "forget": 5245}
Elements = dict[tuple[str, str], str]
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


def numbers(known: dict[str, User]) -> dict[str, int]:
    """A class for each user with a rate: the same whoever else comes or goes, but where two names' numbers are one."""
    taken: set[int] = set()
    found = {}
    for name in sorted(name for name, user in known.items() if user.rate):
        number = FIRST + int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % (LAST - FIRST)
        while number in taken:
            number = FIRST + (number + 1 - FIRST) % (LAST - FIRST)
        taken.add(number)
        found[name] = number
    return found


def settings(gateway: Gateway) -> dict | None:
    """Pools and uplink as the part says; None: nobody has a rate."""
    found = files.read_json(gateway.paths.of(SETTINGS), None)
    return found if isinstance(found, dict) else None


def elements(found: Iterable[Session], known: dict[str, User]) -> Elements:
    """Whose inner address means which class."""
    of = numbers(known)
    wanted: Elements = {}
    for session in found:
        if session.user in of:
            for text in session.inside:
                address = ipaddress.ip_address(text)
                wanted[f"rated{address.version}", str(address)] = f"{MAJOR << 16 | of[session.user]:#x}"
    return wanted


def classes(way: str, found: Iterable[Session], known: dict[str, User], uplink: dict) -> Classes:
    """kbit/s of each class that there shall be: of users who are connected, since a CAKE costs memory."""
    of = numbers(known)
    wanted = {of[session.user]: known[session.user].rate[way] for session in found if session.user in of and way in known[session.user].rate}
    if way in uplink:
        wanted |= {TOGETHER: uplink[way], EVERYBODY: uplink[way]}
    return wanted


def filling(gateway: Gateway, known: dict[str, User]) -> str:
    """To be loaded with the table in one transaction."""
    try:
        return _added(elements(sessions.collect(gateway), known))
    except (Failure, OSError) as error:
        gateway.report.say(f"rates: filled later: {error}")
        return ""


def refill(gateway: Gateway) -> None:
    """Fills the table that is in the kernel anew."""
    text = _flushed(gateway) + filling(gateway, admitted.load(gateway) or {})
    gateway.programs.must("nft refused whose rates are whose", "nft", "-f", "-", stdin=text)


def _added(new: Elements) -> str:
    return "".join(f"add element {TABLE} {name} {{ {key} : {mark} }}\n" for (name, key), mark in new.items())


def _flushed(gateway: Gateway) -> str:
    return "".join(f"flush map {TABLE} {name}\n" for name in _held(gateway)[1])


def _held(gateway: Gateway) -> tuple[Elements, list[str]]:
    """What the table's maps hold, and their names."""
    result = gateway.programs.run("nft", "-j", "list", "table", *TABLE.split(), merge=False)
    if not result.ok:
        raise Failure("the table of users' rates is not in the kernel")
    found: Elements = {}
    maps = [entry["map"] for entry in json.loads(result.output)["nftables"] if "map" in entry]
    for each in maps:
        for address, mark in each.get("elem", []):
            found[each["name"], str(address)] = f"{int(mark):#x}"
    return found, [each["name"] for each in maps]


def follow(gateway: Gateway, found: list[Session], known: dict[str, User]) -> None:
    """Makes the kernel as it shall be now, and touches nothing that is so already."""
    if settings(gateway) is None:
        return
    with _alone(gateway):
        _fill(gateway, elements(found, known))
        for device in DEVICES.values():
            if not _is_link(gateway, device):
                gateway.programs.must(f"{device} could not be made", "ip", "link", "add", device, "type", "ifb")
                gateway.programs.must(f"{device} could not be made", "ip", "link", "set", device, "up")
        lines = missing(gateway, found, known)
        if lines:
            gateway.programs.must("tc refused users' rates", "tc", "-batch", "-", stdin="".join(f"{line}\n" for line in lines))


def follow_now(gateway: Gateway) -> None:
    """For a change that is under way: what it says of rates holds when it is through."""
    follow(gateway, sessions.collect(gateway), admitted.load(gateway) or {})


@contextlib.contextmanager
def _alone(gateway: Gateway) -> Iterator[None]:
    """The keeper and a change may look at the same moment."""
    path = gateway.paths.of(LOCK)
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def missing(gateway: Gateway, found: list[Session], known: dict[str, User]) -> list[str]:
    """tc's commands from what the kernel has to what it shall have; none where it is so already."""
    given = settings(gateway)
    if given is None:
        return []
    there = _tc(gateway, "qdisc", "show")
    lines = [line for way, device in DEVICES.items() for line in _queues(gateway, there, device, classes(way, found, known, given.get("uplink", {})))]
    return lines + _handing_over(gateway, there, given["pools"])


def _fill(gateway: Gateway, wanted: Elements) -> None:
    held, _names = _held(gateway)
    gone = [key for key, mark in held.items() if wanted.get(key) != mark]
    new = {key: mark for key, mark in wanted.items() if held.get(key) != mark}
    text = "".join(f"delete element {TABLE} {name} {{ {key} }}\n" for name, key in gone) + _added(new)
    if text:
        gateway.programs.must("nft refused whose rates are whose", "nft", "-f", "-", stdin=text)


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
        if any(abs(one - other) > other // 1000 for one, other in zip(is_so, (queue.assured, queue.ceiling), strict=True)):
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
    """Nobody has a rate any more."""
    with _alone(gateway):
        for device in handing_over(gateway):
            for direction in ("ingress", "egress"):
                for number in sorted(_present(gateway, device, direction)):
                    gateway.programs.run("tc", "filter", "del", "dev", device, direction, "prio", str(number))
            if not any(_tc(gateway, "filter", "show", "dev", device, direction) for direction in ("ingress", "egress")):
                gateway.programs.run("tc", "qdisc", "del", "dev", device, "clsact")
        for device in DEVICES.values():
            if _is_link(gateway, device):
                gateway.programs.run("ip", "link", "del", "dev", device)


def problems(gateway: Gateway) -> list[str]:
    """Where the kernel does not hold users' rates. Whoever has just come gets theirs within a second."""
    found = _lacks(gateway)
    if found and gateway.is_real():
        time.sleep(1)
        found = _lacks(gateway)
    return [f"users' rates are not held: the kernel lacks {line}" for line in found[:3]] + (["… and more"] if len(found) > 3 else [])


def _lacks(gateway: Gateway) -> list[str]:
    return missing(gateway, sessions.collect(gateway), admitted.load(gateway) or {})

