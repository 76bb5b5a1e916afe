"""The connections of a crowd of clients."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "..", "lab", "world"))
sys.dont_write_bytecode = True

import crowd

LOGIN = {"gateway": "192.0.2.11", "psk": "shared", "persistent": True}


class Connections(unittest.TestCase):
    def of(self, protocol, count):
        return crowd.connections({**LOGIN, "protocol": protocol, "logins": [[f'us"er-{number}', "pass word"] for number in range(count)]})

    def test_each_of_l2tp_has_a_port_of_its_own_and_lets_nothing_out_in_clear(self):
        made = self.of("l2tp", 200)
        ports = {re.search(r"local_ts = dynamic\[udp/(\d+)\]", text).group(1) for text in made.values()}
        self.assertEqual(len(ports), 200)
        self.assertTrue(all("start_action = trap|start" in text for text in made.values()))

    def test_each_of_ikev2_is_another_user_whose_secret_no_other_file_replaces(self):
        made = self.of("ikev2", 500)
        for pattern in (r'\n      id = "(.+)"', r'\n      eap_id = "(.+)"', r"\n  (eap-\S+) {"):
            self.assertEqual(len({re.search(pattern, text).group(1) for text in made.values()}), 500)
        self.assertIn(r'eap_id = "us\"er-7"', made["crowd-8"])

    def test_all_dial_again_for_ever(self):
        for protocol in ("l2tp", "ikev2"):
            (text,) = self.of(protocol, 1).values()
            for word in ("keyingtries = 0", "dpd_action = restart", "close_action = start", "  crowd-1 {"):
                self.assertIn(word, text)

    def test_no_two_share_a_tunnel_of_the_kernel(self):
        text = crowd.xl2tpd_conf({"gateway": "192.0.2.11", "sourcePort": 2001}, "/options")
        self.assertTrue(text.startswith("[global]\nforce userspace = yes\nport = 2001\n"))
        self.assertTrue(text.endswith("autodial = yes\n"))

    def test_a_living_gateway_is_not_given_up_with_the_first_question(self):
        (text,) = self.of("l2tp", 1).values()
        delay, timeout = (int(re.search(rf"{word} = (\d+)s", text).group(1)) for word in ("dpd_delay", "dpd_timeout"))
        self.assertGreater(timeout, 2 * delay)


if __name__ == "__main__":
    unittest.main()
