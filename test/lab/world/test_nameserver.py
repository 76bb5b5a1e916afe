import os
import socket
import struct
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "lab", "world"))

import nameserver  # noqa: E402

NAME = "gateway.example.com"
ONE, TWO = "192.0.2.12", "192.0.2.13"


def query(name, kind=nameserver.A, of=1, flags=0x0100):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", 0x1234, flags, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, of)


def read(packet):
    """Response code and addresses of an answer."""
    _id, flags, asked, count = struct.unpack("!HHHH", packet[:8])
    at = 12
    for _ in range(asked):
        while packet[at]:
            at += 1 + packet[at]
        at += 5
    addresses = []
    for _ in range(count):
        kind, of, _ttl, length = struct.unpack("!HHIH", packet[at + 2:at + 12])
        assert (kind, of, length) == (1, 1, 4)
        addresses.append(socket.inet_ntoa(packet[at + 12:at + 16]))
        at += 16
    assert at == len(packet)
    return flags & 15, addresses


class Answers(unittest.TestCase):
    def test_the_name_has_every_address_that_is_told_whatever_the_letters(self):
        for name in (NAME, NAME.upper()):
            answer = nameserver.reply(query(name), NAME, [TWO, ONE])
            self.assertEqual(read(answer), (0, [TWO, ONE]))
            self.assertEqual(answer[:2], b"\x12\x34")
            # An answer, with authority, to who asked for recursion.
            self.assertEqual(answer[2], 0x85)

    def test_the_name_exists_without_ipv6_and_another_does_not(self):
        self.assertEqual(read(nameserver.reply(query(NAME, kind=28), NAME, [ONE])), (0, []))
        self.assertEqual(read(nameserver.reply(query("other.example.com"), NAME, [ONE])), (nameserver.NO_SUCH_NAME, []))
        self.assertEqual(read(nameserver.reply(query(NAME, of=3), NAME, [ONE])), (nameserver.REFUSED, []))

    def test_what_is_no_query_is_not_answered_and_one_that_is_cut_off_is_refused(self):
        self.assertIsNone(nameserver.reply(query(NAME, flags=0x8180), NAME, [ONE]))
        self.assertIsNone(nameserver.reply(b"short", NAME, [ONE]))
        for length in range(12, len(query(NAME))):
            self.assertEqual(nameserver.reply(query(NAME)[:length], NAME, [ONE])[3] & 15, nameserver.FORMAT_ERROR)


class Health(unittest.TestCase):
    def test_two_silences_in_a_row_take_an_address_away_and_two_answers_bring_it_back(self):
        one, two = nameserver.Target(ONE), nameserver.Target(TWO)
        one.saw(False)
        self.assertEqual(nameserver.told([one, two]), [ONE, TWO])
        one.saw(False)
        self.assertEqual(nameserver.told([one, two]), [TWO])
        one.saw(True)
        one.saw(False)
        one.saw(True)
        self.assertEqual(nameserver.told([one, two]), [TWO])
        one.saw(True)
        self.assertEqual(nameserver.told([one, two]), [ONE, TWO])

    def test_where_none_is_healthy_all_are_told(self):
        both = [nameserver.Target(ONE), nameserver.Target(TWO)]
        for one in both:
            one.healthy = False
        self.assertEqual(nameserver.told(both), [ONE, TWO])


if __name__ == "__main__":
    unittest.main()
