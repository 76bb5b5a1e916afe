"""The clock: whether something keeps it, and where it is to blame."""

import json
import os
import sys
import time
import unittest
from unittest import mock

from machine import HOST, MachineTest
from test_certificates import made
from test_sites import description

sys.path.insert(0, HOST)
from vpn_gateway import certificates, clock, doctor, site_log  # noqa: E402
from vpn_gateway.gateway import Gateway  # noqa: E402

KEPT = {"now": "2026-11-28T04:00:00Z", "kept": True, "behindSeconds": None, "behindWhat": None}
UNKEPT = {**KEPT, "kept": False}
SLOW = {**UNKEPT, "behindSeconds": 7200, "behindWhat": "its certificate was made"}


class ClockTest(MachineTest):
    def setUp(self) -> None:
        super().setUp()
        self.gateway = Gateway(self.root, "test")

    def test_status_has_it_where_something_goes_by_it(self) -> None:
        self.assertNotIn("clock:", self.run_command("status").stdout)
        self.assertEqual(set(self.status()["clock"]), set(KEPT))
        self.write("/etc/vpn-gateway/sites/office.json", json.dumps(description("office")))
        self.assertRegex(self.run_command("status").stdout, r"\nclock: 20\d\d-")

    def test_what_the_kernel_says(self) -> None:
        self.assertIn(clock.kept(), (True, False))
        for state, kept in ((0, True), (clock.TIME_ERROR, False), (-1, None)):
            library = mock.Mock(adjtimex=mock.Mock(return_value=state))
            with mock.patch("ctypes.CDLL", mock.Mock(return_value=library)):
                self.assertIs(clock.kept(), kept)

    def test_in_words(self) -> None:
        self.assertEqual(clock.line(KEPT), "clock: 2026-11-28T04:00:00Z, kept by NTP")
        self.assertEqual(clock.line(UNKEPT), "clock: 2026-11-28T04:00:00Z, not kept by NTP (`timedatectl set-ntp true`)")
        self.assertTrue(clock.line(SLOW).endswith("; WRONG: 2.0 hours before its certificate was made"))

    def test_a_clock_that_is_slow_is_one_that_has_not_reached_what_has_happened(self) -> None:
        now = time.time()
        self.assertIsNone(clock.behind(self.gateway, now))
        self.write("/etc/swanctl/x509/site-office.pem", made()[0])
        self.assertIsNone(clock.behind(self.gateway, now))
        self.assertIsNone(clock.behind(self.gateway, now - 200), "two machines' clocks may differ that much")
        seconds, what = clock.behind(self.gateway, now - 30 * 86400) or (0, "")
        self.assertEqual((round(seconds / 86400), what), (30, "its certificate of office was made"))
        self.write("/usr/sbin/vpn-gateway", "")
        os.utime(f"{self.root}/usr/sbin/vpn-gateway", (now + 86400, now + 86400))
        self.assertEqual((clock.behind(self.gateway, now) or (0, ""))[1], "this command was installed")
        self.assertIsNone(clock.behind(self.gateway, now + 86400))

    def test_doctor_reads_nothing_that_a_clock_that_was_ahead_wrote(self) -> None:
        refused = "gateway pppd[9]: LCP: timeout sending Config-Requests"
        with mock.patch.object(self.gateway.programs, "run") as run:
            for late, causes in ((-30, 1), (900 * 86400, 0), (-900 * 86400, 0)):
                run.return_value = mock.Mock(shown=f"{time.time() + late:.6f} {refused}\n")
                self.assertEqual(len(doctor.logged(self.gateway, 60)), causes, late)

    def test_doctor_finds_it(self) -> None:
        self.write("/usr/sbin/vpn-gateway", "")
        self.assertEqual(json.loads(self.run_command("doctor", "--json").stdout), [])
        os.utime(f"{self.root}/usr/sbin/vpn-gateway", (time.time() + 86400,) * 2)
        self.assertEqual([one["cause"] for one in json.loads(self.run_command("doctor", "--json").stdout)], ["CLOCK_WRONG"])

    def test_a_certificate_that_is_not_valid_makes_it_suspect(self) -> None:
        over = site_log.reason_of("subject certificate invalid (valid from Nov 01 00:00:00 2025 to Nov 02 00:00:00 2025)")
        to_come = site_log.reason_of("subject certificate invalid (valid from Nov 29 00:00:00 2026 to Nov 02 00:00:00 2028)")
        self.assertTrue(clock.doubt(over, SLOW).endswith("it says 2026-11-28T04:00:00Z, 2.0 hours before its certificate was made"))
        self.assertTrue(clock.doubt(over, UNKEPT).endswith("and nothing keeps it right (`timedatectl set-ntp true`)"))
        self.assertTrue(clock.doubt(to_come, UNKEPT).endswith("which is before the certificate was made"))

    def test_whether_its_days_are_over_or_to_come(self) -> None:
        for begin, end, said in (
            ("Nov 01 00:00:00 2025", "Nov 02 00:00:00 2025", "days are over: `pulumi up` makes a connection's own anew"),
            ("Dec 24 00:00:00 2026", "Nov 02 00:00:00 2028", "days are to come: it was made by a clock that was ahead"),
        ):
            for whose in ("subject", "issuer"):
                self.assertIn(said, clock.days(site_log.reason_of(f"{whose} certificate invalid (valid from {begin} to {end})"), KEPT))
        self.assertEqual(clock.days("a certificate is not valid now: from Nov 01 00:00:00 2025 to Nov 02 00:00:00 2028", KEPT), "")
        self.assertEqual(clock.days("the pre-shared keys differ", KEPT), "")

    def test_not_one_that_is_kept_nor_of_another_failure(self) -> None:
        over = site_log.reason_of("subject certificate invalid (valid from Nov 01 00:00:00 2025 to Nov 02 00:00:00 2025)")
        self.assertEqual(clock.doubt(over, KEPT), "")
        self.assertEqual(clock.doubt("the pre-shared keys differ", SLOW), "")
        self.assertEqual(certificates.seconds("2026-11-28T04:00:00Z"), 1795838400.0)


if __name__ == "__main__":
    unittest.main()
