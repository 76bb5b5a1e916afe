"""One machine of a pair gives way to the other on purpose, and may be chosen again."""

import contextlib
import os
import time
from collections.abc import Iterator

from . import charon, pair, pair_sites, ppp, sites, systemd
from .errors import Failure
from .gateway import Gateway

TAKING_OVER = 0.25  # seconds: VRRP's skew after it heard that the other gave up, and the news to the neighbours
TELLING_TIME = 1.0  # seconds in which what charon was asked to send is sent, on a busy machine too
SHUTDOWN_PATIENCE = 5.0  # seconds for which a shutdown waits for another change of the gateway to end
MOVE_TIME = 10.0  # seconds within which the other machine must have taken over


def hand_over_at_shutdown(gateway: Gateway) -> None:
    """
    The same from a unit that is stopped first, where the machine is told to stop or to boot anew. Nobody waits for a name
    or a balancer to forget it: it will not be there. What stands aside is forgotten with /run: once booted it may be chosen.
    """
    if not systemd.is_stopping(gateway):
        gateway.report.result("the machine goes on: nothing is handed over")
        return
    hand_over(gateway, at_shutdown=True)


def hand_over(gateway: Gateway, at_shutdown: bool = False) -> None:
    """
    Makes the other machine the active one and stays aside until `rejoin`. Clients are told once it has taken over, so
    that they dial anew at once rather than after their dead-peer time.
    """
    described = pair.load(gateway)
    if described is None:
        raise Failure("this gateway is not one of a pair: nobody could take over")
    if not pair.is_active(gateway):
        gateway.report.result("this machine is not the active one already" if pair.both_serve(described) else "this machine is the standby already")
        return
    if not pair.ike_answers(described["peer"], 1.0) and not pair.ike_answers(described["peer"], 1.0):
        raise Failure(f"the other machine ({described['peer']}) does not answer: nothing was changed")
    began = time.monotonic()
    if at_shutdown:
        described = {**described, "drainSeconds": 0}
    try:
        told = _WAYS[described["front"]](gateway, described)
        gateway.report.result(f"handed over in {time.monotonic() - began:.1f} s; {told} IKE SAs told to dial anew")
    except (Failure, OSError):
        rejoin(gateway)
        raise
    finally:
        if not at_shutdown:
            _begin_l2tp(gateway)


def _move(gateway: Gateway, described: dict) -> int:
    """The addresses go to the other machine, and clients are told once it has them. How many were."""
    _end_l2tp(gateway)
    # All that can be made ready is, before the address goes: from then on clients are without an answer.
    found = _associations(gateway)
    with _address_kept(gateway, described):
        _give_way(gateway, "keepalived did not give the pair's addresses up")
        time.sleep(TAKING_OVER)
        _tell_clients(gateway, found, described["endpoint"])
    return len(found)


def _drain(gateway: Gateway, described: dict) -> int:
    """
    Behind a DNS name: shuts the health port, serves on until nobody is told of this machine any more, and then sends its
    clients to the other one's own address, since the name may still lead some of them here.
    """
    _give_way(gateway, "the watch did not shut the health port")
    gateway.report.say(f"waiting {described['drainSeconds']} s, until the name no longer leads here")
    time.sleep(described["drainSeconds"])
    if not pair.ike_answers(described["peer"], 1.0) and not pair.ike_answers(described["peer"], 1.0):
        raise Failure(f"the other machine ({described['peer']}) does not answer any more: clients were not sent to it")
    _end_l2tp(gateway)
    found = _associations(gateway)
    _tell_clients(gateway, found, described["peerEndpoint"])
    time.sleep(TELLING_TIME)
    return len(found)


def _leave(gateway: Gateway, described: dict) -> int:
    """
    Behind a load balancer that shares clients out: tells them to dial anew at once and answers none of them, until the
    balancer has seen the health port shut and leads them to the other. Once it does, nobody here could tell them any more.
    """
    _give_way(gateway, "the watch did not shut the health port")
    _end_l2tp(gateway)
    found = _associations(gateway)
    with _address_kept(gateway, described):
        _tell_clients(gateway, found, described["endpoint"])
        time.sleep(described["drainSeconds"])
    return len(found)


_WAYS = {"floatingAddress": _move, "loadBalancer": _move, "dns": _drain, "loadSharing": _leave}


def _associations(gateway: Gateway) -> list:
    """Those of clients. A site connection that the active machine alone has is the follower's, which ends it as soon as it is not."""
    sites_of_pair = {site["connection"] for site in sites.described(gateway) if pair_sites.follows_active(site)}
    found = charon.associations(gateway) if charon.running(gateway) else []
    return [(name, data) for name, data in found if name not in sites_of_pair]


def _give_way(gateway: Gateway, otherwise: str) -> None:
    """Asks this machine's keepalived or watch, whichever decides, and waits until it has."""
    began = time.monotonic()
    _stand_aside(gateway, True)
    while pair.is_active(gateway):
        if time.monotonic() - began > MOVE_TIME:
            raise Failure(f"{otherwise} within {MOVE_TIME:.0f} s")
        time.sleep(0.02)


# Until the neighbours have learnt where the address is, this machine would answer those who dial anew.
_NO_NEW_CLIENTS = """table inet vpn_gateway_aside {
  chain input {
    type filter hook input priority -10; policy accept;
    ip daddr %s udp dport 500 drop
  }
}
"""


@contextlib.contextmanager
def _address_kept(gateway: Gateway, described: dict) -> Iterator[None]:
    """
    Until clients have been told, the address that moves is on the loopback interface too: they would not believe
    another, the kernel sends from none that it has not, and nobody on the link is told of one there (arp_ignore).
    """
    moved = pair.outer_addresses(described)
    for address in _closed_addresses(described):
        gateway.programs.run("nft", "-f", "-", stdin=_NO_NEW_CLIENTS % address)
    for address in moved:
        gateway.programs.run("ip", "address", "add", f"{address}/32", "dev", "lo")
    try:
        yield
        if _closed_addresses(described):
            time.sleep(TELLING_TIME)
        if "move" in described:
            from . import aws_mover

            aws_mover.wait_until_gone(described["move"], MOVE_TIME)
    finally:
        _let_address_go(gateway, described)


def _closed_addresses(described: dict) -> list[str]:
    """
    Where this machine would answer those who dial anew: on AWS what the Elastic IP leads to until EC2 has moved it, and
    what a load balancer leads to until it has seen that this machine gives way.
    """
    shared = [described["address"]] if described["front"] == "loadSharing" else []
    return [*pair.outer_addresses(described), *([described["move"]["privateAddress"]] if "move" in described else []), *shared]


def _let_address_go(gateway: Gateway, described: dict) -> None:
    for address in pair.outer_addresses(described):
        gateway.programs.run("ip", "address", "del", f"{address}/32", "dev", "lo")
    for _address in _closed_addresses(described):
        gateway.programs.run("nft", "delete", "table", "inet", "vpn_gateway_aside")


def _stand_aside(gateway: Gateway, aside: bool) -> None:
    path = gateway.paths.of(pair.STAND_ASIDE)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    # In place: keepalived watches this very file.
    with open(path, "w") as file:
        file.write("1\n" if aside else "0\n")


def _end_l2tp(gateway: Gateway) -> None:
    """xl2tpd says goodbye to its clients when it stops, which they must hear before the address has moved."""
    # One that stops already, as at a shutdown, is waited for all the same.
    if systemd.properties(gateway, ppp.L2TP_UNIT).get("ActiveState") in ("active", "reloading", "deactivating"):
        gateway.programs.run("systemctl", "stop", "--", ppp.L2TP_UNIT)


def _begin_l2tp(gateway: Gateway) -> None:
    if ppp.L2TP_UNIT in gateway.originals.services:
        gateway.programs.run("systemctl", "start", "--", ppp.L2TP_UNIT)


def _tell_clients(gateway: Gateway, found: list, endpoint: str) -> None:
    """
    Those that understand REDIRECT (RFC 5685) make a new SA before they end the old one; all others get a delete
    message. Nobody waits for answers: they go to the other machine by now.
    """
    if any(name == "ikev2" for name, _data in found):
        charon.redirect(gateway, "ikev2", endpoint)
    for _name, data in sorted(found, key=lambda each: each[0] == "ikev2"):
        charon.terminate(gateway, str(data["uniqueid"]), 0)


def rejoin(gateway: Gateway) -> None:
    """The machine may be chosen again; it stays standby while the other is fit. Clears what a killed move left."""
    described = pair.load(gateway)
    try:
        if described is not None:
            _let_address_go(gateway, described)
    finally:
        _stand_aside(gateway, False)
