"""A gateway in a temporary directory: the real command, with fake programs and a fake charon."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import spawner
from fake_charon import FakeCharon

HERE = os.path.dirname(os.path.abspath(__file__))
HOST = os.path.join(HERE, "..", "..", "host")
# Of this process alone, unless whoever runs several has one for all: compiling takes longer than most tests.
CACHE = os.environ.get("PYTHONPYCACHEPREFIX") or tempfile.mkdtemp(prefix="vpn-gateway-compiled-")
if "PYTHONPYCACHEPREFIX" not in os.environ:
    atexit.register(shutil.rmtree, CACHE, ignore_errors=True)
PROGRAMS = (
    "ip bridge tc keepalived systemctl systemd-run modprobe nft swanctl pppd dpkg-query dpkg systemd-analyze journalctl apt-get vtysh".split()
)


def part_text(name: str, files: dict[str, str], *headers: str, secret: bool = False) -> str:
    """A part as gateway/formats/part.ts writes it."""
    lines = [f"part {name}", *headers]
    for path, content in files.items():
        lines.append(f"file {path} {'0600' if secret else '0644'}")
        lines += [f"{path} | {line}" if line else f"{path} |" for line in content.splitlines()]
    return "\n".join([*lines, "end", ""])


class Spawner:
    """One for each place that the command is run from (test/host/spawner.py)."""

    _started: dict[str, Spawner] = {}

    @classmethod
    def of(cls, pythonpath: str) -> Spawner:
        if pythonpath not in cls._started:
            cls._started[pythonpath] = cls(pythonpath)
        return cls._started[pythonpath]

    def __init__(self, pythonpath: str) -> None:
        self.folder = tempfile.mkdtemp(prefix="vpn-gateway-spawner-")
        self.path = f"{self.folder}/socket"
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{pythonpath}:{HERE}", "PYTHONPYCACHEPREFIX": CACHE}
        self.process = subprocess.Popen(
            # As on a gateway, without what is installed beside Python here (-S): some of it takes longer to load than ours.
            [sys.executable, "-S", "-m", "spawner", self.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        atexit.register(self.end)
        assert self.process.stdout and self.process.stdout.readline() == b"ready\n"

    def end(self) -> None:
        self.process.communicate()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, arguments: list[str], stdin: str, environment: dict[str, str]) -> subprocess.CompletedProcess:
        streams = [os.memfd_create(name) for name in ("stdin", "stdout", "stderr")]
        try:
            os.write(streams[0], stdin.encode())
            os.lseek(streams[0], 0, os.SEEK_SET)
            status = spawner.ask(self.path, arguments, environment, streams, patience=60)
            told = []
            for stream in streams[1:]:
                os.lseek(stream, 0, os.SEEK_SET)
                with os.fdopen(os.dup(stream)) as file:
                    told.append(file.read())
        finally:
            for stream in streams:
                os.close(stream)
        return subprocess.CompletedProcess(arguments, status, *told)


class MachineTest(unittest.TestCase):
    """Gives each test a machine of its own."""

    def setUp(self) -> None:
        self.state = tempfile.mkdtemp(prefix="vpn-gateway-test-")
        self.addCleanup(shutil.rmtree, self.state, ignore_errors=True)
        self.root = f"{self.state}/root"
        for folder in ("active", "enabled", "absent", "alias-only", "broken", "no-module", "not-installed", "bin"):
            os.mkdir(f"{self.state}/{folder}")
        for folder in ("etc/ppp", "var/log", "run", "proc/sys/net/ipv4", "proc/sys/kernel/random", "sys/module"):
            os.makedirs(f"{self.root}/{folder}")
        for program in PROGRAMS:
            os.symlink(f"{HERE}/fakes/program", f"{self.state}/bin/{program}")
        self.write("/proc/sys/net/ipv4/ip_forward", "0\n")
        self.write("/proc/sys/kernel/random/boot_id", "boot-1\n")
        self.environment = {
            "PATH": f"{self.state}/bin:{os.environ['PATH']}",
            "FAKE_STATE": self.state,
            "PYTHONPATH": HOST,
            "PYTHONPYCACHEPREFIX": CACHE,  # a command starts in half the time when it is not compiled anew
        }

    def start_charon(self, socket: str = "/run/charon.vici") -> FakeCharon:
        charon = FakeCharon(self.root, socket)
        self.addCleanup(charon.stop)
        self.mark("active/strongswan.service")
        return charon

    def write(self, path: str, text: str) -> None:
        os.makedirs(os.path.dirname(self.root + path), exist_ok=True)
        with open(self.root + path, "w") as file:
            file.write(text)

    def read(self, path: str) -> str:
        with open(self.root + path) as file:
            return file.read()

    def exists(self, path: str) -> bool:
        return os.path.lexists(self.root + path)

    def mark(self, name: str, text: str = "") -> None:
        with open(f"{self.state}/{name}", "w") as file:
            file.write(text)

    def unmark(self, name: str) -> None:
        os.unlink(f"{self.state}/{name}")

    def calls(self, start: str = "") -> list[str]:
        try:
            with open(f"{self.state}/calls") as file:
                return [line.rstrip("\n") for line in file if line.startswith(start)]
        except FileNotFoundError:
            return []

    def forget_calls(self) -> None:
        self.mark("calls")

    def command(self, *arguments: str) -> list[str]:
        # As on a gateway, without what is installed beside Python here (-S): some of it takes longer to load than ours.
        return [sys.executable, "-S", "-m", "vpn_gateway", "--root", self.root, *arguments]

    def start(self, *arguments: str, stdin: str = "", **more: str) -> subprocess.Popen:
        """Starts a command and gives it its standard input."""
        process = subprocess.Popen(
            self.command(*arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**self.environment, **more},
            text=True,
        )
        assert process.stdin
        process.stdin.write(stdin)
        process.stdin.close()
        process.stdin = None  # communicate() would flush it again
        self.addCleanup(self._end, process)
        return process

    @staticmethod
    def _end(process: subprocess.Popen) -> None:
        process.wait()
        for stream in (process.stdout, process.stderr):
            stream.close()

    def run_command(self, *arguments: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess:
        environment = {**self.environment, **more}
        return Spawner.of(environment["PYTHONPATH"]).run(["--root", self.root, *arguments], stdin, environment)

    def apply(self, text: str, expect: int = 0, **more: str) -> subprocess.CompletedProcess:
        name = text.split("\n")[0].split()[1]
        done = self.run_command("apply", name, stdin=text, **more)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done

    def status(self) -> dict:
        done = self.run_command("status", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def part_status(self, name: str) -> dict:
        return next(part for part in self.status()["parts"] if part["name"] == name)

    def leftovers(self) -> list[str]:
        """Files that only exist while a change is under way."""
        return [
            os.path.join(folder, name)
            for folder, _, names in os.walk(self.root)
            for name in names
            if name.endswith(".vpn-gateway-new") or name == "journal.json"
        ]
