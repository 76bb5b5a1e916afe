import os
import struct
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "..", "lab", "world"))
import frames  # noqa: E402
from shell import Failure  # noqa: E402

SOURCE = "02:00:00:00:00:01"


class Frames(unittest.TestCase):
    def test_control_frames_go_to_their_groups_and_a_length_is_right(self):
        for kind, group in (("bpdu", "0180c2000000"), ("pvst", "01000ccccccd"), ("lacp", "0180c2000002"), ("lldp", "0180c200000e")):
            made = frames.frame(kind, SOURCE)
            self.assertEqual((made[:6].hex(), made[6:12].hex()), (group, "020000000001"))
            length = struct.unpack_from("!H", made, 12)[0]
            self.assertTrue(length > 1500 or len(made) >= 14 + length, kind)
            self.assertGreaterEqual(len(made), 52)

    def test_data_is_numbered_and_for_everybody_or_one(self):
        self.assertEqual(frames.frame("data", SOURCE, number=7)[:18].hex(), "ffffffffffff" + "020000000001" + "88b5" + "00000007")
        self.assertEqual(frames.frame("data", SOURCE, target="02:00:00:00:00:99")[:6].hex(), "020000000099")

    def test_an_arp_claims_an_address_for_its_sender(self):
        made = frames.frame("arp", SOURCE, address="10.90.0.77")
        self.assertEqual(struct.unpack_from("!HHHBBH", made, 12), (0x0806, 1, 0x0800, 6, 4, 2))
        self.assertEqual((made[22:28].hex(), made[28:32]), ("020000000001", bytes([10, 90, 0, 77])))
        self.assertEqual(len(made), 60)

    def test_neighbour_discovery_has_the_right_checksum(self):
        for kind, number in (("neighbour", 136), ("router", 134)):
            made = frames.frame(kind, SOURCE, address="fd90::77")
            header, message = made[14:54], made[54:]
            self.assertEqual((header[6], header[7], struct.unpack_from("!H", header, 4)[0], message[0]), (58, 255, len(message), number))
            pseudo = header[8:40] + struct.pack("!II", len(message), 58) + message
            total = sum(struct.unpack(f"!{len(pseudo) // 2}H", pseudo))
            while total >> 16:
                total = (total & 0xFFFF) + (total >> 16)
            self.assertEqual(total, 0xFFFF)
        self.assertIn(bytes.fromhex("fd90") + bytes(13) + b"\x77", frames.frame("neighbour", SOURCE, address="fd90::77")[54:])

    def test_what_nobody_knows_is_refused(self):
        with self.assertRaises(Failure):
            frames.frame("token-ring", SOURCE)


if __name__ == "__main__":
    unittest.main()
