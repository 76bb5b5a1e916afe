"""
Where a path comes back both ends dial, and each lets the other in: two tunnels, for strongSwan's `unique` looks for others when
an SA begins to prove itself, and neither stands yet. One of them is enough, and else both would get new keys for ever.
"""

from __future__ import annotations

from . import lac

PATIENCE = 10.0  # seconds that both have stood: by then it is neither new keys nor the old tunnel's end
FIRST = 1  # dialAfterSeconds of the end that dials first (gateway/site/render/description.ts)


class Twice:
    """When each connection was first seen with two tunnels."""

    def __init__(self) -> None:
        self.since: dict[str, float] = {}

    def surplus(self, sites: list[dict], associations: list, now: float) -> list[tuple[str, str]]:
        """
        Connection and unique id of what is to be ended: all but the newest. One end alone decides, or each might end the one that
        the other keeps.
        """
        found = []
        for site in sites:
            standing = [data for name, data in associations if name == site["connection"] and data.get("state") == "ESTABLISHED" and data.get("child-sas")]
            # An L2TP session would go with its tunnel; and there the server dials nobody.
            if len(standing) < 2 or site["dialAfterSeconds"] != FIRST or site["mode"] == lac.MODE:
                self.since.pop(site["connection"], None)
            elif now - self.since.setdefault(site["connection"], now) >= PATIENCE:
                standing.sort(key=lambda data: int(data["uniqueid"]))
                found += [(site["connection"], str(data["uniqueid"])) for data in standing[:-1]]
        return found
