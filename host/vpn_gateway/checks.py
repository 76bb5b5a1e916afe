"""What can be known to be wrong before anything is changed, by the programs' own checkers on the staged text."""

from __future__ import annotations

import json
import os
import shutil
import tempfile

from . import admitted, charon, frr, keepalived, kernel, lac, layer2, layout, nftables, own_radius, packages, ppp, site_firewall, sites, systemd
from .errors import Failure
from .gateway import Gateway
from .part import Part, PartFile
from .programs import words
from .store import Store


def conflicts(gateway: Gateway, part: Part) -> list[str]:
    """Another distribution than the description's, or paths that another part holds already."""
    elsewhere = layout.mismatch(gateway.paths)
    return [elsewhere] if elsewhere else [
        f"{path} belongs to part {name}"
        for name, other in gateway.others(part.name).items()
        for path in part.files
        if path in other.files
    ]


def problems(gateway: Gateway, store: Store, part: Part, generation: int, changed: list[str]) -> list[str]:
    """All problems at once. Only changed files are checked, but for what depends on the machine."""
    found = []
    for path in changed:
        file = part.files.get(path)
        if file:
            staged = store.tree(generation) + path
            try:
                problem = _check(gateway, file, staged)
            except (Failure, UnicodeDecodeError) as error:
                problem = str(error)
            if problem:
                found.append(_named(path, problem.replace(staged, path)))
    units = [path for path in changed if path in part.files and systemd.unit_of(path)]
    found += _check_units(gateway, {path: store.tree(generation) + path for path in units})
    found += own_radius.staged_problems(gateway, part, changed)
    return found + [problem for problem in (packages.ikev1_problem(gateway, part), nftables.beside(gateway, part)) if problem]


def _check(gateway: Gateway, file: PartFile, staged: str) -> str | None:
    path = file.path
    if nftables.is_ruleset(path):
        return nftables.check(gateway, staged)
    if site_firewall.is_ours(path):
        return site_firewall.check(gateway, path, file.content)
    if charon.is_conf(path) or charon.is_settings(path):
        # Secrets may be pushed before the part that brings strongSwan; it judges them when it starts.
        return charon.check(gateway, staged) if gateway.programs.has("swanctl") else None
    if path in ppp.SECRETS:
        return ppp.check_secrets(file.content)
    if ppp.is_options(path):
        return ppp.check_options(gateway, staged)
    if path == "/etc/xl2tpd/xl2tpd.conf" or lac.is_daemon_conf(path):
        return _check_xl2tpd(file.content)
    if path == keepalived.FILE:
        return keepalived.check(gateway, staged)
    if path.startswith(kernel.SYSCTL_FOLDER):
        return _check_sysctl(gateway, file.content)
    if path == admitted.PATH:
        admitted.parse(file.content)
        return None
    if sites.is_description(path):
        return sites.check(gateway, path, file.content)
    if layer2.is_description(path):
        return layer2.check(gateway, file.content)
    if frr.is_ours(path):
        return frr.check(gateway, path, file.content)
    if path.endswith(".json"):
        json.loads(file.content)
    return None


def _check_sysctl(gateway: Gateway, content: bytes) -> str | None:
    missing = [
        key
        for key in kernel.sysctls_in(content)
        if not key.startswith("-") and "*" not in key and not kernel.sysctl_files(gateway, key)
    ]
    return f"the kernel {os.uname().release} has no sysctl {', '.join(missing)}" if missing else None


def _check_xl2tpd(content: bytes) -> str | None:
    """xl2tpd has no checker, and dies at its next start."""
    section = False
    for number, line in enumerate(content.decode().splitlines(), 1):
        line = line.strip()
        if line.startswith("["):
            section = line.endswith("]")
            if not section:
                return f"line {number}: a section's `]` is missing"
        elif line and line[0] not in ";#":
            if "=" not in line:
                return f"line {number}: not `key = value`"
            if not section:
                return f"line {number}: stands before the first section"
    return None


def _check_units(gateway: Gateway, staged: dict[str, str]) -> list[str]:
    """
    All units in one call, which takes seconds on a small machine. `systemd-analyze verify` exits with 0 after most
    mistakes, so its words about our files are what counts. A drop-in is judged on a bare unit: the real one may not be
    installed as a file (xl2tpd's comes from a SysV script).
    """
    with tempfile.TemporaryDirectory(prefix="vpn-gateway-") as folder:
        copies = {path: _copy_unit(folder, number, path, file) for number, (path, file) in enumerate(staged.items())}
        if not copies:
            return []
        result = gateway.programs.run("systemd-analyze", "verify", "--man=no", *(unit for unit, _copy in copies.values()))
        found = []
        for path, (unit, copy) in copies.items():
            lines = [line.replace(copy, path) for line in result.shown.splitlines() if copy in line or os.path.basename(unit) in line]
            if lines:
                found.append(_named(path, "\n  ".join(line.replace(f"{os.path.dirname(unit)}/", "") for line in lines)))
        return found or ([] if result.ok else [words(result)])


def _copy_unit(folder: str, number: int, path: str, staged: str) -> tuple[str, str]:
    """The unit to be verified and the copy of our file in it, each in a folder of its own."""
    own = f"{folder}/{number}"
    os.mkdir(own)
    if path.endswith(".conf"):
        kind = systemd.unit_of(path).rsplit(".", 1)[-1]  # type: ignore[union-attr]
        unit = f"{own}/checked{number}.{kind}"
        with open(unit, "w") as file:
            file.write("[Service]\nExecStart=/bin/true\n" if kind == "service" else "[Unit]\n")
        os.mkdir(f"{unit}.d")
        copy = f"{unit}.d/{os.path.basename(path)}"
    else:
        unit = copy = f"{own}/{os.path.basename(path)}"
    shutil.copyfile(staged, copy)
    return unit, copy


def _named(path: str, problem: str) -> str:
    return problem if problem.startswith(path) else f"{path}: {problem}"
