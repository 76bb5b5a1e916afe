"""
FRR: its configuration is made of what the gateway itself says and of a share for each site connection, checked by vtysh
before anything is changed, and brought into the running daemons by frr-reload.py, which gives them the difference alone:
a session that did not change goes on.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tempfile

from . import files, layout, systemd
from .errors import Failure
from .files import FileState
from .gateway import Gateway
from .pieces import standing
from .programs import words

UNIT = "frr.service"
BASE = "/etc/vpn-gateway/bgp.conf"
SHARES = "/etc/vpn-gateway/bgp.d/"
CONF = "/etc/frr/frr.conf"
DAEMONS = "/etc/frr/daemons"
# Debian's package frr-pythontools has it; in the RHEL family frr itself.
RELOAD = layout.FRR_RELOAD
AS = re.compile(r"^router bgp (\d+)$", re.M)
ROUTER_ID = re.compile(r"^ bgp router-id (\S+)$", re.M)
NEIGHBOR = re.compile(r"^ neighbor (\S+) remote-as \d+$", re.M)


def is_ours(path: str) -> bool:
    """A piece of FRR's configuration."""
    return path == BASE or (path.startswith(SHARES) and path.endswith(".conf"))


def connection_of(path: str) -> str:
    return os.path.basename(path).removesuffix(".conf")


def pieces(gateway: Gateway, instead: dict[str, bytes] | None = None) -> dict[str, str]:
    """The pieces as they stand on the disk, by path, the gateway's own first; `instead` of some that do not stand there yet."""
    found = standing(gateway, BASE, f"{SHARES}*.conf")
    found.update({path: content.decode() for path, content in (instead or {}).items()})
    return dict(sorted(found.items(), key=lambda one: (one[0] != BASE, one[0])))


def endpoints(gateway: Gateway) -> list[str]:
    """Of a VPC's route server, which the gateway itself knows rather than a connection."""
    return NEIGHBOR.findall(pieces(gateway).get(BASE, ""))


def check(gateway: Gateway, path: str, content: bytes) -> str | None:
    """What is against a piece on this gateway, or None. Nothing is changed."""
    if path != BASE and not any(BASE in part.files for part in gateway.others("").values()):
        return "this gateway makes no room for BGP: give it `sites: { enabled: true, bgp: true }`"
    together = pieces(gateway, {path: content})
    problem = _conflict(together, path)
    if problem or not gateway.programs.has("vtysh"):
        return problem
    with tempfile.TemporaryDirectory(prefix="vpn-gateway-") as folder:
        with open(f"{folder}/frr.conf", "w") as file:
            file.write("".join(together.values()))
        result = gateway.programs.run("vtysh", "-C", "-f", f"{folder}/frr.conf")
    return None if result.ok else words(result)


def _conflict(together: dict[str, str], path: str) -> str | None:
    """Two connections of one gateway that contradict each other."""
    mine = together[path]
    for other, text in together.items():
        if other == path:
            continue
        name = "what it tells the VPC's route server" if other == BASE else f"the site connection {connection_of(other)}"
        for what, pattern in (("AS number", AS), ("router id", ROUTER_ID)):
            here, there = pattern.findall(mine), pattern.findall(text)
            if here and there and here[0] != there[0]:
                return f"this gateway's {what} is {there[0]} in {name} and {here[0]} in this one: it has one"
        if _link(mine) & _link(text):
            return f"{name} has the same inside addresses: give one of the two another `bgp.link`"
    return None


def _link(text: str) -> set:
    """The /31 of each neighbour."""
    return {ipaddress.ip_network(f"{address}/31", strict=False) for address in NEIGHBOR.findall(text)}


def write(gateway: Gateway, changed: list[str]) -> bool:
    """Makes FRR's file of the pieces that stand; what was there before us comes back with the last one. True if it changed."""
    if not any(is_ours(path) for path in changed):
        return False
    together = pieces(gateway)
    target = gateway.paths.of(CONF)
    found = files.look(target)
    if BASE in together:
        gateway.originals.keep_file(CONF, found)
        want = FileState("file", 0o640, *_owner(target), "".join(together.values()).encode())
    else:
        want = gateway.originals.file(CONF)
        gateway.originals.drop_file(CONF)
    gateway.originals.save()
    if want.kind != "absent":
        if not os.path.isdir(os.path.dirname(target)):
            return False  # its package was taken away
        files.prepare(target, want)
    files.commit(target, want)
    files.sync_folder(os.path.dirname(target))
    return found.text != want.text


def _owner(target: str) -> tuple[int, int]:
    """The folder's: FRR's daemons are no root, and read it when one of them starts anew."""
    try:
        folder = os.stat(os.path.dirname(target))
        return folder.st_uid, folder.st_gid
    except FileNotFoundError:
        return 0, 0


def reload(gateway: Gateway) -> None:
    """The difference between what runs and what the file says."""
    if not systemd.is_active(gateway, UNIT):
        return
    result = gateway.programs.run(gateway.paths.of(RELOAD), "--reload", "--stdout", gateway.paths.of(CONF), timeout=300)
    if not result.ok:
        raise Failure(f"FRR refused its configuration: {words(result)}")


def problems(gateway: Gateway, path: str, content: bytes) -> list[str]:
    """Where FRR has not what a piece says."""
    if path == BASE:
        standing = files.look(gateway.paths.of(CONF))
        return [] if standing.text == "".join(pieces(gateway).values()).encode() else [f"{CONF} is not made of {BASE} and {SHARES}"]
    if not systemd.is_active(gateway, UNIT):
        return [f"{path}: {UNIT} does not run"]
    shown = gateway.programs.run("vtysh", "-c", "show running-config", merge=False).output
    missing = [address for address in NEIGHBOR.findall(content.decode()) if f" neighbor {address} remote-as" not in shown]
    return [f"{path}: FRR has no neighbor {address}" for address in missing]
