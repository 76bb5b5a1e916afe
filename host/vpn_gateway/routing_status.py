"""How the BGP sessions of site connections stand, for `vpn-gateway status`: what is learned, and what was refused."""

from __future__ import annotations

import ipaddress
import json
import time

from . import falls, frr, sites, systemd
from .gateway import Gateway

FAMILIES = ("ipv4", "ipv6")
TOO_MANY = "Cease/Maximum Number of Prefixes Reached"


def collect(gateway: Gateway) -> dict | None:
    """None on a gateway that speaks no BGP."""
    described = [site for site in sites.described(gateway) if site.get("bgp")]
    if not described:
        return None
    if not systemd.is_active(gateway, frr.UNIT):
        return {"running": False, "as": described[0]["bgp"]["as"], "sessions": [_session(site, {}, {}, set()) for site in described], "routes": [], "routeServer": []}
    asked = ["show bgp neighbors json", *(f"show bgp {family} unicast json" for family in FAMILIES)]
    for site in described:
        asked += [f"show bgp {family} unicast neighbors {site['bgp']['neighbor']} filtered-routes json" for family in FAMILIES]
    # What has our own AS in its path bgpd drops before any filter, and shows here alone (FRR, bgp_route.c: bgp_update).
    for site in described:
        asked += [f"show bgp {family} unicast neighbors {site['bgp']['neighbor']} received-routes json" for family in FAMILIES]
    neighbors, four, six, *more = ask(gateway, asked)
    filtered, received = more[: 2 * len(described)], more[2 * len(described) :]
    near = [ipaddress.ip_network(text) for site in described for text in site["near"]]
    by_neighbor = {site["bgp"]["neighbor"]: site["name"] for site in described}
    routes = _routes({**four.get("routes", {}), **six.get("routes", {})}, by_neighbor)
    sessions = []
    for number, site in enumerate(described):
        refused, heard = (
            [route for answer in answers[2 * number : 2 * number + 2] for route in answer.get("receivedRoutes", {}).values()]
            for answers in (filtered, received)
        )
        learned = {route["network"] for route in routes for way in route["ways"] if way["connection"] == site["name"]}
        sessions.append(_session(site, neighbors.get(site["bgp"]["neighbor"], {}), {"refused": refused, "namesakes": _of_namesakes(heard, str(site["bgp"]["as"]), near)}, learned))
    server = [_endpoint(address, neighbors.get(address, {})) for address in frr.endpoints(gateway)]
    return {"running": True, "as": described[0]["bgp"]["as"], "sessions": sessions, "routes": routes, "routeServer": server}


def ask(gateway: Gateway, commands: list[str]) -> list[dict]:
    """One vtysh for all: each answer is a JSON value of its own, one after the other. One that is missing is empty."""
    arguments = [word for command in commands for word in ("-c", command)]
    text = gateway.programs.run("vtysh", *arguments, merge=False).output
    decoder, found, at = json.JSONDecoder(), [], 0
    while len(found) < len(commands):
        at = text.find("{", at)
        if at < 0:
            break
        try:
            value, at = decoder.raw_decode(text, at)
        except ValueError:
            break
        found.append(value)
    return found + [{}] * (len(commands) - len(found))


def _endpoint(address: str, neighbor: dict) -> dict:
    """A VPC's route server, which is told and not heard."""
    stands = neighbor.get("bgpState") == "Established"
    return {
        "neighbor": address,
        "stands": stands,
        "reason": None if stands else _reason(neighbor),
        "bfd": neighbor.get("peerBfdInfo", {}).get("status", "unknown").lower(),
        "announced": sum(family.get("sentPrefixCounter", 0) for family in neighbor.get("addressFamilyInfo", {}).values()),
    }


def _session(site: dict, neighbor: dict, more: dict, learned: set) -> dict:
    bgp = site["bgp"]
    stands = neighbor.get("bgpState") == "Established"
    epoch = neighbor.get("bgpTimerUpEstablishedEpoch")
    own = str(bgp["as"])
    return {
        "connection": site["name"],
        "peer": site["peer"],
        "neighbor": bgp["neighbor"],
        "as": bgp["neighborAs"],
        "stands": stands,
        "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch)) if stands and epoch else None,
        "reason": None if stands else _reason(neighbor),
        "falls": _falls(neighbor),
        "bfd": neighbor.get("peerBfdInfo", {}).get("status", "unknown").lower() if bgp["bfd"] else None,
        "learned": sorted(learned),
        # What went through this gateway already is no news and nobody's fault.
        "refused": sorted({route["network"] for route in more.get("refused", []) if own not in route.get("path", "").split()}),
        "ofOurAs": sorted(more.get("namesakes", [])),
        "announced": sum(family.get("sentPrefixCounter", 0) for family in neighbor.get("addressFamilyInfo", {}).values()),
    }


def _falls(neighbor: dict) -> dict:
    """bgpd counts since it began, and forgets all but the last time."""
    since = neighbor.get("lastResetTimerMsecs")
    return {"count": neighbor.get("connectionsDropped", 0), "lastSecondsAgo": None if since is None else round(since / 1000)}


def _fell(found: dict) -> str:
    """'' after a quiet hour."""
    if not found["count"] or found["lastSecondsAgo"] is None or found["lastSecondsAgo"] >= falls.SPAN:
        return ""
    times = "once" if found["count"] == 1 else f"{found['count']} times"
    return f"; fell {times} since FRR began, last {falls.ago(found['lastSecondsAgo'])}"


def _of_namesakes(heard: list[dict], own: str, near: list) -> set[str]:
    """
    Networks that begin at our own AS and are not behind this gateway: another gateway has its number. Our own come back with that
    number at the end, too, and what we told of others with it in the middle.
    """
    begun = {route["network"] for route in heard if route.get("path", "").split()[-1:] == [own]}
    return {text for text in begun if not any(_within(ipaddress.ip_network(text, strict=False), network) for network in near)}


def _within(one: ipaddress.IPv4Network | ipaddress.IPv6Network, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    return one.version == network.version and one.subnet_of(network)  # type: ignore[arg-type]


def _reason(neighbor: dict) -> str:
    """In a person's words, of what bgpd says of a session that does not stand."""
    if not neighbor:
        return "FRR does not run, or does not know the neighbor"
    if neighbor.get("bgpStateIs") == "passiveNSF":
        return "its bgpd is starting anew: packets go on by what it had said (graceful restart)"
    last = neighbor.get("lastNotificationReason") or neighbor.get("lastResetDueTo") or ""
    if TOO_MANY in last:
        most = max((family.get("prefixAllowedMax", 0) for family in neighbor.get("addressFamilyInfo", {}).values()), default=0)
        # Both ends have the same word of it; who was told is who announces them.
        if "received" in neighbor.get("lastResetDueTo", ""):
            return "this gateway announces more prefixes than the other end takes (its `mostPrefixes`): it tries again every few minutes"
        return f"the other end announces too many prefixes, more than {most} of a family (`mostPrefixes`): it is shut out for 5 minutes each time"
    known = {
        "Cease/BFD Down": "the link is dead (BFD)",
        "OPEN Message Error/Bad Peer AS": "the other end has another AS number than this connection says",
        "Hold Timer Expired": "the other end fell silent",
    }
    text = next((text for words, text in known.items() if words in last), None)
    if text is None and last and neighbor.get("peerBfdInfo", {}).get("status") == "Down":
        # What came of dialling anew meanwhile says less.
        text = known["Cease/BFD Down"]
    text = text or last
    return text if text else "the other end was not reached yet"


def _routes(table: dict, by_neighbor: dict[str, str]) -> list[dict]:
    """What was learned, with all its ways, the one that is used first."""
    found = []
    for network, paths in sorted(table.items()):
        ways = [
            {"connection": by_neighbor[path["peerId"]], "path": path.get("path", ""), "used": bool(path.get("bestpath") or path.get("multipath"))}
            for path in paths
            if path.get("peerId") in by_neighbor
        ]
        if ways:
            found.append({"network": network, "ways": sorted(ways, key=lambda way: (not way["used"], way["connection"]))})
    return found


def lines(found: dict) -> list[str]:
    if not found["running"]:
        return [f"BGP (AS {found['as']}): FRR does not run"]
    said = []
    for one in found["sessions"]:
        head = f"BGP {one['connection']} to {one['peer']} (AS {one['as']}, {one['neighbor']})"
        if one["stands"]:
            bfd = f", BFD {one['bfd']}" if one["bfd"] else ""
            said.append(f"{head}: up since {one['since']}{bfd}; learned {_list(one['learned'])}, announced {one['announced']}{_fell(one['falls'])}")
        else:
            said.append(f"{head}: down: {one['reason']}{_fell(one['falls'])}")
        if one["refused"]:
            said.append(f"  refused of it, since {one['peer']} may not announce it: {_list(one['refused'])}")
        if one["ofOurAs"]:
            said.append(f"  refused of it, since it begins at our own AS {found['as']} and is not behind this gateway: {_list(one['ofOurAs'])}; another gateway has the same AS number: give one of the two another")
    for one in found["routeServer"]:
        state = f"up, BFD {one['bfd']}; announced {one['announced']}" if one["stands"] else f"down: {one['reason']}"
        said.append(f"BGP to the VPC's route server ({one['neighbor']}): {state}")
    for route in found["routes"]:
        used = [way["connection"] for way in route["ways"] if way["used"]]
        spare = [way["connection"] for way in route["ways"] if not way["used"]]
        said.append(f"route {route['network']} by {_list(used)}" + (f"; in reserve: {_list(spare)}" if spare else ""))
    return said


def _list(words: list[str]) -> str:
    return ", ".join(words) or "nothing"
