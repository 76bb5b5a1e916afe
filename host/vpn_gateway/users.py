"""Ending the sessions of those who are no longer admitted, and keeping their secrets out of the daemons' files."""

from __future__ import annotations

import json
import time

from . import admitted, charon, files, own_radius, ppp, strongswan_conf, swap
from .admitted import User
from .gateway import Gateway
from .part import Part
from .swap import Effect

PATH = admitted.PATH


def follow(gateway: Gateway, before: bytes | None, after: bytes) -> None:
    """A new list is in force: ends every session that is not as it says, and no other."""
    known = admitted.parse(after)
    old = admitted.parse(before) if before else {}
    now = time.time()

    def why(name: str, protocol: str) -> str | None:
        user = admitted.find(known, name)
        if user is None:
            return "who is no longer a user"
        was = old.get(name, user)
        if _address(user, protocol) != _address(was, protocol):
            return "whose address is another now"
        return user.refused(protocol, now)

    _end(gateway, known, why)


def end_refused(gateway: Gateway, known: dict[str, User], now: float) -> None:
    """Ends the sessions of users who are not admitted now, as the keeper does each second."""

    def why(name: str, protocol: str) -> str | None:
        user = admitted.find(known, name)
        return user.refused(protocol, now) if user else "who is no longer a user"

    _end(gateway, known, why)


def _address(user: User, protocol: str) -> object:
    return user.l2tp_address if protocol == "l2tp" else user.ikev2_addresses


def _end(gateway: Gateway, known: dict[str, User], why) -> None:
    """Sites and devices without a user name are none of its business."""
    tunnels, sessions = [], []
    if charon.running(gateway):
        names = {charon.shown(name): name for name in known}
        for unique_id, user in charon.user_tunnels(gateway):
            reason = why(names.get(user, user), "ikev2")
            if reason:
                gateway.report.say(f"ending the IKEv2 tunnel of {json.dumps(user)}, {reason}")
                tunnels.append(unique_id)
        for unique_id, user in charon.l2tp_tunnels(gateway, list(known)):
            reason = why(user, "l2tp")
            if reason:
                gateway.report.say(f"ending the IPsec under L2TP of {json.dumps(user)}, {reason}")
                tunnels.append(unique_id)
    for session in ppp.sessions(gateway):
        reason = why(session.user, "l2tp")
        if reason:
            gateway.report.say(f"ending the L2TP session of {json.dumps(session.user)}, {reason}")
            sessions.append(session)
    charon.terminate_all(gateway, tunnels)
    ppp.hang_up(gateway, sessions)


def end_sessions_of_changed_connections(gateway: Gateway, effects: list[Effect]) -> None:
    """
    A user's own connection changes: its SAs end first, since charon takes no pool away from under a client's address.
    """
    for effect in effects:
        if effect.path != admitted.CONNECTIONS or effect.before is None:
            continue
        before = effect.before.decode()
        changed = {
            name.split(".")[1] for name in strongswan_conf.differences(before, (effect.after or b"").decode()) if "." in name
        }
        # A pool's name is that of its connection, with the family and a number: user4-NAME-1.
        of_pools = {name.split("-", 1)[1].rsplit("-", 1)[0] for name in changed if name.startswith(("user4-", "user6-"))}
        pools = {f"{kind}-{name}" for name in of_pools for kind in ("ikev2", "ikev2dn", "ikev2tls")}
        for name, data in charon.associations(gateway):
            if name in (changed | pools) and name in strongswan_conf.connections(before):
                gateway.report.say(f"ending an IKE SA of {name}, which changes")
                charon.terminate(gateway, str(data["uniqueid"]))


def settle_secrets(gateway: Gateway, parts: list[Part]) -> bool:
    """Puts what lets exactly those in who are admitted now where the daemons read it. True if any changed."""
    changed = []
    for part in parts:
        for path in part.files.keys() & set(admitted.FOLLOWS):
            want = swap.wanted(gateway, part, path)
            if files.look(gateway.paths.of(path)).text != want.text:
                files.write_now(gateway.paths.of(path), want.text, want.mode)
                changed.append(path)
    if {admitted.EAP_SECRETS, admitted.CONNECTIONS, admitted.L2TP_CONNECTIONS} & set(changed) and charon.running(gateway):
        charon.load_all(gateway, [])
    if admitted.RADIUS_USERS in changed:
        own_radius.reload(gateway)
    return bool(changed)
