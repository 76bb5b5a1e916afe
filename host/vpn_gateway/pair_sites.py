"""
Site connections of a pair: the active machine alone has their tunnels. The other one keeps interface, firewall and what
refuses their networks, has no SA and no route, and dials nobody.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from . import charon, pair
from .errors import Failure
from .gateway import Gateway

GLANCE = 0.1  # seconds between two looks at who is active
TELLING_TIME = 0.5  # seconds in which what charon was asked to send is sent
STANDBY = "this machine is the standby: the active one has the tunnel"


def conflict(gateway: Gateway, site: dict) -> str | None:
    """What is against a description on this gateway, or None."""
    if follows_active(site) and pair.load(gateway) is None:
        return "it is of a pair, and this gateway is no machine of one"
    return None


def follows_active(site: dict) -> bool:
    return bool(site.get("whileActive"))


class Turn:
    """Whether it is this machine's turn, as it was at the last look."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.since: int | None = None
        self.waits = False

    def look(self, described: list[dict]) -> None:
        self.waits = any(follows_active(site) for site in described)
        self.since = pair.active_since(self.gateway) if self.waits else None

    def changed(self) -> bool:
        """Was the state written anew since? A machine that was standby for less than a look begins anew, too."""
        return self.waits and pair.active_since(self.gateway) != self.since

    def is_ours(self, site: dict) -> bool:
        return self.since is not None or not follows_active(site)


def end(gateway: Gateway, sites: list[dict], associations: list, active: bool) -> bool:
    """
    Ends the SAs of these connections, whoever began them. The other ends are told, so that they dial the active machine rather
    than wait for this one. Were there any?
    """
    connections = {site["connection"] for site in sites}
    found = [str(data["uniqueid"]) for name, data in associations if name in connections]
    if not found:
        return False
    with contextlib.nullcontext() if active else _address_kept(gateway):
        for unique_id in found:
            with contextlib.suppress(Failure):  # it went by itself meanwhile
                charon.terminate(gateway, unique_id, 0)
        time.sleep(0 if active else TELLING_TIME)
    return True


@contextlib.contextmanager
def _address_kept(gateway: Gateway) -> Iterator[None]:
    """
    The kernel sends from no address that the machine has not: for a moment the one that has moved on is on the loopback
    interface, where nobody on the link is told of it (arp_ignore). `hand-over` may have put it there; then it is hers.
    """
    put = [address for address in pair.outer_addresses(pair.load(gateway) or {}) if gateway.programs.run("ip", "address", "add", f"{address}/32", "dev", "lo").ok]
    try:
        yield
    finally:
        for address in put:
            gateway.programs.run("ip", "address", "del", f"{address}/32", "dev", "lo")
