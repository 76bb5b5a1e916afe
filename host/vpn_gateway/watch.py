"""
`vpn-gateway watch`, a service on both machines of a pair: asks the IKE daemon again and again, writes down when it last
answered (keepalived's check reads that), answers health checks while this machine is the active one, and on AWS fetches
the pair's address and routes when it becomes so. Behind a DNS name, where there is no keepalived, it decides that as well.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import time

from . import pair
from .errors import Failure
from .gateway import Gateway


class Door:
    """A TCP port that is open or shut: shut, whoever asks is refused at once."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.listener: socket.socket | None = None

    def set(self, is_open: bool) -> None:
        if is_open and self.listener is None:
            listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            listener.bind(("::", self.port))
            listener.listen(64)
            listener.setblocking(False)
            self.listener = listener
        elif not is_open and self.listener is not None:
            self.listener.close()
            self.listener = None

    def serve(self, seconds: float) -> None:
        """Accepts and hangs up, for so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.listener is None:
                time.sleep(left)
                return
            if select.select([self.listener], [], [], left)[0]:
                try:
                    self.listener.accept()[0].close()
                except OSError:
                    pass


def write_down(gateway: Gateway) -> None:
    path = gateway.paths.of(pair.ANSWERED)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(f"{path}.new", "w") as file:
        file.write(f"{pair.uptime(gateway):.2f}\n")
    os.replace(f"{path}.new", path)


def watch(gateway: Gateway, rounds: int | None = None, ike_port: int = 500) -> None:
    """Without end, or for a test so many rounds."""
    described = pair.load(gateway)
    if described is None:
        raise Failure(f"{pair.FILE} is missing: this gateway is not one of a pair")
    door = Door(described["healthPort"])
    move = described.get("move")
    mover = _mover(gateway, move) if move else None
    interval = float(described["checkSeconds"])
    answered_at = float("-inf")
    was = None
    try:
        while rounds is None or rounds > 0:
            rounds = None if rounds is None else rounds - 1
            began = time.monotonic()
            if pair.ike_answers("127.0.0.1", interval, ike_port):
                answered_at = time.monotonic()
                write_down(gateway)
            answers = time.monotonic() - answered_at <= described["unfitAfterSeconds"]
            if answers != was:
                print(f"the IKE daemon {'answers' if answers else 'does not answer'}", file=sys.stderr, flush=True)
                was = answers
            if pair.both_serve(described):
                pair.decide_alone(gateway, answers)
            door.set(answers and pair.is_active(gateway))
            if mover:
                mover.follow()
            door.serve(max(0.05, interval - (time.monotonic() - began)))
    finally:
        door.set(False)
        if mover:
            mover.end()


def _mover(gateway: Gateway, move: dict):
    from . import aws_mover

    return aws_mover.Mover(gateway, move, lambda: pair.active_since(gateway))
