"""The table of all site connections, made of a frame and of a share for each."""

from __future__ import annotations

import os

from machine import MachineTest, part_text
from test_sites import SHARE, base_part
from vpn_gateway import nft_listing, site_firewall
from vpn_gateway.gateway import Gateway

MADE = "/etc/vpn-gateway/firewall.d/sites.nft"


def share_of(name: str, far: str = "10.30.0.0/24", rules: str = "counter drop") -> str:
    return part_text(f"site-{name}", {f"/etc/vpn-gateway/sites/{name}.nft": SHARE.format(name, far).replace("counter drop", rules)})


class SiteFirewallTest(MachineTest):
    def setUp(self) -> None:
        super().setUp()
        self.apply(base_part())

    def kernel(self) -> str:
        with open(f"{self.state}/sites.nft") as file:
            return file.read()

    def check_says(self) -> str:
        done = self.run_command("check")
        return done.stdout + done.stderr

    def test_one_more_is_added_and_no_other_is_loaded_again(self) -> None:
        self.apply(share_of("office"))
        self.apply(share_of("branch", "10.40.0.0/24"))
        self.assertEqual(self.kernel().count("delete table"), 1)
        self.assertEqual(self.kernel().count("chain site_office_inwards {"), 1)
        # Added twice by a change that was cut off it is there once.
        self.assertIn("flush chain inet vpn_gateway_sites site_branch_inwards", self.kernel())
        self.assertEqual(self.run_command("check").returncode, 0)

    def test_each_set_is_filled_once_with_the_elements_of_all(self) -> None:
        self.apply(share_of("office", "10.30.0.0/24, 10.31.0.0/24"))
        self.apply(share_of("branch", "10.30.0.0/24, 10.40.0.0/24"))
        made = self.read(MADE)
        self.assertIn("  set far4 {\n    type ipv4_addr\n    flags interval\n    elements = { 10.30.0.0/24, 10.40.0.0/24, 10.31.0.0/24 }\n  }\n", made)
        self.assertIn('    elements = { "st-branch" : jump site_branch_inwards, "st-office" : jump site_office_inwards }\n', made)
        self.assertNotIn("add element", made)
        self.assertLess(made.index("delete table"), made.index("chain site_branch_inwards"))
        self.assertLess(made.index("chain site_office_inwards"), made.index("map inwards"))

    def test_what_two_have_stays_while_one_has_it(self) -> None:
        self.apply(share_of("office", "10.30.0.0/24"))
        self.apply(share_of("branch", "10.30.0.0/24"))
        self.assertEqual(self.run_command("remove", "site-office").returncode, 0)
        self.assertIn("elements = { 10.30.0.0/24 }", self.kernel())
        self.assertNotIn("office", self.kernel())
        self.assertEqual(self.run_command("remove", "site-branch").returncode, 0)
        self.assertNotIn("elements", self.kernel())

    def test_a_changed_one_replaces_the_table_whole(self) -> None:
        self.apply(share_of("office"))
        self.apply(share_of("office", rules="counter reject"))
        self.assertEqual(self.kernel().count("chain site_office_inwards {"), 1)
        self.assertIn("counter reject", self.kernel())

    def test_a_table_that_is_gone_comes_back_with_all_shares(self) -> None:
        self.apply(share_of("office"))
        self.unmark("sites.nft")
        self.assertIn("sites/office.nft: its share of table inet vpn_gateway_sites is not in the kernel", self.check_says())
        self.apply(share_of("branch", "10.40.0.0/24"))
        self.assertIn("chain site_office_inwards", self.kernel())
        self.assertEqual(self.run_command("check").returncode, 0)

    def test_what_somebody_did_to_one_is_said_and_not_forgotten(self) -> None:
        self.apply(share_of("office"))
        self.mark("sites.nft", self.kernel().replace("counter drop", "counter accept"))
        said = "/etc/vpn-gateway/sites/office.nft: somebody changed its rules in table inet vpn_gateway_sites in the kernel"
        self.assertIn(said, self.check_says())
        self.apply(share_of("branch", "10.40.0.0/24"))
        self.assertIn(said, self.check_says())
        self.apply(share_of("office"))
        self.assertEqual(self.run_command("check").returncode, 0)

    def test_an_element_that_somebody_took_out_is_said(self) -> None:
        self.apply(share_of("office"))
        self.mark("sites.nft", self.kernel().replace('add element inet vpn_gateway_sites inwards', '# no'))
        self.assertIn("sites/office.nft: its share of table inet vpn_gateway_sites is not in the kernel", self.check_says())
        self.apply(share_of("office"))
        self.assertEqual(self.run_command("check").returncode, 0)

    def test_a_file_that_somebody_wrote_is_said(self) -> None:
        self.write(MADE, "table inet mine {\n}\n")
        self.assertIn(f"{MADE} is not made of", self.check_says())

    def test_what_nft_refuses_is_named_and_nothing_is_changed(self) -> None:
        before = self.kernel()
        said = self.apply(share_of("office", rules="typo"), expect=1)
        self.assertIn("/etc/vpn-gateway/sites/office.nft", said.stdout + said.stderr)
        self.assertEqual(self.kernel(), before)
        self.assertFalse(self.exists("/etc/vpn-gateway/sites/office.nft"))

    def test_a_share_that_the_kernel_refuses_leaves_the_others(self) -> None:
        self.apply(share_of("office"))
        self.apply(share_of("branch", rules="kernelrefuses"), expect=1)
        self.assertIn("site_office_inwards", self.kernel())
        self.assertNotIn("branch", self.read(MADE))
        self.assertEqual(self.run_command("check").returncode, 0)

    def test_with_the_gateway_goes_the_table(self) -> None:
        self.apply(share_of("office"))
        self.assertEqual(self.run_command("remove", "site-office").returncode, 0)
        self.assertEqual(self.run_command("remove", "base").returncode, 0)
        self.assertFalse(self.exists(MADE))
        self.assertFalse(self.exists("/etc/vpn-gateway/firewall.d"))
        self.assertFalse(os.path.exists(f"{self.state}/sites.nft"))


LISTED = """table inet vpn_gateway_sites {
\tset far4 {
\t\ttype ipv4_addr
\t\tflags interval
\t\tauto-merge
\t\telements = { 10.30.0.0/23, 10.40.0.0-10.40.2.255,
\t\t\t     10.50.0.1 }
\t}

\tmap inwards {
\t\ttype ifname : verdict
\t\telements = { "st-office" : jump site_office_inwards,
\t\t\t     "st-branch" : jump site_branch_inwards }
\t}

\tchain site_office_inwards {
\t\ticmp type { destination-unreachable, time-exceeded } return
\t\tcounter drop
\t}
}
"""


class ListingTest(MachineTest):
    """Of nft 1.1.3's own words."""

    def test_what_the_kernel_has(self) -> None:
        listing = nft_listing.listing_of(LISTED)
        self.assertEqual(list(listing.chains), ["site_office_inwards"])
        for name, element in [("far4", "10.30.1.0/24"), ("far4", "10.40.2.0/24"), ("far4", "10.50.0.1/32"), ("inwards", '"st-branch" : jump site_branch_inwards')]:
            self.assertTrue(listing.has(name, element), element)
        for name, element in [("far4", "10.32.0.0/24"), ("far4", "10.40.2.0/23"), ("far4", "fd00::/64"), ("far6", "10.31.0.0/24"), ("inwards", '"st-branch" : jump site_office_inwards')]:
            self.assertFalse(listing.has(name, element), element)

    def test_without_a_frame_there_is_no_table(self) -> None:
        self.write("/etc/vpn-gateway/sites/office.nft", "x")
        self.assertEqual(site_firewall.pieces(Gateway(self.root, "test")), {})
