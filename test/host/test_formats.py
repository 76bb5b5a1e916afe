"""What is read from other programs' formats."""

import ast
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
    def texts(self) -> dict[str, str]:
        folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "host", "vpn_gateway")
        found = {}
        for name in os.listdir(folder):
            if name.endswith(".py"):
                with open(os.path.join(folder, name)) as file:
                    found[name] = file.read()
        return found

    def test_every_file_has_one_subject(self) -> None:
        for name, text in self.texts().items():
            self.assertLess(len(text.splitlines()), 300, name)

    def test_what_python_3_9_has_not_is_not_used(self) -> None:
        """RHEL 9's. What stands here is what was there, and ended the command, when all tests were run by 3.9."""
        for name, text in self.texts().items():
            tree = ast.parse(text, feature_version=(3, 9))
            late = "from __future__ import annotations" in text
            for node in ast.walk(tree):
                hints = [getattr(node, "returns", None), getattr(node, "annotation", None)]
                for part in (part for hint in hints if hint is not None for part in ast.walk(hint)):
                    self.assertTrue(late or not isinstance(part, ast.BinOp), f"{name}:{node.lineno}: `X | Y` is evaluated")
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "zip":
                    self.assertEqual(node.keywords, [], f"{name}:{node.lineno}: zip(strict=) is of 3.10")
                if isinstance(node, ast.Name):
                    self.assertNotEqual(node.id, "TimeoutError", f"{name}:{node.lineno}: a socket's is another one before 3.10")
