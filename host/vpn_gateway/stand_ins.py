"""
Where an L2TP client really is, and by which of charon's connections it came. Clients behind one NAT look the same to xl2tpd and the kernel's L2TP, so the firewall gives
each child SA an address of class E to be known by: docs/same-nat.md has how, gateway/render/sharedNat.ts the rules. Conntrack
knows which mark an address stands for, and charon whose SA has that mark.
"""

import ipaddress
import re
from dataclasses import dataclass

from . import charon
from .gateway import Gateway

STAND_INS = ipaddress.ip_network("240.0.0.0/4")
CONNTRACK = "/proc/net/nf_conntrack"


@dataclass(frozen=True)
class Caller:
    """Outer address and port, "?" where nobody knows; and the connection whose SA carries it, empty where that cannot be told."""

    place: str
    connection: str = ""


def callers(gateway: Gateway, peers: dict[str, tuple[str, str]]) -> dict[str, Caller]:
    """Who each peer is, given its address and port as the L2TP stack has them."""
    hidden = {address for address, _port in peers.values() if ipaddress.ip_address(address) in STAND_INS}
    known = _behind(gateway, hidden) if hidden else {}
    return {key: known.get(address, Caller("?")) if address in hidden else Caller(f"{address}:{port}") for key, (address, port) in peers.items()}


def _behind(gateway: Gateway, hidden: set[str]) -> dict[str, Caller]:
    by_mark = _by_mark(gateway)
    found: dict[str, Caller] = {}
    marks: dict[str, int] = {}
    for original, stand_in, mark in _connections(gateway):
        if stand_in not in hidden:
            continue
        # The port of the ESP within UDP tells two clients of one NAT apart; their L2TP ports may well be the same.
        caller = by_mark.get(mark, Caller(original))
        # Two SAs that drew one stand-in: who of them a session is of cannot be told.
        found[stand_in] = caller if marks.setdefault(stand_in, mark) == mark else Caller(caller.place)
    return found


def _connections(gateway: Gateway) -> list[tuple[str, str, int]]:
    """Of each L2TP connection that has a mark: its sender, the address that stands for it, and the mark."""
    try:
        with open(gateway.paths.of(CONNTRACK)) as file:
            lines = [line for line in file if " dport=1701 " in line]
    except OSError:  # a kernel that does not show them
        return []
    pattern = re.compile(r" src=(\S+) .*?sport=(\d+) .*? src=\S+ dst=(\S+) .* mark=([1-9]\d*)\b")
    return [(f"{match[1]}:{match[2]}", match[3], int(match[4])) for line in lines if (match := pattern.search(line))]


def _by_mark(gateway: Gateway) -> dict[int, Caller]:
    """The peer of each child SA that has a mark."""
    if not charon.running(gateway):
        return {}
    found = {}
    for connection, data in charon.associations(gateway):
        children = data.get("child-sas")
        for child in children.values() if isinstance(children, dict) else ():
            mark = child.get("mark-in") if isinstance(child, dict) else None
            if isinstance(mark, str) and re.fullmatch(r"[0-9a-fA-F]+", mark):
                found[int(mark, 16)] = Caller(f"{data.get('remote-host', '?')}:{data.get('remote-port', '?')}", connection)
    return found
