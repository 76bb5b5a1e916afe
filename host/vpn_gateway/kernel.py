"""Kernel modules and sysctl values."""

import glob
import os

from . import layout, packages
from .errors import Failure, os_error
from .gateway import Gateway
from .programs import words

MODULE_FOLDER = "/etc/modules-load.d/"
SYSCTL_FOLDER = "/etc/sysctl.d/"


def load_modules(gateway: Gateway, names: list[str]) -> None:
    """Loads modules; where the running kernel has them not, installs what brings them, or says what would."""
    missing = _not_loaded(gateway, names)
    if not missing:
        return
    release = os.uname().release
    lacks = f"the kernel {release} has no {', '.join(missing)}"
    if not all("not found" in word for word in missing.values()):
        raise Failure(f"{lacks}: {'; '.join(missing.values())}")
    if layout.MODULE_PACKAGE is None:
        raise Failure(f"{lacks}: {_advice(release)}")
    package = layout.MODULE_PACKAGE.format(release=release)
    gateway.report.say(f"{lacks}: installing {package}")
    result = packages.TOOL.install(gateway, [package])
    if not result.ok:
        newer = layout.MODULE_PACKAGE.partition("-{")[0]
        raise Failure(f"{lacks}, and {package} could not be installed: {words(result, 4)}\n  Upgrade the kernel together with {newer}, and boot into it.")
    missing = _not_loaded(gateway, list(missing))
    if missing:
        raise Failure(f"{lacks}, with {package}, too: {'; '.join(missing.values())}")


def _not_loaded(gateway: Gateway, names: list[str]) -> dict[str, str]:
    """Modules that modprobe could not load, and why. By its own name it loads those that modprobe.d(5) blacklists, too."""
    results = {name: gateway.programs.run("modprobe", "--", name) for name in names}
    return {name: words(result, 1) for name, result in results.items() if not result.ok}


def _advice(release: str) -> str:
    if "cloud" in release:
        architecture = release.rsplit("-", 1)[-1]
        return f"Debian's cloud kernels are built without PPP: install linux-image-{architecture} and boot into it"
    if release.endswith(("-generic", "-aws", "-gcp", "-azure", "-virtual", "-kvm")):
        return f"install linux-modules-extra-{release}"
    return "install the distribution's full kernel and boot into it"


def module_present(gateway: Gateway, name: str) -> bool:
    """Loaded, or built into the running kernel."""
    plain = name.replace("-", "_")
    if os.path.isdir(gateway.paths.of(f"/sys/module/{plain}")):
        return True
    # Some built-in modules have no directory there; modprobe knows them. An alias resolves to its module.
    resolved = gateway.programs.run("modprobe", "--resolve-alias", "--", name)
    found = [line.replace("-", "_") for line in resolved.output.split() if resolved.ok]
    if any(os.path.isdir(gateway.paths.of(f"/sys/module/{module}")) for module in found):
        return True
    dry = gateway.programs.run("modprobe", "--dry-run", "--verbose", "--", name)
    return dry.ok and ("builtin" in dry.output or not dry.output.strip())


def modules_in(text: bytes) -> list[str]:
    """Names in a modules-load.d file."""
    lines = (line.strip() for line in text.decode().splitlines())
    return [line for line in lines if line and line[0] not in "#;"]


def sysctls_in(text: bytes) -> dict[str, str]:
    """Keys and values of a sysctl.d file; a key keeps its leading `-` (may be missing)."""
    values = {}
    for number, line in enumerate(text.decode().splitlines(), 1):
        line = line.strip()
        if not line or line[0] in "#;":
            continue
        key, equals, value = line.partition("=")
        if not equals or not key.strip():
            raise Failure(f"line {number}: not `key = value`")
        values[key.strip()] = value.strip()
    return values


def sysctl_files(gateway: Gateway, key: str) -> list[str]:
    """Files under /proc/sys that a key names: several with a `*`, none if there is no such key."""
    key = key.removeprefix("-")
    separator = next((character for character in key if character in "./"), "/")
    path = key if separator == "/" else key.translate(str.maketrans("./", "/."))
    if ".." in path.split("/"):
        return []
    return sorted(found for found in glob.glob(gateway.paths.of(f"/proc/sys/{path}")) if os.path.isfile(found))


def read_sysctl(path: str) -> str:
    with open(path) as file:
        return " ".join(file.read().split())


def write_sysctls(gateway: Gateway, values: dict[str, str]) -> None:
    """Sets values, remembering what stood there before the first time."""
    before = dict(gateway.originals.sysctls)
    for key, value in values.items():
        for path in sysctl_files(gateway, key):
            try:
                gateway.originals.sysctls.setdefault(path, read_sysctl(path))
                _write(path, value)
            except OSError as error:
                if not key.startswith("-"):
                    raise Failure(f"sysctl {key} = {value}: {os_error(error)}") from None
    if gateway.originals.sysctls != before:
        gateway.originals.save()


def restore_sysctls(gateway: Gateway, keys: list[str]) -> None:
    """Gives back the values from before us to keys that no part sets any more."""
    for key in keys:
        for path in sysctl_files(gateway, key):
            value = gateway.originals.sysctls.pop(path, None)
            if value is not None and read_sysctl(path) != value:
                try:
                    _write(path, value)
                except OSError as error:
                    gateway.report.say(f"sysctl {key} keeps its value: {os_error(error)}")
    gateway.originals.save()


def _write(path: str, value: str) -> None:
    with open(path, "w") as file:
        file.write(f"{value}\n")


def sysctl_problems(gateway: Gateway, text: bytes) -> list[str]:
    """Where the running kernel's values are not those of a sysctl.d file."""
    problems = []
    for key, value in sysctls_in(text).items():
        found = sysctl_files(gateway, key)
        if not found and not key.startswith("-"):
            problems.append(f"sysctl {key}: this kernel has no such key")
        for path in found:
            actual = read_sysctl(path)
            if actual != " ".join(value.split()):
                problems.append(f"sysctl {key} is {actual}, not {value}")
    return problems
