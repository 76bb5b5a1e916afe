"""How each layer-2 extension stands, for `vpn-gateway status`."""

from __future__ import annotations

import json

from . import charon, files, layer2, sites
from .site_children import children
from .gateway import Gateway

# Why frames were dropped, by the names of the counters (gateway/layer2/render/bridge.ts).
WORDS = {
    "storm": "beyond the storm limit",
    "loop": "of stations that are at home on the other side (a loop, or one that moved)",
    "neighbour": "by the neighbour guard",
    "gateway": "of gateways that each site has for itself",
    "control": "BPDUs and the like",
    "stations": "of more stations than may be",
}


def collect(gateway: Gateway) -> list[dict]:
    described = layer2.described(gateway)
    if not described:
        return []
    associations = charon.associations(gateway) if charon.running(gateway) else []
    state = files.read_json(gateway.paths.of(sites.STATE), {})
    assert isinstance(state, dict)
    known = {site["name"]: site for site in sites.described(gateway)}
    return [_of(gateway, one, known.get(one["connection"]), state, associations) for one in described]


def _of(gateway: Gateway, one: layer2.Extension, site: dict | None, state: dict, associations: list) -> dict:
    stands = site is not None and bool(children(associations, site))
    reason = layer2.why_not(gateway, one, stands) or _down(gateway, one)
    fits = state.get(one["connection"], {}).get("mtu") if stands else None
    counted = counters(gateway, one["table"])
    return {
        "name": one["name"],
        "connection": one["connection"],
        "peer": one["peer"],
        "stands": reason is None,
        "reason": reason,
        "vlans": [segment["vlan"] for segment in one["segments"]],
        "interfaces": sorted({segment["interface"] for segment in one["segments"]}),
        "mtu": fits - one["overhead"] if fits else None,
        "fragments": one["kind"] == "gretap",
        "framesIn": sum(_statistic(gateway, segment["beyond"], "rx_packets") for segment in one["segments"]),
        "framesOut": sum(_statistic(gateway, segment["beyond"], "tx_packets") for segment in one["segments"]),
        "dropped": {name: counted.get(name, 0) for name in WORDS},
        "learned": _learned(gateway, one),
    }


def _down(gateway: Gateway, one: layer2.Extension) -> str | None:
    """What is missing of the bridge itself."""
    there = layer2.links(gateway)
    for segment in one["segments"]:
        for port in (segment["inside"], segment["beyond"]):
            found = there.get(port)
            if found is None:
                return f"the interface {port} is missing"
            if "UP" not in found.get("flags", []):
                return f"the interface {port} is down"
            if found.get("master") != one["bridge"]:
                return f"the interface {port} is no port of {one['bridge']}"
        if there.get(segment["interface"], {}).get("operstate") == "DOWN":
            return f"the interface {segment['interface']} has no link"
    return None


def counters(gateway: Gateway, table: str) -> dict[str, int]:
    """Packets of each counter of the extension's bridge table."""
    result = gateway.programs.run("nft", "-j", "list", "counters", "table", "bridge", table, merge=False)
    entries = json.loads(result.output)["nftables"] if result.ok and result.output.strip() else []
    return {entry["counter"]["name"]: entry["counter"]["packets"] for entry in entries if "counter" in entry}


def _learned(gateway: Gateway, one: layer2.Extension) -> dict[str, int]:
    """Stations that the bridge has learned on either side."""
    result = gateway.programs.run("bridge", "-j", "fdb", "show", "br", one["bridge"], merge=False)
    entries = json.loads(result.output or "[]") if result.ok else []
    learned = [entry.get("ifname") for entry in entries if entry.get("state", "") == "" and entry.get("master") == one["bridge"]]
    count = lambda end: sum(learned.count(segment[end]) for segment in one["segments"])  # noqa: E731
    return {"here": count("inside"), "beyond": count("beyond")}


def _statistic(gateway: Gateway, name: str, which: str) -> int:
    try:
        with open(gateway.paths.of(f"/sys/class/net/{name}/statistics/{which}")) as file:
            return int(file.read())
    except OSError:
        return 0


def line(found: dict) -> str:
    vlans = ", ".join(str(vlan) for vlan in found["vlans"] if vlan)
    what = f"VLAN{'s' if len(found['vlans']) > 1 else ''} {vlans} of {', '.join(found['interfaces'])}" if vlans else ", ".join(found["interfaces"])
    start = f"layer2 {found['name']} over {found['connection']} to {found['peer']} ({what}):"
    if not found["stands"]:
        return f"{start} down: {found['reason']}"
    mtu = ""
    if found["mtu"]:
        mtu = f", IP packets of more than {found['mtu']} bytes cross in two" if found["fragments"] else f", hosts' MTU {found['mtu']}"
    dropped = "; ".join(f"{count} {WORDS[name]}" for name, count in found["dropped"].items() if count) or "none"
    return (
        f"{start} up{mtu}; {found['framesIn']} frames in, {found['framesOut']} out; dropped: {dropped};"
        f" learned {found['learned']['here']} here, {found['learned']['beyond']} beyond"
    )
