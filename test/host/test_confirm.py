"""A change that could cut its own session, and the second session that confirms it."""

import json

from machine import MachineTest, part_text


class ConfirmTest(MachineTest):
    def setUp(self) -> None:
        super().setUp()
        self.first = part_text("base", {"/etc/a": "one\n"}, "confirm 60")
        self.second = part_text("base", {"/etc/a": "two\n"}, "confirm 60")
        self.apply(self.first)
        self.run_command("confirm", "base")
        self.forget_calls()

    def expire(self) -> None:
        """As if the time of the unconfirmed generation were over."""
        path = "/var/lib/vpn-gateway/parts/base/state.json"
        state = json.loads(self.read(path))
        state["unconfirmed"]["deadline"] -= 3600
        self.write(path, json.dumps(state))

    def test_a_timer_is_armed_before_the_change_and_again_after_it(self) -> None:
        done = self.apply(self.second)
        self.assertEqual(done.stdout, "base generation 2\n")
        armed = self.calls("systemd-run")
        self.assertEqual(len(armed), 2)
        self.assertIn("--on-active=240s", armed[0])
        self.assertIn("--on-active=60s", armed[1])
        self.assertTrue(armed[1].endswith("/usr/sbin/vpn-gateway revert base --unconfirmed 2"))
        self.assertFalse(self.part_status("base")["confirmed"])

    def test_confirmed_by_a_second_session(self) -> None:
        self.apply(self.second, SSH_CONNECTION="10.0.0.1 40000 10.0.0.2 22")
        same = self.run_command("confirm", "base", SSH_CONNECTION="10.0.0.1 40000 10.0.0.2 22")
        self.assertEqual(same.returncode, 1)
        self.assertIn("needs a new SSH connection", same.stderr)
        for _ in range(2):
            done = self.run_command("confirm", "base", SSH_CONNECTION="10.0.0.1 40001 10.0.0.2 22")
            self.assertEqual((done.returncode, done.stdout), (0, "base generation 2 confirmed\n"))
        self.assertIn("systemctl stop vpn-gateway-revert-base-2.timer", self.calls())
        late = self.run_command("revert", "base", "--unconfirmed", "2")
        self.assertEqual((late.returncode, late.stdout), (0, ""))
        self.assertEqual(self.read("/etc/a"), "two\n")

    def test_reverted_when_nobody_confirms(self) -> None:
        self.apply(self.second)
        early = self.run_command("revert", "base", "--unconfirmed", "2")
        self.assertEqual((early.returncode, early.stdout), (0, ""))
        self.assertEqual(self.read("/etc/a"), "two\n")
        self.expire()
        done = self.run_command("revert", "base", "--unconfirmed", "2")
        self.assertEqual((done.returncode, done.stdout), (0, "base generation 1\n"), done.stderr)
        self.assertEqual(self.read("/etc/a"), "one\n")
        for _ in range(2):
            late = self.run_command("confirm", "base")
            self.assertEqual((late.returncode, late.stdout), (1, ""))
            self.assertIn(
                "generation 2 was reverted because no second session confirmed it within 60 s; generation 1 is in force",
                late.stderr,
            )
        self.assertEqual(self.apply(self.second).stdout, "base generation 3\n")
        self.assertEqual(self.run_command("confirm", "base").stdout, "base generation 3 confirmed\n")

    def test_what_went_back_is_told_once_and_then_put_on_again(self) -> None:
        self.apply(self.second)
        self.expire()
        told = self.run_command("confirm", "base", "--again")
        self.assertEqual((told.returncode, told.stdout), (1, ""))
        self.assertIn("generation 2 was reverted", told.stderr)
        self.assertIn("the next push tries it once more", told.stderr)
        self.assertEqual(self.read("/etc/a"), "one\n")
        self.forget_calls()
        again = self.run_command("confirm", "base", "--again", SSH_CONNECTION="10.0.0.1 40000 10.0.0.2 22")
        self.assertEqual((again.returncode, again.stdout), (0, "base generation 2 waits for a second session\n"), again.stderr)
        self.assertEqual(self.read("/etc/a"), "two\n")
        self.assertIn("--on-active=60s", self.calls("systemd-run")[-1])
        same = self.run_command("confirm", "base", SSH_CONNECTION="10.0.0.1 40000 10.0.0.2 22")
        self.assertEqual(same.returncode, 1)
        settled = self.run_command("confirm", "base", SSH_CONNECTION="10.0.0.1 40001 10.0.0.2 22")
        self.assertEqual(settled.stdout, "base generation 2 confirmed\n")
        self.assertIn("systemctl stop vpn-gateway-revert-base-2.timer", self.calls())

    def test_what_is_put_on_again_goes_back_again(self) -> None:
        self.apply(self.second)
        self.expire()
        self.run_command("confirm", "base", "--again")
        self.run_command("confirm", "base", "--again")
        self.expire()
        late = self.run_command("confirm", "base")
        self.assertIn("generation 2 was reverted", late.stderr)
        self.assertEqual(self.read("/etc/a"), "one\n")

    def test_a_revert_of_long_ago_is_no_news(self) -> None:
        self.apply(self.second)
        self.expire()
        self.run_command("revert", "base", "--unconfirmed", "2")
        path = "/var/lib/vpn-gateway/parts/base/state.json"
        state = json.loads(self.read(path))
        state["reverted"]["at"] = "2020-01-01T00:00:00Z"
        self.write(path, json.dumps(state))
        self.assertEqual(
            self.run_command("confirm", "base", "--again").stdout, "base generation 2 waits for a second session\n"
        )

    def test_a_late_confirmation_reverts_even_without_the_timer(self) -> None:
        self.apply(self.second)
        self.expire()
        late = self.run_command("confirm", "base")
        self.assertEqual(late.returncode, 1)
        self.assertEqual(self.read("/etc/a"), "one\n")

    def test_the_first_generation_goes_back_to_nothing(self) -> None:
        self.run_command("remove", "base")
        self.apply(self.second)
        self.expire()
        self.assertEqual(self.run_command("revert", "base", "--unconfirmed", "2").returncode, 0)
        self.assertFalse(self.exists("/etc/a"))
        self.assertIn("the part is not on the gateway", self.run_command("confirm", "base").stderr)

    def test_unchanged_arms_nothing(self) -> None:
        self.apply(self.first)
        self.assertEqual(self.calls("systemd-run"), [])
        self.assertEqual(self.run_command("confirm", "base").stdout, "base generation 1 confirmed\n")

    def test_nothing_changes_when_the_timer_cannot_be_armed(self) -> None:
        import os

        os.unlink(f"{self.state}/bin/systemd-run")
        with open(f"{self.state}/bin/systemd-run", "w") as file:
            file.write("#!/bin/sh\necho no bus; exit 1\n")
        os.chmod(f"{self.state}/bin/systemd-run", 0o755)
        done = self.apply(self.second, expect=1)
        self.assertIn("could not arm the automatic revert, so nothing was changed: no bus", done.stderr)
        self.assertEqual(self.read("/etc/a"), "one\n")

    def test_a_boot_in_the_unconfirmed_time_begins_with_what_was_confirmed(self) -> None:
        self.apply(self.second)
        self.assertIn("recover --boot", self.read("/etc/systemd/system/vpn-gateway-recover.service"))
        self.assertEqual(self.run_command("recover", "--boot").returncode, 0)
        self.assertEqual(self.read("/etc/a"), "two\n")
        self.write("/proc/sys/kernel/random/boot_id", "boot-2\n")
        self.forget_calls()
        done = self.run_command("recover", "--boot")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.read("/etc/a"), "one\n")
        self.assertEqual(self.calls(), [])
        self.assertIn("booted before", self.run_command("confirm", "base").stderr)

    def test_another_push_in_the_unconfirmed_time_falls_back_to_what_was_confirmed(self) -> None:
        self.apply(self.second)
        self.apply(part_text("base", {"/etc/a": "three\n"}, "confirm 60"))
        self.run_command("revert", "base", "--unconfirmed", "2")
        self.assertEqual(self.read("/etc/a"), "three\n")
        self.expire()
        self.run_command("revert", "base", "--unconfirmed", "3")
        self.assertEqual(self.read("/etc/a"), "one\n")
