"""
Where this distribution has what is not ours, and how its packages are had: what the library's table of platforms says
(gateway/platforms.ts, `HostLayout`), which is installed beside this folder with the command itself.
"""

from __future__ import annotations

import json
import os
import shlex

from .paths import Paths

with open(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "layout.json")) as _file:
    _TOLD = json.load(_file)

NAME: str = _TOLD["name"]
TITLE: str = _TOLD["title"]
PACKAGES: str = _TOLD["packages"]
REPOSITORY: dict[str, str] | None = _TOLD.get("repository")
MODULE_PACKAGE: str | None = _TOLD.get("modulePackage")
SETTINGS: tuple[str, ...] = tuple(_TOLD["settings"])
SWANCTL: str = _TOLD["swanctl"]
VICI: str = _TOLD["vici"]
LIBCHARON: str = _TOLD["libcharon"]
NFTABLES: str = _TOLD["nftables"]
FRR_RELOAD: str = _TOLD["frrReload"]


def mismatch(paths: Paths) -> str | None:
    """What is wrong if the machine is another distribution than the description says; None where it does not say."""
    try:
        with open(paths.of("/etc/os-release")) as file:
            words = shlex.split(file.read(), comments=True)
    except (FileNotFoundError, ValueError):
        return None
    said = dict(word.split("=", 1) for word in words if "=" in word)
    ids = {said.get("ID", ""), *said.get("ID_LIKE", "").split()}
    version = said.get("VERSION_ID", "")
    wanted = _TOLD["system"]
    if ids & set(wanted["ids"]) and version.split(".")[0].startswith(wanted["version"]):
        return None
    return f"the machine is {said.get('PRETTY_NAME') or said.get('ID')}, and the gateway's description says platform {NAME} ({TITLE}): name the machine's own"
