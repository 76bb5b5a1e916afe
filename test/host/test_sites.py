"""Site connections: their parts, what the follower does, and what status says."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import unittest
from unittest import mock

from machine import MachineTest, part_text

from vpn_gateway import follower, named, site_log, site_overlap, site_selectors, site_status, sites
from vpn_gateway.gateway import Gateway

UNIT = "/etc/systemd/system/vpn-gateway-sites.service"
# As gateway/site/render/frame.ts and firewall.ts write them, with less in them.
FRAME = "table inet vpn_gateway_sites\ndelete table inet vpn_gateway_sites\ntable inet vpn_gateway_sites {\n  set far4 {\n    type ipv4_addr\n    flags interval\n  }\n\n  map inwards {\n    type ifname : verdict\n  }\n\n  chain forward {\n    iifname vmap @inwards\n  }\n}\n"
SHARE = 'table inet vpn_gateway_sites {{\n  chain site_{0}_inwards {{\n    counter drop\n  }}\n}}\nadd element inet vpn_gateway_sites far4 {{ {1} }}\nadd element inet vpn_gateway_sites inwards {{ "st-{0}" : jump site_{0}_inwards }}\n'


def base_part() -> str:
    """Of a gateway with room for site connections."""
    return part_text("base", {UNIT: "[Service]\nExecStart=/usr/sbin/vpn-gateway follow\n", "/etc/vpn-gateway/sites.nft": FRAME})


def description(name: str, number: int = 7, **changes: object) -> dict:
    return {
        "name": name, "connection": f"site-{name}", "child": name, "peer": "cloud", "endpoint": "198.51.100.20", "mode": "route",
        "near": ["10.20.0.0/24"], "far": ["10.30.0.0/24"], "dialAfterSeconds": 1, "interface": f"st-{name}", "interfaceId": number,
        "mtu": {"least": 1418, "bySuite": {"AES_GCM_16-256": {"ipv4": 1446, "ipv4Udp": 1438, "ipv6": 1426, "ipv6Udp": 1418}}},
        **changes,
    }  # fmt: skip


def part_of(name: str, number: int = 7, **changes: object) -> str:
    described = description(name, number, **changes)
    swanctl = f"connections {{\n  site-{name} {{\n    version = 2\n  }}\n}}\n"
    return part_text(
        f"site-{name}",
        {
            f"/etc/vpn-gateway/sites/{name}.nft": SHARE.format(name, ", ".join(described["far"])),
            f"/etc/swanctl/conf.d/site-{name}.conf": swanctl,
            f"/etc/vpn-gateway/sites/{name}.json": json.dumps(described),
        },
        "module xfrm_interface",
    )


def association(name: str, **changes: object) -> tuple[str, dict]:
    child = {"name": name, "state": "INSTALLED", "uniqueid": "4", "encr-alg": "AES_GCM_16", "encr-keysize": "256", "encap": "yes", "bytes-in": "840", **changes}
    return f"site-{name}", {"state": "ESTABLISHED", "uniqueid": "3", "remote-host": "198.51.100.20", "child-sas": {"x-4": child}}


class SitePartTest(MachineTest):
    def setUp(self) -> None:
        super().setUp()
        self.charon = self.start_charon()
        self.apply(base_part())
        self.forget_calls()

    def ip(self) -> list[str]:
        return [call.removeprefix("ip ") for call in self.calls("ip ") if " link show" not in call and "route show" not in call]

    def test_a_connection_comes_with_an_interface_and_a_route_that_refuses(self) -> None:
        self.apply(part_of("office"))
        self.assertEqual(
            self.ip(),
            [
                "route replace unreachable 10.30.0.0/24 metric 4278198272 proto 201",
                "link add st-office type xfrm if_id 7",
                "link set dev st-office mtu 1418 addrgenmode none",
                "link property add dev st-office altname site-office",
                "link set dev st-office up",
            ],
        )

    def handed(self) -> list[tuple[str, dict]]:
        """Without what only asks."""
        asked = [one for one in self.charon.asked if one[0] in ("load-conn", "load-shared", "unload-conn", "unload-shared")]
        self.charon.asked.clear()
        return asked

    def test_a_push_hands_over_what_it_changed_and_not_everything_that_there_is(self) -> None:
        secret = 'secrets {\n  ike-office {\n    id-near = left.office\n    id-far = "right \\"office\\""\n    secret = 0sYSBrZXk=\n  }\n}\n'
        self.apply(part_text("sitekey-office", {"/etc/swanctl/conf.d/sitekey-office.conf": secret}))
        self.assertEqual(self.handed(), [("load-shared", {"id": "ike-office", "type": "IKE", "data": "a key", "owners": ["left.office", 'right "office"']})])
        self.apply(part_of("office"))
        self.assertEqual(self.handed(), [("load-conn", {"site-office": {"version": "2"}})])
        self.assertEqual(self.calls("swanctl --load"), [])
        self.assertEqual(self.run_command("remove", "site-office").returncode, 0)
        self.assertEqual(self.run_command("remove", "sitekey-office").returncode, 0)
        self.assertEqual(self.handed(), [("unload-conn", {"name": "site-office"}), ("unload-shared", {"id": "ike-office"})])

    def test_of_a_connection_lists_are_lists_and_certificates_are_what_they_hold(self) -> None:
        text = 'connections {\n  site-office {\n    proposals = aes256gcm16-x25519, aes128\n    local {\n      certs = site-office.pem\n    }\n    children {\n      office {\n        local_ts = 0.0.0.0/0\n        start_action = "trap|start"\n      }\n    }\n  }\n}\n'
        self.write("/etc/swanctl/x509/site-office.pem", "PEM")
        self.apply(part_text("site-office", {"/etc/swanctl/conf.d/site-office.conf": text}))
        children = {"office": {"local_ts": ["0.0.0.0/0"], "start_action": "trap|start"}}
        self.assertEqual(self.handed(), [("load-conn", {"site-office": {"proposals": ["aes256gcm16-x25519", "aes128"], "local": {"certs": ["PEM"]}, "children": children}})])

    def test_what_charon_refuses_is_said_in_its_words_and_taken_back(self) -> None:
        self.charon.refuses = "invalid value for: proposals, config discarded"
        said = self.apply(part_of("office"), expect=1)
        self.assertIn("strongSwan refused the connection site-office: invalid value for: proposals, config discarded", said.stdout + said.stderr)
        self.assertFalse(self.exists("/etc/swanctl/conf.d/site-office.conf"))

    def test_a_list_of_revoked_certificates_has_all_read_again(self) -> None:
        self.apply(part_text("site-both", {"/etc/swanctl/x509crl/site-both.pem": "list"}))
        self.assertEqual(self.calls("swanctl --load"), ["swanctl --load-all --noprompt --clear"])

    def test_the_follower_may_make_the_interface_at_the_same_time(self) -> None:
        self.mark("another-makes-links", "7")
        self.apply(part_of("office"))
        self.mark("another-makes-links", "8")
        done = self.apply(part_of("branch", 9, far=["10.40.0.0/24"]), expect=1)
        self.assertIn("link add st-branch type xfrm if_id 9: RTNETLINK answers: File exists", done.stdout + done.stderr)

    def test_removing_one_leaves_the_other_alone(self) -> None:
        self.apply(part_of("office"))
        self.apply(part_of("branch", 8, far=["10.40.0.0/24"]))
        self.charon.associations = {"3": {"connection": "site-office", "uniqueid": "3"}, "5": {"connection": "site-branch", "uniqueid": "5"}}
        self.forget_calls()
        self.assertEqual(self.run_command("remove", "site-branch").returncode, 0)
        self.assertEqual(self.charon.terminated, ["5"])
        self.assertEqual(self.ip(), ["route del unreachable 10.40.0.0/24 metric 4278198272 proto 201", "link del dev st-branch"])
        made = self.read("/etc/vpn-gateway/firewall.d/sites.nft")
        self.assertIn("site_office_inwards", made)
        self.assertNotIn("branch", made)
        self.assertTrue(self.exists("/etc/vpn-gateway/sites/office.json"))
        self.assertFalse(self.exists("/etc/vpn-gateway/sites/branch.json"))

    def test_a_changed_connection_is_made_anew_and_no_other(self) -> None:
        self.apply(part_of("office"))
        self.charon.associations = {"3": {"connection": "site-office", "uniqueid": "3"}, "5": {"connection": "site-branch", "uniqueid": "5"}}
        self.apply(part_of("office").replace("version = 2", "version = 2 # other"))
        self.assertEqual(self.charon.terminated, ["3"])

    def test_a_network_that_leaves_a_connection_loses_its_routes(self) -> None:
        self.apply(part_of("office", far=["10.30.0.0/24", "10.31.0.0/24"]))
        self.forget_calls()
        self.apply(part_of("office"))
        self.assertEqual([call for call in self.ip() if "10.31" in call][:2], ["route del unreachable 10.31.0.0/24 metric 4278198272 proto 201", "route del 10.31.0.0/24 dev st-office proto 201"])

    def test_refused_without_room_and_with_anothers_number(self) -> None:
        self.apply(part_of("office"))
        said = self.apply(part_of("branch", 7, far=["10.40.0.0/24"]), expect=1).stderr
        self.assertIn("office has the same interface number by chance", said)
        self.assertFalse(self.exists("/etc/vpn-gateway/sites/branch.json"))
        self.assertEqual(self.run_command("remove", "base").returncode, 0)
        self.assertIn("makes no room for site connections", self.apply(part_of("third", 9), expect=1).stderr)


    def test_two_static_connections_never_lead_to_the_same_addresses(self) -> None:
        self.apply(part_of("office", far=["10.30.0.0/16", "10.31.0.0/24"]))
        self.forget_calls()
        said = self.apply(part_of("branch", 8, far=["10.40.0.0/24", "10.30.7.0/24", "10.31.0.0/24"]), expect=1).stderr
        self.assertIn("the site connections branch and office lead to the same addresses: 10.30.7.0/24 and 10.30.0.0/16, 10.31.0.0/24.", said)
        self.assertEqual(self.ip(), [])
        self.assertFalse(self.exists("/etc/vpn-gateway/sites/branch.json"))
        # By policies it is no better.
        self.assertIn("the same addresses: 10.31.0.0/24.", self.apply(part_of("branch", 8, mode="policy", far=["10.31.0.0/24"]), expect=1).stderr)
        self.apply(part_of("branch", 8, far=["10.40.0.0/24"]))
        # Its own is no other, and what was given up is free.
        self.apply(part_of("office", far=["10.31.0.0/24"]))
        self.apply(part_of("third", 9, far=["10.30.0.0/16"]))

    def test_ways_to_the_same_network_may_be_several_where_bgp_decides(self) -> None:
        one = {"addresses": ["169.254.64.0/31"], "neighbor": "169.254.64.1", "as": 65001, "neighborAs": 65002, "bfd": True}
        other = {**one, "addresses": ["169.254.64.2/31"], "neighbor": "169.254.64.3"}
        self.assertIsNone(site_overlap.conflict(description("branch", bgp=other), [description("office", bgp=one)]))
        self.assertIsNone(site_overlap.conflict(description("branch"), [description("office", bgp=one)]))
        self.assertIsNotNone(site_overlap.conflict(description("branch"), [description("office", bgp=one), description("third")]))


class FollowerCase(MachineTest):
    def setUp(self) -> None:
        super().setUp()
        self.gateway = Gateway(self.root, "test")
        self.write("/etc/vpn-gateway/sites/office.json", json.dumps(description("office")))
        self.write("/run/vpn-gateway/x", "")
        self.write("/sys/class/net/st-office/statistics/rx_bytes", "840\n")
        self.write("/sys/class/net/st-office/statistics/tx_bytes", "960\n")
        self.follower = follower.Follower(self.gateway)
        self.routes: list[tuple[bool, int | None]] = []
        self.dialled: list[str] = []
        self.associations: list = []
        for target, name, with_what in [
            (sites, "ensure", lambda *_: None),
            (sites, "routed", lambda _: {("10.30.0.0/24", "st-office")}),
            (sites, "route_into", lambda _gateway, _site, stands, mtu: self.routes.append((stands, mtu))),
            (follower.charon, "running", lambda _: True),
            (follower.charon, "associations", lambda _: self.associations),
            (follower.charon, "initiate", lambda _gateway, connection, _child: self.dialled.append(connection)),
        ]:
            patch = mock.patch.object(target, name, with_what)
            patch.start()
            self.addCleanup(patch.stop)


class FollowerTest(FollowerCase):
    def test_routes_are_as_the_tunnel_is(self) -> None:
        self.follower.look(100)
        self.associations = [association("office")]
        self.follower.look(101)
        self.follower.look(102)
        self.associations = [association("office", encap="no")]
        self.follower.look(103)
        self.associations = []
        self.follower.look(104)
        self.assertEqual(self.routes, [(False, None), (True, 1438), (True, 1446), (False, None)])
        self.assertEqual(json.loads(self.read("/run/vpn-gateway/sites.json"))["office"]["since"], 104)

    def test_what_is_removed_while_it_looks_leaves_nothing(self) -> None:
        removed: list[str] = []
        with (
            mock.patch.object(sites, "ensure", lambda *_: os.unlink(f"{self.root}/etc/vpn-gateway/sites/office.json")),
            mock.patch.object(sites, "remove", lambda _gateway, site: removed.append(site["name"])),
        ):
            self.follower.look(100)
        self.assertEqual((removed, self.routes, self.dialled), (["office"], [], []))

    def test_it_dials_after_a_while_and_ever_more_rarely(self) -> None:
        for second in range(40):
            self.follower.look(100.0 + second)
        self.assertEqual(len(self.dialled), 6)
        self.associations = [("site-office", {"state": "CONNECTING"})]
        for second in range(40, 80):
            self.follower.look(100.0 + second)
        self.assertEqual(len(self.dialled), 6)

    def test_who_is_silent_for_long_is_dialled_ever_more_rarely(self) -> None:
        ended: list[float] = []
        second = 0.0

        def initiate(*_: object) -> None:
            self.associations = [("site-office", {"state": "CONNECTING", "uniqueid": "9", "initiator": "yes"})]

        def terminate_all(_gateway: object, ids: list[str]) -> None:
            self.assertEqual(ids, ["9"])
            ended.append(second)
            self.associations = []

        with mock.patch.object(follower.charon, "initiate", initiate), mock.patch.object(follower.charon, "terminate_all", terminate_all):
            self.follower.look(1000.0)
            self.follower.followed["office"].changed = 1000.0
            for step in range(1500):
                second = float(step)
                self.follower.look(1000.0 + second)
            # Not at once; then ten seconds of each try, and between two a tenth of the time that it has been down, a minute at most.
            self.assertEqual(ended[0], 120.0)
            pauses = [after - before for before, after in zip(ended, ended[1:])]
            self.assertEqual((pauses[0], pauses[-1], len(ended)), (23.0, 71.0, 25))
            # Somebody who dials us is no try of ours.
            self.associations = [("site-office", {"state": "CONNECTING", "uniqueid": "9", "initiator": "no"})]
            for step in range(1500, 1600):
                self.follower.look(1000.0 + step)
            self.assertEqual(len(ended), 25)
            # Back, it is dialled as before.
            self.associations = [association("office")]
            self.follower.look(2601.0)
            initiate()
            for step in range(2602, 2700):
                self.follower.look(float(step))
            self.assertEqual(len(ended), 25)

    def test_a_clock_that_is_set_keeps_nobody_from_dialling(self) -> None:
        for at, monotonic in ((5000.0, 10.0), (5001.0, 11.0), (5002.5, 12.5)):
            self.follower.mind_clock(at, monotonic)
            self.follower.look(at)
        self.follower.heard("log", {"ikesa-name": "site-office", "msg": "giving up after 3 retransmits"}, 5002.6)
        before = len(self.dialled)
        for second in range(10):
            at = 1000.0 + second  # more than an hour back
            self.follower.mind_clock(at, 13.0 + second)
            self.follower.look(at)
        self.assertGreater(len(self.dialled), before + 1)
        self.follower.heard("log", {"ikesa-name": "site-office", "msg": "received NO_PROPOSAL_CHOSEN notify error"}, 1010.0)
        self.assertIn("none of our proposals", self.follower.followed["office"].reason["text"])
        self.assertEqual(self.follower.followed["office"].changed, 997.0)

    def test_an_end_that_cannot_dial_waits(self) -> None:
        self.write("/etc/vpn-gateway/sites/office.json", json.dumps(description("office", dialAfterSeconds=None, endpoint=None)))
        for second in range(40):
            self.follower.look(100.0 + second)
        self.assertEqual(self.dialled, [])

    def test_the_first_word_of_a_failure_counts_and_a_tunnel_that_stands_has_none(self) -> None:
        self.follower.look(100)
        log = lambda text, at: self.follower.heard("log", {"ikesa-name": "site-office", "msg": text}, at)  # noqa: E731
        log("tried 1 shared key for 'left.x' - 'right.x', but MAC mismatched", 101)
        log("received AUTHENTICATION_FAILED notify error", 101.1)
        self.assertEqual(self.follower.followed["office"].reason["text"], "the pre-shared keys differ (of left.x and right.x)")
        log("peer not responding, trying again (2/0)", 110)
        self.assertEqual(self.follower.followed["office"].reason["text"], "the other end does not answer")
        self.associations = [association("office")]
        self.follower.look(111)
        self.assertIsNone(self.follower.followed["office"].reason)

    def test_who_dials_by_another_version_is_told_from_who_is_silent(self) -> None:
        self.write("/etc/vpn-gateway/sites/office.json", json.dumps(description("office", version=1)))
        self.follower.look(100)
        one = self.follower.followed["office"]
        log = lambda name, text, at: self.follower.heard("log", {"ikesa-name": name, "msg": text}, at)  # noqa: E731
        log("site-office", "sending retransmit 1 of request message ID 0, seq 1", 101)
        self.assertEqual(one.reason["text"], "the other end does not answer: this connection is IKEv1, which a device drops without a word unless it is told to take it")
        # Somebody else is turned away all the time.
        log("(unnamed)", "no IKE config found for 192.0.2.11...198.51.100.99, sending NO_PROPOSAL_CHOSEN", 110)
        self.assertIn("does not answer", one.reason["text"])
        log("(unnamed)", "no IKE config found for 192.0.2.11...198.51.100.20, sending NO_PROPOSAL_CHOSEN", 120)
        self.assertEqual(one.reason["text"], "the other end dials by another version of IKE than this connection has, or at another of our addresses")
        # That it is silent, too, says less.
        log("site-office", "giving up after 5 retransmits", 130)
        self.assertIn("another version", one.reason["text"])
        log("site-office", "tried 1 shared key for 'left.x' - 'right.x', but MAC mismatched", 140)
        self.assertIn("pre-shared keys differ", one.reason["text"])
        self.associations = [association("office")]
        self.follower.look(150)
        log("(unnamed)", "no IKE config found for 192.0.2.11...198.51.100.20, sending NO_PROPOSAL_CHOSEN", 151)
        self.assertIsNone(one.reason)

    def test_of_mismatched_proposals_both_lists_are_said(self) -> None:
        self.write("/etc/vpn-gateway/sites/branch.json", json.dumps(description("branch", 8, far=["10.40.0.0/24"], endpoint="198.51.100.30")))
        self.follower.look(100)
        office, branch = self.follower.followed["office"], self.follower.followed["branch"]

        def log(number: int, text: str, at: float, name: str = "(unnamed)") -> None:
            self.follower.heard("log", {"ikesa-name": name, "ikesa-uniqued": str(number), "msg": text}, at)

        # Two that dial at once; charon knows whose it is only after the proposals.
        log(7, "198.51.100.20 is initiating an IKE_SA", 101)
        log(8, "198.51.100.99 is initiating an IKE_SA", 101)
        log(7, "received proposals: IKE:AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048", 101)
        log(8, "received proposals: IKE:3DES_CBC/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024", 101)
        log(8, "configured proposals: IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/CURVE_25519", 101)
        log(7, "configured proposals: IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/CURVE_25519", 101)
        log(8, "received proposals unacceptable", 101)
        self.assertEqual((office.reason, branch.reason), (None, None))
        log(7, "received proposals unacceptable", 101)
        both = "no proposal in common: the other end offers IKE:AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048; this gateway takes IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/CURVE_25519"
        self.assertEqual((office.reason["text"], branch.reason), (both, None))
        # Dialling itself, it hears less.
        log(9, "received NO_PROPOSAL_CHOSEN notify error", 110, "site-office")
        self.assertEqual(office.reason["text"], both)
        log(9, "received AUTHENTICATION_FAILED notify error", 120, "site-office")
        self.assertIn("refuses our proof", office.reason["text"])
        # Of a child SA, when the connection is known.
        log(10, "198.51.100.20 is initiating an IKE_SA", 130)
        log(10, "received proposals: ESP:AES_CBC_128/HMAC_SHA1_96/NO_EXT_SEQ", 130, "site-office")
        log(10, "configured proposals: ESP:AES_GCM_16_256/NO_EXT_SEQ", 130, "site-office")
        log(10, "no acceptable proposal found", 130, "site-office")
        self.assertEqual(office.reason["text"], "no proposal in common: the other end offers ESP:AES_CBC_128/HMAC_SHA1_96/NO_EXT_SEQ; this gateway takes ESP:AES_GCM_16_256/NO_EXT_SEQ")
        self.follower.write()
        self.assertIn("down since 1970-01-01T00:01:40Z: no proposal in common: the other end offers ESP:", site_status.line(next(one for one in site_status.collect(self.gateway) if one["name"] == "office")))
        # Without the lists it is what it was.
        log(11, "received proposals unacceptable", 140, "site-branch")
        self.assertEqual(branch.reason["text"], "no proposal of the other end is acceptable here")
        for number in range(100, 300):
            log(number, "203.0.113.7 is initiating an IKE_SA", 150)
        self.assertLessEqual(len(self.follower.exchanges.said), 65)

    def test_status_names_what_the_other_end_has_narrowed(self) -> None:
        self.associations = [association("office", **{"local-ts": ["10.20.0.0/24"], "remote-ts": ["10.30.0.0/25"]})]
        self.follower.look(1_700_000_000)
        self.assertTrue(
            site_status.line(site_status.collect(self.gateway)[0]).endswith(
                "1438 bytes fit\n  the other end agreed on less: 10.30.0.0/24 not, or not whole, of this tunnel, which has 10.20.0.0/24, 10.30.0.0/25: give both ends the same networks"
            )
        )

    def test_of_selectors_what_is_carried_whole_is_no_news(self) -> None:
        def missing(local: list[str], remote: list[str], **changes: object) -> list[str]:
            found = site_selectors.left_out(description("office", **changes), [{"local-ts": local, "remote-ts": remote}])
            return found["missing"] if found else []

        self.assertEqual(missing(["10.20.0.0/24"], ["10.30.0.0/24"], far=["10.30.0.0/24", "fd30::/64"]), ["fd30::/64"])
        self.assertEqual(missing(["10.20.0.5/32"], ["10.30.0.0/24"], mode="policy"), ["10.20.0.0/24"])
        self.assertEqual(missing(["10.20.0.0/24"], ["10.30.0.0/24[tcp]"]), ["10.30.0.0/24"])
        self.assertEqual(missing(["10.20.0.0/24"], ["10.30.0.0..10.30.0.254"]), ["10.30.0.0/24"])
        for far in (["10.30.0.0/24"], ["0.0.0.0/0"], ["10.30.0.0/25", "10.30.0.128/25"], ["10.30.0.0..10.30.0.255"], []):
            self.assertEqual(missing(["0.0.0.0/0"], far), [], far)
        self.assertEqual(missing(["192.0.2.11/32[udp/l2tp]"], ["198.51.100.1/32[udp/l2tp]"], mode="l2tp"), [])

    def test_status_says_how_it_stands(self) -> None:
        self.associations = [association("office")]
        self.follower.look(1_700_000_000)
        self.assertEqual(
            site_status.line(site_status.collect(self.gateway)[0]),
            "site office to cloud (198.51.100.20): up since 2023-11-14T22:13:20Z; 840 bytes in, 960 out; AES_GCM_16 256, ESP within UDP, 1438 bytes fit",
        )
        self.associations = []
        self.follower.look(1_700_000_060)
        self.follower.heard("log", {"ikesa-name": "site-office", "msg": "received NO_PROPOSAL_CHOSEN notify error"}, 1_700_000_061)
        self.follower.write()
        self.assertEqual(
            site_status.line(site_status.collect(self.gateway)[0]),
            "site office to cloud (198.51.100.20): down since 2023-11-14T22:14:20Z: the other end accepts none of our proposals, or knows no connection with us",
        )


class ReasonTest(unittest.TestCase):
    def test_what_is_no_failure_has_no_reason(self) -> None:
        for text in ("establishing CHILD_SA office{3}", "IKE_SA site-office[3] established between a...b", "received ESP_TFC_PADDING_NOT_SUPPORTED, not using ESPv3 TFC padding"):
            self.assertIsNone(site_log.reason_of(text), text)

    def test_charons_own_words(self) -> None:
        """Of strongSwan 6.0's sources; and what they mean here."""
        for text, reason in [
            # ike_sa.c, of a connection that is dialled by name (gateway/site/render/swanctl.ts), and with retry_initiate_interval
            ("unable to resolve cloud.example.com, 0.0.0.0/0, ::/0, initiate aborted", "the name cloud.example.com cannot be resolved"),
            ("unable to resolve branch.example.com, initiate aborted", "the name branch.example.com cannot be resolved"),
            ("unable to resolve cloud.example.com, 0.0.0.0/0, ::/0, retrying in 60s", "the name cloud.example.com cannot be resolved"),
            ("peer not responding, trying again (2/0)", "the other end does not answer"),
            ("giving up after 3 retransmits", "the other end does not answer"),
        ]:
            self.assertEqual(site_log.reason_of(text), reason)


class NamedTest(unittest.TestCase):
    """The far end is given by its name."""

    def test_what_is_a_name(self) -> None:
        self.assertEqual([named.is_name(text) for text in ("cloud.example.com", "192.0.2.1", "2001:db8::1", None)], [True, False, False, False])

    def answer(self, answer: object) -> str:
        with mock.patch.object(named.socket, "getaddrinfo", answer), mock.patch.object(named, "PATIENCE", 0.2):
            return named.words("cloud.example.com")

    def test_what_it_stands_for_now(self) -> None:
        found = [(2, 2, 17, "", ("192.0.2.7", 0)), (2, 1, 6, "", ("192.0.2.7", 0)), (10, 2, 17, "", ("2001:db8::7", 0, 0, 0))]
        self.assertEqual(self.answer(lambda *_, **__: found), "cloud.example.com is 192.0.2.7, 2001:db8::7 now")

    def test_that_it_stands_for_nothing(self) -> None:
        error = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        self.assertEqual(self.answer(mock.Mock(side_effect=error)), "cloud.example.com cannot be resolved now (Name or service not known)")

    def test_a_silent_name_server_keeps_nobody_waiting(self) -> None:
        over = threading.Event()
        began = time.monotonic()
        self.assertIn("no name server says within", self.answer(lambda *_, **__: [] if over.wait(5) else []))
        self.assertLess(time.monotonic() - began, 2)
        over.set()


class NamedStatusTest(FollowerCase):
    def test_status_says_what_the_name_is_where_nobody_answers(self) -> None:
        self.write("/etc/vpn-gateway/sites/office.json", json.dumps(description("office", endpoint="cloud.example.com")))
        self.follower.look(1000)
        for text, said in (
            ("giving up after 3 retransmits", "the other end does not answer; cloud.example.com is 192.0.2.7 now"),
            ("unable to resolve cloud.example.com, 0.0.0.0/0, ::/0, initiate aborted", "the name cloud.example.com cannot be resolved"),
        ):
            self.follower.followed["office"].reason = None
            self.follower.heard("log", {"ikesa-name": "site-office", "msg": text}, 1001)
            self.follower.write()
            with mock.patch.object(named.socket, "getaddrinfo", lambda *_, **__: [(2, 2, 17, "", ("192.0.2.7", 0))]):
                self.assertEqual(site_status.collect(self.gateway)[0]["reason"], said)

    def test_of_an_address_nothing_is_asked(self) -> None:
        self.follower.look(1000)
        self.follower.heard("log", {"ikesa-name": "site-office", "msg": "giving up after 3 retransmits"}, 1001)
        self.follower.write()
        with mock.patch.object(named.socket, "getaddrinfo", mock.Mock(side_effect=AssertionError)):
            self.assertEqual(site_status.collect(self.gateway)[0]["reason"], "the other end does not answer")


if __name__ == "__main__":
    unittest.main()
