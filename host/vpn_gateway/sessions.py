"""Who is connected: by which protocol, from where, since when, with which inner address, and how many bytes went each way."""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict, dataclass

from . import accounting, admitted, charon, l2tp_identity, ppp, radius_answers, stand_ins
from .errors import Failure
from .gateway import Gateway
from .vici import Message


@dataclass(frozen=True)
class Session:
    """One session of one user. `since` is Unix time, 0 where it is not known; bytes are as the user sees them."""

    user: str
    protocol: str
    outside: str
    inside: tuple[str, ...]
    since: int
    sent: int
    received: int
    handle: str  # charon's unique id of the IKE SA, or the process id of pppd
    interface: str = ""
    index: int = 0  # of the interface
    connection: str = ""  # charon's, by whose SA it came; empty where that cannot be told
    answer: radius_answers.Answer | None = None  # a RADIUS server's, where its Filter-Id and rate count


def collect(gateway: Gateway) -> list[Session]:
    return radius_answers.attach(gateway, [*_ikev2(gateway), *_l2tp(gateway)])


def _ikev2(gateway: Gateway) -> list[Session]:
    if not charon.running(gateway):
        return []
    users = dict(charon.user_tunnels(gateway))
    names = {charon.shown(name): name for name in admitted.load(gateway) or {}}
    found = []
    for connection, data in charon.associations(gateway):
        user = users.get(str(data["uniqueid"]))
        if user is None:
            continue
        children = data.get("child-sas")
        kids = [child for child in children.values() if isinstance(child, dict)] if isinstance(children, dict) else []
        vips = data.get("remote-vips")
        found.append(
            Session(
                names.get(user, user),
                "ikev2",
                f"{data.get('remote-host', '?')}:{data.get('remote-port', '?')}",
                tuple(vips) if isinstance(vips, list) else (),
                int(time.time()) - _number(data, "established"),
                sum(_number(child, "bytes-in") for child in kids),
                sum(_number(child, "bytes-out") for child in kids),
                str(data["uniqueid"]),
                connection=connection,
            )
        )
    return found


def _number(data: Message, key: str) -> int:
    text = data.get(key)
    return int(text) if isinstance(text, str) and text.isdigit() else 0


def _l2tp(gateway: Gateway) -> list[Session]:
    running = ppp.sessions(gateway)
    if not running:
        return []
    booted = time.time() - _uptime(gateway)
    callers = _callers(gateway)
    placed = [(each, callers.get(_tunnel(gateway, each.pid), stand_ins.Caller("?"))) for each in running]
    return [
        Session(
            each.user,
            "l2tp",
            caller.place,
            (each.address,) if each.address else (),
            int(booted + began) if (began := ppp.started(gateway, each.pid)) else 0,
            _statistic(gateway, each.interface, "rx_bytes"),
            _statistic(gateway, each.interface, "tx_bytes"),
            str(each.pid),
            each.interface,
            index_of(gateway, each.interface),
            caller.connection,
        )
        for each, caller in placed
    ]


def _uptime(gateway: Gateway) -> float:
    try:
        with open(gateway.paths.of("/proc/uptime")) as file:
            return float(file.read().split()[0])
    except (OSError, ValueError):
        return 0.0


def _callers(gateway: Gateway) -> dict[str, stand_ins.Caller]:
    """Each L2TP tunnel's client, by the number of our end."""
    listed = gateway.programs.run("ip", "l2tp", "show", "tunnel", merge=False)
    pattern = r"Tunnel (\d+), encap UDP\s+From \S+ to (\S+)\s+Peer tunnel \d+\s+UDP source / dest ports: \d+/(\d+)"
    return stand_ins.callers(gateway, {number: (address, port) for number, address, port in re.findall(pattern, listed.output)})


def _tunnel(gateway: Gateway, pid: int) -> str:
    """Which tunnel a pppd is for: xl2tpd gives it the number on its command line."""
    try:
        with open(gateway.paths.of(f"/proc/{pid}/cmdline"), "rb") as file:
            words = file.read().decode(errors="replace").split("\0")
    except OSError:
        return ""
    return words[words.index("pppol2tp_tunnel_id") + 1] if "pppol2tp_tunnel_id" in words[:-1] else ""


def index_of(gateway: Gateway, interface: str) -> int:
    """The kernel's number of an interface, which no later one gets; 0 where there is none."""
    return _device(gateway, interface, "ifindex")


def _statistic(gateway: Gateway, interface: str, name: str) -> int:
    return _device(gateway, interface, f"statistics/{name}")


def _device(gateway: Gateway, interface: str, name: str) -> int:
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", interface):
        return 0
    try:
        with open(gateway.paths.of(f"/sys/class/net/{interface}/{name}")) as file:
            return int(file.read())
    except (OSError, ValueError):
        return 0


def show(gateway: Gateway, form: str) -> None:
    """As a table for people, as JSON, or as text for node_exporter's textfile collector."""
    found = collect(gateway)
    known = admitted.load(gateway) or {}
    if form == "json":
        print(json.dumps([_plain(each, found, known) for each in found], indent=2))
    elif form == "prometheus":
        from . import metrics  # it asks more of the gateway than who is connected

        print(metrics.text(gateway, found, accounting.load(gateway), time.time()), end="")
    else:
        print(table(found, time.time(), known))


def _plain(session: Session, found: list[Session], known: dict[str, admitted.User]) -> dict:
    own = radius_answers.rates(found, known).get(session.user)
    data = asdict(session) | {"inside": list(session.inside), "since": _moment(session.since)} | ({"rate": own} if own else {})  # kbit/s
    del data["answer"]
    if _by_filter(known):
        data["filter"] = {"ids": list(session.answer.filters) if session.answer else [], "reaches": radius_answers.shown_filter(session, known)}
    return data


def _by_filter(known: dict[str, admitted.User]) -> bool:
    """Do the RADIUS servers say what sessions may reach?"""
    return admitted.ANYBODY in known and known[admitted.ANYBODY].filters is not None


def _moment(seconds: int) -> str | None:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)) if seconds else None


def table(found: list[Session], now: float, known: dict[str, admitted.User]) -> str:
    held = radius_answers.rates(found, known)
    rated = any(user.rate for user in known.values()) or bool(held)
    filtered = _by_filter(known)
    rows = [("user", "protocol", "from", "inside", "for", "sent", "received", *(["Mbit/s down/up"] if rated else []), *(["filter"] if filtered else []))]
    for each in sorted(found, key=lambda one: (one.user, one.protocol, one.inside)):
        rows.append(
            (
                json.dumps(each.user)[1:-1],  # a name may hold what a terminal obeys
                f"{each.protocol} (certificate)" if l2tp_identity.by_certificate(each) else each.protocol,
                each.outside,
                " ".join(each.inside) or "-",
                _duration(int(now) - each.since) if each.since else "?",
                _bytes(each.sent),
                _bytes(each.received),
                *([shown_rate(held.get(each.user, {}))] if rated else []),
                *([json.dumps(radius_answers.shown_filter(each, known))[1:-1]] if filtered else []),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    return "\n".join(lines) if found else "nobody is connected"


def shown_rate(rate: dict[str, int]) -> str:
    """Mbit/s towards the user and from the user."""
    return "/".join(f"{rate[way] / 1000:g}" if way in rate else "-" for way in ("down", "up")) if rate else "-"


def _duration(seconds: int) -> str:
    minutes, seconds = divmod(max(0, seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{days}d{hours:02}h" if days else f"{hours}h{minutes:02}m" if hours else f"{minutes}m{seconds:02}s"


def _bytes(count: int) -> str:
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def disconnect(gateway: Gateway, user: str) -> None:
    """Ends all sessions of a user, who may dial again."""
    found = [each for each in collect(gateway) if each.user == user]
    if not found:
        raise Failure(f"{json.dumps(user)} is not connected")
    end(gateway, found)
    gateway.report.result(f"ended {len(found)} session{'' if len(found) == 1 else 's'} of {json.dumps(user)}")


def end(gateway: Gateway, chosen: list[Session]) -> None:
    """Those, and no other."""
    charon.terminate_all(gateway, [each.handle for each in chosen if each.protocol == "ikev2"])
    pids = {each.handle for each in chosen if each.protocol == "l2tp"}
    if pids:
        ppp.hang_up(gateway, [each for each in ppp.sessions(gateway) if str(each.pid) in pids])
