"""One change at a time."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator

from .errors import Failure
from .paths import Paths
from .report import Report

PATIENCE = 120.0  # seconds that a push waits for one other; a queue of them that moves may take longer


@contextlib.contextmanager
def held(paths: Paths, report: Report, command: str, patience: float = PATIENCE) -> Iterator[None]:
    """Holds the gateway's lock. The kernel drops it when its holder dies, however it dies."""
    os.makedirs(os.path.dirname(paths.lock), mode=0o700, exist_ok=True)
    handle = os.open(paths.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        before, until, said = "", 0.0, False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                holder = os.pread(handle, 200, 0).decode(errors="replace").strip() or "unknown"
                if holder != before:  # a hundred connections may be pushed at once: each ends, and this one's turn comes
                    before, until = holder, time.monotonic() + patience
                if time.monotonic() >= until:
                    raise Failure(
                        f"another change holds the gateway ({holder}) and did not end within {patience:.0f} s: "
                        "nothing was changed; try again when it is done"
                    ) from None
                if not said:
                    report.say(f"waiting up to {patience:.0f} s for another change to end ({holder})")
                    said = True
                time.sleep(0.2)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"pid {os.getpid()}, {command}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
