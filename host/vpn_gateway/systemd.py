"""Units: reloading, starting, and giving back the state that a service had before us."""

from __future__ import annotations

import os
import re
import time

from .errors import Failure
from .gateway import Gateway
from .programs import words

FOLDER = "/etc/systemd/system/"
UNIT = re.compile(r"/etc/systemd/system/([A-Za-z0-9@:_.-]+\.(?:service|socket|timer|target|path|mount))$")
DROP_IN = re.compile(r"/etc/systemd/system/([A-Za-z0-9@:_.-]+\.(?:service|socket|timer|target|path|mount))\.d/[^/]+\.conf$")
SETTLE = 1.0  # seconds after which a service that was started must still run


def unit_of(path: str) -> str | None:
    """The unit whose definition a file changes."""
    found = UNIT.fullmatch(path) or DROP_IN.fullmatch(path)
    return found[1] if found else None


def properties(gateway: Gateway, unit: str) -> dict[str, str]:
    wanted = "LoadState,ActiveState,Result,WantedBy,RequiredBy"
    result = gateway.programs.run("systemctl", "show", f"--property={wanted}", "--", unit)
    return dict(line.split("=", 1) for line in result.output.splitlines() if "=" in line)


def main_process(gateway: Gateway, unit: str) -> int:
    """Its number; 0 where the service does not run."""
    found = gateway.programs.run("systemctl", "show", "--property=MainPID", "--", unit).output.strip().partition("=")[2]
    return int(found) if found.isdigit() else 0


def is_active(gateway: Gateway, unit: str) -> bool:
    return properties(gateway, unit).get("ActiveState") in ("active", "reloading")


def is_stopping(gateway: Gateway) -> bool:
    """Whether the machine itself is on its way down (systemctl(1), is-system-running)."""
    return gateway.programs.run("systemctl", "is-system-running").output.strip() == "stopping"


def daemon_reload(gateway: Gateway) -> None:
    gateway.programs.must("systemd could not read its units", "systemctl", "daemon-reload")


def restart(gateway: Gateway, unit: str) -> None:
    _do(gateway, "restart", unit)


def ensure(gateway: Gateway, unit: str) -> bool:
    """Enables and starts a service of a part, remembering how it was. True if it had to be started."""
    found = properties(gateway, unit)
    if found.get("LoadState") == "not-found":
        raise Failure(f"there is no unit {unit}: the part must name the package that brings it")
    # is-enabled and not UnitFileState: of xl2tpd, a SysV script, the latter says only `generated`.
    # And not that alone: an alias's symlink counts for it, though nothing would start the unit at boot.
    wanted = bool(found.get("WantedBy") or found.get("RequiredBy"))
    enabled = wanted and gateway.programs.run("systemctl", "is-enabled", "--quiet", "--", unit).ok
    active = found.get("ActiveState") in ("active", "reloading")
    if unit not in gateway.originals.services:
        gateway.originals.services[unit] = {"active": active, "enabled": enabled}
        gateway.originals.save()
    if not enabled:
        enable(gateway, unit)
    if not active:
        _do(gateway, "start", unit)
    return not active


def remember_absent(gateway: Gateway, units: list[str]) -> None:
    """
    Before packages are installed: a unit that comes with one, and that the distribution starts by itself with a
    configuration of its own, was not there before us, and does not stay when we go.
    """
    for unit in units:
        if unit not in gateway.originals.services and properties(gateway, unit).get("LoadState") == "not-found":
            gateway.originals.services[unit] = {"active": False, "enabled": False}
            gateway.originals.save()


def enable(gateway: Gateway, unit: str) -> None:
    """
    For the next boot, which reads all units anyway: without the reload that `enable` brings (seconds of a small machine,
    once for each service), and of a unit that is ours without the script of the same name, whose hook reloads twice.
    """
    ours = os.path.exists(gateway.paths.of(FOLDER + unit))
    gateway.programs.must(
        f"could not enable {unit}", "systemctl", "enable", "--no-reload", "--quiet", "--", unit,
        environment={"SYSTEMCTL_SKIP_SYSV": "1"} if ours else {},
    )


def _do(gateway: Gateway, verb: str, unit: str) -> None:
    # A unit that was restarted too often refuses; what was broken may be mended now.
    gateway.programs.run("systemctl", "reset-failed", "--", unit)
    result = gateway.programs.run("systemctl", verb, "--", unit)
    if not result.ok:
        raise Failure(f"could not {verb} {unit}: {last_words(gateway, unit) or words(result)}")


def last_words(gateway: Gateway, unit: str, lines: int = 12) -> str:
    """What a unit's processes logged last."""
    result = gateway.programs.run(
        "journalctl", "--quiet", "--no-pager", "--output=cat", f"--lines={lines}", f"--unit={unit}", merge=False
    )
    return words(result, lines) if result.ok and result.output.strip() else ""


def give_back(gateway: Gateway, unit: str) -> None:
    """A service that no part needs any more becomes what it was before us."""
    was = gateway.originals.services.pop(unit, None)
    if was is None:
        return
    # Stopped first: `disable` makes systemd read its units anew, and forget one whose file is gone.
    if not was["active"]:
        gateway.programs.run("systemctl", "stop", "--", unit)
    if not was["enabled"]:
        gateway.programs.run("systemctl", "disable", "--", unit)
    gateway.originals.save()


def stopped(gateway: Gateway, units: list[str], just_started: bool = False) -> list[str]:
    """Which of `units` do not run; after a start, looked at twice, for one that dies at once."""
    if just_started and gateway.is_real():
        time.sleep(SETTLE)
    problems = []
    for unit in units:
        found = properties(gateway, unit)
        if found.get("ActiveState") not in ("active", "reloading"):
            state = f"{found.get('ActiveState', 'unknown')} ({found.get('Result', 'unknown')})"
            problems.append(f"{unit} does not run, it is {state}: {last_words(gateway, unit)}")
    return problems
