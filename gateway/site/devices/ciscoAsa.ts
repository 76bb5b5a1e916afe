import { ciscoBlock, ciscoLine, renderCiscoCli } from "../../formats/ciscoCli";
import { maximumSegmentSize } from "../../mtu";
import { linkAddresses, speaksBgp } from "../bgp";
import { leastSiteMtu } from "../mtu";
import { siteNames } from "../names";
import { isAead } from "../proposals";
import type { SiteSecrets, SiteView } from "../spec";
import { addressAndMask, tunnelAddresses, tunnelNumber } from "./addresses";
import { ciscoBgp, ciscoGroups, ciscoInterface, ciscoKey, ciscoLinkMask, ciscoPrfs } from "./cisco";
import { type DeviceKind, deviceLifetimes, type DeviceOptions, type DeviceStep, gatewayEndpoint, keyOf, untried } from "./device";
import { plainSequenceNumbers, prfOf, translated, type DeviceWords } from "./words";

const title = "Cisco ASA";
const outside = "outside";
const ciphers = { aes256gcm16: "aes-gcm-256", aes192gcm16: "aes-gcm-192", aes128gcm16: "aes-gcm", aes256: "aes-256", aes192: "aes-192", aes128: "aes" };

/** ASA command reference, `crypto ikev2 policy` and `crypto ipsec ikev2 ipsec-proposal`. */
const words: DeviceWords = {
  ike: { encryption: ciphers, integrity: { sha512: "sha512", sha384: "sha384", sha256: "sha256", sha1: "sha" }, prf: ciscoPrfs, groups: ciscoGroups },
  esp: {
    encryption: ciphers,
    integrity: { sha512: "sha-512", sha384: "sha-384", sha256: "sha-256", sha1: "sha-1" },
    groups: ciscoGroups,
    sequenceNumbers: plainSequenceNumbers,
  },
};

/**
 * IKEv2 with a tunnel interface, ASA 9.8 and later: CLI Book 3, "Virtual Tunnel Interface". A tunnel group is named by what
 * the gateway calls itself, which towards a device is its address.
 */
function render(view: SiteView, secrets: SiteSecrets, { outsideInterface = outside }: DeviceOptions): DeviceStep[] {
  const { spec, near, far } = view;
  const name = siteNames(spec.name).connection;
  const gateway = gatewayEndpoint(view);
  const number = tunnelNumber(spec.name);
  const lifetimes = deviceLifetimes(view);
  const key = keyOf(view, secrets);
  const [esp] = near.proposals.esp.map((text) => translated(words.esp, text));
  const aead = isAead(near.proposals.esp[0]);
  const addresses = tunnelAddresses(spec.name);
  const bgp = speaksBgp(view);
  const lines = [
    ...near.proposals.ike.map((text, index) => {
      const { encryption, integrity, prf, groups } = translated(words.ike, text);
      return ciscoBlock(["crypto", "ikev2", "policy", String(number + index)], [
        ciscoLine("encryption", ...encryption),
        ciscoLine("integrity", ...(integrity.length > 0 ? integrity : ["null"])),
        ciscoLine("group", ...groups),
        ciscoLine("prf", ...(prf.length > 0 ? prf : [prfOf(words.ike, text)])),
        ciscoLine("lifetime", "seconds", String(lifetimes.ike)),
      ]);
    }),
    ciscoLine("crypto", "ikev2", "enable", outsideInterface),
    ciscoBlock(["crypto", "ipsec", "ikev2", "ipsec-proposal", name], [
      ciscoLine("protocol", "esp", "encryption", ...esp.encryption),
      ciscoLine("protocol", "esp", "integrity", ...(aead ? ["null"] : esp.integrity)),
    ]),
    ciscoBlock(["crypto", "ipsec", "profile", name], [
      ciscoLine("set", "ikev2", "ipsec-proposal", name),
      ...(esp.groups.length > 0 ? [ciscoLine("set", "pfs", `group${esp.groups[0]}`)] : []),
      ciscoLine("set", "security-association", "lifetime", "seconds", String(lifetimes.child)),
    ]),
    ciscoLine("group-policy", name, "internal"),
    ciscoBlock(["group-policy", name, "attributes"], [ciscoLine("vpn-tunnel-protocol", "ikev2")]),
    ciscoLine("tunnel-group", far.identity, "type", "ipsec-l2l"),
    ciscoBlock(["tunnel-group", far.identity, "general-attributes"], [ciscoLine("default-group-policy", name)]),
    ciscoBlock(["tunnel-group", far.identity, "ipsec-attributes"], [
      ciscoLine("ikev2", "remote-authentication", "pre-shared-key", key),
      ciscoLine("ikev2", "local-authentication", "pre-shared-key", key),
      ciscoLine("isakmp", "keepalive", "threshold", "10", "retry", "3"),
    ]),
    ciscoBlock(["interface", `Tunnel${number}`], [
      ciscoLine("nameif", name),
      ciscoLine("ip", "address", bgp ? linkAddresses(view).near.ipv4 : addresses.device, ciscoLinkMask),
      ciscoLine("tunnel", "source", "interface", outsideInterface),
      ciscoLine("tunnel", "destination", gateway),
      ciscoLine("tunnel", "mode", "ipsec", "ipv4"),
      ciscoLine("tunnel", "protection", "ipsec", "profile", name),
    ]),
    ...far.networks.flatMap((text) => [
      ...(bgp ? [] : [ciscoLine("route", name, ...addressAndMask(text), addresses.other, "1")]),
      // Without the tunnel nothing leaves in clear.
      ciscoLine("route", "Null0", ...addressAndMask(text), "254"),
    ]),
    // A network is announced only where the very same is a route: this one is, also where there are none but parts of it.
    ...(bgp ? near.networks.map((text) => ciscoLine("route", "Null0", ...addressAndMask(text), "254")) : []),
    ...(bgp ? ciscoBgp(view, "asa") : []),
    ciscoLine("sysopt", "connection", "tcpmss", String(maximumSegmentSize(leastSiteMtu(spec), 4))),
  ];
  return [{ title: "In configuration mode", text: renderCiscoCli(lines, untried(view, title)) }];
}

export const ciscoAsa: DeviceKind = {
  title,
  profile: "cisco",
  render,
  words,
  bgp: {
    linkPrefixes: [30],
    bfd: false,
    source: "awsdocs/amazon-vpc-network-administrator-guide, doc_source/cisco-asa-vti-bgp.md (router bgp with everything in its address family, neighbor … timers, network); ASA command reference, prefix-list, neighbor prefix-list",
  },
  oneSuite: { ike: false, esp: true },
  dials: "ipv4",
  // `crypto isakmp identity` is one for the whole device, and is its address unless something else is said.
  identity: "address",
  interfaces: { outside, pattern: ciscoInterface },
  preSharedKey: ciscoKey,
};
