"""Hostile names and secrets in a client's files. Run: python3 -m unittest discover -s test/lab/world"""

import base64
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "..", "lab", "world"))
sys.dont_write_bytecode = True

import client_files
import measure

HOSTILE = ['a"b', "a\\", 'a\\"', "a\n}\nsecrets { }", "0x41", "0sQQ==", "${HOME}", "# no", "päss", "include /etc/passwd"]


def unquote(text):
    """What strongSwan's parser makes of a quoted value."""
    assert text[0] == text[-1] == '"'
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.S)


class Swanctl(unittest.TestCase):
    def test_quoted_values_come_back(self):
        for text in HOSTILE:
            quoted = client_files.quoted(text)
            self.assertEqual(unquote(quoted), text)
            # No quote inside that is not escaped: the value cannot end early.
            self.assertNotRegex(quoted[1:-1], r'(?<!\\)(\\\\)*"')

    def test_secrets_are_base64(self):
        for text in HOSTILE:
            self.assertEqual(base64.b64decode(client_files.secret(text)[2:]).decode(), text)

    def test_a_client_that_follows_no_redirect_says_so_to_charon_and_no_other_does(self):
        self.assertIn("  follow_redirects = no\n", client_files.strongswan_conf({"followRedirects": False}))
        self.assertNotIn("follow_redirects", client_files.strongswan_conf({}))

    def test_a_client_that_proves_itself_anew_before_the_end_is_told_how_long_before(self):
        wanted = {"protocol": "ikev2", "gateway": "192.0.2.11", "user": "u", "password": "p"}
        self.assertIn("\n    over_time = 0s\n", client_files.ikev2_swanctl({**wanted, "overTimeSeconds": 0}))
        self.assertNotIn("over_time", client_files.ikev2_swanctl(wanted))

    def test_a_client_that_answers_a_question_offers_nothing_else(self):
        wanted = {"protocol": "ikev2", "gateway": "192.0.2.11", "user": "u", "password": "p"}
        self.assertIn("auth = eap-gtc\n", client_files.ikev2_swanctl({**wanted, "answersQuestion": True}))
        self.assertIn("auth = eap-mschapv2\n", client_files.ikev2_swanctl(wanted))

    def test_an_address_that_ppp_insists_on_is_one(self):
        wanted = {"user": "u", "password": "p"}
        self.assertIn("\n10.99.0.1:\n", client_files.ppp_options({**wanted, "pppAddress": "10.99.0.1"}))
        self.assertNotRegex(client_files.ppp_options(wanted), r"(?m)^[0-9.]*:")
        self.assertRaises(ValueError, client_files.ppp_options, {**wanted, "pppAddress": "10.99.0.1\nlogfile /etc/passwd"})

    def test_nul_is_refused(self):
        self.assertRaises(ValueError, client_files.quoted, "a\0b")

    def test_defaults(self):
        wanted = {"protocol": "l2tp", "gateway": "192.0.2.11", "user": "u", "password": "p", "psk": "k"}
        text = client_files.l2tp_swanctl(3, wanted)
        self.assertIn("local_ts = dynamic[udp/1704]", text)
        self.assertIn('proposals = "aes256-sha256-modp2048"', text)
        self.assertIn("port = 1704", client_files.xl2tpd_conf(3, wanted))
        self.assertIn("remote_ts = 0.0.0.0/0,::/0", client_files.ikev2_swanctl(wanted))
        self.assertIn("remote_ts = 10.20.0.0/24\n", client_files.ikev2_swanctl({**wanted, "splitTunnel": ["10.20.0.0/24"]}))


class Ppp(unittest.TestCase):
    def test_words(self):
        self.assertEqual(client_files.ppp_word('a"b\\c'), '"a\\"b\\\\c"')
        self.assertRaises(ValueError, client_files.ppp_word, "a\nb")

    def test_full_and_split_tunnel(self):
        wanted = {"gateway": "192.0.2.11"}
        self.assertIn('ip route replace 128.0.0.0/1 dev "$1"', client_files.ip_up(wanted))
        split = client_files.ip_up({**wanted, "splitTunnel": ["10.20.0.0/24", "fd20::/64"]})
        self.assertIn("10.20.0.0/24", split)
        self.assertNotIn("fd20", split)


class Ping(unittest.TestCase):
    TEXT = (
        "PING 10.0.0.1 (10.0.0.1) 56(84) bytes of data.\n"
        "[1000.000000] 64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=1.00 ms\n"
        "[1000.200000] 64 bytes from 10.0.0.1: icmp_seq=2 ttl=64 time=3.00 ms\n"
        "[1001.200000] 64 bytes from 10.0.0.1: icmp_seq=7 ttl=64 time=2.00 ms\n\n"
        "--- 10.0.0.1 ping statistics ---\n"
        "7 packets transmitted, 3 received, 57.1429% packet loss, time 1200ms\n"
    )

    def test_gap(self):
        self.assertEqual(measure.read_ping(self.TEXT, 0.2), {"sent": 7, "received": 3, "rttMs": 2.0, "longestGapMs": 800})

    def test_losses_at_the_end_are_silence(self):
        text = self.TEXT.replace("7 packets", "12 packets")
        self.assertEqual(measure.read_ping(text, 0.2)["longestGapMs"], 1000)

    def test_a_stopped_ping_forgives_the_one_request_on_its_way(self):
        for sent, counted in ((7, 7), (8, 7), (9, 9)):
            text = self.TEXT.replace("7 packets", f"{sent} packets")
            self.assertEqual(measure.read_ping(text, 0.2, stopped=True)["sent"], counted)
            self.assertEqual(measure.read_ping(text, 0.2)["sent"], sent)

    def test_nothing_came_back(self):
        self.assertEqual(measure.read_ping("5 packets transmitted, 0 received, 100% packet loss", 0.2), {"sent": 5, "received": 0, "rttMs": None, "longestGapMs": None})

    def test_sizes_are_of_the_ip_packet(self):
        self.assertEqual(measure.payload("10.0.0.1", 1500), 1472)
        self.assertEqual(measure.payload("fd20::1", 1500), 1452)


if __name__ == "__main__":
    unittest.main()
