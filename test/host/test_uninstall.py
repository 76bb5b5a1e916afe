"""Taking the command itself off a host."""

import os

from machine import MachineTest, part_text


class UninstallTest(MachineTest):
    def test_refused_while_a_part_is_there(self) -> None:
        self.apply(part_text("base", {"/etc/a": "one\n"}))
        done = self.run_command("uninstall")
        self.assertEqual(done.returncode, 1)
        self.assertIn("the gateway still has base: take each away by `vpn-gateway remove PART`", done.stderr)
        self.assertEqual(self.read("/etc/a"), "one\n")

    def test_nothing_of_ours_is_left(self) -> None:
        self.write("/etc/a", "theirs\n")
        before = self.files()
        self.write("/usr/lib/vpn-gateway/vpn_gateway/__init__.py", "")
        self.write("/usr/sbin/vpn-gateway", "")
        self.apply(part_text("base", {"/etc/a": "one\n", "/etc/vpn-gateway/b": "two\n"}))
        self.run_command("remove", "base")
        done = self.run_command("uninstall")
        self.assertEqual((done.returncode, done.stdout), (0, "vpn-gateway removed\n"), done.stderr)
        self.assertEqual(self.files(), before)
        self.assertEqual(self.read("/etc/a"), "theirs\n")

    def test_a_part_that_another_owner_has_by_now_stays(self) -> None:
        """A host under a new name: the new owner applies, then the old one removes."""
        text = part_text("base", {"/etc/a": "one\n"})
        for owner in ("old", "new"):
            self.assertEqual(self.run_command("apply", "base", "--owner", owner, stdin=text).stdout, "base generation 1\n")
        for words in (["remove", "base", "--owner", "old"], ["uninstall", "--owner", "old"]):
            done = self.run_command(*words)
            self.assertEqual((done.returncode, "left alone" in done.stdout), (0, True), done.stderr)
        self.assertEqual(self.read("/etc/a"), "one\n")
        self.assertEqual(self.run_command("uninstall", "--owner", "new").returncode, 1)
        self.assertEqual(self.run_command("remove", "base", "--owner", "new").stdout, "base removed\n")
        self.assertFalse(self.exists("/etc/a"))

    def files(self) -> set[str]:
        return {os.path.join(folder, name) for folder, _, names in os.walk(self.root) for name in names}
