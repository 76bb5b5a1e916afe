"""What every command works with."""

from __future__ import annotations

import os
import stat

from .errors import Failure
from .originals import Originals
from .part import Part
from .paths import Paths
from .programs import SYSTEM_PATH, Programs
from .redact import Redactor
from .report import Report
from .store import Store


class Gateway:
    """The machine: its paths, its programs, and what was applied to it."""

    def __init__(self, root: str, command: str) -> None:
        self.paths = Paths(root)
        if self.is_real() and os.geteuid() != 0:
            raise Failure(f"vpn-gateway {command} must run as root: use sudo or connect as root")
        self.redactor = Redactor()
        # Under a test's root the caller's PATH comes first: that is where fake programs are.
        path = f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}" if self.paths.root else SYSTEM_PATH
        self.programs = Programs(self.redactor, path)
        self.report = Report(self.paths, command)
        self.originals = Originals(self.paths)

    def store(self, name: str) -> Store:
        return Store(self.paths, name)

    def learn_secrets(self) -> None:
        """Every secret that is on the gateway by our hand, so that no program's answer shows one."""
        for name in self.paths.parts():
            store = self.store(name)
            for generation in {store.state().current, store.state().last}:
                if generation in store.kept():
                    self.learn(store.load(generation))

    def learn(self, part: Part | None) -> None:
        for file in part.files.values() if part else ():
            if file.secret:
                self.redactor.learn(file.path, file.content)

    def others(self, name: str) -> dict[str, Part]:
        """All other parts as they are in force."""
        found = {}
        for other in self.paths.parts():
            part = None if other == name else self.store(other).load(self.store(other).state().current)
            if part:
                found[other] = part
        return found

    def reserve_space(self, size: int = 1 << 20) -> None:
        """
        Keeps `size` bytes aside on the state's disk: going back must work on a disk that filled up meanwhile.
        """
        os.makedirs(self.paths.state, mode=0o700, exist_ok=True)
        handle = os.open(self.paths.reserve, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            if os.fstat(handle).st_size < size:
                os.posix_fallocate(handle, 0, size)
        except OSError as error:
            os.unlink(self.paths.reserve)
            error.filename = error.filename or self.paths.reserve
            raise
        finally:
            os.close(handle)

    def free_reserve(self) -> None:
        try:
            os.unlink(self.paths.reserve)
        except FileNotFoundError:
            pass

    def is_real(self) -> bool:
        return not self.paths.root

    def own_state(self) -> None:
        """The state's directory exists and is root's alone."""
        os.makedirs(self.paths.state, mode=0o700, exist_ok=True)
        if stat.S_IMODE(os.stat(self.paths.state).st_mode) & 0o077:
            os.chmod(self.paths.state, 0o700)
