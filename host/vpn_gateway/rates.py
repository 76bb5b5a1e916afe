"""
Users' rates: the queues that their packets wait in, and who waits in which. What marks a packet is the table of `rates.nft`
(gateway/render/rates.ts); the queues are made here, as users come, go and get other rates.

Two interfaces of type ifb, one a way. Each has HTB with a class for each user who is connected and has a rate there, and in
it two: voice, of which a quarter of the rate never waits and the rest goes first, and everything else, which is sure of
half. Everything else is in CAKE without a rate of its own, which shares it between the user's flows and cuts what the card
has joined (split-gso), so that 64 KiB never stand in a voice packet's way. All interfaces but PPP's and sites' hand over
what is marked: what goes to clients where it comes in, what comes from them where it goes out.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import ipaddress
import json
import os
import time
from collections.abc import Iterable, Iterator

from . import admitted, files, queues, radius_answers, sessions
from .admitted import User
from .errors import Failure
from .gateway import Gateway
from .queues import EVERYBODY, MAJOR, TOGETHER, Classes
from .sessions import Session

PATH = "/etc/vpn-gateway/rates.nft"
SETTINGS = "/etc/vpn-gateway/rates.json"
UNIT = "vpn-gateway-rates.service"
LOCK = "/run/vpn-gateway/rates.lock"
TABLE = "inet vpn_gateway_rates"
FIRST, LAST = 0x10, 0x3FFF
Elements = dict[tuple[str, str], str]


def numbers(known: dict[str, User], others: Iterable[str] = ()) -> dict[str, int]:
    """
    A class for each user with a rate: the same whoever else comes or goes, but where two names' numbers are one. `others`: who
    has one of a RADIUS server's.
    """
    taken: set[int] = set()
    found: dict[str, int] = {}
    listed = sorted(name for name, user in known.items() if user.rate)
    for name in [*listed, *sorted(set(others) - set(listed))]:
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


def elements(found: list[Session], known: dict[str, User]) -> Elements:
    """Whose inner address means which class."""
    of = numbers(known, radius_answers.rates(found, known))
    wanted: Elements = {}
    for session in found:
        if session.user in of:
            for text in session.inside:
                address = ipaddress.ip_address(text)
                wanted[f"rated{address.version}", str(address)] = f"{MAJOR << 16 | of[session.user]:#x}"
    return wanted


def classes(way: str, found: list[Session], known: dict[str, User], uplink: dict) -> Classes:
    """kbit/s of each class that there shall be: of users who are connected, since a CAKE costs memory."""
    held = radius_answers.rates(found, known)
    of = numbers(known, held)
    wanted = {of[name]: rate[way] for name, rate in held.items() if way in rate}
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
        queues.make_devices(gateway)
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
    return queues.missing(gateway, {way: classes(way, found, known, given.get("uplink", {})) for way in queues.DEVICES}, given["pools"])


def _fill(gateway: Gateway, wanted: Elements) -> None:
    held, _names = _held(gateway)
    gone = [key for key, mark in held.items() if wanted.get(key) != mark]
    new = {key: mark for key, mark in wanted.items() if held.get(key) != mark}
    text = "".join(f"delete element {TABLE} {name} {{ {key} }}\n" for name, key in gone) + _added(new)
    if text:
        gateway.programs.must("nft refused whose rates are whose", "nft", "-f", "-", stdin=text)


def take_away(gateway: Gateway) -> None:
    """Nobody has a rate any more."""
    with _alone(gateway):
        queues.take_away(gateway)


def problems(gateway: Gateway) -> list[str]:
    """Where the kernel does not hold users' rates. Whoever has just come gets theirs within a second."""
    found = _lacks(gateway)
    if found and gateway.is_real():
        time.sleep(1)
        found = _lacks(gateway)
    return [f"users' rates are not held: the kernel lacks {line}" for line in found[:3]] + (["… and more"] if len(found) > 3 else [])


def _lacks(gateway: Gateway) -> list[str]:
    return missing(gateway, sessions.collect(gateway), admitted.load(gateway) or {})

