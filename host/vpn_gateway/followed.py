"""What the follower knows of one connection, and what of that outlives it."""

from __future__ import annotations

import time

from . import falls


class Followed:
    """One connection, as it was last seen."""

    def __init__(self, before: dict | None = None) -> None:
        """@param before: what the last follower wrote down of it"""
        before = before or {}
        self.stands: bool | None = None
        self.stood: bool | None = before.get("stands")  # at the last look, also one of the last follower
        self.falls: list[float] = before.get("falls", [])
        self.blamed: str | None = before.get("blamed")  # what was the matter when it was last down
        self.mtu: int | None = None
        self.session: dict | None = None  # with an LNS
        self.child = ""  # which SA that session's tunnel has
        self.owed = False  # a call, to an LNS
        self.next_call = 0.0
        self.changed = float(before.get("since", time.time()))
        self.missing_since: float | None = None
        self.next_dial = 0.0
        self.pause = 1.0
        self.trying_since: float | None = None
        self.reason: dict | None = None
        self.dials = 0

    def to_dict(self) -> dict:
        state = {"stands": bool(self.stands), "since": self.changed, "reason": self.reason, "mtu": self.mtu, "dials": self.dials}
        return {**state, "falls": self.falls, "blamed": self.blamed}

    def clock_set(self, by: float) -> None:
        """What was at a moment of the clock was at another now; what is due then would else be due in hours, or years."""
        self.changed += by
        self.next_dial += by
        self.next_call += by
        self.falls = [at + by for at in self.falls]
        if self.missing_since is not None:
            self.missing_since += by
        if self.trying_since is not None:
            self.trying_since += by
        if self.reason is not None:
            self.reason = {**self.reason, "at": self.reason["at"] + by}

    def saw(self, stands: bool, now: float, ours: bool) -> None:
        """@param ours: of a pair's tunnel, is it this machine's turn? One that it has handed over did not fall."""
        if stands != self.stood:
            if self.stood and ours:
                self.falls = falls.noted(self.falls, now)
            self.changed = now
        self.stood = stands
