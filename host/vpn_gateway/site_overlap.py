"""Networks that two connections of one gateway both lead to. Within one connection the library has looked already."""

from __future__ import annotations

import ipaddress

Site = dict


def conflict(site: Site, others: list[Site]) -> str | None:
    """
    What is against a description beside the others of this gateway, or None. Where neither speaks BGP, both would put a route of
    their own to the same network, or one to a part of the other's, and take each other's packets. With BGP that is a way in
    reserve: FRR decides between what is announced, and its routes (metric 20) go before those of `sites.METRIC`.
    """
    for other in others:
        if other["name"] == site["name"] or site.get("bgp") or other.get("bgp"):
            continue
        clashes = _clashes(site["far"], other["far"])
        if clashes:
            return (
                f"the site connections {site['name']} and {other['name']} lead to the same addresses: {clashes}. Two sites share no address: give one of them"
                f" another range. For two ways to one site give both connections `routing: \"bgp\"`; where the network is to move from"
                f" {other['name']} to {site['name']}, take it away there first, in a `pulumi up` of its own"
            )
    return None


def _clashes(mine: list[str], theirs: list[str]) -> str:
    """Each pair of networks that overlap, ours first."""
    pairs = [(one, other) for one in mine for other in theirs if _overlap(one, other)]
    return ", ".join(one if one == other else f"{one} and {other}" for one, other in pairs)


def _overlap(one: str, other: str) -> bool:
    first, second = ipaddress.ip_network(one), ipaddress.ip_network(other)
    return first.version == second.version and first.overlaps(second)
