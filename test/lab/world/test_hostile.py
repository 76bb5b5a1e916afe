import os
import random
import socket
import struct
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "..", "lab", "world"))
import hostile  # noqa: E402


class Packets(unittest.TestCase):
    def test_a_control_message_in_order_has_its_length_and_type(self):
        packet = hostile.control(random.Random(1), hostile.SCCRQ)
        self.assertEqual(struct.unpack_from("!HH", packet), (0xC802, len(packet)))
        self.assertEqual(struct.unpack_from("!HHHH", packet, 12), (0x8008, 0, 0, hostile.SCCRQ))

    def test_the_first_messages_of_ike_are_in_order(self):
        for version, exchange in ((1, 2), (2, 34)):
            packet = hostile.ike_first(random.Random(1), version)
            self.assertEqual((packet[17], packet[18], struct.unpack_from("!I", packet, 24)[0]), (version << 4, exchange, len(packet)))
            at, following = 28, packet[16]
            while following:
                following, length = packet[at], struct.unpack_from("!H", packet, at + 2)[0]
                at += length
            self.assertEqual(at, len(packet))

    def test_an_answer_that_is_a_cookie_is_told_from_one_that_is_not(self):
        header = lambda following: bytes(16) + struct.pack("!BBBBII", following, 0x20, 34, 0x20, 0, 60)  # noqa: E731
        notify = lambda kind: struct.pack("!BBHBBH", 0, 0, 32, 0, 0, kind) + bytes(24)  # noqa: E731
        self.assertTrue(hostile.is_cookie(header(41) + notify(16390)))
        self.assertFalse(hostile.is_cookie(header(41) + notify(14)), "NO_PROPOSAL_CHOSEN")
        self.assertFalse(hostile.is_cookie(header(33) + notify(16390)), "a proposal")
        self.assertFalse(hostile.is_cookie(header(41)), "cut off")
        self.assertFalse(hostile.is_cookie(bytes(16) + bytes([41, 0x10]) + bytes(16) + struct.pack("!H", 16390)), "IKEv1")

    def test_a_seed_makes_the_same_faults_again(self):
        made = [[hostile.twisted(random.Random(seed), bytes(range(60))) for _each in range(20)] for seed in (7, 7, 8)]
        self.assertEqual(made[0], made[1])
        self.assertNotEqual(made[0], made[2])
        self.assertTrue(all(len(each) <= 1400 for each in made[0]))


class Sending(unittest.TestCase):
    def test_all_are_sent_and_answers_counted(self):
        heard = []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            # All of them wait here where this machine is busy: what is not read is dropped.
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
            server.bind(("127.0.0.9", 1701))
            server.settimeout(2)

            def answer():
                try:
                    while True:
                        data, where = server.recvfrom(2000)
                        heard.append(data)
                        if len(heard) % 100 == 1:
                            server.sendto(data, where)
                except OSError:
                    return

            answering = threading.Thread(target=answer)
            answering.start()
            found = hostile.l2tp("127.0.0.9", 17013, 1200, 1)
            answering.join()
        self.assertEqual(found["sent"], 1200)
        self.assertGreater(len(heard), 600)
        self.assertGreater(found["answered"], 0)
        self.assertGreater(len(set(heard)), 500)


if __name__ == "__main__":
    unittest.main()
