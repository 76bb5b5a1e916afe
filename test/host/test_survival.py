"""Two pushes at once, lost sessions, and kills in the middle."""

import glob
import os
import signal
import time

from machine import MachineTest, part_text

PATHS = [f"/etc/many/{number:02}.conf" for number in range(8)]


class SurvivalTest(MachineTest):
    def wait_for(self, condition, seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), until, "waited in vain")
            time.sleep(0.02)

    def workers(self) -> list[int]:
        """Processes of ours that work for this machine: the waiting parent, and the worker in its own session."""
        found = []
        for path in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                with open(path) as file:
                    if self.root in file.read().split("\0"):
                        found.append(int(path.split("/")[2]))
            except OSError:
                pass
        return sorted(found)

    def worker_of(self, parent: int) -> int:
        return next(pid for pid in self.workers() if pid != parent)

    def start_slowly(self, content: str, *headers: str, seconds: float = 1.5) -> object:
        """Starts a push and waits until its files are in place and a slow reload runs."""
        self.mark("slow-nft-f", str(seconds))
        self.forget_calls()
        files = {"/etc/vpn-gateway/firewall.nft": f"table inet {content} {{\n}}\n"}
        files.update({path: f"{content}\n" for path in PATHS})
        process = self.start("apply", "base", stdin=part_text("base", files, *headers))
        self.wait_for(lambda: self.calls("nft -f"))
        return process

    def test_a_second_push_waits_for_the_first(self) -> None:
        # On a busy machine the second takes seconds to start.
        first = self.start_slowly("one", seconds=6)
        second = self.run_command("apply", "other", stdin=part_text("other", {"/etc/other": "x\n"}))
        self.assertEqual(second.returncode, 0, second.stderr)
        self.assertIn("waiting up to 120 s for another change to end (pid ", second.stderr)
        self.assertIn(", apply base)", second.stderr)
        self.assertEqual(first.wait(), 0)

    def test_a_second_push_gives_up_in_the_end(self) -> None:
        self.start_slowly("one")
        second = self.run_command("--lock-timeout", "0", "apply", "base", stdin=part_text("base", {"/etc/b": "x\n"}))
        self.assertEqual(second.returncode, 1)
        self.assertRegex(second.stderr, r"another change holds the gateway \(pid \d+, apply base\) and did not end within 0 s")
        self.assertFalse(self.exists("/etc/b"))

    def test_a_lost_session_does_not_stop_the_work(self) -> None:
        process = self.start_slowly("one")
        worker = self.worker_of(process.pid)
        for stream in (process.stdout, process.stderr):
            stream.close()
        os.kill(process.pid, signal.SIGHUP)
        os.kill(worker, signal.SIGHUP)
        process.wait()
        self.wait_for(lambda: worker not in self.workers())
        self.assertEqual(self.part_status("base")["generation"], 1)
        self.assertEqual(self.run_command("check").returncode, 0)
        self.assertIn("apply base: base generation 1", self.read("/var/log/vpn-gateway.log"))

    def test_killed_in_the_middle_the_next_command_repairs(self) -> None:
        self.apply(part_text("base", {path: "zero\n" for path in PATHS}))
        for repair in (["recover"], ["revert", "base", "--generation", "1"], ["confirm", "base"]):
            with self.subTest(repair=repair):
                process = self.start_slowly("one")
                os.kill(self.worker_of(process.pid), signal.SIGKILL)
                self.assertEqual(process.wait(), 1)
                self.assertEqual(self.read(PATHS[0]), "one\n")
                self.assertTrue(self.status()["changeUnderWay"])
                self.unmark("slow-nft-f")
                done = self.run_command(*repair)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("was cut off", done.stderr)
                self.assertEqual({self.read(path) for path in PATHS}, {"zero\n"})
                self.assertFalse(self.exists("/etc/vpn-gateway/firewall.nft"))
                self.assertEqual(self.leftovers(), [])
                self.assertIn("cut off", self.part_status("base")["lastFailure"]["what"])

    def test_terminated_in_the_middle_it_goes_back_by_itself(self) -> None:
        self.apply(part_text("base", {path: "zero\n" for path in PATHS}))
        process = self.start_slowly("one")
        os.kill(self.worker_of(process.pid), signal.SIGTERM)
        _, error = process.communicate()
        self.assertEqual(process.returncode, 1)
        self.assertIn("terminated by SIGTERM", error)
        self.assertEqual({self.read(path) for path in PATHS}, {"zero\n"})
        self.assertEqual(self.leftovers(), [])

    def test_killed_at_any_moment_it_ends_whole(self) -> None:
        """Kills at many moments: after a repair all files are of one generation, and nothing is left over."""
        self.apply(part_text("base", {path: "zero\n" for path in PATHS}))
        for step in range(12):
            content = f"text{step}\n"
            process = self.start("apply", "base", stdin=part_text("base", {path: content for path in PATHS}))
            time.sleep(0.04 + step * 0.02)
            for pid in self.workers():
                if pid != process.pid:
                    os.kill(pid, signal.SIGKILL)
            process.communicate()
            done = self.run_command("recover")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(len({self.read(path) for path in PATHS}), 1)
            self.assertEqual(self.run_command("check").returncode, 0)
