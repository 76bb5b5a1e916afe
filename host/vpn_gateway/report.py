"""What a command says: results to stdout, progress to stderr, both to the log."""

import os
import sys
import time

from .paths import Paths

LOG_LIMIT = 1 << 20  # bytes; then the log starts anew and one old one is kept


class Report:
    """Never fails: a lost SSH session or a full disk must not stop what is being done."""

    def __init__(self, paths: Paths, command: str) -> None:
        self.paths = paths
        self.command = command

    def say(self, text: str) -> None:
        """Progress, for a person."""
        self._log(text)
        self._write(sys.stderr, f"vpn-gateway: {text}\n")

    def result(self, text: str) -> None:
        """The answer, for a program: the same words for the same state."""
        self._log(text)
        self._write(sys.stdout, f"{text}\n")

    def _write(self, stream: object, text: str) -> None:
        try:
            stream.write(text)  # type: ignore[attr-defined]
            stream.flush()  # type: ignore[attr-defined]
        except (OSError, ValueError):
            pass

    def _log(self, text: str) -> None:
        try:
            log = self.paths.log
            if os.path.exists(log) and os.path.getsize(log) > LOG_LIMIT:
                os.replace(log, f"{log}.1")
            moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            with os.fdopen(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640), "a") as file:
                file.write(f"{moment} [{os.getpid()}] {self.command}: {text}\n")
        except OSError:
            pass
