"""
`vpn-gateway relay`, a service where the answers of RADIUS servers say what sessions may reach and how fast they may be: it
stands between pppd and charon and the servers, hands every packet on as it is, byte for byte, and reads the answers. What an
Access-Accept grants is written down (`radius_answers`) before the daemon hears of it, so no session begins that is not
known. Packets stay signed from end to end: nothing is added, as a proxy would (RFC 2865, 2.3).
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import sys
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from . import files, radius_answers, radius_packet
from .errors import Failure, os_error
from .gateway import Gateway

FILE = "/etc/vpn-gateway/radius.json"
SECRETS = "/etc/vpn-gateway/radius.secrets"
TICK = 1.0
IDLE = 100.0  # seconds after which a socket is closed that nobody waits at: each question of a pppd's comes from a port of its own
MOST = 8000  # sockets towards the servers: below the unit's LimitNOFILE
LARGEST = 4096  # RFC 2865, 3
FRESH = 300.0  # seconds for which a request may be answered


@dataclass
class Asked:
    """An Access-Request that is under way."""

    authenticator: bytes
    protocol: str
    user: str
    port: int | None
    at: float


@dataclass
class Way:
    """Between one socket of a daemon's and one server."""

    inlet: socket.socket
    sender: tuple
    outlet: socket.socket
    secret: bytes
    used: float = 0.0
    asked: dict[int, Asked] = field(default_factory=dict)  # by identifier


class Relay:
    """All inlets and ways, as the files say now."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.selector = selectors.DefaultSelector()
        self.inlets: list[socket.socket] = []
        self.ways: OrderedDict[tuple, Way] = OrderedDict()  # the one that was used last at the end
        self.read: object = None

    def follow_files(self) -> None:
        """Begins anew where servers or secrets are others: who waits for an answer asks once more."""
        now = [self._signature(path) for path in (FILE, SECRETS)]
        if now == self.read:
            return
        for way in list(self.ways):
            self._close(way)
        for inlet in self.inlets:
            self.selector.unregister(inlet)
            inlet.close()
        self.inlets = []
        servers = files.read_json(self.gateway.paths.of(FILE), {}).get("relay", [])
        with open(self.gateway.paths.of(SECRETS)) as file:
            secrets = [str(json.loads(line)).encode() for line in file.read().split("\n") if line]
        for server, secret in zip(servers, secrets):
            for port in server["ports"]:
                inlet = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                inlet.bind((server["at"], port))
                inlet.setblocking(False)
                self.selector.register(inlet, selectors.EVENT_READ, ((server["host"], port), secret))
                self.inlets.append(inlet)
        self.read = now

    def _signature(self, path: str) -> tuple[int, int] | None:
        try:
            found = os.stat(self.gateway.paths.of(path))
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    def step(self, seconds: float) -> None:
        """Hands on what comes within so many seconds."""
        for key, _events in self.selector.select(seconds):
            with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
                if isinstance(key.data, Way):
                    self._answered(key.data)
                else:
                    self._asked(key.fileobj, *key.data)
        gone, now = [], time.monotonic()
        for name, way in self.ways.items():  # the one that was used longest ago first
            idle = now - way.used
            if idle < IDLE and len(self.ways) - len(gone) <= MOST:
                break
            if not way.asked or idle >= FRESH or len(self.ways) - len(gone) > MOST:
                gone.append(name)
        for name in gone:
            self._close(name)

    def _close(self, name: tuple) -> None:
        way = self.ways.pop(name)
        self.selector.unregister(way.outlet)
        way.outlet.close()

    def _asked(self, inlet: socket.socket, server: tuple[str, int], secret: bytes) -> None:
        packet, sender = inlet.recvfrom(LARGEST)
        name = (inlet.fileno(), sender)
        way = self.ways.get(name)
        if way is None:
            outlet = socket.socket(socket.AF_INET6 if ":" in server[0] else socket.AF_INET, socket.SOCK_DGRAM)
            outlet.setblocking(False)
            try:
                outlet.connect(server)  # nobody else is heard on it
            except OSError:
                outlet.close()  # no route to it: it is as silent as it would be
                return
            way = self.ways[name] = Way(inlet, sender, outlet, secret)
            self.selector.register(outlet, selectors.EVENT_READ, way)
        way.used = time.monotonic()
        self.ways.move_to_end(name)
        self._remember(way, packet)
        with contextlib.suppress(OSError):
            way.outlet.send(packet)

    def _remember(self, way: Way, packet: bytes) -> None:
        try:
            packet = radius_packet.whole(packet)
            if packet[0] != radius_packet.ACCESS_REQUEST:
                return
            given: dict[int, bytes] = {}
            for _at, kind, value in radius_packet.attributes(packet):
                given.setdefault(kind, value)
        except radius_packet.Malformed:
            return
        port = given.get(radius_packet.NAS_PORT)
        way.asked[packet[1]] = Asked(
            packet[4 : radius_packet.HEADER],
            "ikev2" if radius_packet.EAP_MESSAGE in given else "l2tp",
            given.get(radius_packet.USER_NAME, b"").decode(errors="replace"),
            int.from_bytes(port, "big") if port is not None and len(port) == 4 else None,
            time.monotonic(),
        )

    def _answered(self, way: Way) -> None:
        packet = way.outlet.recv(LARGEST)
        way.used = time.monotonic()
        try:
            granted = self._grants(way, radius_packet.whole(packet))
        except radius_packet.Malformed:
            return
        if granted:
            # Where it cannot be written the daemon hears nothing: nobody comes in of whom nobody knows what they may.
            radius_answers.write(self.gateway, *granted)
        way.inlet.sendto(packet, way.sender)

    def _grants(self, way: Way, packet: bytes) -> tuple[str, int, radius_answers.Answer] | None:
        """Of an Access-Accept: for which session, and what. What is signed wrongly the daemon itself refuses, and says so."""
        if packet[0] not in radius_packet.ACCESS_ANSWERS:
            return None
        asked = way.asked.get(packet[1])
        if asked is None or not radius_packet.answers(packet, asked.authenticator, way.secret):
            return None
        del way.asked[packet[1]]
        if packet[0] != radius_packet.ACCESS_ACCEPT or asked.port is None or time.monotonic() - asked.at > FRESH:
            return None
        filters, rate = radius_answers.granted((kind, value) for _at, kind, value in radius_packet.attributes(packet))
        return asked.protocol, asked.port, radius_answers.Answer(asked.user, filters, rate, time.time())

    def end(self) -> None:
        for name in list(self.ways):
            self._close(name)
        for inlet in self.inlets:
            self.selector.unregister(inlet)
            inlet.close()
        self.inlets = []
        self.selector.close()


def names(gateway: Gateway) -> dict[str, str]:
    """Which server stands behind each address that the daemons ask."""
    return {one["at"]: one["host"] for one in files.read_json(gateway.paths.of(FILE), {}).get("relay", [])}


def relay(gateway: Gateway) -> None:
    """Without end; ends where its own code was renewed, for systemd to start the new one."""
    relaying, said, begun = Relay(gateway), "", _code()
    while _code() == begun:
        try:
            relaying.follow_files()
            relaying.step(TICK)
            said = ""
        except (Failure, OSError, ValueError, KeyError) as error:
            text = os_error(error) if isinstance(error, OSError) else str(error)
            if text != said:
                print(text, file=sys.stderr, flush=True)
            said = text
            time.sleep(0.2)
    relaying.end()


def _code() -> float:
    return os.stat(os.path.realpath(__file__)).st_mtime
