"""Of what charon says of its SAs: a connection's own, and what fits into its tunnel."""

from __future__ import annotations

from . import sites


def children(associations: list, site: sites.Site) -> list[dict]:
    """The child SAs of a connection that carry packets, newest last."""
    found = []
    for name, data in associations:
        if name == site["connection"] and isinstance(data.get("child-sas"), dict):
            found += [child for child in data["child-sas"].values() if child.get("state") in ("INSTALLED", "REKEYING") and child.get("name") == site["child"]]
    return sorted(found, key=lambda child: int(child.get("uniqueid", 0)))


def mtu_of(associations: list, site: sites.Site) -> int | None:
    """Of the newest child SA; None: no such child, or a suite that the description does not know."""
    if site["mode"] != "route":
        return None
    found = children(associations, site)
    if not found:
        return None
    child = found[-1]
    suite = f"{child.get('encr-alg')}-{child.get('encr-keysize')}"
    if child.get("integ-alg"):
        suite += f"/{child['integ-alg']}"
    hosts = [str(data.get("remote-host", "")) for name, data in associations if name == site["connection"]]
    outside = "ipv6" if any(":" in host for host in hosts) else "ipv4"
    sizes = site["mtu"]["bySuite"].get(suite)
    return sizes and sizes[f"{outside}Udp" if child.get("encap") == "yes" else outside]
