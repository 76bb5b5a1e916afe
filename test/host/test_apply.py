"""Applying, changing and removing a part on a machine where everything works."""

import os
import stat
import sys
import unittest
from unittest import mock

from machine import HOST, MachineTest, part_text

sys.path.insert(0, HOST)
from vpn_gateway import nftables  # noqa: E402
from vpn_gateway.gateway import Gateway  # noqa: E402

NFT = "table inet vpn {\n  chain input { }\n}\n"
CONF = "connections {\n  c {\n    version = 2\n  }\n}\n"


class ApplyTest(MachineTest):
    def test_first_generation_puts_files_and_runs_what_they_need(self) -> None:
        self.start_charon()
        text = part_text(
            "base",
            {
                "/etc/vpn-gateway/firewall.nft": NFT,
                "/etc/sysctl.d/60-vpn.conf": "net.ipv4.ip_forward = 1\n",
                "/etc/swanctl/conf.d/c.conf": CONF,
                "/etc/xl2tpd/xl2tpd.conf": "[global]\nport = 1701\n",
            },
            "module l2tp_ppp",
            "service strongswan.service",
            "service xl2tpd.service",
        )
        done = self.apply(text)
        self.assertEqual(done.stdout, "base generation 1\n")
        self.assertEqual(self.read("/etc/vpn-gateway/firewall.nft"), NFT)
        self.assertEqual(stat.S_IMODE(os.stat(self.root + "/etc/xl2tpd/xl2tpd.conf").st_mode), 0o644)
        self.assertEqual(self.read("/proc/sys/net/ipv4/ip_forward"), "1\n")
        self.assertIn("modprobe -- l2tp_ppp", self.calls())
        self.assertIn("swanctl --load-conns", self.calls())
        self.assertIn("systemctl start -- xl2tpd.service", self.calls())
        self.assertIn("systemctl enable --no-reload --quiet -- xl2tpd.service", self.calls())
        self.assertNotIn("systemctl restart -- strongswan.service", self.calls())
        self.assertEqual(self.leftovers(), [])
        check = self.run_command("check")
        self.assertEqual((check.returncode, check.stdout), (0, "1 parts are as they should be\n"))

    def test_same_text_changes_and_reloads_nothing(self) -> None:
        text = part_text("base", {"/etc/vpn-gateway/firewall.nft": NFT}, "service xl2tpd.service")
        first = self.apply(text)
        self.forget_calls()
        inode = os.stat(self.root + "/etc/vpn-gateway/firewall.nft").st_ino
        second = self.apply(text)
        self.assertEqual(first.stdout, second.stdout)
        self.assertIn("unchanged", second.stderr)
        self.assertEqual(os.stat(self.root + "/etc/vpn-gateway/firewall.nft").st_ino, inode)
        changing = [call for call in self.calls() if " show " not in call and " list " not in call]
        self.assertEqual(changing, [])

    def test_only_what_changed_is_written_and_reloaded(self) -> None:
        self.start_charon()
        files = {"/etc/vpn-gateway/firewall.nft": NFT, "/etc/swanctl/conf.d/c.conf": CONF}
        self.apply(part_text("base", files))
        self.forget_calls()
        inode = os.stat(self.root + "/etc/swanctl/conf.d/c.conf").st_ino
        files["/etc/vpn-gateway/firewall.nft"] = NFT.replace("input", "forward")
        done = self.apply(part_text("base", files))
        self.assertEqual(done.stdout, "base generation 2\n")
        self.assertEqual(os.stat(self.root + "/etc/swanctl/conf.d/c.conf").st_ino, inode)
        self.assertEqual(self.calls("swanctl"), [])
        self.assertIn("nft -f -", self.calls())

    def test_a_file_the_part_no_longer_holds_goes(self) -> None:
        self.apply(part_text("base", {"/etc/new/dir/a": "a\n", "/etc/new/dir/b": "b\n"}))
        self.apply(part_text("base", {"/etc/new/dir/b": "b\n"}))
        self.assertFalse(self.exists("/etc/new/dir/a"))
        self.assertEqual(self.read("/etc/new/dir/b"), "b\n")

    def test_remove_gives_back_what_was_there(self) -> None:
        self.write("/etc/ppp/chap-secrets", "# theirs\n")
        os.chmod(self.root + "/etc/ppp/chap-secrets", 0o640)
        os.symlink("/etc/elsewhere", self.root + "/etc/linked.conf")
        files = {"/etc/ppp/chap-secrets": "a b c d\n", "/etc/linked.conf": "x\n", "/etc/new/a": "a\n"}
        files["/etc/sysctl.d/60-vpn.conf"] = "net.ipv4.ip_forward = 1\n"
        self.apply(part_text("base", files, "service xl2tpd.service"))
        self.apply(part_text("base", {**files, "/etc/new/a": "b\n"}, "service xl2tpd.service"))
        done = self.run_command("remove", "base")
        self.assertEqual((done.returncode, done.stdout), (0, "base removed\n"), done.stderr)
        self.assertEqual(self.read("/etc/ppp/chap-secrets"), "# theirs\n")
        self.assertEqual(stat.S_IMODE(os.stat(self.root + "/etc/ppp/chap-secrets").st_mode), 0o640)
        self.assertEqual(os.readlink(self.root + "/etc/linked.conf"), "/etc/elsewhere")
        self.assertFalse(self.exists("/etc/new"))
        self.assertEqual(self.read("/proc/sys/net/ipv4/ip_forward"), "0\n")
        self.assertIn("systemctl stop -- xl2tpd.service", self.calls())
        again = self.run_command("remove", "base")
        self.assertEqual((again.returncode, again.stdout), (0, "base removed\n"))
        self.assertIn("is not on the gateway", again.stderr)
        numbered_on = self.apply(part_text("base", files))
        self.assertEqual(numbered_on.stdout, "base generation 3\n")

    def test_revert_goes_to_the_previous_or_the_named_generation(self) -> None:
        for number in range(1, 9):
            self.apply(part_text("base", {"/etc/a": f"{number}\n"}))
        self.assertEqual(self.part_status("base")["kept"], [4, 5, 6, 7, 8])
        self.assertEqual(self.run_command("revert", "base").stdout, "base generation 7\n")
        self.assertEqual(self.read("/etc/a"), "7\n")
        self.assertEqual(self.run_command("revert", "base", "--generation", "5").stdout, "base generation 5\n")
        self.assertEqual(self.read("/etc/a"), "5\n")
        gone = self.run_command("revert", "base", "--generation", "2")
        self.assertEqual(gone.returncode, 1)
        self.assertIn("has no confirmed generation 2: it has 4, 5, 6, 7, 8", gone.stderr)
        self.assertEqual(self.apply(part_text("base", {"/etc/a": "9\n"})).stdout, "base generation 9\n")

    def test_drift_is_seen_and_mended(self) -> None:
        text = part_text("base", {"/etc/a": "a\n", "/etc/b": "b\n"})
        self.apply(text)
        self.write("/etc/a", "changed by hand\n")
        os.unlink(self.root + "/etc/b")
        check = self.run_command("check")
        self.assertEqual(check.returncode, 1)
        self.assertEqual(check.stdout, "base: /etc/a was changed\nbase: /etc/b is missing\n")
        self.assertEqual(self.part_status("base")["drift"], ["/etc/a was changed", "/etc/b is missing"])
        self.assertEqual(self.apply(text).stdout, "base generation 1\n")
        self.assertEqual(self.read("/etc/a"), "a\n")

    def test_what_the_kernel_lost_is_put_in_force_again(self) -> None:
        """By the same text, and by one that changes another file."""
        files = {"/etc/vpn-gateway/firewall.nft": NFT, "/etc/sysctl.d/v.conf": "net.ipv4.ip_forward = 1\n"}
        for text in (part_text("base", files), part_text("base", {**files, "/etc/a": "more\n"})):
            self.apply(part_text("base", files))
            self.mark("loaded.nft", "table inet vpn {\n}\n")
            self.write("/proc/sys/net/ipv4/ip_forward", "0\n")
            check = self.run_command("check")
            self.assertIn("somebody changed the rules of table inet vpn in the kernel", check.stdout)
            self.assertIn("sysctl net.ipv4.ip_forward is 0, not 1", check.stdout)
            done = self.apply(text)
            self.assertIn("putting in force again what something else undid: /etc/vpn-gateway/firewall.nft", done.stderr)
            self.assertEqual(self.read("/proc/sys/net/ipv4/ip_forward"), "1\n")
            self.assertEqual(self.run_command("check").returncode, 0)

    def test_another_parts_rules_do_not_make_good_what_somebody_did_to_these(self) -> None:
        gateway = Gateway(self.root, "test")
        one, other = b"table inet one {\n}\n", b"table inet other {\n}\n"
        asked: list[str] = []

        def digest(_: Gateway, table: tuple[str, str]) -> str:
            asked.append(table[1])
            return f"{table[1]} {len(asked)}"

        with mock.patch.object(nftables, "digest", digest):
            nftables.remember(gateway, [one, other], [one, other])
            nftables.remember(gateway, [one, other], [other])
            self.assertEqual(asked, ["one", "other", "other"])
            self.assertTrue(nftables.problems(gateway, "/etc/one.nft", one), "it was changed since, as the fourth answer shows")
            os.remove(f"{self.root}{nftables.SEEN}")
            nftables.remember(gateway, [one, other], [other])
            self.assertEqual(asked[-2:], ["one", "other"], "after a boot each is noted once")

    def test_a_unit_that_only_an_alias_enables_is_enabled(self) -> None:
        for folder in ("active", "enabled", "alias-only"):
            self.mark(f"{folder}/strongswan.service")
        self.apply(part_text("base", {"/etc/a": "a\n"}, "service strongswan.service"))
        self.assertEqual([call.split()[-1] for call in self.calls("systemctl enable ")][-1:], ["strongswan.service"])

    def test_systemd_reads_its_units_once_however_many_services_are_new(self) -> None:
        unit = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
        names = [f"new-{number}.service" for number in range(4)]
        files = {f"/etc/systemd/system/{name}": unit for name in names}
        self.apply(part_text("base", files, *(f"service {name}" for name in names)))
        for name in names:
            self.assertTrue(os.path.exists(f"{self.state}/enabled/{name}"))
        with open(f"{self.state}/reloads") as file:
            self.assertEqual(file.read().split(), ["reload"])

    def test_settings_of_charon_restart_it_only_when_they_must(self) -> None:
        self.start_charon()
        path = "/etc/strongswan.d/v.conf"

        def settings(threads: int, level: int) -> str:
            return f"charon-systemd {{\n  threads = {threads}\n  journal {{\n    default = {level}\n  }}\n}}\n"

        self.apply(part_text("base", {path: settings(16, 1)}))
        self.forget_calls()
        self.apply(part_text("base", {path: settings(16, 2)}))
        self.assertIn("swanctl --reload-settings", self.calls())
        self.assertEqual(self.calls("systemctl restart"), [])
        done = self.apply(part_text("base", {path: settings(32, 2)}))
        self.assertEqual(self.calls("systemctl restart"), ["systemctl restart -- strongswan.service"])
        self.assertIn("charon-systemd.threads): established tunnels drop", done.stderr)

    def test_a_certificate_that_changed_is_cleared_from_charon(self) -> None:
        self.start_charon()
        self.apply(part_text("identity", {"/etc/swanctl/x509ca/ca.pem": "one\n"}))
        self.assertIn("swanctl --load-all --noprompt --clear", self.calls())

    def test_missing_packages_are_installed(self) -> None:
        self.mark("not-installed/xl2tpd")
        done = self.apply(part_text("base", {"/etc/a": "a\n"}, "package xl2tpd", "package ppp"))
        self.assertIn("installing xl2tpd", done.stderr)
        self.assertEqual(len(self.calls("apt-get")), 1)
        self.assertIn("DPkg::Lock::Timeout=300", self.calls("apt-get")[0])
        self.assertTrue(self.calls("apt-get")[0].endswith("-- xl2tpd"))

    def test_a_ruleset_that_does_not_flush_is_made_to(self) -> None:
        self.apply(part_text("base", {"/etc/vpn-gateway/firewall.nft": NFT}))
        with open(f"{self.state}/loaded.nft") as file:
            self.assertTrue(file.read().startswith("add table inet vpn\ndelete table inet vpn\n"))
        own = "table inet vpn\nflush table inet vpn\n" + NFT
        self.apply(part_text("base", {"/etc/vpn-gateway/firewall.nft": own}))
        with open(f"{self.state}/loaded.nft") as file:
            self.assertEqual(file.read().strip(), own.strip())

    def test_two_parts_cannot_hold_one_file(self) -> None:
        self.apply(part_text("one", {"/etc/a": "a\n"}))
        done = self.apply(part_text("two", {"/etc/a": "b\n"}), expect=1)
        self.assertIn("/etc/a belongs to part one", done.stderr)
        self.assertEqual(self.read("/etc/a"), "a\n")


class UsageTest(MachineTest):
    def test_wrong_command_lines_are_told_in_one_line(self) -> None:
        for words in ([], ["fly"], ["apply"], ["apply", "Base!"], ["status", "x"], ["revert", "base", "--generation", "x"]):
            with self.subTest(words=words):
                done = self.run_command(*words)
                self.assertEqual(done.returncode, 2)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
                self.assertIn("usage: vpn-gateway", done.stderr)

    def test_version(self) -> None:
        self.assertEqual(self.run_command("version").stdout, "0.1.0\n")


if __name__ == "__main__":
    unittest.main()
