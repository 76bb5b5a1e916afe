"""What the machine takes the time to be, whether something keeps it right, and what shows that it is slow: certificates go by it."""

from __future__ import annotations

import os
import re
import time

from . import certificates
from .gateway import Gateway

TIME_ERROR = 5  # adjtimex(2): nothing has set the clock right for so long that nobody knows how wrong it is
SLACK = 300.0  # seconds that the clocks of two machines may differ
REMEDY = "`timedatectl set-ntp true`"
NOT_VALID = re.compile(r"not valid (?:now|yet)|expired")
FROM, TO = (re.compile(word + r" (\w{3} \d\d \d\d:\d\d:\d\d \d{4})") for word in ("from", "to"))


def collect(gateway: Gateway) -> dict:
    now = time.time()
    slow = behind(gateway, now)
    return {"now": certificates.moment(now), "kept": kept(), "behindSeconds": slow and round(slow[0]), "behindWhat": slow and slow[1]}


def kept() -> bool | None:
    """Of the kernel, which whoever keeps the clock tells of it; None: the kernel does not say."""
    import ctypes  # no other command has a use for it

    try:
        # struct timex, of which all that is asked is zero: change nothing. Twice as large as any kernel's.
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != TIME_ERROR


def behind(gateway: Gateway, now: float) -> tuple[float, str] | None:
    """Seconds, and what happened at a moment that the clock has not reached."""
    known = []
    try:
        known.append((os.stat(gateway.paths.of("/usr/sbin/vpn-gateway")).st_mtime, "this command was installed"))
    except FileNotFoundError:
        pass
    for one in certificates.collect(gateway):
        if one["from"] is not None:
            known.append((certificates.seconds(one["from"]), f"its {one['what']} was made"))
    if not known:
        return None
    at, what = max(known)
    return (at - now, what) if at - now >= SLACK else None


def line(at: dict) -> str:
    """For people."""
    keeping = {True: ", kept by NTP", False: f", not kept by NTP ({REMEDY})", None: ""}[at["kept"]]
    slow = f"; WRONG: {_hours(at['behindSeconds'])} before {at['behindWhat']}" if at["behindWhat"] else ""
    return f"clock: {at['now']}{keeping}{slow}"


def days(reason: str, at: dict) -> str:
    """Of a certificate that is not valid, whether its days are over or still to come by this clock, and what helps."""
    begin, end, now = _stated(FROM, reason), _stated(TO, reason), certificates.seconds(at["now"])
    if not NOT_VALID.search(reason) or begin is None or end is None:
        return ""
    if end < now:
        return "; its days are over: `pulumi up` makes a connection's own anew, and who has another has to renew it"
    return "; its days are to come: it was made by a clock that was ahead, or this one is behind" if begin > now else ""


def _stated(pattern: re.Pattern, reason: str) -> float | None:
    found = pattern.search(reason)
    return time.mktime(time.strptime(found[1], "%b %d %H:%M:%S %Y")) if found else None


def doubt(reason: str, at: dict) -> str:
    """What the clock of this gateway has to do with it where a certificate is not valid; '' where it is beyond doubt."""
    if not NOT_VALID.search(reason):
        return ""
    says = f"; mind this gateway's own clock first: it says {at['now']}"
    if at["behindWhat"]:
        return f"{says}, {_hours(at['behindSeconds'])} before {at['behindWhat']}"
    begin = _stated(FROM, reason)
    if begin is not None and at["kept"] is not True and begin > certificates.seconds(at["now"]):
        return f"{says}, which is before the certificate was made"
    return f"{says}, and nothing keeps it right ({REMEDY})" if at["kept"] is False else ""


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds < 2 * 86400 else f"{seconds / 86400:.0f} days"
