"""Something is wrong, early or late: the gateway keeps what it had, and says why."""

import os
import subprocess
import unittest

from machine import MachineTest, part_text

NFT = "table inet vpn {\n  chain input { }\n}\n"
CONF = "connections {\n  c {\n    version = 2\n  }\n}\n"


class FailureTest(MachineTest):
    def setUp(self) -> None:
        super().setUp()
        self.start_charon()
        self.files = {
            "/etc/vpn-gateway/firewall.nft": NFT,
            "/etc/swanctl/conf.d/c.conf": CONF,
            "/etc/sysctl.d/60-vpn.conf": "net.ipv4.ip_forward = 1\n",
            "/etc/xl2tpd/xl2tpd.conf": "[global]\nport = 1701\n",
        }
        self.headers = ("module l2tp_ppp", "service xl2tpd.service")
        self.apply(part_text("base", self.files, *self.headers))
        self.forget_calls()

    def broken(self, path: str, content: str, *words: str, untouched: bool = True) -> str:
        """Pushes a part with one bad file and one harmless change; both must be as before."""
        bad = {**self.files, path: content, "/etc/harmless": "new\n"}
        done = self.apply(part_text("base", bad, *self.headers), expect=1)
        self.assertEqual(done.stdout, "")
        for word in words:
            self.assertIn(word, done.stderr)
        for name, text in self.files.items():
            self.assertEqual(self.read(name), text)
        self.assertFalse(self.exists("/etc/harmless"))
        self.assertEqual(self.leftovers(), [])
        status = self.part_status("base")
        self.assertEqual(status["generation"], 1)
        self.assertIn(words[0], status["lastFailure"]["what"])
        if untouched:
            self.assertIn("nothing was changed", done.stderr)
            for call in ("systemctl restart", "nft -f", "swanctl --load"):
                self.assertEqual(self.calls(call), [])
        else:
            self.assertIn("generation 1 is in force again", done.stderr)
        check = self.run_command("check")
        self.assertEqual(check.returncode, 0, check.stdout)
        again = self.apply(part_text("base", self.files, *self.headers))
        self.assertEqual(again.stdout, "base generation 1\n")
        return done.stderr

    def test_checkers_refuse_before_anything_changes(self) -> None:
        self.broken("/etc/vpn-gateway/firewall.nft", "typo\n", "firewall.nft:", "syntax error, unexpected string")
        self.broken("/etc/swanctl/conf.d/c.conf", "connections {\nSYNTAX\n", "c.conf:3: syntax error")
        self.broken("/etc/strongswan.d/v.conf", "SYNTAX\n", "v.conf:3: syntax error")
        self.broken("/etc/ppp/options.vpn", "bogus\n", "unrecognized option 'bogus'")
        self.broken("/etc/ppp/chap-secrets", 'a * "open *\n', "line 1: a quote is not closed")
        self.broken("/etc/sysctl.d/60-vpn.conf", "net.ipv4.no_such_key = 1\n", "no sysctl net.ipv4.no_such_key")
        self.broken("/etc/xl2tpd/xl2tpd.conf", "port = 1701\n", "before the first section")
        self.broken("/etc/systemd/system/strongswan.service.d/v.conf", "[Service]\nUnknwon=1\n", "Unknown key 'Unknwon'")
        self.broken("/etc/vpn-gateway/users", "bob\n", "line 1: not a user as JSON")

    def test_a_damaged_file_of_our_own_is_named_and_not_quoted(self) -> None:
        path = "/var/lib/vpn-gateway/parts/base/state.json"
        for damaged in (b"", b"\0\0 quite-secret", b'{"current": "quite-secret', b"\xff\xfe\xfd quite-secret"):
            with self.subTest(damaged):
                with open(self.root + path, "wb") as file:
                    file.write(damaged)
                done = self.apply(part_text("base", self.files, *self.headers), expect=1)
                said = done.stdout + done.stderr
                self.assertIn(f"{path} is damaged: of its {len(damaged)} bytes JSON cannot be read", said)
                self.assertNotIn("quite-secret", said)

    def test_all_problems_are_told_at_once(self) -> None:
        files = {**self.files, "/etc/ppp/options.vpn": "bogus\n", "/etc/vpn-gateway/firewall.nft": "typo\n"}
        done = self.apply(part_text("base", files, *self.headers), expect=1)
        self.assertIn("unrecognized option", done.stderr)
        self.assertIn("syntax error", done.stderr)

    def test_what_the_daemons_refuse_is_undone(self) -> None:
        nft = NFT.replace("chain", "chain kernelrefuses { }\n chain")
        self.broken("/etc/vpn-gateway/firewall.nft", nft, "Operation not supported", untouched=False)
        self.broken(
            "/etc/swanctl/conf.d/c.conf", CONF.replace("2", "2 # REFUSE"), "invalid value for: esp_proposals", untouched=False
        )
        self.assertEqual(self.calls("swanctl --load")[-1], "swanctl --load-conns")

    def test_a_service_that_does_not_come_up_is_undone(self) -> None:
        self.mark("broken/xl2tpd.service")
        files = {**self.files, "/etc/xl2tpd/xl2tpd.conf": "[global]\nport = 1702\n"}
        done = self.apply(part_text("base", files, *self.headers), expect=1)
        self.assertIn("could not restart xl2tpd.service: xl2tpd: parse_config: line 3", done.stderr)
        self.assertEqual(self.read("/etc/xl2tpd/xl2tpd.conf"), self.files["/etc/xl2tpd/xl2tpd.conf"])
        # It stays broken here, and going back says that too.
        self.assertIn("going back to generation 1", done.stderr)
        self.unmark("broken/xl2tpd.service")
        self.assertEqual(self.apply(part_text("base", self.files, *self.headers)).stdout, "base generation 1\n")
        self.assertTrue(os.path.exists(f"{self.state}/active/xl2tpd.service"))

    def test_a_module_that_the_kernel_has_not(self) -> None:
        self.mark("no-module/ppp_mppe")
        done = self.apply(part_text("base", self.files, *self.headers[:0], "module ppp_mppe"), expect=1)
        self.assertIn(f"the kernel {os.uname().release} has no ppp_mppe: install", done.stderr)

    def test_a_package_that_cannot_be_had(self) -> None:
        self.mark("not-installed/frr")
        self.mark("no-network")
        done = self.apply(part_text("site", {"/etc/frr.conf": "x\n"}, "package frr"), expect=1)
        self.assertIn("could not install frr", done.stderr)
        self.assertFalse(self.exists("/etc/frr.conf"))

    def test_a_unit_that_no_package_brings(self) -> None:
        self.mark("absent/frr.service")
        done = self.apply(part_text("site", {"/etc/frr.conf": "x\n"}, "service frr.service"), expect=1)
        self.assertIn("there is no unit frr.service", done.stderr)
        self.assertFalse(self.exists("/etc/frr.conf"))

    def test_ikev1_missing_from_strongswan(self) -> None:
        os.makedirs(f"{self.root}/usr/lib/ipsec")
        self.write("/usr/lib/ipsec/libcharon.so.0", "\0ike_auth_create\0")
        conf = CONF.replace("version = 2", "version = 1")
        self.broken("/etc/swanctl/conf.d/c.conf", conf, "the connection c needs IKEv1")
        self.write("/usr/lib/ipsec/libcharon.so.0", "\0main_mode_create\0")
        self.apply(part_text("base", {**self.files, "/etc/swanctl/conf.d/c.conf": conf}, *self.headers))


@unittest.skipUnless(os.geteuid() == 0, "a full disk needs a small file system, and that needs root")
class FullDiskTest(MachineTest):
    def mount(self, path: str, size: str) -> None:
        os.makedirs(self.root + path, exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", self.root + path], capture_output=True)
        if done.returncode != 0:
            self.skipTest("this machine lets nobody mount a tmpfs")
        self.addCleanup(subprocess.run, ["umount", "-l", self.root + path], check=False)

    def test_no_space_for_the_files(self) -> None:
        self.mount("/etc", "256k")
        self.apply(part_text("base", {"/etc/a": "a\n"}))
        big = "x" * 99 + "\n"
        done = self.apply(part_text("base", {"/etc/a": "b\n", "/etc/big": big * 4000}), expect=1)
        self.assertIn("No space left on device", done.stderr)
        self.assertIn("nothing was changed", done.stderr)
        self.assertEqual(self.read("/etc/a"), "a\n")
        self.assertEqual(self.leftovers(), [])

    def test_no_space_for_the_generation(self) -> None:
        self.mount("/var/lib/vpn-gateway", "2m")
        self.apply(part_text("base", {"/etc/a": "a\n"}))
        filler = os.open(self.root + "/var/lib/vpn-gateway/filler", os.O_WRONLY | os.O_CREAT)
        try:
            while True:
                os.write(filler, b"x" * 4096)
        except OSError:
            os.close(filler)
        done = self.apply(part_text("base", {"/etc/a": "b\n"}), expect=1)
        self.assertIn("No space left on device", done.stderr)
        self.assertEqual(self.read("/etc/a"), "a\n")
        # What was put aside is enough to go back, and to take the part away, on the full disk.
        self.assertEqual(self.run_command("remove", "base").returncode, 0)
        self.assertFalse(self.exists("/etc/a"))
