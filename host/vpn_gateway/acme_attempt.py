"""
One attempt to get the gateway's certificate from a public CA, by dehydrated and HTTP-01 (RFC 8555, 8.3): port 80 is opened
for as long as it takes, and answers the CA's question alone. A failure is kept for `status`, and takes nothing away.
"""

import contextlib
import fcntl
import http.server
import os
import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator

from . import acme, acme_failure, certificates, files, lock
from .acme_failure import AcmeFailure
from .errors import Failure
from .gateway import Gateway
from .programs import Result, words

PORT = 80
ELEMENT = ("element", "inet", "vpn_gateway", "acme_ports")
STALE_NONCES = 3  # of which a CA may always complain (RFC 8555, 6.5), and a dehydrated before 0.7.1 does not ask again
PATIENCE = 250.0  # seconds for all of dehydrated's questions; the unit has 15 minutes
FIRST_WAIT, LONGEST_WAIT, RATE_WAIT = 900, 43200, 21600  # seconds after a failure; doubled each time
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.S)
QUESTION = re.compile(r"/\.well-known/acme-challenge/([A-Za-z0-9_-]{1,200})")  # a token: RFC 8555, 8.3


class _Unable(Exception):
    """The attempt failed, and why."""

    def __init__(self, failure: AcmeFailure) -> None:
        super().__init__(failure.kind)
        self.failure = failure


def run(gateway: Gateway, if_due: bool) -> int:
    """1 where an attempt failed. `if_due`: none where the certificate is young, or the last failure too near."""
    if acme.settings(gateway) is None:
        raise Failure("the gateway has the certificate of the stack's authority: `ikev2.acme` is not set")
    with _alone(gateway) as alone:
        if not alone:
            gateway.report.say("another attempt is under way")
            return 0
        now = time.time()
        if if_due and not _is_due(gateway, now):
            if acme.astray(gateway):  # the old one is over, or a deployment was cut off
                with lock.held(gateway.paths, gateway.report, "acme"):
                    acme.deploy(gateway)
            return 0
        return _attempt(gateway, now)


def _is_due(gateway: Gateway, now: float) -> bool:
    return acme.due(acme.held(gateway, now), now) and now >= float(acme.state(gateway).get("next", 0))


def _attempt(gateway: Gateway, now: float) -> int:
    before = acme.state(gateway)
    try:
        found = _ask(gateway)
        acme.keep(gateway, found)
        with lock.held(gateway.paths, gateway.report, "acme"):
            acme.deploy(gateway)
    except _Unable as unable:
        failures = int(before.get("failures", 0)) + 1
        wait = min(FIRST_WAIT * 2 ** min(failures - 1, 10), LONGEST_WAIT)
        if unable.failure.kind == "RATE_LIMITED":
            wait = max(wait, RATE_WAIT)
        acme.save_state(gateway, at=now, failures=failures, next=time.time() + wait, failure=unable.failure.plain())
        gateway.report.say(f"no certificate: {unable.failure.kind}: {unable.failure.evidence}")
        gateway.report.say(unable.failure.remedy)
        return 1
    acme.save_state(gateway, at=now, failures=0, next=0, failure=None)
    text = found["certificate"].encode()
    gateway.report.result(f"certificate by {certificates.issuer(text)}, serial {certificates.serial(text)}, until {certificates.moment((certificates.validity(text) or (0, 0))[1])}")
    return 0


def _ask(gateway: Gateway) -> dict:
    """A new key and its certificate, looked at."""
    wanted = acme.settings(gateway) or {}
    folder = gateway.paths.of(acme.FOLDER)
    challenges, made = f"{folder}/challenges", f"{folder}/new"
    for old in (challenges, made):
        shutil.rmtree(old, ignore_errors=True)
        os.makedirs(old, mode=0o700)
    try:
        with _answering(challenges) as askers, _open(gateway):
            result = _dehydrated(gateway, wanted["name"], made)
        if not result.ok:
            gateway.report.say("dehydrated said:\n  " + words(result, 40))
            failure = acme_failure.read(result.shown, wanted["name"], acme_failure.look(gateway, wanted["name"], len(askers)))
            if failure.kind == "ACCOUNT_GONE":
                shutil.rmtree(f"{folder}/accounts", ignore_errors=True)
            raise _Unable(failure)
        return _looked_at(gateway, f"{made}/{wanted['name']}", wanted["name"])
    except Failure as failure:
        raise _Unable(AcmeFailure("CLIENT_FAILED", str(failure), "`vpn-gateway check` tells what the machine lacks.")) from None
    finally:
        for old in (challenges, made):
            shutil.rmtree(old, ignore_errors=True)


def _dehydrated(gateway: Gateway, name: str, made: str) -> Result:
    arguments = ("--config", gateway.paths.of(acme.CLIENT), "--cron", "--accept-terms", "--no-lock", "--domain", name, "--out", made)
    for _again in range(STALE_NONCES):
        result = gateway.programs.run("dehydrated", *arguments, timeout=PATIENCE)
        if result.ok or acme_failure.PROBLEM.findall(result.output)[-1:] != ["badNonce"]:
            break
    return result


def _looked_at(gateway: Gateway, folder: str, name: str) -> dict:
    """What dehydrated left. It takes the place of what is served only if clients could take it: name, time, key, signature."""

    def openssl(*arguments: str) -> str:
        result = gateway.programs.run("openssl", *arguments)
        if not result.ok:
            raise _Unable(AcmeFailure("CERTIFICATE_UNFIT", f"`openssl {' '.join(arguments[:2])}`: {words(result, 2)}", "Ask the CA what it has signed; what is served goes on."))
        return result.output

    certificate, key, chain = (f"{folder}/{leaf}.pem" for leaf in ("cert", "privkey", "chain"))
    if f"Hostname {name} does match" not in openssl("x509", "-noout", "-checkhost", name, "-in", certificate):
        raise _Unable(AcmeFailure("CERTIFICATE_UNFIT", f"the certificate is for another name than {name}", "Ask the CA what it has signed; what is served goes on."))
    openssl("verify", "-partial_chain", "-trusted", chain, certificate)
    if openssl("x509", "-noout", "-pubkey", "-in", certificate) != openssl("pkey", "-pubout", "-in", key):
        raise _Unable(AcmeFailure("CERTIFICATE_UNFIT", "the certificate is for another key than the one that was made", "Ask the CA what it has signed; what is served goes on."))

    def text(path: str) -> str:
        return files.look(os.path.realpath(path)).text.decode()

    return {
        "certificate": CERTIFICATE.findall(text(certificate))[0] + "\n",
        "key": text(key),
        "chain": [f"{each}\n" for each in CERTIFICATE.findall(text(chain))],
    }


@contextlib.contextmanager
def _alone(gateway: Gateway) -> Iterator[bool]:
    """One attempt at a time; the kernel forgets it with its process. Beside the lock of changes, which none must wait for so long."""
    path = gateway.paths.of("/run/vpn-gateway/acme.lock")
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


@contextlib.contextmanager
def _open(gateway: Gateway) -> Iterator[None]:
    """The firewall's port. An element forgets itself after a while (gateway/render/nftables.ts), should this process be killed."""
    gateway.programs.must("the firewall did not open port 80", "nft", "add", *ELEMENT, f"{{ {PORT} }}")
    try:
        yield
    finally:
        gateway.programs.run("nft", "delete", *ELEMENT, f"{{ {PORT} }}")


class _Answer(http.server.BaseHTTPRequestHandler):
    """The file of a token that is asked for, and nothing else."""

    timeout = 10  # seconds that a connection may be silent
    protocol_version = "HTTP/1.0"
    server_version, sys_version = "vpn-gateway", ""

    def do_GET(self) -> None:
        token = QUESTION.fullmatch(self.path)
        try:
            with open(f"{self.server.folder}/{token[1]}", "rb") as file:  # type: ignore[attr-defined,index]
                text = file.read()
        except (OSError, TypeError):
            self.send_error(404)
            return
        self.server.askers.add(self.client_address[0])  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_ignored: object) -> None:
        """Who asks what from the internet is nobody's news."""


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, folder: str, family: int) -> None:
        self.folder, self.askers = folder, set()
        self.address_family = family
        super().__init__(("::" if family == socket.AF_INET6 else "0.0.0.0", PORT), _Answer)

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        # Not HTTPServer's own, which looks up the machine's name.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "", PORT

    def handle_error(self, *_ignored: object) -> None:
        """A connection that breaks off is nobody's news."""


@contextlib.contextmanager
def _answering(folder: str) -> Iterator[set]:
    """Answers on port 80 of every address; gives the set of who asked for a token that there is."""
    try:
        listener = _listener(folder)
    except OSError as error:
        raise _Unable(
            AcmeFailure("PORT_80_TAKEN", f"another program listens on this machine's port {PORT} ({error.strerror})", "`ss -ltnp sport = 80` shows which: let it stop, or leave `ikev2.acme` out.")
        ) from None
    threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    try:
        yield listener.askers
    finally:
        listener.shutdown()
        listener.server_close()


def _listener(folder: str) -> _Listener:
    if socket.has_ipv6 and os.path.exists("/proc/net/if_inet6"):
        return _Listener(folder, socket.AF_INET6)
    return _Listener(folder, socket.AF_INET)
