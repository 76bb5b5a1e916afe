import { parseAddress, parseNetwork, network, contains, hostNetwork } from "../addressing";
import { concessions, espProposals, ikeProposals } from "../cipherSuites";
import { renderStrongswanConf, section, setting, type Entry } from "../formats/strongswanConf";
import { ownShare } from "../pair";
import type { GatewaySecrets, GatewaySpec, Ikev2Spec, L2tpSpec } from "../spec";
import { swanctlIdentity } from "./identity";
import { passwordOf } from "./passwordOf";
import { childMarks } from "./sharedNat";

const heading = (spec: GatewaySpec) => `Connections and address pools of ${spec.name}. Written by pulumi-vpn-gateway.`;

/** Connections and pools: swanctl.conf(5), without a secret. */
export function renderConnections(spec: GatewaySpec): string {
  const connections: Entry[] = [];
  if (spec.ikev2) connections.push(ikev2Connection(spec, spec.ikev2));
  if (spec.l2tp) connections.push(l2tpConnection(spec, spec.l2tp));
  const entries = [section("connections", connections)];
  if (spec.ikev2) entries.push(section("pools", pools(spec, spec.ikev2)));
  return renderStrongswanConf(entries, heading(spec));
}

function ikev2Connection(spec: GatewaySpec, ikev2: Ikev2Spec): Entry {
  return section("ikev2", [
    setting("version", 2),
    setting("local_addrs", "%any"),
    setting("remote_addrs", "%any"),
    setting("proposals", ikeProposals("ikev2", spec.clients)),
    setting("pools", poolNames(ikev2)),
    setting("fragmentation", true, "IKE messages with a certificate are larger than a packet, and many paths drop IP fragments."),
    setting("mobike", true),
    ...encapsulation(spec),
    setting("send_cert", "always", "Windows and Apple do not ask for the certificate."),
    setting("send_certreq", false),
    setting("unique", "never", "One person has several devices, and each says INITIAL_CONTACT."),
    setting("dpd_delay", seconds(spec.deadPeerDelay)),
    ...rekeying(spec, "4h"),
    setting("reauth_time", "0s"),
    section("local", [
      setting("auth", "pubkey"),
      setting("certs", "vpn-gateway.pem"),
      setting("id", spec.endpoint),
    ]),
    section("remote", [setting("auth", "eap-mschapv2"), setting("id", "%any"), setting("eap_id", "%any")]),
    section("children", [
      section("ikev2", [
        setting("mode", "tunnel"),
        setting("local_ts", trafficSelectors(spec, ikev2)),
        setting("esp_proposals", espProposals("ikev2", spec.clients)),
        ...rekeying(spec, "1h"),
        ...childCommon(),
        setting("copy_df", false, "Where a path swallows large packets and the ICMP about them, ESP is fragmented rather than lost."),
      ]),
    ]),
  ]);
}

function l2tpConnection(spec: GatewaySpec, l2tp: L2tpSpec): Entry {
  network(l2tp.pool);
  const weak = concessions("l2tp", spec.clients);
  return section("l2tp", [
    setting("version", 1),
    setting("local_addrs", "%any"),
    setting("remote_addrs", "%any"),
    setting("proposals", ikeProposals("l2tp", spec.clients), weak.length > 0 ? `SHA-1: ${weak.join("; ")}.` : undefined),
    setting("fragmentation", true),
    ...encapsulation(spec),
    setting("unique", "never", "Clients behind one NAT may share an identity."),
    setting("dpd_delay", seconds(spec.deadPeerDelay)),
    setting("dpd_timeout", seconds(spec.deadPeerDelay * 4)),
    setting("rekey_time", "0s", "Clients renew by themselves; Windows loses its session if the gateway begins."),
    setting("reauth_time", "0s"),
    section("local", [setting("auth", "psk"), setting("id", spec.endpoint)]),
    section("remote", [setting("auth", "psk"), setting("id", "%any")]),
    section("children", [
      section("l2tp", [
        setting("mode", "transport"),
        setting("local_ts", "dynamic[udp/1701]"),
        setting("remote_ts", "dynamic[udp]", "Apple's clients do not send from port 1701."),
        setting("esp_proposals", espProposals("l2tp", spec.clients)),
        setting("rekey_time", "0s"),
        ...childCommon(),
        ...childMarks(spec),
      ]),
    ]),
  ]);
}

/** Load balancers carry UDP and no ESP. */
function encapsulation(spec: GatewaySpec): Entry[] {
  return spec.pair?.front === "loadBalancer" ? [setting("encap", true, "The load balancer carries no ESP but within UDP.")] : [];
}

function childCommon(): Entry[] {
  return [
    setting("start_action", "none"),
    setting("dpd_action", "clear"),
    setting("replay_window", 1024, "With the usual 32, packets that several cores reorder count as replayed and are dropped."),
  ];
}

/** Windows and Apple renew keys by themselves and drop the tunnel if the gateway begins. */
function rekeying(spec: GatewaySpec, otherwise: string): Entry[] {
  const clientsBegin = spec.clients.includes("windows") || spec.clients.includes("apple");
  return [
    setting("rekey_time", clientsBegin ? "0s" : otherwise,
      clientsBegin ? "Windows and Apple renew by themselves and drop the tunnel if the gateway begins." : undefined),
  ];
}

/** What clients send into the tunnel. Their name servers are always among it, or a split tunnel could not ask them. */
export function trafficSelectors(spec: GatewaySpec, ikev2: Ikev2Spec): string[] {
  const families = ikev2.pool6 === undefined ? [4] : [4, 6];
  if (spec.tunnel === "full") return families.map((family) => (family === 4 ? "0.0.0.0/0" : "::/0"));
  const inside = spec.insideNetworks.map(network);
  const servers = spec.dns
    .map((text) => parseAddress(text)!)
    .filter((server) => !inside.some((candidate) => contains(candidate, server)))
    .map(hostNetwork);
  const own = spec.clientToClient ? poolNetworks(ikev2, spec.l2tp) : [];
  const all = [...inside, ...servers, ...own].filter(({ family }) => families.includes(family));
  return [...new Set(all.map(({ text }) => text))];
}

function poolNetworks(ikev2: Ikev2Spec, l2tp?: L2tpSpec) {
  return [ikev2.pool, ikev2.pool6, l2tp?.pool].flatMap((text) => (text === undefined ? [] : [network(text)]));
}

function poolNames(ikev2: Ikev2Spec): string[] {
  return ikev2.pool6 === undefined ? ["ikev2-ipv4"] : ["ikev2-ipv4", "ikev2-ipv6"];
}

function pools(spec: GatewaySpec, ikev2: Ikev2Spec): Entry[] {
  return [ikev2.pool, ikev2.pool6].flatMap((text, index) => {
    if (text === undefined) return [];
    const { family } = network(text);
    const servers = spec.dns.filter((server) => parseAddress(server)?.family === family);
    // Internal address attributes of a split tunnel: some clients (Windows) route by these rather than by selectors.
    const subnets = spec.tunnel === "split" ? trafficSelectors(spec, ikev2).filter((t) => parseNetwork(t)?.family === family) : [];
    return [
      section(poolNames(ikev2)[index], [
        setting("addrs", ownShare(network(text), spec.pair).text, spec.pair && "This machine's half: the other hands out the rest."),
        ...(servers.length > 0 ? [setting("dns", servers)] : []),
        ...(subnets.length > 0 ? [setting("subnet", subnets)] : []),
      ]),
    ];
  });
}

/** The pre-shared key, for any peer: behind a NAT nobody knows a client's identity beforehand. */
export function renderPreSharedKey(preSharedKey: string): string {
  return renderStrongswanConf(
    [section("secrets", [section("ike-vpn-gateway", [setting("secret", encodedSecret(preSharedKey))])])],
    "Pre-shared key of L2TP/IPsec, in base64. Written by pulumi-vpn-gateway.",
  );
}

/** Passwords for EAP-MSCHAPv2. */
export function renderEapSecrets(spec: GatewaySpec, secrets: GatewaySecrets): string {
  const users = spec.users.map(({ name }) =>
    section(secretName(name), [setting("id", swanctlIdentity(name)), setting("secret", encodedSecret(passwordOf(secrets, name)))]),
  );
  return renderStrongswanConf(
    [section("secrets", users)],
    "Passwords of IKEv2, in base64. Written by pulumi-vpn-gateway.",
  );
}

/** In base64, because swanctl reads `0x…` and `0s…` as encodings of something else. */
export function encodedSecret(secret: string): string {
  if (secret === "") throw new Error("swanctl: an empty secret");
  return `0s${Buffer.from(secret, "utf8").toString("base64")}`;
}

/** A section's name that follows the user's, so that one user's change leaves the others' secrets loaded. */
function secretName(user: string): string {
  const safe = [...Buffer.from(user, "utf8")]
    .map((byte) => (/[A-Za-z0-9-]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `_${byte.toString(16).padStart(2, "0")}`))
    .join("");
  return `eap-${safe}`;
}

function seconds(count: number): string {
  return `${count}s`;
}
