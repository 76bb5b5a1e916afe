"""Why a CA gave no certificate, and what helps: dehydrated's answer in, a kind, evidence and remedy out."""

import ipaddress
import json
import re
import socket
from dataclasses import asdict, dataclass

from .gateway import Gateway

PROBLEM = re.compile(r"urn:ietf:params:acme:error:([A-Za-z]+)")
DETAIL = re.compile(r'"detail"\s*[\]:]?\s*"((?:[^"\\]|\\.)*)"')
NO_SERVER = re.compile(r"Problem connecting to server \(\S+ for (\S+?); curl returned with (\d+)\)")
REACHED = ("connection", "dns", "unauthorized", "incorrectResponse", "tls")  # what a CA says of a challenge
UNTRUSTED = ("35", "51", "58", "60", "77", "83", "90", "91")  # curl(1), exit codes: of TLS
UNRESOLVED = "6"

# RFC 8555, 6.7: kind, what it means, what helps. `{name}` is the gateway's.
MEANINGS = {
    "rateLimited": ("RATE_LIMITED", "the CA has been asked too often", "Nothing is to be done but to wait; what is served goes on. Each new machine and each change of the name asks anew."),
    "caa": ("CAA_FORBIDS", "a CAA record of {name} names other CAs", "Add this CA to the CAA record of the name, or take the record away (RFC 8659)."),
    "rejectedIdentifier": ("NAME_REFUSED", "the CA gives no certificate for {name}", "Use a name of the public DNS as `endpoint`."),
    "malformed": ("NAME_REFUSED", "the CA does not understand what it is asked for", "Mind `endpoint` and `ikev2.acme.directory`: is it the URL of a directory?"),
    "invalidContact": ("CONTACT_REFUSED", "the CA does not take the e-mail address", "Correct `ikev2.acme.email`, or leave it out."),
    "unsupportedContact": ("CONTACT_REFUSED", "the CA does not take the e-mail address", "Correct `ikev2.acme.email`, or leave it out."),
    "userActionRequired": ("TERMS_CHANGED", "the CA wants somebody to agree to new terms", "Read what the CA says here, and agree there."),
    "externalAccountRequired": ("ACCOUNT_NEEDED", "the CA serves those alone who have an account with it (external account binding)", "Use a CA that needs none, such as Let's Encrypt: we do not serve this one."),
    "accountDoesNotExist": ("ACCOUNT_GONE", "the CA does not know this machine's account any more", "Nothing: the next attempt makes a new account."),
    "serverInternal": ("CA_FAILED", "the CA has a fault of its own", "Wait; look at the CA's page of its state where it lasts."),
}


@dataclass(frozen=True)
class AcmeFailure:
    """`kind`: a word to look for; `evidence` and `remedy`: sentences for people. None of them holds a secret."""

    kind: str
    evidence: str
    remedy: str

    def plain(self) -> dict:
        return asdict(self)


@dataclass(frozen=True)
class Where:
    """Where the name leads as this machine sees it, the machine's own addresses, and who asked at port 80."""

    addresses: tuple[str, ...]
    own: tuple[str, ...]
    askers: int


def look(gateway: Gateway, name: str, askers: int) -> Where:
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)}
    except OSError:
        found = set()
    result = gateway.programs.run("ip", "-j", "address", "show", merge=False)
    links = json.loads(result.output or "[]") if result.ok else []
    own = [str(info["local"]) for link in links for info in link.get("addr_info", []) if info.get("scope") == "global" and "local" in info]
    return Where(tuple(sorted(found)), tuple(own), askers)


def read(output: str, name: str, where: Where) -> AcmeFailure:
    """`output`: all that dehydrated said."""
    server = NO_SERVER.search(output)
    if server:
        return _no_server(*server.groups())
    kinds, details = PROBLEM.findall(output), DETAIL.findall(output)
    detail = _plain(details[-1]) if details else ""
    if not kinds:
        said = [line.strip() for line in output.splitlines() if line.strip() and not line.startswith(("#", " +", "+"))]
        return AcmeFailure("CA_FAILED", " / ".join(said[-3:])[:400] or "dehydrated ended without a word", "`vpn-gateway acme` tries once more, and shows all of it.")
    if kinds[-1] in REACHED:
        return _not_reached(name, where, detail)
    kind, meaning, remedy = MEANINGS.get(kinds[-1], ("CA_FAILED", f"the CA says {kinds[-1]}", "`vpn-gateway acme` tries once more, and shows all of it."))
    return AcmeFailure(kind, _with(meaning.format(name=name), detail), remedy)


def _no_server(url: str, code: str) -> AcmeFailure:
    if code == UNRESOLVED:
        return AcmeFailure("CA_UNREACHABLE", f"the machine finds no address of {url}", "Mind the machine's name servers (`resolvectl status`, /etc/resolv.conf) and `ikev2.acme.directory`.")
    if code in UNTRUSTED:
        return AcmeFailure("CA_NOT_TRUSTED", f"the machine does not trust the TLS certificate of {url} (curl says {code})", "Give the CA's own authority as `ikev2.acme.directoryAuthority`; or mind the clock and the package ca-certificates.")
    return AcmeFailure("CA_UNREACHABLE", f"{url} does not answer the machine (curl says {code})", "Let the machine open HTTPS connections to the CA: a firewall, a route, or the CA itself.")


def _not_reached(name: str, where: Where, detail: str) -> AcmeFailure:
    leads = ", ".join(where.addresses)
    if where.askers:
        return AcmeFailure(
            "ANSWER_REFUSED",
            _with(f"{name} was asked for at this machine's port 80, and not from everywhere with success", detail),
            "CAs ask from several places, and by IPv6 where the name has such an address: let TCP 80 in from everywhere, and let every address of the name lead here.",
        )
    if not where.addresses:
        return AcmeFailure("NAME_LEADS_NOWHERE", _with(f"{name} has no address, as this machine sees it", detail), f"Make a DNS record of {name} with the gateway's public address.")
    if set(where.addresses).isdisjoint(where.own):
        private = all(ipaddress.ip_address(each).is_private for each in where.own if ":" not in each)
        behind = ". Behind a 1:1 NAT, as clouds have it, that may be right: then TCP 80 does not come through" if private else ""
        return AcmeFailure(
            "NAME_LEADS_ELSEWHERE",
            _with(f"{name} leads to {leads}, which is no address of this machine ({', '.join(where.own)}){behind}; nobody asked here", detail),
            f"Let the DNS record of {name} lead to the gateway's public address, and TCP 80 come through to it.",
        )
    return AcmeFailure(
        "PORT_80_SHUT",
        _with(f"{name} leads here ({leads}), and nobody came through to port 80", detail),
        "Open TCP 80 from everywhere towards the gateway in whatever is before it: the cloud's firewall, a router. The gateway itself opens it while it is asked.",
    )


def _with(text: str, detail: str) -> str:
    return f"{text} (the CA: {detail})" if detail else text


def _plain(quoted: str) -> str:
    try:
        text = str(json.loads(f'"{quoted}"'))
    except ValueError:
        text = quoted
    return "".join(character if character.isprintable() else " " for character in text)[:300]
