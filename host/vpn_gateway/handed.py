"""
What charon is handed of the files of one connection each. swanctl(8) hands over all connections, or all secrets, that there
are, each time: with a hundred of them 1.6 s on a small machine. The messages are those that it makes of the same sections
(README.md of libcharon's vici plugin: load-conn, load-shared).
"""

from __future__ import annotations

import base64
import os
import re

from . import layout, strongswan_conf
from .errors import Failure
from .gateway import Gateway
from .swap import Effect
from .vici import Vici

# Of a site or an L2TP server: nothing else is in such a file.
ONE_EACH = re.compile(rf"{re.escape(layout.SWANCTL)}conf\.d/(?:site|sitekey|lac|lackey)-[^/]*\.conf")
LISTS = {"local_addrs", "remote_addrs", "proposals", "esp_proposals", "ah_proposals", "local_ts", "remote_ts", "vips", "pools", "groups", "cert_policy"}
CERTIFICATES = {"certs": f"{layout.SWANCTL}x509/", "cacerts": f"{layout.SWANCTL}x509ca/"}


def fits(effects: list[Effect]) -> bool:
    return bool(effects) and all(ONE_EACH.fullmatch(effect.path) for effect in effects)


def load(gateway: Gateway, effects: list[Effect]) -> None:
    """Secrets first, as swanctl does: a connection may begin to dial at once."""
    before, after = _sections(effects, "before"), _sections(effects, "after")
    with Vici(gateway.paths.of(layout.VICI)) as vici:
        for name, secret in after["secrets"].items():
            _must(vici, f"secret {name}", "load-shared", _secret(name, secret))
        for name, connection in after["connections"].items():
            _must(vici, f"connection {name}", "load-conn", {name: _message(gateway, connection)})
        for name in before["connections"].keys() - after["connections"].keys():
            vici.send("unload-conn", {"name": name})
        for name in before["secrets"].keys() - after["secrets"].keys():
            vici.send("unload-shared", {"id": name})


def _sections(effects: list[Effect], when: str) -> dict[str, dict]:
    found: dict[str, dict] = {"connections": {}, "secrets": {}}
    for effect in effects:
        tree = strongswan_conf.tree((getattr(effect, when) or b"").decode())
        for kind, held in found.items():
            held.update(tree.get(kind, {}))
        if tree.keys() - found.keys():
            raise Failure(f"{effect.path}: holds {', '.join(sorted(tree.keys() - found.keys()))}, and nothing but connections and secrets belongs there")
    return found


def _must(vici: Vici, what: str, command: str, message: dict) -> None:
    answer = vici.send(command, message)
    if answer.get("success") != "yes":
        raise Failure(f"strongSwan refused the {what}: {answer.get('errmsg', 'without a reason')}")


def _message(gateway: Gateway, section: dict) -> dict:
    return {key: _value(gateway, key, value) for key, value in section.items()}


def _value(gateway: Gateway, key: str, value: str | dict) -> str | list | dict:
    if isinstance(value, dict):
        return _message(gateway, value)
    if key in CERTIFICATES:
        return [_certificate(gateway, os.path.join(CERTIFICATES[key], name)) for name in _items(value)]
    return _items(value) if key in LISTS else value


def _items(value: str) -> list[str]:
    return [item.strip() for item in value.split(",") if item.strip()]


def _certificate(gateway: Gateway, path: str) -> bytes:
    try:
        with open(gateway.paths.of(path), "rb") as file:
            return file.read()
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from None


def _secret(name: str, section: dict) -> dict:
    """Its data in base64 or in hexadecimal digits where it says so, as swanctl.conf(5) has it."""
    text = section.get("secret", "")
    if text.startswith("0s"):
        data = base64.b64decode(text[2:])
    else:
        data = bytes.fromhex(text[2:]) if text.startswith("0x") else text.encode()
    if not name.startswith("ike"):
        raise Failure(f"the secret {name} is no pre-shared key, and no other belongs there")
    return {"id": name, "type": "IKE", "data": data, "owners": [value for key, value in section.items() if key.startswith("id")]}
