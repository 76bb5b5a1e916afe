"""Two machines as one: which of them is active, whether IKE answers, and giving way on purpose."""

import contextlib
import json
import os
import socket
import struct
import time
from collections.abc import Iterator

from . import aws_move, charon, ppp, systemd
from .errors import Failure
from .gateway import Gateway

FILE = "/etc/vpn-gateway/pair.json"
STATE = "/run/vpn-gateway/pair-state"
ANSWERED = "/run/vpn-gateway/ike-answered"
STAND_ASIDE = "/run/vpn-gateway/stand-aside"
ACTIVE = "MASTER"
TAKING_OVER = 0.25  # seconds: VRRP's skew after it heard that the other gave up, and the news to the neighbours
TELLING_TIME = 1.0  # seconds in which what charon was asked to send is sent, on a busy machine too
MOVE_TIME = 10.0  # seconds within which the other machine must have taken over


def load(gateway: Gateway) -> dict | None:
    """What the pair is; None on a gateway by itself."""
    try:
        with open(gateway.paths.of(FILE)) as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def read(gateway: Gateway, path: str) -> str:
    try:
        with open(gateway.paths.of(path)) as file:
            return file.read().strip()
    except OSError:
        return ""


def uptime(gateway: Gateway) -> float:
    return float(read(gateway, "/proc/uptime").split()[0])


def is_active(gateway: Gateway) -> bool:
    return read(gateway, STATE) == ACTIVE


def decide_alone(gateway: Gateway, answers: bool) -> None:
    """
    Behind a DNS name there is no keepalived, and a machine is active or not whatever the other does: the watch writes
    down what keepalived's script does elsewhere.
    """
    decided = "FAULT" if not answers else "BACKUP" if read(gateway, STAND_ASIDE) == "1" else ACTIVE
    if read(gateway, STATE) != decided:
        path = gateway.paths.of(STATE)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(f"{path}.new", "w") as file:
            file.write(f"{decided}\n")
        os.replace(f"{path}.new", path)


def active_since(gateway: Gateway) -> int | None:
    """Another number each time that this machine becomes the active one (keepalived's script makes the file anew)."""
    try:
        return os.stat(gateway.paths.of(STATE)).st_mtime_ns if is_active(gateway) else None
    except FileNotFoundError:
        return None


def question() -> bytes:
    """
    The header of an IKE message of a version that does not exist: RFC 7296, 2.5, has it answered by
    INVALID_MAJOR_VERSION. It costs the daemon no state, and one that hangs does not answer.
    """
    initiate, initiator = 34, 0x08
    return os.urandom(8) + bytes(8) + struct.pack("!BBBBII", 0, 0x30, initiate, initiator, 0, 28)


def ike_answers(address: str, patience: float, port: int = 500) -> bool:
    """Whether an IKE daemon answers there within `patience` seconds."""
    asked = question()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(patience)
        try:
            asking.connect((address, port))
            asking.send(asked)
            return asking.recv(1500)[:8] == asked[:8]
        except OSError:
            return False


def hand_over(gateway: Gateway) -> None:
    """
    Makes the other machine the active one and stays aside until `rejoin`. Clients are told once it has taken over, so
    that they dial anew at once rather than after their dead-peer time.
    """
    described = load(gateway)
    if described is None:
        raise Failure("this gateway is not one of a pair: nobody could take over")
    if not is_active(gateway):
        gateway.report.result("this machine is not the active one already" if described["front"] == "dns" else "this machine is the standby already")
        return
    if not ike_answers(described["peer"], 1.0) and not ike_answers(described["peer"], 1.0):
        raise Failure(f"the other machine ({described['peer']}) does not answer: nothing was changed")
    if described["front"] == "dns":
        _drain(gateway, described)
        return
    began = time.monotonic()
    try:
        _end_l2tp(gateway)
        # All that can be made ready is, before the address goes: from then on clients are without an answer.
        found = charon.associations(gateway) if charon.running(gateway) else []
        with _address_kept(gateway, described):
            _stand_aside(gateway, True)
            _until(lambda: not is_active(gateway), began, "keepalived did not give the pair's addresses up")
            time.sleep(TAKING_OVER)
            _tell_clients(gateway, found, described["endpoint"])
        gateway.report.result(f"handed over in {time.monotonic() - began:.1f} s; {len(found)} IKE SAs told to dial anew")
    except (Failure, OSError):
        rejoin(gateway)
        raise
    finally:
        _begin_l2tp(gateway)


def _drain(gateway: Gateway, described: dict) -> None:
    """
    Behind a DNS name: shuts the health port, serves on until nobody is told of this machine any more, and then sends its
    clients to the other one's own address, since the name may still lead some of them here.
    """
    began = time.monotonic()
    try:
        _stand_aside(gateway, True)
        _until(lambda: not is_active(gateway), began, "the watch did not shut the health port")
        gateway.report.say(f"waiting {described['drainSeconds']} s, until the name no longer leads here")
        time.sleep(described["drainSeconds"])
        if not ike_answers(described["peer"], 1.0) and not ike_answers(described["peer"], 1.0):
            raise Failure(f"the other machine ({described['peer']}) does not answer any more: clients were not sent to it")
        _end_l2tp(gateway)
        found = charon.associations(gateway) if charon.running(gateway) else []
        _tell_clients(gateway, found, described["peerEndpoint"])
        time.sleep(TELLING_TIME)
        gateway.report.result(f"handed over in {time.monotonic() - began:.1f} s; {len(found)} IKE SAs told to dial anew")
    except (Failure, OSError):
        rejoin(gateway)
        raise
    finally:
        _begin_l2tp(gateway)


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
    moved = _outer_address(described)
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


def _outer_address(described: dict) -> list[str]:
    """The address that clients know, where it is one that moves: none or one."""
    moving = described["floating"] if described["front"] == "floatingAddress" else []
    return [each["address"].split("/")[0] for each in moving][:1]


def _closed_addresses(described: dict) -> list[str]:
    """Where this machine would answer those who dial anew: on AWS what the Elastic IP leads to until EC2 has moved it."""
    return [*_outer_address(described), *([described["move"]["privateAddress"]] if "move" in described else [])]


def _let_address_go(gateway: Gateway, described: dict) -> None:
    for address in _outer_address(described):
        gateway.programs.run("ip", "address", "del", f"{address}/32", "dev", "lo")
    for _address in _closed_addresses(described):
        gateway.programs.run("nft", "delete", "table", "inet", "vpn_gateway_aside")


def _stand_aside(gateway: Gateway, aside: bool) -> None:
    path = gateway.paths.of(STAND_ASIDE)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    # In place: keepalived watches this very file.
    with open(path, "w") as file:
        file.write("1\n" if aside else "0\n")


def _end_l2tp(gateway: Gateway) -> None:
    """xl2tpd says goodbye to its clients when it stops, which they must hear before the address has moved."""
    if systemd.is_active(gateway, ppp.L2TP_UNIT):
        gateway.programs.run("systemctl", "stop", "--", ppp.L2TP_UNIT)


def _begin_l2tp(gateway: Gateway) -> None:
    if ppp.L2TP_UNIT in gateway.originals.services:
        gateway.programs.run("systemctl", "start", "--", ppp.L2TP_UNIT)


def _until(holds, began: float, otherwise: str) -> None:
    while not holds():
        if time.monotonic() - began > MOVE_TIME:
            raise Failure(f"{otherwise} within {MOVE_TIME:.0f} s")
        time.sleep(0.02)


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
    described = load(gateway)
    try:
        if described is not None:
            _let_address_go(gateway, described)
    finally:
        _stand_aside(gateway, False)


def collect(gateway: Gateway) -> dict | None:
    """What `status` tells of the pair."""
    described = load(gateway)
    if described is None:
        return None
    answered = read(gateway, ANSWERED)
    return {
        "member": described["member"],
        "front": described["front"],
        "state": read(gateway, STATE) or "UNKNOWN",
        "ikeAnsweredSecondsAgo": round(uptime(gateway) - float(answered), 1) if answered else None,
        "standsAside": read(gateway, STAND_ASIDE) == "1",
        "peer": described["peer"],
        "peerAnswers": ike_answers(described["peer"], 1.0),
        "addresses": [each["address"] for each in described["floating"]],
        "move": aws_move.collect(gateway, described.get("move"), is_active(gateway)),
    }
