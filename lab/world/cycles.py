"""
Sessions that a client makes and ends one after the other, to see what they leave behind on a gateway. Its daemons go on running
between two of them: a client machine that starts them anew for each is busier than its gateway.
"""

import measure
from client import quietly_wait_for
from shell import Failure, processes


def run(client, rounds):
    """What became of each; a round is a `login`, a `target` to ping, and whether its client dies `silently`."""
    return [cycle(client, one, configured=is_configured(rounds, index)) for index, one in enumerate(rounds)]


def is_configured(rounds, index):
    """Has the client what it needs from the round before?"""
    return index > 0 and rounds[index]["login"] == rounds[index - 1]["login"] and not rounds[index - 1]["silently"]


def cycle(client, wanted, configured):
    """One session from its beginning to its end."""
    login = wanted["login"]
    try:
        found = client.call(login) if configured and processes(client.charon) else client.connect(login)
        # Who has groups is let in a moment after the tunnel stands (host/vpn_gateway/policies.py).
        answered = found["connected"] and any(measure.ping(client.namespace, wanted["target"], count=1)["received"] > 0 for _ in range(8))
        client.die() if wanted["silently"] else hang_up(client)
        return {**found, "answered": answered}
    except Failure as failure:
        return {"connected": False, "seconds": 0, "reason": str(failure), "answered": False}


def hang_up(client):
    """As a client's disconnect where all goes well, and leaves its daemons as they are for the next call."""
    gone = True
    if processes(client.xl2tpd):
        client.tell_xl2tpd("d vpn")
        # Its pppd, too, whose last words would be taken for the next one's.
        gone = quietly_wait_for(lambda: len(processes(client.xl2tpd)) <= 1, 5)
    if not gone or client.swanctl("--terminate", "--ike", "vpn", "--timeout", "5").returncode != 0:
        client.disconnect()
