"""FRR: what its configuration is made of, who is refused, and what status says of its sessions."""

import json
import os
import unittest

from machine import HERE, MachineTest, part_text
from test_sites import description

from vpn_gateway import routing_status, sites
from vpn_gateway.gateway import Gateway

CONF = "/etc/frr/frr.conf"
BASE = "hostname office\n"
SITES = "/etc/systemd/system/vpn-gateway-sites.service"


def share(name: str, number: int = 0, own: int = 4200000001, more: str = "") -> str:
    return f"router bgp {own}\n bgp router-id 192.0.2.11\n neighbor 169.254.64.{number + 1} remote-as 420000000{number + 2}\nexit\n{more}"


def part_of(name: str, text: str) -> str:
    return part_text(f"site-{name}", {f"/etc/vpn-gateway/bgp.d/{name}.conf": text})


def base_part(base: str = BASE, daemons: str = 'bgpd="yes"\n') -> str:
    return part_text("base", {"/etc/frr/daemons": daemons, "/etc/vpn-gateway/bgp.conf": base}, "service frr.service")


class FrrTest(MachineTest):
    def setUp(self) -> None:
        super().setUp()
        self.write(CONF, "log syslog informational\n")
        self.write("/etc/frr/daemons", "bgpd=no\n")
        os.makedirs(f"{self.root}/usr/lib/frr")
        os.symlink(f"{HERE}/fakes/program", f"{self.root}/usr/lib/frr/frr-reload.py")

    def test_the_file_is_made_of_the_pieces_and_only_reloaded(self) -> None:
        self.apply(base_part())
        self.assertEqual(self.read(CONF), BASE)
        self.assertEqual(self.calls("systemctl start"), ["systemctl start -- frr.service"])
        self.forget_calls()
        self.apply(part_of("office-to-third", share("office-to-third", 2)))
        self.apply(part_of("office-to-cloud", share("office-to-cloud")))
        self.assertEqual(self.read(CONF), BASE + share("office-to-cloud") + share("office-to-third", 2))
        self.assertEqual([call for call in self.calls("systemctl") if "start" in call], [])
        self.assertEqual(len(self.calls("frr-reload.py --reload")), 2)

    def test_one_that_goes_takes_its_own_piece_and_the_last_gives_back_what_was_there(self) -> None:
        self.apply(base_part())
        self.apply(part_of("a", share("a")))
        self.apply(part_of("b", share("b", 2)))
        self.assertEqual(self.run_command("remove", "site-b").returncode, 0)
        self.assertEqual(self.read(CONF), BASE + share("a"))
        self.run_command("remove", "site-a")
        self.assertEqual(self.run_command("remove", "base").returncode, 0)
        self.assertEqual([self.read(CONF), self.read("/etc/frr/daemons")], ["log syslog informational\n", "bgpd=no\n"])
        self.assertIn("systemctl stop -- frr.service", self.calls("systemctl"))

    def test_other_daemons_restart_it(self) -> None:
        self.apply(base_part())
        self.forget_calls()
        self.apply(base_part(daemons='bgpd="yes"\nbfdd="yes"\n'))
        self.assertEqual([call for call in self.calls("systemctl") if "restart" in call], ["systemctl restart -- frr.service"])
        self.assertEqual(self.calls("frr-reload.py"), [])

    def test_refused_before_anything_is_changed(self) -> None:
        self.assertIn("makes no room for BGP", self.apply(part_of("a", share("a")), expect=1).stderr)
        self.apply(base_part())
        self.apply(part_of("a", share("a")))
        before = self.read(CONF)
        for text, said in [
            (share("b", 2, more="BOGUS\n"), "Unknown command[31]: BOGUS"),
            (share("b", 2, own=4200000009), "AS number is 4200000001 in the site connection a and 4200000009 in this one"),
            (share("b", 0), "the site connection a has the same inside addresses"),
            (share("b", -1), "the site connection a has the same inside addresses"),
        ]:
            self.assertIn(said, self.apply(part_of("b", text), expect=1).stderr)
            self.assertEqual(self.read(CONF), before)
        self.assertFalse(self.exists("/etc/vpn-gateway/bgp.d/b.conf"))

    def test_a_route_servers_as_number_and_the_connections_are_one(self) -> None:
        server = BASE + "router bgp 4200000001\n bgp router-id 192.0.2.11\n neighbor 10.76.0.5 remote-as 64512\nexit\n"
        self.apply(base_part(server))
        self.apply(part_of("a", share("a")))
        self.assertIn(
            "AS number is 4200000001 in what it tells the VPC's route server and 4200000009 in this one",
            self.apply(part_of("b", share("b", 2, own=4200000009)), expect=1).stderr,
        )
        said = self.apply(base_part(server.replace("4200000001", "4200000009")), expect=1).stderr
        self.assertIn("AS number is 4200000001 in the site connection a and 4200000009 in this one", said)

    def test_what_frr_refuses_goes_back(self) -> None:
        self.apply(base_part())
        self.apply(part_of("a", share("a")))
        before = self.read(CONF)
        said = self.apply(part_of("b", share("b", 2, more="RELOADFAILS\n")), expect=1).stderr
        self.assertIn("FRR refused its configuration", said)
        self.assertEqual(self.read(CONF), before)
        with open(f"{self.state}/running.conf") as file:
            self.assertEqual(file.read(), before)

    def test_check_names_what_is_astray(self) -> None:
        self.apply(base_part())
        self.apply(part_of("a", share("a")))
        self.assertEqual(self.run_command("check").returncode, 0)
        self.mark("running.conf", BASE)
        self.write(CONF, "somebody else's\n")
        said = self.run_command("check").stdout
        self.assertIn("FRR has no neighbor 169.254.64.1", said)
        self.assertIn("/etc/frr/frr.conf is not made of", said)


def bgp(neighbor: str = "169.254.64.1", **changes: object) -> dict:
    return {"addresses": ["169.254.64.0/31", "fd76:7067::a9fe:4000/127"], "neighbor": neighbor, "as": 4235981390, "neighborAs": 4207671274, "bfd": True, **changes}


class RoutingStatusTest(MachineTest):
    """The answers are FRR 10.3's own, shortened."""

    def setUp(self) -> None:
        super().setUp()
        self.gateway = Gateway(self.root, "test")
        self.mark("active/frr.service")
        for name, neighbor in (("one-to-two", "169.254.64.1"), ("one-to-three", "169.254.64.3")):
            self.write(f"/etc/vpn-gateway/sites/{name}.json", json.dumps(description(name, peer=name[-3:], bgp=bgp(neighbor))))

    def collect(self, *answers: dict) -> dict:
        self.mark("vtysh", "\n".join(json.dumps(answer) for answer in answers))
        os.environ["FAKE_STATE"] = self.state
        self.addCleanup(os.environ.pop, "FAKE_STATE", None)
        self.gateway.programs.path = f"{self.state}/bin:{self.gateway.programs.path}"
        found = routing_status.collect(self.gateway)
        assert found
        return found

    def test_sessions_routes_and_what_was_refused(self) -> None:
        down = {"bgpState": "Idle", "lastNotificationReason": "Cease/BFD Down", "lastResetDueTo": "BGP Notification send", "peerBfdInfo": {"status": "Down"}}
        up = {"bgpState": "Established", "bgpTimerUpEstablishedEpoch": 1795314590, "peerBfdInfo": {"status": "Up"}, "addressFamilyInfo": {"ipv4Unicast": {"sentPrefixCounter": 2}, "ipv6Unicast": {"sentPrefixCounter": 1}}}
        table = {
            "10.20.0.0/24": [{"peerId": "(unspec)", "bestpath": True, "path": ""}],
            "10.50.0.0/24": [{"peerId": "169.254.64.1", "path": "4207671274 4233422305"}, {"peerId": "169.254.64.3", "bestpath": True, "path": "4233422305"}],
        }
        refused = {"receivedRoutes": {"0.0.0.0/0": {"network": "0.0.0.0/0", "path": "4233422305"}, "10.20.0.0/24": {"network": "10.20.0.0/24", "path": "4233422305 4235981390"}}}
        found = self.collect({"169.254.64.1": down, "169.254.64.3": up, "vrfId": 0}, {"routes": table}, {"routes": {}}, refused, {}, {}, {})
        self.assertEqual(
            routing_status.lines(found),
            [
                "BGP one-to-three to ree (AS 4207671274, 169.254.64.3): up since 2026-11-22T02:29:50Z, BFD up; learned 10.50.0.0/24, announced 3",
                "  refused of it, since ree may not announce it: 0.0.0.0/0",
                "BGP one-to-two to two (AS 4207671274, 169.254.64.1): down: the link is dead (BFD)",
                "route 10.50.0.0/24 by one-to-three; in reserve: one-to-two",
            ],
        )

    def test_an_as_number_that_another_gateway_has_is_told_and_what_is_our_own_is_not(self) -> None:
        # As seen of three FRRs in a row, the first and the last with one AS number: in received-routes alone, not in filtered-routes.
        up = {"bgpState": "Established", "bgpTimerUpEstablishedEpoch": 1795314590, "peerBfdInfo": {"status": "Up"}}
        paths = {
            "10.30.0.0/24": "4207671274",
            "10.90.0.0/24": "4207671274 4235981390",  # another's that has our number
            "fd90::/64": "4207671274 4235981390",
            "10.20.0.0/24": "4207671274 4235981390",  # ours
            "10.50.0.0/24": "4207671274 4235981390 4233422305",  # what we told of another
        }
        four = {"receivedRoutes": {text: {"network": text, "path": path} for text, path in paths.items() if ":" not in text}}
        six = {"receivedRoutes": {text: {"network": text, "path": path} for text, path in paths.items() if ":" in text}}
        found = self.collect({"169.254.64.1": up, "169.254.64.3": up}, {"routes": {}}, {"routes": {}}, {}, {}, {}, {}, {}, {}, four, six)
        told = [line for line in routing_status.lines(found) if "own AS" in line]
        self.assertEqual(
            told,
            ["  refused of it, since it begins at our own AS 4235981390 and is not behind this gateway: 10.90.0.0/24, fd90::/64; another gateway has the same AS number: give one of the two another"],
        )
        self.assertEqual([(one["connection"], one["ofOurAs"]) for one in found["sessions"]], [("one-to-three", []), ("one-to-two", ["10.90.0.0/24", "fd90::/64"])])

    def test_what_came_of_dialling_anew_does_not_hide_that_the_link_is_dead(self) -> None:
        cases = [
            ({"lastResetDueTo": "Waiting for peer OPEN", "peerBfdInfo": {"status": "Down"}}, "the link is dead (BFD)"),
            ({"lastNotificationReason": "OPEN Message Error/Bad Peer AS", "peerBfdInfo": {"status": "Down"}}, "the other end has another AS number than this connection says"),
            ({"lastResetDueTo": "Waiting for peer OPEN"}, "Waiting for peer OPEN"),
            ({"peerBfdInfo": {"status": "Down"}, "bgpState": "Active"}, "the other end was not reached yet"),
        ]
        for neighbor, reason in cases:
            self.assertEqual(routing_status._reason(neighbor), reason)

    def test_how_often_a_session_fell_and_nothing_after_a_quiet_hour(self) -> None:
        up = {"bgpState": "Established", "bgpTimerUpEstablishedEpoch": 1795314590, "peerBfdInfo": {"status": "Up"}, "connectionsDropped": 7}
        for more, said in (
            ({"lastResetTimerMsecs": 12000}, "announced 0; fell 7 times since FRR began, last 12 s ago"),
            ({"lastResetTimerMsecs": 12000, "connectionsDropped": 1}, "announced 0; fell once since FRR began, last 12 s ago"),
            ({"lastResetTimerMsecs": 3_600_000}, "announced 0"),
            ({"lastResetTimerMsecs": 12000, "connectionsDropped": 0}, "announced 0"),
            ({}, "announced 0"),
        ):
            found = self.collect({"169.254.64.3": {**up, **more}}, {}, {}, {}, {}, {}, {})
            self.assertTrue(routing_status.lines(found)[0].endswith(said), routing_status.lines(found)[0])

    def test_too_many_prefixes_of_the_other_end_or_of_ours(self) -> None:
        """As two bgpd told of it, one of which takes 2 prefixes and was told of 6."""
        told = {"lastNotificationReason": "Cease/Maximum Number of Prefixes Reached", "peerBfdInfo": {"status": "Up"}, "connectionsDropped": 2, "lastResetTimerMsecs": 90000}
        families = {"addressFamilyInfo": {"ipv4Unicast": {"acceptedPrefixCounter": 0, "prefixAllowedMax": 2, "prefixAllowedRestartIntervalMsecs": 300000}}}
        here = {**told, **families, "bgpState": "Idle", "lastResetDueTo": "BGP Notification send", "prefixesConfigExceedMax": True}
        there = {**told, "bgpState": "Active", "lastResetDueTo": "BGP Notification received"}
        lines = routing_status.lines(self.collect({"169.254.64.3": here, "169.254.64.1": there}, {}, {}, {}, {}, {}, {}))
        self.assertEqual(
            [line.partition("): ")[2] for line in lines],
            [
                "down: the other end announces too many prefixes, more than 2 of a family (`mostPrefixes`): it is shut out for 5 minutes each time; fell 2 times since FRR began, last 90 s ago",
                "down: this gateway announces more prefixes than the other end takes (its `mostPrefixes`): it tries again every few minutes; fell 2 times since FRR began, last 90 s ago",
            ],
        )

    def test_a_neighbour_that_starts_anew(self) -> None:
        self.assertIn("graceful restart", routing_status._reason({"bgpState": "Active", "bgpStateIs": "passiveNSF", "lastResetDueTo": "BFD down received", "peerBfdInfo": {"status": "Down"}}))
        self.assertEqual(routing_status._reason({"bgpState": "Active", "lastNotificationReason": "Cease/BFD Down", "peerBfdInfo": {"status": "Down"}}), "the link is dead (BFD)")

    def test_a_route_server_is_told_and_not_heard(self) -> None:
        self.write("/etc/vpn-gateway/bgp.conf", "router bgp 4235981390\n neighbor 10.76.0.5 remote-as 64512\n neighbor 10.76.0.6 remote-as 64512\nexit\n")
        up = {"bgpState": "Established", "peerBfdInfo": {"status": "Up"}, "addressFamilyInfo": {"ipv4Unicast": {"sentPrefixCounter": 2}}}
        found = self.collect({"10.76.0.5": up, "10.76.0.6": {"bgpState": "Active"}}, {"routes": {"10.50.0.0/24": [{"peerId": "10.76.0.5", "path": "64512"}]}}, {}, {}, {}, {}, {})
        self.assertEqual(found["routes"], [])
        self.assertEqual(
            [line for line in routing_status.lines(found) if "route server" in line],
            ["BGP to the VPC's route server (10.76.0.5): up, BFD up; announced 2", "BGP to the VPC's route server (10.76.0.6): down: the other end was not reached yet"],
        )

    def test_without_frr(self) -> None:
        self.unmark("active/frr.service")
        found = routing_status.collect(self.gateway)
        assert found
        self.assertEqual(routing_status.lines(found), ["BGP (AS 4235981390): FRR does not run"])

    def test_an_answer_that_is_no_json_is_as_none(self) -> None:
        self.assertEqual([one["reason"] for one in self.collect()["sessions"]], ["FRR does not run, or does not know the neighbor"] * 2)


class LinkTest(MachineTest):
    def test_a_link_has_its_addresses_and_leaves_the_routes_to_frr(self) -> None:
        os.environ["FAKE_STATE"] = self.state
        self.addCleanup(os.environ.pop, "FAKE_STATE", None)
        gateway = Gateway(self.root, "test")
        gateway.programs.path = f"{self.state}/bin:{gateway.programs.path}"
        site = description("office", bgp=bgp())
        sites.ensure(gateway, site)
        sites.route_into(gateway, site, True, 1418)
        calls = [call for call in self.calls("ip ") if "show" not in call]
        self.assertIn("ip address replace 169.254.64.0/31 dev st-office", calls)
        self.assertIn("ip address replace fd76:7067::a9fe:4000/127 dev st-office nodad", calls)
        self.assertFalse([call for call in calls if "route replace 10.30" in call], calls)
        self.assertIn("ip route replace unreachable 10.30.0.0/24 metric 4278198272 proto 201", calls)


if __name__ == "__main__":
    unittest.main()
