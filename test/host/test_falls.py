"""How often a connection fell, and what status makes of it."""

from __future__ import annotations

import json
import os
import unittest
from unittest import mock

from test_sites import FollowerCase, association, description

from vpn_gateway import falls, follower, site_status


class FallsTest(FollowerCase):
    def flap(self, times: int, every: float = 20.0, begin: float = 1000.0, why: str = "") -> float:
        """Falls and comes back so often; gives the time of the last return."""
        now = begin
        for _ in range(times):
            self.associations = [association("office")]
            self.follower.look(now)
            self.associations = []
            self.follower.look(now + 1)
            if why:
                self.follower.heard("log", {"ikesa-name": "site-office", "msg": why}, now + 2)
            now += every
        self.associations = [association("office")]
        self.follower.look(now)
        return now

    def line(self, now: float) -> str:
        with mock.patch.object(site_status.time, "time", lambda: now):
            return site_status.line(site_status.collect(self.gateway)[0])

    def test_status_counts_and_says_what_to_look_at(self) -> None:
        now = self.flap(7, why="peer not responding, trying again (2/0)")
        self.assertRegex(
            self.line(now + 5),
            r"1438 bytes fit; fell 7 times in the last hour, last 24 s ago\n  it flaps: look at the path between the two \(the other end does not answer\): .*`ping 198\.51\.100\.20`",
        )
        found = site_status.collect(self.gateway)[0]["falls"]
        self.assertEqual(set(found), {"lastHour", "last", "lastSecondsAgo", "flaps", "lookAt"})

    def test_after_a_quiet_hour_nothing_is_said(self) -> None:
        now = self.flap(7)
        self.assertTrue(self.line(now + 3700).endswith("1438 bytes fit"))
        self.assertTrue(self.line(now - 3700).endswith("1438 bytes fit"), "a clock that was set back")

    def test_one_fall_is_no_flapping(self) -> None:
        now = self.flap(1)
        self.assertTrue(self.line(now + 300).endswith("; fell once in the last hour, 5 min ago"), self.line(now + 300))

    def test_by_what_was_the_matter(self) -> None:
        now = self.flap(3, why="received NO_PROPOSAL_CHOSEN notify error")
        self.assertIn("look at what was the matter when it was down: the other end accepts none of our proposals", self.line(now))
        self.follower.followed["office"].blamed = None
        self.follower.write()
        self.assertIn("somebody else dials with the same identity", self.line(now))

    def test_memory_is_bounded(self) -> None:
        now = self.flap(500, every=3.0)
        self.assertEqual(len(self.follower.followed["office"].falls), falls.MOST)
        self.assertIn("fell 60 times or more in the last hour", self.line(now))

    def test_another_connection_says_nothing(self) -> None:
        self.write("/etc/vpn-gateway/sites/zweig.json", json.dumps(description("zweig", 8)))
        self.write("/sys/class/net/st-zweig/statistics/rx_bytes", "0\n")
        other = association("zweig")
        for second in range(8):
            self.associations = [other, *([association("office")] if second % 2 else [])]
            self.follower.look(1000.0 + second)
        with mock.patch.object(site_status.time, "time", lambda: 1010.0):
            lines = [site_status.line(found) for found in site_status.collect(self.gateway)]
        self.assertIn("fell 3 times", lines[0])
        self.assertNotIn("fell", lines[1])

    def test_a_follower_that_starts_anew_knows_of_it(self) -> None:
        now = self.flap(2)
        self.follower = follower.Follower(self.gateway)
        self.follower.look(now + 10)
        self.assertIn("fell 2 times in the last hour, last 29 s ago", self.line(now + 10))
        self.assertEqual(self.follower.followed["office"].changed, now, "it stands since it came back, not since the follower did")
        self.follower = follower.Follower(self.gateway)
        self.associations = []
        self.follower.look(now + 20)
        self.assertIn("fell 3 times in the last hour, last 0 s ago", self.line(now + 20))

    def test_one_that_is_made_anew_under_its_name_has_no_past(self) -> None:
        self.flap(3)
        os.unlink(f"{self.root}/etc/vpn-gateway/sites/office.json")
        self.follower = follower.Follower(self.gateway)
        self.follower.look(2000)
        self.write("/etc/vpn-gateway/sites/office.json", json.dumps(description("office")))
        self.follower.look(2001)
        self.assertEqual(self.follower.followed["office"].falls, [])

    def test_keys_that_are_renewed_meanwhile_are_no_fall(self) -> None:
        """charon told of the old IKE SA once its child had gone over to the new one, and of the new one before it was there."""
        self.associations = [association("office")]
        self.follower.look(1000)
        answers = [[("site-office", {"state": "REKEYED", "uniqueid": "3", "child-sas": {}})], [association("office")]]
        with mock.patch.object(follower.charon, "associations", lambda _: answers.pop(0)):
            self.follower.look(1001)
        self.assertEqual((self.follower.followed["office"].falls, self.routes), ([], [(True, 1438)]))

    def test_what_a_pair_has_handed_over_did_not_fall(self) -> None:
        self.associations = [association("office")]
        self.follower.look(1000)
        self.associations = []
        with mock.patch.object(self.follower.turn, "is_ours", lambda _site: False):
            self.follower.look(1001)
        self.assertEqual(self.follower.followed["office"].falls, [])


if __name__ == "__main__":
    unittest.main()
