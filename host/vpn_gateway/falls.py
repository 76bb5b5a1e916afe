"""
How often a connection fell of late, for `vpn-gateway status`: whoever sees only that it stands now would not know that it
flaps. Times are kept for an hour, and no more of them than anybody needs.
"""

from __future__ import annotations

import time

SPAN = 3600.0  # seconds that are remembered
MOST = 60  # falls that are remembered
FLAPPING = 3  # falls within that time that are no accident any more
SILENCE = ("does not answer", "nothing can be sent", "is silent")


def noted(before: list[float], at: float) -> list[float]:
    return [*lately(before, at), at][-MOST:]


def lately(falls: list[float], now: float) -> list[float]:
    """What lies in the future was written by a clock that was set since."""
    return [at for at in falls if 0 <= now - at < SPAN]


def collect(followed: dict, endpoint: str | None, now: float) -> dict:
    """Of what the follower wrote down of a connection."""
    found = lately(followed.get("falls", []), now)
    flaps = len(found) >= FLAPPING
    return {
        "lastHour": len(found),
        "last": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(found[-1])) if found else None,
        "lastSecondsAgo": round(now - found[-1]) if found else None,
        "flaps": flaps,
        "lookAt": _look_at(followed.get("blamed"), endpoint) if flaps else None,
    }


def _look_at(blamed: str | None, endpoint: str | None) -> str:
    """What is worth looking at, by what was the matter when it was down."""
    if blamed is None:
        return "nothing failed here: the other end ended it or dialled anew. Its own log says why; or somebody else dials with the same identity"
    if any(word in blamed for word in SILENCE):
        asked = f"`ping {endpoint}`" if endpoint else "`ping` of its address"
        return f"the path between the two ({blamed}): an uplink that comes and goes, or loses much: {asked} and `ip -s link` at both ends"
    return f"what was the matter when it was down: {blamed}"


def words(found: dict) -> str:
    """'' after a quiet hour."""
    count = found["lastHour"]
    if count == 0:
        return ""
    last = ago(found["lastSecondsAgo"])
    if count == 1:
        return f"fell once in the last hour, {last}"
    return f"fell {count} times{' or more' if count >= MOST else ''} in the last hour, last {last}"


def ago(seconds: float) -> str:
    return f"{round(seconds)} s ago" if seconds < 120 else f"{round(seconds / 60)} min ago"
