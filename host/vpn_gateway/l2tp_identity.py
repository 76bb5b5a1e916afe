"""
Whether an L2TP session is the certificate's user's. IPsec is proved by one thing and PPP by another: without this whoever has
a certificate and somebody else's password, or the pre-shared key and a password, would come in as that other user. charon knows
nothing of PPP nor pppd of IPsec; by what the two have in common is told in stand_ins.py.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .admitted import L2TP_CONNECTIONS, PREFIXES, User, in_section

if TYPE_CHECKING:
    from .sessions import Session

SHARED_KEY = "l2tp"  # the connection of whoever has the pre-shared key
PATIENCE = 10.0  # seconds within which the SA of a session must be found


def by_certificate(session: Session) -> bool:
    return session.protocol == "l2tp" and session.connection.startswith(PREFIXES[L2TP_CONNECTIONS])


def tunnels_of(name: str) -> set[str]:
    """The connections of a user's certificate."""
    return {prefix + in_section(name) for prefix in PREFIXES[L2TP_CONNECTIONS]}


def mismatch(session: Session, user: User | None) -> str | None:
    """Why a session cannot be its user's; None: it is, or nothing is known against it."""
    if session.protocol != "l2tp":
        return None
    if by_certificate(session) and session.connection not in tunnels_of(session.user):
        return f"whose IPsec was proved by another's certificate, {json.dumps(session.connection)}"
    if session.connection == SHARED_KEY and user is not None and user.l2tp_certificate:
        return "who has a certificate, and came by the pre-shared key"
    return None


class Watch:
    """Which sessions are not their user's, from one look to the next."""

    def __init__(self) -> None:
        self.unknown: dict[str, float] = {}  # since when nobody knows how a session came

    def strangers(self, found: list[Session], known: dict[str, User], now: float) -> dict[str, str]:
        """Why each is not its user's, by its handle. Whose way is not known gets `PATIENCE` where a certificate is asked for."""
        reasons = {each.handle: reason for each in found if (reason := mismatch(each, known.get(each.user)))}
        unknown = {each.handle for each in found if each.protocol == "l2tp" and not each.connection and (user := known.get(each.user)) and user.l2tp_certificate}
        self.unknown = {handle: min(now, self.unknown.get(handle, now)) for handle in unknown}
        overdue = {handle for handle, since in self.unknown.items() if now - since >= PATIENCE}
        return reasons | dict.fromkeys(overdue, "of whose IPsec nothing is known")
