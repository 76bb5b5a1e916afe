"""How each site connection stands, for `vpn-gateway status`."""

import time

from . import charon, clock, falls, files, lac, named, pair, pair_sites, site_selectors, sites
from .site_children import children
from .gateway import Gateway


SILENT = "the other end does not answer"


def collect(gateway: Gateway) -> list[dict]:
    described = sites.described(gateway)
    if not described:
        return []
    state = files.read_json(gateway.paths.of(sites.STATE), {})
    assert isinstance(state, dict)
    associations = charon.associations(gateway) if charon.running(gateway) else []
    return [_of(gateway, site, state.get(site["name"], {}), associations) for site in described]


def _of(gateway: Gateway, site: sites.Site, followed: dict, associations: list) -> dict:
    found = children(associations, site)
    standby = pair_sites.follows_active(site) and not pair.is_active(gateway)
    session = lac.session(gateway, site) if site["mode"] == lac.MODE else None
    stands = bool(found) and (session is not None or site["mode"] != lac.MODE)
    newest = found[-1] if found else {}
    ike = next((data for name, data in associations if name == site["connection"] and data.get("state") == "ESTABLISHED"), {})
    # Of the follower, which saw it come; else of charon, which counts from the last rekeying.
    since = followed.get("since") if followed.get("stands") == stands else None
    if since is None and stands:
        since = time.time() - int(newest.get("install-time", 0))
    return {
        "name": site["name"],
        "peer": site["peer"],
        "endpoint": site["endpoint"],
        "mode": site["mode"],
        "stands": stands,
        "since": None if since is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(since)),
        "reason": None if stands else pair_sites.STANDBY if standby else lac.reason(gateway, site) if found else _reason(gateway, followed, associations, site),
        "falls": falls.collect(followed, site["endpoint"], time.time()),
        "bytesIn": _counted(gateway, site, "rx", found),
        "bytesOut": _counted(gateway, site, "tx", found),
        "mtu": session["mtu"] if session else followed.get("mtu") if stands else None,
        "session": session and {"address": session["address"], "peer": session["peer"]},
        "suite": _suite(newest) if stands else None,
        "outside": {"near": ike.get("local-host"), "far": ike.get("remote-host"), "udp": newest.get("encap") == "yes"} if stands else None,
        "narrowed": site_selectors.left_out(site, found),
        "near": site["near"],
        "far": site["far"],
    }


def _reason(gateway: Gateway, followed: dict, associations: list, site: sites.Site) -> str:
    if followed.get("reason"):
        text = followed["reason"]["text"]
        # charon goes on dialling the address that it knew when the name is not to be resolved any more, and says nothing of it.
        if text == SILENT and named.is_name(site["endpoint"]):
            return f"{text}; {named.words(site['endpoint'])}"
        if not clock.NOT_VALID.search(text):
            return text
        at = clock.collect(gateway)
        return text + clock.days(text, at) + clock.doubt(text, at)
    if any(name == site["connection"] for name, _data in associations):
        return "the other end is being dialled"
    return "the other end has not dialled" if site["dialAfterSeconds"] is None else "it was not dialled yet"


def _counted(gateway: Gateway, site: sites.Site, direction: str, found: list[dict]) -> int:
    """The interface counts for as long as it is there, each child SA only since its keys were new."""
    if site["mode"] != "policy":
        try:
            with open(gateway.paths.of(f"/sys/class/net/{site['interface']}/statistics/{direction}_bytes")) as file:
                return int(file.read())
        except OSError:
            return 0
    return sum(int(child.get("bytes-in" if direction == "rx" else "bytes-out", 0)) for child in found)


def _suite(child: dict) -> str:
    words = [child.get("encr-alg"), child.get("encr-keysize"), child.get("integ-alg"), child.get("dh-group")]
    return " ".join(str(word) for word in words if word) + (" ESN" if child.get("esn") == "1" else "")


def line(found: dict) -> str:
    fell = falls.words(found["falls"])
    flaps = f"\n  it flaps: look at {found['falls']['lookAt']}" if found["falls"]["flaps"] else ""
    narrowed = f"\n  {site_selectors.words(found['narrowed'])}" if found["narrowed"] else ""
    return _line(found) + (f"; {fell}" if fell else "") + flaps + narrowed


def _line(found: dict) -> str:
    to = f"{found['peer']} ({found['endpoint'] or 'address changes'})"
    kind = "lac" if found["mode"] == lac.MODE else "site"
    if not found["stands"]:
        since = f" since {found['since']}" if found["since"] else ""
        return f"{kind} {found['name']} to {to}: down{since}: {found['reason']}"
    udp = ", ESP within UDP" if found["outside"]["udp"] else ""
    fit = f", {found['mtu']} bytes fit" if found["mtu"] else ""
    if found["session"]:
        fit += f"; inside {found['session']['address']}"
    return (
        f"{kind} {found['name']} to {to}: up since {found['since']}; {found['bytesIn']} bytes in, {found['bytesOut']} out;"
        f" {found['suite']}{udp}{fit}"
    )
