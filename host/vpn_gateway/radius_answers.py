"""
What the RADIUS servers said of who is connected: Filter-Id and rate. Neither charon nor pppd hands that on, so the relay
(`radius_relay`) writes it down before they hear the answer, a file a session, and CoA-Requests change it there. A session is
found by NAS-Port: charon's number of the IKE SA, pppd's of the PPP interface. New keys make another IKE SA with another
number: that one is known by user and inner address.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from . import files, radius_packet
from .admitted import ANYBODY, User
from .gateway import Gateway

if TYPE_CHECKING:
    from .sessions import Session

FOLDER = "/run/vpn-gateway/radius-answers"
LONG_AGO = 600  # seconds after which an answer that no session came of is forgotten
LEAST, MOST = 100, 10_000_000  # kbit/s that a queue can be held to; beyond it there is no bound


@dataclass(frozen=True)
class Answer:
    """Of an Access-Accept or a CoA-Request. Rates are kbit/s by way (`down`, `up`); 0: no bound."""

    user: str
    filters: tuple[str, ...] = ()
    rate: dict[str, int] = field(default_factory=dict, hash=False)
    at: float = 0.0  # Unix time
    inside: tuple[str, ...] = ()  # of the session, once it is there


def kilobits(value: bytes) -> int:
    """Of bit/s; 0: no bound."""
    bits = int.from_bytes(value, "big")
    return 0 if bits == 0 or bits // 1000 > MOST else max(LEAST, bits // 1000)


def granted(attributes: Iterable[tuple[int, bytes]]) -> tuple[tuple[str, ...], dict[str, int]]:
    """Filter-Ids, and the rates that are told of."""
    filters, rate = [], {}
    for kind, value in attributes:
        if kind == radius_packet.FILTER_ID:
            filters.append(value.decode(errors="replace"))
        elif kind == radius_packet.VENDOR_SPECIFIC:
            for vendor, inner, bits in radius_packet.of_vendor(value):
                way = {radius_packet.BANDWIDTH_UP: "up", radius_packet.BANDWIDTH_DOWN: "down"}.get(inner)
                if vendor == radius_packet.WISPR and way and len(bits) == 4:
                    rate[way] = kilobits(bits)
    return tuple(filters), rate


@contextlib.contextmanager
def _alone(gateway: Gateway) -> Iterator[str]:
    """The relay and the keeper may write at the same moment. Gives the folder."""
    folder = gateway.paths.of(FOLDER)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    with open(f"{folder}/lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield folder


def write(gateway: Gateway, protocol: str, port: int | str, answer: Answer) -> None:
    with _alone(gateway) as folder:
        files.write_json(f"{folder}/{protocol}-{port}.json", asdict(answer))


def load(gateway: Gateway) -> dict[str, Answer]:
    """By protocol and number."""
    try:
        names = os.listdir(gateway.paths.of(FOLDER))
    except FileNotFoundError:
        return {}
    found = {}
    for name in names:
        data = files.read_json(f"{gateway.paths.of(FOLDER)}/{name}", None) if name.endswith(".json") and name[0] != "." else None
        if isinstance(data, dict):
            found[name.removesuffix(".json")] = Answer(data["user"], tuple(data["filters"]), data["rate"], data["at"], tuple(data["inside"]))
    return found


def stamp(gateway: Gateway) -> int:
    """Another whenever an answer was written."""
    try:
        return os.stat(gateway.paths.of(FOLDER)).st_mtime_ns
    except FileNotFoundError:
        return 0


def key(session: Session) -> str:
    return f"ikev2-{session.handle}" if session.protocol == "ikev2" else f"l2tp-{session.interface.removeprefix('ppp')}"


def attach(gateway: Gateway, found: list[Session]) -> list[Session]:
    """The sessions, each with what was said of it."""
    known = load(gateway)
    return [replace(each, answer=_of(each, known)) for each in found] if known else found


def _of(session: Session, known: dict[str, Answer]) -> Answer | None:
    own = known.get(key(session))
    if own and _is(own, session):
        return own
    before = [one for name, one in known.items() if name.startswith("ikev2-") and session.protocol == "ikev2" and session.inside and one.inside == session.inside and _is(one, session)]
    return max(before, key=lambda one: one.at, default=None)


def _is(answer: Answer, session: Session) -> bool:
    # charon tells what is not printable ASCII as question marks.
    return session.user in (answer.user, "".join(chr(byte) if 0x20 <= byte < 0x7F else "?" for byte in answer.user.encode()))


def settle(gateway: Gateway, found: list[Session], now: float | None = None) -> None:
    """
    Writes down whose answer is whose, so that it outlives new keys, and forgets what no session came of. What the relay has
    written since `found` was looked at stays as it is.
    """
    if not os.path.isdir(gateway.paths.of(FOLDER)):
        return
    with _alone(gateway) as folder:
        known = load(gateway)
        for each in found:
            if each.answer and each.inside and each.answer.inside != each.inside and known.get(key(each)) in (None, each.answer):
                files.write_json(f"{folder}/{key(each)}.json", asdict(replace(each.answer, inside=each.inside)))
            elif each.answer and key(each) not in known:
                files.write_json(f"{folder}/{key(each)}.json", asdict(each.answer))
        there = {key(each) for each in found}
        for name, answer in known.items():
            if name not in there and abs((time.time() if now is None else now) - answer.at) >= LONG_AGO:
                files.drop(f"{folder}/{name}.json")


def unheard(session: Session, known: dict[str, User]) -> bool:
    """Was it let in by an answer that nobody heard? Nothing of it passes."""
    return session.user not in known and ANYBODY in known and known[ANYBODY].filters is not None and session.answer is None


def unknown_filter(session: Session, known: dict[str, User]) -> str | None:
    """The Filter-Id by which the session reaches nothing, since no group has that name, or they are several."""
    filters = known[ANYBODY].filters if session.user not in known and ANYBODY in known else None
    if filters is None or session.answer is None or not session.answer.filters:
        return None
    names = session.answer.filters
    return None if len(names) == 1 and names[0] in filters else ", ".join(names)


def verdict(session: Session, user: User, known: dict[str, User]) -> str | None:
    """What becomes of a session's packets, in nft's words; None: they do not pass. `user`: who the list takes it for."""
    if unheard(session, known) or unknown_filter(session, known) is not None:
        return None
    given = _given(session, known)
    chain = str(given.get("policy", "")) if given else user.policy
    return f"jump {chain}" if chain else "accept"


def _given(session: Session, known: dict[str, User]) -> dict | None:
    """The group that a Filter-Id names."""
    if session.user in known or ANYBODY not in known or session.answer is None or not session.answer.filters:
        return None
    return (known[ANYBODY].filters or {}).get(session.answer.filters[0])


def rate(session: Session, known: dict[str, User]) -> dict[str, int]:
    """kbit/s by way: the list's for who is on it; else the server's own word, before that of the group that it named."""
    if session.user in known:
        return known[session.user].rate
    if ANYBODY not in known or known[ANYBODY].filters is None or session.answer is None:
        return {}
    told = {**(_given(session, known) or {}).get("rate", {}), **session.answer.rate}
    return {way: kilobits for way, kilobits in told.items() if kilobits}


def rates(found: Iterable[Session], known: dict[str, User]) -> dict[str, dict[str, int]]:
    """Of each who is connected and has one. All devices of a user have one rate together: what was said last."""
    by_age = sorted(found, key=lambda each: each.answer.at if each.answer else 0.0)
    last = {each.user: rate(each, known) for each in by_age}
    return {user: own for user, own in last.items() if own}


def shown_filter(session: Session, known: dict[str, User]) -> str:
    unknown = unknown_filter(session, known)
    if unheard(session, known):
        return "nothing: its answer was not heard"
    return f"nothing: no group {unknown}" if unknown is not None else ", ".join(session.answer.filters) if session.answer and session.answer.filters else "-"
