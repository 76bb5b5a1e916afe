"""Where things stand. Tests put all of it under a directory of their own."""

import os
import re


class Paths:
    """Absolute paths of the gateway, under `root` (empty on a real one)."""

    def __init__(self, root: str = "") -> None:
        self.root = "" if root in ("", "/") else os.path.abspath(root)

    def of(self, path: str) -> str:
        return self.root + path

    @property
    def state(self) -> str:
        return self.of("/var/lib/vpn-gateway")

    def part(self, name: str) -> str:
        return f"{self.state}/parts/{name}"

    @property
    def journal(self) -> str:
        return f"{self.state}/journal.json"

    @property
    def reserve(self) -> str:
        return f"{self.state}/reserve"

    @property
    def lock(self) -> str:
        return self.of("/run/vpn-gateway/lock")

    @property
    def log(self) -> str:
        return self.of("/var/log/vpn-gateway.log")

    def boot_id(self) -> str:
        """Differs after each boot; empty where the kernel does not say (a test's root)."""
        try:
            with open(self.of("/proc/sys/kernel/random/boot_id")) as file:
                return file.read().strip()
        except FileNotFoundError:
            return ""

    def parts(self) -> list[str]:
        """Names of all parts that were ever applied and not removed."""
        try:
            return sorted(name for name in os.listdir(f"{self.state}/parts") if re.fullmatch(r"[a-z0-9-]+", name))
        except FileNotFoundError:
            return []
