"""The public CA's HTTPS certificate and configuration: openssl takes the one for the address, and the other asks at port 80."""

import os
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "lab", "world"))

import acme  # noqa: E402


class Acme(unittest.TestCase):
    def test_its_https_is_for_its_address_by_an_authority_of_its_own(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(acme, "FOLDER", folder):
            acme.make_tls("203.0.113.10")

            def checked(*words):
                return subprocess.run(["openssl", *words], capture_output=True, text=True, check=False).returncode

            for address, code in (("203.0.113.10", 0), ("127.0.0.1", 0), ("203.0.113.11", 2)):
                self.assertEqual(checked("verify", "-CAfile", f"{folder}/authority.pem", "-verify_ip", address, f"{folder}/tls.pem"), code, address)
            self.assertNotEqual(checked("verify", "-CApath", "/nowhere", f"{folder}/tls.pem"), 0)

    def test_it_asks_at_port_80_and_is_asked_at_its_own(self):
        pebble = acme.config("203.0.113.10", 90)["pebble"]
        self.assertEqual((pebble["httpPort"], pebble["listenAddress"], pebble["certificateValidityPeriod"]), (80, "203.0.113.10:14000", 7776000))
        self.assertTrue(pebble["managementListenAddress"].startswith("127.0.0.1:"))


if __name__ == "__main__":
    unittest.main()
