"""Two tunnels of one connection, after both ends have dialled."""

from __future__ import annotations

import json
import unittest
from unittest import mock

from test_sites import FollowerCase, association, description

from vpn_gateway import follower, twice


def two(first: str = "3", second: str = "5", **changes: object) -> list:
    return [("site-office", {**association("office")[1], "uniqueid": number, **(changes if number == first else {})}) for number in (first, second)]


class TwiceTest(FollowerCase):
    def setUp(self) -> None:
        super().setUp()
        self.ended: list[str] = []
        patch = mock.patch.object(follower.charon, "terminate", lambda _gateway, unique_id, _seconds: self.ended.append(unique_id))
        patch.start()
        self.addCleanup(patch.stop)

    def look(self, *seconds: float) -> list[str]:
        for second in seconds:
            self.follower.look(1000.0 + second)
        return self.ended

    def test_the_older_one_is_ended_once_both_have_stood_for_a_while(self) -> None:
        self.associations = two("5", "10")
        self.assertEqual(self.look(0, 5, 9.9), [])
        self.assertEqual(self.look(10), ["5"])
        self.assertTrue(self.follower.followed["office"].stands)
        self.associations = two("5", "10")[1:]
        self.assertEqual(self.look(11, 30), ["5"])

    def test_the_other_end_leaves_it_to_the_one_that_dials_first(self) -> None:
        self.associations = two()
        for patience in (5, None):
            self.write("/etc/vpn-gateway/sites/office.json", json.dumps(description("office", dialAfterSeconds=patience)))
            self.assertEqual(self.look(0, 20, 40), [])

    def test_an_lns_has_one_session_in_one_tunnel_and_keeps_it(self) -> None:
        self.assertEqual(twice.Twice().surplus([description("office", mode="l2tp")], two(), 0.0), [])
        both = twice.Twice()
        self.assertEqual([both.surplus([description("office", mode=mode)], two(), now) for mode, now in (("route", 0.0), ("l2tp", 20.0), ("route", 30.0))], [[], [], []])

    def test_new_keys_are_no_second_tunnel(self) -> None:
        for changes in ({"state": "REKEYED"}, {"state": "DELETING"}, {"child-sas": {}}):
            self.associations = two(**changes)
            self.assertEqual(self.look(0, 20), [], changes)

    def test_two_that_are_one_again_meanwhile_are_counted_anew(self) -> None:
        self.associations = two()
        self.look(0, 9)
        self.associations = two()[:1]
        self.look(9.5)
        self.associations = two()
        self.assertEqual(self.look(10, 19), [])
        self.assertEqual(self.look(20), ["3"])

    def test_two_connections_are_two(self) -> None:
        self.write("/etc/vpn-gateway/sites/branch.json", json.dumps(description("branch", 8)))
        self.associations = [association("office"), association("branch")]
        self.assertEqual(self.look(0, 20), [])
        self.assertEqual(twice.FIRST, description("office")["dialAfterSeconds"])


if __name__ == "__main__":
    unittest.main()
