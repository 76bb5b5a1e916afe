"""The list of users: who may be connected, by which protocol, and until when."""

from __future__ import annotations

import calendar
import hashlib
import json
import re
import time
from dataclasses import dataclass, field

from . import layout
from .errors import Failure
from .gateway import Gateway

PATH = "/etc/vpn-gateway/users"
CHAP_SECRETS = "/etc/ppp/chap-secrets"
EAP_SECRETS = f"{layout.SWANCTL}conf.d/vpn-gateway-passwords.conf"
CONNECTIONS = f"{layout.SWANCTL}conf.d/vpn-gateway.users.conf"  # of users with a fixed address or a certificate
RADIUS_USERS = "/etc/vpn-gateway/radius/users"  # of the gateway's own FreeRADIUS
L2TP_CONNECTIONS = f"{layout.SWANCTL}conf.d/vpn-gateway.l2tp-users.conf"  # of users with a certificate
FOLLOWS = (CHAP_SECRETS, EAP_SECRETS, CONNECTIONS, L2TP_CONNECTIONS, RADIUS_USERS)  # files that hold what lets somebody in
PREFIXES = {EAP_SECRETS: ("eap-",), CONNECTIONS: ("ikev2-", "ikev2dn-", "ikev2tls-"), L2TP_CONNECTIONS: ("l2tp-", "l2tpdn-")}
PROTOCOLS = ("l2tp", "ikev2")
MOMENT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class User:
    """One line of the list. Addresses are empty where the user has none of their own."""

    name: str
    suspended: bool = False
    until: float | None = None  # Unix time
    protocols: frozenset[str] | None = None
    l2tp_address: str = ""
    ikev2_addresses: tuple[str, str] = ("", "")
    certificate: bool = False
    l2tp_certificate: bool = False  # instead of the pre-shared key
    revoked: bool = False
    one_time_code: bool = False  # behind the password
    policy: str = ""  # the chain of what the user may reach; empty: all that clients may
    rate: dict[str, int] = field(default_factory=dict, hash=False)  # kbit/s by way (`down`, `up`); empty: no bound
    own: bool = False  # of ANYBODY: the gateway's own RADIUS server, which asks a directory
    filters: dict[str, dict] | None = field(default=None, hash=False)  # of ANYBODY: what a Filter-Id means; None: it is not looked at

    def refused(self, protocol: str | None, now: float) -> str | None:
        """Why the user may not be connected by that protocol (None: by any) now; None: they may."""
        if self.revoked:
            return "whose certificate is revoked"
        if self.suspended:
            return "who is suspended"
        if self.until is not None and now >= self.until:
            return f"who was admitted until {time.strftime(MOMENT, time.gmtime(self.until))}"
        if protocol and self.protocols is not None and protocol not in self.protocols:
            return f"who is not admitted by {protocol}"
        return None


ANYBODY = ""  # in the list: whoever else the RADIUS servers let in, by the protocols that ask them


def parse(text: bytes) -> dict[str, User]:
    """
    A user a line: a JSON string, or an object where more is said than the name. Empty lines do not count. An object with
    nothing but `radius` says by which protocols whoever is not on the list may be connected, and with `filters`, what a Filter-Id
    of the servers' gives them.
    """
    found = {}
    for number, line in enumerate(text.decode().split("\n"), 1):
        if not line:
            continue  # nobody: the file is one empty line
        try:
            data = json.loads(line)
            if isinstance(data, dict) and "radius" in data:
                found[ANYBODY] = User(ANYBODY, protocols=frozenset(data["radius"]), own=data.get("own") is True, filters=data.get("filters"))
                continue
            user = User(data) if isinstance(data, str) else _user(data)
        except (ValueError, TypeError, KeyError):
            user = User("")
        if not isinstance(user.name, str) or not user.name:
            raise Failure(f"{PATH}: line {number}: not a user as JSON")
        found[user.name] = user
    return found


def find(known: dict[str, User], name: str) -> User | None:
    """The user of that name, or who stands for everybody that the list does not name; None: nobody may be called that."""
    return known.get(name) or known.get(ANYBODY)


def _user(data: dict) -> User:
    until = data.get("validUntil")
    protocols = data.get("protocols")
    return User(
        data["name"],
        data.get("suspended") is True,
        None if until is None else float(calendar.timegm(time.strptime(until, MOMENT))),
        None if protocols is None else frozenset(protocols),
        str(data.get("l2tpAddress", "")),
        (str(data.get("ikev2Address", "")), str(data.get("ikev2Address6", ""))),
        data.get("authentication") == "certificate",
        data.get("l2tpCertificate") is True,
        data.get("revoked") is True,
        data.get("oneTimeCode") is True,
        str(data.get("policy", "")),
        {way: int(data["rate"][way]) for way in ("down", "up") if way in data.get("rate", {})},
    )


def load(gateway: Gateway) -> dict[str, User] | None:
    """The list that is in force; None where there is none."""
    try:
        with open(gateway.paths.of(PATH), "rb") as file:
            return parse(file.read())
    except FileNotFoundError:
        return None


def secrets_of_admitted(gateway: Gateway, path: str, content: bytes) -> bytes:
    """
    What shall stand now in a file of what lets users in: all that its part says, less the users who are suspended or whose
    time is over. Their passwords, and connections for their certificates, stay in the part, and come back when they do.
    """
    if path not in FOLLOWS:
        return content
    try:
        known = load(gateway) or {}
    except (Failure, OSError, UnicodeDecodeError):
        return content
    now = time.time()
    if path == RADIUS_USERS:
        gone = {radius_key(protocol, name) for name, user in known.items() for protocol in PROTOCOLS if user.refused(protocol, now)}
        return _without_entries(content.decode(), gone).encode() if gone else content
    protocol = "l2tp" if path in (CHAP_SECRETS, L2TP_CONNECTIONS) else "ikev2"
    refused = {name for name, user in known.items() if user.refused(protocol, now)}
    if path == CONNECTIONS:
        refused = {name for name in refused if known[name].certificate}
    if not refused:
        return content
    if path == CHAP_SECRETS:
        return _chap_without(content.decode(), refused).encode()
    return _without_sections(content.decode(), {prefix + in_section(name) for name in refused for prefix in PREFIXES[path]}).encode()


def _chap_without(text: str, refused: set[str]) -> str:
    """Lines as `render/pppd.ts` writes them: the client is the first word, in quotes."""
    kept = []
    for line in text.split("\n"):
        client = re.match(r'"((?:[^"\\]|\\.)*)" ', line)
        if client is None or re.sub(r"\\(.)", r"\1", client[1]) not in refused:
            kept.append(line)
    return "\n".join(kept)


def _without_sections(text: str, names: set[str]) -> str:
    """Sections of the second level as `render/swanctl.ts` and both `…serConnections.ts` write them."""
    gone = {f"  {name} {{" for name in names}
    kept, skipping = [], False
    for line in text.split("\n"):
        skipping = skipping or line in gone
        if not skipping:
            kept.append(line)
        skipping = skipping and line != "  }"
    return "\n".join(kept)


def _without_entries(text: str, keys: set[str]) -> str:
    """Entries as `formats/radiusUsers.ts` writes them: a comment, the key's line, indented what is sent back."""
    kept: list[str] = []
    skipping = False
    for line in text.split("\n"):
        if line.startswith("  ") and skipping:
            continue
        skipping = line.split(" ", 1)[0] in keys
        if skipping:
            kept.pop()  # its comment
        else:
            kept.append(line)
    return "\n".join(kept)


def radius_key(protocol: str, name: str) -> str:
    """As `gateway/render/freeradiusUsers.ts`, radiusKey."""
    return f"{protocol}-{hashlib.sha256(name.encode()).hexdigest()}"


def in_section(name: str) -> str:
    """As `gateway/users.ts`, nameInSections."""
    plain = re.compile(rb"[A-Za-z0-9-]")
    return "".join(
        chr(byte) if plain.match(bytes([byte])) else f"_{byte:02x}" for byte in name.encode()
    )
