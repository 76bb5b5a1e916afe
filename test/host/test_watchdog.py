"""An IKE daemon that hangs is killed; one that answers, works, or is not there is left alone."""

from __future__ import annotations

import os
import signal
from unittest import mock

from machine import MachineTest
from test_pair import FakeIke, free_port

from vpn_gateway import charon, watchdog
from vpn_gateway.gateway import Gateway

HERE, OTHER = 4711, 4712


class WatchdogTest(MachineTest):
    def setUp(self) -> None:
        super().setUp()
        self.gateway = Gateway(self.root, "test")
        self.killed = self.enter(mock.patch.object(watchdog.os, "kill"))
        self.main = self.enter(mock.patch.object(watchdog.systemd, "main_process", return_value=HERE))
        self.watchdog = watchdog.Watchdog(self.gateway, free_port())
        self.threads(HERE, "SSS")

    def enter(self, patch):  # noqa: ANN001, ANN201
        self.addCleanup(patch.stop)
        return patch.start()

    def threads(self, process: int, states: str, woken: tuple[int, ...] = ()) -> None:
        """As proc(5) has them; `woken`: how often each woke up by now, where that is not once."""
        for number, state in enumerate(states):
            times = woken[number] if number < len(woken) else 1
            self.write(
                f"/proc/{process}/task/{process + number}/status",
                f"Name:\tcharon-systemd\nState:\t{state} (so)\nPid:\t{process + number}\nvoluntary_ctxt_switches:\t{times}\nnonvoluntary_ctxt_switches:\t7\n",
            )

    def looks(self, *moments: float) -> list[bool]:
        return [self.watchdog.look(now) for now in moments]

    def test_one_that_hangs_for_a_minute_is_killed_once(self) -> None:
        self.assertEqual(self.looks(0, 20, 40, 59), [False] * 4)
        self.killed.assert_not_called()
        self.assertEqual(self.looks(60), [True])
        self.killed.assert_called_once_with(HERE, signal.SIGKILL)
        self.assertIn("the IKE daemon hangs: it has not answered for 60 s", self.read("/var/log/vpn-gateway.log"))
        self.assertEqual(self.looks(70, 129), [False] * 2, "whatever comes after it has its own minute")

    def test_one_that_is_stopped_is_killed_too(self) -> None:
        self.threads(HERE, "TTT")
        self.assertEqual(self.looks(0, 60), [False, True])

    def test_one_that_answers_by_ike_is_left_alone(self) -> None:
        ike = FakeIke()
        self.addCleanup(ike.stop)
        self.watchdog = watchdog.Watchdog(self.gateway, ike.port)
        self.assertEqual(self.looks(0, 60, 120), [False] * 3)
        self.main.assert_not_called()

    def test_one_that_answers_by_its_socket_is_not_asked_by_ike(self) -> None:
        self.start_charon()
        ike = FakeIke()
        self.addCleanup(ike.stop)
        self.watchdog = watchdog.Watchdog(self.gateway, ike.port)
        self.assertEqual(self.looks(0, 60, 120), [False] * 3)
        self.assertEqual(ike.asked, [])

    def test_one_answer_gives_it_another_minute(self) -> None:
        self.assertEqual(self.looks(0, 50), [False] * 2)
        with mock.patch.object(self.watchdog, "_answers", return_value=True):
            self.assertEqual(self.looks(55), [False])
        self.assertEqual(self.looks(60, 119, 120), [False, False, True])

    def test_one_that_works_is_busy(self) -> None:
        for state in "RDt":
            with self.subTest(state):
                self.threads(HERE, f"SS{state}")
                self.assertEqual(self.looks(0, 60, 120), [False] * 3)

    def test_one_most_of_whose_threads_wake_up_waits_for_others(self) -> None:
        for now in range(0, 200, 10):
            self.threads(HERE, "SSS", (1, 1 + now, 1 + now))
            self.assertEqual(self.looks(now), [False])

    def test_one_that_hangs_may_turn_its_timers(self) -> None:
        found = []
        for now in range(0, 70, 10):
            self.threads(HERE, "SSS", (1 + now,))
            found += self.looks(now)
        self.assertEqual(found, [False] * 6 + [True])

    def test_that_they_woke_up_before_is_no_excuse(self) -> None:
        self.assertEqual(self.looks(0), [False])
        self.threads(HERE, "SSS", (5, 5, 5))
        self.assertEqual(self.looks(30, 60, 89, 90), [False, False, False, True])

    def test_another_process_has_its_own_minute(self) -> None:
        self.threads(OTHER, "SSS")
        self.assertEqual(self.looks(0, 30), [False] * 2)
        self.main.return_value = OTHER
        self.assertEqual(self.looks(40, 99, 100), [False, False, True])
        self.killed.assert_called_once_with(OTHER, signal.SIGKILL)

    def test_where_none_runs_none_is_killed(self) -> None:
        self.main.return_value = 0
        self.assertEqual(self.looks(0, 60, 120), [False] * 3)
        self.main.return_value = OTHER  # gone by the time that it is looked at
        self.assertEqual(self.looks(180, 240), [False] * 2)


class MainProcessTest(MachineTest):
    def test_systemd_is_asked_for_it(self) -> None:
        gateway = Gateway(self.root, "test")
        with mock.patch.object(gateway.programs, "run") as run:
            for said, wanted in (("MainPID=801\n", 801), ("MainPID=0\n", 0), ("", 0), ("Failed to connect to bus\n", 0)):
                run.return_value.output = said
                self.assertEqual(watchdog.systemd.main_process(gateway, charon.UNIT), wanted)
            run.assert_called_with("systemctl", "show", "--property=MainPID", "--", "strongswan.service")
