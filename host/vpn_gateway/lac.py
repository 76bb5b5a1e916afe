"""
Connections to somebody's LNS, in which this gateway is the L2TP access concentrator: what is theirs alone beside what
`sites.py` and the follower do for every connection. Each has an xl2tpd of its own, which dials by itself.
"""

from __future__ import annotations

import json
import os
import re
import signal

from . import ppp
from .gateway import Gateway
from .swap import Journal
from .systemd import FOLDER

MODE = "l2tp"
FILES = re.compile(r"/etc/(?:vpn-gateway/lac/([a-z0-9-]+)\.conf|ppp/options\.lac-([a-z0-9-]+)|ppp/lac-([a-z0-9-]+)\.secret)")
LINES = 60  # of the journal, to look for a reason in
SINCE = "-10min"
FRESH = 5.0  # seconds after its start in which a daemon dials, or does so again, anyway
# What pppd and xl2tpd say when a session does not come up; the last that fits counts. ppp: chap-new.c, chap_ms.c, auth.c,
# lcp.c, main.c; xl2tpd: control.c, call.c, network.c, xl2tpd.c. MS-CHAP's numbers: RFC 2759, 6.
REASONS = [
    (r"MS-CHAPv2 mutual authentication failed|authentication response (?:mismatch|invalid)", "the LNS cannot prove that it knows the password of {user}"),
    (r"CHAP authentication failed.*E=(?:646|647|648|649)", "the LNS has closed the account of {user}, for now or for good"),
    (r"CHAP authentication failed", "the LNS refuses the user {user} or its password"),
    (r"peer refused to authenticate|No auth is possible|no acceptable authentication|authentication protocol .* rejected", "the LNS asks for another proof than MS-CHAPv2"),
    (r"Could not determine local IP address|local IP address .* not acceptable", "the LNS gives no address"),
    (r"LCP terminated by peer(?: \((.+)\))?", "the LNS ended the session{0}"),
    (r"No response to \d+ echo-requests", "the LNS stopped answering within the session"),
    (r"Couldn't set (?:interface|ppp) name|could not (?:rename|set) interface|Couldn't create new ppp unit", "the interface cannot be made: another has its name"),
    (r"Host name lookup failed for (\S+)\.", "the name {0} cannot be resolved"),
    (r"Maximum retries exceeded for|Connection (?:\d+ )?closed to .*\(Timeout\)", "the LNS answers IPsec, and not L2TP"),
    (r"Call .* (?:refused|was rejected)|Connection closed to [^ ]+, port \d+ \((?!Timeout|Goodbye|Server closing)(.+)\)", "the LNS refuses the call{0}"),
    (r"Unable to (?:allocate|connect) PPPoL2TP socket|L2TP kernel support not detected", "the kernel has no L2TP"),
]
PATTERNS = [(re.compile(pattern), text) for pattern, text in REASONS]


def unit_of(path: str) -> str | None:
    """The daemon that a file is of: it reads its files when it starts, and its pppd when it dials."""
    found = FILES.fullmatch(path)
    return found and f"vpn-gateway-lac-{next(name for name in found.groups() if name)}.service"


def is_daemon_conf(path: str) -> bool:
    return path.startswith("/etc/vpn-gateway/lac/")


def conflict(gateway: Gateway, site: dict, others: list[dict]) -> str | None:
    """What is against a description beside the others of this gateway."""
    for other in others:
        if other["name"] != site["name"] and other["mode"] == MODE:
            if other["port"] == site["port"]:
                return f"the connection {other['name']} dials from UDP port {site['port']}, too: give one of the two another `port`"
            if other["interface"] == site["interface"]:
                return f"the connection {other['name']} has the same name of an interface by chance: rename one of the two"
    return None


def session(gateway: Gateway, site: dict) -> dict | None:
    """The PPP session: number of its interface, both inside addresses, MTU. None: there is none that has an address."""
    if not os.path.exists(gateway.paths.of(f"/sys/class/net/{site['interface']}")):
        return None
    result = gateway.programs.run("ip", "-j", "-4", "address", "show", "dev", site["interface"], merge=False)
    links = json.loads(result.output or "[]") if result.ok else []
    for link in links:
        for info in link.get("addr_info", []):
            if "local" in info:
                return {"index": link.get("ifindex", 0), "address": info["local"], "peer": info.get("address"), "mtu": link.get("mtu")}
    return None


def dial_anew(gateway: Gateway, site: dict) -> bool:
    """
    Ends the connection's daemon, for systemd to start another at once: by itself it would first call over its old tunnel,
    which an LNS that was away knows nothing of. By signal, for the follower may not speak for systemd. True if one dials
    anew; one that has just been started does. While a part is being applied its services are not to be disturbed.
    """
    if Journal(gateway).read() is not None:
        return False
    folder = site["unit"].removesuffix(".service")
    try:
        with open(gateway.paths.of(f"/run/{folder}/pid")) as file:
            pid = int(file.read())
        with open(gateway.paths.of(f"/proc/{pid}/comm")) as file:
            if file.read().strip() != "xl2tpd":
                return False
        with open(gateway.paths.of("/proc/uptime")) as file:
            age = float(file.read().split()[0]) - ppp.started(gateway, pid)
        if age > FRESH:
            os.kill(pid, signal.SIGTERM)
        return True
    except (OSError, ValueError, IndexError):
        return False


def reason(gateway: Gateway, site: dict) -> str:
    """Why there is no session though IPsec stands: the daemon's own words, and those of its pppd."""
    if not os.path.exists(gateway.paths.of(FOLDER + site["unit"])):
        return "its L2TP daemon is not there"
    arguments = ("--quiet", "--no-pager", "--output=cat", f"--since={SINCE}", f"--lines={LINES}", f"--unit={site['unit']}")
    said = gateway.programs.run("journalctl", *arguments, merge=False)
    for line in reversed(said.output.splitlines()) if said.ok else ():
        found = reason_of(line, site)
        if found:
            return found
    return "the LNS is being called"


def reason_of(line: str, site: dict) -> str | None:
    for pattern, text in PATTERNS:
        found = pattern.search(line)
        if found:
            groups = [f": {group}" if text.endswith("{0}") else group for group in found.groups() if group]
            return text.format(*(groups or [""]), user=json.dumps(site.get("user", "")))
    return None
