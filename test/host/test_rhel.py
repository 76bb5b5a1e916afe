"""The RHEL family by its own layout: packages by dnf, strongSwan's other folders, modules, SELinux' labels. No such machine was at hand."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from machine import HERE, HOST, MachineTest, part_text

LAYOUT = os.path.join(HERE, "layouts", "el9.json")
CONF = "/etc/strongswan/swanctl/conf.d/c.conf"
CONNECTION = "connections {\n  c {\n    version = 2\n  }\n}\n"
FIREWALL = "table inet vpn_gateway {\n  chain input { }\n}\n"
RELEASE = os.uname().release
EXTRA = f"kernel-modules-extra-{RELEASE}"


class RhelTest(MachineTest):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        # As it is installed: the folder of modules, and the layout beside it.
        cls.installed = tempfile.mkdtemp(prefix="usr-lib-vpn-gateway-")
        cls.addClassCleanup(shutil.rmtree, cls.installed, ignore_errors=True)
        os.symlink(os.path.join(HOST, "vpn_gateway"), f"{cls.installed}/vpn_gateway")
        shutil.copyfile(LAYOUT, f"{cls.installed}/layout.json")

    def setUp(self) -> None:
        super().setUp()
        self.environment["PYTHONPATH"] = self.installed
        for program in ("rpm", "dnf", "restorecon"):
            os.symlink(f"{HERE}/fakes/program", f"{self.state}/bin/{program}")
        # What dnf says of its repositories.
        self.mark("repositories", "repo id    repo name\nappstream  AppStream\nbaseos     BaseOS\nepel       Extra Packages\n")

    def test_missing_packages_are_installed_by_dnf(self) -> None:
        self.mark("not-installed/xl2tpd")
        done = self.apply(part_text("base", {"/etc/a": "a\n"}, "package xl2tpd", "package strongswan"))
        self.assertIn("installing xl2tpd", done.stderr)
        self.assertEqual(self.calls("dnf"), ["dnf --quiet --assumeyes --setopt=install_weak_deps=False install xl2tpd"])
        self.assertEqual(len(self.calls("rpm --query --queryformat")), 1)
        self.assertEqual(self.calls("apt-get") + self.calls("dpkg"), [])

    def test_what_is_there_is_left_alone(self) -> None:
        self.apply(part_text("base", {"/etc/a": "a\n"}, "package strongswan"))
        self.assertEqual(self.calls("dnf"), [])

    def test_without_epel_it_is_said_what_to_do_and_nothing_is_changed(self) -> None:
        self.mark("not-installed/strongswan")
        self.mark("no-network")
        self.mark("repositories", "repo id    repo name\nbaseos     BaseOS\n")
        done = self.apply(part_text("base", {"/etc/a": "a\n"}, "package strongswan"), expect=1)
        self.assertIn("could not install strongswan: Error: Unable to find a match: strongswan\n  strongSwan and xl2tpd are in EPEL: enable it", done.stderr)
        self.assertFalse(self.exists("/etc/a"))
        # The twin: EPEL is there, and it is read anew before it is given up.
        self.mark("repositories", "repo id    repo name\nepel       Extra Packages\n")
        done = self.apply(part_text("base", {"/etc/a": "a\n"}, "package strongswan"), expect=1)
        self.assertNotIn("enable it", done.stderr)
        self.assertEqual(len(self.calls("dnf --quiet --assumeyes --setopt=install_weak_deps=False makecache --refresh")), 1)

    def test_a_module_that_the_kernel_lacks_comes_with_its_package(self) -> None:
        self.mark("no-module/l2tp_ppp")
        self.mark("brings-modules", EXTRA)
        done = self.apply(part_text("base", {"/etc/a": "a\n"}, "module l2tp_ppp"))
        self.assertIn(f"installing {EXTRA}", done.stderr)
        self.assertEqual(self.calls("dnf"), [f"dnf --quiet --assumeyes --setopt=install_weak_deps=False install {EXTRA}"])
        self.assertEqual(self.calls("modprobe"), ["modprobe -- l2tp_ppp"] * 2)

    def test_where_that_does_not_help_nothing_is_changed(self) -> None:
        self.mark("no-module/l2tp_ppp")
        done = self.apply(part_text("base", {"/etc/a": "a\n"}, "module l2tp_ppp"), expect=1)
        self.assertIn(f"has no l2tp_ppp, with {EXTRA}, too", done.stderr)
        self.mark("no-network")
        done = self.apply(part_text("base", {"/etc/a": "a\n"}, "module l2tp_ppp"), expect=1)
        self.assertIn(f"{EXTRA} could not be installed: Error: Unable to find a match: {EXTRA}", done.stderr)
        self.assertIn("Upgrade the kernel together with kernel-modules-extra, and boot into it.", done.stderr)
        self.assertFalse(self.exists("/etc/a"))

    def test_strongswan_is_told_in_its_own_folders(self) -> None:
        os.makedirs(f"{self.root}/run/strongswan")
        self.start_charon("/run/strongswan/charon.vici")
        self.apply(part_text("base", {CONF: CONNECTION}))
        self.assertEqual(self.calls("swanctl --load"), ["swanctl --load-conns"])
        settings = "/etc/strongswan/strongswan.d/v.conf"
        self.apply(part_text("more", {settings: "charon-systemd {\n  journal {\n    default = 1\n  }\n}\n"}))
        self.assertIn("swanctl --reload-settings", self.calls())
        self.apply(part_text("identity", {"/etc/strongswan/swanctl/x509ca/ca.pem": "one\n"}))
        self.assertIn("swanctl --load-all --noprompt --clear", self.calls())
        # The twin: Debian's folder is nothing to this charon.
        self.forget_calls()
        self.apply(part_text("other", {"/etc/swanctl/conf.d/o.conf": "connections { o { } }\n"}))
        self.assertEqual(self.calls("swanctl"), [])

    def test_a_text_that_strongswan_refuses_is_refused_before_anything_is_changed(self) -> None:
        done = self.apply(part_text("base", {CONF: "SYNTAX\n"}), expect=1)
        self.assertIn("syntax error", done.stderr)
        self.assertFalse(self.exists(CONF))

    def test_an_ikev1_connection_needs_a_strongswan_that_has_it(self) -> None:
        self.write("/usr/lib64/strongswan/libcharon.so.0", "quick_mode_create\0")
        done = self.apply(part_text("base", {CONF: CONNECTION.replace("= 2", "= 1")}), expect=1)
        self.assertIn("this strongSwan was built without it", done.stderr)

    def test_files_get_the_label_of_their_place_where_selinux_is_on(self) -> None:
        self.apply(part_text("base", {"/etc/ppp/chap-secrets": "a * b *\n"}, secret=True))
        self.assertEqual(self.calls("restorecon"), [])
        self.write("/sys/fs/selinux/enforce", "1")
        self.apply(part_text("base", {"/etc/ppp/chap-secrets": "a * c *\n", "/etc/b": "b\n"}, secret=True))
        self.assertEqual(self.calls("restorecon"), [f"restorecon -i -- {self.root}/etc/ppp/chap-secrets {self.root}/etc/b"])

    def test_the_distribution_is_the_one_that_the_description_says(self) -> None:
        rocky = 'NAME="Rocky Linux"\nVERSION_ID="9.5"\nID="rocky"\nID_LIKE="rhel centos fedora"\nPRETTY_NAME="Rocky Linux 9.5 (Blue Onyx)"\n'
        self.write("/etc/os-release", rocky)
        self.apply(part_text("base", {"/etc/a": "a\n"}))
        for text, told in (
            (rocky.replace("9.5", "10.0"), "Rocky Linux 10.0"),
            ('PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_ID="13"\nID=debian\n', "Debian GNU/Linux 13 (trixie)"),
        ):
            self.write("/etc/os-release", text)
            done = self.apply(part_text("base", {"/etc/a": "b\n"}), expect=1)
            self.assertIn(f"the machine is {told}", done.stderr)
            self.assertIn("says platform el9", done.stderr)
            self.assertEqual(self.read("/etc/a"), "a\n")

    def test_versions_and_changelogs(self) -> None:
        self.mark("version-strongswan", "5.9.14")
        self.assertEqual(self.notes(), [])  # no changelog to look at
        self.mark("changelog-strongswan", "* Tue Jan 1 2026 x\n- new version\n")
        self.assertIn("strongSwan 5.9.14 lacks the fixes", self.notes()[0])
        self.mark("changelog-strongswan", "* Tue Jan 1 2026 x\n- CVE-2026-35328\n")
        self.assertEqual(self.notes(), [])
        self.mark("changelog-strongswan", "- new version\n")
        self.mark("version-strongswan", "6.0.10")
        self.assertEqual(self.notes(), [])

    def notes(self) -> list[str]:
        """`packages.notes`, which only a real gateway says, in a process that has this layout."""
        code = (
            "import json, sys\nfrom vpn_gateway.gateway import Gateway\nfrom vpn_gateway import packages\n"
            "print(json.dumps(packages.notes(Gateway(sys.argv[1], 'test'), ['strongswan'])))"
        )
        done = subprocess.run([sys.executable, "-c", code, self.root], capture_output=True, text=True, env=self.environment, check=True)
        return json.loads(done.stdout)


class DebianTest(MachineTest):
    """What the same command does by Debian's layout, where it is the same question."""

    def test_another_firewall_that_runs_is_named_and_left_alone(self) -> None:
        part = part_text("base", {"/etc/vpn-gateway/firewall.nft": FIREWALL})
        self.mark("active/firewalld.service")
        done = self.apply(part, expect=1)
        self.assertIn("firewalld runs, and drops what it knows nothing of", done.stderr)
        self.assertFalse(self.exists("/etc/vpn-gateway/firewall.nft"))
        self.apply(part_text("users", {"/etc/a": "a\n"}))
        self.unmark("active/firewalld.service")
        self.apply(part)
        self.assertEqual([call for call in self.calls("systemctl") if "firewalld" in call and " show " not in call], [])

    def test_a_rhel_is_no_debian(self) -> None:
        self.write("/etc/os-release", 'ID="almalinux"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\nPRETTY_NAME="AlmaLinux 9.4"\n')
        done = self.apply(part_text("base", {"/etc/a": "a\n"}), expect=1)
        self.assertIn("the machine is AlmaLinux 9.4, and the gateway's description says platform debian13 (Debian 13)", done.stderr)
        self.write("/etc/os-release", 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n')
        self.apply(part_text("base", {"/etc/a": "a\n"}))

    def test_a_module_that_is_missing_is_said_and_nothing_is_installed_for_it(self) -> None:
        self.mark("no-module/l2tp_ppp")
        done = self.apply(part_text("base", {"/etc/a": "a\n"}, "module l2tp_ppp"), expect=1)
        self.assertIn("has no l2tp_ppp: ", done.stderr)
        self.assertEqual(self.calls("apt-get"), [])


if __name__ == "__main__":
    unittest.main()
