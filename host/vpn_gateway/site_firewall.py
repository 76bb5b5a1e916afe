"""
The firewall of all site connections: one table, made of a frame that the gateway has and of a share for each connection,
so that a packet comes by a few rules however many connections there are. A share is its own sets and chains, and elements
of the frame's sets and maps (gateway/site/render/frame.ts).
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import time

from . import files, nftables, swap
from .files import FileState
from .gateway import Gateway
from .nft_listing import Listing, listing_of
from .pieces import standing
from .programs import words
from .swap import Effect

FRAME = nftables.SITES_FRAME
SHARES = nftables.SITES_SHARES
MADE = "/etc/vpn-gateway/firewall.d/sites.nft"
TABLE = "inet vpn_gateway_sites"
SEEN = "/run/vpn-gateway/nft-sites.json"
ADDED = re.compile(rf"^add element {TABLE} (\w+) \{{ (.*) \}}\n", re.M)
DECLARED = re.compile(r"^  (?:set|map) (\w+) \{\n(?:    .*\n)*", re.M)
CHAIN = re.compile(r"^  chain (\w+) \{$", re.M)
# Seconds that a listing is good for.
LISTED_FOR = 2.0
_listed: dict[str, tuple[float, Listing | None]] = {}


def is_ours(path: str) -> bool:
    """The frame or a share."""
    return nftables.is_piece(path)


def pieces(gateway: Gateway) -> dict[str, str]:
    """Frame and shares as they stand on the disk, by path, the frame first. Empty where there is no frame."""
    found = standing(gateway, FRAME, f"{SHARES}*.nft")
    return found if FRAME in found else {}


def compose(frame: str, shares: list[str]) -> str:
    """
    One table in one block of nft's text, each set with all its elements: nft loses its way where one transaction adds networks
    to the same set again and again ("No such file or directory": 1.0.6 the second time, after the table was deleted in it; 1.1.3
    by the hundredth).
    """
    start = f"\ntable {TABLE} {{\n"
    head, _, block = frame.partition(start)
    added: dict[str, dict[str, None]] = {}
    for share in shares:
        for name, elements in ADDED.findall(share):
            added.setdefault(name, {}).update(dict.fromkeys(elements.split(", ")))

    def filled(found: re.Match) -> str:
        elements = added.get(found[1])
        return found[0] + (f"    elements = {{ {', '.join(elements)} }}\n" if elements else "")

    own = "\n".join(ADDED.sub("", share) for share in shares)
    return f"{head}\n{own}{start}{DECLARED.sub(filled, block)}"


def check(gateway: Gateway, path: str, content: bytes) -> str | None:
    """What nft has against the frame, or against a share by itself, or None. Nothing is changed."""
    frame = content.decode() if path == FRAME else pieces(gateway).get(FRAME)
    if frame is None:
        return None  # what has no room for site connections refuses their description
    with tempfile.NamedTemporaryFile("w", prefix="vpn-gateway-", suffix=".nft") as file:
        file.write(compose(frame, [] if path == FRAME else [content.decode()]))
        file.flush()
        result = gateway.programs.run("nft", "-c", "-f", file.name)
        return None if result.ok else words(result).replace(file.name, path)


def follow(gateway: Gateway, effects: list[Effect]) -> None:
    """Makes the table's file of the pieces that stand, and the kernel's table."""
    changed = [effect for effect in effects if is_ours(effect.path)]
    if not changed:
        return
    _listed.clear()
    together = pieces(gateway)
    if not together:
        _take_away(gateway)
        return
    text = compose(together[FRAME], [share for path, share in together.items() if path != FRAME])
    _write(gateway, FileState("file", 0o644, 0, 0, text.encode()))
    added = [effect.path for effect in changed if effect.before is None and effect.after is not None and effect.path != FRAME]
    if len(added) < len(changed) or not all(_add(gateway, together[path]) for path in added):
        gateway.programs.must(f"nft refused {MADE}", "nft", "-f", "-", stdin=text)
    _listed.clear()
    _remember(gateway, together, [effect.path for effect in changed])


def _add(gateway: Gateway, share: str) -> bool:
    """One connection more takes no other's rules out of the kernel, not for a moment. False: the table is not as it was, or not there."""
    empty = "".join(f"add chain {TABLE} {name}\nflush chain {TABLE} {name}\n" for name in CHAIN.findall(share))
    return gateway.programs.run("nft", "-f", "-", stdin=empty + share).ok


def _write(gateway: Gateway, want: FileState) -> None:
    target = gateway.paths.of(MADE)
    swap.make_folders(gateway, os.path.dirname(MADE))
    gateway.originals.save()
    files.prepare(target, want)
    files.commit(target, want)
    files.sync_folder(os.path.dirname(target))


def _take_away(gateway: Gateway) -> None:
    files.drop(gateway.paths.of(MADE))
    swap.drop_empty_folders(gateway)
    gateway.originals.save()
    files.drop(gateway.paths.of(SEEN))
    gateway.programs.must("nft could not delete our table", "nft", "-f", "-", stdin=f"add table {TABLE}\ndelete table {TABLE}\n")


def _list(gateway: Gateway) -> Listing | None:
    """
    One listing for all pieces that are looked at together: nft takes half a second for a hundred connections on a small
    machine, and nearly as long for one chain of them. None: no such table.
    """
    key = gateway.paths.root
    if key not in _listed or _listed[key][0] < time.monotonic() - LISTED_FOR:
        result = gateway.programs.run("nft", "-s", "list", "table", *TABLE.split(), merge=False)
        _listed[key] = (time.monotonic(), listing_of(result.output) if result.ok else None)
    return _listed[key][1]


def _look(gateway: Gateway, text: str) -> str | None:
    """A fingerprint of a piece's chains as the kernel has them, without their counters; None: it has not all of them, or not all elements."""
    listing = _list(gateway)
    names = CHAIN.findall(text)
    if listing is None or not all(name in listing.chains for name in names):
        return None
    if not all(listing.has(name, one) for name, elements in ADDED.findall(text) for one in elements.split(", ")):
        return None
    return hashlib.sha256("".join(listing.chains[name] for name in names).encode()).hexdigest()[:16]


def _seen(gateway: Gateway) -> dict:
    found = files.read_json(gateway.paths.of(SEEN), {})
    return found if isinstance(found, dict) else {}


def _remember(gateway: Gateway, together: dict[str, str], changed: list[str]) -> None:
    """As nftables.remember: of what did not change, what was noted stays."""
    before = _seen(gateway)
    seen = {path: before[path] if path in before and path not in changed else _look(gateway, text) for path, text in together.items()}
    os.makedirs(os.path.dirname(gateway.paths.of(SEEN)), mode=0o700, exist_ok=True)
    files.write_json(gateway.paths.of(SEEN), seen)


def problems(gateway: Gateway, path: str, content: bytes) -> list[str]:
    """Where the kernel has not what a piece says, or has it otherwise than it was loaded."""
    together = pieces(gateway)
    found = []
    if path == FRAME and together and files.look(gateway.paths.of(MADE)).text != compose(together[FRAME], [share for name, share in together.items() if name != FRAME]).encode():
        found.append(f"{MADE} is not made of {FRAME} and {SHARES}")
    actual = _look(gateway, content.decode())
    if actual is None:
        found.append(f"{path}: its share of table {TABLE} is not in the kernel")
    elif _seen(gateway).get(path, actual) != actual:
        found.append(f"{path}: somebody changed its rules in table {TABLE} in the kernel")
    return found
