import { network } from "../../addressing";
import { ciscoBlock, ciscoLine, type CiscoLine } from "../../formats/ciscoCli";
import { bgpEnds, linkAddresses, timersOf } from "../bgp";
import { siteNames } from "../names";
import type { SiteView } from "../spec";
import { addressAndMask } from "./addresses";

/** What the words of Cisco's two systems have in common. */
export const ciscoGroups: Record<string, string> = { ecp521: "21", ecp384: "20", ecp256: "19", modp4096: "16", modp3072: "15", modp2048: "14" };
export const ciscoPrfs: Record<string, string> = { prfsha512: "sha512", prfsha384: "sha384", prfsha256: "sha256", prfsha1: "sha" };

/**
 * A key's characters: the command line cannot carry a space or `?`, and takes 128 at most (Cisco IOS Security Command
 * Reference, `pre-shared-key (IKEv2 keyring)`; ASA command reference, `ikev2 local-authentication`).
 */
export const ciscoKey = { pattern: /^[\x21\x23-\x3e\x40-\x7e]{1,127}$/, says: "1 to 127 printable ASCII characters without spaces, quotes and question marks, the first no exclamation mark" };
export const ciscoInterface = /^[A-Za-z][A-Za-z0-9./_-]{0,47}$/;

/** The mask of a tunnel interface with BGP: ASA has no /31. */
export const ciscoLinkMask = "255.255.255.252";

/**
 * A BGP session with filters both ways: what is named at an end, and of the gateway's what is within it.
 * AWS' examples for IOS and ASA with BGP (awsdocs/amazon-vpc-network-administrator-guide, Cisco.md, cisco-asa-vti-bgp.md); IP Routing: BGP
 * Configuration Guide, IOS XE 17; ASA command reference, `router bgp`, `prefix-list`.
 *
 * @param dialect IOS: neighbours stand outside of the address family, too, and lists are `ip`'s
 */
export function ciscoBgp(view: SiteView, dialect: "ios" | "asa"): CiscoLine[] {
  const { near, far, spec } = view;
  const name = siteNames(spec.name).connection;
  const ends = bgpEnds(view);
  const timers = timersOf(view);
  const peer = linkAddresses(view).far.ipv4;
  const neighbor = (...words: (string | number)[]) => ciscoLine("neighbor", peer, ...words.map(String));
  const list = (direction: "in" | "out", networks: readonly string[], more: readonly string[]) =>
    networks.map((text, index) =>
      ciscoLine(...(dialect === "ios" ? ["ip"] : []), "prefix-list", `${name}-${direction}`, "seq", String(5 * (index + 1)), "permit", network(text).text, ...(network(text).prefix < 32 ? more : [])),
    );
  const session = [neighbor("remote-as", ends.far.as), neighbor("timers", timers.keepalive, timers.hold)];
  return [
    ...list("in", far.networks, ["le", "32"]),
    ...list("out", near.networks, []),
    ciscoBlock(["router", "bgp", String(ends.near.as)], [
      ciscoLine("bgp", "log-neighbor-changes"),
      ...(dialect === "ios" ? session : []),
      ciscoBlock(["address-family", "ipv4", "unicast"], [
        ...(dialect === "asa" ? session : []),
        neighbor("activate"),
        neighbor("prefix-list", `${name}-in`, "in"),
        neighbor("prefix-list", `${name}-out`, "out"),
        ...near.networks.map((text) => {
          const [address, mask] = addressAndMask(text);
          return ciscoLine("network", address, "mask", mask);
        }),
        ciscoLine("exit-address-family"),
      ]),
    ]),
  ];
}
