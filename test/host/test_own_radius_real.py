"""FreeRADIUS itself, with the configuration that stands under test/gateway/golden, where it is installed: what it writes in its books."""

import hashlib
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from machine import HERE, HOST

sys.path.insert(0, HOST)
from vpn_gateway import accounting_books, own_radius  # noqa: E402
from vpn_gateway.gateway import Gateway  # noqa: E402

GOLDEN = os.path.join(HERE, "..", "gateway", "golden", "radius-own")
SECRET = b"canaryOfTheOwnServer8431"
START, STOP, INTERIM = 1, 2, 3
HOSTILE = ["o'neil", 'a"b', "100%", "a=27", "=3D", "\u00e9\u6f22\U0001f600", "back\\\\slash\\", "%{User-Name}", "${x} $ENV{HOME}", "'); DROP TABLE vpn_sessions; --", "a,b", "x" * 64]


@unittest.skipUnless(shutil.which("freeradius"), "needs freeradius")
class RealBooksTest(unittest.TestCase):
    def setUp(self) -> None:
        self.root = tempfile.mkdtemp(prefix="vpn-gateway-radius-")
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        run, state, etc = (f"{self.root}{path}" for path in (own_radius.RUN, own_radius.STATE, own_radius.FOLDER))
        for folder in (run, state, etc):
            os.makedirs(folder)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        for name in os.listdir(GOLDEN + own_radius.FOLDER):
            with open(f"{GOLDEN}{own_radius.FOLDER}{name}") as file:
                text = file.read()
            text = text.replace(own_radius.RUN, run).replace(own_radius.STATE, state)
            text = text.replace("port = 1812", "port = 0").replace("port = 1813", f"port = {self.port}").replace('type = "auth"\n    ipaddr = "127.0.0.1"\n    port = 0', f'type = "auth"\n    ipaddr = "127.0.0.2"\n    port = {self.port}')
            for folder in (run, etc):
                with open(f"{folder}/{name}", "w") as file:
                    file.write(text)
        open(f"{run}/dictionary", "w").close()
        self.server = subprocess.Popen(["freeradius", "-f", "-l", "stdout", "-d", run], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(self.end)
        said = ""
        for line in self.server.stdout:
            said += line
            if "Ready to process requests" in line:
                break
        self.assertIn("Ready to process requests", said)
        self.gateway = Gateway(self.root, "test")

    def end(self) -> None:
        self.server.terminate()
        self.server.communicate()

    def tell(self, kind: int, session: str, user: str, *more: tuple[int, bytes], ppp: bool = False) -> None:
        """RFC 2866. Waits for the answer."""
        attributes = [(40, struct.pack("!I", kind)), (44, session.encode()), (1, user.encode()), (32, b"office"), (31, b"198.51.100.9[4500]"), (8, bytes([10, 77, 2, 2])), *more]
        if ppp:
            attributes.append((7, struct.pack("!I", 1)))
        body = b"".join(bytes([number, len(value) + 2]) + value for number, value in attributes)
        head = struct.pack("!BBH", 4, os.urandom(1)[0], 20 + len(body))
        packet = head + hashlib.md5(head + bytes(16) + body + SECRET).digest() + body
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outlet:
            outlet.settimeout(5)
            outlet.sendto(packet, ("127.0.0.1", self.port))
            self.assertEqual(outlet.recv(4096)[0], 5)

    def books(self) -> list[dict]:
        return accounting_books.collect(self.gateway, None, None)

    def test_a_session_is_one_row_from_its_beginning_to_its_end(self) -> None:
        self.tell(START, "1", "ann")
        self.assertEqual([(each["user"], each["protocol"], each["state"], each["inside"], each["outside"]) for each in self.books()], [("ann", "ikev2", "open", "10.77.2.2", "198.51.100.9[4500]")])
        number = struct.Struct("!I").pack
        self.tell(INTERIM, "1", "ann", (46, number(30)), (42, number(5)), (43, number(6)))
        self.assertEqual([(each["seconds"], each["sent"], each["received"], each["state"]) for each in self.books()], [(30, 5, 6, "open")])
        self.tell(STOP, "1", "ann", (46, number(60)), (42, number(7)), (43, number(8)), (52, number(1)), (53, number(2)), (49, number(1)))
        row = self.books()[0]
        self.assertEqual((row["seconds"], row["sent"], row["received"], row["state"], row["cause"]), (60, (1 << 32) + 7, (2 << 32) + 8, "ended", "User-Request"))
        # What comes late, or twice, makes nothing of that undone.
        self.tell(INTERIM, "1", "ann", (46, number(30)), (42, number(5)), (43, number(6)))
        self.tell(START, "1", "ann")
        self.assertEqual(self.books(), [{**row, "told": self.books()[0]["told"]}])

    def test_an_end_without_a_beginning_is_a_session_too(self) -> None:
        self.tell(STOP, "7", "ann", (46, struct.pack("!I", 100)), (41, struct.pack("!I", 5)), ppp=True)
        row = self.books()[0]
        self.assertEqual((row["protocol"], row["seconds"], row["state"], row["ended"] - row["began"]), ("l2tp", 100, "ended", 100))
        self.assertAlmostEqual(row["ended"], time.time() - 5, delta=3)

    def test_hostile_names_stay_what_they_are(self) -> None:
        for number, name in enumerate(HOSTILE):
            self.tell(START, str(number), name)
        self.assertEqual(sorted(each["user"] for each in self.books()), sorted(HOSTILE))
        for name in HOSTILE:
            self.assertEqual([each["user"] for each in accounting_books.collect(self.gateway, name, None)], [name])

    def test_books_that_cannot_be_written_keep_nobody_waiting(self) -> None:
        os.unlink(self.root + accounting_books.FILE)
        os.mkdir(self.root + accounting_books.FILE)
        began = time.time()
        self.tell(START, "1", "ann")
        self.assertLess(time.time() - began, 2)


if __name__ == "__main__":
    unittest.main()
