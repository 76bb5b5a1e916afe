"""Keeping secrets out of what is printed and logged."""

from __future__ import annotations

import base64
import re

SHORTEST = 4
# Who a secret belongs to is none: hiding it would leave a person without a clue.
OWNER = re.compile(r"(id[\w-]*|file|handle)\s*=")
# Words of the formats themselves that stand where a secret could.
COMMON = {"secret", "secrets", "private", "BEGIN", "PRIVATE", "psk", "true", "false", "none"}


class Redactor:
    """Knows what must not be seen, and replaces it."""

    def __init__(self) -> None:
        self.secrets: set[str] = set()
        self.pattern: re.Pattern[str] | None = None

    def learn(self, path: str, content: bytes) -> None:
        """Takes everything in a secret file that could be a value: errs on the side of hiding too much."""
        for line in content.decode(errors="replace").splitlines():
            line = line.strip()
            if line.startswith("#") or OWNER.match(line):
                continue
            if path.endswith("/directory.conf") and not line.startswith("password"):
                continue  # whom the directory is asked as, and where: what an error of it is about
            if path.startswith("/etc/ppp/"):  # client, server, secret, addresses: pppd(8)
                at = 1 if path.startswith("/etc/ppp/radius") else 2  # there: server, secret
                line = "\n".join(re.findall(r'"(?:[^"\\]|\\.)*"|\S+', line)[at : at + 1])
            if path.endswith("/pgpass"):  # host, port, database, user, password
                field = re.fullmatch(r"(?:(?:[^:\\]|\\.)*:){4}(.*)", line)
                line = re.sub(r"\\(.)", r"\1", field[1]) if field else line
                self.secrets.update(text for text in (line, field[1] if field else "") if len(text) >= SHORTEST)
                continue
            if path.endswith("/radius/users"):  # hashes; of users with one-time codes the password itself and the seed
                self._learn_users(line)
                continue
            found = re.findall(r'"((?:[^"\\]|\\.)*)"', line)
            found += [text.replace('\\"', '"').replace("\\\\", "\\") for text in found]
            if path.startswith("/etc/ppp/"):
                found.append(line)  # a word without quotes may hold anything
            if "=" in line:
                found.append(line.split("=", 1)[1].strip(' "'))
            elif not re.search(r"[{}]", line):
                found.append(line)
                found += line.split()
            self.secrets.update(text for text in found if len(text) >= SHORTEST and text not in COMMON)
        self.pattern = None

    def _learn_users(self, line: str) -> None:
        for attribute, digits in re.findall(r"(\S+) := (0x[0-9a-f]+)", line):
            self.secrets.update((digits, digits[2:]))
            if attribute == "Tmp-Octets-0":
                self.secrets.add(bytes.fromhex(digits[2:]).decode("utf-16-le", errors="replace"))
            if attribute == "TOTP-Key":
                self.secrets.add(base64.b32encode(bytes.fromhex(digits[2:])).decode().rstrip("="))

    def clean(self, text: str) -> str:
        if not self.secrets:
            return text
        if self.pattern is None:
            longest_first = sorted(self.secrets, key=len, reverse=True)
            self.pattern = re.compile("|".join(map(re.escape, longest_first)))
        return self.pattern.sub("[secret]", text)
