"""Who is connected, what they may reach, and what they sent: told by charon, pppd and the kernel's counters."""

import json
import os
import re
import sys
import unittest.mock

from machine import HOST, MachineTest, part_text
from test_users import tdb

sys.path.insert(0, HOST)
from vpn_gateway import accounting, keeper, policies, sessions  # noqa: E402
from vpn_gateway.gateway import Gateway  # noqa: E402

TABLE = "table inet vpn_gateway_users {\n}\n"


class ConnectedTest(MachineTest):
    """Two users who can be connected."""

    def setUp(self) -> None:
        super().setUp()
        patch = unittest.mock.patch.dict(os.environ, self.environment)
        patch.start()
        self.addCleanup(patch.stop)

    def connect(self) -> None:
        """ann by IKEv2, bob (whose name holds what a terminal and Prometheus would obey) by L2TP."""
        self.charon = self.start_charon()
        self.write("/etc/swanctl/conf.d/r.conf", "connections {\n remote {\n }\n}\n")
        self.charon.of_users = {"remote"}
        self.charon.add("7", "remote", "ann", "ann")
        children = {"r-1": {"bytes-in": "100", "bytes-out": "7"}, "r-2": {"bytes-in": "20", "bytes-out": "0"}}
        self.charon.associations["7"] |= {"remote-host": "198.51.100.2", "remote-port": "4500", "established": "60", "child-sas": children}
        self.charon.associations["7"]["remote-vips"] = ["10.0.2.5"]
        self.write("/proc/uptime", "1000.00 1.0\n")
        pid = os.getpid()
        self.write(f"/proc/{pid}/comm", "pppd\n")
        self.write(f"/proc/{pid}/stat", f"{pid} (pppd) S " + "0 " * 18 + f"{900 * os.sysconf('SC_CLK_TCK')} 0\n")
        self.write(f"/proc/{pid}/cmdline", "pppd\0pppol2tp_tunnel_id\x0055448\0auth\0")
        for name, value in (("ifindex", 9), ("statistics/rx_bytes", 2048), ("statistics/tx_bytes", 5)):
            self.write(f"/sys/class/net/ppp0/{name}", f"{value}\n")
        with open(f"{self.root}/run/pppd2.tdb", "wb") as file:
            file.write(tdb({f"pppd{pid}": 'PEERNAME=bo"b;IFNAME=ppp0;IPREMOTE=10.0.1.5'}))


class SessionsTest(ConnectedTest):
    def listed(self, *users: object) -> str:
        return part_text(
            "users", {"/etc/vpn-gateway/users": "".join(f"{json.dumps(user)}\n" for user in users), policies.PATH: TABLE}
        )

    def test_both_protocols_in_every_form(self) -> None:
        self.connect()
        found = json.loads(self.run_command("sessions", "--json").stdout)
        ann, bob = found
        self.assertEqual((ann["user"], ann["protocol"], ann["outside"], ann["inside"]), ("ann", "ikev2", "198.51.100.2:4500", ["10.0.2.5"]))
        self.assertEqual((ann["sent"], ann["received"]), (120, 7))
        self.assertEqual((bob["user"], bob["outside"], bob["inside"], bob["sent"]), ('bo"b', "203.0.113.9:1702", ["10.0.1.5"], 2048))
        table = self.run_command("sessions").stdout
        self.assertRegex(table, r"ann +ikev2 +198\.51\.100\.2:4500 +10\.0\.2\.5 +1m0\ds +120 B +7 B\n")
        self.assertRegex(table, r'bo\\"b +l2tp +203\.0\.113\.9:1702 +10\.0\.1\.5 +1m4\ds +2\.0 KiB +5 B')
        text = self.run_command("sessions", "--prometheus").stdout
        self.assertIn('vpn_gateway_sessions{protocol="l2tp"} 1\n', text)
        self.assertIn('vpn_gateway_session_sent_bytes{user="bo\\"b",protocol="l2tp",inside="10.0.1.5"', text)

    def test_a_client_that_a_stand_in_address_stands_for_is_where_its_sa_is(self) -> None:
        self.connect()
        self.mark("l2tp-peer", "251.41.80.58")
        where = lambda: json.loads(self.run_command("sessions", "--json").stdout)[1]["outside"]  # noqa: E731
        self.assertEqual(where(), "?", "a kernel that does not show its connections")
        connection = "ipv4     2 udp      17 118 src={0} dst=192.0.2.11 sport=1701 dport=1701 zone-orig={2} src=192.0.2.11 dst={1} sport=1701 dport=1701 [ASSURED] mark={3} use=2\n"
        self.write("/proc/net/nf_conntrack", connection.format("198.51.100.2", "245.0.0.1", 9172, 11) + connection.format("198.51.100.2", "251.41.80.58", 42665, 10))
        self.assertEqual(where(), "198.51.100.2:1701", "charon knows no such mark")
        for number, (port, mark) in {"8": ("31224", "a"), "9": ("33976", "b")}.items():
            self.charon.add(number, "l2tp", "", "")
            self.charon.associations[number] |= {"remote-host": "198.51.100.2", "remote-port": port, "child-sas": {"l2tp-1": {"mark-in": mark, "mark-mask-in": "ffffffff"}}}
        self.assertEqual(where(), "198.51.100.2:31224")

    def test_nobody(self) -> None:
        self.assertEqual(self.run_command("sessions").stdout, "nobody is connected\n")
        self.assertEqual(json.loads(self.run_command("sessions", "--json").stdout), [])

    def test_disconnect_ends_one_users_sessions(self) -> None:
        self.connect()
        self.assertEqual(self.run_command("disconnect", "ann").returncode, 0)
        self.assertEqual(self.charon.terminated, ["7"])
        gone = self.run_command("disconnect", "ann")
        self.assertEqual((gone.returncode, "is not connected" in gone.stderr), (1, True))

    def test_the_table_is_loaded_filled(self) -> None:
        self.connect()
        self.apply(self.listed({"name": "ann", "policy": "user_1"}, 'bo"b'))
        with open(f"{self.state}/loaded.nft") as file:
            loaded = file.read()
        self.assertLess(loaded.index("table inet vpn_gateway_users {"), loaded.index("add element"))
        self.assertIn("add element inet vpn_gateway_users ikev2_4 { 10.0.2.5 : jump user_1 }", loaded)
        self.assertIn("add element inet vpn_gateway_users l2tp4 { 9 . 10.0.1.5 : accept }", loaded)

    def test_a_stranger_and_a_suspended_user_have_no_element(self) -> None:
        self.connect()
        known = {"ann": sessions.admitted.User("ann", suspended=True)}
        self.assertEqual(policies.elements(sessions.collect(Gateway(self.root, "test")), known, 0.0), {})

    def test_the_keeper_follows_sessions(self) -> None:
        self.connect()
        self.apply(self.listed("ann", 'bo"b'))
        kept = keeper.Keeper(Gateway(self.root, "test"))
        loaded: list[str] = []
        run = kept.gateway.programs.run

        def watched(*words: str, **more):
            if words[:2] == ("nft", "-f"):
                loaded.append(more["stdin"])
            return run(*words, **more)

        counted = lambda _gateway: {("sent", key): 0 for name, key in kept.filled or () if name.startswith("from")}  # noqa: E731
        with (
            unittest.mock.patch.object(kept.gateway.programs, "run", watched),
            unittest.mock.patch.object(policies, "counters", counted),
        ):
            kept.look(1000.0)
            self.assertIn("add element inet vpn_gateway_users l2tp4 { 9 . 10.0.1.5 : accept }", loaded[-1])
            kept.look(1001.0)
            self.assertEqual(len(loaded), 1)
            self.write("/sys/class/net/ppp0/ifindex", "10\n")  # gone, and another of the same name
            kept.look(1002.0)
            self.assertIn("delete element inet vpn_gateway_users l2tp4 { 9 . 10.0.1.5 }", loaded[-1])
            self.assertIn("add element inet vpn_gateway_users l2tp4 { 10 . 10.0.1.5 : accept }", loaded[-1])
            del self.charon.associations["7"]
            kept.look(1003.0, told=True)
            self.assertEqual(loaded[-1].count("delete element"), 3)
            self.assertIn("delete element inet vpn_gateway_users ikev2_4 { 10.0.2.5 }", loaded[-1])


    def test_the_keeper_writes_what_node_exporter_reads_where_there_is_one(self) -> None:
        self.connect()
        self.apply(self.listed("ann", 'bo"b'))
        kept = keeper.Keeper(Gateway(self.root, "test"))
        counted = lambda _gateway: {(way, key): 70 for name, key in kept.filled or () if name.startswith("from") for way in ("sent", "received")}  # noqa: E731
        file = f"{self.root}{keeper.TEXTFILES}/vpn_gateway.prom"
        with unittest.mock.patch.object(policies, "counters", counted):
            kept.look(1000.0)
            self.assertFalse(os.path.lexists(os.path.dirname(file)), "nobody asked for the folder")
            os.makedirs(os.path.dirname(file))
            kept.look(1005.0)
            self.assertFalse(os.path.exists(file))
            kept.look(1011.0)  # nothing has come or gone: each 10 s
            with open(file) as opened:
                text = opened.read()
            self.assertEqual(os.stat(file).st_mode & 0o777, 0o644)
            self.assertEqual(os.listdir(os.path.dirname(file)), ["vpn_gateway.prom"])
            del self.charon.associations["7"]
            kept.look(1012.0, told=True)
            with open(file) as opened:
                self.assertIn('vpn_gateway_sessions{protocol="ikev2"} 0\nvpn_gateway_sessions{protocol="l2tp"} 1\n', opened.read())
        self.assertIn('vpn_gateway_sessions{protocol="ikev2"} 1\nvpn_gateway_sessions{protocol="l2tp"} 1\n', text)
        self.assertIn('vpn_gateway_user_sent_bytes_total{user="ann"} 70\n', text)
        self.assertIn('vpn_gateway_user_received_bytes_total{user="bo\\"b"} 70\n', text)
        self.assertRegex(text, r'vpn_gateway_session_start_time_seconds\{user="ann",protocol="ikev2",inside="10\.0\.2\.5",handle="7"\} [1-9]\d{9}\n')
        # Text format 0.0.4: a family's samples stand together below its HELP and TYPE, and each line has its form.
        families = []
        for line in text.splitlines():
            if line.startswith("# "):
                families.append(line.split()[2])
            else:
                self.assertRegex(line, r'^[a-z_]+(\{([a-z]+="([^"\\]|\\["\\n])*",?)+\})? \d+$')
                self.assertEqual(re.split("[{ ]", line)[0], families[-1])
        self.assertEqual(families[::2], families[1::2])
        self.assertEqual(len(set(families)), len(families) // 2)

    def test_whoever_has_had_their_time_is_shut_out_before_anything_else(self) -> None:
        self.connect()
        self.apply(self.listed({"name": "ann", "validUntil": "2030-01-01T00:00:00Z"}, 'bo"b'))
        kept = keeper.Keeper(Gateway(self.root, "test"))
        counted = lambda _gateway: {("sent", key): 0 for name, key in kept.filled or () if name.startswith("from")}  # noqa: E731
        with unittest.mock.patch.object(policies, "counters", counted):
            kept.look(1000.0)
        self.forget_calls()
        with unittest.mock.patch.object(sessions, "collect", side_effect=keeper.Failure("charon hangs")):
            kept.try_to_look(True)
            self.assertFalse(self.calls("nft"))
            with unittest.mock.patch("time.time", return_value=4102444800.0):
                kept.try_to_look(False)
        with open(f"{self.state}/loaded.nft") as file:
            self.assertEqual(file.read().strip(), "delete element inet vpn_gateway_users ikev2_4 { 10.0.2.5 }")

    def test_a_table_that_was_loaded_by_hand_is_filled_again(self) -> None:
        self.connect()
        self.apply(self.listed("ann", 'bo"b'))
        kept = keeper.Keeper(Gateway(self.root, "test"))
        kept.look(1000.0)
        self.mark("loaded.nft", TABLE)
        kept.look(1016.0)
        with open(f"{self.state}/loaded.nft") as file:
            self.assertIn("add element inet vpn_gateway_users ikev2_4 { 10.0.2.5 : accept }", file.read())


class BooksTest(MachineTest):
    def test_totals_only_grow(self) -> None:
        gateway = Gateway(self.root, "test")
        os.makedirs(gateway.paths.state)
        books = accounting.Books(gateway)
        owners = {"10.0.0.5": "ann"}
        books.take({("sent", "10.0.0.5"): 100, ("received", "10.0.0.5"): 10, ("sent", "10.0.0.6"): 9}, owners)
        books.take({("sent", "10.0.0.5"): 150}, owners)
        books.take({("sent", "10.0.0.5"): 30}, owners)  # the table was loaded anew
        books.write()
        self.assertEqual(accounting.load(gateway), {"ann": {"sent": 180, "received": 10}})
        # The same address is another user's by now.
        again = accounting.Books(gateway)
        again.take({("sent", "10.0.0.5"): 30}, {"10.0.0.5": "bob"})
        again.take({("sent", "10.0.0.5"): 70}, {"10.0.0.5": "ann"})
        self.assertEqual(again.totals, {"ann": {"sent": 250, "received": 10}, "bob": {"sent": 30, "received": 0}})
