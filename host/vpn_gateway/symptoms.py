"""What the daemons' logs say of clients that did not get in, and what that means. Pure: lines in, findings out."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from . import radius_symptoms
from .admitted import ANYBODY, User
from .ppp_silence import Silence
from .radius_symptoms import own_words


@dataclass(frozen=True)
class Finding:
    """One cause: what it is called, what shows it, and what helps. `also`: the words that clients show for it."""

    cause: str
    evidence: str
    remedy: str
    also: str = ""


ADDRESS = r"(\d+\.\d+\.\d+\.\d+|[0-9a-f:]*:[0-9a-f:]+)"
UNHEARD = "Windows 809; \"no response from the server\""
NO_PPP = "Windows 718, 720"
WRONG_KEY = (
    "The client's pre-shared key is another. Give the client the key of the stack's output (clientSettings.preSharedKey)."
)


def of_log(lines: Iterable[str], known: dict[str, User], now: float) -> list[Finding]:
    """In the order in which they were first seen, each once."""
    reader = _Reader(known, now)
    silence = Silence()
    for line in lines:
        reader.read(line)
        silence.read(line)
    calls, seconds = silence.longest(now)
    if calls:
        reader.silent_calls(f"{calls} call{'' if calls == 1 else 's'} of L2TP without a word of PPP from the client, the longest for {seconds:.0f} s")
    return list(reader.found.values())


class _Reader(radius_symptoms.RadiusSymptoms):
    def __init__(self, known: dict[str, User], now: float) -> None:
        self.known = known
        self.now = now
        self.found: dict[tuple[str, str], Finding] = {}
        self.received = self.configured = ""  # the proposals last shown
        self.peer = "?"
        self.answered: set[str] = set()  # peers to whom IKE_SA_INIT was answered and who said nothing since
        self.user = "?"  # of the conversation at hand
        self.asked = "?"  # the name of a gateway that the client wants
        self.server = "?"  # RADIUS, last asked by charon (radius_symptoms)
        self.codes: dict[str, str] = {}  # radius_symptoms
        self.certificate = "?"  # whose status was last looked at
        self.method = self.name = "?"  # by which a client of IKEv1 wants to prove itself, and as whom

    def add(self, cause: str, about: str, evidence: str, remedy: str, also: str = "") -> None:
        self.found.setdefault((cause, about), Finding(cause, evidence, remedy, also))

    def read(self, line: str) -> None:
        for pattern, handle in RULES:
            match = re.search(pattern, line)
            if match:
                handle(self, match, line.strip())

    def came(self, match: re.Match, _line: str) -> None:
        self.peer = match[1]
        if match[2] == "4500":
            self.answered.discard(self.peer)

    def begins(self, _match: re.Match, _line: str) -> None:
        self.user = self.asked = "?"

    def asks_for(self, match: re.Match, _line: str) -> None:
        self.asked = match[1]

    def nobody_of_that_name(self, _match: re.Match, _line: str) -> None:
        if self.asked not in ("?", "%any"):
            self.add(
                "WRONG_GATEWAY_NAME",
                self.asked,
                f"{self.peer} asked for a gateway by the name {json.dumps(self.asked)}, which this one has not",
                "Let the client ask for exactly the gateway's `endpoint`: Apple's remote ID, strongSwan's remote id, Android's IPsec identifier of the server.",
                "\"authentication failed\"",
            )

    def init_answered(self, _match: re.Match, _line: str) -> None:
        self.answered.add(self.peer)

    def proposals(self, match: re.Match, _line: str) -> None:
        self.received = match[1]

    def own_proposals(self, match: re.Match, _line: str) -> None:
        self.configured = match[1]

    def no_proposal(self, _match: re.Match, _line: str) -> None:
        """Only here: after `no matching proposal found, trying alternative config` there may be one that fits."""
        self.add(
            "NO_PROPOSAL_CHOSEN",
            self.received,
            f"{self.peer} proposed {self.received}; the gateway takes {self.configured}",
            "Give the client one of the gateway's, or add the client's kind to `clients`, if its proposals are known to be safe.",
            "Windows 13868, \"policy match error\"; L2TP: Windows 789",
        )

    def identity(self, match: re.Match, _line: str) -> None:
        self.user = match[1]

    def no_key(self, match: re.Match, line: str) -> None:
        name = match[1]
        user = self.known.get(name)
        refused = user.refused("ikev2", self.now) if user else None
        if user and refused:
            self.add("USER_NOT_ADMITTED", name, f"{json.dumps(name)}, {refused}", "Change `suspended`, `validUntil` or `protocols` of that user.", "Windows 691")
        elif user is None:
            self.add("UNKNOWN_USER", name, f"{self.peer} gave the name {json.dumps(name)}", "Mind upper and lower case and the domain, or add the user.", "Windows 691")
        else:
            self.add("USER_WITHOUT_PASSWORD", name, line, "Push the passwords again: `pulumi up`; `vpn-gateway check` says what is missing.", "Windows 691")

    def wrong_password(self, _match: re.Match, _line: str) -> None:
        if (("UNKNOWN_USER", self.user) in self.found) or (("USER_NOT_ADMITTED", self.user) in self.found):
            return
        self.add("WRONG_PASSWORD", self.user, f"{json.dumps(self.user)} from {self.peer}, by IKEv2", "Give the client the password of the stack's output (clientSettings.passwords).", "Windows 691")

    def revoked(self, match: re.Match, _line: str) -> None:
        self.add("CERTIFICATE_REVOKED", self.certificate, f"{self.certificate}, from {self.peer}, was revoked on {match[1]}", "That is as the stack says. Who shall come in again needs another certificate: docs/certificates.md.", "Windows 13801; \"user authentication failed\"")

    def certificate_status(self, match: re.Match, _line: str) -> None:
        self.certificate = match[1]

    def certificate_over(self, match: re.Match, _line: str) -> None:
        self.add("CLIENT_CERTIFICATE_NOT_VALID", self.peer, f"{self.peer}: the certificate holds from {match[1]} to {match[2]}", "Mind the gateway's clock first (`vpn-gateway status`). `pulumi up` renews users' certificates in their last 90 days: give the user their new profile.", "Windows 13801")

    def stranger(self, match: re.Match, _line: str) -> None:
        self.add("CERTIFICATE_OF_A_STRANGER", match[1], f"{self.peer} showed {match[1]}, which this gateway's authority did not sign", "Give the user the profile of this stack (scripts/clients); an older one may be of a stack that was destroyed.", "Windows 13801")

    def no_list(self, match: re.Match, _line: str) -> None:
        self.add("NO_REVOCATION_LIST", "crl", f"the revocation list of users' certificates is {match[1].lower()}, and nobody comes in without it", "`vpn-gateway status` says until when it holds; `pulumi up` makes it anew and pushes it. Mind the clock.", "Windows 13801")

    def ikev1_asks(self, match: re.Match, _line: str) -> None:
        self.method, self.name = match[1], match[2]

    def ikev1_nobody(self, _match: re.Match, _line: str) -> None:
        name = self.name.removeprefix("CN=")
        user = self.known.get(name)
        refused = user.refused("l2tp", self.now) if user else None
        if self.method != "RSA signature":
            return  # of a key alone the gateway tells nobody by name
        if user and refused:
            self.add("USER_NOT_ADMITTED", name, f"{json.dumps(name)}, {refused}", "Change `suspended`, `validUntil`, `revoked` or `protocols` of that user.", "Windows 789")
        elif user:
            self.add("NO_CERTIFICATE_BY_L2TP", name, f"{json.dumps(name)} from {self.peer} offered a certificate by L2TP, and is to come without", "Set `l2tp.certificates` and the user's `authentication`, or give the user the profile that they have now (scripts/clients).", "Windows 789")
        else:
            self.add("UNKNOWN_USER", name, f"{self.peer} gave the name {json.dumps(name)} by L2TP, with a certificate", "Mind upper and lower case, or add the user.", "Windows 789")

    def no_psk(self, match: re.Match, _line: str) -> None:
        self.add(
            "NO_PRE_SHARED_KEY",
            match[1],
            f"{match[1]} offered a pre-shared key, and the gateway has none for it",
            "Where each user has a certificate for L2TP there is no such key: give the user their new profile (scripts/clients). Else `pulumi up` pushes it again.",
            "Windows 789; Apple: \"the L2TP-VPN server did not respond\"",
        )

    def not_theirs(self, match: re.Match, _line: str) -> None:
        name, reason = json.loads(match[1]), match[2]
        if reason.startswith("whose IPsec"):
            self.add("CERTIFICATE_OF_ANOTHER", name, f"{json.dumps(name)} by L2TP, {reason}", "IPsec's certificate and PPP's name must be one user's: give each device the profile of its user. If nobody did that by mistake, the password is known to another: give the user a new one.")
        elif reason.startswith("of whose"):
            self.add("IPSEC_NOT_KNOWN", name, f"{json.dumps(name)} by L2TP, {reason}", "Does the kernel show its connections (/proc/net/nf_conntrack)? Where it does not, users cannot come by L2TP with certificates.")
        else:
            self.add("CAME_BY_PRE_SHARED_KEY", name, f"{json.dumps(name)} by L2TP, {reason}", "Give the user their profile anew (scripts/clients): it has the certificate and no key.")

    def wrong_psk(self, _match: re.Match, line: str) -> None:
        self.add("WRONG_PRE_SHARED_KEY", self.peer, f"{self.peer}: {own_words(line)}", WRONG_KEY, "Windows 789; Apple: \"the L2TP-VPN server did not respond\"")

    def client_refuses(self, _match: re.Match, _line: str) -> None:
        if ("WRONG_PASSWORD", self.user) in self.found or ("UNKNOWN_USER", self.user) in self.found:
            return
        self.add(
            "CLIENT_REFUSES_CERTIFICATE",
            self.peer,
            f"{self.peer} ended the exchange with AUTHENTICATION_FAILED as soon as it had seen the gateway's certificate",
            "Install the authority of the stack's output on the client (as a machine's, on Windows), let it connect to exactly the gateway's `endpoint`, and set its clock.",
            "Windows 13801",
        )

    def half_open(self, match: re.Match, _line: str) -> None:
        if match[1] in self.answered:
            self.add(
                "UDP_4500_BLOCKED",
                match[1],
                f"{match[1]} was answered on UDP 500 and was never heard on UDP 4500",
                "Let UDP 4500 through, on the client's side and in every firewall before the gateway (clouds: the security group).",
                "Windows 809; \"no response from the server\"",
            )
            self.answered.discard(match[1])

    def pool_full(self, match: re.Match, _line: str) -> None:
        self.add("POOL_EXHAUSTED", match[1], f"the pool {match[1]} has no address left", "Give the protocol a larger `pool` (its daemon restarts), or cut off who is not needed: `vpn-gateway sessions`.")

    def l2tp_pool_full(self, _match: re.Match, line: str) -> None:
        self.add("POOL_EXHAUSTED", "l2tp", own_words(line), "Give l2tp a larger `pool` (xl2tpd restarts), or cut off who is not needed: `vpn-gateway sessions`.", "the L2TP session ends as soon as it begins")

    def retries(self, _match: re.Match, line: str) -> None:
        self.add(
            "L2TP_CONTROL_TIMEOUT",
            "l2tp",
            own_words(line),
            "IPsec stands, but L2TP's own messages get no answer: the client vanished, or UDP 1701 within the tunnel is dropped (a firewall on the client).",
            "\"Maximum retries exceeded\"; L2TP_CONTROL_TIMEOUT",
        )

    def ppp_auth(self, match: re.Match, _line: str) -> None:
        if match[1] not in self.known and ANYBODY in self.known:
            self.radius_refused(match, _line)
        else:
            self.password_refused(match[1], "l2tp", "by L2TP")

    def password_refused(self, name: str, protocol: str, how: str) -> None:
        """By one who knows the list, and not what of it was against this one."""
        user = self.known.get(name)
        refused = user.refused(protocol, self.now) if user else None
        if user is None:
            self.add("UNKNOWN_USER", name, f"{json.dumps(name)} {how}", "Mind upper and lower case and the domain, or add the user.", "Windows 691")
        elif refused:
            self.add("USER_NOT_ADMITTED", name, f"{json.dumps(name)}, {refused}", "Change `suspended`, `validUntil` or `protocols` of that user.", "Windows 691")
        elif not self.code_refused(name, how):
            code = "; the code behind it may be what is wrong" if user.one_time_code else ""
            self.add("WRONG_PASSWORD", name, f"{json.dumps(name)} {how}", f"Give the client the password of the stack's output (clientSettings.passwords){code}.", "Windows 691")

    def ppp_silence(self, _match: re.Match, line: str) -> None:
        self.silent_calls(own_words(line))

    def silent_calls(self, evidence: str) -> None:
        self.add("PPP_SILENT", "ppp", evidence, "The client's PPP does not answer: something drops its larger packets, or it wants another authentication than MS-CHAPv2.", "Windows 718, 734")

    def ppp_address(self, _match: re.Match, line: str) -> None:
        self.add("PPP_ADDRESS_REFUSED", "ppp", own_words(line), "The client insists on an address of its own: let it take the one that it is given.", "Windows 720, 733")

    def no_ppp(self, _match: re.Match, line: str) -> None:
        self.add("NO_PPP_IN_KERNEL", "ppp", own_words(line), "Install a kernel with ppp and l2tp_ppp (Debian: linux-image-amd64; Ubuntu: linux-modules-extra; RHEL family: kernel-modules-extra) and boot into it.", NO_PPP)

    def aggressive(self, match: re.Match, line: str) -> None:
        self.add("TOO_MANY_HALF_OPEN", match[1], own_words(line), "That address begins more connections than it ends: a flood, or an office whose clients cannot get further.", UNHEARD)

    def half_open_in_all(self, _match: re.Match, line: str) -> None:
        self.add("TOO_MANY_HALF_OPEN", "all", own_words(line), "More handshakes are begun than ended, by all addresses together: a flood from many, or clients that cannot get further. Who is connected stays. `doctor` names others where it can; shut the flood's addresses out before the gateway.", UNHEARD)

    def too_busy(self, _match: re.Match, line: str) -> None:
        self.add("TOO_BUSY_FOR_NEW_CLIENTS", "jobs", own_words(line), "charon has more to do than it can: nobody new is answered until it has caught up. A crowd that dials at once gets in by itself within minutes; a flood has to be shut out before the gateway; else give the machine more vCPUs.", UNHEARD)

    def hung(self, _match: re.Match, line: str) -> None:
        self.add("IKE_DAEMON_HUNG", "charon", own_words(line), "It runs again, and clients dial again. If it comes back, strongSwan's developers want its version and the log of the minutes before.", UNHEARD)


RULES = [
    (rf"received packet: from {ADDRESS}\[\d+\] to \S+\[(\d+)\]", _Reader.came),
    (r"generating (?:IKE_SA_INIT response 0|ID_PROT response 0) \[ (?:SA|KE)", _Reader.init_answered),
    (r"parsed IKE_SA_INIT request 0 ", _Reader.begins),
    (r"looking for peer configs matching \S+?\[(.+)\]\.\.\.", _Reader.asks_for),
    (r"no matching peer config found", _Reader.nobody_of_that_name),
    (r"looking for (RSA signature|pre-shared key) peer configs matching \S+\.\.\.[^\s\[]+\[(.+)\]", _Reader.ikev1_asks),
    (r"no peer config found|found \d+ matching configs?, but none allows", _Reader.ikev1_nobody),
    (rf"no shared key found for \S+ - {ADDRESS}", _Reader.no_psk),
    (r"ending the L2TP session of (\"(?:[^\"\\]|\\.)*\"), ((?:whose IPsec|who has a certificate|of whose IPsec).*)", _Reader.not_theirs),
    (r"received proposals: (.*)", _Reader.proposals),
    (r"configured proposals: (.*)", _Reader.own_proposals),
    (r"received proposals unacceptable|no acceptable proposal found", _Reader.no_proposal),
    (r"received EAP identity '(.*)'$", _Reader.identity),
    (r"no EAP key found for hosts '[^']*' - '(.*)'$", _Reader.no_key),
    (r"EAP-MS-CHAPv2 verification failed", _Reader.wrong_password),
    (r"checking certificate status of \"(.+)\"", _Reader.certificate_status),
    (r"certificate was revoked on (.+?), reason", _Reader.revoked),
    (r"subject certificate invalid \(valid from (.+) to (.+)\)", _Reader.certificate_over),
    (r"no issuer certificate found for \"(.+)\"", _Reader.stranger),
    (r"constraint check failed: RULE_CRL_VALIDATION is (\w+), but requires", _Reader.no_list),
    (r"(ID_PROT|MAIN|AGGRESSIVE)\b.*(message parsing failed|decryption failed)|could not decrypt payloads|invalid HASH_V1 payload|calculated HASH does not match", _Reader.wrong_psk),
    (r"parsed INFORMATIONAL request [12] \[ N\(AUTH_FAILED\)", _Reader.client_refuses),
    (rf"deleting half open IKE_SA with {ADDRESS} after timeout", _Reader.half_open),
    (r"pool '([^']+)' is full", _Reader.pool_full),
    (r"Out of (?:local )?IP addresses on tunnel|No available (?:local )?IP address", _Reader.l2tp_pool_full),
    (r"Maximum retries exceeded for tunnel", _Reader.retries),
    (r"Peer (.+) failed CHAP authentication", _Reader.ppp_auth),
    (r"No CHAP secret found for authenticating (.+)$", _Reader.ppp_auth),
    (r"LCP: timeout sending Config-Requests|peer refused to authenticate", _Reader.ppp_silence),
    (r"Peer is not authorized to use remote address|Could not determine remote IP address|Peer refused to agree to (?:his|our) IP address|IPCP terminated by peer \(.*IP address", _Reader.ppp_address),
    (r"Couldn't open (?:the )?/dev/ppp|This system lacks kernel support for PPP|Couldn't create PPPoL2TP|PPPoL2TP.*not supported", _Reader.no_ppp),
    *radius_symptoms.RULES,
    # receiver.c, drop_ike_sa_init: the words of strongSwan 6, and those of 5.
    (rf"ignoring IKE_SA setup from {ADDRESS}, (?:peer too aggressive|per-IP half-open)", _Reader.aggressive),
    (r"ignoring IKE_SA setup from \S+, (?:half-open IKE_SA limit of|half open IKE_SA count of)", _Reader.half_open_in_all),
    (r"ignoring IKE_SA setup from \S+, job load of", _Reader.too_busy),
    (r"the IKE daemon hangs: it has not answered for", _Reader.hung),
]
