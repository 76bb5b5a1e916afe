"""charon that has much to do is not charon that is gone."""

import os
import socket
import sys
import tempfile
import threading
import time
import unittest

from machine import HOST

sys.path.insert(0, HOST)
from vpn_gateway.errors import Failure  # noqa: E402
from vpn_gateway.vici import Vici  # noqa: E402


class BusyTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "charon.vici")
        self.listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.listener.close)
        self.listener.bind(self.path)
        self.listener.listen(0)
        # As many as may wait to be accepted.
        with self.assertRaises(BlockingIOError):
            while True:
                waiting = socket.socket(socket.AF_UNIX)
                self.addCleanup(waiting.close)
                waiting.setblocking(False)
                waiting.connect(self.path)

    def test_it_is_waited_for(self) -> None:
        def accept() -> None:
            time.sleep(0.3)
            for _ in range(2):
                self.addCleanup(self.listener.accept()[0].close)

        threading.Thread(target=accept, daemon=True).start()
        with Vici(self.path, timeout=20):
            pass

    def test_but_not_for_ever(self) -> None:
        with self.assertRaises(Failure), Vici(self.path, timeout=0.2):
            pass


if __name__ == "__main__":
    unittest.main()
