"""
The books of sessions that the gateway's own FreeRADIUS keeps (gateway/render/radiusBooks.ts): `vpn-gateway accounting`, and
what keeps them from growing for ever.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import time

from . import files, own_radius
from .errors import Failure
from .gateway import Gateway
from .sessions import Session

FILE = f"{own_radius.STATE}/books.db"
WAITING = f"{own_radius.STATE}/waiting"  # what PostgreSQL has not taken yet
MOST_WAITING = 64 << 20  # bytes: some 100,000 pieces of news
MOST_ROWS = 1_000_000  # some 250 MB; of more the oldest go, whatever `keepDays` says
AT_ONCE = 500  # rows that one look takes out: FreeRADIUS waits a second at most for its turn
SHOWN = 200  # sessions that are shown unless all are asked for
LOST_AFTER = 3  # times the interval at which a session is told of
COLUMNS = ("gateway", "protocol", "session", "username", "outside", "inside", "began", "told", "ended", "seconds", "sent", "received", "cause")


def settings(gateway: Gateway) -> dict | None:
    """None where no books are kept."""
    found = files.read_json(gateway.paths.of(own_radius.BOOKS), None)
    return found if isinstance(found, dict) else None


def _open(gateway: Gateway) -> sqlite3.Connection | None:
    path = gateway.paths.of(FILE)
    if not os.path.exists(path):
        return None
    # For reading, too: with a write-ahead log whoever reads must be able to take part in it.
    books = sqlite3.connect(path, timeout=5)
    books.execute("PRAGMA synchronous = FULL")
    return books


def collect(gateway: Gateway, user: str | None, most: int | None) -> list[dict]:
    """The newest sessions first. `state`: open, ended, or lost (neither ended nor told of for long)."""
    told = settings(gateway)
    if told is None:
        raise Failure("no books are kept here: radius.onGateway is off, or radius.accounting is")
    if "postgresql" in told:
        raise Failure(f"the books are in PostgreSQL, {told['postgresql']}, table vpn_sessions: ask there; {waiting(gateway)} bytes wait here to be written")
    try:
        books = _open(gateway)
        if books is None:
            return []
        with books:
            where = "WHERE username = ?" if user is not None else ""
            given: list[object] = [_encoded(user)] if user is not None else []
            rows = books.execute(f"SELECT {', '.join(COLUMNS)} FROM vpn_sessions {where} ORDER BY began DESC, session LIMIT ?", [*given, -1 if most is None else most]).fetchall()
        books.close()
    except sqlite3.Error as error:
        raise Failure(f"{FILE}: {error}") from None
    patience = LOST_AFTER * int(told.get("interimSeconds", 300))
    return [_session(dict(zip(COLUMNS, row)), time.time() - patience) for row in rows]


def _session(row: dict, heard_since: float) -> dict:
    state = "ended" if row["ended"] is not None else "open" if row["told"] >= heard_since else "lost"
    plain = {key: _decoded(value) if isinstance(value, str) else value for key, value in row.items()}
    return {"user": plain.pop("username"), **plain, "state": state}


SAFE = re.compile(r"[@A-Za-z0-9.\-_: /+,()\[\]!#&*?~|^<>;\x80-\U0010ffff]")


def _encoded(text: str) -> str:
    """As FreeRADIUS writes what is not safe in SQL (rlm_sql.c, sql_escape_func)."""
    return "".join(each if SAFE.fullmatch(each) else f"={ord(each):02X}" for each in text)


def _decoded(text: str) -> str:
    return re.sub(r"=([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), text)


def place(gateway: Gateway, found: list[Session]) -> set[str]:
    """
    Writes where L2TP sessions come from: pppd tells no RADIUS server of that in its accounting. Which of them (by handle) are
    in the books now; the news of a session may come after the session.
    """
    books = _open(gateway) if "postgresql" not in (settings(gateway) or {"postgresql": ""}) else None
    if books is None:
        return set()
    placed = set()
    try:
        with books:
            for each in found:
                outside = re.sub(r":(\d+)$", r"[\1]", each.outside)  # as charon writes it
                done = books.execute("UPDATE vpn_sessions SET outside = ? WHERE protocol = 'l2tp' AND inside = ? AND username = ? AND ended IS NULL", (_encoded(outside), each.inside[0], _encoded(each.user)))
                if done.rowcount > 0:
                    placed.add(each.handle)
        books.close()
    except sqlite3.Error as error:
        raise Failure(f"{FILE}: {error}") from None
    return placed


def show(gateway: Gateway, user: str | None, whole: bool, as_json: bool) -> None:
    found = collect(gateway, user, None if whole or as_json else SHOWN)
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    print(f"{'user':<20} {'by':<6} {'inside':<15} {'outside':<22} {'began':<20} {'ended':<20} {'sent':>12} {'received':>12}  why it ended")
    for each in found:
        end = _moment(each["ended"]) if each["state"] == "ended" else each["state"]
        print(f"{each['user']:<20} {each['protocol']:<6} {each['inside']:<15} {each['outside']:<22} {_moment(each['began']):<20} {end:<20} {each['sent']:>12} {each['received']:>12}  {each['cause']}".rstrip())
    if not whole and len(found) == SHOWN:
        print(f"the newest {SHOWN}; all of them: --all")


def _moment(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def waiting(gateway: Gateway) -> int:
    """Bytes that PostgreSQL has not taken yet."""
    folder = gateway.paths.of(WAITING)
    try:
        return sum(entry.stat().st_size for entry in os.scandir(folder) if entry.is_file())
    except FileNotFoundError:
        return 0


def _bound_waiting(gateway: Gateway) -> None:
    """What waits must not fill the disk. The newest goes: FreeRADIUS is reading the oldest (detail.work), and adds to the other."""
    size = waiting(gateway)
    if size > MOST_WAITING:
        gateway.report.say(f"{size} bytes of sessions wait for PostgreSQL, which is more than there is room for: the newest are given up")
        try:
            os.truncate(gateway.paths.of(f"{WAITING}/detail"), 0)
        except FileNotFoundError:
            pass


def trim(gateway: Gateway, now: float) -> int:
    """Takes a few of the oldest out, for the keeper to ask again as long as it was not 0. How many they were."""
    told = settings(gateway)
    if told is None:
        return 0
    if "postgresql" in told:
        _bound_waiting(gateway)
        return 0
    try:
        books = _open(gateway)
        if books is None:
            return 0
        with books:
            oldest = int(now) - 86_400 * int(told.get("keepDays", 90))
            gone = books.execute("DELETE FROM vpn_sessions WHERE rowid IN (SELECT rowid FROM vpn_sessions WHERE told < ? ORDER BY told LIMIT ?)", (oldest, AT_ONCE)).rowcount
            over = books.execute("SELECT count(*) FROM vpn_sessions").fetchone()[0] - MOST_ROWS
            if over > 0:
                gone += books.execute("DELETE FROM vpn_sessions WHERE rowid IN (SELECT rowid FROM vpn_sessions ORDER BY told LIMIT ?)", (min(over, AT_ONCE),)).rowcount
        books.close()
        return gone
    except sqlite3.Error as error:
        raise Failure(f"{FILE}: {error}") from None
