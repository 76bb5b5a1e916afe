"""
The machine that becomes the active one of a pair asks EC2 for the pair's address and routes, by its own role. A thread of
the watch, which must never wait for AWS.
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time
from collections.abc import Callable

from .aws_move import STATE, Call, calls, endpoint_of, named
from .aws_request import METADATA, Metadata, Refused, ec2
from .gateway import Gateway

FIRST_PAUSE = 0.5  # seconds after the first refusal; doubled after each
LONGEST_PAUSE = 10.0
LOOK_AGAIN = 15.0  # seconds after which an active machine looks whether it still has the address
LOST_AFTER = 2  # looks in a row that do not find it: the metadata service is late by seconds


class Mover:
    """Follows one machine's state. `follow` never waits; all that waits is in the thread."""

    def __init__(self, gateway: Gateway, move: dict, active_since: Callable[[], int | None]) -> None:
        self.gateway = gateway
        self.move = move
        self.active_since = active_since
        self.metadata = Metadata(move.get("metadataEndpoint") or METADATA)
        self.followed: int | None = None
        self.stop = threading.Event()
        self.thread: threading.Thread | None = None
        self.got: list[str] = []
        self.tries = 0
        self._forget()  # what a watch that was killed has left

    def follow(self) -> None:
        """
        Called again and again: begins when the machine has become active, and ends when it is so no longer. A machine
        that was standby for less than a round begins anew: the other may have asked for all of it meanwhile.
        """
        since = self.active_since()
        if since == self.followed:
            return
        self.end()
        self.followed = since
        if since is not None:
            self.stop = threading.Event()
            self.thread = threading.Thread(target=self._work, args=(self.stop,), daemon=True)
            self.thread.start()

    def end(self) -> None:
        """A call under way is not waited for; whatever it brings, nothing is claimed of it."""
        self.stop.set()
        self._forget()

    def _forget(self) -> None:
        try:
            os.unlink(self.gateway.paths.of(STATE))
        except FileNotFoundError:
            pass

    def _over(self, stop: threading.Event) -> bool:
        return stop.is_set() or self.active_since() is None

    def _work(self, stop: threading.Event) -> None:
        missed = 0
        routes_again = True
        if not self._claim(stop, calls(self.move)):
            return
        while not stop.wait(float(self.move.get("lookAgainSeconds", LOOK_AGAIN))):
            if self._over(stop):
                return
            if routes_again:
                # Once: the last call of a machine that was active before may have come in late.
                routes_again = False
                if not self._claim(stop, calls(self.move)[1:], kept=[self.move["publicIp"]]):
                    return
            missed = 0 if self.metadata.has_address(self.move["publicIp"]) else missed + 1
            if missed >= LOST_AFTER:
                missed = 0
                self._say(f"{self.move['publicIp']} is no longer here: asking for it again")
                if not self._claim(stop, calls(self.move)):
                    return

    def _claim(self, stop: threading.Event, wanted: list[Call], kept: list[str] | None = None) -> bool:
        """Makes the calls, each until it succeeds. False: the machine is no longer the active one."""
        began = time.monotonic()
        self.got, self.tries = list(kept or []), 0
        public = self.move["publicIp"]
        for call in wanted:
            pause = FIRST_PAUSE
            while True:
                if self._over(stop):
                    return False
                self.tries += 1
                try:
                    ec2(self.metadata, self.move["region"], endpoint_of(self.move), *call)
                except Refused as refused:
                    if stop.is_set():
                        return False
                    self._write("moving", f"{named(call, public)}: {refused}", stop)
                    self._say(f"did not get {named(call, public)}: {refused}")
                    if stop.wait(pause * random.uniform(0.75, 1.25)):
                        return False
                    pause = min(pause * 2, LONGEST_PAUSE)
                    continue
                if self._over(stop):
                    return False
                self.got.append(named(call, public))
                self._write("moving", None, stop)
                break
        self._write("done", None, stop)
        if wanted:
            self._say(f"this machine has {', '.join(self.got)} after {time.monotonic() - began:.1f} s")
        return True

    def _write(self, state: str, said: str | None, stop: threading.Event) -> None:
        path = self.gateway.paths.of(STATE)
        off = round(self.metadata.clock_off)
        data = {"state": state, "got": self.got, "tries": self.tries, "said": said, **({"clockOff": off} if off else {})}
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(f"{path}.new", "w") as file:
            json.dump(data, file)
        os.replace(f"{path}.new", path)
        if stop.is_set():
            self._forget()

    @staticmethod
    def _say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)


def wait_until_gone(move: dict, patience: float) -> None:
    """Until the Elastic IP leads to this machine no longer, or so many seconds: what is not known is not waited for."""
    metadata = Metadata(move.get("metadataEndpoint") or METADATA)
    until = time.monotonic() + patience
    while time.monotonic() < until and metadata.has_address(move["publicIp"]):
        time.sleep(0.2)
