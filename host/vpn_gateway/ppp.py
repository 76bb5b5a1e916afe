"""pppd: its options and secrets files, and the sessions that run, of which xl2tpd makes one each."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import struct
import time
from dataclasses import dataclass

from .gateway import Gateway
from .programs import words

DATABASES = ("/run/pppd2.tdb", "/run/pppd/pppd2.tdb", "/run/ppp/pppd2.tdb", "/var/run/pppd2.tdb")
TDB_MAGIC = 0x26011999
L2TP_UNIT = "xl2tpd.service"
SECRETS = ("/etc/ppp/chap-secrets", "/etc/ppp/pap-secrets")


def is_options(path: str) -> bool:
    return re.fullmatch(r"/etc/ppp/(options([.-].*)?|peers/.*)", path) is not None


def check_options(gateway: Gateway, path: str) -> str | None:
    """
    What pppd has against an options file, or None. `dryrun` ends pppd before it opens anything; `noauth`, after the
    file, keeps it from asking for secrets, which come with another part.
    """
    result = gateway.programs.run("pppd", "dryrun", "notty", "file", path, "noauth", timeout=20)
    if result.ok and "quoted word runs" not in result.output:
        return None
    return words(result, 3)


def check_secrets(text: bytes) -> str | None:
    """What is wrong with a chap-secrets file, by line number alone. pppd itself skips bad lines without a word."""
    for number, line in enumerate(text.decode().split("\n"), 1):
        words_found = _words(line)
        if words_found is None:
            return f"line {number}: a quote is not closed"
        if 0 < words_found < 3:
            return f"line {number}: needs client, server, secret, and addresses"
    return None


def _words(line: str) -> int | None:
    """Counts words by pppd's rules for quotes, backslashes and comments; None: an open quote."""
    count = 0
    at = 0
    while at < len(line):
        if line[at] in " \t":
            at += 1
            continue
        if line[at] == "#":
            break
        count += 1
        quote = ""
        while at < len(line) and (quote or line[at] not in " \t"):
            if line[at] == "\\":
                at += 1
            elif quote:
                quote = "" if line[at] == quote else quote
            elif line[at] in "\"'":
                quote = line[at]
            at += 1
        if quote:
            return None
    return count


@dataclass(frozen=True)
class Session:
    """One running pppd with a peer that has shown who it is."""

    pid: int
    user: str
    interface: str
    address: str = ""  # the peer's, inside


def sessions(gateway: Gateway) -> list[Session]:
    """From the database that every pppd keeps of itself; entries of dead ones are left out."""
    found = {}
    for path in DATABASES:
        try:
            with open(gateway.paths.of(path), "rb") as file:
                data = file.read()
        except OSError:
            continue
        for key, value in _records(data):
            number = re.fullmatch(rb"pppd(\d+)", key)
            user = re.search(r"(?:^|;)PEERNAME=(.*?)(?=;[A-Z][A-Z0-9_]*=|;?$)", value, re.S)
            if number and user and _is_pppd(gateway, int(number[1])):
                interface = re.search(r"(?:^|;)IFNAME=([^;]*)", value)
                address = re.search(r"(?:^|;)IPREMOTE=([^;]*)", value)
                pid = int(number[1])
                found[pid] = Session(pid, user[1], interface[1] if interface else "", address[1] if address else "")
    return [found[pid] for pid in sorted(found)]


def _records(data: bytes) -> list[tuple[bytes, str]]:
    """Live records of a TDB file: found by the magic number of their headers, so no chain has to be followed."""
    records = []
    magic = struct.pack("=I", TDB_MAGIC)
    at = data.find(magic)
    while at >= 0:
        if at >= 20:
            _next, length, key_size, value_size, _hash = struct.unpack_from("=5I", data, at - 20)
            start = at + 4
            if 0 < key_size and key_size + value_size <= length and start + length <= len(data):
                value = data[start + key_size : start + key_size + value_size]
                text = value.rstrip(b"\0").decode(errors="replace")
                records.append((data[start : start + key_size].rstrip(b"\0"), text))
        at = data.find(magic, at + 4)
    return records


def _is_pppd(gateway: Gateway, pid: int) -> bool:
    try:
        with open(gateway.paths.of(f"/proc/{pid}/comm")) as file:
            return file.read().strip() == "pppd"
    except OSError:
        return False


def hang_up(gateway: Gateway, ending: list[Session], seconds: float = 5) -> None:
    """Ends sessions: each pppd stops passing packets and tells its peer, and is killed if that takes longer than `seconds`."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for session in ending:
            with contextlib.suppress(ProcessLookupError):
                os.kill(session.pid, number)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            ending = [session for session in ending if _is_pppd(gateway, session.pid)]
            if not ending:
                return
            time.sleep(0.1)


def started(gateway: Gateway, pid: int) -> float:
    """When a process began, in seconds since boot; 0 where the kernel does not say."""
    try:
        with open(gateway.paths.of(f"/proc/{pid}/stat")) as file:
            # After the name in brackets, which may hold anything: state is field 3, the start is field 22 of proc(5).
            return int(file.read().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return 0.0
