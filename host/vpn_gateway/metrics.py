"""What node_exporter's textfile collector reads: sessions, users' bytes, pools, certificates. Prometheus' text format 0.0.4."""

from __future__ import annotations

import calendar
import ipaddress
import re
import time

from . import acme, certificates, charon, files
from .accounting import Totals
from .errors import Failure
from .gateway import Gateway
from .sessions import Session
from .vici import Vici

XL2TPD = "/etc/xl2tpd/xl2tpd.conf"
Samples = list[tuple[dict[str, str], int]]  # labels, value


def text(gateway: Gateway, found: list[Session], totals: Totals, now: float) -> str:
    sizes, used = pools(gateway, found)
    families = (
        ("metrics_timestamp_seconds", "gauge", "When this was written, in seconds of Unix time: an old one tells of nothing any more.", [({}, int(now))]),
        ("sessions", "gauge", "Sessions of users.", [({"protocol": protocol}, sum(each.protocol == protocol for each in found)) for protocol in ("ikev2", "l2tp")]),
        ("session_start_time_seconds", "gauge", "When the session began, in seconds of Unix time.", [(_of(each), each.since) for each in found]),
        ("session_sent_bytes", "gauge", "Bytes from the user in this session; IKEv2 begins anew with each child SA.", [(_of(each), each.sent) for each in found]),
        ("session_received_bytes", "gauge", "Bytes to the user in this session; IKEv2 begins anew with each child SA.", [(_of(each), each.received) for each in found]),
        ("user_sent_bytes_total", "counter", "Bytes from the user since accounting began.", _by_user(totals, "sent")),
        ("user_received_bytes_total", "counter", "Bytes to the user since accounting began.", _by_user(totals, "received")),
        ("pool_addresses", "gauge", "Addresses that a pool has for clients.", sizes),
        ("pool_used_addresses", "gauge", "Addresses of the pool that a client has now.", used),
        ("certificate_end_timestamp_seconds", "gauge", "Until when a certificate or revocation list holds, in seconds of Unix time.", ends(gateway)),
    )
    lines = []
    for name, kind, what, samples in families:
        if samples:
            lines += [f"# HELP vpn_gateway_{name} {what}", f"# TYPE vpn_gateway_{name} {kind}"]
            lines += [f"vpn_gateway_{name}{_labels(labels)} {value}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _of(each: Session) -> dict[str, str]:
    return {"user": each.user, "protocol": each.protocol, "inside": " ".join(each.inside), "handle": each.handle}


def _by_user(totals: Totals, way: str) -> Samples:
    return [({"user": user}, counts[way]) for user, counts in sorted(totals.items())]


def pools(gateway: Gateway, found: list[Session]) -> tuple[Samples, Samples]:
    """Size and use of charon's pools and of xl2tpd's range. Where one of the daemons does not say, it has none."""
    sizes: Samples = []
    used: Samples = []
    try:
        listed = charon_pools(gateway)
    except (Failure, OSError):
        listed = {}
    for name, (size, online) in listed.items():
        sizes.append(({"pool": name}, size))
        used.append(({"pool": name}, online))
    limits = _l2tp_range(gateway)
    if limits:
        first, last = limits
        inside = [ipaddress.ip_address(text) for each in found if each.protocol == "l2tp" for text in each.inside]
        sizes.append(({"pool": "l2tp"}, int(last) - int(first) + 1))
        used.append(({"pool": "l2tp"}, sum(address.version == 4 and first <= address <= last for address in inside)))
    return sizes, used


def charon_pools(gateway: Gateway) -> dict[str, tuple[int, int]]:
    """Addresses, and how many are leased, by name; the pools of one user's fixed address are no pools in this sense."""
    if not charon.running(gateway):
        return {}
    with Vici(gateway.paths.of(charon.SOCKET)) as vici:
        said = vici.request("get-pools")
    return {name: (int(str(data["size"])), int(str(data["online"]))) for name, data in said.items() if isinstance(data, dict) and not name.startswith(("user4-", "user6-"))}


def _l2tp_range(gateway: Gateway) -> tuple[ipaddress.IPv4Address, ipaddress.IPv4Address] | None:
    match = re.search(rb"^ip range = ([0-9.]+)-([0-9.]+)$", files.look(gateway.paths.of(XL2TPD)).text or b"", re.M)
    return (ipaddress.IPv4Address(match[1].decode()), ipaddress.IPv4Address(match[2].decode())) if match else None


def ends(gateway: Gateway) -> Samples:
    """Of what the gateway shows to clients and asks of theirs, and of its sites'."""
    listed = [(each["what"], each["until"]) for each in certificates.collect(gateway)]
    public = acme.collect(gateway)
    if public and public["public"]:
        listed.append(("public certificate", public["until"]))
    return [({"what": what}, calendar.timegm(time.strptime(until, certificates.FORM))) for what, until in listed if until is not None]


def _labels(labels: dict[str, str]) -> str:
    def escaped(text: str) -> str:
        return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

    return "{" + ",".join(f'{key}="{escaped(value)}"' for key, value in labels.items()) + "}" if labels else ""
