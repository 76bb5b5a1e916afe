"""keepalived: its configuration checked beforehand, and read again without giving anything up."""

from __future__ import annotations

import os
import re
import tempfile

from . import systemd
from .gateway import Gateway

FILE = "/etc/keepalived/keepalived.conf"
UNIT = "keepalived.service"
WATCH = "vpn-gateway-watch.service"
# Of the scripts that come with the same part.
NOT_THERE_YET = re.compile(r"track script fit since not found/accessible|/etc/vpn-gateway/(fit|pair-state)")


def check(gateway: Gateway, path: str) -> str | None:
    """What keepalived has against its configuration, or None. It knows its own scripts only once they are in place."""
    if not gateway.programs.has("keepalived"):
        return None
    with tempfile.TemporaryDirectory(prefix="vpn-gateway-") as folder:
        log = f"{folder}/log"
        result = gateway.programs.run("keepalived", f"--use-file={path}", f"--config-test={log}")
        said = ""
        if os.path.exists(log):
            with open(log) as file:
                said = gateway.redactor.clean(file.read().replace(path, FILE))
    lines = [line for line in said.splitlines() if line.strip() and not NOT_THERE_YET.search(line)]
    return None if result.ok or not lines else "\n  ".join(lines)


def reload(gateway: Gateway) -> None:
    if systemd.is_active(gateway, UNIT):
        gateway.programs.must("keepalived did not reload", "systemctl", "reload", "--", UNIT)
