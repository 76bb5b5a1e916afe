"""
Disconnect-Requests of the RADIUS servers (RFC 5176), heard by the keeper for both protocols: charon's own listener knows
nothing of L2TP's sessions. Whoever is asked about by user name or inner address is cut, and may dial again if they let them.
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
from dataclasses import dataclass, field

from . import files, sessions
from .errors import Failure
from .gateway import Gateway
from .sessions import Session

FILE = "/etc/vpn-gateway/radius.json"
SECRETS = "/etc/vpn-gateway/radius.secrets"
PORT = 3799
DISCONNECT, ACK, NAK = 40, 41, 42
CHANGE, CHANGE_NAK = 43, 45
USER_NAME, NAS_IP_ADDRESS, FRAMED_IP_ADDRESS, NAS_IDENTIFIER = 1, 4, 8, 32
ACCT_SESSION_ID, EVENT_TIMESTAMP, MESSAGE_AUTHENTICATOR, ERROR_CAUSE = 44, 55, 80, 101
# RFC 5176, 3.6.
OTHER_GATEWAY, INVALID, UNSUPPORTED, NO_SESSION, SEVERAL = 403, 404, 405, 503, 508
WINDOW = 300  # seconds by which an Event-Timestamp may differ from our clock (RFC 5176, 6.3)
HEADER = 20


@dataclass
class Request:
    """One that a server of ours has signed."""

    code: int
    identifier: int
    authenticator: bytes
    attributes: dict[int, bytes] = field(default_factory=dict)


def read(packet: bytes, secret: bytes, now: float) -> Request | None:
    """What the packet says; None where it is none, is not signed with that secret, or is an old one told again."""
    if len(packet) < HEADER:
        return None
    code, identifier, length = struct.unpack_from("!BBH", packet)
    if not HEADER <= length <= len(packet):
        return None
    packet, claimed = packet[:length], packet[4:HEADER]
    blank = packet[:4] + bytes(16) + packet[HEADER:]
    if not hmac.compare_digest(hashlib.md5(blank + secret).digest(), claimed):
        return None
    request, at = Request(code, identifier, claimed), HEADER
    while at < length:
        if at + 2 > length or packet[at + 1] < 2 or at + packet[at + 1] > length:
            return None
        kind, value = packet[at], packet[at + 2 : at + packet[at + 1]]
        if kind == MESSAGE_AUTHENTICATOR:
            unsigned = blank[: at + 2] + bytes(16) + blank[at + 18 :]
            if len(value) != 16 or not hmac.compare_digest(hmac.new(secret, unsigned, "md5").digest(), value):
                return None
        if kind == EVENT_TIMESTAMP and (len(value) != 4 or abs(now - int.from_bytes(value, "big")) > WINDOW):
            return None
        request.attributes.setdefault(kind, value)
        at += packet[at + 1]
    return request


def reply(request: Request, code: int, cause: int | None, secret: bytes) -> bytes:
    """Signed by RFC 5176, 2.3."""
    body = b"" if cause is None else struct.pack("!BBI", ERROR_CAUSE, 6, cause)
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


class Listener:
    """Answers one request after the other; one that is told again, as it was answered before."""

    def __init__(self, gateway: Gateway, collect: Callable[[Gateway], list[Session]] = sessions.collect) -> None:
        self.gateway = gateway
        self.collect = collect
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
            self.answered[key] = self._act(request, sender, secret, str(settings.get("nasIdentifier", "")))
        return self.answered[key]

    def _act(self, request: Request, sender: str, secret: bytes, own_name: str) -> bytes:
        if request.code == CHANGE:
            return reply(request, CHANGE_NAK, UNSUPPORTED, secret)
        chosen, cause = wanted(request, self.collect(self.gateway), own_name)
        for each in chosen:
            self.gateway.report.say(f"ending a session of {json.dumps(each.user)} by {each.protocol}: RADIUS server {sender} wants it")
        if chosen:
            sessions.end(self.gateway, chosen)
        return reply(request, ACK if chosen else NAK, cause, secret)


def listen(gateway: Gateway) -> None:
    """In a thread of the keeper's, as long as that runs."""
    try:
        inlet = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        inlet.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        inlet.bind(("::", PORT))
    except OSError:  # a machine without IPv6
        inlet = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        inlet.bind(("0.0.0.0", PORT))
    threading.Thread(target=_serve, args=(inlet, Listener(gateway)), daemon=True).start()


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
