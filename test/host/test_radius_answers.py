"""What RADIUS servers grant: read on the way by the relay, held by policies and rates, changed by CoA-Requests."""

import hashlib
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import unittest.mock
from dataclasses import replace

from machine import HOST, MachineTest
from test_radius import packet
from test_sessions import TABLE, ConnectedTest

sys.path.insert(0, HOST)
from vpn_gateway import admitted, disconnect, doctor, keeper, policies, radius_answers, radius_packet, radius_relay, rates, sessions  # noqa: E402
from vpn_gateway.gateway import Gateway  # noqa: E402
from vpn_gateway.radius_answers import Answer  # noqa: E402
from vpn_gateway.sessions import Session  # noqa: E402

SECRET = b'se"cret \\ of both'
LISTED = '"ann"\n{"radius":["l2tp","ikev2"],"filters":{"staff":{"policy":"filter_staff"},"guests":{"policy":"filter_guests","rate":{"down":2000,"up":1000}}}}\n'
KNOWN = admitted.parse(LISTED.encode())
RITA = Session("rita", "l2tp", "198.51.100.2:1701", ("10.77.1.2",), 0, 0, 0, "801", "ppp0", 7)
FRED = Session("fred", "ikev2", "198.51.100.9:4500", ("10.77.2.3",), 0, 0, 0, "4")


def attribute(kind: int, value: bytes) -> bytes:
    return bytes([kind, len(value) + 2]) + value


def wispr(inner: int, bits: int) -> tuple[int, bytes]:
    return 26, struct.pack("!IBBI", 14122, inner, 6, bits)


def request(number: int, *given: tuple[int, bytes], code: int = 1) -> bytes:
    body = b"".join(attribute(kind, value) for kind, value in given)
    return struct.pack("!BBH", code, number, 20 + len(body)) + os.urandom(16) + body


def response(asked: bytes, code: int, *given: tuple[int, bytes], secret: bytes = SECRET) -> bytes:
    body = b"".join(attribute(kind, value) for kind, value in given)
    head = struct.pack("!BBH", code, asked[1], 20 + len(body))
    return head + hashlib.md5(head + asked[4:20] + body + secret).digest() + body


def with_answer(session: Session, *filters: str, **rate: int) -> Session:
    return replace(session, answer=Answer(session.user, filters, rate, 5.0))


class PacketTest(unittest.TestCase):
    def test_what_is_granted(self) -> None:
        self.assertEqual(radius_answers.granted([(11, b"staff"), wispr(8, 5_000_000), wispr(7, 1_500_999), (18, b"hello")]), (("staff",), {"down": 5000, "up": 1500}))
        self.assertEqual(radius_answers.granted([wispr(8, 0), wispr(7, 64_000)]), ((), {"down": 0, "up": 100}))
        self.assertEqual(radius_answers.granted([wispr(5, 64_000), (26, struct.pack("!IBBI", 311, 8, 6, 9)), (26, b"\0\0"), (26, struct.pack("!IBB", 14122, 8, 9))]), ((), {}))
        self.assertEqual(radius_answers.granted([(11, b"a\xff"), (11, b"b")]), (("a\ufffd", "b"), {}))


class VerdictTest(unittest.TestCase):
    def elements(self, session: Session) -> dict:
        return {key: value for key, value in policies.elements([session], KNOWN, 0).items() if value}

    def test_a_filter_names_a_group_and_everything_else_is_shut(self) -> None:
        self.assertEqual(self.elements(with_answer(RITA, "staff")), {("l2tp4", "7 . 10.77.1.2"): "jump filter_staff"})
        self.assertEqual(self.elements(with_answer(FRED, "guests")), {("ikev2_4", "10.77.2.3"): "jump filter_guests"})
        self.assertEqual(self.elements(with_answer(FRED)), {("ikev2_4", "10.77.2.3"): "accept"})
        for closed in (FRED, with_answer(FRED, "Staff"), with_answer(FRED, "staff", "guests"), with_answer(FRED, ""), with_answer(FRED, "} ; drop")):
            self.assertEqual(policies.elements([closed], KNOWN, 0), {})

    def test_who_is_on_the_list_has_what_the_list_says(self) -> None:
        ann = with_answer(replace(FRED, user="ann"), "nonsense", down=5)
        self.assertEqual(self.elements(ann), {("ikev2_4", "10.77.2.3"): "accept"})
        self.assertEqual(radius_answers.rates([ann], KNOWN), {})

    def test_whom_a_directory_lets_in_reaches_what_clients_do(self) -> None:
        known = admitted.parse(b'"ann"\n{"radius":["l2tp"],"own":true}\n')
        self.assertEqual(policies.elements([RITA], known, 0)["l2tp4", "7 . 10.77.1.2"], "accept")
        self.assertEqual(policies.elements([FRED], known, 0), {})  # not by that protocol

    def test_without_the_setting_answers_count_for_nothing(self) -> None:
        known = admitted.parse(b'{"radius":["ikev2"]}\n')
        self.assertEqual(policies.elements([with_answer(FRED, "nonsense")], known, 0)["ikev2_4", "10.77.2.3"], "accept")
        self.assertEqual(radius_answers.rates([with_answer(FRED, down=4)], known), {})

    def test_rates_are_the_servers_own_before_the_groups(self) -> None:
        said = lambda *filters, **rate: radius_answers.rates([with_answer(FRED, *filters, **rate)], KNOWN).get("fred")  # noqa: E731
        self.assertEqual(said("guests"), {"down": 2000, "up": 1000})
        self.assertEqual(said("guests", down=5000), {"down": 5000, "up": 1000})
        self.assertEqual(said("guests", down=0), {"up": 1000})
        self.assertEqual(said("staff", up=700), {"up": 700})
        self.assertIsNone(said("staff"))
        older, newer = with_answer(FRED, up=700), replace(with_answer(FRED, up=800), handle="5")
        newer = replace(newer, answer=replace(newer.answer, at=9.0))
        self.assertEqual(radius_answers.rates([newer, older], KNOWN)["fred"], {"up": 800})
        self.assertEqual(set(rates.elements([newer], KNOWN).values()), {f"{0x5240 << 16 | rates.numbers(KNOWN, ['fred'])['fred']:#x}"})
        self.assertEqual(rates.classes("up", [newer], KNOWN, {}), {rates.numbers(KNOWN, ["fred"])["fred"]: 800})


class FilesTest(MachineTest):
    def setUp(self) -> None:
        super().setUp()
        self.gateway = Gateway(self.root, "test")

    def test_a_session_is_found_by_its_number_and_user(self) -> None:
        radius_answers.write(self.gateway, "l2tp", 0, Answer("rita", ("staff",), {}, 1.0))
        radius_answers.write(self.gateway, "ikev2", 4, Answer("somebody else", ("staff",), {}, 1.0))
        rita, fred = radius_answers.attach(self.gateway, [RITA, FRED])
        self.assertEqual(rita.answer.filters, ("staff",))
        self.assertIsNone(fred.answer)
        self.assertTrue(radius_answers.unheard(fred, KNOWN))

    def test_new_keys_make_another_number_and_the_answer_stays(self) -> None:
        radius_answers.write(self.gateway, "ikev2", 4, Answer("fred", ("staff",), {"up": 700}, 1.0))
        radius_answers.settle(self.gateway, radius_answers.attach(self.gateway, [FRED]), 2.0)
        renewed = replace(FRED, handle="9")
        [found] = radius_answers.attach(self.gateway, [renewed])
        self.assertEqual(found.answer.filters, ("staff",))
        radius_answers.settle(self.gateway, [found], 10_000.0)
        self.assertEqual(set(radius_answers.load(self.gateway)), {"ikev2-9"})
        # Somebody else, or at another address, has nothing of it.
        for other in (replace(FRED, handle="10", user="rita"), replace(FRED, handle="10", inside=("10.77.2.4",))):
            self.assertIsNone(radius_answers.attach(self.gateway, [other])[0].answer)

    def test_what_comes_while_the_keeper_looks_is_neither_forgotten_nor_written_over(self) -> None:
        radius_answers.write(self.gateway, "l2tp", 0, Answer("rita", ("guests",), {}, 1000.0))
        found = radius_answers.attach(self.gateway, [RITA])
        radius_answers.write(self.gateway, "l2tp", 0, Answer("rita", ("staff",), {}, 1000.5))
        radius_answers.write(self.gateway, "l2tp", 1, Answer("fred", ("staff",), {}, 1000.5))  # whose session is not up yet
        radius_answers.settle(self.gateway, found, 1000.2)
        self.assertEqual({name: one.filters for name, one in radius_answers.load(self.gateway).items()}, {"l2tp-0": ("staff",), "l2tp-1": ("staff",)})

    def test_a_name_is_known_as_charon_tells_it(self) -> None:
        radius_answers.write(self.gateway, "ikev2", 4, Answer("frédéric", ("staff",), {}, 1.0))
        self.assertIsNotNone(radius_answers.attach(self.gateway, [replace(FRED, user="fr??d??ric")])[0].answer)

    def change(self, found: list[Session], *given: tuple[int, bytes], listed: str = LISTED, followed: int | None = None) -> tuple[int, int | None] | None:
        self.write(admitted.PATH, listed)
        self.write(disconnect.FILE, json.dumps({"nasIdentifier": "office", "servers": ["10.20.0.21"]}))
        self.write(disconnect.SECRETS, json.dumps(SECRET.decode()) + "\n")
        listener = disconnect.Listener(self.gateway, lambda _gateway: found, None if followed is None else lambda: followed)
        answer = listener.answer(packet(list(given), code=disconnect.CHANGE), "10.20.0.21", time.time())
        if answer is None:
            return None
        causes = {kind: value for _at, kind, value in radius_packet.attributes(answer)}
        return answer[0], int.from_bytes(causes[101], "big") if 101 in causes else None

    def test_a_server_changes_a_living_session(self) -> None:
        fred = with_answer(FRED, "staff", up=700)
        self.assertEqual(self.change([RITA, fred], (1, b"fred"), (11, b"guests"), wispr(8, 9_000_000), (4, b"\xc6\x33\x64\x01")), (disconnect.CHANGE_ACK, None))
        [(name, answer)] = radius_answers.load(self.gateway).items()
        self.assertEqual((name, answer.filters, answer.rate, answer.inside), ("ikev2-4", ("guests",), {"up": 700, "down": 9000}, ("10.77.2.3",)))
        self.assertEqual(self.change([RITA, fred], (1, b"fred"), wispr(7, 0)), (disconnect.CHANGE_ACK, None))
        self.assertEqual(radius_answers.load(self.gateway)["ikev2-4"].filters, ("staff",))

    def test_what_it_cannot_do_is_told_by_its_cause_and_changes_nothing(self) -> None:
        for cause, given in (
            (401, [(1, b"fred"), (11, b"staff"), (27, bytes(4))]),  # Session-Timeout
            (401, [(1, b"fred"), wispr(5, 64_000)]),
            (401, [(1, b"fred"), (26, struct.pack("!IBBI", 311, 8, 6, 9))]),
            (401, [(1, b"fred"), (6, struct.pack("!I", 17)), (11, b"staff")]),  # Service-Type
            (402, [(1, b"fred")]),
            (403, [(1, b"fred"), (32, b"elsewhere"), (11, b"staff")]),
            (404, [(11, b"staff")]),
            (407, [(1, b"fred"), (11, b"nonsense")]),
            (407, [(1, b"fred"), (11, b"staff"), (11, b"guests")]),
            (501, [(1, b"ann"), (11, b"staff")]),
            (503, [(1, b"tina"), (11, b"staff")]),
        ):
            self.assertEqual(self.change([with_answer(FRED, "guests"), replace(RITA, user="ann")], *given), (disconnect.CHANGE_NAK, cause), given)
        self.assertEqual(self.change([FRED], (1, b"fred"), (11, b"staff"), listed='{"radius":["ikev2"]}\n'), (disconnect.CHANGE_NAK, 405))
        self.assertEqual(radius_answers.load(self.gateway), {})

    def test_no_ack_before_the_keeper_has_done_it(self) -> None:
        with unittest.mock.patch.object(disconnect, "FOLLOWS", 0.1):
            self.assertIsNone(self.change([with_answer(FRED)], (1, b"fred"), (11, b"staff"), followed=0))

    def test_what_a_proxy_put_into_a_request_comes_back(self) -> None:
        asked = disconnect.read(packet([(1, b"fred"), (33, b"of the first"), (33, b"of the second")]), SECRET, 0)
        answer = disconnect.reply(asked, disconnect.NAK, 503, SECRET)
        self.assertEqual([value for _at, kind, value in radius_packet.attributes(answer) if kind == 33], [b"of the first", b"of the second"])


class RelayTest(MachineTest):
    def setUp(self) -> None:
        super().setUp()
        self.server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(self.server.close)
        self.server.bind(("127.0.0.1", 0))
        self.server.settimeout(5)
        self.port = self.server.getsockname()[1]
        self.gateway = Gateway(self.root, "test")
        self.relaying = self.begin(self.port)

    def begin(self, port: int, secret: bytes = SECRET) -> radius_relay.Relay:
        self.write(radius_relay.FILE, json.dumps({"relay": [{"at": "127.88.0.1", "host": "127.0.0.1", "ports": [port]}]}))
        self.write(radius_relay.SECRETS, json.dumps(secret.decode()) + "\n")
        relaying = radius_relay.Relay(self.gateway)
        relaying.follow_files()
        self.addCleanup(relaying.end)
        return relaying

    def daemon(self) -> socket.socket:
        own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(own.close)
        own.connect(("127.88.0.1", self.port))
        own.settimeout(2)
        return own

    def exchange(self, own: socket.socket, asked: bytes, answer) -> bytes:  # noqa: ANN001
        own.send(asked)
        self.relaying.step(2)
        heard, way = self.server.recvfrom(4096)
        self.assertEqual(heard, asked)  # byte for byte
        self.server.sendto(answer(heard), way)
        self.relaying.step(2)
        return own.recv(4096)

    def test_packets_pass_as_they_are_and_what_is_granted_is_written_down_first(self) -> None:
        l2tp = request(7, (1, b"rita"), (5, struct.pack("!I", 0)), (26, b"\0\0\1\x37\x19\2"))
        granted = lambda heard: response(heard, 2, (11, b"staff"), wispr(8, 5_000_000))  # noqa: E731
        own = self.daemon()
        self.assertEqual(self.exchange(own, l2tp, granted), granted(l2tp))
        answer = radius_answers.load(self.gateway)["l2tp-0"]
        self.assertEqual((answer.user, answer.filters, answer.rate), ("rita", ("staff",), {"down": 5000}))
        ikev2 = request(8, (1, b"fred"), (5, struct.pack("!I", 77)), (79, b"eap"))
        self.exchange(own, ikev2, lambda heard: response(heard, 11, (79, b"more")))
        self.assertNotIn("ikev2-77", radius_answers.load(self.gateway))
        self.exchange(self.daemon(), ikev2, lambda heard: response(heard, 2, (79, b"done")))
        self.assertEqual(radius_answers.load(self.gateway)["ikev2-77"].filters, ())

    def test_what_is_not_signed_for_that_request_grants_nothing(self) -> None:
        asked = request(7, (1, b"rita"), (5, struct.pack("!I", 0)))
        for forged in (lambda heard: response(heard, 2, (11, b"staff"), secret=b"another"), lambda heard: response(request(7), 2, (11, b"staff")), lambda heard: response(heard, 3), lambda heard: response(heard[:1] + b"\x09" + heard[2:], 2)):
            self.exchange(self.daemon(), asked, forged)
        self.assertEqual(radius_answers.load(self.gateway), {})

    def test_accounting_and_nonsense_pass_too(self) -> None:
        own = self.daemon()
        said = response(request(1), 5)
        for asked in (request(1, (40, b"\0\0\0\1"), code=4), b"nonsense", request(3)[:-1] + b"\x40"):
            self.assertEqual(self.exchange(own, asked, lambda _heard: said), said)

    def test_an_answer_that_is_cut_off_goes_no_further(self) -> None:
        own = self.daemon()
        own.send(request(7, (1, b"rita"), (5, bytes(4))))
        self.relaying.step(2)
        heard, way = self.server.recvfrom(4096)
        self.server.sendto(response(heard, 2, (11, b"staff"))[:-2], way)
        self.relaying.step(2)
        own.settimeout(0.2)
        self.assertRaises(TimeoutError if sys.version_info >= (3, 10) else socket.timeout, own.recv, 4096)

    def test_another_secret_counts_at_once(self) -> None:
        self.write(radius_relay.SECRETS, json.dumps("another") + "\n")
        self.relaying.follow_files()
        self.exchange(self.daemon(), request(7, (1, b"rita"), (5, bytes(4))), lambda heard: response(heard, 2, secret=b"another"))
        self.assertIn("l2tp-0", radius_answers.load(self.gateway))

    def test_sockets_that_nobody_uses_are_closed(self) -> None:
        for number in range(3):
            self.exchange(self.daemon(), request(number, (1, b"rita")), lambda heard: response(heard, 3))
        self.assertEqual(len(self.relaying.ways), 3)
        self.daemon().send(request(9, (1, b"rita")))  # and is not answered yet
        self.relaying.step(2)
        with unittest.mock.patch.object(radius_relay, "IDLE", 0.0):
            self.relaying.step(0)
            self.assertEqual(len(self.relaying.ways), 1)
            with unittest.mock.patch.object(radius_relay, "FRESH", 0.0):
                self.relaying.step(0)
        self.assertEqual(len(self.relaying.ways), 0)

    def test_of_too_many_sockets_the_oldest_are_closed(self) -> None:
        daemons = [self.daemon() for _ in range(4)]
        with unittest.mock.patch.object(radius_relay, "MOST", 2):
            for number, own in enumerate(daemons):
                own.send(request(number, (1, b"rita")))
                self.relaying.step(2)
        self.assertEqual([way.sender for way in self.relaying.ways.values()], [own.getsockname() for own in daemons[2:]])


class KeeperTest(ConnectedTest):
    """ann by IKEv2 and bob by L2TP, of whom the list knows neither."""

    def setUp(self) -> None:
        super().setUp()
        self.connect()
        self.gateway = Gateway(self.root, "test")
        self.write(admitted.PATH, '{"radius":["l2tp","ikev2"],"filters":{"staff":{"policy":"filter_staff"}}}\n')
        self.write(policies.PATH, TABLE)
        self.mark("loaded.nft", TABLE)
        self.keeping = keeper.Keeper(self.gateway)
        self.ended: list[str] = []
        counted = lambda _gateway: {("sent", key): 0 for name, key in self.keeping.filled or () if name.startswith("from")}  # noqa: E731
        ending = lambda _gateway, chosen: self.ended.extend(each.user for each in chosen)  # noqa: E731
        for patch in (unittest.mock.patch.object(sessions, "end", ending), unittest.mock.patch.object(policies, "counters", counted)):
            patch.start()
            self.addCleanup(patch.stop)

    def answer(self, protocol: str, port: int, user: str, *filters: str) -> None:
        radius_answers.write(self.gateway, protocol, port, Answer(user, filters, {}, time.time()))

    def test_who_came_past_the_relay_reaches_nothing_and_must_dial_again(self) -> None:
        self.answer("ikev2", 7, "ann", "staff")
        self.keeping.look(1000.0)
        self.assertEqual(self.ended, ['bo"b'])
        self.assertEqual(self.keeping.filled["ikev2_4", "10.0.2.5"], "jump filter_staff")
        self.assertNotIn(("l2tp4", "9 . 10.0.1.5"), self.keeping.filled)

    def test_another_answer_is_followed_at_the_next_glance(self) -> None:
        self.answer("ikev2", 7, "ann", "staff")
        self.answer("l2tp", 0, 'bo"b')
        for now in (1000.0, 1000.3):
            self.keeping.look(now)
        self.assertEqual(self.keeping.filled["l2tp4", "9 . 10.0.1.5"], "accept")
        self.answer("l2tp", 0, 'bo"b', "nonsense")
        self.keeping.look(1000.6)
        self.assertNotIn(("l2tp4", "9 . 10.0.1.5"), self.keeping.filled)
        self.assertGreaterEqual(self.keeping.answers, 1)
        self.assertEqual(self.ended, [])
        [finding] = doctor._filters(self.gateway)
        self.assertEqual(finding.cause, "RADIUS_FILTER_UNKNOWN")
        self.assertIn('"nonsense"', finding.evidence)
        shown = self.run_command("sessions").stdout
        self.assertRegex(shown, r"nothing: no group nonsense")
        found = json.loads(self.run_command("sessions", "--json").stdout)
        self.assertEqual([each["filter"]["ids"] for each in found], [["staff"], ["nonsense"]])


@unittest.skipUnless(shutil.which("freeradius") and shutil.which("radclient"), "needs freeradius")
class RealServerTest(MachineTest):
    """FreeRADIUS' own dictionary, and its client."""

    def test_what_freeradius_says_is_understood(self) -> None:
        folder = tempfile.mkdtemp(prefix="vpn-gateway-radius-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        gateway = Gateway(self.root, "test")
        self.write(radius_relay.FILE, json.dumps({"relay": [{"at": "127.88.0.1", "host": "127.0.0.1", "ports": [port]}]}))
        self.write(radius_relay.SECRETS, '"secret-of-both"\n')
        relaying = radius_relay.Relay(gateway)
        relaying.follow_files()
        self.addCleanup(relaying.end)
        with open(f"{folder}/users", "w") as file:
            file.write('rita Auth-Type := Accept\n    Filter-Id = "staff",\n    WISPr-Bandwidth-Max-Down = 5000000,\n    WISPr-Bandwidth-Max-Up = 1000000\n')
        with open(f"{folder}/radiusd.conf", "w") as file:
            file.write(
                f"prefix = /usr\nname = radiusd\nconfdir = {folder}\nraddbdir = {folder}\nlibdir = /usr/lib/freeradius\nlogdir = {folder}\nrun_dir = {folder}\n"
                "security {\n allow_vulnerable_openssl = yes\n reject_delay = 0\n}\nlog {\n destination = stdout\n}\n"
                f"client relay {{\n ipaddr = 127.0.0.1\n secret = secret-of-both\n}}\nmodules {{\n files {{\n usersfile = {folder}/users\n }}\n}}\n"
                f"server default {{\n listen {{\n type = auth\n ipaddr = 127.0.0.1\n port = {port}\n }}\n authorize {{\n files\n }}\n authenticate {{\n }}\n}}\n"
            )
        open(f"{folder}/dictionary", "w").close()
        server = subprocess.Popen(["freeradius", "-f", "-l", "stdout", "-d", folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(lambda: (server.kill(), server.communicate()))
        for line in server.stdout:
            if "Ready to process requests" in line:
                break
        going = True
        thread = threading.Thread(target=lambda: [relaying.step(0.1) for _ in iter(lambda: going, False)])
        thread.start()
        with open(f"{folder}/secret", "w") as file:
            file.write("secret-of-both\n")
        done = subprocess.run(
            ["radclient", "-x", "-S", f"{folder}/secret", f"127.88.0.1:{port}", "auth"], input="User-Name = rita, User-Password = any, NAS-Port = 12\n", capture_output=True, text=True, timeout=30, check=False
        )
        going = False
        thread.join()
        self.assertIn("Access-Accept", done.stdout, done.stdout + done.stderr)
        answer = radius_answers.load(gateway)["l2tp-12"]
        self.assertEqual((answer.user, answer.filters, answer.rate), ("rita", ("staff",), {"down": 5000, "up": 1000}))


if __name__ == "__main__":
    unittest.main()
