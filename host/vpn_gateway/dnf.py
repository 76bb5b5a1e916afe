"""The packages of the RHEL family: rpm knows what is there, dnf(8) gets what is not."""

from __future__ import annotations

import re

from . import layout
from .gateway import Gateway
from .programs import Result

INSTALL_TIME = 1800.0  # seconds, those among them for which dnf waits for another dnf
# The package of a program whose version is looked at; its changelog is in rpm's own database.
VERSIONED = {"strongswan": "strongswan", "ppp": "ppp"}


def versions(gateway: Gateway, names: list[str]) -> dict[str, str]:
    """Versions of those packages that are installed; of the others rpm says so in words."""
    result = gateway.programs.run("rpm", "--query", "--queryformat", "installed %{NAME} %{VERSION}\\n", "--", *names, merge=False)
    lines = [line.split() for line in result.output.splitlines()]
    return {line[1]: line[2] for line in lines if len(line) == 3 and line[0] == "installed"}


def install(gateway: Gateway, names: list[str]) -> Result:
    return _dnf(gateway, "install", *names)


def refresh(gateway: Gateway) -> Result:
    return _dnf(gateway, "makecache", "--refresh")


def _dnf(gateway: Gateway, *arguments: str) -> Result:
    return gateway.programs.run(
        "dnf", "--quiet", "--assumeyes", "--setopt=install_weak_deps=False", *arguments, timeout=INSTALL_TIME
    )


def repository_missing(gateway: Gateway) -> str | None:
    """What is to be done if a repository that packages are in is not enabled."""
    if layout.REPOSITORY is None:
        return None
    enabled = gateway.programs.run("dnf", "--quiet", "repolist", "--enabled", merge=False)
    names = [line.split()[0] for line in enabled.output.splitlines() if line.strip()]
    return None if layout.REPOSITORY["name"] in names else layout.REPOSITORY["advice"]


def older(gateway: Gateway, version: str, than: str) -> bool:
    return _numbers(version) < _numbers(than)


def _numbers(version: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", version)]


def lacks(gateway: Gateway, program: str, vulnerability: str) -> bool:
    """Whether the package's changelog does not name what was mended."""
    told = gateway.programs.run("rpm", "--query", "--changelog", "--", VERSIONED[program], merge=False)
    return told.ok and bool(told.output.strip()) and vulnerability not in told.output
