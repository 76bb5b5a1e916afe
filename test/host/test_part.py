"""The strict reader of a part's text."""

from __future__ import annotations

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "host"))
from vpn_gateway.errors import Failure  # noqa: E402
from vpn_gateway.part import parse  # noqa: E402

WHOLE = """part base
package strongswan-swanctl
module l2tp_ppp
service strongswan.service
confirm 60
file /etc/xl2tpd/xl2tpd.conf 0644
/etc/xl2tpd/xl2tpd.conf | [global]
/etc/xl2tpd/xl2tpd.conf |
/etc/xl2tpd/xl2tpd.conf |   port = 1701
file /etc/x 0600
/etc/x | secret
/etc/x |
end
"""


class PartTest(unittest.TestCase):
    def test_reads_every_header_and_file(self) -> None:
        part = parse(WHOLE.encode(), "base")
        self.assertEqual(part.packages, ["strongswan-swanctl"])
        self.assertEqual(part.modules, ["l2tp_ppp"])
        self.assertEqual(part.services, ["strongswan.service"])
        self.assertEqual(part.confirm, 60)
        self.assertEqual(part.files["/etc/xl2tpd/xl2tpd.conf"].content, b"[global]\n\n  port = 1701\n")
        self.assertEqual(part.files["/etc/x"].content, b"secret\n\n")
        self.assertTrue(part.files["/etc/x"].secret)

    def refused(self, text: str | bytes, line: int, words: str) -> None:
        with self.assertRaises(Failure) as caught:
            parse(text.encode() if isinstance(text, str) else text, "base")
        self.assertIn(f"line {line}: ", str(caught.exception))
        self.assertIn(words, str(caught.exception))
        self.assertNotIn("hunter2", str(caught.exception))

    def test_names_the_line_and_never_its_content(self) -> None:
        cases: list[tuple[str | bytes, int, str]] = [
            ("part other\nend\n", 1, "part base"),
            ("part base\nhunter2\nend\n", 2, "none of package"),
            ("part base\npackage Hunter2!hunter2\nend\n", 2, "package"),
            ("part base\npackage a1\npackage a1\nend\n", 3, "twice"),
            ("part base\nmodule ../hunter2\nend\n", 2, "module"),
            ("part base\nservice hunter2\nend\n", 2, "unit"),
            ("part base\nconfirm 0\nend\n", 2, "seconds"),
            ("part base\nconfirm 3601\nend\n", 2, "seconds"),
            ("part base\nfile /root/.ssh/hunter2 0600\nend\n", 2, "under /etc/"),
            ("part base\nfile /etc/../root/hunter2 0600\nend\n", 2, "`..`"),
            ("part base\nfile /etc//hunter2 0600\nend\n", 2, "empty step"),
            ("part base\nfile /etc/a 0666\nend\n", 2, "mode"),
            ("part base\nfile /etc/a 4755\nend\n", 2, "mode"),
            ("part base\nfile /etc/a 644\nend\n", 2, "mode"),
            ("part base\nfile /etc/a 0644\n/etc/a | x\nfile /etc/a 0644\n/etc/a | x\nend\n", 4, "twice"),
            ("part base\nfile /etc/a 0644\n/etc/a |hunter2\nend\n", 3, "none of"),
            ("part base\nfile /etc/a 0644\n/etc/a | hunter2\r\nend\n", 3, "control"),
            ("part base\nfile /etc/a 0644\n/etc/a | x\nservice a.service\nend\n", 4, "before the first file"),
            ("part base\nfile /etc/a 0644\n/etc/a | hunter2\n", 4, "cut off"),
            ("part base\nfile /etc/a 0644\n/etc/a | hunter2\n/etc/a | hu", 4, "cut off"),
            ("part base\nfile /etc/a 0644\n/etc/a | hunter2\n/etc/a", 4, "cut off"),
            ("part base\nend\nhunter2\n", 3, "follow `end`"),
            ("part base\nend", 3, "follow `end`"),
            (b"part base\n\xff\nend\n", 2, "UTF-8"),
        ]
        for text, line, words in cases:
            with self.subTest(text=text):
                self.refused(text, line, words)

    def test_every_cut_of_a_part_is_noticed(self) -> None:
        for length in range(len(WHOLE)):
            with self.subTest(length=length), self.assertRaises(Failure):
                parse(WHOLE[:length].encode(), "base")
