"""Distribution packages: installing what is missing, and what is to be said of those that are there."""

from __future__ import annotations

import gzip
import os

from . import charon, strongswan_conf, systemd
from .errors import Failure
from .gateway import Gateway
from .part import Part
from .programs import words

LOCK_PATIENCE = 300  # seconds to wait for another apt or dpkg, e.g. cloud-init's or unattended-upgrades
INSTALL_TIME = 1800.0  # seconds
NONINTERACTIVE = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "l", "UCF_FORCE_CONFFOLD": "1"}


def versions(gateway: Gateway, names: list[str]) -> dict[str, str]:
    """Versions of those packages that are installed."""
    result = gateway.programs.run(
        "dpkg-query", "--show", "--showformat=${db:Status-Status} ${Package} ${Version}\\n", "--", *names, merge=False
    )
    lines = [line.split() for line in result.output.splitlines()]
    return {line[1]: line[2] for line in lines if len(line) == 3 and line[0] == "installed"}


def install_missing(gateway: Gateway, names: list[str], services: list[str]) -> None:
    """`services`: those of the part, some of which the packages may bring."""
    missing = [name for name in names if name not in versions(gateway, names)] if names else []
    if not missing:
        return
    systemd.remember_absent(gateway, services)
    gateway.report.say(f"installing {' '.join(missing)} (usually one to three minutes)")
    result = _apt(gateway, "install", "--no-install-recommends", "--", *missing)
    if not result.ok:
        # A fresh cloud image knows no packages, an old one knows versions that are no longer served.
        gateway.report.say("reading the package lists anew")
        update = _apt(gateway, "update")
        result = _apt(gateway, "install", "--no-install-recommends", "--", *missing)
        if not result.ok:
            first = "" if update.ok else f"{words(update, 4)}\n  "
            raise Failure(f"could not install {' '.join(missing)}: {first}{words(result, 6)}")


def _apt(gateway: Gateway, *arguments: str):  # noqa: ANN202
    options = [f"DPkg::Lock::Timeout={LOCK_PATIENCE}", "Dpkg::Options::=--force-confdef"]
    options += ["Dpkg::Options::=--force-confold", "APT::Color=0"]
    flags = [text for option in options for text in ("-o", option)]
    return gateway.programs.run(
        "apt-get", "-q", "-y", *flags, *arguments, environment=NONINTERACTIVE, timeout=INSTALL_TIME
    )


def ikev1_problem(gateway: Gateway, part: Part) -> str | None:
    """strongSwan built without IKEv1 takes an L2TP connection without a word, and answers no client."""
    needing = [
        name
        for file in part.files.values()
        if charon.is_conf(file.path)
        for name, version in strongswan_conf.connections(file.content.decode()).items()
        if version == "1"
    ]
    if needing and charon.knows_ikev1(gateway) is False:
        return (
            f"the connection {', '.join(needing)} needs IKEv1 (L2TP/IPsec), and this strongSwan was built without it: "
            "use a distribution whose package has it (Debian 13, Ubuntu 24.04), or turn L2TP off"
        )
    return None


def notes(gateway: Gateway, names: list[str]) -> list[str]:
    """
    Installed versions that are known to be vulnerable. A distribution mends without a new upstream version: what it
    mended stands in its changelog, and where that is not installed nothing can be said.
    """
    found = versions(gateway, ["strongswan-libcharon", "ppp"]) if names else {}
    said = []
    strongswan = found.get("strongswan-libcharon")
    if strongswan and _older(gateway, strongswan, "6.0.6") and _lacks(gateway, "strongswan", "CVE-2026-353"):
        said.append(
            f"strongSwan {strongswan} lacks the fixes of CVE-2026-353xx (EAP-SIM/AKA, RADIUS, name constraints, gmp): "
            "upgrade it, and load only the plugins in use"
        )
    ppp = found.get("ppp")
    if ppp and _older(gateway, ppp, "2.4.9") and _lacks(gateway, "ppp", "CVE-2020-8597"):
        said.append(f"ppp {ppp} lacks the fix of CVE-2020-8597 (EAP): upgrade it, and keep `refuse-eap`")
    return said


def _older(gateway: Gateway, version: str, than: str) -> bool:
    return gateway.programs.run("dpkg", "--compare-versions", version, "lt", than).ok


def _lacks(gateway: Gateway, source: str, vulnerability: str) -> bool:
    packages = {"strongswan": ("libstrongswan", "strongswan-libcharon"), "ppp": ("ppp",)}[source]
    texts = []
    for package in packages:
        path = gateway.paths.of(f"/usr/share/doc/{package}/changelog.Debian.gz")
        if os.path.exists(path):
            with gzip.open(path, "rt", errors="replace") as file:
                texts.append(file.read())
    return bool(texts) and not any(vulnerability in text for text in texts)
