import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "lab", "world"))

import balancer  # noqa: E402

A, B = "192.0.2.12", "192.0.2.13"


class Health(unittest.TestCase):
    def test_two_answers_in_a_row_make_a_target_healthy_and_one_does_not(self):
        target = balancer.Target(A)
        self.assertFalse(target.saw(True))
        self.assertFalse(target.healthy)
        self.assertTrue(target.saw(True))
        self.assertTrue(target.healthy)

    def test_one_silence_between_answers_changes_nothing_and_two_in_a_row_do(self):
        target = balancer.Target(A)
        target.healthy = True
        for answered in (False, True, False):
            target.saw(answered)
        self.assertTrue(target.healthy)
        target.saw(False)
        self.assertFalse(target.healthy)

    def test_traffic_goes_to_the_healthy_and_to_all_where_none_is(self):
        one, two = balancer.Target(A), balancer.Target(B)
        self.assertEqual(balancer.chosen([one, two]), [A, B])
        two.healthy = True
        self.assertEqual(balancer.chosen([one, two]), [B])


class Flows(unittest.TestCase):
    def test_those_to_a_target_that_lost_its_health_end_unless_they_are_kept(self):
        wanted = {"targets": [A, B]}
        self.assertEqual(balancer.ending(wanted, [B]), [A])
        self.assertEqual(balancer.ending({**wanted, "keepsFlows": True}, [B]), [])


class Rules(unittest.TestCase):
    def test_one_target_gets_both_ports(self):
        text = balancer.rules("192.0.2.11", [B])
        for port in (500, 4500):
            self.assertIn(f"ip daddr 192.0.2.11 udp dport {port} dnat to {B}", text)
        self.assertNotIn(A, text)

    def test_two_targets_are_chosen_by_source_with_a_seed_for_each_port(self):
        text = balancer.rules("192.0.2.11", [A, B])
        self.assertIn("jhash ip saddr mod 2 seed 0x1f4 map", text)
        self.assertIn("jhash ip saddr mod 2 seed 0x1194 map", text)

    def test_with_one_seed_the_source_alone_decides(self):
        text = balancer.rules("192.0.2.11", [A, B], {"500": 7, "4500": 7})
        self.assertEqual(text.count("jhash ip saddr mod 2 seed 0x7 map"), 2)


if __name__ == "__main__":
    unittest.main()
