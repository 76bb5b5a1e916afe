import { parseAddress, parseNetwork, network, contains, hostNetwork } from "../addressing";
import { concessions, espProposals, ikeProposals } from "../cipherSuites";
import { renderStrongswanConf, section, setting, type Entry } from "../formats/strongswanConf";
import { ownShare } from "../pair";
import { needsPreSharedKey } from "../preSharedKey";
import { asksRadius, framesAddresses, onGateway } from "../radius";
import type { GatewaySecrets, GatewaySpec, Ikev2Spec, L2tpSpec } from "../spec";
import { swanctlIdentity } from "./identity";
import { byCertificate, nameInSections, speaks } from "../users";
import { passwordOf } from "./passwordOf";
import { childMarks } from "./sharedNat";

const heading = (spec: GatewaySpec) => `Connections and address pools of ${spec.name}. Written by pulumi-vpn-gateway.`;

/** Connections and pools: swanctl.conf(5), without a secret. */
export function renderConnections(spec: GatewaySpec): string {
  const connections: Entry[] = [];
  if (spec.ikev2) connections.push(ikev2Connection(spec, spec.ikev2));
  // Where RADIUS is asked for passwords, an address comes with its answer.
  if (spec.ikev2?.fixedPool !== undefined && !asksRadius(spec, "ikev2")) connections.push(askingConnection(spec, spec.ikev2));
  if (spec.l2tp && needsPreSharedKey(spec)) connections.push(l2tpConnection(spec, spec.l2tp));
  const entries = [section("connections", connections)];
  if (spec.ikev2) entries.push(section("pools", pools(spec, spec.ikev2)));
  return renderStrongswanConf(entries, heading(spec));
}

/** In what one IKEv2 connection is not as the one for everybody. */
export interface Ikev2Variant {
  name: string;
  /** Where its clients come from: what is said more exactly is tried first (ike_cfg.c, match). */
  from: string[];
  /** How its clients prove who they are. */
  remote: Entry[];
  pools: string[];
  unique: Entry;
  localTrafficSelectors: string[];
}

/**
 * Whose name fits which connection charon can judge only once it has asked for it, and by then it has chosen one. So the
 * one that asks is none that anybody may stay in: charon goes on to the user's own, and to everybody's (ike_auth.c,
 * update_cfg_candidates).
 */
function askingConnection(spec: GatewaySpec, ikev2: Ikev2Spec): Entry {
  const why = "Asks for the name. Nobody is of its group, so that charon goes on to the user's own connection or else to `ikev2`.";
  const remote = [...byPassword("%any"), setting("groups", "nobody")];
  return { ...ikev2Connection(spec, ikev2, { ...everybody(spec, ikev2), name: "ikev2-ask", from: quarters, remote }), why } as Entry;
}

/** Clients that prove themselves by the password of `user`. */
export function byPassword(user: string): Entry[] {
  return [setting("auth", "eap-mschapv2"), setting("id", "%any"), setting("eap_id", user)];
}

/** Clients whose password the RADIUS servers know. */
function byRadius(): Entry[] {
  return [setting("auth", "eap-radius"), setting("id", "%any"), setting("eap_id", "%any")];
}

const quarters = ["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/2", "::/2", "4000::/2", "8000::/2", "c000::/2"];

export const manyDevices = setting("unique", "never", "One person has several devices, and each says INITIAL_CONTACT.");

function everybody(spec: GatewaySpec, ikev2: Ikev2Spec): Ikev2Variant {
  return {
    name: "ikev2",
    from: ["%any"],
    remote: asksRadius(spec, "ikev2") ? byRadius() : byPassword("%any"),
    pools: asksRadius(spec, "ikev2") ? [framedAddresses, ...poolNames(ikev2)] : poolNames(ikev2),
    unique: manyDevices,
    localTrafficSelectors: trafficSelectors(spec, ikev2),
  };
}

export function ikev2Connection(spec: GatewaySpec, ikev2: Ikev2Spec, variant: Ikev2Variant = everybody(spec, ikev2)): Entry {
  return section(variant.name, [
    setting("version", 2),
    setting("local_addrs", "%any"),
    setting("remote_addrs", variant.from.length === 1 ? variant.from[0] : variant.from),
    setting("proposals", ikeProposals("ikev2", spec.clients)),
    setting("pools", variant.pools),
    setting("fragmentation", true, "IKE messages with a certificate are larger than a packet, and many paths drop IP fragments."),
    setting("mobike", true),
    ...encapsulation(spec),
    setting("send_cert", "always", "Windows and Apple do not ask for the certificate."),
    setting("send_certreq", ikev2.certificates === true, ikev2.certificates === true ? "strongSwan's clients show theirs where they are asked." : undefined),
    variant.unique,
    setting("dpd_delay", seconds(spec.deadPeerDelay)),
    ...rekeying(spec, "4h"),
    ...sessionEnd(spec),
    setting("reauth_time", "0s"),
    section("local", [
      setting("auth", "pubkey"),
      ikev2.acme
        ? setting("certs", ["vpn-gateway-acme.pem", "vpn-gateway.pem"], "The public CA's; whoever asks for one of the stack's authority gets that.")
        : setting("certs", "vpn-gateway.pem"),
      setting("id", spec.endpoint),
    ]),
    section("remote", variant.remote),
    section("children", [
      section(variant.name, [
        setting("mode", "tunnel"),
        setting("local_ts", variant.localTrafficSelectors),
        setting("esp_proposals", espProposals("ikev2", spec.clients)),
        ...rekeying(spec, "1h"),
        ...childCommon(),
        ...(spec.dscp === "clear" ? [setting("copy_dscp", "no", "Nobody outside sees what is voice and what is not.")] : []),
        setting("copy_df", false, "Where a path swallows large packets and the ICMP about them, ESP is fragmented rather than lost."),
      ]),
    ]),
  ]);
}

/** In what one L2TP connection is not as the one for everybody who has the pre-shared key. */
export interface L2tpVariant {
  name: string;
  /** How the gateway proves itself, and how its clients do. */
  local: Entry[];
  remote: Entry[];
  /** What else it says of certificates. */
  sending?: Entry[];
}

const bySharedKey: L2tpVariant = { name: "l2tp", local: [setting("auth", "psk")], remote: [setting("auth", "psk"), setting("id", "%any")] };

export function l2tpConnection(spec: GatewaySpec, l2tp: L2tpSpec, variant: L2tpVariant = bySharedKey): Entry {
  network(l2tp.pool);
  const weak = concessions("l2tp", spec.clients);
  return section(variant.name, [
    setting("version", 1),
    setting("local_addrs", "%any"),
    setting("remote_addrs", "%any"),
    setting("proposals", ikeProposals("l2tp", spec.clients), weak.length > 0 ? `SHA-1: ${weak.join("; ")}.` : undefined),
    setting("fragmentation", true),
    ...encapsulation(spec),
    ...(variant.sending ?? []),
    setting("unique", "never", "Clients behind one NAT may share an identity."),
    setting("dpd_delay", seconds(spec.deadPeerDelay)),
    setting("dpd_timeout", seconds(spec.deadPeerDelay * 4)),
    setting("rekey_time", "0s", "Clients renew by themselves; Windows loses its session if the gateway begins."),
    setting("reauth_time", "0s"),
    section("local", [...variant.local, setting("id", spec.endpoint)]),
    section("remote", variant.remote),
    section("children", [
      section(variant.name, [
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

/** Load balancers carry UDP and no ESP, but those that change nothing in a packet. */
function encapsulation(spec: GatewaySpec): Entry[] {
  const balanced = spec.pair?.front === "loadSharing" || (spec.pair?.front === "loadBalancer" && spec.pair.sharedAddress === undefined);
  return balanced ? [setting("encap", true, "The load balancer carries no ESP but within UDP.")] : [];
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
  const begin = clientsBegin(spec);
  return [
    setting("rekey_time", begin ? "0s" : otherwise,
      begin ? "Windows and Apple renew by themselves and drop the tunnel if the gateway begins." : undefined),
  ];
}

function clientsBegin({ clients }: GatewaySpec): boolean {
  return clients.includes("windows") || clients.includes("apple");
}

/**
 * A Session-Timeout that is shorter than over_time ends a session only after over_time (ike_sa.c, set_auth_lifetime), which is
 * 24 min where the gateway renews keys, and nothing where it does not. A client that is silent then is given up before the 60 s.
 */
function sessionEnd(spec: GatewaySpec): Entry[] {
  if (!asksRadius(spec, "ikev2") || clientsBegin(spec)) return [];
  return [
    setting("over_time", "60s", "No Session-Timeout of the RADIUS servers ends a session sooner."),
    setting("rand_time", "24m", "As it would be by default: not all clients' keys at once."),
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
  return [ikev2.pool, ikev2.pool6, l2tp?.pool, ikev2.fixedPool, ikev2.fixedPool6, l2tp?.fixedPool].flatMap((text) => (text === undefined ? [] : [network(text)]));
}

/** No pool, but the plugin's word for the Framed-IP-Address of the answer (eap_radius_provider.c). */
const framedAddresses = "radius";

/** The pools that everybody's addresses are of. */
export function poolNames(ikev2: Ikev2Spec): string[] {
  return ikev2.pool6 === undefined ? ["ikev2-ipv4"] : ["ikev2-ipv4", "ikev2-ipv6"];
}

function pools(spec: GatewaySpec, ikev2: Ikev2Spec): Entry[] {
  return [ikev2.pool, ikev2.pool6].flatMap((text, index) => {
    if (text === undefined) return [];
    const { family } = network(text);
    return [
      section(poolNames(ikev2)[index], [
        setting("addrs", ownShare(network(text), spec.pair).text, spec.pair && "This machine's half: the other hands out the rest."),
        ...(framesAddresses(spec)
          ? attributes(family, onGateway(spec) ? spec.dns : [], [])
          : attributes(family, spec.dns, spec.tunnel === "split" ? trafficSelectors(spec, ikev2) : [])),
      ]),
    ];
  });
}

/** What clients are told beside their address: name servers, and the networks of a split tunnel. */
export function attributes(family: 4 | 6, dns: string[], networks: string[]): Entry[] {
  const servers = dns.filter((server) => parseAddress(server)?.family === family);
  // Internal address attributes of a split tunnel: some clients (Windows) route by these rather than by selectors.
  const subnets = networks.filter((text) => parseNetwork(text)?.family === family);
  return [...(servers.length > 0 ? [setting("dns", servers)] : []), ...(subnets.length > 0 ? [setting("subnet", subnets)] : [])];
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
  // Where a RADIUS server is asked, charon looks at none.
  const known = asksRadius(spec, "ikev2") ? [] : spec.users.filter((user) => speaks(user, "ikev2") && !byCertificate(user));
  const users = known.map(({ name }) =>
    section(`eap-${nameInSections(name)}`, [setting("id", swanctlIdentity(name)), setting("secret", encodedSecret(passwordOf(secrets, name)))]),
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

function seconds(count: number): string {
  return `${count}s`;
}
