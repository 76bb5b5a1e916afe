"""Site connections: their descriptions, their XFRM interfaces and their routes."""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import Callable

from . import charon, descriptions, lac, pair_sites, site_overlap
from .errors import Failure
from .gateway import Gateway
from .programs import words

FOLDER = "/etc/vpn-gateway/sites/"
UNIT = "vpn-gateway-sites.service"
UNIT_FILE = f"/etc/systemd/system/{UNIT}"
STATE = "/run/vpn-gateway/sites.json"
SWANCTL = (f"{charon.SWANCTL}conf.d/site-", f"{charon.SWANCTL}conf.d/lac-")
# rtnetlink(7): a number that nobody else has, so that only our own routes are ever taken away.
PROTOCOL = "201"
METRIC = "100"
# Beneath every other route: what has no tunnel is refused rather than sent in clear.
LAST_METRIC = "4278198272"
Site = dict


def is_description(path: str) -> bool:
    return path.startswith(FOLDER) and path.endswith(".json")


def described(gateway: Gateway) -> list[Site]:
    """All connections of this gateway, as their files on the disk say."""
    return descriptions.of_folder(gateway, FOLDER)


def check(gateway: Gateway, path: str, content: bytes) -> str | None:
    """What is against a description on this gateway, or None."""
    site = json.loads(content)
    parts = gateway.others("")
    if not any(UNIT_FILE in part.files for part in parts.values()):
        return "this gateway makes no room for site connections: give it `sites: { enabled: true }`"
    if site["mode"] == lac.MODE:
        return lac.conflict(gateway, site, described(gateway)) or site_overlap.conflict(site, described(gateway))
    refused = pair_sites.conflict(gateway, site) or site_overlap.conflict(site, described(gateway))
    if refused:
        return refused
    for other in described(gateway):
        if other["name"] == site["name"] or site["mode"] != "route" or other["mode"] != "route":
            continue
        if other["interfaceId"] == site["interfaceId"] or other["interface"] == site["interface"]:
            return f"the site connection {other['name']} has the same interface number by chance: rename one of the two"
        if any(mine.overlaps(theirs) for mine in _links(site) for theirs in _links(other) if mine.version == theirs.version):
            return f"the site connection {other['name']} has the link address {link_addresses(site)[0]}, too: rename one of the two, or give one another `bgp.link`"
    return None


def follow_files(gateway: Gateway, before: bytes | None, after: bytes | None) -> None:
    """Makes interface and routes what a description that came or changed says. One that goes: `take_away`."""
    if after is None:
        return
    new = json.loads(after)
    if before is not None:
        old = json.loads(before)
        gone = {**old, "far": [text for text in old["far"] if text not in new["far"]]}
        if old.get("interface") != new.get("interface"):
            gone = old
        if gone["far"] or gone is old:
            remove(gateway, gone, link=gone is old)
        if gone is not old:
            _drop_addresses(gateway, old, new)
    ensure(gateway, new)


def take_away(gateway: Gateway, before: bytes | None, after: bytes | None) -> None:
    if before is not None and after is None:
        remove(gateway, json.loads(before))


def link_addresses(site: Site) -> list[str]:
    """The gateway's own within a tunnel: of BGP, or for a layer-2 extension."""
    return site.get("bgp", site).get("addresses", [])


def _links(site: Site) -> list:
    return [ipaddress.ip_interface(address).network for address in link_addresses(site)]


def ensure(gateway: Gateway, site: Site) -> None:
    """The interface is there, and beneath its routes others that refuse. A tunnel that stands is not touched."""
    for text in site["far"]:
        _route(gateway, "replace", "unreachable", text, "metric", LAST_METRIC, "proto", PROTOCOL)
    if site["mode"] != "route":
        return
    name = site["interface"]
    found = link(gateway, name)
    if found is not None and _interface_id(found) != site["interfaceId"]:
        gateway.programs.must(f"could not take {name} away", "ip", "link", "del", "dev", name)
        found = None
    if found is None:
        # The follower and whoever applies the part both make it, whichever sees the description first.
        _unless(gateway, lambda: _is_ours(gateway, site), "link", "add", name, "type", "xfrm", "if_id", str(site["interfaceId"]))
        _ip(gateway, "link", "set", "dev", name, "mtu", str(site["mtu"]["least"]), "addrgenmode", "none")
        _unless(gateway, lambda: _has_name(gateway, site), "link", "property", "add", "dev", name, "altname", site["connection"])
    if found is None or "UP" not in found.get("flags", []):
        _ip(gateway, "link", "set", "dev", name, "up")
    for address in link_addresses(site):
        _ip(gateway, "address", "replace", address, "dev", name, *(["nodad"] if ":" in address else []))


def _drop_addresses(gateway: Gateway, old: Site, new: Site) -> None:
    """Inside addresses that a link has no more."""
    kept = link_addresses(new)
    for address in link_addresses(old):
        if address not in kept:
            gateway.programs.run("ip", "address", "del", address, "dev", old["interface"])


def is_described(gateway: Gateway, site: Site) -> bool:
    return os.path.exists(gateway.paths.of(f"{FOLDER}{site['name']}.json"))


def remove(gateway: Gateway, site: Site, link: bool = True) -> None:
    # Two connections may lead to the same networks: what one of them still needs stays.
    others = {text for other in described(gateway) if other["name"] != site["name"] for text in other["far"]}
    for text in site["far"]:
        if text not in others:
            _route(gateway, "del", "unreachable", text, "metric", LAST_METRIC, "proto", PROTOCOL, must=False)
        if site["mode"] != "policy" and not link:
            _route(gateway, "del", text, "dev", site["interface"], "proto", PROTOCOL, must=False)
    if link and site["mode"] == "route":
        gateway.programs.run("ip", "link", "del", "dev", site["interface"])


def route_into(gateway: Gateway, site: Site, stands: bool, mtu: int | None) -> None:
    """Routes into the tunnel while it stands, and none while it does not; the MTU of the suite that it came to."""
    if site["mode"] == "policy":
        return
    name = site["interface"]
    if site["mode"] == "route":
        wanted = mtu or site["mtu"]["least"]
        found = link(gateway, name)
        if found is not None and found.get("mtu") != wanted:
            _ip(gateway, "link", "set", "dev", name, "mtu", str(wanted))
    if site.get("bgp"):
        # FRR has them as long as its neighbour says so. Of a connection that was static before, ours go.
        for text in site["far"]:
            _route(gateway, "del", text, "dev", name, "metric", METRIC, "proto", PROTOCOL, must=False)
        return
    # In a session with an LNS they have the address that it gave.
    own = _own_addresses(gateway) if stands and site["mode"] == "route" else []
    for text in site["far"]:
        if stands:
            source = _source(own, site["near"], text)
            _route(gateway, "replace", text, "dev", name, "metric", METRIC, "proto", PROTOCOL, *(["src", source] if source else []))
        else:
            _route(gateway, "del", text, "dev", name, "metric", METRIC, "proto", PROTOCOL, must=False)


def routed(gateway: Gateway) -> set[tuple[str, str]]:
    """Network and interface of each of our routes into a tunnel."""
    found = set()
    for family in ("-4", "-6"):
        result = gateway.programs.run("ip", "-j", family, "route", "show", "proto", PROTOCOL, merge=False)
        for route in json.loads(result.output or "[]") if result.ok else []:
            if "dev" in route and route.get("type", "unicast") == "unicast":
                text = route["dst"] if "/" in route["dst"] else f"{route['dst']}/{32 if family == '-4' else 128}"
                found.add((text, route["dev"]))
    return found


def link(gateway: Gateway, name: str) -> dict | None:
    result = gateway.programs.run("ip", "-j", "-d", "link", "show", "dev", name, merge=False)
    found = json.loads(result.output or "[]") if result.ok else []
    return found[0] if found else None


def problems(gateway: Gateway, path: str, content: bytes) -> list[str]:
    """Where the kernel has not what a description says. A tunnel that does not stand is no such problem."""
    site = json.loads(content)
    found = []
    for text in site["far"]:
        family = ["-6"] if ":" in text else []
        shown = gateway.programs.run("ip", *family, "route", "show", "type", "unreachable", "exact", text)
        if "unreachable" not in shown.output:
            found.append(f"{path}: no route refuses {text} while the tunnel is down")
    if site["mode"] == "route":
        there = link(gateway, site["interface"])
        if there is None:
            found.append(f"{path}: the interface {site['interface']} is missing")
        elif _interface_id(there) != site["interfaceId"] or "UP" not in there.get("flags", []):
            found.append(f"{path}: the interface {site['interface']} was changed")
        else:
            missing = [address for address in link_addresses(site) if str(ipaddress.ip_interface(address).ip) not in _addresses_of(gateway, site["interface"])]
            found += [f"{path}: the interface {site['interface']} has not the address {address}" for address in missing]
    return found


def changed_connections(effects: list) -> set[str]:
    """Connections whose text changed while they stay: their tunnels were made by the old one."""
    changed = [effect for effect in effects if effect.path.startswith(SWANCTL) and effect.before and effect.after]
    return {os.path.basename(effect.path).removesuffix(".conf") for effect in changed}


def renew(gateway: Gateway, names: set[str]) -> None:
    for name, data in charon.associations(gateway) if names else ():
        if name in names:
            gateway.report.say(f"{name} changed: its tunnel is made anew")
            charon.terminate(gateway, str(data["uniqueid"]))


def _is_ours(gateway: Gateway, site: Site) -> bool:
    found = link(gateway, site["interface"])
    return found is not None and _interface_id(found) == site["interfaceId"]


def _has_name(gateway: Gateway, site: Site) -> bool:
    found = link(gateway, site["interface"])
    return found is not None and site["connection"] in found.get("altnames", [])


def _unless(gateway: Gateway, done: Callable[[], bool], *arguments: str) -> None:
    """Does it, or finds that somebody else has done it meanwhile."""
    result = gateway.programs.run("ip", *arguments)
    if not result.ok and not done():
        raise Failure(f"ip {' '.join(arguments)}: {words(result)}")


def _interface_id(found: dict) -> int | None:
    text = found.get("linkinfo", {}).get("info_data", {}).get("if_id")
    return None if text is None else int(str(text), 0)


def _addresses_of(gateway: Gateway, name: str) -> set[str]:
    result = gateway.programs.run("ip", "-j", "address", "show", "dev", name, merge=False)
    links = json.loads(result.output or "[]") if result.ok else []
    return {str(ipaddress.ip_address(info["local"])) for link in links for info in link.get("addr_info", []) if "local" in info}


def _own_addresses(gateway: Gateway) -> list[str]:
    result = gateway.programs.run("ip", "-j", "address", "show", merge=False)
    links = json.loads(result.output or "[]") if result.ok else []
    return [info["local"] for link in links for info in link.get("addr_info", []) if info.get("scope") == "global" and "local" in info]


def _source(own: list[str], near: list[str], far: str) -> str | None:
    """The gateway's own address among the near networks: the far site would refuse any other."""
    version = ipaddress.ip_network(far).version
    networks = [network for network in map(ipaddress.ip_network, near) if network.version == version]
    return next((text for text in own if any(ipaddress.ip_address(text) in network for network in networks)), None)


def _route(gateway: Gateway, verb: str, *rest: str, must: bool = True) -> None:
    family = ["-6"] if any(":" in word for word in rest) else []
    result = gateway.programs.run("ip", *family, "route", verb, *rest)
    if must and not result.ok:
        raise Failure(f"ip route {verb} {' '.join(rest)}: {words(result)}")


def _ip(gateway: Gateway, *arguments: str) -> None:
    gateway.programs.must(f"ip {' '.join(arguments)}", "ip", *arguments)
