"""Whether the machine is what a part says: asked after each change, and by `vpn-gateway check`."""

from __future__ import annotations

from . import charon, files, frr, kernel, layer2, nftables, own_radius, rates, site_firewall, sites, strongswan_conf, swap, systemd
from .errors import Failure, os_error
from .gateway import Gateway
from .part import Part


def drift(gateway: Gateway, part: Part) -> list[str]:
    """Files on disk that are not what the part says."""
    found = []
    for path in part.files:
        want = swap.wanted(gateway, part, path)
        try:
            actual = files.look(gateway.paths.of(path))
        except OSError as error:
            found.append(f"{path}: {os_error(error)}")
            continue
        if not swap.same(actual, want):
            if actual.kind == "absent":
                found.append(f"{path} is missing")
            elif actual.text != want.text or actual.kind != want.kind:
                found.append(f"{path} was changed")
            else:
                found.append(f"{path} has mode {actual.mode:04o} and owner {actual.uid}:{actual.gid}")
    return found


def file_problems(gateway: Gateway, path: str, content: bytes) -> list[str]:
    """Where the running kernel and daemons are not as one file of a part says."""
    if path.startswith(kernel.MODULE_FOLDER):
        return _missing_modules(gateway, kernel.modules_in(content))
    if path.startswith(kernel.SYSCTL_FOLDER):
        return kernel.sysctl_problems(gateway, content)
    if nftables.is_ruleset(path):
        return nftables.problems(gateway, path, content)
    if site_firewall.is_ours(path):
        return site_firewall.problems(gateway, path, content)
    if sites.is_description(path):
        return sites.problems(gateway, path, content)
    if layer2.is_description(path):
        return layer2.problems(gateway, path, content)
    if frr.is_ours(path):
        return frr.problems(gateway, path, content)
    if own_radius.is_ours(path):
        return own_radius.problems(gateway, path, content)
    if charon.is_conf(path) and strongswan_conf.connections(content.decode()):
        return _connections(gateway, path, content)
    return []


def astray(gateway: Gateway, part: Part | None, changed: list[str]) -> list[str]:
    """Files that a change leaves as they are, but that the machine follows no longer."""
    files_left = [file for path, file in part.files.items() if path not in changed] if part else []
    return [file.path for file in files_left if file_problems(gateway, file.path, swap.wanted(gateway, part, file.path).text)]


def _missing_modules(gateway: Gateway, names: list[str]) -> list[str]:
    missing = [name for name in dict.fromkeys(names) if not kernel.module_present(gateway, name)]
    return [f"the kernel module {name} is not loaded" for name in missing]


def problems(gateway: Gateway, part: Part, just_started: bool = False) -> list[str]:
    """All that is not as the part says, in a person's words."""
    found = systemd.stopped(gateway, part.services, just_started)
    found += _missing_modules(gateway, part.modules)
    for file in part.files.values():
        found += file_problems(gateway, file.path, swap.wanted(gateway, part, file.path).text)
    if rates.SETTINGS in part.files:
        found += rates.problems(gateway)
    return list(dict.fromkeys(found + drift(gateway, part)))


def _connections(gateway: Gateway, path: str, content: bytes) -> list[str]:
    try:
        missing = charon.missing_connections(gateway, content)
    except Failure as failure:
        return [f"{path}: {failure}"]
    return [f"{path}: charon has not loaded the connection {name}" for name in missing]


def must_hold(gateway: Gateway, part: Part | None, just_started: bool) -> None:
    found = problems(gateway, part, just_started) if part else []
    if found:
        raise Failure("\n  ".join(found))
