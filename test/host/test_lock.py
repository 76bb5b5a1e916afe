"""A push waits for one other, not for a whole queue of them."""

import fcntl
import os
import sys
import tempfile
import threading
import time
import unittest

from machine import HOST

sys.path.insert(0, HOST)
from vpn_gateway import lock  # noqa: E402
from vpn_gateway.errors import Failure  # noqa: E402


class Paths:
    def __init__(self, root: str) -> None:
        self.lock = os.path.join(root, "run", "lock")


class Report:
    def say(self, line: str) -> None:
        pass


class TheLock(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.paths = Paths(directory.name)
        os.makedirs(os.path.dirname(self.paths.lock))

    def others(self, count: int, seconds: float) -> threading.Thread:
        """Each holds it in turn, and the next has it before anybody who polls."""
        handle = os.open(self.paths.lock, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)

        def hold() -> None:
            for number in range(count):
                os.ftruncate(handle, 0)
                os.pwrite(handle, f"pid {number}, apply site-{number}\n".encode(), 0)
                time.sleep(seconds)
            os.close(handle)

        thread = threading.Thread(target=hold)
        thread.start()
        self.addCleanup(thread.join)
        return thread

    def test_a_queue_that_moves_is_waited_for(self) -> None:
        self.others(5, 0.5)
        began = time.monotonic()
        with lock.held(self.paths, Report(), "apply base", patience=1.5):
            self.assertGreater(time.monotonic() - began, 2)

    def test_one_that_does_not_end_is_named(self) -> None:
        self.others(1, 2)
        with self.assertRaisesRegex(Failure, r"another change holds the gateway \(pid 0, apply site-0\) and did not end within 0 s"):
            with lock.held(self.paths, Report(), "apply base", patience=0.4):
                self.fail("nobody gave it up")


if __name__ == "__main__":
    unittest.main()
