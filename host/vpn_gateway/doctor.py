"""`vpn-gateway doctor`: names what keeps clients out, or their packets, and what helps. Reads; changes nothing."""

from __future__ import annotations

import json
import os
import re
import time

from . import acme, admitted, certificates, charon, clock, kernel, own_radius, ppp, radius_answers, radius_relay, sessions, verify
from .errors import Failure
from .gateway import Gateway
from .programs import Result
from .symptoms import NO_PPP, UNHEARD, Finding, of_log

KEEPER_UNIT = "vpn-gateway-keeper.service"
WATCHDOG_UNIT = "vpn-gateway-watchdog.service"
UNITS = (charon.UNIT, ppp.L2TP_UNIT, own_radius.UNIT, KEEPER_UNIT, WATCHDOG_UNIT)
SPAN = 3600  # seconds of log that it reads unless told otherwise
HEADERS = 28  # bytes of IPv4 and ICMP


def run(gateway: Gateway, since: int, client: str | None, as_json: bool) -> int:
    """1 where something was found."""
    found = [*of_machine(gateway), *logged(gateway, since), *(of_path(gateway, client) if client else [])]
    if as_json:
        print(json.dumps([finding.__dict__ for finding in found], indent=2))
    for finding in () if as_json else found:
        print(f"{finding.cause}: {finding.evidence}")
        print(f"  {finding.remedy}")
        if finding.also:
            print(f"  clients show: {finding.also}")
    if not found and not as_json:
        print(f"nothing found wrong in the machine, nor in the last {since // 60} minutes of its logs")
    return 1 if found else 0


def logged(gateway: Gateway, since: int) -> list[Finding]:
    """What the daemons said of clients in the last `since` seconds."""
    units = [f"--unit={unit}" for unit in UNITS]
    result = gateway.programs.run(
        "journalctl", "--quiet", "--no-pager", "--output=short-unix", f"--since=-{since}s", *units, merge=False
    )
    text = result.shown
    for at, host in radius_relay.names(gateway).items():
        text = re.sub(rf"(?<![\d.]){re.escape(at)}(?![\d.])", host, text)
    now = time.time()
    return of_log(_within(text.splitlines(), now - since, now), admitted.load(gateway) or {}, now)


def _within(lines: list[str], begin: float, end: float) -> list[str]:
    """The journal gives everything since a moment, with what a clock that was ahead then wrote for years to come."""
    found = []
    for line in lines:
        try:
            at = float(line.split(" ", 1)[0])
        except ValueError:
            at = end
        if begin - 1 <= at <= end + 1:
            found.append(line)
    return found


def of_machine(gateway: Gateway) -> list[Finding]:
    """What is wrong with the machine itself, whoever dials."""
    return [*_parts(gateway), *_forwarding(gateway), *_reverse_path(gateway), *_ppp(gateway), *_certificate(gateway), *_public_certificate(gateway), *_revocation_lists(gateway), *_clock(gateway), *_clock_kept(gateway), *_half_open(gateway), *_tunnel_errors(gateway), *_filters(gateway)]


def _parts(gateway: Gateway) -> list[Finding]:
    """Services and files, as `check` sees them; forwarding has words of its own."""
    found = []
    for name, part in gateway.others("").items():
        try:
            problems = verify.problems(gateway, part)
        except (Failure, OSError) as error:
            problems = [str(error)]
        for problem in problems:
            if "net.ipv4.ip_forward" in problem or "net.ipv6.conf.all.forwarding" in problem:
                continue
            stopped = re.match(r"(\S+) does not run", problem)
            if stopped:
                remedy = f"`journalctl -u {stopped[1]}` tells why; `pulumi up` starts it again."
                found.append(Finding("DAEMON_DOWN", problem, remedy, "Windows 809; \"no response\""))
            else:
                found.append(Finding("NOT_AS_PUSHED", f"part {name}: {problem}", "`pulumi up` mends it; or find who changed it."))
    return found


def _forwarding(gateway: Gateway) -> list[Finding]:
    wanted = [
        (key, value)
        for part in gateway.others("").values()
        for path, file in part.files.items()
        if path.startswith(kernel.SYSCTL_FOLDER)
        for key, value in kernel.sysctls_in(file.content).items()
        if key in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding")
    ]
    off = [key for key, value in wanted for path in kernel.sysctl_files(gateway, key) if kernel.read_sysctl(path) != value]
    return [
        Finding("FORWARDING_OFF", f"{key} is 0: clients connect and reach nothing", f"`sysctl -w {key}=1`, and find what turned it off: another file under /etc/sysctl.d, or a cloud agent.")
        for key in dict.fromkeys(off)
    ]


def _reverse_path(gateway: Gateway) -> list[Finding]:
    """Strict reverse path filtering, together with packets that it has dropped."""
    strict = [
        path.split("/")[-2]
        for path in kernel.sysctl_files(gateway, "net.ipv4.conf.*.rp_filter")
        if kernel.read_sysctl(path) == "1" and path.split("/")[-2] not in ("lo", "default")
    ]
    dropped = _counters(gateway, "/proc/net/netstat").get("IPReversePathFilter", 0)
    if not strict or not dropped:
        return []
    evidence = f"rp_filter is strict on {', '.join(sorted(strict))}, and dropped {dropped} packets since the boot"
    return [Finding("RP_FILTER", evidence, "Set net.ipv4.conf.all.rp_filter and that of the interface to 2 (loose) or 0; the kernel takes the larger of the two.")]


def _counters(gateway: Gateway, path: str) -> dict[str, int]:
    """Files of pairs of lines: names, then values."""
    try:
        with open(gateway.paths.of(path)) as file:
            lines = file.read().splitlines()
    except OSError:
        return {}
    found = {}
    for names, values in zip(lines[::2], lines[1::2]):
        found.update({name: int(value) for name, value in zip(names.split()[1:], values.split()[1:])})
    return found


def _ppp(gateway: Gateway) -> list[Finding]:
    needed = {module for part in gateway.others("").values() for module in part.modules if "ppp" in module}
    missing = sorted(module for module in needed if not kernel.module_present(gateway, module))
    advice = "Install a kernel with ppp and l2tp_ppp (Debian: linux-image-amd64; Ubuntu: linux-modules-extra; RHEL family: kernel-modules-extra) and boot into it."
    return [Finding("NO_PPP_IN_KERNEL", f"the running kernel, {os.uname().release}, has no {', '.join(missing)}", advice, NO_PPP)] if missing else []


def _certificate(gateway: Gateway) -> list[Finding]:
    """The gateway's own certificate, as strongSwan has it: clients look at its days, too."""
    if not charon.running(gateway):
        return []
    listed = gateway.programs.run("swanctl", "--list-certs", "--type", "x509").output
    dead = ", ".join(each["what"] for each in certificates.collect(gateway) if not each["holds"] and not each["what"].startswith("revocation"))
    found = []
    for end in ("not before", "not after"):
        for match in re.finditer(rf"{end}\s+(.+?), (expired|not valid yet)", listed):
            found.append(
                Finding("CERTIFICATE_NOT_VALID", f"a certificate of the gateway is {match[2]}: {end} {match[1]}; the gateway's clock says {certificates.moment(time.time())}{f' ({dead})' if dead else ''}", "Mind the clock first; else let the stack make it anew: `pulumi up` for a site connection's, `pulumi up --replace` of it for the gateway's own.", "Windows 13801")
            )
    return found


def _public_certificate(gateway: Gateway) -> list[Finding]:
    found = acme.collect(gateway)
    failure = found and found["failure"]
    if not found or not failure:
        return []
    served = f"the old one goes on until {found['until']}" if found["public"] else "clients that trust public CAs alone are refused"
    evidence = f"{failure['kind']}: {failure['evidence']}; {served}"
    return [Finding("ACME_FAILED", evidence, failure["remedy"], "" if found["public"] else "Windows 13801; \"authentication failed\"")]


def _revocation_lists(gateway: Gateway) -> list[Finding]:
    return [
        Finding("NO_REVOCATION_LIST", f"the {each['what']} holds from {each['from']} until {each['until']}, and not now: nobody comes in by a certificate", "`pulumi up` makes it anew and pushes it. Mind the clock first.", "Windows 13801; L2TP: Windows 789")
        for each in certificates.collect(gateway)
        if each["what"].startswith("revocation list") and not each["holds"]
    ]


CLOCK_ADVICE = f"Set it, and let it be kept: {clock.REMEDY}. Certificates and `validUntil` go by it."


def _clock(gateway: Gateway) -> list[Finding]:
    """A clock before a time at which the gateway already had what it has is wrong; one that nothing keeps and that is not the hardware's may be."""
    def finding(evidence: str) -> list[Finding]:
        return [Finding("CLOCK_WRONG", evidence, CLOCK_ADVICE, "Windows 13801")]

    slow = clock.behind(gateway, time.time())
    if slow is not None:
        return finding(f"the clock is {slow[0] / 3600:.1f} hours before the moment at which {slow[1]}")
    ahead = _ahead_of_hardware(gateway)
    if ahead is None or abs(ahead) < clock.SLACK or clock.kept():
        return []
    return finding(f"the clock is {abs(ahead) / 3600:.1f} hours {'ahead of' if ahead > 0 else 'behind'} the machine's hardware clock, and not kept by NTP: one of the two is wrong")


def _ahead_of_hardware(gateway: Gateway) -> float | None:
    """By how many seconds; None where there is no such clock, or it keeps local time (hwclock(8), adjtime)."""
    try:
        with open(gateway.paths.of("/etc/adjtime")) as file:
            if "LOCAL" in file.read().split():
                return None
    except OSError:
        pass  # UTC, as ever without
    try:
        with open(gateway.paths.of("/sys/class/rtc/rtc0/since_epoch")) as file:
            return time.time() - int(file.read())
    except (OSError, ValueError):
        return None


def _half_open(gateway: Gateway) -> list[Finding]:
    """Handshakes that were begun and are not ended, where they are as many as the gateway takes from one address without a cookie."""
    limits = [int(found[1]) for part in gateway.others("").values() for file in part.files.values() if (found := re.search(rb"^\s*cookie_threshold_ip = (\d+)$", file.content, re.M))]
    if not limits or not charon.running(gateway):
        return []
    match = re.search(r"(\d+) half-open", gateway.programs.run("swanctl", "--stats", merge=False).output)
    # They are kept at that number, less those that just ran out of time.
    if match is None or int(match[1]) < 0.9 * limits[0]:
        return []
    evidence = f"{match[1]} handshakes are begun and not ended now: from {limits[0]} of one address on, new ones of it must return a cookie (IKEv2)"
    return [Finding("TOO_MANY_HALF_OPEN", evidence, "A flood, or a crowd that cannot get further; who is connected stays. Where it lasts, shut its addresses out before the gateway.", UNHEARD)]


def _clock_kept(gateway: Gateway) -> list[Finding]:
    """Codes of the minute go by it: a clock that nobody keeps keeps out who has them, some weeks from now."""
    users = admitted.load(gateway) or {}
    if not any(user.one_time_code for user in users.values()) or clock.kept() is not False:
        return []
    return [Finding("CLOCK_NOT_KEPT", "nothing keeps the clock (NTP), and one-time codes hold for half a minute to either side", f"{clock.REMEDY}, and let UDP 123 out to a time server. Where the host sets its machine's clock by itself, that is enough.")]


def _tunnel_errors(gateway: Gateway) -> list[Finding]:
    try:
        with open(gateway.paths.of("/proc/net/xfrm_stat")) as file:
            counts = {name: int(value) for name, value in (line.split() for line in file)}
    except (OSError, ValueError):
        return []
    found = []
    if counts.get("XfrmOutStateModeError", 0):
        found.append(Finding("PACKETS_TOO_BIG_FOR_TUNNEL", f"{counts['XfrmOutStateModeError']} packets to clients did not fit their tunnel (XfrmOutStateModeError)", "Senders behind the gateway do not hear of the MTU: let ICMP fragmentation-needed through, or lower `outsideMtu`.", "pages that begin to load and stand still"))
    if counts.get("XfrmInStateSeqError", 0) > 100:
        found.append(Finding("REPLAYED_PACKETS", f"{counts['XfrmInStateSeqError']} packets came too late or twice (XfrmInStateSeqError)", "Packets are reordered on the way by more than the replay window of 1024, or somebody replays them."))
    return found


def _filters(gateway: Gateway) -> list[Finding]:
    """Who is connected and reaches nothing, by what a RADIUS server says."""
    known = admitted.load(gateway) or {}
    if admitted.ANYBODY not in known or known[admitted.ANYBODY].filters is None:
        return []
    named = sorted({(each.user, unknown) for each in sessions.collect(gateway) if (unknown := radius_answers.unknown_filter(each, known)) is not None})
    remedy = f"A Filter-Id is the name of one of the gateway's groups, as it is written ({', '.join(sorted(known[admitted.ANYBODY].filters or {})) or 'there is none'}), and one at most: correct it on the server, or add the group to the stack."
    return [Finding("RADIUS_FILTER_UNKNOWN", f"{json.dumps(user)} is connected and reaches nothing: the RADIUS server's Filter-Id is {json.dumps(name)}", remedy, "connected, and nothing answers") for user, name in named]


def of_path(gateway: Gateway, client: str) -> list[Finding]:
    """The path to a client's outer address: whether it carries what the gateway takes it to carry."""
    if not _ping(gateway, client, 56).ok:
        return [Finding("PATH_NOT_TESTED", f"{client} does not answer a ping", "Let it answer pings for this test, or ask from the client: a ping of 1472 bytes with DF to the gateway.")]
    whole = _ping(gateway, client, 1500 - HEADERS)
    if whole.ok:
        return []
    small, large = 56, 1500 - HEADERS
    while large - small > 1:
        middle = (small + large) // 2
        small, large = (middle, large) if _ping(gateway, client, middle).ok else (small, middle)
    mtu = small + HEADERS
    told = re.search(r"Frag needed|[Mm]essage too long", whole.output)
    return [
        Finding(
            "PATH_MTU_SMALL" if told else "MTU_BLACK_HOLE",
            f"the path to {client} carries packets of {mtu} bytes and no larger ones{'' if told else ', and nobody says so'}",
            f"Set `outsideMtu: {mtu}`: then segments fit in both directions. On the client set the interface's MTU accordingly.",
            "connects, small things work, large ones stand still",
        )
    ]


def _ping(gateway: Gateway, client: str, size: int) -> Result:
    words = ("-n", "-c", "2", "-i", "0.3", "-W", "2", "-M", "do", "-s", str(size), "--", client)
    return gateway.programs.run("ping", *words, timeout=20)
