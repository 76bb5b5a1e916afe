"""The firewall: rulesets are checked and loaded by nft in one transaction."""

from __future__ import annotations

import hashlib
import json
import os
import re

from . import files, layout, systemd
from .gateway import Gateway
from .part import Part
from .programs import words

MAIN = layout.NFTABLES
FIREWALL = "/etc/vpn-gateway/firewall.nft"
SEEN = "/run/vpn-gateway/nft.json"
# What site_firewall makes one table of.
SITES_FRAME = "/etc/vpn-gateway/sites.nft"
SITES_SHARES = "/etc/vpn-gateway/sites/"
TABLE = re.compile(
    r"^\s*(?:(?:add|create)\s+)?table\s+(?:(ip|ip6|inet|arp|bridge|netdev)\s+)?([A-Za-z_][A-Za-z0-9_/.\\-]*)", re.M
)
FLUSHES = re.compile(r"^\s*(?:flush\s+ruleset|(?:flush|delete|destroy)\s+table)\b", re.M)
LISTED = ("chain", "rule", "flowtable")


def is_ruleset(path: str) -> bool:
    """A file that nft reads by itself."""
    return path == MAIN or (path.endswith(".nft") and not is_piece(path))


def is_piece(path: str) -> bool:
    return path == SITES_FRAME or (path.startswith(SITES_SHARES) and path.endswith(".nft"))


def tables_in(text: bytes) -> list[tuple[str, str]]:
    """Family and name of each table that a ruleset fills."""
    plain = re.sub(r"#.*", "", text.decode())
    return list(dict.fromkeys((family or "ip", name) for family, name in TABLE.findall(plain)))


def _with_own_tables_anew(text: bytes, before: bytes | None) -> str:
    """A ruleset that does not begin by emptying its tables would otherwise add every rule a second time."""
    source = text.decode()
    own = [] if FLUSHES.search(re.sub(r"#.*", "", source)) else tables_in(text)
    gone = [table for table in tables_in(before or b"") if table not in tables_in(text)]
    return "".join(_delete(table) for table in [*gone, *own]) + source


def _delete(table: tuple[str, str]) -> str:
    family, name = table
    return f"add table {family} {name}\ndelete table {family} {name}\n"  # no error if it was not there


def beside(gateway: Gateway, part: Part) -> str | None:
    """
    What is wrong if another firewall runs: a packet passes only if every table lets it pass (nft(8), accept), so what
    that one knows nothing of, ours cannot let in. It is somebody's, and not turned off by us.
    """
    if FIREWALL not in part.files or not systemd.is_active(gateway, "firewalld.service"):
        return None
    return (
        "firewalld runs, and drops what it knows nothing of, whatever the gateway's own firewall lets in: "
        "turn it off (`systemctl disable --now firewalld`), and see that `administrators` names who reaches SSH"
    )


def check(gateway: Gateway, path: str) -> str | None:
    """What nft has against the ruleset at `path`, or None. Nothing is changed."""
    result = gateway.programs.run("nft", "-c", "-f", path)
    return None if result.ok else words(result)


def load(gateway: Gateway, path: str, before: bytes | None, after: bytes, more: str = "") -> None:
    """Replaces in one transaction the tables that the file at `path` held by those that it holds, and fills them by `more`."""
    text = _with_own_tables_anew(after, before) + more
    gateway.programs.must(f"nft refused {path}", "nft", "-f", "-", stdin=text)


def unload(gateway: Gateway, before: bytes) -> None:
    text = "".join(_delete(table) for table in tables_in(before))
    if text:
        gateway.programs.must("nft could not delete our tables", "nft", "-f", "-", stdin=text)


def digest(gateway: Gateway, table: tuple[str, str]) -> str | None:
    """
    A fingerprint of a table's chains and rules as the kernel has them; None: no such table.
    Counters, handles and the elements of sets change by themselves and are left out.
    """
    result = gateway.programs.run("nft", "-j", "list", "table", *table, merge=False)
    if not result.ok:
        return None
    entries = [entry for entry in json.loads(result.output)["nftables"] if entry.keys() & set(LISTED)]
    return hashlib.sha256(json.dumps(_stable(entries), sort_keys=True).encode()).hexdigest()[:16]


def _stable(data: object) -> object:
    if isinstance(data, dict):
        if set(data) == {"counter"}:
            return {"counter": None}
        return {key: _stable(value) for key, value in data.items() if key not in ("handle", "elem")}
    if isinstance(data, list):
        return [_stable(entry) for entry in data]
    return data


def remember(gateway: Gateway, texts: list[bytes], changed: list[bytes]) -> None:
    """
    Notes how our tables look once loaded, until the next boot: another kernel or nft may show the same rules otherwise.
    Of tables that were not `changed` what was noted stays: what somebody did to them since is no less wrong for it.
    """
    before = files.read_json(gateway.paths.of(SEEN), {})
    assert isinstance(before, dict)
    anew = {table for text in changed for table in tables_in(text)}
    seen = {}
    for table in dict.fromkeys(table for text in texts for table in tables_in(text)):
        name = " ".join(table)
        seen[name] = digest(gateway, table) if table in anew or name not in before else before[name]
    os.makedirs(os.path.dirname(gateway.paths.of(SEEN)), mode=0o700, exist_ok=True)
    files.write_json(gateway.paths.of(SEEN), seen)


def problems(gateway: Gateway, path: str, text: bytes) -> list[str]:
    """Tables of a ruleset that the kernel has not, or has otherwise than they were loaded."""
    found = []
    seen = files.read_json(gateway.paths.of(SEEN), {})
    assert isinstance(seen, dict)
    for table in tables_in(text):
        name = " ".join(table)
        actual = digest(gateway, table)
        if actual is None:
            found.append(f"{path}: table {name} is not in the kernel")
        elif seen.get(name, actual) != actual:
            found.append(f"{path}: somebody changed the rules of table {name} in the kernel")
    return found
