"""strongSwan's IKE daemon: what a change of its files needs, and whether it took them."""

from __future__ import annotations

import glob
import mmap
import os
import re
from concurrent.futures import ThreadPoolExecutor

from . import handed, l2tp_identity, layout, strongswan_conf, systemd
from .errors import Failure
from .gateway import Gateway
from .programs import words
from .swap import Effect
from .vici import Message, Vici

UNIT = "strongswan.service"
SOCKET = layout.VICI
SWANCTL = layout.SWANCTL
SETTINGS = layout.SETTINGS
# Read again for each new SA, or by `--reload-settings` itself (RADIUS servers: eap_radius_plugin.c, reload). Everything else (threads, plugins, sockets, table
# sizes) charon reads once, when it starts.
LIVE = re.compile(
    r"(charon|charon-systemd)(\.(filelog|syslog|journal)(\..*)?"
    r"|\.(retransmit_(tries|timeout|base|jitter|limit)|half_open_timeout|close_ike_on_child_failure"
    r"|cisco_unity|inactivity_close_ike|keep_alive|keep_alive_dpd_margin|plugins(\.eap-radius(\.servers(\..*)?)?)?))?"
)
# A certificate that is gone from the disk stays in charon's memory unless all credentials are cleared first.
CLEARED = re.compile(rf"{re.escape(SWANCTL)}x509[a-z]*/")
REFUSED = re.compile(r"failed|invalid config file|could not|missing secret|not supported", re.I)
# swanctl tries every plugin that it was built with; a machine has the packages of those that a gateway needs.
ABSENT = re.compile(r"plugin '[^']*': failed to load - \S+ not found and no plugin file available")


def is_swanctl(path: str) -> bool:
    return path.startswith(SWANCTL)


def is_conf(path: str) -> bool:
    """A text of connections, pools and secrets, not a key or certificate."""
    return is_swanctl(path) and path.endswith(".conf")


def is_settings(path: str) -> bool:
    return path.startswith(SETTINGS)


def check(gateway: Gateway, path: str) -> str | None:
    """
    What strongSwan's parser has against a settings or swanctl text, or None. It must be asked beforehand: on a syntax
    error `swanctl --load-all` says so, exits with 0, and unloads every connection.
    """
    result = gateway.programs.run("swanctl", "--help", environment={"STRONGSWAN_CONF": path})
    return None if result.ok else words(result)


def needs_restart(before: bytes | None, after: bytes | None) -> list[str]:
    """Settings that differ and that charon reads only when it starts."""
    changed = strongswan_conf.differences((before or b"").decode(), (after or b"").decode())
    return sorted(name for name in changed if not LIVE.fullmatch(name))


def listening(gateway: Gateway) -> bool:
    try:
        with Vici(gateway.paths.of(SOCKET)):
            return True
    except Failure:
        return False


def load_all(gateway: Gateway, changed: list[str]) -> None:
    """Makes charon take what is in its folder. Connections that did not change, and all SAs, stay up."""
    clear = ["--clear"] if any(CLEARED.match(path) for path in changed) else []
    _load(gateway, "--load-all", "--noprompt", *clear)


def load_changed(gateway: Gateway, effects: list[Effect]) -> None:
    """Makes charon take these files. swanctl hands over whole kinds, so each costs something for every connection that there is; of one connection's own, that alone is."""
    if handed.fits(effects):
        handed.load(gateway, effects)
        return
    kinds = {kind for effect in effects for kind in _kinds(effect)}
    if kinds == {"secrets"}:
        _load(gateway, "--load-creds", "--noprompt")
    elif kinds == {"connections"}:
        _load(gateway, "--load-conns")
    else:
        load_all(gateway, [effect.path for effect in effects])


def _kinds(effect: Effect) -> set[str]:
    """Sections of swanctl.conf(5) that the file has or had; its folder's name for what is no text of that."""
    if not is_conf(effect.path):
        return {effect.path.split("/")[-2]}
    texts = [(text or b"").decode() for text in (effect.before, effect.after)]
    return {name.split(".")[0] for text in texts for name in strongswan_conf.flatten(text)}


def _load(gateway: Gateway, *arguments: str) -> None:
    result = gateway.programs.run("swanctl", *arguments)
    bad = refusals(result.shown)
    if not result.ok or bad:
        raise Failure("strongSwan refused the configuration: " + ("\n  ".join(bad) or words(result)))


def refusals(shown: str) -> list[str]:
    """The lines of swanctl's answer that tell of something that was not taken."""
    return [line.strip() for line in shown.splitlines() if REFUSED.search(line) and " 0 failed" not in line and not ABSENT.search(line)]


def reload_settings(gateway: Gateway) -> None:
    gateway.programs.must("charon could not reload its settings", "swanctl", "--reload-settings")


def connection_names(gateway: Gateway) -> set[str]:
    with Vici(gateway.paths.of(SOCKET)) as vici:
        names = vici.request("get-conns").get("conns", [])
        return set(names) if isinstance(names, list) else set()


def associations(gateway: Gateway) -> list[tuple[str, Message]]:
    """All IKE SAs: name of the connection, and what charon says of it."""
    with Vici(gateway.paths.of(SOCKET)) as vici:
        found = []
        for event in vici.stream("list-sas", "list-sa"):
            found += [(name, data) for name, data in event.items() if isinstance(data, dict)]
        return found


def user_tunnels(gateway: Gateway) -> list[tuple[str, str]]:
    """
    Unique id and user of each IKE SA whose peer is a user. charon tells the EAP identity only where it differs from
    the IKE identity, so the connection must tell whether there was one. Whoever signs with a certificate has a connection
    of their own (`render/userConnections.ts`), and the user's name or the certificate's subject as IKE identity.
    """
    with Vici(gateway.paths.of(SOCKET)) as vici:
        connections = {name: data for event in vici.stream("list-conns", "list-conn") for name, data in event.items()}
    of_users = {name for name, data in connections.items() if isinstance(data, dict) and (_asks_for_user(data) or name.startswith(("ikev2-", "ikev2dn-")))}
    found = []
    for name, data in associations(gateway):
        user = data.get("remote-eap-id") or data.get("remote-xauth-id")
        if not user and name in of_users:
            user = data.get("remote-id")
            if isinstance(user, str) and name.startswith("ikev2dn-"):
                user = user.removeprefix("CN=")
        if isinstance(user, str) and data.get("state") == "ESTABLISHED":
            found.append((str(data["uniqueid"]), user))
    return found


def l2tp_tunnels(gateway: Gateway, names: list[str]) -> list[tuple[str, str]]:
    """Unique id and user of each IKE SA under L2TP that a certificate of one of these users has proved."""
    users = {connection: name for name in names for connection in l2tp_identity.tunnels_of(name)}
    return [(str(data["uniqueid"]), users[name]) for name, data in associations(gateway) if name in users]


def _asks_for_user(connection: Message) -> bool:
    rounds = [data for key, data in connection.items() if key.startswith("remote-") and isinstance(data, dict)]
    return any(str(data.get("class", "")).upper().startswith(("EAP", "XAUTH")) for data in rounds)


def shown(name: str) -> str:
    """A name as charon prints it: every byte that is not printable ASCII as a question mark."""
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "?" for byte in name.encode())


def terminate(gateway: Gateway, unique_id: str, seconds: int = 5) -> None:
    """Ends an IKE SA with a delete message; if no answer comes within `seconds`, without one."""
    with Vici(gateway.paths.of(SOCKET)) as vici:
        vici.request("terminate", ike_id=unique_id, force="yes", timeout=str(seconds * 1000))


def initiate(gateway: Gateway, connection: str, child: str) -> None:
    """Begins to dial, and does not wait: charon goes on after the millisecond is over (vici's `timeout`)."""
    with Vici(gateway.paths.of(SOCKET)) as vici:
        vici.request("initiate", ike=connection, child=child, timeout="1")


def terminate_all(gateway: Gateway, unique_ids: list[str], seconds: int = 1) -> None:
    """Several at once: each that does not answer costs its `seconds`."""
    if unique_ids:
        with ThreadPoolExecutor(min(16, len(unique_ids))) as pool:
            list(pool.map(lambda unique_id: terminate(gateway, unique_id, seconds), unique_ids))


def redirect(gateway: Gateway, connection: str, endpoint: str) -> None:
    """Sends the connection's clients to `endpoint`, those that said they understand it."""
    with Vici(gateway.paths.of(SOCKET)) as vici:
        vici.request("redirect", ike=connection, gateway=endpoint)


def end_orphans(gateway: Gateway, removed: set[str]) -> None:
    """Ends the SAs of connections that were removed: charon alone would keep them up."""
    for name, data in associations(gateway) if removed else ():
        if name in removed:
            gateway.report.say(f"ending an IKE SA of the removed connection {name}")
            terminate(gateway, str(data["uniqueid"]))


def missing_connections(gateway: Gateway, text: bytes) -> list[str]:
    """Connections of a swanctl text that charon has not."""
    named = set(strongswan_conf.connections(text.decode()))
    return sorted(named - connection_names(gateway)) if named else []


def knows_ikev1(gateway: Gateway) -> bool | None:
    """
    Whether the installed libcharon was built with IKEv1: only then does it hold main mode. None: no libcharon found.
    charon itself would take an IKEv1 connection without a word and answer no client.
    """
    found = None
    for path in glob.glob(gateway.paths.of(layout.LIBCHARON)):
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as library:
            found = bool(found) or library.find(b"main_mode_create\0") >= 0
    return found


def running(gateway: Gateway) -> bool:
    return os.path.exists(gateway.paths.of(SOCKET)) and listening(gateway)


def restart(gateway: Gateway, reasons: list[str]) -> None:
    shown = ", ".join(reasons[:5]) + (", …" if len(reasons) > 5 else "")
    gateway.report.say(f"restarting strongSwan ({shown}): established tunnels drop and must be dialled again")
    systemd.restart(gateway, UNIT)
