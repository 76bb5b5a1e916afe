"""
The gateway's certificate from a public CA (docs/acme.md): which is wanted, which is held, and what of it charon is given.
Until there is one, and once it is over, its place has a copy of the certificate of the stack's authority.
"""

from __future__ import annotations

import glob
import hashlib
import time

from . import certificates, charon, files
from .errors import Failure
from .gateway import Gateway
from .programs import words

SETTINGS = "/etc/vpn-gateway/acme.json"  # gateway/render/acme.ts
CLIENT = "/etc/vpn-gateway/acme.conf"
FILES = (SETTINGS, CLIENT, "/etc/vpn-gateway/acme-directory.pem")
TIMER = "vpn-gateway-acme.timer"
CERTIFICATE = f"{charon.SWANCTL}x509/vpn-gateway-acme.pem"
KEY = f"{charon.SWANCTL}private/vpn-gateway-acme.pem"
NEXT_KEY = f"{charon.SWANCTL}private/vpn-gateway-acme-next.pem"
CHAIN = f"{charon.SWANCTL}x509ca/vpn-gateway-acme-*.pem"
CONNECTIONS = (f"{charon.SWANCTL}conf.d/vpn-gateway.conf", f"{charon.SWANCTL}conf.d/vpn-gateway.users.conf")
OWN = certificates.FILES["certificate"]
FOLDER = "/var/lib/vpn-gateway/acme"
RENEWED = 1 / 3  # of its time that a certificate has left when it is asked for anew: 30 days of 90


def settings(gateway: Gateway) -> dict | None:
    """`name` and `directory`; None: the gateway has the certificate of the stack's authority."""
    wanted = files.read_json(gateway.paths.of(SETTINGS), None)
    return wanted if isinstance(wanted, dict) else None


def digest(gateway: Gateway) -> str:
    """Of all that decides an attempt: with other settings an earlier failure says nothing."""
    texts = [files.look(gateway.paths.of(path)).text for path in FILES]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]


def state(gateway: Gateway) -> dict:
    """Of the attempts: `settings`, `failures` in a row, `at` and `next` (Unix time), `failure` (kind, evidence, remedy) or None."""
    found = files.read_json(gateway.paths.of(f"{FOLDER}/state.json"), {})
    return found if isinstance(found, dict) and found.get("settings") == digest(gateway) else {}


def save_state(gateway: Gateway, **values: object) -> None:
    files.write_json(gateway.paths.of(f"{FOLDER}/state.json"), {"settings": digest(gateway), **values})


def held(gateway: Gateway, now: float) -> dict | None:
    """`certificate`, `key` and `chain` (a list), in PEM, for the name that is wanted, of the CA that is wanted, and not over."""
    wanted = settings(gateway)
    found = files.read_json(gateway.paths.of(f"{FOLDER}/held.json"), None)
    if wanted is None or not isinstance(found, dict) or any(found.get(key) != wanted.get(key) for key in ("name", "directory")):
        return None
    _begin, end = certificates.validity(found["certificate"].encode()) or (0.0, 0.0)
    return found if now < end else None


def keep(gateway: Gateway, found: dict) -> None:
    """In one file, so that key and certificate never part; root's alone."""
    files.write_json(gateway.paths.of(f"{FOLDER}/held.json"), {**(settings(gateway) or {}), **found})


def due(found: dict | None, now: float) -> bool:
    if found is None:
        return True
    begin, end = certificates.validity(found["certificate"].encode()) or (0.0, 0.0)
    return end - now < (end - begin) * RENEWED


def install(gateway: Gateway) -> list[str]:
    """Files as charon must find them, by what is wanted and held; gives those of charon's folder that were not so. Loads nothing."""
    changes = astray(gateway)
    for path, wanted in changes.items():
        if wanted is None:
            files.drop(gateway.paths.of(path))
        else:
            files.write_now(gateway.paths.of(path), *wanted)
    return sorted(changes)


Contents = tuple[bytes, int]  # text and mode


def astray(gateway: Gateway) -> dict[str, Contents | None]:
    """Files of ours in charon's folder that are not as they should be, and how they should; None: not at all."""
    wanted: dict[str, Contents] = {}
    if settings(gateway) is not None or _named(gateway):
        found = held(gateway, time.time())
        own = files.look(gateway.paths.of(OWN))
        if found is not None:
            wanted = {CERTIFICATE: (found["certificate"].encode(), 0o644), KEY: (found["key"].encode(), 0o600), **_chain(found)}
        elif own.kind == "file":
            wanted = {CERTIFICATE: (own.text, 0o644)}
    changes: dict[str, Contents | None] = {}
    for path in {CERTIFICATE, KEY, NEXT_KEY, *_chain_files(gateway), *wanted}:
        there = files.look(gateway.paths.of(path))
        as_it_is = None if there.kind == "absent" else (there.text, there.mode)
        if as_it_is != wanted.get(path):
            changes[path] = wanted.get(path)
    return changes


def _named(gateway: Gateway) -> bool:
    """
    Whether a connection names the certificate. Those of users are a part of their own, and come after the one that says
    whether a CA is asked: until then what they name must be there, or charon would take none of them.
    """
    name = CERTIFICATE.rsplit("/", 1)[1].encode()
    return any(name in files.look(gateway.paths.of(path)).text for path in CONNECTIONS)


def _chain(found: dict) -> dict[str, Contents]:
    # One file each: swanctl reads the first certificate of a file and no other.
    return {CHAIN.replace("*", str(index)): (each.encode(), 0o644) for index, each in enumerate(found["chain"], 1)}


def _chain_files(gateway: Gateway) -> list[str]:
    root = len(gateway.paths.of(""))
    return [path[root:] for path in glob.glob(gateway.paths.of(CHAIN))]


def deploy(gateway: Gateway) -> None:
    """
    Gives a running charon what is held. The new key first, beside the old one, then the connections, which name the
    certificate: whoever dials in between is served with one or the other. At last all that is no longer there is forgotten.
    SAs that are up are not asked for any of it. Where all is in place already nothing is done.
    """
    if not astray(gateway):
        return
    found = held(gateway, time.time())
    if found is not None and charon.running(gateway):
        files.write_now(gateway.paths.of(NEXT_KEY), found["key"].encode())
        for path, (text, mode) in _chain(found).items():
            files.write_now(gateway.paths.of(path), text, mode)
        _swanctl(gateway, "--load-creds", "--noprompt")
        files.write_now(gateway.paths.of(CERTIFICATE), found["certificate"].encode(), 0o644)
        _swanctl(gateway, "--load-conns")
    install(gateway)
    if charon.running(gateway):
        _swanctl(gateway, "--load-creds", "--noprompt", "--clear")
        if found is None:
            _swanctl(gateway, "--load-conns")


def _swanctl(gateway: Gateway, *arguments: str) -> None:
    result = gateway.programs.run("swanctl", *arguments)
    bad = charon.refusals(result.shown)
    if not result.ok or bad:
        raise Failure("strongSwan did not take the certificate: " + ("\n  ".join(bad) or words(result)))


def collect(gateway: Gateway) -> dict | None:
    """For `status`: what is served, until when, and how the last attempt went. None: no public CA is asked."""
    wanted = settings(gateway)
    if wanted is None:
        return None
    found, tried = held(gateway, time.time()), state(gateway)
    served = found["certificate"].encode() if found else files.look(gateway.paths.of(OWN)).text
    _begin, end = certificates.validity(served) or (None, None)
    return {
        "name": wanted["name"],
        "directory": wanted["directory"],
        "public": found is not None,
        "issuer": certificates.issuer(served),
        "serial": certificates.serial(served),
        "until": certificates.moment(end),
        "lastAttempt": certificates.moment(tried.get("at")),
        "nextAttempt": certificates.moment(tried.get("next")) if tried.get("failure") else None,
        "failures": tried.get("failures", 0),
        "failure": tried.get("failure"),
    }


def lines(found: dict) -> list[str]:
    """For people."""
    if found["public"]:
        shown = [f"served: the certificate of {found['name']} by {found['issuer']}, until {found['until']}, serial {found['serial']}"]
    else:
        shown = [f"served: the certificate of the stack's own authority ({found['issuer']}), for {found['directory']} has given none for {found['name']} yet"]
    failure = found["failure"]
    if failure is None:
        shown.append(f"last attempt at {found['lastAttempt']}: the certificate came" if found["lastAttempt"] else "no attempt yet")
    else:
        shown.append(f"last attempt at {found['lastAttempt']} ({found['failures']} in a row failed): {failure['kind']}: {failure['evidence']}")
        shown.append(f"  {failure['remedy']}")
        shown.append(f"  the next attempt comes by itself after {found['nextAttempt']}; `vpn-gateway acme` makes one now")
    return shown


def problems(gateway: Gateway) -> list[str]:
    """What `check` has against it: no public certificate, or one that cannot be renewed."""
    found = collect(gateway)
    if found is None:
        return []
    failure = found["failure"]
    if failure is not None:
        return [f"the certificate from {found['directory']}: {failure['kind']}: {failure['evidence']}. {failure['remedy']}"]
    return [] if found["public"] else [f"{found['directory']} has given no certificate for {found['name']} yet: clients that trust public CAs alone are refused"]
