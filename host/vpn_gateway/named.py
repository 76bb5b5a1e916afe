"""A far end that is given by its name: what the name stands for now, for `vpn-gateway status`."""

from __future__ import annotations

import ipaddress
import socket
import threading

PATIENCE = 2.0  # seconds: a name server that is silent takes much longer to be given up


def is_name(endpoint: str | None) -> bool:
    if endpoint is None:
        return False
    try:
        ipaddress.ip_address(endpoint)
    except ValueError:
        return True
    return False


def words(name: str) -> str:
    """As the end of a sentence about an end that does not answer."""
    found: list[str] = []
    failed: list[str] = []

    def ask() -> None:
        try:
            found.extend(sorted({str(one[4][0]) for one in socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)}))
        except (OSError, UnicodeError) as error:
            failed.append(str(getattr(error, "strerror", None) or error))

    # In a thread of its own: nothing else ends a question that nobody answers.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(PATIENCE)
    if failed:
        return f"{name} cannot be resolved now ({failed[0]})"
    return f"{name} is {', '.join(found)} now" if found else f"no name server says within {PATIENCE:.0f} s what {name} is"
