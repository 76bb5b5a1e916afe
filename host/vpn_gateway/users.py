"""The list of users, and ending the sessions of those who are no longer on it."""

import json

from . import charon, ppp
from .errors import Failure
from .gateway import Gateway

PATH = "/etc/vpn-gateway/users"


def names_in(text: bytes) -> list[str]:
    """One JSON string a line; empty lines do not count."""
    names = []
    for number, line in enumerate(text.decode().split("\n"), 1):
        if not line:
            continue  # nobody: the file is one empty line
        try:
            name = json.loads(line)
        except ValueError:
            name = None
        if not isinstance(name, str) or not name:
            raise Failure(f"{PATH}: line {number}: not a JSON string")
        names.append(name)
    return names


def end_sessions_of_others(gateway: Gateway, allowed: set[str]) -> None:
    """Ends each tunnel whose user is not allowed. Sites and devices without a user name are none of its business."""
    if charon.running(gateway):
        known = allowed | {charon.shown(name) for name in allowed}
        for unique_id, user in charon.user_tunnels(gateway):
            if user not in known:
                gateway.report.say(f"ending the IKEv2 tunnel of {json.dumps(user)}, who is no longer a user")
                charon.terminate(gateway, unique_id)
    for session in ppp.sessions(gateway):
        if session.user not in allowed:
            gateway.report.say(f"ending the L2TP session of {json.dumps(session.user)}, who is no longer a user")
            ppp.hang_up(gateway, session)
