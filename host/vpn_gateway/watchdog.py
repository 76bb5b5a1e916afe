"""
`vpn-gateway watchdog`, a service on every gateway: kills an IKE daemon that hangs, and systemd starts it again. It hangs where
for a minute it has answered neither its control socket nor a question by IKE, and none of its threads had anything to do
but wait. One that is only busy is left alone: its end would cut everybody off, and a crowd that dials at once keeps it busy.
"""

from __future__ import annotations

import glob
import os
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
IDLE = 0.05  # of a processor: what the timers of a daemon that hangs may still take
# proc(5): what runs or wants to, waits for a disk, or is held by a debugger.
AT_WORK = ("R", "D", "t")


@dataclass(frozen=True)
class Silence:
    """Of one process: since when it is silent, and the processor's seconds that it had taken by then."""

    process: int
    since: float
    taken: float


class Watchdog:
    def __init__(self, gateway: Gateway, ike_port: int = 500) -> None:
        self.gateway = gateway
        self.ike_port = ike_port
        self.silence: Silence | None = None

    def look(self, now: float) -> bool:
        """Whether it killed the daemon. `now`: seconds of a clock that nobody sets."""
        process = 0 if self._answers() else systemd.main_process(self.gateway, charon.UNIT)
        seen = _threads(self.gateway, process) if process else None
        if seen is None or any(state in AT_WORK for state in seen.states):
            self.silence = None
            return False
        before = self.silence
        if before is None or before.process != process or seen.taken - before.taken > IDLE * (now - before.since):
            self.silence = Silence(process, now, seen.taken)
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
class Threads:
    states: tuple[str, ...]
    taken: float  # seconds of a processor, by all of them


def _threads(gateway: Gateway, process: int) -> Threads | None:
    """None where the process is gone."""
    states, ticks = [], 0
    for path in glob.glob(gateway.paths.of(f"/proc/{process}/task/*/stat")):
        try:
            with open(path) as file:
                # After the name in brackets, which may hold anything: state is field 3, utime and stime 14 and 15 of proc(5).
                fields = file.read().rpartition(")")[2].split()
            states.append(fields[0])
            ticks += int(fields[11]) + int(fields[12])
        except (OSError, ValueError, IndexError):
            continue  # a thread that ended
    return Threads(tuple(states), ticks / os.sysconf("SC_CLK_TCK")) if states else None


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
