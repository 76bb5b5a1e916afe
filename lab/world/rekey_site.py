"""
Renews the keys of a site connection's SA again and again, each once the one before is done. Runs on a gateway, with its own
words for charon: rekey_site.py COUNT child|ike CONNECTION. Prints one JSON line.
"""

import json
import sys
import time

sys.path.insert(0, "/usr/lib/vpn-gateway")
from vpn_gateway.vici import Vici  # noqa: E402

SOCKET = "/run/charon.vici"
PATIENCE = 30.0  # seconds for one renewal


def standing(kind, name):
    """Unique ids of what the connection has, oldest first; an IKE SA in whose stead another came is not among it."""
    with Vici(SOCKET) as vici:
        found = [data for event in vici.stream("list-sas", "list-sa") for one, data in event.items() if one == f"site-{name}"]
    if kind == "ike":
        return sorted(int(data["uniqueid"]) for data in found if data["state"] == "ESTABLISHED")
    return sorted(int(child["uniqueid"]) for data in found for child in data.get("child-sas", {}).values() if child["state"] == "INSTALLED")


def renew(kind, name):
    before = standing(kind, name)[-1]
    with Vici(SOCKET) as vici:
        vici.request("rekey", **{f"{kind}_id": str(before)})
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        after = standing(kind, name)
        if after and after[-1] > before and (kind == "child" or before not in after):
            return
        time.sleep(0.02)
    raise SystemExit(f"the {kind} SA {before} of {name} was not renewed within {PATIENCE:.0f} s")


def main(count, kind, name):
    began = time.monotonic()
    for _ in range(count):
        renew(kind, name)
    print(json.dumps({"rekeys": count, "seconds": round(time.monotonic() - began, 1)}))


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:4])
