"""Debian's packages."""

from __future__ import annotations

import gzip
import os

from .gateway import Gateway
from .programs import Result

LOCK_PATIENCE = 300  # seconds to wait for another apt or dpkg, e.g. cloud-init's or unattended-upgrades
INSTALL_TIME = 1800.0  # seconds
NONINTERACTIVE = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "l", "UCF_FORCE_CONFFOLD": "1"}
# The package of a program whose version is looked at, and those of which one has its changelog.
VERSIONED = {"strongswan": "strongswan-libcharon", "ppp": "ppp"}
CHANGELOGS = {"strongswan": ("libstrongswan", "strongswan-libcharon"), "ppp": ("ppp",)}


def versions(gateway: Gateway, names: list[str]) -> dict[str, str]:
    """Versions of those packages that are installed."""
    result = gateway.programs.run(
        "dpkg-query", "--show", "--showformat=${db:Status-Status} ${Package} ${Version}\\n", "--", *names, merge=False
    )
    lines = [line.split() for line in result.output.splitlines()]
    return {line[1]: line[2] for line in lines if len(line) == 3 and line[0] == "installed"}


def install(gateway: Gateway, names: list[str]) -> Result:
    return _apt(gateway, "install", "--no-install-recommends", "--", *names)


def refresh(gateway: Gateway) -> Result:
    return _apt(gateway, "update")


def _apt(gateway: Gateway, *arguments: str) -> Result:
    options = [f"DPkg::Lock::Timeout={LOCK_PATIENCE}", "Dpkg::Options::=--force-confdef"]
    options += ["Dpkg::Options::=--force-confold", "APT::Color=0"]
    flags = [text for option in options for text in ("-o", option)]
    return gateway.programs.run(
        "apt-get", "-q", "-y", *flags, *arguments, environment=NONINTERACTIVE, timeout=INSTALL_TIME
    )


def repository_missing(gateway: Gateway) -> str | None:
    """What is to be done if a repository that packages are in is not enabled."""
    return None


def older(gateway: Gateway, version: str, than: str) -> bool:
    return gateway.programs.run("dpkg", "--compare-versions", version, "lt", than).ok


def lacks(gateway: Gateway, program: str, vulnerability: str) -> bool:
    """Whether the package's changelog is there and does not name what was mended."""
    texts = []
    for package in CHANGELOGS[program]:
        path = gateway.paths.of(f"/usr/share/doc/{package}/changelog.Debian.gz")
        if os.path.exists(path):
            with gzip.open(path, "rt", errors="replace") as file:
                texts.append(file.read())
    return bool(texts) and not any(vulnerability in text for text in texts)
