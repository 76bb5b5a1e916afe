import { parseAddress } from "../../addressing";
import { ciscoBlock, ciscoLine, renderCiscoCli, type CiscoLine } from "../../formats/ciscoCli";
import { maximumSegmentSize } from "../../mtu";
import { linkAddresses, speaksBgp } from "../bgp";
import { leastSiteMtu } from "../mtu";
import { siteNames } from "../names";
import { isAead } from "../proposals";
import type { SiteSecrets, SiteView } from "../spec";
import { addressAndMask, tunnelNumber } from "./addresses";
import { ciscoBgp, ciscoGroups, ciscoInterface, ciscoKey, ciscoLinkMask, ciscoPrfs } from "./cisco";
import { type DeviceKind, deviceLifetimes, type DeviceOptions, type DeviceStep, gatewayEndpoint, keyOf, untried } from "./device";
import { plainSequenceNumbers, translated, type DeviceWords } from "./words";

const title = "Cisco IOS XE";
const outside = "GigabitEthernet1";

/** Cisco IOS Security Command Reference: `encryption (IKEv2 proposal)`, `integrity`, `prf`, `group`; `crypto ipsec transform-set`. */
const words: DeviceWords = {
  ike: {
    encryption: { aes256gcm16: "aes-gcm-256", aes128gcm16: "aes-gcm-128", aes256: "aes-cbc-256", aes192: "aes-cbc-192", aes128: "aes-cbc-128" },
    integrity: { sha512: "sha512", sha384: "sha384", sha256: "sha256", sha1: "sha1" },
    prf: { ...ciscoPrfs, prfsha1: "sha1" },
    groups: ciscoGroups,
  },
  esp: {
    encryption: { aes256gcm16: "esp-gcm 256", aes192gcm16: "esp-gcm 192", aes128gcm16: "esp-gcm 128", aes256: "esp-aes 256", aes192: "esp-aes 192", aes128: "esp-aes" },
    integrity: { sha512: "esp-sha512-hmac", sha384: "esp-sha384-hmac", sha256: "esp-sha256-hmac", sha1: "esp-sha-hmac" },
    groups: ciscoGroups,
    sequenceNumbers: plainSequenceNumbers,
  },
};

function identity(text: string, remote: boolean): string[] {
  if (parseAddress(text) === undefined) return ["fqdn", text];
  return ["address", text, ...(remote ? ["255.255.255.255"] : [])];
}

function ikeProposals({ spec, near }: SiteView): { names: string[]; blocks: CiscoLine[] } {
  const names = near.proposals.ike.map((_, index) => `${siteNames(spec.name).connection}-${index + 1}`);
  const blocks = near.proposals.ike.map((text, index) => {
    const { encryption, integrity, prf, groups } = translated(words.ike, text);
    return ciscoBlock(["crypto", "ikev2", "proposal", names[index]], [
      ciscoLine("encryption", ...encryption),
      ...(integrity.length > 0 ? [ciscoLine("integrity", ...integrity)] : []),
      ...(prf.length > 0 ? [ciscoLine("prf", ...prf)] : []),
      ciscoLine("group", ...groups),
    ]);
  });
  return { names, blocks };
}

/** IKEv2 with a static tunnel interface: FlexVPN and Internet Key Exchange Version 2 Configuration Guide, Cisco IOS XE 17. */
function render(view: SiteView, secrets: SiteSecrets, { outsideInterface = outside }: DeviceOptions): DeviceStep[] {
  const { spec, near, far } = view;
  const name = siteNames(spec.name).connection;
  const gateway = gatewayEndpoint(view);
  const lifetimes = deviceLifetimes(view);
  const { names, blocks } = ikeProposals(view);
  const [esp] = near.proposals.esp.map((text) => translated(words.esp, text));
  const tunnel = `Tunnel${tunnelNumber(spec.name)}`;
  const mtu = leastSiteMtu(spec);
  const bgp = speaksBgp(view);
  const lines = [
    ...blocks,
    ciscoBlock(["crypto", "ikev2", "policy", name], names.map((one) => ciscoLine("proposal", one))),
    ciscoBlock(["crypto", "ikev2", "keyring", name], [
      { words: ["peer", "gateway"], within: [ciscoLine("address", gateway), ciscoLine("pre-shared-key", keyOf(view, secrets))] },
    ]),
    ciscoBlock(["crypto", "ikev2", "profile", name], [
      ciscoLine("match", "identity", "remote", ...identity(far.identity, true)),
      ciscoLine("identity", "local", ...identity(near.identity, false)),
      ciscoLine("authentication", "remote", "pre-share"),
      ciscoLine("authentication", "local", "pre-share"),
      ciscoLine("keyring", "local", name),
      ciscoLine("lifetime", String(lifetimes.ike)),
      ciscoLine("dpd", "10", "3", "periodic"),
    ]),
    ciscoBlock(["crypto", "ipsec", "transform-set", name, ...esp.encryption[0].split(" "), ...(isAead(near.proposals.esp[0]) ? [] : esp.integrity)], [ciscoLine("mode", "tunnel")]),
    ciscoBlock(["crypto", "ipsec", "profile", name], [
      ciscoLine("set", "security-association", "lifetime", "seconds", String(lifetimes.child)),
      ciscoLine("set", "security-association", "replay", "window-size", "1024"),
      ciscoLine("set", "transform-set", name),
      ...(esp.groups.length > 0 ? [ciscoLine("set", "pfs", `group${esp.groups[0]}`)] : []),
      ciscoLine("set", "ikev2-profile", name),
    ]),
    ciscoBlock(["interface", tunnel], [
      bgp ? ciscoLine("ip", "address", linkAddresses(view).near.ipv4, ciscoLinkMask) : ciscoLine("ip", "unnumbered", outsideInterface),
      ciscoLine("ip", "mtu", String(mtu)),
      ciscoLine("ip", "tcp", "adjust-mss", String(maximumSegmentSize(mtu, 4))),
      ciscoLine("tunnel", "source", outsideInterface),
      ciscoLine("tunnel", "mode", "ipsec", "ipv4"),
      ciscoLine("tunnel", "destination", gateway),
      ciscoLine("tunnel", "protection", "ipsec", "profile", name),
    ]),
    ...far.networks.flatMap((text) => [
      ...(bgp ? [] : [ciscoLine("ip", "route", ...addressAndMask(text), tunnel)]),
      // Without the tunnel nothing leaves in clear.
      ciscoLine("ip", "route", ...addressAndMask(text), "Null0", "254"),
    ]),
    // A network is announced only where the very same is a route: this one is, also where there are none but parts of it.
    ...(bgp ? near.networks.map((text) => ciscoLine("ip", "route", ...addressAndMask(text), "Null0", "254")) : []),
    ...(bgp ? ciscoBgp(view, "ios") : []),
  ];
  return [{ title: "In configuration mode", text: renderCiscoCli(lines, untried(view, title)) }];
}

export const ciscoIos: DeviceKind = {
  title,
  profile: "cisco",
  render,
  words,
  bgp: {
    linkPrefixes: [30],
    bfd: false,
    source: "awsdocs/amazon-vpc-network-administrator-guide, doc_source/Cisco.md (a tunnel interface with an address, router bgp, neighbor … timers, network); IP Routing: BGP Configuration Guide, IOS XE 17 (prefix-list in and out, 4-byte AS numbers)",
  },
  oneSuite: { ike: false, esp: true },
  dials: "ipv4",
  identity: "anything",
  interfaces: { outside, pattern: ciscoInterface },
  preSharedKey: ciscoKey,
};
