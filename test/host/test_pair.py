"""Two machines as one: the watch, and giving way."""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
import unittest
from collections.abc import Callable
from unittest import mock

from machine import MachineTest, part_text

from vpn_gateway import actions, moving, pair, watch
from vpn_gateway.errors import Failure
from vpn_gateway.gateway import Gateway
from vpn_gateway.swap import Effect


class FakeIke:
    """Answers as RFC 7296, 2.5, wants it: same initiator SPI, INVALID_MAJOR_VERSION."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.asked: list[bytes] = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                packet, source = self.socket.recvfrom(1500)
            except OSError:
                return
            if not packet:
                return
            self.asked.append(packet)
            self.socket.sendto(packet[:8] + bytes(20), source)

    def stop(self) -> None:
        self.socket.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class PairTest(MachineTest):
    def setUp(self) -> None:
        super().setUp()
        self.health_port = free_port()
        self.gateway = Gateway(self.root, "test")
        self.write("/proc/uptime", "100.25 200.5\n")

    def describe(self, **changes: object) -> None:
        described = {
            "name": "office", "member": 1, "front": "floatingAddress", "endpoint": "192.0.2.11", "address": "192.0.2.12",
            "peer": "127.0.0.1", "healthPort": self.health_port, "checkSeconds": 0.3, "unfitAfterSeconds": 2,
            "floating": [{"address": "192.0.2.11/24", "interface": "wan0"}], **changes,
        }
        self.write("/etc/vpn-gateway/pair.json", json.dumps(described))

    def given_way(self, peer_answers: list[bool], way: Callable[[Gateway], None] = moving.hand_over) -> tuple[list[str], Failure | None]:
        """What happens in which order when this machine is asked to give way."""
        done: list[str] = []
        failed = None
        with (
            mock.patch.object(pair, "ike_answers", side_effect=peer_answers),
            mock.patch.object(pair, "is_active", side_effect=[True, False]),
            mock.patch.object(moving.time, "sleep", side_effect=lambda seconds: done.append(f"waits {seconds}")),
            mock.patch.object(moving, "_end_l2tp", side_effect=lambda _: done.append("L2TP ends")),
            mock.patch.object(moving, "_begin_l2tp", side_effect=lambda _: done.append("L2TP begins")),
            mock.patch.object(moving.charon, "running", return_value=True),
            mock.patch.object(moving.charon, "associations", return_value=[("ikev2", {"uniqueid": 1})]),
            mock.patch.object(moving, "_tell_clients", side_effect=lambda _gateway, _found, where: done.append(f"sends to {where}")),
            mock.patch.object(self.gateway.programs, "run", side_effect=lambda *words, **more: done.append(" ".join(words[:2]) + (" closes" if "192.0.2.12 udp dport 500 drop" in more.get("stdin", "") else ""))),
        ):
            try:
                way(self.gateway)
            except Failure as failure:
                failed = failure
        return done, failed


class Question(unittest.TestCase):
    def test_it_is_an_ike_header_of_a_version_that_does_not_exist(self) -> None:
        asked = pair.question()
        self.assertEqual(len(asked), 28)
        self.assertEqual(asked[17] >> 4, 3)
        self.assertEqual(struct.unpack("!I", asked[24:])[0], len(asked))
        self.assertNotEqual(asked[:8], pair.question()[:8])


class Watch(PairTest):
    def test_an_answer_is_written_down_with_the_uptime(self) -> None:
        ike = FakeIke()
        self.addCleanup(ike.stop)
        self.describe()
        watch.watch(self.gateway, 1, ike.port)
        self.assertEqual(self.read("/run/vpn-gateway/ike-answered"), "100.25\n")
        self.assertEqual(len(ike.asked), 1)

    def test_silence_leaves_what_was_written_to_grow_old(self) -> None:
        self.describe()
        self.write("/run/vpn-gateway/ike-answered", "7.00\n")
        watch.watch(self.gateway, 1, free_port())
        self.assertEqual(self.read("/run/vpn-gateway/ike-answered"), "7.00\n")

    def test_a_stranger_that_answers_with_another_spi_does_not_count(self) -> None:
        liar = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(liar.close)
        liar.bind(("127.0.0.1", 0))

        def lie() -> None:
            _packet, source = liar.recvfrom(1500)
            liar.sendto(bytes(28), source)

        threading.Thread(target=lie, daemon=True).start()
        self.assertFalse(pair.ike_answers("127.0.0.1", 1.0, liar.getsockname()[1]))

    def opened(self, state: str, answers: bool) -> bool:
        self.describe()
        self.write("/run/vpn-gateway/pair-state", f"{state}\n")
        ike = FakeIke()
        self.addCleanup(ike.stop)
        watching = threading.Thread(target=watch.watch, args=(self.gateway, 6, ike.port if answers else free_port()))
        watching.start()
        found = False
        while watching.is_alive():
            with socket.socket() as asking:
                asking.settimeout(0.1)
                found = found or asking.connect_ex(("127.0.0.1", self.health_port)) == 0
        watching.join()
        return found

    def test_the_active_machine_whose_ike_answers_is_healthy(self) -> None:
        self.assertTrue(self.opened("MASTER", True))

    def test_the_standby_is_not(self) -> None:
        self.assertFalse(self.opened("BACKUP", True))

    def test_an_active_machine_whose_ike_is_silent_is_not(self) -> None:
        self.assertFalse(self.opened("MASTER", False))

    def test_without_a_pair_it_says_so(self) -> None:
        with self.assertRaisesRegex(Failure, "not one of a pair"):
            watch.watch(self.gateway, 1)


class BehindAName(PairTest):
    """Both machines are active, and the watch alone decides whether this one is."""

    def watched(self, answers: bool, aside: str | None = None) -> str:
        self.describe(front="dns", floating=[], peerEndpoint="192.0.2.13", drainSeconds=0)
        if aside is not None:
            self.write("/run/vpn-gateway/stand-aside", aside)
        ike = FakeIke()
        self.addCleanup(ike.stop)
        watch.watch(self.gateway, 1, ike.port if answers else free_port())
        return self.read("/run/vpn-gateway/pair-state").strip()

    def test_it_is_while_its_ike_answers(self) -> None:
        self.assertEqual(self.watched(True), "MASTER")

    def test_it_is_not_while_its_ike_is_silent_or_it_was_asked_to_stand_aside(self) -> None:
        self.assertEqual(self.watched(False), "FAULT")
        self.assertEqual(self.watched(True, "1\n"), "BACKUP")
        self.assertEqual(self.watched(True, "0\n"), "MASTER")

    def test_the_file_is_made_anew_only_where_the_decision_changes(self) -> None:
        self.watched(True)
        before = os.stat(f"{self.root}/run/vpn-gateway/pair-state")
        self.watched(True)
        after = os.stat(f"{self.root}/run/vpn-gateway/pair-state")
        self.assertEqual((before.st_ino, before.st_mtime_ns), (after.st_ino, after.st_mtime_ns))

    def test_it_gives_way_once_the_name_no_longer_leads_to_it_and_sends_clients_to_the_others_address(self) -> None:
        self.describe(front="dns", floating=[], peerEndpoint="192.0.2.13", drainSeconds=7)
        done, failed = self.given_way([True, True])
        self.assertIsNone(failed)
        self.assertEqual(done, ["waits 7", "L2TP ends", "sends to 192.0.2.13", f"waits {moving.TELLING_TIME}", "L2TP begins"])
        self.assertEqual(self.read("/run/vpn-gateway/stand-aside"), "1\n")

    def test_where_the_other_died_meanwhile_nobody_is_sent_to_it_and_this_one_serves_on(self) -> None:
        self.describe(front="dns", floating=[], peerEndpoint="192.0.2.13", drainSeconds=7)
        done, failed = self.given_way([True, False, False])
        self.assertIn("does not answer any more", str(failed))
        self.assertFalse(any(each.startswith("sends") or each == "L2TP ends" for each in done))
        self.assertEqual(self.read("/run/vpn-gateway/stand-aside"), "0\n")


class BehindASharingBalancer(PairTest):
    """Both machines are active, as behind a name; who gives way tells its clients while they are still led to it."""

    def setUp(self) -> None:
        super().setUp()
        self.describe(front="loadSharing", floating=[], drainSeconds=15)

    def test_the_watch_alone_decides(self) -> None:
        ike = FakeIke()
        self.addCleanup(ike.stop)
        watch.watch(self.gateway, 1, ike.port)
        self.assertEqual(self.read("/run/vpn-gateway/pair-state").strip(), "MASTER")

    def test_clients_are_told_at_once_and_nobody_new_is_answered_until_the_balancer_has_seen_it(self) -> None:
        done, failed = self.given_way([True])
        self.assertIsNone(failed)
        self.assertEqual(done, ["L2TP ends", "nft -f closes", "sends to 192.0.2.11", "waits 15", f"waits {moving.TELLING_TIME}", "nft delete", "L2TP begins"])
        self.assertEqual(self.read("/run/vpn-gateway/stand-aside"), "1\n")


class HandOver(PairTest):
    def test_a_gateway_by_itself_has_nobody_to_hand_over_to(self) -> None:
        done = self.run_command("hand-over")
        self.assertEqual(done.returncode, 1)
        self.assertIn("nobody could take over", done.stderr)

    def test_the_standby_has_nothing_to_do(self) -> None:
        self.describe()
        self.write("/run/vpn-gateway/pair-state", "BACKUP\n")
        done = self.run_command("hand-over")
        self.assertEqual((done.returncode, done.stdout), (0, "this machine is the standby already\n"))

    def test_where_the_other_does_not_answer_nothing_is_changed(self) -> None:
        self.describe()
        self.write("/run/vpn-gateway/pair-state", "MASTER\n")
        done = self.run_command("hand-over")
        self.assertEqual(done.returncode, 1)
        self.assertIn("does not answer: nothing was changed", done.stderr)
        self.assertFalse(self.exists("/run/vpn-gateway/stand-aside"))

    def test_rejoin_writes_in_place_for_keepalived_watches_that_file(self) -> None:
        self.describe()
        self.write("/run/vpn-gateway/stand-aside", "1\n")
        before = os.stat(f"{self.root}/run/vpn-gateway/stand-aside").st_ino
        self.assertEqual(self.run_command("rejoin").returncode, 0)
        self.assertEqual(self.read("/run/vpn-gateway/stand-aside"), "0\n")
        self.assertEqual(os.stat(f"{self.root}/run/vpn-gateway/stand-aside").st_ino, before)

    def test_status_tells_of_the_pair(self) -> None:
        self.describe()
        self.write("/run/vpn-gateway/pair-state", "MASTER\n")
        self.write("/run/vpn-gateway/ike-answered", "99.00\n")
        found = self.status()["pair"]
        self.assertEqual((found["state"], found["ikeAnsweredSecondsAgo"], found["peerAnswers"]), ("MASTER", 1.2, False))


class TellingClients(PairTest):
    """What charon is really asked by VICI, in which order."""

    def told(self, *connections: str) -> list[tuple[str, dict]]:
        charon = self.start_charon()
        for number, connection in enumerate(connections, 1):
            charon.add(str(number), connection)
        found = moving._associations(self.gateway)
        charon.asked.clear()
        moving._tell_clients(self.gateway, found, "192.0.2.11")
        return charon.asked

    def test_ikev2_is_redirected_once_and_then_all_are_told_that_their_sa_ends_those_of_ikev1_first(self) -> None:
        ending = {"force": "yes", "timeout": "0"}
        self.assertEqual(self.told("ikev2", "l2tp", "ikev2"), [
            ("redirect", {"ike": "ikev2", "gateway": "192.0.2.11"}),
            ("terminate", {"ike-id": "2", **ending}),
            ("terminate", {"ike-id": "1", **ending}),
            ("terminate", {"ike-id": "3", **ending}),
        ])

    def test_without_a_client_by_ikev2_nobody_is_redirected(self) -> None:
        self.assertEqual([command for command, _ in self.told("l2tp")], ["terminate"])

    def test_a_site_that_follows_the_active_machine_is_the_followers_and_is_told_nothing(self) -> None:
        with (
            mock.patch.object(moving.sites, "described", return_value=[{"connection": "site-berlin"}]),
            mock.patch.object(moving.pair_sites, "follows_active", return_value=True),
        ):
            asked = self.told("site-berlin", "ikev2")
        self.assertEqual([arguments.get("ike-id") for command, arguments in asked if command == "terminate"], ["2"])


class AtShutdown(PairTest):
    """The unit that is stopped first asks for it; whether the machine stops, systemd says."""

    def setUp(self) -> None:
        super().setUp()
        self.describe()
        self.write("/run/vpn-gateway/pair-state", "MASTER\n")

    def test_a_machine_that_goes_on_hands_nothing_over(self) -> None:
        done = self.run_command("hand-over", "--at-shutdown")
        self.assertEqual((done.returncode, done.stdout), (0, "the machine goes on: nothing is handed over\n"))
        self.assertFalse(self.exists("/run/vpn-gateway/stand-aside"))

    def test_where_the_other_is_dead_it_says_so_at_once_and_nothing_is_changed(self) -> None:
        self.mark("stopping")
        done = self.run_command("hand-over", "--at-shutdown")
        self.assertEqual(done.returncode, 1)
        self.assertIn("does not answer: nothing was changed", done.stderr)
        self.assertFalse(self.exists("/run/vpn-gateway/stand-aside"))

    def test_a_standby_just_stops(self) -> None:
        self.mark("stopping")
        self.write("/run/vpn-gateway/pair-state", "BACKUP\n")
        self.assertEqual(self.run_command("hand-over", "--at-shutdown").stdout, "this machine is the standby already\n")

    def test_it_hands_over_waits_for_nobody_to_forget_it_and_starts_nothing_again(self) -> None:
        for front, more in (("floatingAddress", {}), ("dns", {"floating": [], "peerEndpoint": "192.0.2.13", "drainSeconds": 60}), ("loadSharing", {"floating": [], "drainSeconds": 15})):
            with self.subTest(front):
                self.describe(front=front, **more)
                with mock.patch.object(moving.systemd, "is_stopping", return_value=True):
                    done, failed = self.given_way([True, True], moving.hand_over_at_shutdown)
                self.assertIsNone(failed)
                self.assertIn("L2TP ends", done)
                self.assertNotIn("L2TP begins", done)
                self.assertTrue(any(each.startswith("sends to") for each in done))
                self.assertFalse({"waits 60", "waits 15"} & set(done))

    def test_an_xl2tpd_that_stops_already_is_waited_for(self) -> None:
        for state, waited in (("deactivating", 1), ("active", 1), ("inactive", 0)):
            with (
                mock.patch.object(moving.systemd, "properties", return_value={"ActiveState": state}),
                mock.patch.object(self.gateway.programs, "run") as run,
            ):
                moving._end_l2tp(self.gateway)
                self.assertEqual(run.call_args_list, [mock.call("systemctl", "stop", "--", "xl2tpd.service")] * waited, state)


class ChangingTheActive(PairTest):
    """What restarts a daemon is done once the other machine has taken over."""

    def restart(self, **outcomes: object) -> tuple[mock.Mock, mock.Mock]:
        self.describe()
        self.write("/run/vpn-gateway/pair-state", "MASTER\n")
        effect = Effect("/etc/strongswan.d/vpn-gateway.conf", b"charon { threads = 16 }", b"charon { threads = 32 }")

        def stood_aside(gateway: Gateway) -> None:
            if "hand_over" in outcomes:
                raise Failure(str(outcomes["hand_over"]))
            self.write("/run/vpn-gateway/stand-aside", "1\n")

        with (
            mock.patch.object(moving, "hand_over", side_effect=stood_aside) as moved,
            mock.patch.object(moving, "_let_address_go"),
            mock.patch.object(actions.systemd, "is_active", return_value=True),
            mock.patch.object(actions.charon, "restart", side_effect=outcomes.get("restart")) as restarted,
            mock.patch.object(actions.charon, "running", return_value=False),
        ):
            actions._restarts(self.gateway, [effect])
        return moved, restarted

    def test_the_active_machine_gives_way_first_and_is_ready_to_be_chosen_again(self) -> None:
        moved, restarted = self.restart()
        self.assertEqual((moved.call_count, restarted.call_count), (1, 1))
        self.assertEqual(self.read("/run/vpn-gateway/stand-aside"), "0\n")

    def test_it_is_ready_again_also_where_the_daemon_does_not_come_up(self) -> None:
        with self.assertRaisesRegex(Failure, "charon died"):
            self.restart(restart=Failure("charon died"))
        self.assertEqual(self.read("/run/vpn-gateway/stand-aside"), "0\n")

    def test_where_the_other_cannot_take_over_the_change_is_made_all_the_same(self) -> None:
        _moved, restarted = self.restart(hand_over="the other does not answer")
        self.assertEqual(restarted.call_count, 1)
        self.assertFalse(self.exists("/run/vpn-gateway/stand-aside"))

    def test_a_standby_gives_nothing_away(self) -> None:
        self.write("/run/vpn-gateway/pair-state", "BACKUP\n")
        self.describe()
        self.assertFalse(actions._hand_over(self.gateway, {actions.charon.UNIT: ["threads"]}))


class Keepalived(PairTest):
    def test_a_configuration_that_keepalived_refuses_is_refused(self) -> None:
        refused = self.apply(part_text("base", {"/etc/keepalived/keepalived.conf": "vrrp_instance gateway { BOGUS }\n"}), expect=1)
        self.assertIn("Unknown keyword 'BOGUS'", refused.stderr)
        self.assertFalse(self.exists("/etc/keepalived/keepalived.conf"))

    def test_only_its_own_scripts_missing_is_no_reason_to_refuse(self) -> None:
        self.apply(part_text("base", {"/etc/keepalived/keepalived.conf": "vrrp_script fit { script /etc/vpn-gateway/fit }\n"}))

    def test_a_change_is_read_again_without_a_restart(self) -> None:
        self.mark("active/keepalived.service")
        self.apply(part_text("base", {"/etc/keepalived/keepalived.conf": "a\n"}))
        self.assertEqual(len(self.calls("systemctl reload -- keepalived.service")), 1)
        self.assertEqual(self.calls("systemctl restart"), [])


if __name__ == "__main__":
    unittest.main()
