"""Site connections of a pair: the active machine alone has their tunnels."""

import json
import os
import threading
import unittest
from unittest import mock

from machine import MachineTest
from test_sites import association, base_part, description, part_of

from vpn_gateway import follower, moving, pair_sites, site_status, sites
from vpn_gateway.errors import Failure
from vpn_gateway.gateway import Gateway

PAIR = {"name": "office", "member": 1, "front": "floatingAddress", "floating": [{"address": "192.0.2.11/24", "interface": "wan0"}, {"address": "10.20.0.1/24", "interface": "lan0"}]}


class PairSitesTest(MachineTest):
    states = 0

    def setUp(self) -> None:
        super().setUp()
        self.gateway = Gateway(self.root, "test")
        self.write("/etc/vpn-gateway/pair.json", json.dumps(PAIR))
        self.write("/etc/vpn-gateway/sites/office.json", json.dumps(description("office", dialAfterSeconds=5, whileActive=True)))
        self.write("/sys/class/net/st-office/statistics/rx_bytes", "0\n")
        self.write("/sys/class/net/st-office/statistics/tx_bytes", "0\n")
        self.becomes("BACKUP")
        self.follower = follower.Follower(self.gateway)
        self.done: list[str] = []
        self.associations: list = []
        self.has_address = False
        for target, name, with_what in [
            (sites, "ensure", lambda *_: None),
            (sites, "routed", lambda _: set()),
            (sites, "route_into", lambda _gateway, site, stands, _mtu: self.done.append(f"{'routes' if stands else 'no routes'} {site['name']}")),
            (follower.charon, "running", lambda _: True),
            (follower.charon, "associations", lambda _: self.associations),
            (follower.charon, "initiate", lambda _gateway, connection, _child: self.done.append(f"dials {connection}")),
            (follower.charon, "terminate", self.terminate),
            (pair_sites.time, "sleep", lambda seconds: self.done.append(f"waits {seconds}")),
            (self.gateway.programs, "run", self.run_program),
        ]:
            patch = mock.patch.object(target, name, with_what)
            patch.start()
            self.addCleanup(patch.stop)

    def becomes(self, state: str) -> None:
        self.states += 1
        self.write("/run/vpn-gateway/pair-state", f"{state}\n")
        # keepalived's script makes the file anew; a test is faster than the clock of a file system.
        os.utime(f"{self.root}/run/vpn-gateway/pair-state", ns=(self.states, self.states))

    def terminate(self, _gateway: object, unique_id: str, seconds: int) -> None:
        self.done.append(f"ends {unique_id} at once" if seconds == 0 else "waits for an answer")
        self.associations = [(name, data) for name, data in self.associations if data["uniqueid"] != unique_id]

    def run_program(self, *words: str, **_more: object) -> mock.Mock:
        self.done.append(" ".join(words))
        return mock.Mock(ok=not (self.has_address and words[:3] == ("ip", "address", "add")))

    def looks(self, *moments: float) -> list[str]:
        self.done = []
        for moment in moments:
            self.follower.look(moment)
        return [what for what in self.done if not what.startswith("no routes")]

    def test_a_standby_has_no_route_and_dials_nobody(self) -> None:
        self.assertEqual(self.looks(*range(100, 140)), [])
        self.assertEqual(self.done, ["no routes office"])

    def test_one_that_becomes_active_dials_at_once_though_the_other_end_dials_first_otherwise(self) -> None:
        self.looks(100, 101)
        self.becomes("MASTER")
        self.assertTrue(self.follower.turn.changed())
        self.assertEqual(self.looks(101.1), ["dials site-office"])
        self.assertFalse(self.follower.turn.changed())
        self.associations = [association("office")]
        self.assertEqual(self.looks(101.5), ["routes office"])

    def test_one_that_is_active_when_it_begins_waits_as_any_end(self) -> None:
        self.becomes("MASTER")
        self.assertEqual(self.looks(100, 104.9), [])
        self.assertEqual(self.looks(105.1), ["dials site-office"])

    def test_one_that_gives_way_takes_routes_away_and_tells_the_other_end_from_the_address_that_it_had(self) -> None:
        self.becomes("MASTER")
        self.associations = [association("office")]
        self.assertEqual(self.looks(100), ["routes office"])
        self.becomes("BACKUP")
        self.assertEqual(
            self.looks(101),
            ["ip address add 192.0.2.11/32 dev lo", "ends 3 at once", "waits 0.5", "ip address del 192.0.2.11/32 dev lo"],
        )
        self.assertIn("no routes office", self.done)
        self.assertEqual(self.looks(*range(102, 140)), [])

    def test_what_hand_over_has_put_on_the_loopback_interface_stays_there(self) -> None:
        self.has_address = True
        self.associations = [association("office")]
        self.assertEqual(self.looks(100), ["ip address add 192.0.2.11/32 dev lo", "ends 3 at once", "waits 0.5"])

    def test_a_standby_ends_what_somebody_began_with_it(self) -> None:
        self.looks(100)
        self.associations = [("site-office", {"state": "CONNECTING", "uniqueid": "9"}), ("ikev2", {"state": "ESTABLISHED", "uniqueid": "10"})]
        self.assertIn("ends 9 at once", self.looks(101))
        self.assertEqual([name for name, _ in self.associations], ["ikev2"])

    def test_a_turn_that_begins_anew_ends_what_was_before_it(self) -> None:
        self.becomes("MASTER")
        self.associations = [association("office")]
        self.looks(100)
        self.becomes("MASTER")
        self.assertEqual(self.looks(100.2), ["ends 3 at once", "waits 0", "dials site-office"])

    def test_a_member_s_own_connection_is_none_of_the_turn_s_business(self) -> None:
        self.write("/etc/vpn-gateway/sites/office.json", json.dumps(description("office")))
        self.associations = [association("office")]
        self.assertEqual(self.looks(100, 101), ["routes office"])

    def test_an_association_that_went_by_itself_is_no_failure(self) -> None:
        self.associations = [association("office")]
        with mock.patch.object(follower.charon, "terminate", side_effect=Failure("no such SA")):
            self.assertEqual(self.looks(100)[-1], "ip address del 192.0.2.11/32 dev lo")

    def test_status_says_that_the_other_has_it(self) -> None:
        self.looks(1_700_000_000)
        self.assertEqual(
            site_status.line(site_status.collect(self.gateway)[0]),
            "site office to cloud (198.51.100.20): down since 2023-11-14T22:13:20Z: this machine is the standby: the active one has the tunnel",
        )

    def test_hand_over_leaves_them_to_the_follower(self) -> None:
        self.associations = [association("office"), ("ikev2", {"state": "ESTABLISHED", "uniqueid": "10"})]
        self.assertEqual([name for name, _ in moving._associations(self.gateway)], ["ikev2"])


class FollowTest(MachineTest):
    def test_a_machine_that_becomes_active_need_not_wait_for_charon_to_say_anything(self) -> None:
        self.start_charon()
        gateway = Gateway(self.root, "test")
        self.write("/etc/vpn-gateway/pair.json", json.dumps(PAIR))
        self.write("/etc/vpn-gateway/sites/office.json", json.dumps(description("office", mode="policy", far=[], whileActive=True)))
        self.write("/run/vpn-gateway/pair-state", "BACKUP\n")
        dialled = threading.Event()
        going = [True]
        with (
            mock.patch.object(follower.charon, "initiate", lambda *_: dialled.set()),
            mock.patch.object(follower, "_code", lambda: going[0]),
            # A round that nothing interrupts would outlast this test.
            mock.patch.object(follower, "TICK", 30.0),
        ):
            thread = threading.Thread(target=follower.follow, args=(gateway,), daemon=True)
            thread.start()
            self.assertFalse(dialled.wait(1.0))
            self.write("/run/vpn-gateway/pair-state", "MASTER\n")
            self.assertTrue(dialled.wait(5.0))
            going[0] = False
            self.write("/run/vpn-gateway/pair-state", "BACKUP\n")
            thread.join(10.0)
        self.assertFalse(thread.is_alive())


class PairSitePartTest(MachineTest):
    def test_refused_on_a_gateway_that_is_no_machine_of_a_pair(self) -> None:
        self.start_charon()
        self.apply(base_part())
        self.assertIn("no machine of one", self.apply(part_of("office", whileActive=True), expect=1).stderr)
        self.write("/etc/vpn-gateway/pair.json", json.dumps(PAIR))
        self.apply(part_of("office", whileActive=True))


if __name__ == "__main__":
    unittest.main()
