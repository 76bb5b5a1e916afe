"""
Disconnect- and CoA-Requests of the RADIUS servers (RFC 5176), heard by the keeper for both protocols: charon's own listener
knows nothing of L2TP's sessions. Whoever is asked about by user name or inner address is cut, and may dial again if they let
them; or what they may reach and how fast they may be changes while they are connected.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from . import admitted, files, radius_answers, radius_packet, sessions
from .errors import Failure
from .gateway import Gateway
from .sessions import Session

FILE = "/etc/vpn-gateway/radius.json"
SECRETS = "/etc/vpn-gateway/radius.secrets"
PORT = 3799
DISCONNECT, ACK, NAK = 40, 41, 42
CHANGE, CHANGE_ACK, CHANGE_NAK = 43, 44, 45
USER_NAME, NAS_IP_ADDRESS, FRAMED_IP_ADDRESS, NAS_IDENTIFIER, PROXY_STATE = 1, 4, 8, 32, 33
ACCT_SESSION_ID, EVENT_TIMESTAMP, MESSAGE_AUTHENTICATOR, NAS_IPV6_ADDRESS, ERROR_CAUSE = 44, 55, 80, 95, 101
# What a CoA-Request may say of whom it is about, and of itself, beside what it changes.
ABOUT = {USER_NAME, FRAMED_IP_ADDRESS, NAS_IDENTIFIER, NAS_IP_ADDRESS, NAS_IPV6_ADDRESS, PROXY_STATE, ACCT_SESSION_ID, EVENT_TIMESTAMP, MESSAGE_AUTHENTICATOR}
# RFC 5176, 3.5.
UNSUPPORTED_ATTRIBUTE, MISSING, OTHER_GATEWAY, INVALID, UNSUPPORTED, INVALID_VALUE = 401, 402, 403, 404, 405, 407
PROHIBITED, NO_SESSION, SEVERAL = 501, 503, 508
WINDOW = 300  # seconds by which an Event-Timestamp may differ from our clock (RFC 5176, 6.3)
FOLLOWS = 3.0  # seconds within which the keeper has done what was asked
HEADER = radius_packet.HEADER


@dataclass
class Request:
    """One that a server of ours has signed."""

    code: int
    identifier: int
    authenticator: bytes
    attributes: dict[int, bytes] = field(default_factory=dict)  # the first of each kind
    all: list[tuple[int, bytes]] = field(default_factory=list)


def read(packet: bytes, secret: bytes, now: float) -> Request | None:
    """What the packet says; None where it is none, is not signed with that secret, or is an old one told again."""
    try:
        packet = radius_packet.whole(packet)
        found = list(radius_packet.attributes(packet))
    except radius_packet.Malformed:
        return None
    claimed, blank = packet[4:HEADER], packet[:4] + bytes(16) + packet[HEADER:]
    if not hmac.compare_digest(hashlib.md5(blank + secret).digest(), claimed):
        return None
    request = Request(packet[0], packet[1], claimed)
    for at, kind, value in found:
        if kind == MESSAGE_AUTHENTICATOR:
            unsigned = blank[: at + 2] + bytes(16) + blank[at + 18 :]
            if len(value) != 16 or not hmac.compare_digest(hmac.new(secret, unsigned, "md5").digest(), value):
                return None
        if kind == EVENT_TIMESTAMP and (len(value) != 4 or abs(now - int.from_bytes(value, "big")) > WINDOW):
            return None
        request.attributes.setdefault(kind, value)
        request.all.append((kind, value))
    return request


def reply(request: Request, code: int, cause: int | None, secret: bytes) -> bytes:
    """Signed by RFC 5176, 2.3; what proxies on the way put into the request comes back (3.1)."""
    body = b"" if cause is None else struct.pack("!BBI", ERROR_CAUSE, 6, cause)
    body += b"".join(bytes([kind, len(value) + 2]) + value for kind, value in request.all if kind == PROXY_STATE)
    head = struct.pack("!BBH", code, request.identifier, HEADER + len(body))
    return head + hashlib.md5(head + request.authenticator + body + secret).digest() + body


def wanted(request: Request, found: list[Session], own_name: str) -> tuple[list[Session], int | None]:
    """The sessions that it is about, or the cause for which there are none. All that it names must fit (RFC 5176, 3)."""
    given = request.attributes
    if given.get(NAS_IDENTIFIER, own_name.encode()) != own_name.encode():
        return [], OTHER_GATEWAY
    if USER_NAME not in given and FRAMED_IP_ADDRESS not in given:
        return [], INVALID
    chosen = found
    if USER_NAME in given:
        chosen = [each for each in chosen if each.user == given[USER_NAME].decode(errors="replace")]
    if FRAMED_IP_ADDRESS in given:
        if len(given[FRAMED_IP_ADDRESS]) != 4:
            return [], INVALID
        address = str(ipaddress.ip_address(given[FRAMED_IP_ADDRESS]))
        chosen = [each for each in chosen if address in each.inside]
    if not chosen:
        return [], NO_SESSION
    # By which number the programs told of a session, they do not tell us.
    if ACCT_SESSION_ID in given and len(chosen) > 1:
        return [], SEVERAL
    return chosen, None


def changed(request: Request, chosen: list[Session], known: dict[str, admitted.User], now: float) -> tuple[list[radius_answers.Answer], int | None]:
    """What shall hold of each of those sessions from now on, or the cause for which nothing changes (RFC 5176, 3.5)."""
    for kind, value in request.all:
        ours = [vendor == radius_packet.WISPR and inner in (radius_packet.BANDWIDTH_UP, radius_packet.BANDWIDTH_DOWN) and len(bits) == 4 for vendor, inner, bits in radius_packet.of_vendor(value)]
        if kind not in ABOUT | {radius_packet.FILTER_ID} and not (kind == radius_packet.VENDOR_SPECIFIC and ours and all(ours)):
            return [], UNSUPPORTED_ATTRIBUTE
    filters, rate = radius_answers.granted(request.all)
    if not filters and not rate:
        return [], MISSING
    groups = known[admitted.ANYBODY].filters or {}
    if len(filters) > 1 or any(name not in groups for name in filters):
        return [], INVALID_VALUE
    if any(each.user in known for each in chosen):
        return [], PROHIBITED  # whoever is on the list has what the list says
    before = [each.answer or radius_answers.Answer(each.user) for each in chosen]
    return [replace(one, filters=filters or one.filters, rate={**one.rate, **rate}, at=now) for one in before], None


class Listener:
    """Answers one request after the other; one that is told again, as it was answered before."""

    def __init__(self, gateway: Gateway, collect: Callable[[Gateway], list[Session]] = sessions.collect, followed: Callable[[], int] | None = None) -> None:
        """`followed`: as far as the keeper has followed the answers (radius_answers.stamp)."""
        self.gateway = gateway
        self.collect = collect
        self.followed = followed or (lambda: radius_answers.stamp(gateway))
        self.answered: dict[tuple[str, int, bytes], bytes] = {}

    def answer(self, packet: bytes, sender: str, now: float) -> bytes | None:
        settings = files.read_json(self.gateway.paths.of(FILE), {})
        servers = [str(ipaddress.ip_address(one)) for one in settings.get("servers", [])]
        if sender not in servers:
            return None
        with open(self.gateway.paths.of(SECRETS)) as file:
            secret = str(json.loads(file.read().split("\n")[servers.index(sender)])).encode()
        request = read(packet, secret, now)
        if request is None:
            self.gateway.report.say(f"a request of RADIUS server {sender} is not signed with its secret, or is old: not answered")
            return None
        if request.code not in (DISCONNECT, CHANGE):
            return None
        key = (sender, request.identifier, request.authenticator)
        if key not in self.answered:
            if len(self.answered) > 64:
                self.answered.clear()
            act = self._change if request.code == CHANGE else self._act
            answer = act(request, sender, secret, str(settings.get("nasIdentifier", "")))
            if answer is None:
                return None
            self.answered[key] = answer
        return self.answered[key]

    def _change(self, request: Request, sender: str, secret: bytes, own_name: str) -> bytes | None:
        """None: the keeper has not done it yet, so that it is no ACK; the server asks again."""
        known = admitted.load(self.gateway) or {}
        if admitted.ANYBODY not in known or known[admitted.ANYBODY].filters is None:
            return reply(request, CHANGE_NAK, UNSUPPORTED, secret)
        chosen, cause = wanted(request, self.collect(self.gateway), own_name)
        granted: list[radius_answers.Answer] = []
        if cause is None:
            granted, cause = changed(request, chosen, known, time.time())
        if cause is not None:
            return reply(request, CHANGE_NAK, cause, secret)
        for each, answer in zip(chosen, granted):  # noqa: B905
            self.gateway.report.say(f"changing what the session of {json.dumps(each.user)} by {each.protocol} may: RADIUS server {sender} wants it")
            radius_answers.write(self.gateway, each.protocol, radius_answers.key(each).partition("-")[2], replace(answer, inside=each.inside))
        written, until = radius_answers.stamp(self.gateway), time.monotonic() + FOLLOWS
        while self.followed() < written:
            if time.monotonic() > until:
                return None
            time.sleep(0.05)
        return reply(request, CHANGE_ACK, None, secret)

    def _act(self, request: Request, sender: str, secret: bytes, own_name: str) -> bytes:
        chosen, cause = wanted(request, self.collect(self.gateway), own_name)
        for each in chosen:
            self.gateway.report.say(f"ending a session of {json.dumps(each.user)} by {each.protocol}: RADIUS server {sender} wants it")
        if chosen:
            sessions.end(self.gateway, chosen)
        return reply(request, ACK if chosen else NAK, cause, secret)


def listen(gateway: Gateway, followed: Callable[[], int]) -> None:
    """In a thread of the keeper's, as long as that runs. `followed`: as far as it has followed the answers."""
    try:
        inlet = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        inlet.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        inlet.bind(("::", PORT))
    except OSError:  # a machine without IPv6
        inlet = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        inlet.bind(("0.0.0.0", PORT))
    threading.Thread(target=_serve, args=(inlet, Listener(gateway, followed=followed)), daemon=True).start()


def _serve(inlet: socket.socket, listener: Listener) -> None:
    while True:
        try:
            packet, sender = inlet.recvfrom(4096)
            address = ipaddress.ip_address(sender[0])
            mapped = getattr(address, "ipv4_mapped", None)
            answer = listener.answer(packet, str(mapped or address), time.time())
            if answer is not None:
                inlet.sendto(answer, sender)
        except (Failure, OSError, ValueError, KeyError, TypeError) as error:
            listener.gateway.report.say(f"a RADIUS server's request could not be followed: {error}")
