"""
Layer-2 extensions: a bridge for each, with a port towards each VLAN of an inside interface and one into the tunnel of a site
connection. The tunnel's ports are up only while the tunnel stands and the extension's firewall is in the kernel.
"""

from __future__ import annotations

import ipaddress
import json
import os

from . import descriptions, nftables, sites
from .errors import Failure
from .gateway import Gateway
from .swap import Journal

FOLDER = "/etc/vpn-gateway/layer2/"
Extension = dict


def is_description(path: str) -> bool:
    return path.startswith(FOLDER) and path.endswith(".json")


def described(gateway: Gateway) -> list[Extension]:
    """All extensions of this gateway, as their files on the disk say."""
    return descriptions.of_folder(gateway, FOLDER)


def is_described(gateway: Gateway, one: Extension) -> bool:
    return os.path.exists(gateway.paths.of(f"{FOLDER}{one['name']}.json"))


def links(gateway: Gateway) -> dict[str, dict]:
    """All interfaces by name, in one look: with twenty VLANs one for each would be a hundred."""
    result = gateway.programs.run("ip", "-j", "-d", "link", "show", merge=False)
    return {found["ifname"]: found for found in json.loads(result.output or "[]") if "ifname" in found} if result.ok else {}


# What can be known to be wrong before anything is changed.


def check(gateway: Gateway, content: bytes) -> str | None:
    """What is against a description on this gateway, all at once, or None."""
    one = json.loads(content)
    found = _connection_problem(gateway, one)
    for other in described(gateway):
        if other["name"] != one["name"]:
            found += _clashes(one, other)
    outside, there = _outside(gateway), links(gateway)
    for segment in one["segments"]:
        found += _interface_problems(gateway, one, segment, outside, there)
    return "\n  ".join(dict.fromkeys(found)) or None


def _connection_problem(gateway: Gateway, one: Extension) -> list[str]:
    site = next((site for site in sites.described(gateway) if site["name"] == one["connection"]), None)
    if site is None:
        return [f"there is no site connection {one['connection']} on this gateway"]
    if site.get("interface") != one["tunnel"] or f"{one['near']}/31" not in sites.link_addresses(site):
        return [f"the site connection {one['connection']} has not the address {one['near']} on {one['tunnel']}: give it `layerTwo: true`"]
    return []


def _clashes(one: Extension, other: Extension) -> list[str]:
    found = []
    if other["bridge"] == one["bridge"] or other["segments"][0]["beyond"] == one["segments"][0]["beyond"]:
        found.append(f"the extension {other['name']} has the same name of an interface by chance: rename one of the two")
    taken = {segment["vni"] for segment in other["segments"]} & {segment["vni"] for segment in one["segments"]}
    if taken:
        found.append(f"the extension {other['name']} has the VNI {min(taken)}, too: give one of the two another `vni`")
    for segment in one["segments"]:
        for theirs in other["segments"]:
            if segment["interface"] == theirs["interface"] and (segment["vlan"] == theirs["vlan"] or 0 in (segment["vlan"], theirs["vlan"])):
                found.append(f"the extension {other['name']} has {_named(theirs)} already: {_named(segment)} cannot be this one's, too")
    return found


def _named(segment: dict) -> str:
    return f"VLAN {segment['vlan']} of {segment['interface']}" if segment["vlan"] else segment["interface"]


def _interface_problems(gateway: Gateway, one: Extension, segment: dict, outside: set[str], there: dict) -> list[str]:
    name, vlan = segment["interface"], segment["vlan"]
    found = there.get(name)
    if found is None:
        return [f"there is no interface {name} on this gateway: name one that `ip link` shows"]
    if name in outside:
        return [f"{name} is the way to the outside: a segment there would be everybody's; name an inside interface"]
    if found.get("link_type") not in (None, "ether"):
        return [f"{name} carries no Ethernet ({found['link_type']}): name another interface"]
    if vlan:
        taken = _vlan_device(there, name, vlan)
        if taken and taken != segment["inside"]:
            return [f"VLAN {vlan} of {name} is the gateway's own interface {taken}: take that one's addresses away, and it, or extend another VLAN"]
        return []
    if found.get("master") not in (None, one["bridge"]):
        return [f"{name} is a port of {found['master']} already: name an interface of its own"]
    addresses = _addresses(gateway, name)
    if addresses:
        return [f"{name} has the address {addresses[0]}, which would be out of reach as the port of a bridge: give VLANs of it, or an interface of its own"]
    return []


def _outside(gateway: Gateway) -> set[str]:
    """Interfaces with a default route, and those that a site's other end is reached by."""
    found = set()
    asked = [("-4", "route", "show", "default"), ("-6", "route", "show", "default")]
    # A name would have to be resolved, which takes as long as it takes.
    asked += [("route", "get", site["endpoint"]) for site in sites.described(gateway) if _is_address(site.get("endpoint"))]
    for words in asked:
        result = gateway.programs.run("ip", "-j", *words, merge=False)
        for route in json.loads(result.output or "[]") if result.ok else []:
            found.update(hop["dev"] for hop in [route, *route.get("nexthops", [])] if "dev" in hop)
    return found


def _is_address(text: str | None) -> bool:
    try:
        return bool(ipaddress.ip_address(text or ""))
    except ValueError:
        return False


def _vlan_device(there: dict, name: str, vlan: int) -> str | None:
    """The interface that has a VLAN of another, if there is one."""
    for own, found in there.items():
        info = found.get("linkinfo", {})
        if found.get("link") == name and info.get("info_kind") == "vlan" and info.get("info_data", {}).get("id") == vlan:
            return own
    return None


def _addresses(gateway: Gateway, name: str) -> list[str]:
    result = gateway.programs.run("ip", "-j", "address", "show", "dev", name, merge=False)
    links = json.loads(result.output or "[]") if result.ok else []
    return [info["local"] for link in links for info in link.get("addr_info", []) if info.get("scope") == "global" and "local" in info]


# The bridge and its ports.


def follow_files(gateway: Gateway, before: bytes | None, after: bytes | None) -> None:
    """Makes what a description that came or changed says; its tunnel ports stay down until the follower has looked."""
    if after is None:
        return
    new = json.loads(after)
    if before is not None and json.loads(before) != new:
        remove(gateway, json.loads(before))
    ensure(gateway, new)


def take_away(gateway: Gateway, before: bytes | None, after: bytes | None) -> None:
    """Before the rules go that guard it."""
    if before is not None and after is None:
        remove(gateway, json.loads(before))


def ensure(gateway: Gateway, one: Extension) -> None:
    """The bridge is there, with all of its ports. What is there already is not touched."""
    # Beneath the link's own route: with its interface gone, what carries frames is refused rather than sent elsewhere.
    _ip(gateway, "route", "replace", "unreachable", one["link"], "metric", sites.LAST_METRIC, "proto", sites.PROTOCOL)
    bridge, there = one["bridge"], links(gateway)
    if bridge not in there:
        # No VLAN but those that ports are given; no spanning tree, whose frames cross no port here; nothing of it is the gateway's own.
        _ip(
            gateway, "link", "add", "name", bridge, "type", "bridge", "vlan_filtering", "1", "vlan_default_pvid", "0",
            "stp_state", "0", "mcast_snooping", "0", "ageing_time", str(100 * one["ageingSeconds"]),
        )  # fmt: skip
        _ip(gateway, "link", "set", "dev", bridge, "addrgenmode", "none", "up")
    for segment in one["segments"]:
        card, inside, beyond = there.get(segment["interface"]), there.get(segment["inside"]), there.get(segment["beyond"])
        if card is None:
            raise Failure(f"the interface {segment['interface']} is missing")
        if inside is None:
            _ip(gateway, "link", "add", "link", segment["interface"], "name", segment["inside"], "type", "vlan", "id", str(segment["vlan"]))
            _ip(gateway, "link", "set", "dev", segment["inside"], "addrgenmode", "none")
        _into(gateway, one, segment, segment["inside"], inside)
        if "UP" not in (inside or {}).get("flags", []):
            _ip(gateway, "link", "set", "dev", segment["inside"], "up")
        if beyond is not None and one["kind"] != "vxlan" and beyond.get("link", one["tunnel"]) != one["tunnel"]:
            # Bound to an interface that is gone; one of the same name is another.
            _ip(gateway, "link", "del", "dev", segment["beyond"])
            beyond = None
        if beyond is None:
            _ip(gateway, "link", "add", "name", segment["beyond"], *_tunnel(one, segment))
            # As large as inside: what is too large for the tunnel the driver answers or cuts, where a bridge would drop it without a word.
            _ip(gateway, "link", "set", "dev", segment["beyond"], "mtu", str(card["mtu"]), "addrgenmode", "none")
        _into(gateway, one, segment, segment["beyond"], beyond)


def _tunnel(one: Extension, segment: dict) -> list[str]:
    ends = ["local", one["near"], "remote", one["far"]]
    if one["kind"] == "vxlan":
        # Not bound to the interface, for its MTU would bind this one's: route and firewall say where it goes.
        return ["type", "vxlan", "id", str(segment["vni"]), *ends, "dstport", str(one["port"]), "ttl", "64", "df", "unset", "nolearning"]
    return ["type", "gretap", *ends, "key", str(segment["vni"]), "nopmtudisc", "ignore-df", "dev", one["tunnel"]]


def _into(gateway: Gateway, one: Extension, segment: dict, port: str, found: dict | None) -> None:
    """A port of the bridge, in its own VLAN and no other; frames have no tag on it. `found`: as it was."""
    if found is not None and found.get("master") == one["bridge"]:
        return
    _ip(gateway, "link", "set", "dev", port, "master", one["bridge"])
    pvid = str(segment["pvid"])
    gateway.programs.must(f"bridge vlan add {port}", "bridge", "vlan", "add", "dev", port, "vid", pvid, "pvid", "untagged")


def remove(gateway: Gateway, one: Extension) -> None:
    run = gateway.programs.run
    for segment in one["segments"]:
        run("ip", "link", "del", "dev", segment["beyond"])
    run("ip", "link", "del", "dev", one["bridge"])
    for segment in one["segments"]:
        if segment["vlan"]:
            run("ip", "link", "del", "dev", segment["inside"])
    if not any(other["link"] == one["link"] and other["name"] != one["name"] for other in described(gateway)):
        run("ip", "route", "del", "unreachable", one["link"], "metric", sites.LAST_METRIC, "proto", sites.PROTOCOL)


# What the follower does.


def why_not(gateway: Gateway, one: Extension, stands: bool) -> str | None:
    """Why no frame may cross now; None: it may."""
    if not stands:
        return f"the tunnel {one['connection']} is down"
    for family in ("bridge", "inet"):
        if nftables.digest(gateway, (family, one["table"])) is None:
            return f"its firewall is not in the kernel (table {family} {one['table']})"
    return None


def follow(gateway: Gateway, one: Extension, stands: bool) -> str | None:
    """Has the tunnel's ports up or down, as may be now; gives the reason where they are down."""
    if Journal(gateway).read() is None:
        ensure(gateway, one)
    if not is_described(gateway, one):
        # It was removed since this look began, and what was made too late would stay.
        remove(gateway, one)
        return None
    reason = why_not(gateway, one, stands)
    there = links(gateway)
    for segment in one["segments"]:
        found = there.get(segment["beyond"])
        if found is not None and ("UP" in found.get("flags", [])) != (reason is None):
            _ip(gateway, "link", "set", "dev", segment["beyond"], "up" if reason is None else "down")
    return reason


def problems(gateway: Gateway, path: str, content: bytes) -> list[str]:
    """Where the kernel has not what a description says. A tunnel that does not stand is no such problem."""
    one = json.loads(content)
    there = links(gateway)
    bridge = there.get(one["bridge"])
    if bridge is None:
        return [f"{path}: the bridge {one['bridge']} is missing"]
    found = []
    if bridge.get("linkinfo", {}).get("info_data", {}).get("vlan_filtering") != 1:
        found.append(f"{path}: the bridge {one['bridge']} filters no VLANs")
    for segment in one["segments"]:
        for port in (segment["inside"], segment["beyond"]):
            if port not in there:
                found.append(f"{path}: the interface {port} is missing")
            elif there[port].get("master") != one["bridge"]:
                found.append(f"{path}: the interface {port} is no port of {one['bridge']}")
    strangers = [name for name, link in there.items() if link.get("master") == one["bridge"] and name not in {segment[end] for segment in one["segments"] for end in ("inside", "beyond")}]
    found += [f"{path}: {name} is a port of {one['bridge']} that nobody has named" for name in strangers]
    return found


def _ip(gateway: Gateway, *arguments: str) -> None:
    gateway.programs.must(f"ip {' '.join(arguments)}", "ip", *arguments)
