"""The fuzzer's own PPP: the response of RFC 2759 by its example, frames that a seed makes again, and a peer that is led and counted."""

import os
import random
import struct
import sys
import unittest
from unittest import mock

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "lab", "world"))

import hostile_ppp  # noqa: E402
from hostile_ppp import LCP, PHASES, Gone, Session, broken, burst, packet  # noqa: E402

try:
    import cryptography  # noqa: F401

    CAN_ENCRYPT = True
except ImportError:
    CAN_ENCRYPT = False


class Wire:
    """A tunnel with a pppd that reads `lasts` frames, and then says no more."""

    patience, session = 0.01, 9

    def __init__(self, lasts):
        self.lasts, self.got, self.waiting = lasts, [], []

    def call(self):
        return

    def data(self, frame, header=0x0002):
        self.got.append(frame)

    def frame(self, protocol, frame):
        if len(self.got) <= self.lasts:
            self.waiting.append((protocol, packet(hostile_ppp.CODE_REJECT, 1, frame)))

    def take(self, _seconds):
        return ("ppp", self.waiting.pop(0)) if self.waiting else (None, None)


class Frames(unittest.TestCase):
    def test_a_seed_makes_the_same_frames_again(self):
        made = [[broken(chance, {}, phase) for phase in PHASES for _each in range(50)] for chance in (random.Random(5), random.Random(5), random.Random(6))]
        self.assertEqual(made[0], made[1])
        self.assertNotEqual(made[0], made[2])

    def test_most_are_of_the_phase_that_they_are_sent_in(self):
        for phase, protocol in (("link", 0xC021), ("authentication", 0xC223), ("network", 0x8021), ("open", 0x8021)):
            chance = random.Random(1)
            of_it = sum(struct.unpack("!H", broken(chance, {}, phase)[:2])[0] == protocol for _each in range(1000))
            self.assertGreater(of_it, 550, phase)

    @unittest.skipUnless(CAN_ENCRYPT, "needs python3-cryptography")
    def test_the_response_is_that_of_rfc_2759(self):
        # Section 9.2: user "User", password "clientPass".
        challenge, own = bytes.fromhex("5B5D7C7D7B3F2F3E3C2C602132262628"), bytes.fromhex("21402324255E262A28295F2B3A337C7E")
        value = hostile_ppp.ms_chap_v2("User", "44EBBA8D5312B8D611474411F56989AE", challenge, own)
        self.assertEqual(value[24:48].hex().upper(), "82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF")
        self.assertEqual(len(value), 49)


class Counting(unittest.TestCase):
    def burst(self, lasts):
        return burst(Session(Wire(lasts), {}), random.Random(1), "link", 160)

    def test_what_is_given_back_counts_what_was_sent_before_as_read(self):
        self.assertEqual(self.burst(1000), (160, 160))

    def test_what_a_pppd_that_is_gone_was_sent_does_not_count(self):
        self.assertEqual(self.burst(32), (48, 32))
        self.assertEqual(self.burst(0), (16, 0))

    def test_who_is_never_asked_anything_has_no_phase(self):
        with self.assertRaises(Gone):
            Session(Wire(0), {}).reach("open")

    def test_a_run_without_a_server_ends(self):
        with mock.patch.object(hostile_ppp, "Tunnel", side_effect=Gone("silent")):
            found = hostile_ppp.run("127.0.0.1", 0, 1000, 1, {})
        self.assertEqual((found["sent"], sum(found["failed"].values())), (0, 3))


if __name__ == "__main__":
    unittest.main()
