"""Files that one file is made of: what the gateway itself says, and a share for each site connection."""

from __future__ import annotations

import glob

from .gateway import Gateway


def standing(gateway: Gateway, base: str, shares: str) -> dict[str, str]:
    """The pieces as they stand on the disk, by path, the gateway's own first. `shares` is a pattern of glob."""
    found = {}
    for name in [gateway.paths.of(base), *sorted(glob.glob(gateway.paths.of(shares)))]:
        try:
            with open(name) as file:
                found[name.removeprefix(gateway.paths.root)] = file.read()
        except FileNotFoundError:
            pass
    return found
