"""Layer-2 extensions: what is refused on a gateway, the bridge and its ports, what the follower does, and what status says."""

from __future__ import annotations

import json
import unittest
from unittest import mock

from machine import MachineTest, part_text
from test_sites import association, base_part
from test_sites import description as site_description
from test_sites import part_of as site_part

from vpn_gateway import follower, layer2, layer2_status, nftables, sites
from vpn_gateway.gateway import Gateway

TABLES = "".join(f"table {family} vpn_gateway_layer2_{{0}} {{{{\n}}}}\n" for family in ("inet", "bridge"))
LINK = ["169.254.64.6/31"]


def description(name: str = "seg", vlans: tuple[int, ...] = (100,), vni: int = 5000, interface: str = "lan0", **changes: object) -> dict:
    return {
        "name": name, "connection": "office", "peer": "cloud", "tunnel": "st-office", "link": "169.254.64.6/31", "near": "169.254.64.6",
        "far": "169.254.64.7", "kind": "vxlan", "port": 4789, "overhead": 50, "bridge": f"l2-{name}", "table": f"vpn_gateway_layer2_{name}",
        "ageingSeconds": 300,
        "segments": [
            {"vni": vni + index, "pvid": index + 1, "interface": interface, "vlan": vlan, "inside": f"l2i-{name}-{vlan}" if vlan else interface, "beyond": f"l2t-{name}-{vlan}"}
            for index, vlan in enumerate(vlans)
        ],
        **changes,
    }  # fmt: skip


def part_of(one: dict) -> str:
    return part_text(
        f"layer2-{one['name']}",
        {
            f"/etc/modules-load.d/vpn-gateway-layer2-{one['name']}.conf": "bridge\nvxlan\n",
            f"/etc/vpn-gateway/firewall.d/layer2-{one['name']}.nft": TABLES.format(one["name"]),
            f"/etc/vpn-gateway/layer2/{one['name']}.json": json.dumps(one),
        },
        "module bridge", "module vxlan",
    )  # fmt: skip


class Layer2Test(MachineTest):
    def setUp(self) -> None:
        super().setUp()
        self.charon = self.start_charon()
        self.apply(base_part())
        self.apply(site_part("office", addresses=LINK))
        for name in ("lan0", "lan1", "wan0"):
            self.mark_link(name)
        self.mark("default-route", '[{"dst": "default", "dev": "wan0"}]')
        self.forget_calls()

    def mark_link(self, name: str, **more: object) -> None:
        self.mark(f"links/{name}", json.dumps([{"flags": ["UP"], "mtu": 1500, "link_type": "ether", **more}]))

    def changes(self) -> list[str]:
        """What was asked of the kernel, without what only looks."""
        return [call for call in self.calls() if call.startswith(("ip ", "bridge ")) and " show" not in call and " route get " not in call]


class PartTest(Layer2Test):
    def test_it_comes_with_a_bridge_that_filters_and_a_port_into_the_tunnel_that_is_down(self) -> None:
        self.apply(part_of(description()))
        self.assertEqual(
            self.changes(),
            [
                "ip route replace unreachable 169.254.64.6/31 metric 4278198272 proto 201",
                "ip link add name l2-seg type bridge vlan_filtering 1 vlan_default_pvid 0 stp_state 0 mcast_snooping 0 ageing_time 30000",
                "ip link set dev l2-seg addrgenmode none up",
                "ip link add link lan0 name l2i-seg-100 type vlan id 100",
                "ip link set dev l2i-seg-100 addrgenmode none",
                "ip link set dev l2i-seg-100 master l2-seg",
                "bridge vlan add dev l2i-seg-100 vid 1 pvid untagged",
                "ip link set dev l2i-seg-100 up",
                "ip link add name l2t-seg-100 type vxlan id 5000 local 169.254.64.6 remote 169.254.64.7 dstport 4789 ttl 64 df unset nolearning",
                "ip link set dev l2t-seg-100 mtu 1500 addrgenmode none",
                "ip link set dev l2t-seg-100 master l2-seg",
                "bridge vlan add dev l2t-seg-100 vid 1 pvid untagged",
            ],
        )

    def test_its_guards_are_there_before_its_bridge_and_go_after_it(self) -> None:
        self.apply(part_of(description()))
        calls = self.calls()
        self.assertLess(calls.index("nft -f -"), next(index for index, call in enumerate(calls) if call.startswith("ip link add name l2-seg")))
        self.forget_calls()
        self.assertEqual(self.run_command("remove", "layer2-seg").returncode, 0)
        calls = self.calls()
        self.assertLess(calls.index("ip link del dev l2-seg"), calls.index("nft -f -"))

    def test_whoever_fragments_has_gre_bound_to_the_tunnel(self) -> None:
        self.apply(part_of(description(kind="gretap", overhead=42)))
        self.assertIn("ip link add name l2t-seg-100 type gretap local 169.254.64.6 remote 169.254.64.7 key 5000 nopmtudisc ignore-df dev st-office", self.changes())

    def test_gre_that_is_bound_to_an_interface_that_is_gone_is_made_anew(self) -> None:
        self.apply(part_of(description(kind="gretap", overhead=42)))
        self.mark_link("l2t-seg-100", master="l2-seg", link="if77")
        self.forget_calls()
        gateway = Gateway(self.root, "test")
        with mock.patch.dict("os.environ", self.environment):
            gateway.programs.path = self.environment["PATH"]
            layer2.ensure(gateway, description(kind="gretap", overhead=42))
            made = [call for call in self.changes() if "l2t-seg-100" in call]
            self.assertEqual([" ".join(call.split()[:6]) for call in made[:2]], ["ip link del dev l2t-seg-100", "ip link add name l2t-seg-100 type"])
            self.forget_calls()
            self.mark_link("l2t-seg-100", master="l2-seg", link="st-office")
            layer2.ensure(gateway, description(kind="gretap", overhead=42))
        self.assertEqual(self.changes(), ["ip route replace unreachable 169.254.64.6/31 metric 4278198272 proto 201"])

    def test_frames_without_a_tag_take_the_interface_itself(self) -> None:
        self.apply(part_of(description(vlans=(0,), interface="lan1")))
        self.assertIn("ip link set dev lan1 master l2-seg", self.changes())
        self.assertFalse([call for call in self.changes() if "type vlan" in call])
        self.forget_calls()
        self.assertEqual(self.run_command("remove", "layer2-seg").returncode, 0)
        self.assertNotIn("ip link del dev lan1", self.changes())

    def test_removing_it_leaves_nothing_and_no_other_loses_anything(self) -> None:
        self.apply(part_of(description()))
        self.apply(part_of(description("two", (200,), 6000)))
        self.forget_calls()
        self.assertEqual(self.run_command("remove", "layer2-two").returncode, 0)
        self.assertEqual(self.changes(), ["ip link del dev l2t-two-200", "ip link del dev l2-two", "ip link del dev l2i-two-200"])
        self.forget_calls()
        self.assertEqual(self.run_command("remove", "layer2-seg").returncode, 0)
        self.assertEqual(self.changes()[-1], "ip route del unreachable 169.254.64.6/31 metric 4278198272 proto 201")
        self.assertFalse(self.exists("/etc/vpn-gateway/layer2/seg.json"))
        self.assertEqual(self.part_names(), ["base", "site-office"])

    def part_names(self) -> list[str]:
        return [part["name"] for part in self.status()["parts"]]

    def test_a_change_makes_it_anew(self) -> None:
        self.apply(part_of(description()))
        self.forget_calls()
        self.apply(part_of(description(vlans=(101,))))
        self.assertLess(self.changes().index("ip link del dev l2i-seg-100"), self.changes().index("ip link add link lan0 name l2i-seg-101 type vlan id 101"))

    def refused(self, one: dict) -> str:
        said = self.apply(part_of(one), expect=1).stderr
        self.assertFalse(self.exists(f"/etc/vpn-gateway/layer2/{one['name']}.json"))
        self.assertEqual([call for call in self.changes() if "link add" in call and f"-{one['name']}" in call], [])
        return said

    def test_all_that_this_gateway_has_against_it_comes_at_once(self) -> None:
        self.apply(part_of(description()))
        said = self.refused(description("two", (100, 200), 5000))
        self.assertIn("the extension seg has the VNI 5000, too", said)
        self.assertIn("the extension seg has VLAN 100 of lan0 already: VLAN 100 of lan0 cannot be this one's, too", said)
        self.assertIn("there is no site connection branch", self.refused(description("two", (200,), 6000, connection="branch")))
        self.assertIn("has not the address 169.254.64.8 on st-office: give it `layerTwo: true`", self.refused(description("two", (200,), 6000, near="169.254.64.8")))
        said = self.refused(description("two", (200,), 6000, interface="lan9"))
        self.assertIn("there is no interface lan9 on this gateway", said)

    def test_the_outside_interface_is_refused_as_a_whole_and_by_vlan(self) -> None:
        for vlan in (0, 7):
            self.assertIn("wan0 is the way to the outside", self.refused(description(vlans=(vlan,), interface="wan0")))
        # Where a site's other end is reached without a default route.
        self.mark("route-to-198.51.100.20", '[{"dst": "198.51.100.20", "gateway": "10.0.0.1", "dev": "lan1"}]')
        self.assertIn("lan1 is the way to the outside", self.refused(description(vlans=(7,), interface="lan1")))

    def test_an_interface_that_the_gateway_uses_is_refused(self) -> None:
        self.mark("addresses-lan1", '[{"addr_info": [{"family": "inet6", "local": "fe80::1", "scope": "link"}, {"local": "10.20.0.1", "scope": "global"}]}]')
        self.assertIn("lan1 has the address 10.20.0.1, which would be out of reach", self.refused(description(vlans=(0,), interface="lan1")))
        self.mark_link("lan1", master="br0")
        self.assertIn("lan1 is a port of br0 already", self.refused(description(vlans=(0,), interface="lan1")))
        self.mark_link("lan1", link_type="none")
        self.assertIn("lan1 carries no Ethernet (none)", self.refused(description(vlans=(0,), interface="lan1")))
        self.mark_link("lan0.100", link="lan0", linkinfo={"info_kind": "vlan", "info_data": {"id": 100}})
        self.assertIn("VLAN 100 of lan0 is the gateway's own interface lan0.100", self.refused(description()))

    def test_check_names_what_the_kernel_has_not(self) -> None:
        self.apply(part_of(description()))
        self.mark_link("l2-seg", linkinfo={"info_data": {"vlan_filtering": 1}})
        self.mark_link("l2i-seg-100", master="l2-seg")
        self.mark_link("l2t-seg-100", master="l2-seg")
        found = lambda: layer2.problems(gateway, "x", json.dumps(description()).encode())  # noqa: E731
        with mock.patch.dict("os.environ", self.environment):
            gateway = Gateway(self.root, "test")
            self.assertEqual(found(), [])
            self.mark_link("eth9", master="l2-seg")
            self.mark_link("l2i-seg-100")
            self.mark_link("l2-seg", linkinfo={"info_data": {"vlan_filtering": 0}})
            self.unmark("links/l2t-seg-100")
            self.assertEqual(
                found(),
                [
                    "x: the bridge l2-seg filters no VLANs",
                    "x: the interface l2i-seg-100 is no port of l2-seg",
                    "x: the interface l2t-seg-100 is missing",
                    "x: eth9 is a port of l2-seg that nobody has named",
                ],
            )
            self.unmark("links/l2-seg")
            self.assertEqual(found(), ["x: the bridge l2-seg is missing"])

    def test_two_connections_with_one_link_are_refused(self) -> None:
        said = self.apply(site_part("branch", 9, far=["10.40.0.0/24"], addresses=LINK), expect=1).stderr
        self.assertIn("the site connection office has the link address 169.254.64.6/31, too", said)

    def test_nor_one_whose_link_holds_anothers(self) -> None:
        said = self.apply(site_part("branch", 9, far=["10.40.0.0/24"], addresses=["169.254.64.5/30"]), expect=1).stderr
        self.assertIn("the site connection office has the link address 169.254.64.5/30, too", said)
        self.apply(site_part("branch", 9, far=["10.40.0.0/24"], addresses=["169.254.64.9/30"]))


class FollowerTest(MachineTest):
    def setUp(self) -> None:
        super().setUp()
        self.gateway = Gateway(self.root, "test")
        self.write("/etc/vpn-gateway/sites/office.json", json.dumps(site_description("office", addresses=LINK)))
        self.write("/etc/vpn-gateway/layer2/seg.json", json.dumps(description()))
        self.write("/run/vpn-gateway/x", "")
        for name, count in (("rx", 12), ("tx", 34)):
            self.write(f"/sys/class/net/l2t-seg-100/statistics/{name}_packets", f"{count}\n")
        self.follower = follower.Follower(self.gateway)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.up = False
        self.firewall: str | None = "digest"
        self.associations: list = []
        self.links = {name: {"flags": ["UP"], "master": "l2-seg", "mtu": 1500} for name in ("lan0", "l2-seg", "l2i-seg-100", "l2t-seg-100", "st-office")}
        for target, name, with_what in [
            (sites, "ensure", lambda *_: None),
            (sites, "route_into", lambda *_: None),
            (sites, "routed", lambda _: {("10.30.0.0/24", "st-office")}),
            (layer2, "links", lambda _gateway: {name: {**one, **({"flags": ["UP"] if self.up else []} if name.startswith("l2t-") else {})} for name, one in self.links.items()}),
            (layer2, "_ip", self.ip),
            (nftables, "digest", lambda _gateway, _table: self.firewall),
            (follower.charon, "running", lambda _: True),
            (follower.charon, "associations", lambda _: self.associations),
            (follower.charon, "initiate", lambda *_: None),
            (self.follower, "say", self.said.append),
        ]:
            patch = mock.patch.object(target, name, with_what)
            patch.start()
            self.addCleanup(patch.stop)

    def ip(self, _gateway: Gateway, *words: str) -> None:
        self.asked.append(" ".join(words))
        if words[:3] == ("link", "set", "dev") and words[3].startswith("l2t-") and words[-1] in ("up", "down"):
            self.up = words[-1] == "up"

    def test_frames_cross_while_the_tunnel_stands_and_no_longer(self) -> None:
        self.follower.look(100)
        self.assertFalse(self.up)
        self.associations = [association("office")]
        self.follower.look(101)
        self.assertTrue(self.up)
        self.associations = []
        self.follower.look(102)
        self.assertFalse(self.up)
        self.assertEqual([text for text in self.said if text.startswith("seg")], ["seg: frames do not cross: the tunnel office is down", "seg: frames cross", "seg: frames do not cross: the tunnel office is down"])

    def test_without_its_firewall_no_frame_crosses(self) -> None:
        self.associations = [association("office")]
        self.follower.look(100)
        self.assertTrue(self.up)
        self.firewall = None
        self.follower.look(106)
        self.assertFalse(self.up)
        self.assertIn("seg: frames do not cross: its firewall is not in the kernel (table bridge vpn_gateway_layer2_seg)", self.said)
        self.firewall = "digest"
        self.follower.look(107)
        self.assertTrue(self.up)

    def test_what_is_as_it_should_be_is_not_asked_about_each_second(self) -> None:
        self.associations = [association("office")]
        self.follower.look(100)
        self.asked.clear()
        for second in range(1, 5):
            self.follower.look(100 + second)
        self.assertEqual(self.asked, [])

    def test_a_port_that_somebody_took_down_is_put_back(self) -> None:
        self.associations = [association("office")]
        self.follower.look(100)
        self.up = False
        self.follower.look(106)
        self.assertTrue(self.up)

    def test_an_interface_that_is_missing_is_said_once_and_tried_again(self) -> None:
        self.associations = [association("office")]
        lan = self.links.pop("lan0")
        for second in range(3):
            self.follower.look(100 + second)
        self.assertEqual([text for text in self.said if text.startswith("seg")], ["seg: frames do not cross: the interface lan0 is missing"])
        self.links["lan0"] = lan
        self.follower.look(104)
        self.assertTrue(self.up)

    def test_what_is_removed_while_it_looks_leaves_nothing(self) -> None:
        removed: list[str] = []
        with mock.patch.object(layer2, "is_described", lambda *_: False), mock.patch.object(layer2, "remove", lambda _gateway, one: removed.append(one["name"])):
            self.follower.look(100)
        self.assertEqual((removed, self.up), (["seg"], False))

    def line(self) -> str:
        return layer2_status.line(layer2_status.collect(self.gateway)[0])

    def test_status_says_how_it_stands(self) -> None:
        self.associations = [association("office")]
        self.follower.look(100)
        counted = {name: 0 for name in layer2_status.WORDS} | {"storm": 7, "control": 3}
        with mock.patch.object(layer2_status, "counters", lambda *_: counted), mock.patch.object(layer2_status, "_learned", lambda *_: {"here": 2, "beyond": 1}):
            self.assertEqual(
                self.line(),
                "layer2 seg over office to cloud (VLAN 100 of lan0): up, hosts' MTU 1388; 12 frames in, 34 out;"
                " dropped: 7 beyond the storm limit; 3 BPDUs and the like; learned 2 here, 1 beyond",
            )
            self.write("/etc/vpn-gateway/layer2/seg.json", json.dumps(description(kind="gretap", overhead=42)))
            self.assertIn("IP packets of more than 1396 bytes cross in two", self.line())
            self.up = False
            self.assertTrue(self.line().endswith("down: the interface l2t-seg-100 is down"))
            self.firewall = None
            self.assertTrue(self.line().endswith("down: its firewall is not in the kernel (table bridge vpn_gateway_layer2_seg)"))
            self.associations = []
            self.assertTrue(self.line().endswith("down: the tunnel office is down"))

    def test_what_nft_and_bridge_say_is_read(self) -> None:
        answers = {
            "nft": '{"nftables": [{"metainfo": {}}, {"counter": {"family": "bridge", "name": "storm", "packets": 9, "bytes": 540}}]}',
            "bridge": json.dumps([
                {"mac": "02:00:00:00:00:01", "ifname": "l2i-seg-100", "flags": [], "master": "l2-seg", "state": ""},
                {"mac": "02:00:00:00:00:02", "ifname": "l2t-seg-100", "flags": [], "master": "l2-seg", "state": ""},
                {"mac": "02:00:00:00:00:03", "ifname": "l2t-seg-100", "flags": [], "master": "l2-seg", "state": "permanent"},
                {"mac": "00:00:00:00:00:00", "ifname": "l2t-seg-100", "dst": "169.254.64.7", "flags": ["self"], "state": "permanent"},
            ]),
        }  # fmt: skip
        run = lambda program, *_words, **_how: mock.Mock(ok=True, output=answers[program])  # noqa: E731
        with mock.patch.object(self.gateway.programs, "run", run):
            self.assertEqual(layer2_status.counters(self.gateway, "t"), {"storm": 9})
            self.assertEqual(layer2_status._learned(self.gateway, description()), {"here": 1, "beyond": 1})


if __name__ == "__main__":
    unittest.main()
