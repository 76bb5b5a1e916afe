"""A secret is in its file and in the gateway's own store, and nowhere else."""

import os
import stat

from machine import MachineTest, part_text

CANARY = "canary-7Zq9-hunter2"


class SecretTest(MachineTest):
    def secret_part(self, rest: str = "") -> str:
        files = {
            "/etc/swanctl/conf.d/passwords.conf": f'secrets {{\n  eap-1 {{\n    secret = "{CANARY}"\n  }}\n}}\n{rest}',
            "/etc/ppp/chap-secrets": f'"bob" * "{CANARY}" *\n',
            "/etc/swanctl/private/k.pem": f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\n",
        }
        return part_text("passwords", files, secret=True)

    def test_only_root_can_read_it(self) -> None:
        self.start_charon()
        os.umask(0o022)
        self.apply(self.secret_part())
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = os.path.join(folder, name)
                if not stat.S_ISREG(os.lstat(path).st_mode):
                    continue
                with open(path, "rb") as file:
                    if CANARY.encode() in file.read():
                        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600, path)
        self.assertEqual(stat.S_IMODE(os.stat(self.root + "/var/lib/vpn-gateway").st_mode), 0o700)
        self.assertFalse(any(CANARY in call for call in self.calls()))

    def test_a_program_that_shows_it_is_not_passed_on(self) -> None:
        self.start_charon()
        done = self.apply(self.secret_part("# LEAK\n"), expect=1)
        self.assertIn("strongSwan refused the configuration", done.stderr)
        self.assertIn("[secret]", done.stderr)
        for text in (done.stdout, done.stderr, self.read("/var/log/vpn-gateway.log")):
            self.assertNotIn(CANARY, text)
        shown = self.run_command("status", "--json").stdout + self.run_command("status").stdout
        self.assertNotIn(CANARY, shown)

    def test_a_later_part_does_not_show_it_either(self) -> None:
        self.start_charon()
        self.apply(self.secret_part())
        # Another part makes strongSwan repeat what it reads, secrets of the first one too.
        leaking = part_text("base", {"/etc/swanctl/conf.d/leak.conf": f"LEAK {CANARY}\n"})
        done = self.apply(leaking, expect=1)
        self.assertNotIn(CANARY, done.stderr)

    def test_whose_the_secret_is_may_be_shown(self) -> None:
        """Nor may a word of a secret file's own language spoil what a program is asked for."""
        self.start_charon()
        ruleset = {"/etc/vpn-gateway/f.nft": "table inet vpn {\n  chain bob { }\n}\n"}
        self.apply(part_text("base", ruleset))
        self.apply(self.secret_part('# LEAK bob\n'), expect=1)
        self.apply(self.secret_part())
        self.apply(part_text("base", {"/etc/vpn-gateway/f.nft": "table inet vpn {\n  chain bob { typo }\n}\n"}), expect=1)
        self.assertIn("chain bob { typo", self.read("/var/log/vpn-gateway.log"))
        self.assertEqual(self.run_command("check").stdout, "2 parts are as they should be\n")

    def test_a_cut_or_wrong_secret_part_is_not_echoed(self) -> None:
        whole = self.secret_part()
        for text in (whole[: whole.index(CANARY) + 5], whole.replace(" | ", "| "), whole.replace("end\n", "")):
            done = self.run_command("apply", "passwords", stdin=text)
            self.assertEqual(done.returncode, 1)
            self.assertNotIn("canar", done.stdout + done.stderr)
