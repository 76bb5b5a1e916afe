import json
import os
import sys
import unittest
from unittest import mock

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "..", "lab", "world"))
import path_mtu  # noqa: E402
from shell import Failure  # noqa: E402

FOUR = "[1732777000.1] From 10.20.0.1 icmp_seq=1 Frag needed and DF set (mtu = 1438)\n"
SIX = "[1732777000.1] From fd20::1 icmp_seq=1 Packet too big: mtu=1422\n"


class PathMtu(unittest.TestCase):
    def test_who_says_how_much_fits(self):
        self.assertEqual(path_mtu.told(FOUR), {"by": "10.20.0.1", "mtu": 1438})
        self.assertEqual(path_mtu.told(SIX), {"by": "fd20::1", "mtu": 1422})

    def test_nobody_says_it_where_the_host_knows_it_itself_or_all_is_silent(self):
        self.assertIsNone(path_mtu.told("ping: local error: message too long, mtu: 1438\n"))
        self.assertIsNone(path_mtu.told("From 10.20.0.1 icmp_seq=1 Destination Host Unreachable\n"))
        self.assertIsNone(path_mtu.told("1 packets transmitted, 0 received, 100% packet loss, time 0ms\n"))

    def test_what_came(self):
        self.assertEqual(path_mtu.transferred(json.dumps({"end": {"sum_received": {"bytes": 999424}}})), {"bytes": 999424})
        self.assertEqual(path_mtu.transferred('{"error": "unable to connect"}'), {"bytes": 0, "reason": "unable to connect"})
        self.assertEqual(path_mtu.transferred("Killed\n")["bytes"], 0)

    def test_a_transfer_that_stalls_is_none_and_a_busy_server_is_asked_again(self):
        with mock.patch.object(path_mtu, "in_namespace", side_effect=Failure("ip did not end within 25 s")):
            self.assertEqual(path_mtu.transfer("inside", "10.30.0.10"), {"bytes": 0, "reason": "ip did not end within 25 s"})
        said = [mock.Mock(stdout=text) for text in ('{"error": "the server is busy running a test. try again later"}', '{"end": {"sum_received": {"bytes": 1000000}}}')]
        with mock.patch.object(path_mtu, "in_namespace", side_effect=said) as asked, mock.patch.object(path_mtu.time, "sleep"):
            self.assertEqual(path_mtu.transfer("inside", "fd30::10"), {"bytes": 1000000})
            self.assertIn("-R", asked.call_args.args)

    def test_hosts_hear_again_whatever_happens(self):
        with mock.patch.object(path_mtu, "in_namespace") as called:
            with self.assertRaises(Failure), path_mtu.unheard("inside", "inside2"):
                raise Failure("something")
        self.assertEqual([call.args[:3] for call in called.call_args_list[-2:]], [("inside", "nft", "delete"), ("inside2", "nft", "delete")])


if __name__ == "__main__":
    unittest.main()
