import { network, parseAddress } from "../../addressing";
import { renderRouteros, type RouterosCommand } from "../../formats/routeros";
import { siteNames } from "../names";
import { isAead } from "../proposals";
import type { SiteSecrets, SiteView } from "../spec";
import { type DeviceKind, deviceLifetimes, type DeviceStep, gatewayEndpoint, keyOf, untried } from "./device";
import { plainSequenceNumbers, translated, type DeviceWords } from "./words";

const title = "MikroTik RouterOS";
const groups = { ecp521: "ecp521", ecp384: "ecp384", ecp256: "ecp256", modp4096: "modp4096", modp3072: "modp3072", modp2048: "modp2048" };
const hashes = { sha512: "sha512", sha384: "sha384", sha256: "sha256", sha1: "sha1" };

/** help.mikrotik.com/docs/display/ROS/IPsec, "Profiles" and "Proposals": a profile has no GCM, a proposal no SHA-384. */
export const routerosWords: DeviceWords = {
  ike: { encryption: { aes256: "aes-256", aes192: "aes-192", aes128: "aes-128" }, integrity: hashes, groups },
  esp: {
    encryption: { aes256gcm16: "aes-256-gcm", aes192gcm16: "aes-192-gcm", aes128gcm16: "aes-128-gcm", aes256: "aes-256-cbc", aes192: "aes-192-cbc", aes128: "aes-128-cbc" },
    integrity: { sha512: "sha512", sha256: "sha256", sha1: "sha1" },
    groups,
    sequenceNumbers: plainSequenceNumbers,
  },
};

/** RouterOS 7: an IPsec policy for each pair of networks; it has no tunnel interface for IPsec. */
function render(view: SiteView, secrets: SiteSecrets): DeviceStep[] {
  const { spec, near, far } = view;
  const name = siteNames(spec.name).connection;
  const lifetimes = deviceLifetimes(view);
  const [ike] = near.proposals.ike.map((text) => translated(routerosWords.ike, text));
  const [esp] = near.proposals.esp.map((text) => translated(routerosWords.esp, text));
  const id = (text: string) => `${parseAddress(text) === undefined ? "fqdn" : "address"}:${text}`;
  const [own, other] = [near.networks[0], far.networks[0]].map((text) => network(text).text);
  const commands: RouterosCommand[] = [
    {
      menu: "/ip ipsec profile",
      action: "add",
      properties: [
        ["name", name], ["hash-algorithm", ike.integrity[0]], ["enc-algorithm", ike.encryption[0]], ["dh-group", ike.groups[0]],
        // Without dead peer detection RouterOS renews no IKE SA.
        ["lifetime", `${lifetimes.ike}s`], ["dpd-interval", "5s"], ["dpd-maximum-failures", "4"], ["nat-traversal", "yes"],
      ],
    },
    {
      menu: "/ip ipsec proposal",
      action: "add",
      properties: [
        ["name", name], ["auth-algorithms", isAead(near.proposals.esp[0]) ? "" : esp.integrity[0]], ["enc-algorithms", esp.encryption[0]],
        ["pfs-group", esp.groups[0] ?? "none"], ["lifetime", `${lifetimes.child}s`],
      ],
    },
    { menu: "/ip ipsec peer", action: "add", properties: [["name", name], ["address", gatewayEndpoint(view)], ["exchange-mode", "ike2"], ["profile", name]] },
    {
      menu: "/ip ipsec identity",
      action: "add",
      properties: [["peer", name], ["auth-method", "pre-shared-key"], ["secret", keyOf(view, secrets)], ["my-id", id(near.identity)], ["remote-id", id(far.identity)]],
    },
    {
      menu: "/ip ipsec policy",
      action: "add",
      properties: [["peer", name], ["proposal", name], ["tunnel", "yes"], ["src-address", own], ["dst-address", other], ["action", "encrypt"], ["level", "require"]],
    },
    // Not tracked: neither NAT nor FastTrack touches what goes between the sites, whatever rules there are.
    ...[[own, other], [other, own]].map(([source, target]): RouterosCommand => ({
      menu: "/ip firewall raw", action: "add", properties: [["chain", "prerouting"], ["src-address", source], ["dst-address", target], ["action", "notrack"], ["comment", name]],
    })),
  ];
  return [{ title: "In the terminal", text: renderRouteros(commands, untried(view, title)) }];
}

export const mikrotik: DeviceKind = {
  title,
  profile: "mikrotik",
  render,
  words: routerosWords,
  bgp: { none: "RouterOS has no interface for IPsec that BGP could be spoken on" },
  oneSuite: { ike: true, esp: true },
  dials: "ipv4OrName",
  identity: "anything",
  severalNetworks: false,
  preSharedKey: { pattern: /^[\x20-\x7e]+$/, says: "printable ASCII" },
};
