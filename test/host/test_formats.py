"""What is read from other programs' formats."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "host"))
from vpn_gateway import charon, nftables, ppp, strongswan_conf, systemd  # noqa: E402

CONF = """# comment { }
connections {
  one { version = 2   # trailing
    proposals = aes256gcm16-prfsha384-ecp384,aes128-sha256-modp2048
    local { auth = psk
      id = "quoted # not a comment }" }
    children { c { local_ts = 10.0.0.0/8,fd00::/8 } }
  }
  two : defaults { }
}
pools { p { addrs = 10.1.0.0/24 } }
include conf.d/*.conf
"""


class FormatTest(unittest.TestCase):
    def test_swanctl(self) -> None:
        settings = strongswan_conf.flatten(CONF)
        self.assertEqual(settings["connections.one.version"], "2")
        self.assertEqual(settings["connections.one.local.id"], "quoted # not a comment }")
        self.assertEqual(settings["connections.one.children.c.local_ts"], "10.0.0.0/8,fd00::/8")
        self.assertEqual(settings["pools.p.addrs"], "10.1.0.0/24")
        self.assertEqual(strongswan_conf.connections(CONF), {"one": "2", "two": "0"})

    def test_which_settings_need_a_restart(self) -> None:
        before = b"charon {\n threads = 16\n filelog {\n  x {\n   default = 1\n  }\n }\n}\n"
        self.assertEqual(charon.needs_restart(before, before.replace(b"= 1\n", b"= 2\n")), [])
        self.assertEqual(charon.needs_restart(before, before.replace(b"16", b"32")), ["charon.threads"])

    def test_tables(self) -> None:
        text = b"#!/usr/sbin/nft -f\n# table ip no { }\nadd table inet a\ntable ip6 b {\n}\ntable c { }\n  map x { }\n"
        self.assertEqual(nftables.tables_in(text), [("inet", "a"), ("ip6", "b"), ("ip", "c")])

    def test_chap_secrets(self) -> None:
        good = b'# x\n\n"a b" * "c\\"d" *\nx\ty\tz # comment\n\'single\' * "" 10.0.0.1\n'
        self.assertIsNone(ppp.check_secrets(good))
        self.assertEqual(ppp.check_secrets(b"a * c *\nb *\n"), "line 2: needs client, server, secret, and addresses")
        self.assertEqual(ppp.check_secrets(b'a * "c *\n'), "line 1: a quote is not closed")

    def test_units(self) -> None:
        self.assertEqual(systemd.unit_of("/etc/systemd/system/x.service.d/y.conf"), "x.service")
        self.assertEqual(systemd.unit_of("/etc/systemd/system/x@1.timer"), "x@1.timer")
        self.assertIsNone(systemd.unit_of("/etc/systemd/system/x.service.d/y.txt"))


class SmallFilesTest(unittest.TestCase):
    def test_every_file_has_one_subject(self) -> None:
        folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "host", "vpn_gateway")
        for name in os.listdir(folder):
            if name.endswith(".py"):
                with open(os.path.join(folder, name)) as file:
                    self.assertLess(len(file.readlines()), 300, name)
