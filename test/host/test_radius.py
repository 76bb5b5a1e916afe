"""RADIUS servers: whom they let in stays, whom they want out goes, and nobody else has a say."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import struct
import sys
import unittest

from machine import HOST, MachineTest, part_text

sys.path.insert(0, HOST)
from vpn_gateway import admitted, charon, disconnect, policies  # noqa: E402
from vpn_gateway.gateway import Gateway  # noqa: E402
from vpn_gateway.redact import Redactor  # noqa: E402
from vpn_gateway.sessions import Session  # noqa: E402

SECRET = b'se"cret \\ of both'
NOW = 1_790_000_000.0
RITA = [
    Session("rita", "l2tp", "198.51.100.2:1701", ("10.77.1.2",), 0, 0, 0, "801", "ppp0", 7),
    Session("rita", "ikev2", "198.51.100.2:4500", ("10.77.2.2",), 0, 0, 0, "3"),
]
FRED = Session("fred", "ikev2", "198.51.100.9:4500", ("10.77.2.3",), 0, 0, 0, "4")


def packet(attributes: list[tuple[int, bytes]], secret: bytes = SECRET, code: int = disconnect.DISCONNECT, number: int = 9, signed: bool = False) -> bytes:
    """As RFC 5176, 2.3 and 3.4 says, `signed` with a Message-Authenticator besides."""
    body = b"".join(bytes([kind, len(value) + 2]) + value for kind, value in attributes)
    if signed:
        whole = body + bytes([80, 18]) + bytes(16)
        head = struct.pack("!BBH", code, number, 20 + len(whole))
        body += bytes([80, 18]) + hmac.new(secret, head + bytes(16) + whole, "md5").digest()
    head = struct.pack("!BBH", code, number, 20 + len(body))
    return head + hashlib.md5(head + bytes(16) + body + secret).digest() + body


class PacketTest(unittest.TestCase):
    def test_only_what_is_signed_and_new_is_read(self) -> None:
        good = packet([(1, b"rita")], signed=True)
        request = disconnect.read(good, SECRET, NOW)
        self.assertEqual(request.attributes[1], b"rita")
        self.assertIsNone(disconnect.read(good, b"another", NOW))
        for at in range(len(good)):  # any bit that differs
            self.assertIsNone(disconnect.read(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :], SECRET, NOW), at)
        for length in range(len(good)):
            self.assertIsNone(disconnect.read(good[:length], SECRET, NOW))
        told = [(1, b"rita"), (55, struct.pack("!I", int(NOW) - 299))]
        self.assertIsNotNone(disconnect.read(packet(told), SECRET, NOW))
        self.assertIsNone(disconnect.read(packet(told), SECRET, NOW + 2))

    def test_a_message_authenticator_of_another_is_refused(self) -> None:
        forged = packet([(1, b"rita"), (80, bytes(16))])
        self.assertIsNone(disconnect.read(forged, SECRET, NOW))

    def test_an_attribute_that_runs_over_the_end_is_refused(self) -> None:
        for body in (b"\x01\x40rita", b"\x01\x01", b"\x01"):
            head = struct.pack("!BBH", 40, 1, 20 + len(body))
            self.assertIsNone(disconnect.read(head + hashlib.md5(head + bytes(16) + body + SECRET).digest() + body, SECRET, NOW))

    def about(self, *attributes: tuple[int, bytes]) -> tuple[list[str], int | None]:
        request = disconnect.read(packet(list(attributes)), SECRET, NOW)
        chosen, cause = disconnect.wanted(request, [*RITA, FRED], "office")
        return [each.handle for each in chosen], cause

    def test_all_that_is_named_must_fit(self) -> None:
        self.assertEqual(self.about((1, b"rita")), (["801", "3"], None))
        self.assertEqual(self.about((1, b"rita"), (8, bytes([10, 77, 2, 2]))), (["3"], None))
        self.assertEqual(self.about((8, bytes([10, 77, 2, 3])), (32, b"office")), (["4"], None))
        self.assertEqual(self.about((1, b"fred"), (8, bytes([10, 77, 2, 2]))), ([], disconnect.NO_SESSION))
        self.assertEqual(self.about((1, b"rit")), ([], disconnect.NO_SESSION))
        self.assertEqual(self.about((1, b"rita"), (32, b"elsewhere")), ([], disconnect.OTHER_GATEWAY))
        self.assertEqual(self.about((31, b"198.51.100.2")), ([], disconnect.INVALID))
        self.assertEqual(self.about((1, b"rita"), (44, b"42")), ([], disconnect.SEVERAL))
        self.assertEqual(self.about((1, b"fred"), (44, b"42")), (["4"], None))


class RadiusTest(MachineTest):
    def gateway(self) -> Gateway:
        os.environ.update(self.environment)
        return Gateway(self.root, "test")

    def listener(self, found: list[Session]) -> disconnect.Listener:
        self.write(disconnect.FILE, json.dumps({"nasIdentifier": "office", "servers": ["10.20.0.21", "2001:db8::21"]}))
        self.write(disconnect.SECRETS, f"{json.dumps('of the first')}\n{json.dumps(SECRET.decode())}\n")
        return disconnect.Listener(self.gateway(), lambda _gateway: found)

    def test_a_server_ends_sessions_and_is_told_so_once(self) -> None:
        fake = self.start_charon()
        fake.add("3", "ikev2", "rita")
        listener = self.listener([RITA[1]])
        asked = packet([(1, b"rita")])
        answer = listener.answer(asked, "2001:db8::21", NOW)
        self.assertEqual((answer[0], answer[1]), (disconnect.ACK, 9))
        self.assertEqual(answer[4:20], hashlib.md5(answer[:4] + asked[4:20] + answer[20:] + SECRET).digest())
        self.assertEqual(fake.terminated, ["3"])
        self.assertEqual(listener.answer(asked, "2001:db8::21", NOW), answer)
        self.assertEqual(fake.terminated, ["3"])

    def test_nobody_else_has_a_say(self) -> None:
        listener = self.listener([FRED])
        asked = packet([(1, b"fred")])
        self.assertIsNone(listener.answer(asked, "10.20.0.99", NOW))
        self.assertIsNone(listener.answer(asked, "10.20.0.21", NOW))  # the other one's secret
        change = listener.answer(packet([(1, b"fred")], code=disconnect.CHANGE), "2001:db8::21", NOW)
        self.assertEqual((change[0], change[-4:]), (disconnect.CHANGE_NAK, struct.pack("!I", disconnect.UNSUPPORTED)))

    def test_whom_the_servers_let_in_stays_and_has_no_policy(self) -> None:
        fake = self.start_charon()
        self.write("/etc/swanctl/conf.d/r.conf", "connections {\n remote {\n }\n}\n")
        fake.of_users = {"remote"}
        listed = '{"name":"ann","suspended":true}\n{"radius":["ikev2"]}\n'
        fake.add("1", "remote", "ann", "ann")
        fake.add("2", "remote", "rita")
        self.apply(part_text("users", {"/etc/vpn-gateway/users": listed}))
        self.assertEqual(fake.terminated, ["1"])
        known = admitted.parse(listed.encode())
        self.assertEqual(policies.elements([RITA[1]], known, NOW)["ikev2_4", "10.77.2.2"], "accept")
        self.assertEqual(policies.elements([RITA[0]], known, NOW), {})  # by L2TP the list alone is asked, and it has no rita
        self.apply(part_text("users", {"/etc/vpn-gateway/users": '"ann"\n'}))
        self.assertEqual(fake.terminated, ["1", "2"])

    def test_servers_change_without_a_restart(self) -> None:
        text = "charon-systemd {\n  plugins {\n    eap-radius {\n      servers {\n        server-1 {\n          secret = %s\n        }\n      }\n    }\n  }\n}\n"
        self.assertEqual(charon.needs_restart((text % "one").encode(), (text % "two").encode()), [])
        self.assertEqual(charon.needs_restart(None, (text % "one").encode()), [])
        accounting = b"charon-systemd {\n  plugins {\n    eap-radius {\n      accounting = yes\n    }\n  }\n}\n"
        self.assertEqual(charon.needs_restart(None, accounting), ["charon-systemd.plugins.eap-radius.accounting"])

    def test_their_secrets_are_never_shown(self) -> None:
        redactor = Redactor()
        redactor.learn("/etc/ppp/radius.vpn-gateway/servers", b"# Secrets\n10.20.0.21 of=pppd's-own\n")
        redactor.learn(disconnect.SECRETS, b'"of \\"the\\" keeper"\n')
        redactor.learn("/etc/strongswan.d/vpn-gateway-radius.conf", b'charon-systemd {\n  secret = "of charon"\n}\n')
        shown = redactor.clean('10.20.0.21: of=pppd\'s-own, of "the" keeper, of charon')
        self.assertEqual(shown, "10.20.0.21: [secret], [secret], [secret]")

    def test_what_one_time_codes_are_made_of_is_never_shown(self) -> None:
        redactor = Redactor()
        password = "of \u00e9ric".encode("utf-16-le").hex()
        text = f"# \u00e9ric\nl2tp-{'0' * 64} TOTP-Key := 0x3132333435363738393031323334353637383930, Tmp-Octets-0 := 0x{password}\n  Framed-IP-Address := 10.77.3.50\n# ann\nl2tp-{'1' * 64} NT-Password := 0x{'44' * 16}\n"
        redactor.learn("/etc/vpn-gateway/radius/users", text.encode())
        shown = redactor.clean(f"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ 3132333435363738393031323334353637383930 of \u00e9ric {password} {'44' * 16} 10.77.3.50")
        self.assertEqual(shown, "[secret] [secret] [secret] [secret] [secret] 10.77.3.50")


if __name__ == "__main__":
    unittest.main()
