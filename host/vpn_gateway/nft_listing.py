"""A table as `nft -s list table` shows it: what of it the kernel has."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

BLOCK = re.compile(r"^(?:\t|  )(chain|set|map) (\w+) \{\n(.*?)^(?:\t|  )\}$", re.M | re.S)
ELEMENTS = re.compile(r"elements = \{(.*?)\}", re.S)


@dataclass
class Listing:
    """The table as the kernel has it: texts of its chains, and elements of its sets and maps."""

    chains: dict[str, str]
    elements: dict[str, set[str]]

    def has(self, name: str, element: str) -> bool:
        """Networks of several connections are merged where they meet."""
        held = self.elements.get(name, set())
        return element in held or any(_within(element, other) for other in held)


def listing_of(text: str) -> Listing:
    found = Listing({}, {})
    for kind, name, body in BLOCK.findall(text):
        if kind == "chain":
            found.chains[name] = body
        else:
            held = found.elements.setdefault(name, set())
            for elements in ELEMENTS.findall(body):
                held.update(" ".join(one.split()) for one in elements.split(","))
    return found


def _within(network: str, other: str) -> bool:
    """Of elements that nft lists as `10.0.0.0/23` or `10.0.0.0-10.0.2.255`."""
    first, last = _range(network)
    low, high = _range(other)
    return None not in (first, low) and type(first) is type(low) and low <= first and last <= high  # type: ignore[operator]


def _range(text: str) -> tuple:
    try:
        if "-" in text:
            first, last = text.split("-")
            return ipaddress.ip_address(first), ipaddress.ip_address(last)
        network = ipaddress.ip_network(text)
        return network[0], network[-1]
    except ValueError:
        return None, None
