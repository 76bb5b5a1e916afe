"""Running programs: no shell, no secret in argv or environment, output cleaned before anybody sees it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

from .errors import Failure
from .redact import Redactor

# ssh gives a short PATH to some users; the daemons' tools are in sbin.
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Result:
    """What a program answered: its exit status, stdout and stderr in one text, and the same with no secret in it."""

    status: int
    output: str  # to be read by code
    shown: str  # to be read by people

    @property
    def ok(self) -> bool:
        return self.status == 0


class Programs:
    """The one door to other programs."""

    def __init__(self, redactor: Redactor, path: str = SYSTEM_PATH) -> None:
        self.redactor = redactor
        self.path = path

    def has(self, name: str) -> bool:
        return any(os.access(os.path.join(folder, name), os.X_OK) for folder in self.path.split(":"))

    def run(
        self,
        *argv: str,
        stdin: str | None = None,
        environment: dict[str, str] | None = None,
        timeout: float = 120,
        merge: bool = True,
    ) -> Result:
        """Runs a program to its end. `timeout` is in seconds. `merge` false: stderr is dropped (for JSON)."""
        known = {"PATH": self.path, "LC_ALL": "C.UTF-8", "HOME": "/root", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"}
        if "FAKE_STATE" in os.environ:  # the unit tests' fake programs
            known["FAKE_STATE"] = os.environ["FAKE_STATE"]
        try:
            done = subprocess.run(
                argv,
                input=stdin.encode() if stdin is not None else b"",
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT if merge else subprocess.DEVNULL,
                env={**known, **(environment or {})},
                timeout=timeout,
                cwd="/",
            )
        except FileNotFoundError:
            raise Failure(f"{argv[0]} is not installed: the part must name its package") from None
        except subprocess.TimeoutExpired:
            raise Failure(f"`{' '.join(argv)}` did not end within {timeout:.0f} s") from None
        output = done.stdout.decode(errors="replace")
        return Result(done.returncode, output, self.redactor.clean(output))

    def must(self, what: str, *argv: str, **how: object) -> None:
        """Runs a program that has to succeed; `what` says in the error what was being done."""
        result = self.run(*argv, **how)  # type: ignore[arg-type]
        if not result.ok:
            raise Failure(f"{what}: {words(result)}")


def words(result: Result, most: int = 12) -> str:
    """A program's own words, its last `most` lines, in one text for an error."""
    lines = [line.rstrip() for line in result.shown.splitlines() if line.strip()]
    return "\n  ".join(lines[-most:]) or f"exit status {result.status}, without a word"
