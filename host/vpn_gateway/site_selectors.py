"""
What the two ends agreed on less than a connection has: either end may narrow the other's traffic selectors (RFC 7296, 2.9), the
tunnel stands, and what they left out has no way.
"""

from __future__ import annotations

import ipaddress

from . import lac


def left_out(site: dict, found: list[dict]) -> dict | None:
    """Networks of each end that the tunnel does not carry whole, and what it carries instead; None: it carries all."""
    if site["mode"] == lac.MODE or not found:
        return None
    carried = {end: sorted({text for child in found for text in child.get(key, [])}) for end, key in (("near", "local-ts"), ("far", "remote-ts"))}
    # Where charon says nothing of them, nothing is said.
    missing = {end: [text for text in site[end] if carried[end] and not _within(text, carried[end])] for end in carried}
    return {"missing": missing["near"] + missing["far"], "carried": carried["near"] + carried["far"]} if any(missing.values()) else None


def words(narrowed: dict) -> str:
    return (
        f"the other end agreed on less: {', '.join(narrowed['missing'])} not, or not whole, of this tunnel, which has"
        f" {', '.join(narrowed['carried'])}: give both ends the same networks"
    )


def _within(text: str, selectors: list[str]) -> bool:
    wanted = ipaddress.ip_network(text)
    known = [network for selector in selectors for network in _networks(selector) if network.version == wanted.version]
    return any(wanted.subnet_of(network) for network in ipaddress.collapse_addresses(known))


def _networks(selector: str) -> list:
    """charon's words (traffic_selector.c): a network or a range. One for some protocols or ports alone, in brackets, carries nothing whole."""
    if "[" in selector:
        return []
    first, _, last = selector.partition("..")
    if not last:
        return [ipaddress.ip_network(first, strict=False)]
    return list(ipaddress.summarize_address_range(ipaddress.ip_address(first), ipaddress.ip_address(last)))
