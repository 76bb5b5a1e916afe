"""Two machines as one: which of them is active, and whether IKE answers."""

from __future__ import annotations

import json
import os
import socket
import struct
import time

from . import aws_move
from .gateway import Gateway

FILE = "/etc/vpn-gateway/pair.json"
STATE = "/run/vpn-gateway/pair-state"
ANSWERED = "/run/vpn-gateway/ike-answered"
STAND_ASIDE = "/run/vpn-gateway/stand-aside"
ACTIVE = "MASTER"


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


def both_serve(described: dict) -> bool:
    """There is no VRRP, and each machine decides for itself whether it serves."""
    return described["front"] in ("dns", "loadSharing")


def outer_addresses(described: dict) -> list[str]:
    """The address that clients and other sites know, where it is one that moves: none or one."""
    moving = described["floating"] if described.get("front") == "floatingAddress" else []
    return [each["address"].split("/")[0] for each in moving][:1]


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
