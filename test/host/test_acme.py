"""The certificate from a public CA: asked for by a dehydrated that asks at the port as a CA does, with what openssl signs."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
from unittest import mock

from machine import HOST, MachineTest

sys.path.insert(0, HOST)
from vpn_gateway import acme, acme_attempt, acme_failure, certificates  # noqa: E402
from vpn_gateway.acme_failure import Where  # noqa: E402
from vpn_gateway.errors import Failure  # noqa: E402
from vpn_gateway.gateway import Gateway  # noqa: E402

NAME = "vpn.example.com"
DIRECTORY = "https://ca.example.com/directory"
HERE = Where(("198.51.100.7",), ("198.51.100.7",), 0)

# Does what a CA's question and answer come to: a token is put, asked for at the port, and what was signed is written down.
DEHYDRATED = """#!/bin/sh
echo "dehydrated $*" >>"$FAKE_STATE/calls"
for out; do :; done
if [ -e "$FAKE_STATE/complaint" ]; then
  first=$(ls "$FAKE_STATE"/complaint-* 2>/dev/null | head -n 1)
  cat "${first:-$FAKE_STATE/complaint}"; [ -z "$first" ] || rm "$first"
  exit 1
fi
printf answer >"$FAKE_STATE/root/var/lib/vpn-gateway/acme/challenges/token"
"$PYTHON" -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())' \
  "http://127.0.0.1:$(cat "$FAKE_STATE/port")/.well-known/acme-challenge/token" >"$FAKE_STATE/answered" || exit 1
mkdir -p "$out/vpn.example.com" && cp "$FAKE_STATE/signed/"*.pem "$out/vpn.example.com/"
"""


def problem(kind: str, detail: str) -> str:
    return json.dumps({"type": f"urn:ietf:params:acme:error:{kind}", "detail": detail, "status": 400})


class Authority:
    """A public CA: a root, an intermediate, and what it signs. The two are made once, and copied for each test."""

    made: tempfile.TemporaryDirectory | None = None

    def __init__(self, folder: str) -> None:
        if Authority.made is None:
            Authority.made = tempfile.TemporaryDirectory()
            self.make(Authority.made.name)
        shutil.copytree(Authority.made.name, folder, dirs_exist_ok=True)
        self.folder = folder

    def make(self, folder: str) -> None:
        self.folder = folder
        os.mkdir(f"{folder}/signed")
        for name, text in (("ca", "basicConstraints=critical,CA:TRUE\n"), ("leaf", f"subjectAltName=DNS:{NAME}\nextendedKeyUsage=serverAuth\n"), ("other", "subjectAltName=DNS:other.example.com\n")):
            with open(f"{folder}/{name}.ext", "w") as file:
                file.write(text)
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "root.key", "-out", "root.pem", "-subj", "/O=Public/CN=Root", "-days", "3000")
        self.sign("intermediate", "root", "ca", 2000, "/O=Public CA/CN=P1")

    def openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=self.folder)

    def sign(self, name: str, by: str, kind: str, days: int, subject: str = "/") -> None:
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject)
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{by}.pem", "-CAkey", f"{by}.key", "-CAcreateserial", "-days", str(days), "-extfile", f"{kind}.ext", "-out", f"{name}.pem")

    def issue(self, days: int = 90, kind: str = "leaf", key: str = "leaf") -> str:
        self.sign("leaf", "intermediate", kind, days)
        self.sign("stranger", "intermediate", kind, days)
        for source, leaf in (("leaf.pem", "cert"), (f"{key}.key", "privkey"), ("intermediate.pem", "chain")):
            self.openssl("x509" if source.endswith("pem") else "pkey", "-in", source, "-out", f"signed/{leaf}.pem")
        return certificates.serial(self.read("leaf.pem").encode())

    def read(self, name: str) -> str:
        with open(f"{self.folder}/{name}") as file:
            return file.read()


class AcmeTest(MachineTest):
    authority: Authority

    def setUp(self) -> None:
        super().setUp()
        self.authority = Authority(self.state)
        with open(f"{self.state}/bin/dehydrated", "w") as file:
            file.write(DEHYDRATED.replace("$PYTHON", sys.executable))
        os.chmod(f"{self.state}/bin/dehydrated", 0o755)
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        self.mark("port", str(port))
        for patch in (
            mock.patch.dict(os.environ, {"PATH": self.environment["PATH"], "FAKE_STATE": self.state}),
            mock.patch.object(acme_attempt, "PORT", port),
            mock.patch.object(acme_failure, "look", lambda _gateway, _name, askers: Where(HERE.addresses, HERE.own, askers)),
        ):
            patch.start()
            self.addCleanup(patch.stop)
        self.port = port
        for folder in ("etc/vpn-gateway", "etc/swanctl/x509", "etc/swanctl/x509ca", "etc/swanctl/private", "var/lib/vpn-gateway"):
            os.makedirs(f"{self.root}/{folder}", exist_ok=True)
        self.write("/etc/swanctl/x509/vpn-gateway.pem", self.authority.read("root.pem"))
        self.want()
        self.gateway = Gateway(self.root, "acme")

    def want(self, name: str = NAME) -> None:
        self.write(acme.SETTINGS, json.dumps({"name": name, "directory": DIRECTORY}))
        self.write(acme.CLIENT, "CA=x\n")

    def attempt(self, if_due: bool = False) -> int:
        return acme_attempt.run(self.gateway, if_due)

    def complain(self, text: str) -> None:
        self.mark("complaint", text)

    def collected(self) -> dict:
        found = acme.collect(self.gateway)
        assert found is not None
        return found

    def kind(self) -> str:
        return (self.collected()["failure"] or {}).get("kind", "")


class Attempts(AcmeTest):
    def test_until_there_is_one_the_stack_s_own_stands_in_its_place(self) -> None:
        self.assertEqual(acme.install(self.gateway), [acme.CERTIFICATE])
        self.assertEqual(self.read(acme.CERTIFICATE), self.read(acme.OWN))
        self.assertEqual(acme.install(self.gateway), [])
        self.assertIn("has given no certificate", acme.problems(self.gateway)[0])
        self.assertIn("the stack's own authority (Root (Public))", acme.lines(self.collected())[0])

    def test_it_comes_and_is_put_where_charon_reads_it(self) -> None:
        self.start_charon()
        serial = self.authority.issue()
        self.assertEqual(self.attempt(), 0)
        with open(f"{self.state}/answered") as file:
            self.assertEqual(file.read(), "answer\n")
        self.assertEqual(self.read(acme.CERTIFICATE), self.authority.read("leaf.pem"))
        self.assertEqual(self.read(acme.KEY), self.authority.read("signed/privkey.pem"))
        self.assertEqual(self.read(acme.CHAIN.replace("*", "1")), self.authority.read("intermediate.pem"))
        found = self.collected()
        self.assertEqual((found["public"], found["serial"], found["issuer"], found["failure"]), (True, serial, "P1 (Public CA)", None))
        self.assertEqual(acme.problems(self.gateway), [])
        self.assertRegex(self.run_command("status").stdout, rf"served: the certificate of {NAME} by P1 \(Public CA\), until \S+Z, serial {serial}\nlast attempt at \S+Z: the certificate came")

    def test_the_key_is_root_s_alone_and_shows_nowhere(self) -> None:
        self.authority.issue()
        self.attempt()
        secret = self.read(acme.KEY).splitlines()[1]
        for folder, _folders, names in os.walk(self.root):
            for name in names:
                path = f"{folder}/{name}"
                with open(path, "rb") as file:
                    holds = secret.encode() in file.read()
                if holds:
                    self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600, path)
        self.assertNotIn(secret, "".join(self.calls()) + json.dumps(self.collected()))
        self.assertFalse(self.exists(f"{acme.FOLDER}/new"))

    def test_the_new_key_is_there_before_the_connections_name_it_and_nothing_is_terminated(self) -> None:
        self.start_charon()
        self.authority.issue()
        self.attempt()
        called = [line for line in self.calls("swanctl") if "--help" not in line]
        self.assertEqual(called, ["swanctl --load-creds --noprompt", "swanctl --load-conns", "swanctl --load-creds --noprompt --clear"])

    def test_the_port_is_open_for_the_attempt_alone(self) -> None:
        self.authority.issue()
        self.attempt()
        element = f"element inet vpn_gateway acme_ports {{ {self.port} }}"
        called = [line.split(" ", 1)[0] + " " + line.split(" ")[1] for line in self.calls() if line.startswith(("nft add", "nft delete", "dehydrated"))]
        self.assertEqual(called, ["nft add", "dehydrated --config", "nft delete"])
        self.assertIn(f"nft add {element}", self.calls())
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1)
        self.complain(problem("connection", "timeout"))
        self.attempt()
        self.assertEqual(self.calls("nft")[-1], f"nft delete {element}")

    def test_a_young_one_is_not_asked_for_again_unless_somebody_wants_it(self) -> None:
        self.authority.issue()
        self.attempt(if_due=True)
        self.attempt(if_due=True)
        self.assertEqual(len(self.calls("dehydrated")), 1)
        serial = self.authority.issue()
        self.assertEqual(self.attempt(), 0)
        self.assertEqual(self.collected()["serial"], serial)

    def test_one_with_less_than_a_third_of_its_time_is(self) -> None:
        self.authority.issue()
        self.attempt()
        found = acme.held(self.gateway, time.time())
        self.assertFalse(acme.due(found, time.time() + 59 * 86400))
        self.assertTrue(acme.due(found, time.time() + 61 * 86400))

    def test_a_failure_takes_nothing_away_waits_longer_each_time_and_says_why(self) -> None:
        serial = self.authority.issue()
        self.attempt()
        before = self.read(acme.CERTIFICATE), self.read(acme.KEY)
        self.complain(problem("connection", "Timeout during connect"))
        waits = []
        for _ in range(3):
            self.assertEqual(self.attempt(), 1)
            tried = acme.state(self.gateway)
            waits.append(round((tried["next"] - tried["at"]) / 900))
        self.assertEqual(waits, [1, 2, 4])
        self.assertEqual((self.read(acme.CERTIFICATE), self.read(acme.KEY), self.collected()["serial"]), (*before, serial))
        self.assertEqual(self.kind(), "PORT_80_SHUT")
        self.assertIn("PORT_80_SHUT", acme.problems(self.gateway)[0])
        doctor = json.loads(self.run_command("doctor", "--json").stdout)
        found = next(each for each in doctor if each["cause"] == "ACME_FAILED")
        self.assertRegex(found["evidence"], r"PORT_80_SHUT: .*Timeout during connect.*the old one goes on until")
        self.assertIn("3 in a row failed", "\n".join(acme.lines(self.collected())))
        self.unmark("complaint")
        self.authority.issue()
        self.assertEqual((self.attempt(), self.kind(), self.collected()["failures"]), (0, "", 0))

    def test_after_a_failure_the_timer_waits_and_other_settings_do_not(self) -> None:
        self.complain(problem("rateLimited", "too many certificates, retry after tomorrow"))
        self.assertEqual((self.attempt(if_due=True), self.kind()), (1, "RATE_LIMITED"))
        self.assertGreater(acme.state(self.gateway)["next"] - time.time(), 6 * 3600 - 60)
        self.assertEqual(self.attempt(if_due=True), 0)
        self.assertEqual(len(self.calls("dehydrated")), 1)
        self.write(acme.CLIENT, "CA=y\n")
        self.assertEqual(self.attempt(if_due=True), 1)
        self.assertEqual((len(self.calls("dehydrated")), self.collected()["failures"]), (2, 1))

    def test_a_stale_nonce_is_asked_again_at_once_and_not_for_ever(self) -> None:
        self.complain(problem("badNonce", "invalid anti-replay nonce"))
        self.assertEqual((self.attempt(), len(self.calls("dehydrated"))), (1, 3))

    def test_an_account_that_is_gone_is_made_anew(self) -> None:
        os.makedirs(f"{self.root}{acme.FOLDER}/accounts/x")
        self.complain(problem("accountDoesNotExist", "not found"))
        self.assertEqual((self.attempt(), self.kind(), self.exists(f"{acme.FOLDER}/accounts")), (1, "ACCOUNT_GONE", False))

    def test_what_clients_could_not_take_does_not_take_the_place(self) -> None:
        for how in ({"kind": "other"}, {"key": "stranger"}):
            self.authority.issue(**how)
            self.assertEqual((self.attempt(), self.kind(), self.collected()["public"]), (1, "CERTIFICATE_UNFIT", False))
        self.authority.issue()
        self.authority.openssl("x509", "-in", "root.pem", "-out", "signed/chain.pem")
        self.assertEqual((self.attempt(), self.kind()), (1, "CERTIFICATE_UNFIT"))

    def test_another_program_on_the_port(self) -> None:
        with socket.create_server(("", self.port)):
            self.assertEqual((self.attempt(), self.kind(), self.calls("dehydrated")), (1, "PORT_80_TAKEN", []))

    def test_no_dehydrated(self) -> None:
        os.unlink(f"{self.state}/bin/dehydrated")
        self.assertEqual((self.attempt(), self.kind()), (1, "CLIENT_FAILED"))

    def test_one_attempt_at_a_time(self) -> None:
        self.authority.issue()
        with acme_attempt._alone(self.gateway) as first:
            self.assertEqual((first, self.attempt(), self.calls("dehydrated")), (True, 0, []))

    def test_over_and_switched_off_and_another_name(self) -> None:
        self.start_charon()
        self.authority.issue()
        self.attempt()
        with mock.patch("time.time", lambda now=time.time(): now + 91 * 86400):
            self.assertEqual(set(acme.install(self.gateway)), {acme.CERTIFICATE, acme.KEY, acme.CHAIN.replace("*", "1")})
            self.assertEqual(self.read(acme.CERTIFICATE), self.read(acme.OWN))
        acme.install(self.gateway)
        self.assertEqual(self.read(acme.CERTIFICATE), self.authority.read("leaf.pem"))
        self.want("other.example.com")
        self.assertFalse(self.collected()["public"])
        self.want()
        os.unlink(self.root + acme.SETTINGS)
        acme.install(self.gateway)
        self.assertEqual([self.exists(path) for path in (acme.CERTIFICATE, acme.KEY, acme.CHAIN.replace("*", "1"))], [False] * 3)
        self.assertEqual((acme.collect(self.gateway), acme.problems(self.gateway)), (None, []))
        with self.assertRaises(Failure):
            self.attempt()
        self.want()  # switched on again: what is held serves on, and nobody is asked
        acme.install(self.gateway)
        self.assertEqual(self.read(acme.CERTIFICATE), self.authority.read("leaf.pem"))

    def test_switched_off_the_stack_s_own_stands_in_for_as_long_as_a_user_s_connection_names_it(self) -> None:
        self.authority.issue()
        self.attempt()
        os.makedirs(f"{self.root}/etc/swanctl/conf.d", exist_ok=True)
        self.write("/etc/swanctl/conf.d/vpn-gateway.users.conf", "certs = vpn-gateway-acme.pem, vpn-gateway.pem\n")
        os.unlink(self.root + acme.SETTINGS)
        acme.install(self.gateway)
        self.assertEqual((self.read(acme.CERTIFICATE), self.exists(acme.KEY)), (self.read(acme.OWN), False))
        self.write("/etc/swanctl/conf.d/vpn-gateway.users.conf", "certs = vpn-gateway.pem\n")
        self.assertEqual((acme.install(self.gateway), self.exists(acme.CERTIFICATE)), ([acme.CERTIFICATE], False))

    def test_a_deployment_that_was_cut_off_is_done_by_the_next_look(self) -> None:
        self.start_charon()
        self.authority.issue()
        self.attempt()
        self.write(acme.NEXT_KEY, "half")
        before = len(self.calls("swanctl"))
        self.assertEqual((self.attempt(if_due=True), self.exists(acme.NEXT_KEY)), (0, False))
        self.assertEqual(len([line for line in self.calls("swanctl")[before:] if "--load" in line]), 3)
        self.attempt(if_due=True)
        self.assertEqual(len([line for line in self.calls("swanctl")[before:] if "--load" in line]), 3)


class Port(AcmeTest):
    def test_it_answers_a_token_that_there_is_and_nothing_else(self) -> None:
        folder = tempfile.mkdtemp(dir=self.state)
        with open(f"{folder}/tok-en_1", "w") as file:
            file.write("text")
        with open(f"{self.state}/secret", "w") as file:
            file.write("secret")
        at = f"http://127.0.0.1:{self.port}"
        with acme_attempt._answering(folder) as askers:
            self.assertEqual(urllib.request.urlopen(f"{at}/.well-known/acme-challenge/tok-en_1").read(), b"text")
            for path in ("/", "/.well-known/acme-challenge/", "/.well-known/acme-challenge/other", "/.well-known/acme-challenge/../../secret", "/.well-known/acme-challenge/%2e%2e/secret", f"/.well-known/acme-challenge/{'x' * 300}"):
                with self.assertRaises(urllib.error.HTTPError) as refused:
                    urllib.request.urlopen(at + path)
                self.assertEqual(refused.exception.code, 404, path)
                refused.exception.close()
            for text in (b"POST / HTTP/1.0\r\n\r\n", b"\0\xff\r\n\r\n", b"GET /.well-known/acme-challenge/tok-en_1\0 HTTP/1.0\r\n\r\n"):
                with socket.create_connection(("127.0.0.1", self.port), 5) as asked:
                    asked.sendall(text)
                    self.assertNotIn(b"text\n", asked.recv(4096))
            self.assertEqual(len(askers), 1)
        self.assertEqual([thread for thread in threading.enumerate() if "serve_forever" in thread.name], [])


class Reasons(unittest.TestCase):
    """Where the name leads, and what the CA said, as dehydrated shows it."""

    def read(self, output: str, where: Where = HERE) -> tuple[str, str]:
        found = acme_failure.read(output, NAME, where)
        self.assertTrue(found.remedy)
        return found.kind, found.evidence

    def test_the_challenge_was_not_met(self) -> None:
        said = f'ERROR: Challenge is invalid! (returned: invalid) (result: ["error"]\t{problem("connection", "Fetching http://vpn.example.com/: Timeout")})'
        for where, kind in (
            (HERE, "PORT_80_SHUT"),
            (Where(("203.0.113.9",), ("198.51.100.7",), 0), "NAME_LEADS_ELSEWHERE"),
            (Where((), ("198.51.100.7",), 0), "NAME_LEADS_NOWHERE"),
            (Where(("198.51.100.7",), ("198.51.100.7",), 2), "ANSWER_REFUSED"),
        ):
            self.assertEqual(self.read(said, where)[0], kind)
            self.assertIn("Timeout", self.read(said, where)[1])
        self.assertIn("1:1 NAT", self.read(said, Where(("203.0.113.9",), ("10.0.0.4",), 0))[1])

    def test_the_ca_refuses(self) -> None:
        for kind, word in (("rateLimited", "RATE_LIMITED"), ("caa", "CAA_FORBIDS"), ("rejectedIdentifier", "NAME_REFUSED"), ("invalidContact", "CONTACT_REFUSED"), ("externalAccountRequired", "ACCOUNT_NEEDED"), ("unknownOne", "CA_FAILED")):
            self.assertEqual(self.read(problem(kind, 'it "says" \\u001b so'))[0], word)
            self.assertNotIn("\x1b", self.read(problem(kind, "it \x1b says"))[1])

    def test_the_ca_is_not_there(self) -> None:
        for code, word in (("6", "CA_UNREACHABLE"), ("7", "CA_UNREACHABLE"), ("28", "CA_UNREACHABLE"), ("60", "CA_NOT_TRUSTED")):
            self.assertEqual(self.read(f"ERROR: Problem connecting to server (get for {DIRECTORY}; curl returned with {code})")[0], word)

    def test_nothing_that_is_known(self) -> None:
        self.assertEqual(self.read("# INFO: Using main config file\n + Signing domains...\nThis script requires hexdump.\n"), ("CA_FAILED", "This script requires hexdump."))
        self.assertEqual(self.read("")[0], "CA_FAILED")


if __name__ == "__main__":
    unittest.main()
