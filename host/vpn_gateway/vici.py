"""A small client of charon's control protocol (VICI). swanctl's own output cannot carry every user name safely."""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Iterator

from .errors import Failure

REQUEST, RESPONSE, UNKNOWN, REGISTER, _, CONFIRM, NO_EVENT, EVENT = range(8)
SECTION_START, SECTION_END, KEY_VALUE, LIST_START, LIST_ITEM, LIST_END = range(1, 7)
Message = dict[str, object]


class Vici:
    """One connection to charon. Use as a context manager."""

    def __init__(self, path: str, timeout: float = 30) -> None:
        self.path = path
        self.timeout = timeout

    def __enter__(self) -> "Vici":
        self.socket = socket.socket(socket.AF_UNIX)
        # Where charon has not accepted others yet, a socket that may not block is refused at once (unix(7), EAGAIN), and charon
        # would look as if it were gone.
        whole = int(self.timeout)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", whole, int((self.timeout - whole) * 1e6)))
        try:
            self.socket.connect(self.path)
            self.socket.settimeout(self.timeout)
        except OSError as error:
            self.socket.close()
            raise Failure(f"charon does not answer at {self.path}: {error.strerror}") from None
        return self

    def __exit__(self, *_ignored: object) -> None:
        self.socket.close()

    def request(self, command: str, **arguments: str) -> Message:
        return self.send(command, {name.replace("_", "-"): value for name, value in arguments.items()})

    def send(self, command: str, message: dict) -> Message:
        """The answer to a message of sections, lists, texts and bytes."""
        self._send(REQUEST, command, encode(message))
        kind, body = self._receive()
        if kind != RESPONSE:
            raise Failure(f"charon does not know the command {command}")
        return decode(body)

    def stream(self, command: str, event: str) -> list[Message]:
        """All events that a listing command sends before its response."""
        self._send(REGISTER, event, b"")
        if self._receive()[0] != CONFIRM:
            raise Failure(f"charon does not know the event {event}")
        self._send(REQUEST, command, b"")
        events = []
        while True:
            kind, body = self._receive()
            if kind == EVENT:
                events.append(decode(body[1 + body[0] :]))
            elif kind == RESPONSE:
                return events
            else:
                raise Failure(f"charon does not know the command {command}")

    def register(self, *events: str) -> None:
        for event in events:
            self._send(REGISTER, event, b"")
            while (kind := self._receive()[0]) == EVENT:
                pass  # of those that are registered already
            if kind != CONFIRM:
                raise Failure(f"charon does not know the event {event}")

    def event(self, seconds: float) -> tuple[str, Message] | None:
        """The next event that was registered for, or None where none comes within `seconds`."""
        if not select.select([self.socket], [], [], max(0.0, seconds))[0]:
            return None
        kind, body = self._receive()
        if kind != EVENT:
            raise Failure("charon answered what it was not asked")
        return body[1 : 1 + body[0]].decode(), decode(body[1 + body[0] :])

    def _send(self, kind: int, name: str, body: bytes) -> None:
        packet = bytes([kind, len(name)]) + name.encode() + body
        self.socket.sendall(struct.pack("!I", len(packet)) + packet)

    def _receive(self) -> tuple[int, bytes]:
        (length,) = struct.unpack("!I", self._exactly(4))
        packet = self._exactly(length)
        return packet[0], packet[1:]

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            try:
                more = self.socket.recv(count - len(data))
            except socket.timeout:  # TimeoutError itself since Python 3.10
                raise Failure(f"charon did not answer within {self.timeout:.0f} s") from None
            if not more:
                raise Failure("charon closed the control connection")
            data += more
        return data


def encode(message: dict) -> bytes:
    data = b""
    for name, value in message.items():
        key = bytes([len(name.encode())]) + name.encode()
        if isinstance(value, dict):
            data += bytes([SECTION_START]) + key + encode(value) + bytes([SECTION_END])
        elif isinstance(value, list):
            data += bytes([LIST_START]) + key + b"".join(bytes([LIST_ITEM]) + _sized(item) for item in value) + bytes([LIST_END])
        else:
            data += bytes([KEY_VALUE]) + key + _sized(value)
    return data


def _sized(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("!H", len(data)) + data


def decode(data: bytes) -> Message:
    """A message as nested dicts, lists and strings."""
    root: Message = {}
    sections: list[Message] = [root]
    items: list[str] = []
    for kind, name, value in _elements(data):
        if kind == SECTION_START:
            inner: Message = {}
            sections[-1][name] = inner
            sections.append(inner)
        elif kind == SECTION_END:
            sections.pop()
        elif kind == KEY_VALUE:
            sections[-1][name] = value
        elif kind == LIST_START:
            items = []
            sections[-1][name] = items
        elif kind == LIST_ITEM:
            items.append(value)
    return root


def _elements(data: bytes) -> Iterator[tuple[int, str, str]]:
    at = 0
    while at < len(data):
        kind = data[at]
        at += 1
        name = value = b""
        if kind in (SECTION_START, KEY_VALUE, LIST_START):
            name = data[at + 1 : at + 1 + data[at]]
            at += 1 + len(name)
        if kind in (KEY_VALUE, LIST_ITEM):
            (length,) = struct.unpack_from("!H", data, at)
            value = data[at + 2 : at + 2 + length]
            at += 2 + length
        yield kind, name.decode(errors="replace"), value.decode(errors="replace")
