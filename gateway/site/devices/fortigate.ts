import { network, parseAddress } from "../../addressing";
import { renderFortios, text, word, type FortiosEntry, type FortiosSection } from "../../formats/fortiosCli";
import { maximumSegmentSize } from "../../mtu";
import { bgpEnds, linkAddresses, speaksBgp, timersOf } from "../bgp";
import { leastSiteMtu } from "../mtu";
import { siteInterface } from "../names";
import { isAead } from "../proposals";
import type { SiteSecrets, SiteView } from "../spec";
import { addressAndMask } from "./addresses";
import { type DeviceKind, deviceLifetimes, type DeviceOptions, type DeviceStep, gatewayEndpoint, keyOf, untried } from "./device";
import { plainSequenceNumbers, together, translated, type DeviceWords } from "./words";

const title = "FortiGate";
const usual = { outside: "wan1", inside: "internal" };
const ciphers = { aes256gcm16: "aes256gcm", aes128gcm16: "aes128gcm", aes256: "aes256", aes192: "aes192", aes128: "aes128" };
const hashes = { sha512: "sha512", sha384: "sha384", sha256: "sha256", sha1: "sha1" };
const groups = { x25519: "31", ecp521: "21", ecp384: "20", ecp256: "19", modp4096: "16", modp3072: "15", modp2048: "14" };

/** FortiOS CLI reference, `proposal` and `dhgrp` of `vpn ipsec phase1-interface` and `phase2-interface`. */
const words: DeviceWords = {
  ike: { encryption: ciphers, integrity: hashes, prf: { prfsha512: "prfsha512", prfsha384: "prfsha384", prfsha256: "prfsha256", prfsha1: "prfsha1" }, groups },
  esp: { encryption: ciphers, integrity: hashes, groups, sequenceNumbers: plainSequenceNumbers },
};

/** `cipher-hash` for each pair: FortiOS has no lists within a proposal. */
function proposalWords(list: readonly string[], phase: "ike" | "esp"): string[] {
  return list.flatMap((one) => {
    const { encryption, integrity, prf } = translated(words[phase], one);
    const seconds = isAead(one) ? (phase === "ike" ? prf : [""]) : integrity;
    return encryption.flatMap((cipher) => seconds.map((second) => [cipher, second].filter((part) => part !== "").join("-")));
  });
}

/**
 * Addresses for the interface, and a session with lists both ways.
 * FortiOS CLI reference, `router bgp`, `router prefix-list`, `system interface`; AWS' example (awsdocs/amazon-vpc-network-administrator-guide, fortinet.md).
 */
function bgpSections(view: SiteView, tunnel: string): FortiosSection[] {
  const { near, far } = view;
  const [links, ends, timers] = [linkAddresses(view), bgpEnds(view), timersOf(view)];
  const list = (name: string, networks: readonly string[], within: boolean): FortiosEntry => ({
    name: `${tunnel}-${name}`,
    settings: [],
    sections: [{
      path: ["rule"],
      entries: networks.map((one, index) => ({
        name: index + 1,
        settings: [["prefix", ...addressAndMask(one).map(word)], ...(within && network(one).prefix < 32 ? [["le", word(32)] as const] : [])],
      })),
    }],
  });
  return [
    { path: ["system", "interface"], entries: [{ name: tunnel, settings: [["ip", word(links.near.ipv4), word("255.255.255.255")], ["remote-ip", word(links.far.ipv4), word("255.255.255.252")]] }] },
    { path: ["router", "prefix-list"], entries: [list("in", far.networks, true), list("out", near.networks, false)] },
    {
      path: ["router", "bgp"],
      settings: [["as", word(ends.near.as)]],
      sections: [
        {
          path: ["neighbor"],
          entries: [{
            name: links.far.ipv4,
            settings: [
              ["remote-as", word(ends.far.as)], ["keep-alive-timer", word(timers.keepalive)], ["holdtime-timer", word(timers.hold)], ["soft-reconfiguration", word("enable")],
              ["prefix-list-in", text(`${tunnel}-in`)], ["prefix-list-out", text(`${tunnel}-out`)],
            ],
          }],
        },
        { path: ["network"], entries: near.networks.map((one) => ({ name: 0, settings: [["prefix", ...addressAndMask(one).map(word)]] })) },
      ],
    },
  ];
}

/** An interface of its own (phase1-interface), static routes, and two rules: FortiOS Administration Guide, "Site-to-site VPN". */
function render(view: SiteView, secrets: SiteSecrets, options: DeviceOptions): DeviceStep[] {
  const { spec, near, far } = view;
  const { outsideInterface = usual.outside, insideInterface = usual.inside } = options;
  // An interface's name has 15 characters at most.
  const tunnel = siteInterface(spec.name);
  const lifetimes = deviceLifetimes(view);
  const gateway = gatewayEndpoint(view);
  const byName = parseAddress(gateway) === undefined;
  const exchanges = (phase: "ike" | "esp") => together(near.proposals[phase].map((one) => translated(words[phase], one))).groups.map(word);
  const segment = String(maximumSegmentSize(leastSiteMtu(spec), 4));
  const networks = [near, far].map(({ networks: list }, side) => list.map((one, index) => ({ name: `${tunnel}-${side === 0 ? "near" : "far"}-${index + 1}`, one })));
  const [nearNames, farNames] = networks.map((list) => list.map(({ name }) => text(name)));
  const bgp = speaksBgp(view);
  // Without the tunnel nothing leaves in clear; and a network is announced only where the very same is a route.
  const held = (one: string): FortiosEntry => ({ name: 0, settings: [["dst", ...addressAndMask(one).map(word)], ["blackhole", word("enable")], ["distance", word(254)]] });
  const rule = (direction: "out" | "in"): FortiosEntry => {
    const [from, to] = direction === "out" ? [insideInterface, tunnel] : [tunnel, insideInterface];
    const [source, target] = direction === "out" ? [nearNames, farNames] : [farNames, nearNames];
    return {
      name: 0,
      settings: [
        ["name", text(`${tunnel}-${direction}`)], ["srcintf", text(from)], ["dstintf", text(to)], ["srcaddr", ...source], ["dstaddr", ...target],
        ["action", word("accept")], ["schedule", text("always")], ["service", text("ALL")], ["tcp-mss-sender", word(segment)], ["tcp-mss-receiver", word(segment)],
      ],
    };
  };
  const sections = [
    {
      path: ["vpn", "ipsec", "phase1-interface"],
      entries: [{
        name: tunnel,
        settings: [
          ["interface", text(outsideInterface)], ["ike-version", word(2)], ["peertype", word("any")], ["net-device", word("disable")],
          ["proposal", ...proposalWords(near.proposals.ike, "ike").map(word)], ["dhgrp", ...exchanges("ike")],
          ...(byName ? [["type", word("ddns")], ["remotegw-ddns", text(gateway)]] : [["remote-gw", word(gateway)]]),
          ["localid", text(near.identity)], ["localid-type", word(parseAddress(near.identity) === undefined ? "fqdn" : "address")],
          ["psksecret", text(keyOf(view, secrets))], ["keylife", word(lifetimes.ike)],
          ["dpd", word("on-idle")], ["dpd-retrycount", word(3)], ["dpd-retryinterval", word(5)],
          ["nattraversal", word(spec.encapsulate ? "forced" : "enable")],
        ],
      }],
    },
    {
      path: ["vpn", "ipsec", "phase2-interface"],
      entries: [{
        name: tunnel,
        settings: [
          ["phase1name", text(tunnel)], ["proposal", ...proposalWords(near.proposals.esp, "esp").map(word)],
          ["pfs", word(exchanges("esp").length > 0 ? "enable" : "disable")], ...(exchanges("esp").length > 0 ? [["dhgrp", ...exchanges("esp")]] : []),
          ["keylifeseconds", word(lifetimes.child)], ["auto-negotiate", word("enable")],
        ],
      }],
    },
    { path: ["firewall", "address"], entries: networks.flat().map(({ name, one }) => ({ name, settings: [["subnet", ...addressAndMask(one).map(word)]] })) },
    { path: ["firewall", "policy"], entries: [rule("out"), rule("in")] },
    {
      path: ["router", "static"],
      entries: far.networks.flatMap((one) => [
        ...(bgp ? [] : [{ name: 0, settings: [["dst", ...addressAndMask(one).map(word)], ["device", text(tunnel)]] }]),
        held(one),
      ]).concat(bgp ? near.networks.map(held) : []),
    },
    ...(bgp ? bgpSections(view, tunnel) : []),
  ] as Parameters<typeof renderFortios>[0];
  return [{ title: "In the CLI", text: renderFortios(sections, untried(view, title)) }];
}

export const fortigate: DeviceKind = {
  title,
  profile: "fortigate",
  render,
  words,
  bgp: {
    linkPrefixes: [30],
    bfd: false,
    source: "docs.fortinet.com/document/fortigate/6.0.0/cli-reference/722994/router-bgp (as, neighbor: remote-as, keep-alive-timer, holdtime-timer, prefix-list-in, prefix-list-out; network); awsdocs/amazon-vpc-network-administrator-guide, doc_source/fortinet.md (addresses of the tunnel's interface)",
  },
  oneSuite: { ike: false, esp: false },
  dials: "ipv4OrName",
  identity: "anything",
  interfaces: { ...usual, pattern: /^[A-Za-z0-9][A-Za-z0-9 ._/-]{0,14}$/ },
  // FortiOS CLI reference: psksecret, at least 6 characters; `?` cannot be pasted.
  preSharedKey: { pattern: /^[\x20-\x3e\x40-\x7e]{6,128}$/, says: "6 to 128 printable ASCII characters without question marks" },
};
