"""SELinux: a file that was made elsewhere, or under another name, gets the label that the policy has for its place."""

from __future__ import annotations

import os

from .gateway import Gateway


def relabel(gateway: Gateway, paths: list[str]) -> None:
    """As far as it goes: where the label would matter the daemon itself says that it may not read."""
    if paths and os.path.exists(gateway.paths.of("/sys/fs/selinux/enforce")) and gateway.programs.has("restorecon"):
        gateway.programs.run("restorecon", "-i", "--", *(gateway.paths.of(path) for path in paths))
