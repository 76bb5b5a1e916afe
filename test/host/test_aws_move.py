"""The address and the routes follow the active machine, by EC2's API: against a server that speaks it."""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import os
import socket
import threading
import time
import unittest
from collections.abc import Callable
from unittest import mock

import fake_aws
from fake_aws import FakeAws
from test_pair import FakeIke, PairTest, free_port

from vpn_gateway import aws_move, aws_mover, aws_request, moving, pair, watch
from vpn_gateway.aws_request import Credentials, Metadata, Refused, signed_headers
from vpn_gateway.programs import Result


class Signature(unittest.TestCase):
    """AWS's own test suite for Signature Version 4: its credentials, its moment, its answers."""

    credentials = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "", 0)
    moment = datetime.datetime(2015, 8, 30, 12, 36, tzinfo=datetime.timezone.utc).timestamp()

    def signed(self, method: str, headers: dict[str, str], body: bytes, credentials: Credentials | None = None) -> dict[str, str]:
        return signed_headers(
            method, "https://example.amazonaws.com/", headers, body, "us-east-1", "service", credentials or self.credentials, self.moment
        )

    def test_the_suites_vectors(self) -> None:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        for name, method, headers, body, expected in (
            ("get-vanilla", "GET", {}, b"", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("post-vanilla", "POST", {}, b"", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            ("post-x-www-form-urlencoded", "POST", form, b"Param1=value1", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
        ):
            with self.subTest(name):
                self.assertTrue(self.signed(method, headers, body)["Authorization"].endswith(f"Signature={expected}"))

    def test_the_tests_own_computation_agrees_with_the_suite(self) -> None:
        headers = {"host": "example.amazonaws.com", "x-amz-date": "20150830T123600Z", "content-type": "application/x-www-form-urlencoded"}
        found = fake_aws.signature(
            self.credentials.secret, "POST", "/", headers, "content-type;host;x-amz-date", b"Param1=value1",
            "20150830/us-east-1/service/aws4_request", "20150830T123600Z",
        )
        self.assertEqual(found, "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a")

    def test_a_roles_token_is_signed_and_each_byte_of_the_body_counts(self) -> None:
        with_token = self.signed("POST", {}, b"a", Credentials("AKIDEXAMPLE", "secret", "token", 0))
        self.assertIn("SignedHeaders=host;x-amz-date;x-amz-security-token,", with_token["Authorization"])
        self.assertNotEqual(self.signed("POST", {}, b"a")["Authorization"], self.signed("POST", {}, b"b")["Authorization"])


class MoveTest(PairTest):
    def setUp(self) -> None:
        super().setUp()
        for name, value in (("FIRST_PAUSE", 0.02), ("LONGEST_PAUSE", 0.1)):
            patched = mock.patch.object(aws_mover, name, value)
            patched.start()
            self.addCleanup(patched.stop)
        self.said = io.StringIO()
        quiet = contextlib.redirect_stderr(self.said)
        quiet.__enter__()
        self.addCleanup(quiet.__exit__, None, None, None)

    def aws(self, *answers: str) -> FakeAws:
        found = FakeAws(list(answers))
        self.addCleanup(found.stop)
        return found

    def move(self, aws: FakeAws, **changes: object) -> dict:
        return {
            "region": "eu-central-1", "allocationId": "eipalloc-1", "publicIp": "198.51.100.20", "networkInterfaceId": "eni-1",
            "privateAddress": "10.76.0.11", "endpoint": f"{aws.url}/", "metadataEndpoint": aws.url, "lookAgainSeconds": 30,
            "routes": [{"routeTableId": "rtb-1", "destination": "10.77.2.0/24"}, {"routeTableId": "rtb-2", "destination": "fd77::/64"}],
            **changes,
        }

    def become(self, state: str) -> None:
        # As keepalived's script does it: another file each time.
        self.write("/run/vpn-gateway/pair-state.new", f"{state}\n")
        os.replace(f"{self.root}/run/vpn-gateway/pair-state.new", f"{self.root}/run/vpn-gateway/pair-state")

    def mover(self, move: dict) -> aws_mover.Mover:
        found = aws_mover.Mover(self.gateway, move, lambda: pair.active_since(self.gateway))
        self.addCleanup(found.end)
        return found

    def until(self, holds: Callable[[], object], seconds: float = 5.0) -> None:
        end = time.monotonic() + seconds
        while not holds():
            self.assertLess(time.monotonic(), end, self.said.getvalue())
            time.sleep(0.01)

    def moved(self) -> dict:
        try:
            return json.loads(self.read("/run/vpn-gateway/move.json"))
        except FileNotFoundError:
            return {}


EVERYTHING = ["198.51.100.20", "10.77.2.0/24 in rtb-1", "fd77::/64 in rtb-2"]


class Moving(MoveTest):
    def test_the_active_machine_asks_for_the_address_and_then_for_each_route_signed_as_aws_takes_it(self) -> None:
        aws = self.aws()
        self.become("MASTER")
        self.mover(self.move(aws)).follow()
        self.until(lambda: self.moved().get("state") == "done")
        version = {"Version": "2016-11-15"}
        self.assertEqual(aws.calls, [
            {"Action": "AssociateAddress", "AllocationId": "eipalloc-1", "NetworkInterfaceId": "eni-1",
             "PrivateIpAddress": "10.76.0.11", "AllowReassociation": "true", **version},
            {"Action": "ReplaceRoute", "RouteTableId": "rtb-1", "DestinationCidrBlock": "10.77.2.0/24", "NetworkInterfaceId": "eni-1", **version},
            {"Action": "ReplaceRoute", "RouteTableId": "rtb-2", "DestinationIpv6CidrBlock": "fd77::/64", "NetworkInterfaceId": "eni-1", **version},
        ])
        self.assertEqual((aws.wrong, aws.asked_for_keys), ([], 1))
        self.assertEqual(self.moved(), {"state": "done", "got": EVERYTHING, "tries": 3, "said": None})
        self.until(lambda: "this machine has 198.51.100.20, 10.77.2.0/24 in rtb-1" in self.said.getvalue())

    def test_the_standby_never_calls(self) -> None:
        aws = self.aws()
        mover = self.mover(self.move(aws))
        for state in ("BACKUP", "FAULT", "STOPPED"):
            self.become(state)
            for _ in range(3):
                mover.follow()
            time.sleep(0.05)
        self.assertEqual((aws.calls, aws.asked_for_keys, self.moved()), ([], 0, {}))
        self.become("MASTER")  # the twin
        mover.follow()
        self.until(lambda: len(aws.calls) == 3)

    def test_a_refusal_is_told_in_ec2s_words_nothing_is_claimed_and_it_goes_on_trying(self) -> None:
        aws = self.aws("UnauthorizedOperation")
        self.become("MASTER")
        self.mover(self.move(aws)).follow()
        self.until(lambda: len(aws.calls) >= 3 and self.moved().get("tries", 0) >= 2)
        found = self.moved()
        self.assertEqual((found["state"], found["got"]), ("moving", []))
        self.assertEqual(found["said"], "198.51.100.20: AssociateAddress: UnauthorizedOperation: What EC2 says of it")
        self.assertEqual({call["Action"] for call in aws.calls}, {"AssociateAddress"})
        aws.answers = ["ok"]
        self.until(lambda: self.moved().get("state") == "done")

    def test_throttled_it_waits_longer_each_time_and_gets_there(self) -> None:
        aws = self.aws("RequestLimitExceeded", "RequestLimitExceeded", "ok")
        self.become("MASTER")
        began = time.monotonic()
        self.mover(self.move(aws)).follow()
        self.until(lambda: self.moved().get("state") == "done")
        self.assertEqual([call["Action"] for call in aws.calls[:3]], ["AssociateAddress"] * 3)
        self.assertGreater(time.monotonic() - began, 0.75 * (0.02 + 0.04))
        self.assertEqual(self.moved()["tries"], 5)

    def test_a_route_that_is_refused_leaves_the_address_got_and_the_rest_waiting(self) -> None:
        aws = self.aws("ok", "InvalidRouteTableID.NotFound")
        self.become("MASTER")
        self.mover(self.move(aws)).follow()
        self.until(lambda: self.moved().get("tries", 0) >= 3)
        self.assertEqual((self.moved()["state"], self.moved()["got"]), ("moving", ["198.51.100.20"]))
        self.assertIn("10.77.2.0/24 in rtb-1: ReplaceRoute: InvalidRouteTableID.NotFound", self.moved()["said"])

    def test_an_api_that_hangs_is_given_up_and_asked_again(self) -> None:
        aws = self.aws("hang", "ok")
        self.become("MASTER")
        with mock.patch.object(aws_request, "EC2_TIME", 0.2):
            self.mover(self.move(aws)).follow()
            self.until(lambda: self.moved().get("said"))
            self.assertIn("AssociateAddress: no answer within 0.2 s", self.moved()["said"])
            self.until(lambda: self.moved().get("state") == "done")

    def test_follow_does_not_wait_for_aws(self) -> None:
        aws = self.aws("hang")
        self.become("MASTER")
        mover = self.mover(self.move(aws))
        began = time.monotonic()
        for _ in range(20):
            mover.follow()
        self.assertLess(time.monotonic() - began, 0.2)
        self.until(lambda: aws.calls)
        self.assertEqual(len(aws.calls), 1)

    def test_a_token_that_is_not_taken_is_told_and_no_call_is_made_without_keys(self) -> None:
        aws = self.aws()
        aws.token_works = False
        self.become("MASTER")
        self.mover(self.move(aws)).follow()
        self.until(lambda: self.moved().get("said"))
        self.assertIn("the metadata service's iam/security-credentials/: HTTP 401", self.moved()["said"])
        self.assertEqual(aws.calls, [])
        aws.token_works = True
        self.until(lambda: self.moved().get("state") == "done")

    def test_keys_that_aws_no_longer_takes_are_fetched_anew(self) -> None:
        aws = self.aws("AuthFailure", "ok")
        self.become("MASTER")
        self.mover(self.move(aws)).follow()
        self.until(lambda: self.moved().get("state") == "done")
        self.assertEqual(aws.asked_for_keys, 2)


class AnotherClock(MoveTest):
    """More than five minutes off EC2 takes no signature, and the machine that should have the address would never get it."""

    def off_by(self, seconds: float, *answers: str) -> FakeAws:
        aws = self.aws(*answers)
        aws.ahead = seconds
        self.become("MASTER")
        return aws

    def test_a_clock_that_is_days_off_is_noticed_by_the_first_refusal_and_status_says_so(self) -> None:
        for ahead, words in ((86_400.0, "86400 s behind EC2's"), (-3_600.0, "3600 s ahead of EC2's")):
            with self.subTest(words):
                aws = self.off_by(ahead)
                self.mover(self.move(aws)).follow()
                self.until(lambda: self.moved().get("state") == "done")
                self.assertEqual(aws.wrong, ["old"])
                self.assertEqual(len(aws.calls), 4)
                self.assertAlmostEqual(self.moved()["clockOff"], ahead, delta=2)
                (told,) = aws_move.problems(aws_move.collect(self.gateway, self.move(aws), True))
                self.assertRegex(told.replace("86399", "86400").replace("3601", "3600"), words)

    def test_a_clock_within_what_aws_takes_is_left_as_it_is(self) -> None:
        aws = self.off_by(200.0)
        self.mover(self.move(aws)).follow()
        self.until(lambda: self.moved().get("state") == "done")
        self.assertEqual((aws.wrong, self.moved().get("clockOff")), ([], None))
        self.assertEqual(aws_move.problems(aws_move.collect(self.gateway, self.move(aws), True)), [])

    def test_an_answer_that_tells_no_time_mends_nothing(self) -> None:
        aws = self.off_by(86_400.0)
        aws.tells_the_time = False
        self.mover(self.move(aws)).follow()
        self.until(lambda: self.moved().get("tries", 0) >= 3)
        self.assertEqual((self.moved()["state"], self.moved()["got"]), ("moving", []))
        self.assertIn("RequestExpired", self.moved()["said"])

    def test_a_refusal_for_another_reason_leaves_the_clock_alone(self) -> None:
        aws = self.off_by(0.0, "AuthFailure")
        mover = self.mover(self.move(aws))
        mover.follow()
        self.until(lambda: self.moved().get("tries", 0) >= 3)
        self.assertEqual((mover.metadata.clock_off, self.moved()["state"]), (0.0, "moving"))


class Losing(MoveTest):
    def test_a_machine_that_is_no_longer_active_stops_at_once(self) -> None:
        aws = self.aws("RequestLimitExceeded")
        self.become("MASTER")
        mover = self.mover(self.move(aws))
        mover.follow()
        self.until(lambda: len(aws.calls) >= 2)
        self.become("BACKUP")
        # The thread sees it by itself, before the watch's next round; one call may be under way.
        time.sleep(0.05)
        made = len(aws.calls)
        time.sleep(0.3)
        self.assertEqual(len(aws.calls), made)
        mover.follow()
        self.assertEqual(self.moved(), {})

    def test_what_succeeds_after_that_is_not_claimed(self) -> None:
        aws = self.aws("late")
        self.become("MASTER")
        mover = self.mover(self.move(aws))
        mover.follow()
        self.until(lambda: aws.calls)
        self.become("FAULT")
        mover.follow()
        aws.released.set()
        mover.thread.join(2)  # type: ignore[union-attr]
        self.assertFalse(mover.thread.is_alive())  # type: ignore[union-attr]
        self.assertEqual((self.moved(), self.said.getvalue()), ({}, ""))
        self.assertEqual((len(aws.calls), aws.wrong, mover.got), (1, [], []))

    def test_active_again_within_a_round_it_asks_for_everything_again(self) -> None:
        aws = self.aws()
        self.become("MASTER")
        mover = self.mover(self.move(aws))
        mover.follow()
        self.until(lambda: self.moved().get("state") == "done")
        self.become("BACKUP")
        self.become("MASTER")
        mover.follow()
        self.until(lambda: len(aws.calls) == 6)

    def test_an_address_that_went_away_is_fetched_again_and_one_that_is_here_is_left(self) -> None:
        aws = self.aws()
        self.become("MASTER")
        self.mover(self.move(aws, lookAgainSeconds=0.03)).follow()
        # Once more the routes: the other machine's last call may have come in late.
        self.until(lambda: len(aws.calls) == 5)
        time.sleep(0.3)
        self.assertEqual(len(aws.calls), 5)
        aws.has_address = False
        self.until(lambda: [call["Action"] for call in aws.calls].count("AssociateAddress") == 2)
        self.assertIn("198.51.100.20 is no longer here", self.said.getvalue())


class Told(MoveTest):
    def test_the_watch_begins_and_ends_it(self) -> None:
        aws = self.aws()
        self.describe(move=self.move(aws))
        self.become("MASTER")
        ike = FakeIke()
        self.addCleanup(ike.stop)
        watching = threading.Thread(target=watch.watch, args=(self.gateway, 8, ike.port))
        watching.start()
        self.until(lambda: self.moved().get("state") == "done")
        watching.join()
        self.assertEqual((len(aws.calls), self.moved()), (3, {}))

    def test_without_a_move_the_watch_asks_nobody(self) -> None:
        self.describe()
        self.become("MASTER")
        with mock.patch.object(socket, "getaddrinfo", side_effect=AssertionError):
            watch.watch(self.gateway, 2, free_port())
        self.assertEqual(self.moved(), {})

    def test_status_and_check_say_what_is_missing_and_why(self) -> None:
        aws = self.aws()
        self.describe(move=self.move(aws))
        self.become("MASTER")
        said = "198.51.100.20: AssociateAddress: UnauthorizedOperation: You are not authorized"
        self.write("/run/vpn-gateway/move.json", json.dumps({"state": "moving", "got": [], "tries": 4, "said": said}))
        self.assertEqual(self.status()["pair"]["move"], {"state": "moving", "got": [], "tries": 4, "said": said, "wanted": EVERYTHING})
        checked = self.run_command("check")
        self.assertEqual(checked.returncode, 1)
        self.assertIn(f"this machine is active and does not have {', '.join(EVERYTHING)} (4 tries): {said}", checked.stdout)
        self.assertIn(said, self.run_command("status").stdout)

    def test_neither_does_once_it_is_done_nor_on_the_standby(self) -> None:
        aws = self.aws()
        self.describe(move=self.move(aws))
        self.become("MASTER")
        self.write("/run/vpn-gateway/move.json", json.dumps({"state": "done", "got": EVERYTHING, "tries": 3, "said": None}))
        self.assertEqual(self.run_command("check").returncode, 0)
        self.become("BACKUP")
        self.assertEqual(self.run_command("check").returncode, 0)
        self.assertEqual(self.status()["pair"]["move"]["state"], "standby")
        self.assertEqual(self.status()["pair"]["move"]["got"], [])


class GivingWay(MoveTest):
    def hand_over(self, aws: FakeAws, gone_after: float | None) -> tuple[list[str], float]:
        """The programs that ran, and seconds from the address's going until it let new clients in again."""
        self.describe(move=self.move(aws), floating=[])
        self.become("MASTER")
        ran: list[tuple[str, float]] = []
        gone = 0.0

        def run(*argv: str, **how: str) -> Result:
            ran.append((" ".join(argv) + how.get("stdin", ""), time.monotonic()))
            return Result(0, "", "")

        def other_machine() -> None:
            nonlocal gone
            while not pair.read(self.gateway, pair.STAND_ASIDE) == "1":
                time.sleep(0.01)
            self.become("BACKUP")
            if gone_after is not None:
                time.sleep(gone_after)
                aws.has_address = False
                gone = time.monotonic()

        threading.Thread(target=other_machine, daemon=True).start()
        with (
            mock.patch.object(pair, "ike_answers", return_value=True), mock.patch.object(moving, "TELLING_TIME", 0.1),
            mock.patch.object(moving, "MOVE_TIME", 1.5), mock.patch.object(moving.charon, "running", return_value=False),
            mock.patch.object(type(self.gateway.programs), "run", side_effect=run), contextlib.redirect_stdout(io.StringIO()),
        ):
            moving.hand_over(self.gateway)
        words = [text for text, _when in ran if text.startswith(("nft", "ip"))]
        return words, ran[-1][1] - gone

    def test_it_answers_nobody_who_dials_anew_until_ec2_has_moved_the_address(self) -> None:
        aws = self.aws()
        ran, late = self.hand_over(aws, 0.8)
        self.assertEqual((len(ran), ran[1]), (2, "nft delete table inet vpn_gateway_aside"))
        self.assertRegex(ran[0], r"^nft -f -table inet vpn_gateway_aside[^}]*ip daddr 10\.76\.0\.11 udp dport 500 drop")
        self.assertTrue(0 < late < 0.5, late)
        self.assertEqual(aws.calls, [])  # the other machine fetches it

    def test_an_address_that_does_not_go_is_not_waited_for_without_end(self) -> None:
        began = time.monotonic()
        ran, _late = self.hand_over(self.aws(), None)
        self.assertEqual(ran[-1], "nft delete table inet vpn_gateway_aside")
        self.assertTrue(1.5 < time.monotonic() - began < 4)


class Words(unittest.TestCase):
    def test_a_refusals_code_of_thousands_of_characters_is_cut(self) -> None:
        aws = FakeAws(["UnauthorizedOperation" + "x" * 3000])
        self.addCleanup(aws.stop)
        with self.assertRaises(Refused) as caught:
            aws_request.ec2(Metadata(aws.url), "eu-central-1", f"{aws.url}/", "AssociateAddress", {})
        self.assertLess(len(str(caught.exception)), 600)

    def test_endpoints_are_the_regions_own_unless_the_file_says_otherwise(self) -> None:
        self.assertEqual(aws_move.endpoint_of({"region": "eu-central-1"}), "https://ec2.eu-central-1.amazonaws.com/")
        self.assertEqual(aws_move.endpoint_of({"region": "cn-north-1"}), "https://ec2.cn-north-1.amazonaws.com.cn/")
        with mock.patch.dict(os.environ, {"AWS_ENDPOINT_URL": "http://elsewhere/", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://elsewhere/"}):
            self.assertEqual(aws_move.endpoint_of({"region": "eu-central-1"}), "https://ec2.eu-central-1.amazonaws.com/")
            self.assertEqual(Metadata().endpoint, "http://169.254.169.254")


if __name__ == "__main__":
    unittest.main()
