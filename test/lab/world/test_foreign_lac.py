"""What kl2tpd is told. Run: python3 -m unittest discover -s test/lab/world"""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "..", "lab", "world"))
sys.dont_write_bytecode = True

import foreign_lac
from shell import Failure


class ForeignLac(unittest.TestCase):
    def test_it_calls_the_gateway_from_the_port_that_ipsec_covers(self):
        text = foreign_lac.settings("192.0.2.11", 1702, "/etc/netns/c1/kl2tpd/pppd")
        self.assertIn('local = "0.0.0.0:1702"\npeer = "192.0.2.11:1701"\n', text)
        self.assertIn('pppd_args = "/etc/netns/c1/kl2tpd/pppd"\n', text)

    def test_no_secret_is_in_what_it_reads_or_on_its_command_line(self):
        with tempfile.TemporaryDirectory() as etc:
            program, foreign_lac.PROGRAM = foreign_lac.PROGRAM, "/bin/true"
            try:
                words = foreign_lac.command(etc, "192.0.2.11", 1702)
            finally:
                foreign_lac.PROGRAM = program
            self.assertEqual(words[1:3], ["-config", f"{etc}/kl2tpd/kl2tpd.toml"])
            with open(f"{etc}/kl2tpd/pppd") as file:
                self.assertEqual(file.read(), "file /etc/ppp/options.lab\n")

    def test_where_it_was_not_fetched_that_is_said(self):
        program, foreign_lac.PROGRAM = foreign_lac.PROGRAM, "/no/such/kl2tpd"
        try:
            self.assertRaisesRegex(Failure, "not installed", foreign_lac.command, "/nowhere", "192.0.2.11", 1702)
        finally:
            foreign_lac.PROGRAM = program


if __name__ == "__main__":
    unittest.main()
