"""
PPP that says nothing. pppd asks for an hour (gateway/render/pppd.ts) before it says so itself; until then a call is told by
what its log lacks. A part of `symptoms`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONG = 25.0  # seconds: who is heard at all has an address after a few, and a moment ago nobody is
# Of one call that nobody answers, in the words of pppd 2.5: how it begins, and how it ends with its L2TP.
BEGINS = r"pppd \S+ started by"
ENDS = r"Terminating on signal|Hangup|Modem hangup|Connection terminated|Exit\."
QUIET = rf"Plugin \S+ loaded|Using interface|Connect: |Overriding m[tr]u|{ENDS}"
LINE = re.compile(r"^(\d+(?:\.\d+)?) .*?\bpppd\[(\d+)\]: (.*)")


@dataclass
class Call:
    began: float
    last: float
    over: bool = False
    heard: bool = False


class Silence:
    """By the log's lines: calls whose PPP nobody answered. Lines must have their time: journalctl's short-unix."""

    def __init__(self) -> None:
        self.calls: dict[str, Call] = {}

    def read(self, line: str) -> None:
        match = LINE.match(line)
        if match is None:
            return
        at, process, said = float(match[1]), match[2], match[3]
        if re.match(BEGINS, said):
            self.calls[process] = Call(at, at)
            return
        call = self.calls.get(process)
        if call is None:
            return
        call.last = at
        call.over = call.over or re.match(ENDS, said) is not None
        call.heard = call.heard or re.match(QUIET, said) is None

    def longest(self, now: float) -> tuple[int, float]:
        """How many calls have been silent for long, and the seconds of the longest."""
        lasted = [(call.last if call.over else now) - call.began for call in self.calls.values() if not call.heard]
        silent = [seconds for seconds in lasted if seconds >= LONG]
        return len(silent), max(silent, default=0.0)
