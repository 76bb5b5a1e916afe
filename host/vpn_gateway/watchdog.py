"""
`vpn-gateway watchdog`, a service on every gateway: kills an IKE daemon that hangs, and systemd starts it again. It hangs where
for a minute it has answered neither its control socket nor a question by IKE, none of its threads ran or wanted to, and most did
not wake up once. One that is only busy is left alone, for its end would cut everybody off: a crowd that dials at once keeps
it busy, and threads that wait for a RADIUS server wake up to ask it again.
"""

from __future__ import annotations

import glob
import os
import re
import signal
import sys
import time
from dataclasses import dataclass

from . import charon, pair, systemd
from .errors import Failure
from .gateway import Gateway
from .vici import Vici

INTERVAL = 10.0  # seconds between two looks
PATIENCE = 5.0  # seconds for each answer
SILENT = 60.0  # seconds without one, after which it is killed
HALF = 0.5  # of its threads: those that turn its timers and receive its packets are four, of 16 or more, and go on
# proc(5): what runs or wants to, waits for a disk, or is held by a debugger.
AT_WORK = ("R", "D", "t")


@dataclass(frozen=True)
class Silence:
    """Of one process: since when it is silent, and how often each of its threads had woken up by then."""

    process: int
    since: float
    woken: dict[str, int]


class Watchdog:
    def __init__(self, gateway: Gateway, ike_port: int = 500) -> None:
        self.gateway = gateway
        self.ike_port = ike_port
        self.silence: Silence | None = None

    def look(self, now: float) -> bool:
        """Whether it killed the daemon. `now`: seconds of a clock that nobody sets."""
        process = 0 if self._answers() else systemd.main_process(self.gateway, charon.UNIT)
        seen = _threads(self.gateway, process) if process else {}
        if not seen or any(thread.state in AT_WORK for thread in seen.values()):
            self.silence = None
            return False
        before = self.silence
        if before is None or before.process != process or sum(thread.woken != before.woken.get(name) for name, thread in seen.items()) > HALF * len(seen):
            self.silence = Silence(process, now, {name: thread.woken for name, thread in seen.items()})
            return False
        if now - before.since < SILENT:
            return False
        self.gateway.report.say(f"the IKE daemon hangs: it has not answered for {now - before.since:.0f} s, and none of its threads works. It is killed, and started again")
        # Not aborted: a core holds everybody's keys.
        os.kill(process, signal.SIGKILL)
        self.silence = None
        return True

    def _answers(self) -> bool:
        """By its control socket, which costs it least; where that is silent, by IKE."""
        try:
            with Vici(self.gateway.paths.of(charon.SOCKET), PATIENCE) as vici:
                vici.request("version")
            return True
        except (Failure, OSError):
            return pair.ike_answers("127.0.0.1", PATIENCE, self.ike_port)


@dataclass(frozen=True)
class Thread:
    state: str
    woken: int  # how often it gave a processor back or had it taken away


def _threads(gateway: Gateway, process: int) -> dict[str, Thread]:
    """By their numbers (proc(5), status); empty where the process is gone."""
    found = {}
    for path in glob.glob(gateway.paths.of(f"/proc/{process}/task/*/status")):
        try:
            with open(path) as file:
                said = file.read()
        except OSError:
            continue  # a thread that ended
        state = re.search(r"^State:\s+(\S)", said, re.M)
        if state:
            found[path.split("/")[-2]] = Thread(state[1], sum(map(int, re.findall(r"^(?:non)?voluntary_ctxt_switches:\s+(\d+)", said, re.M))))
    return found


def guard(gateway: Gateway) -> None:
    """Until it is told to end."""
    signal.signal(signal.SIGTERM, lambda *_ignored: sys.exit(0))
    watchdog, failed = Watchdog(gateway), ""
    while True:
        try:
            watchdog.look(time.monotonic())
            failed = ""
        except (Failure, OSError) as error:
            if str(error) != failed:
                gateway.report.say(f"will look again: {error}")
            failed = str(error)
        time.sleep(INTERVAL)
