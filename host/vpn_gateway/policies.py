"""
The table of users' policies: what it is filled with as sessions come and go. The file of it is pushed and checked like
the firewall's; only the elements of its maps and sets are ours.
"""

import ipaddress
import json
import time
from collections.abc import Iterable

from . import admitted, radius_answers, sessions
from .admitted import User
from .errors import Failure
from .gateway import Gateway
from .sessions import Session

PATH = "/etc/vpn-gateway/policies.nft"
UNIT = "vpn-gateway-policies.service"
TABLE = "inet vpn_gateway_users"
Elements = dict[tuple[str, str], str]  # (set, key) → verdict; empty in a set that only counts


def elements(found: Iterable[Session], known: dict[str, User], now: float) -> Elements:
    """What the table shall hold. A session of nobody, or of somebody who is not admitted, has no element: nothing of it passes."""
    wanted: Elements = {}
    for session in found:
        user = admitted.find(known, session.user)
        if user is None or user.refused(session.protocol, now):
            continue
        verdict = radius_answers.verdict(session, user, known)
        if verdict is None:
            continue
        for text in session.inside:
            address = ipaddress.ip_address(text)
            if session.protocol == "l2tp":
                wanted["l2tp4", f"{session.index} . {address}"] = verdict
            else:
                wanted[f"ikev2_{address.version}", str(address)] = verdict
            wanted[f"from{address.version}", str(address)] = wanted[f"to{address.version}", str(address)] = ""
    return wanted


def change(before: Elements, after: Elements) -> str:
    """nft's commands from one state to the other."""
    gone = [key for key, verdict in before.items() if after.get(key) != verdict]
    new = {key: verdict for key, verdict in after.items() if before.get(key) != verdict}
    lines = [f"delete element {TABLE} {name} {{ {key} }}" for name, key in gone]
    lines += [f"add element {TABLE} {name} {{ {key}{f' : {verdict}' if verdict else ''} }}" for (name, key), verdict in new.items()]
    return "".join(f"{line}\n" for line in lines)


def filling(gateway: Gateway, known: dict[str, User], now: float) -> str:
    """To be loaded with the table in one transaction, so that no session is without its policy for a moment."""
    try:
        return change({}, elements(sessions.collect(gateway), known, now))
    except (Failure, OSError) as error:
        gateway.report.say(f"policies: filled later: {error}")
        return ""


def refill(gateway: Gateway) -> None:
    """Fills the table that is in the kernel anew."""
    text = filling(gateway, admitted.load(gateway) or {}, time.time())
    gateway.programs.must("nft refused the elements of users' policies", "nft", "-f", "-", stdin=flush(gateway) + text)


def flush(gateway: Gateway) -> str:
    """Commands that empty whichever of our sets there are."""
    result = gateway.programs.run("nft", "-j", "list", "table", *TABLE.split(), merge=False)
    if not result.ok:
        raise Failure("the table of users' policies is not in the kernel")
    lines = []
    for entry in json.loads(result.output)["nftables"]:
        for kind in ("map", "set"):
            if kind in entry and not entry[kind]["name"].startswith("clients"):
                lines.append(f"flush {kind} {TABLE} {entry[kind]['name']}\n")
    return "".join(lines)


def counters(gateway: Gateway) -> dict[tuple[str, str], int]:
    """Bytes by way (`sent`, `received`) and inner address."""
    found = {}
    for name, way in (("from4", "sent"), ("to4", "received"), ("from6", "sent"), ("to6", "received")):
        result = gateway.programs.run("nft", "-j", "list", "set", *TABLE.split(), name, merge=False)
        if not result.ok:
            continue
        for entry in json.loads(result.output)["nftables"]:
            for element in entry.get("set", {}).get("elem", []):
                inner = element.get("elem", {}) if isinstance(element, dict) else {}
                found[way, str(inner.get("val"))] = int(inner.get("counter", {}).get("bytes", 0))
    return found
