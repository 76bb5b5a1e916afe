"""Connections to somebody's LNS: their parts, what the follower does with their sessions, and what status says."""

from __future__ import annotations

import json
import unittest
from unittest import mock

from machine import MachineTest, part_text

from vpn_gateway import follower, lac, site_log, site_status, sites
from vpn_gateway.gateway import Gateway

UNIT = "/etc/systemd/system/vpn-gateway-sites.service"
DAEMON = "vpn-gateway-lac-head.service"
TABLE = "table inet vpn_gateway_lac_{0}\ndelete table inet vpn_gateway_lac_{0}\ntable inet vpn_gateway_lac_{0} {{\n}}\n"


def description(name: str = "head", **changes: object) -> dict:
    return {
        "name": name, "connection": f"lac-{name}", "child": name, "peer": "LNS", "endpoint": "198.51.100.70", "mode": "l2tp",
        "near": ["10.20.0.0/24"], "far": ["10.40.0.0/24"], "dialAfterSeconds": 1, "interface": f"lac-{name}", "port": 1750,
        "redialSeconds": 5, "unit": f"vpn-gateway-lac-{name}.service", "user": "office", **changes,
    }  # fmt: skip


def part_of(name: str = "head", daemon: str = "port = 1750", **changes: object) -> str:
    return part_text(
        f"lac-{name}",
        {
            f"/etc/vpn-gateway/firewall.d/lac-{name}.nft": TABLE.format(name),
            f"/etc/swanctl/conf.d/lac-{name}.conf": f"connections {{\n  lac-{name} {{\n    version = 1\n  }}\n}}\n",
            f"/etc/vpn-gateway/lac/{name}.conf": f"[global]\n{daemon}\n",
            f"/etc/ppp/options.lac-{name}": "noauth\n",
            f"/etc/systemd/system/vpn-gateway-lac-{name}.service": "[Service]\nExecStart=/usr/sbin/xl2tpd -D\n",
            f"/etc/vpn-gateway/sites/{name}.json": json.dumps(description(name, **changes)),
        },
        "module l2tp_ppp", f"service vpn-gateway-lac-{name}.service",
    )  # fmt: skip


def key_of(text: str, name: str = "head") -> str:
    return part_text(f"lackey-{name}", {f"/etc/ppp/lac-{name}.secret": f'password "{text}"\n'}, secret=True)


def tunnel(uniqueid: str = "4") -> tuple[str, dict]:
    child = {"name": "head", "state": "INSTALLED", "uniqueid": uniqueid, "encr-alg": "AES_GCM_16", "encr-keysize": "256", "bytes-in": "840"}
    return "lac-head", {"state": "ESTABLISHED", "uniqueid": "3", "remote-host": "198.51.100.70", "child-sas": {"x": child}}


SESSION = {"index": 9, "address": "10.41.0.10", "peer": "10.41.0.1", "mtu": 1402}


class LacPartTest(MachineTest):
    def setUp(self) -> None:
        super().setUp()
        self.charon = self.start_charon()
        self.mark("active/xl2tpd.service")
        self.apply(part_text("base", {UNIT: "[Service]\nExecStart=/usr/sbin/vpn-gateway follow\n"}))
        self.apply(key_of("first"))
        self.forget_calls()

    def restarted(self) -> list[str]:
        return [call.split()[-1] for call in self.calls("systemctl restart")]

    def test_a_connection_comes_with_its_daemon_and_a_route_that_refuses(self) -> None:
        self.apply(part_of())
        self.assertEqual([call.split()[-1] for call in self.calls("systemctl start")], [DAEMON])
        self.assertIn("ip route replace unreachable 10.40.0.0/24 metric 4278198272 proto 201", self.calls("ip "))
        self.assertEqual(self.calls("ip link"), [])
        self.assertEqual(self.restarted(), [])

    def test_a_change_restarts_its_daemon_and_never_the_gateways_own(self) -> None:
        self.apply(part_of())
        self.apply(part_of(daemon="port = 1751"))
        self.apply(key_of("second"))
        self.assertEqual(self.restarted(), [DAEMON, DAEMON])

    def test_a_daemons_text_is_judged(self) -> None:
        said = self.apply(part_of(daemon="no setting"), expect=1).stderr
        self.assertIn("/etc/vpn-gateway/lac/head.conf: line 2: not `key = value`", said)

    def test_two_with_one_port_are_refused(self) -> None:
        self.apply(part_of())
        said = self.apply(part_of("branch", far=["10.50.0.0/24"]), expect=1).stderr
        self.assertIn("the connection head dials from UDP port 1750, too", said)
        self.apply(part_of("branch", far=["10.50.0.0/24"], port=1751))
        said = self.apply(part_of("third", far=["10.60.0.0/24"], port=1752, interface="lac-head"), expect=1).stderr
        self.assertIn("the connection head has the same name of an interface", said)

    def test_removing_it_leaves_nothing(self) -> None:
        self.apply(part_of())
        self.charon.associations = {"3": {"connection": "lac-head", "uniqueid": "3"}}
        for part in ("lac-head", "lackey-head"):
            self.assertEqual(self.run_command("remove", part).returncode, 0)
        self.assertEqual(self.charon.terminated, ["3"])
        self.assertIn(f"systemctl stop -- {DAEMON}", self.calls("systemctl stop"))
        self.assertEqual(self.calls("ip route del"), ["ip route del unreachable 10.40.0.0/24 metric 4278198272 proto 201"])
        for path in ("/etc/vpn-gateway/sites/head.json", "/etc/vpn-gateway/lac/head.conf", "/etc/ppp/lac-head.secret", f"/etc/systemd/system/{DAEMON}"):
            self.assertFalse(self.exists(path), path)


class LacFollowerTest(MachineTest):
    def setUp(self) -> None:
        super().setUp()
        self.gateway = Gateway(self.root, "test")
        self.write("/etc/vpn-gateway/sites/head.json", json.dumps(description()))
        self.write(f"/etc/systemd/system/{DAEMON}", "")
        self.write("/run/vpn-gateway/x", "")
        self.write("/sys/class/net/lac-head/statistics/rx_bytes", "840\n")
        self.write("/sys/class/net/lac-head/statistics/tx_bytes", "960\n")
        self.follower = follower.Follower(self.gateway)
        self.associations: list = []
        self.session: dict | None = None
        self.calls_anew = 0
        self.routes: list[str] = []
        self.dialled: list[str] = []
        for target, name, with_what in [
            (sites, "ensure", lambda *_: None),
            (sites, "routed", lambda _: {("10.40.0.0/24", "lac-head")}),
            (sites, "_route", lambda _gateway, verb, *rest, must=True: self.routes.append(" ".join((verb, *rest)))),
            (lac, "session", lambda *_: self.session),
            (lac, "dial_anew", self.dial_anew),
            (follower.charon, "running", lambda _: True),
            (follower.charon, "associations", lambda _: self.associations),
            (follower.charon, "initiate", lambda _gateway, connection, _child: self.dialled.append(connection)),
        ]:
            patch = mock.patch.object(target, name, with_what)
            patch.start()
            self.addCleanup(patch.stop)

    def dial_anew(self, *_: object) -> bool:
        self.calls_anew += 1
        return True

    def line(self) -> str:
        return site_status.line(site_status.collect(self.gateway)[0])

    def test_it_stands_once_there_is_a_session_in_the_tunnel_and_routes_are_as_that_is(self) -> None:
        self.follower.look(100)
        self.follower.look(102)
        self.assertEqual(self.dialled, ["lac-head"])
        self.associations = [tunnel()]
        self.follower.look(103)
        self.assertFalse(self.follower.followed["head"].stands)
        self.session = SESSION
        self.follower.look(104)
        self.assertEqual(self.routes[-1], "replace 10.40.0.0/24 dev lac-head metric 100 proto 201")
        self.session = None
        self.follower.look(105)
        self.assertEqual(self.routes[-1], "del 10.40.0.0/24 dev lac-head metric 100 proto 201")
        self.assertEqual(self.dialled, ["lac-head"])

    def test_another_session_gets_its_routes_though_nobody_saw_it_come(self) -> None:
        self.associations, self.session = [tunnel()], SESSION
        self.follower.look(100)
        self.follower.look(101)
        self.session = {**SESSION, "index": 10}
        self.follower.look(102)
        self.assertEqual(self.routes, 2 * ["replace 10.40.0.0/24 dev lac-head metric 100 proto 201"])

    def test_a_session_that_fell_is_called_anew_once_and_not_too_often(self) -> None:
        self.associations, self.session = [tunnel()], SESSION
        self.follower.look(100)
        self.session = None
        for second in range(5):
            self.follower.look(101 + second)
        self.assertEqual(self.calls_anew, 1)
        for second in (106, 107):
            self.session = SESSION if second == 106 else None
            self.follower.look(second)
        self.session = SESSION
        self.follower.look(108)
        self.session = None
        for second in (109, 110, 111, 112, 113):
            self.follower.look(second)
        self.assertEqual(self.calls_anew, 3)

    def test_a_new_tunnel_without_a_session_is_called_through_and_new_keys_are_not(self) -> None:
        self.associations = [tunnel()]
        self.follower.look(100)
        self.assertEqual(self.calls_anew, 1)
        self.session = SESSION
        self.follower.look(107)
        self.associations = [tunnel("5")]
        self.follower.look(108)
        self.assertEqual(self.calls_anew, 1)

    def test_status_says_how_it_stands_and_why_not(self) -> None:
        self.associations, self.session = [tunnel()], SESSION
        self.follower.look(1_700_000_000)
        self.assertEqual(
            self.line(),
            "lac head to LNS (198.51.100.70): up since 2023-11-14T22:13:20Z; 840 bytes in, 960 out; AES_GCM_16 256, 1402 bytes fit; inside 10.41.0.10",
        )
        self.associations, self.session = [], None
        self.follower.look(1_700_000_060)
        for text in ("sending retransmit 1 of request message ID 0, seq 3", "giving up after 4 retransmits", "peer not responding, trying again (2/0)"):
            self.follower.heard("log", {"ikesa-name": "lac-head", "msg": text}, 1_700_000_060 + len(text))
        self.follower.write()
        self.assertIn("down since 2023-11-14T22:14:20Z: the other end is silent since it was shown the proof: most likely the pre-shared keys differ", self.line())
        self.associations = [tunnel()]
        said = mock.Mock(ok=True, output="pppd[7]: MS-CHAP authentication failed: E=691 Authentication failure\npppd[7]: Connection terminated.\n")
        with mock.patch.object(type(self.gateway.programs), "run", lambda *_, **__: said):
            self.assertIn('the LNS refuses the user "office" or its password', self.line())


class DialAnewTest(MachineTest):
    def test_only_a_daemon_that_is_one_is_ended(self) -> None:
        gateway = Gateway(self.root, "test")
        killed: list[int] = []
        with mock.patch.object(lac.os, "kill", lambda pid, _: killed.append(pid)):
            self.assertFalse(lac.dial_anew(gateway, description()))
            self.write("/run/vpn-gateway-lac-head/pid", "77\n")
            self.write("/proc/77/comm", "bash\n")
            self.assertFalse(lac.dial_anew(gateway, description()))
            self.write("/proc/77/comm", "xl2tpd\n")
            self.write("/proc/uptime", "1000.00 0.00\n")
            self.assertTrue(lac.dial_anew(gateway, description()))
        self.assertEqual(killed, [77])

    def test_one_that_was_just_started_dials_by_itself_and_none_is_ended_while_a_part_is_applied(self) -> None:
        gateway = Gateway(self.root, "test")
        killed: list[int] = []
        self.write("/run/vpn-gateway-lac-head/pid", "77\n")
        self.write("/proc/77/comm", "xl2tpd\n")
        self.write("/proc/uptime", "1000.00 0.00\n")
        with mock.patch.object(lac.os, "kill", lambda pid, _: killed.append(pid)):
            with mock.patch.object(lac.ppp, "started", lambda *_: 998.0):
                self.assertTrue(lac.dial_anew(gateway, description()))
            with mock.patch.object(lac, "Journal", lambda _: mock.Mock(read=lambda: {"part": "lac-head"})):
                self.assertFalse(lac.dial_anew(gateway, description()))
        self.assertEqual(killed, [])


class ReasonTest(unittest.TestCase):
    def test_what_the_daemons_say_is_put_in_a_persons_words(self) -> None:
        site = description()
        for line, said in {
            "MS-CHAPv2 mutual authentication failed.": 'the LNS cannot prove that it knows the password of "office"',
            "MS-CHAP authentication failed: E=648 Password expired": 'the LNS has closed the account of "office", for now or for good',
            "CHAP authentication failed": 'the LNS refuses the user "office" or its password',
            "LCP terminated by peer (User request)": "the LNS ended the session: User request",
            "LCP terminated by peer": "the LNS ended the session",
            "xl2tpd[3]: Host name lookup failed for lns.example.com.": "the name lns.example.com cannot be resolved",
            "xl2tpd[3]: Maximum retries exceeded for tunnel 9362.  Closing.": "the LNS answers IPsec, and not L2TP",
            "xl2tpd[3]: Connection 26279 closed to 172.16.100.1, port 1701 (Timeout)": "the LNS answers IPsec, and not L2TP",
        }.items():
            self.assertEqual(lac.reason_of(line, site), said)
        for line in ("Using interface ppp0", "Exit.", "xl2tpd[3]: Calling on tunnel 53700", "call_close: Call 46448 to 216.218.29.182 disconnected"):
            self.assertIsNone(lac.reason_of(line, site), line)

    def test_another_identity_is_named(self) -> None:
        self.assertEqual(
            site_log.reason_of("IDir '10.0.0.5' does not match to '198.51.100.70'"),
            "the other end says that it is 10.0.0.5, and 198.51.100.70 is expected: see `identity`",
        )


if __name__ == "__main__":
    unittest.main()
