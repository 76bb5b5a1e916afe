"""Distribution packages: installing what is missing, and what is to be said of those that are there."""

from __future__ import annotations

from . import apt, charon, dnf, layout, strongswan_conf, systemd
from .errors import Failure
from .gateway import Gateway
from .part import Part
from .programs import words

TOOL = {"apt": apt, "dnf": dnf}[layout.PACKAGES]


def install_missing(gateway: Gateway, names: list[str], services: list[str]) -> None:
    """`services`: those of the part, some of which the packages may bring."""
    found = TOOL.versions(gateway, names) if names else {}
    missing = [name for name in names if name not in found]
    if not missing:
        return
    systemd.remember_absent(gateway, services)
    gateway.report.say(f"installing {' '.join(missing)} (usually one to three minutes)")
    result = TOOL.install(gateway, missing)
    if not result.ok:
        advice = TOOL.repository_missing(gateway)
        if advice:
            raise Failure(f"could not install {' '.join(missing)}: {words(result, 6)}\n  {advice}")
        # A fresh cloud image knows no packages, an old one knows versions that are no longer served.
        gateway.report.say("reading the package lists anew")
        update = TOOL.refresh(gateway)
        result = TOOL.install(gateway, missing)
        if not result.ok:
            first = "" if update.ok else f"{words(update, 4)}\n  "
            raise Failure(f"could not install {' '.join(missing)}: {first}{words(result, 6)}")


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
    if not names:
        return []
    found = TOOL.versions(gateway, list(TOOL.VERSIONED.values()))
    said = []
    strongswan, ppp = found.get(TOOL.VERSIONED["strongswan"]), found.get(TOOL.VERSIONED["ppp"])
    if strongswan and TOOL.older(gateway, strongswan, "6.0.6") and TOOL.lacks(gateway, "strongswan", "CVE-2026-353"):
        said.append(
            f"strongSwan {strongswan} lacks the fixes of CVE-2026-353xx (EAP-SIM/AKA, RADIUS, name constraints, gmp): "
            "upgrade it, and load only the plugins in use"
        )
    if ppp and TOOL.older(gateway, ppp, "2.4.9") and TOOL.lacks(gateway, "ppp", "CVE-2020-8597"):
        said.append(f"ppp {ppp} lacks the fix of CVE-2020-8597 (EAP): upgrade it, and keep `refuse-eap`")
    return said
