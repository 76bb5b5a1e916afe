"""Whether the machine is what a part says: asked after each change, and by `vpn-gateway check`."""

from . import charon, files, kernel, nftables, strongswan_conf, swap, systemd
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


def problems(gateway: Gateway, part: Part, just_started: bool = False) -> list[str]:
    """All that is not as the part says, in a person's words."""
    found = systemd.stopped(gateway, part.services, just_started)
    modules = list(part.modules)
    for file in part.files.values():
        path = file.path
        if path.startswith(kernel.MODULE_FOLDER):
            modules += kernel.modules_in(file.content)
        elif path.startswith(kernel.SYSCTL_FOLDER):
            found += kernel.sysctl_problems(gateway, file.content)
        elif nftables.is_ruleset(path):
            found += nftables.problems(gateway, path, file.content)
        elif charon.is_conf(path) and strongswan_conf.connections(file.content.decode()):
            found += _connections(gateway, path, file.content)
    missing = [name for name in dict.fromkeys(modules) if not kernel.module_present(gateway, name)]
    found += [f"the kernel module {name} is not loaded" for name in missing]
    return found + drift(gateway, part)


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
