"""Until when the gateway's certificates and its revocation list hold."""

from __future__ import annotations

import base64
import binascii
import calendar
import glob
import os
import re
import time

from . import files, layout
from .gateway import Gateway

# Where the part `identity` puts them (gateway/platforms.ts).
FILES = {
    "certificate": f"{layout.SWANCTL}x509/vpn-gateway.pem",
    "authority": f"{layout.SWANCTL}x509ca/vpn-gateway.pem",
    "revocation list": f"{layout.SWANCTL}x509crl/vpn-gateway.pem",
}
# The same of a site connection (gateway/site/names.ts): x509/site-NAME.pem and so on.
FOLDERS = {what: os.path.dirname(path) for what, path in FILES.items()}
EXPLICIT_VERSION, UTC_TIME = 0xA0, 0x17
COMMON_NAME, ORGANISATION = bytes.fromhex("550403"), bytes.fromhex("55040a")  # 2.5.4.3, 2.5.4.10


def collect(gateway: Gateway) -> list[dict]:
    """Each that is there: from when and until when (Unix time; None where the file does not say)."""
    found = []
    for what, path in [*FILES.items(), *_of_sites(gateway)]:
        state = files.look(gateway.paths.of(path))
        if state.kind == "file":
            begin, end = validity(state.text) or (None, None)
            found.append({"what": what, "path": path, "from": moment(begin), "until": moment(end), "holds": end is not None and (begin or 0) <= time.time() < end})
    return found


def _of_sites(gateway: Gateway) -> list[tuple[str, str]]:
    found = []
    for what, folder in FOLDERS.items():
        for name in sorted(glob.glob(gateway.paths.of(f"{folder}/site-*.pem"))):
            path = name.removeprefix(gateway.paths.root)
            found.append((f"{what} of {os.path.basename(path)[len('site-') : -len('.pem')]}", path))
    return found


def lines(found: list[dict]) -> list[str]:
    """For people."""
    shown = []
    for each in found:
        end = each["until"]
        days = "" if end is None else f", {int((seconds(end) - time.time()) // 86400)} days left"
        shown.append(f"{each['what']}: " + (f"until {end}{days}" if each["holds"] else f"DOES NOT HOLD: from {each['from']} until {end}"))
    return shown


FORM = "%Y-%m-%dT%H:%M:%SZ"


def moment(at: float | None) -> str | None:
    return None if at is None else time.strftime(FORM, time.gmtime(at))


def seconds(text: str) -> float:
    """Of what `moment` gives."""
    return float(calendar.timegm(time.strptime(text, FORM)))


def issuer(pem: bytes) -> str:
    """The common name of who signed a certificate, with the organisation where it has one."""
    names: dict[bytes, str] = {}
    try:
        for _set, content in _elements(_fields(pem)[3][1]):
            (_oid, kind), (_string, value) = _elements(_elements(content)[0][1])
            names[kind] = "".join(character if character.isprintable() else "?" for character in value.decode(errors="replace"))
    except (ValueError, IndexError, binascii.Error, TypeError):
        pass
    name, organisation = names.get(COMMON_NAME, "?"), names.get(ORGANISATION)
    return f"{name} ({organisation})" if organisation else name


def serial(pem: bytes) -> str:
    """In hexadecimal, as `openssl x509 -serial` shows it."""
    try:
        return _fields(pem)[1][1].hex().upper().removeprefix("00")
    except (ValueError, IndexError, binascii.Error, TypeError):
        return "?"


def _fields(pem: bytes) -> list[tuple[int, bytes]]:
    """Of the signed part of a certificate or list."""
    body = re.search(rb"-----BEGIN [^-]+-----(.*?)-----END", pem, re.S)
    return _elements(_elements(_elements(base64.b64decode(body[1]))[0][1])[0][1]) if body else []


def validity(pem: bytes) -> tuple[float, float] | None:
    """Of a certificate, notBefore and notAfter; of a revocation list, thisUpdate and nextUpdate (RFC 5280, 4.1 and 5.1)."""
    try:
        fields = _fields(pem)
        # A certificate's version is within a tag of its own; a list's is not, and its times stand by themselves.
        times = _elements(fields[4][1]) if fields and fields[0][0] == EXPLICIT_VERSION else fields[3:5]
        begin, end = (_time(*each) for each in times)
        return begin, end
    except (ValueError, IndexError, binascii.Error):
        return None


def _elements(content: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at < len(content):
        tag, length, start = content[at], content[at + 1], at + 2
        if length > 0x80:
            start += length & 0x7F
            length = int.from_bytes(content[at + 2 : start], "big")
        if start + length > len(content):
            raise ValueError("cut off")
        found.append((tag, content[start : start + length]))
        at = start + length
    return found


def _time(tag: int, content: bytes) -> float:
    text = content.decode("ascii")
    if tag == UTC_TIME:
        text = ("20" if int(text[:2]) < 50 else "19") + text
    return float(calendar.timegm(time.strptime(text, "%Y%m%d%H%M%SZ")))
