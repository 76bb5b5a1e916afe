"""
On AWS the Elastic IP and the routes to the clients follow the active machine of a pair. What is asked of EC2, and what
has come of it; `aws_mover` does the asking, and is loaded where there is something to ask alone, since HTTP and its like
take a third of the time in which every command starts.
"""

from __future__ import annotations

import json

from .gateway import Gateway

STATE = "/run/vpn-gateway/move.json"

Call = tuple[str, dict[str, str]]


def endpoint_of(move: dict) -> str:
    domain = "amazonaws.com.cn" if move["region"].startswith("cn-") else "amazonaws.com"
    return move.get("endpoint") or f"https://ec2.{move['region']}.{domain}/"


def calls(move: dict) -> list[Call]:
    """What is asked of EC2: the address first, for clients redial at once, and then each route. All are idempotent."""
    address: Call = (
        "AssociateAddress",
        {
            "AllocationId": move["allocationId"],
            "NetworkInterfaceId": move["networkInterfaceId"],
            "PrivateIpAddress": move["privateAddress"],
            "AllowReassociation": "true",
        },
    )
    return [address, *(_route(move, route) for route in move["routes"])]


def _route(move: dict, route: dict) -> Call:
    key = "DestinationIpv6CidrBlock" if ":" in route["destination"] else "DestinationCidrBlock"
    where = {"RouteTableId": route["routeTableId"], key: route["destination"]}
    return "ReplaceRoute", {**where, "NetworkInterfaceId": move["networkInterfaceId"]}


def named(call: Call, public: str) -> str:
    """A call's object, for a person."""
    action, parameters = call
    if action == "AssociateAddress":
        return public
    destination = parameters.get("DestinationCidrBlock") or parameters.get("DestinationIpv6CidrBlock")
    return f"{destination} in {parameters['RouteTableId']}"


def collect(gateway: Gateway, move: dict | None, active: bool) -> dict | None:
    """What `status` tells of the move; None where nothing moves."""
    if move is None:
        return None
    wanted = [named(call, move["publicIp"]) for call in calls(move)]
    if not active:
        return {"state": "standby", "wanted": wanted, "got": [], "tries": 0, "said": None}
    try:
        with open(gateway.paths.of(STATE)) as file:
            found = json.load(file)
    except (OSError, ValueError):
        found = {"state": "moving", "got": [], "tries": 0, "said": None}
    return {**found, "wanted": wanted}


def problems(found: dict | None) -> list[str]:
    """What `check` has against the move."""
    if found is None:
        return []
    off = found.get("clockOff", 0)
    clock = [f"this machine's clock is {abs(off)} s {'behind' if off > 0 else 'ahead of'} EC2's, by which its calls are signed: set it (timedatectl)"] if off else []
    return [*clock, *_missing(found)]


def _missing(found: dict) -> list[str]:
    if found["state"] in ("standby", "done"):
        return []
    missing = [name for name in found["wanted"] if name not in found["got"]]
    words = found["said"] or "EC2 has not answered yet"
    return [f"this machine is active and does not have {', '.join(missing)} ({found['tries']} tries): {words}"]
