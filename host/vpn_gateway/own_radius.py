"""
FreeRADIUS on the gateway itself (gateway/render/freeradius.ts). It reads copies of what the parts say, which systemd makes
for it at each start and reload: the files themselves are root's alone.
"""

from __future__ import annotations

import os
import tempfile
import time

from . import files, systemd
from .errors import Failure
from .gateway import Gateway
from .part import Part
from .programs import words

FOLDER = "/etc/vpn-gateway/radius/"
CONF = f"{FOLDER}radiusd.conf"
USERS = f"{FOLDER}users"
BOOKS = f"{FOLDER}books.json"  # what our own command knows; FreeRADIUS does not read it
UNIT = "freeradius.service"
RUN = "/run/vpn-gateway-radius"
STATE = "/var/lib/vpn-gateway-radius"
PROGRAM = "freeradius"
# Seconds. mainconfig.c ignores a signal within 2 s of the one before, and sees whole seconds of a file's time.
APART = 3.2
STAMP = "/run/vpn-gateway/radius-read"


def is_ours(path: str) -> bool:
    return path.startswith(FOLDER) and path != BOOKS


def check(gateway: Gateway, staged: dict[str, bytes]) -> str | None:
    """
    FreeRADIUS' own checker on what would stand there with these files in place of those in force. None also where it cannot
    be told yet: the secret parts come before the one that brings the program.
    """
    texts = {path: content for part in gateway.others("").values() for path, content in _texts(part).items()}
    texts.update(staged)
    if CONF not in texts or f"{FOLDER}client.conf" not in texts or not gateway.programs.has(PROGRAM):
        return None
    texts.setdefault(USERS, b"\n")
    with tempfile.TemporaryDirectory(prefix="vpn-gateway-radius-") as folder:
        for path, content in {**texts, f"{FOLDER}dictionary": b""}.items():
            moved = content.replace(RUN.encode(), folder.encode()).replace(STATE.encode(), f"{folder}/state".encode())
            files.write_now(f"{folder}/{os.path.basename(path)}", moved, 0o600)
        result = gateway.programs.run(PROGRAM, "-C", "-l", "stdout", "-d", folder)
        if result.ok:
            return None
        return words(result).replace(folder, FOLDER.rstrip("/"))


def _texts(part: Part) -> dict[str, bytes]:
    return {path: file.content for path, file in part.files.items() if is_ours(path)}


def staged_problems(gateway: Gateway, part: Part, changed: list[str]) -> list[str]:
    """Of a part that is about to come into force."""
    if not any(is_ours(path) for path in changed):
        return []
    problem = check(gateway, _texts(part))
    return [f"{next(path for path in changed if is_ours(path))}: {problem}"] if problem else []


def restart_reasons(paths_with_text: dict[str, bool]) -> list[str]:
    """
    Of changed files, those for which it starts anew: all but the users. One that went (False) is no reason: its part takes
    the whole server away, in this push or in one that comes.
    """
    return [path for path, stands in paths_with_text.items() if is_ours(path) and path != USERS and stands]


def reload(gateway: Gateway) -> None:
    """The users alone are read anew: whoever is in the middle of a log-in goes on. Nobody who is connected notices."""
    if not systemd.is_active(gateway, UNIT):
        return
    if gateway.is_real():
        time.sleep(max(0.0, APART - _since_it_read(gateway)))
    result = gateway.programs.run("systemctl", "reload", "--", UNIT)
    if not result.ok:
        raise Failure(f"could not reload {UNIT}: {systemd.last_words(gateway, UNIT) or words(result)}")
    remember(gateway)


def remember(gateway: Gateway) -> None:
    """It has just read its files."""
    stamp = gateway.paths.of(STAMP)
    os.makedirs(os.path.dirname(stamp), exist_ok=True)
    with open(stamp, "w"):
        os.utime(stamp)


def _since_it_read(gateway: Gateway) -> float:
    try:
        return max(0.0, time.time() - os.stat(gateway.paths.of(STAMP)).st_mtime)
    except FileNotFoundError:
        return APART


def problems(gateway: Gateway, path: str, content: bytes) -> list[str]:
    """
    Where FreeRADIUS has read something else than a part says. A secret may come before the part whose unit makes use of it:
    what the unit in force does not copy is no business of its own yet.
    """
    unit = files.look(gateway.paths.of(f"{systemd.FOLDER}{UNIT}"))
    if path.encode() not in unit.text or not systemd.is_active(gateway, UNIT):
        return []  # that it does not run is said of the service already
    copy = files.look(gateway.paths.of(f"{RUN}/{os.path.basename(path)}"))
    return [] if copy.kind == "file" and copy.text == content else [f"{path}: FreeRADIUS has not read it"]
