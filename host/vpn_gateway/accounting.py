"""Bytes of each user, added up over sessions, restarts and boots."""

import os

from . import files
from .gateway import Gateway

FILE = "accounting.json"
Totals = dict[str, dict[str, int]]


def load(gateway: Gateway) -> Totals:
    """`sent` and `received` by user name."""
    found = files.read_json(f"{gateway.paths.state}/{FILE}", {})
    return found if isinstance(found, dict) else {}


class Books:
    """Turns counters that begin anew with each session, and with each table, into totals that only grow."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.totals = load(gateway)
        self.seen: dict[tuple[str, str], tuple[str, int]] = {}
        self.written = self._text()

    def take(self, counters: dict[tuple[str, str], int], owners: dict[str, str]) -> None:
        """`counters` by way and inner address; `owners`: whose session has an address."""
        for key, count in counters.items():
            way, address = key
            user = owners.get(address)
            if user is None:
                continue
            before_user, before = self.seen.get(key, (user, 0))
            grown = count - before if before_user == user and count >= before else count
            self.seen[key] = (user, count)
            entry = self.totals.setdefault(user, {"sent": 0, "received": 0})
            entry[way] += grown

    def forget(self, address: str) -> None:
        """Its element is gone: the next counter begins at 0."""
        for way in ("sent", "received"):
            self.seen.pop((way, address), None)

    def write(self) -> None:
        text = self._text()
        if text != self.written:
            os.makedirs(self.gateway.paths.state, mode=0o700, exist_ok=True)
            files.write_json(f"{self.gateway.paths.state}/{FILE}", self.totals)
            self.written = text

    def _text(self) -> str:
        return repr(sorted((user, sorted(counts.items())) for user, counts in self.totals.items()))
