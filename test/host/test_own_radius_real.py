"""FreeRADIUS itself, with the configuration that stands under test/gateway/golden, where it is installed: what it writes in its books."""

import glob
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

TREES = os.path.join(HERE, "..", "gateway", "golden")
SECRET = b"canaryOfTheOwnServer8431"
START, STOP, INTERIM = 1, 2, 3
HOSTILE = ["o'neil", 'a"b', "100%", "a=27", "=3D", "\u00e9\u6f22\U0001f600", "back\\\\slash\\", "%{User-Name}", "${x} $ENV{HOME}", "'); DROP TABLE vpn_sessions; --", "a,b", "x" * 64]


class RealFreeradius(unittest.TestCase):
    tree = ""

    def start(self, changed: dict[str, str]) -> None:
        """`changed`: what stands elsewhere here than on a gateway."""
        self.root = tempfile.mkdtemp(prefix="vpn-gateway-radius-")
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        run, state, etc = (f"{self.root}{path}" for path in (own_radius.RUN, own_radius.STATE, own_radius.FOLDER))
        for folder in (run, state, etc):
            os.makedirs(folder)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        golden = f"{TREES}/{self.tree}{own_radius.FOLDER}"
        for name in os.listdir(golden):
            with open(golden + name) as file:
                text = file.read()
            for before, after in changed.items():
                text = text.replace(before, after)
            text = text.replace(own_radius.RUN, run).replace(own_radius.STATE, state)
            text = text.replace("port = 1812", "port = 0").replace("port = 1813", f"port = {self.port}").replace('type = "auth"\n    ipaddr = "127.0.0.1"\n    port = 0', f'type = "auth"\n    ipaddr = "127.0.0.2"\n    port = {self.port}')
            for folder in (run, etc):
                with os.fdopen(os.open(f"{folder}/{name}", os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                    file.write(text)
        open(f"{run}/dictionary", "w").close()
        os.makedirs(f"{state}/waiting")
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
        self.server.kill()
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


@unittest.skipUnless(shutil.which("freeradius"), "needs freeradius")
class RealBooksTest(RealFreeradius):
    tree = "radius-own"

    def setUp(self) -> None:
        self.start({})

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


PROGRAMS = next(iter(sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)), "")


@unittest.skipUnless(shutil.which("freeradius") and PROGRAMS and os.geteuid() == 0, "needs freeradius, PostgreSQL and root")
class RealDatabaseTest(RealFreeradius):
    tree = "radius-own-postgresql"

    def setUp(self) -> None:
        self.data = tempfile.mkdtemp(prefix="vpn-gateway-postgresql-")
        self.addCleanup(shutil.rmtree, self.data, ignore_errors=True)
        shutil.chown(self.data, "postgres")
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as free:
            free.bind(("127.0.0.1", 0))
            self.database = free.getsockname()[1]
        self.as_postgres(f"{PROGRAMS}/initdb", "-D", f"{self.data}/data", "-A", "trust", "-U", "postgres", "--no-sync")
        names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", f"{self.data}/data/server.key", "-out", f"{self.data}/data/server.crt")
        self.as_postgres("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names)
        os.chmod(f"{self.data}/data/server.key", 0o600)
        with open(f"{self.data}/data/postgresql.conf", "a") as file:
            file.write(f"listen_addresses = '127.0.0.1'\nport = {self.database}\nssl = on\nfsync = off\nunix_socket_directories = '{self.data}'\n")
        with open(f"{self.data}/data/pg_hba.conf", "w") as file:
            file.write("local all postgres trust\nhostssl vpn vpn-gateway 127.0.0.1/32 scram-sha-256\n")
        self.as_postgres(f"{PROGRAMS}/pg_ctl", "-D", f"{self.data}/data", "-l", f"{self.data}/log", "-w", "start")
        self.addCleanup(self.as_postgres, f"{PROGRAMS}/pg_ctl", "-D", f"{self.data}/data", "-m", "immediate", "stop")
        self.sql("postgres", "CREATE USER \"vpn-gateway\" PASSWORD 'canary:of the\\database 8431'; CREATE DATABASE vpn;")
        with open(f"{TREES}/{self.tree}{own_radius.FOLDER}books.sql") as file:
            self.sql("vpn", file.read())
        with open(f"{self.data}/data/server.crt") as file:
            certificate = file.read()
        authority = "-----BEGIN CERTIFICATE-----\nauthority of the database\n-----END CERTIFICATE-----\n"
        self.start({"db.example.com": "localhost", "5433": str(self.database), authority: certificate, "retry_interval = 10": "retry_interval = 4"})

    def as_postgres(self, *command: str, stdin: str = "") -> str:
        done = subprocess.run(["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd="/", timeout=60)
        self.assertEqual(done.returncode, 0, command)
        return done.stdout

    def sql(self, database: str, text: str) -> list[str]:
        """Statements one after the other; the rows of the last."""
        statements = "\n".join(f"{each};" for each in text.split(";") if each.strip())
        return self.as_postgres(f"{PROGRAMS}/psql", "-h", self.data, "-p", str(self.database), "-U", "postgres", "-d", database, "-qAt", stdin=statements).splitlines()

    def rows(self, least: int) -> list[str]:
        until = time.time() + 30
        while True:
            found = self.sql("vpn", "SELECT protocol, session, username, ended IS NOT NULL, seconds, sent, extract(epoch FROM told)::bigint FROM vpn_sessions ORDER BY session")
            if len(found) >= least or time.time() > until:
                return found
            time.sleep(0.5)

    def signal(self, name: str) -> None:
        with open(f"{self.data}/data/postmaster.pid") as file:
            master = file.readline().strip()
        subprocess.run(["pkill", f"-{name}", "-P", master], check=False)
        subprocess.run(["kill", f"-{name}", master], check=True)

    def test_the_database_has_it_and_its_silence_keeps_nobody_waiting(self) -> None:
        self.tell(START, "1", "o'neil")
        self.tell(STOP, "1", "o'neil", (46, struct.pack("!I", 60)), (42, struct.pack("!I", 7)), (52, struct.pack("!I", 1)))
        row = self.rows(1)[0].split("|")
        deadline = time.time() + 20
        while row[3] != "t" and time.time() < deadline:
            time.sleep(0.5)
            row = self.rows(1)[0].split("|")
        self.assertEqual(row[:6], ["ikev2", "1", "o=27neil", "t", "60", str((1 << 32) + 7)])
        self.signal("STOP")
        try:
            began = time.time()
            for session in ("2", "3"):
                self.tell(STOP, session, "ann", (46, struct.pack("!I", 5)), ppp=True)
            self.assertLess(time.time() - began, 2)
            time.sleep(5)
            self.assertGreater(accounting_books.waiting(self.gateway), 0)
        finally:
            self.signal("CONT")
        late = [each.split("|") for each in self.rows(3)[1:]]
        self.assertEqual([each[:3] for each in late], [["l2tp", "2", "ann"], ["l2tp", "3", "ann"]])
        for each in late:
            self.assertAlmostEqual(int(each[6]), began, delta=3)


if __name__ == "__main__":
    unittest.main()
