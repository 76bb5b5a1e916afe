import { ikev2Clients, l2tpAddresses, network } from "../addressing";
import { renderStrongswanConf, section, setting, type Entry } from "../formats/strongswanConf";
import { platform } from "../platforms";
import { asksRadius, framesAddresses, isSlow, patience } from "../radius";
import type { GatewaySpec } from "../spec";
import { attributeSettings, eapRadiusSettings, socketsOf } from "./radius";

/**
 * Plugins of charon-systemd. Every one more is code that an unauthenticated peer may reach, and two that the
 * distribution loads by itself are in our way: connmark and forecast program iptables behind the firewall's back.
 */
export function charonPlugins(spec: Pick<GatewaySpec, "platform" | "l2tp" | "ikev2" | "sites" | "radius" | "siteRevocation">): string[] {
  const always = ["nonce", "random", "drbg", "openssl", "kernel-netlink", "socket-default", "vici"];
  const certificates = ["pem", "pkcs1", "pkcs8", "pubkey", "x509", "constraints"];
  // eap-identity asks for a user's name; eap-mschapv2 finds MD4 and DES in OpenSSL's legacy provider.
  const eap = [...platform(spec.platform).passwordPlugins, "eap-identity", "eap-mschapv2"];
  const users = spec.ikev2?.certificates === true;
  // A list of revoked certificates counts only where it is looked at.
  const lists = users || spec.siteRevocation === true ? ["revocation"] : [];
  // Before vici: who of the two is asked for an address first, is who was loaded first (attribute_manager.c).
  const radius = asksRadius(spec, "ikev2") ? ["eap-radius", ...(framesAddresses(spec) ? ["attr"] : [])] : [];
  // Whether a site proves itself by a certificate is not known here: its part may come later.
  return [...radius, ...always, ...(spec.ikev2 || spec.sites ? certificates : []), ...(spec.ikev2 ? eap : []), ...lists, ...(users ? ["eap-tls"] : [])];
}

/** The IKE daemon's own settings: strongswan.conf(5), for its strongswan.d. */
export function renderCharon(spec: GatewaySpec): string {
  const most = mostClients(spec);
  return renderStrongswanConf(
    [
      section("charon-systemd", [
        setting("load_modular", false, "A list of our own instead of all that is installed."),
        setting("load", charonPlugins(spec).join(" ")),
        ...threads(spec),
        ...halfOpenTime(spec),
        ...saTable(most),
        ...retransmissions(spec),
        setting("block_threshold", 2 * halfOpen(most), "Half-open IKE SAs from one address: an office behind a NAT dials all at once."),
        setting("cookie_threshold_ip", halfOpen(most)),
        setting("cookie_threshold", 4 * halfOpen(most)),
        setting("init_limit_half_open", 8 * halfOpen(most), "Of all addresses: IKEv1 has no cookies, and each takes memory for half a minute."),
        // More where threads may all wait for a RADIUS server: who is asked for no password there goes on coming in.
        setting("init_limit_job_load", asksRadius(spec, "ikev2") ? 8 * threadsOf(spec) : 64, "While so many messages wait for a thread nobody new is answered: handshakes that have begun end, and a crowd does not time out as a whole."),
        section("plugins", [
          section("kernel-netlink", [
            setting("roam_events", false, "Each L2TP session brings an interface; none of them moves an IKE SA."),
          ]),
          ...eapRadiusSettings(spec),
          ...attributeSettings(spec),
        ]),
        section("journal", [setting("default", 1, "From 2 on there are identities, from 4 on there are keys."), setting("ike_name", true)]),
      ]),
      section("swanctl", [
        setting("load", "openssl pem pkcs1 pkcs8 pubkey x509", "What it needs to read keys; by default it loads all that is installed, each time."),
      ]),
    ],
    `The IKE daemon of ${spec.name}. Written by pulumi-vpn-gateway.`,
  );
}

/**
 * When a silent peer is given up (charon's default: 165 s). A phone between two cells may be silent for long; a site's
 * gateway is not, and somebody waits for the other way.
 */
function retransmissions(spec: GatewaySpec): Entry[] {
  // 1 s, then each pause 1.5 times as long, three tries more.
  const forSites = [
    setting("retransmit_tries", 3, "A silent peer is given up after 8 s instead of 165 s."),
    setting("retransmit_timeout", "1.0"),
    setting("retransmit_base", "1.5"),
  ];
  // 2 s, then each pause 1.8 times as long, four tries more.
  const forClients = [
    setting("retransmit_tries", 4, "A silent peer is given up after 45 s instead of 165 s."),
    setting("retransmit_timeout", "2.0"),
    setting("retransmit_base", "1.8"),
  ];
  return spec.l2tp || spec.ikev2 ? forClients : forSites;
}

/**
 * A log-in that waits for a RADIUS server holds a thread. Log-ins are of low priority to charon (process_message_job.c), so
 * threads that are kept for others go on with dead-peer detection and with other clients' new keys meanwhile.
 */
function threads(spec: GatewaySpec): Entry[] {
  if (!asksRadius(spec, "ikev2")) return [];
  return [
    setting("threads", threadsOf(spec)),
    section("processor", [section("priority_threads", [setting("high", 2), setting("medium", 6)], "For dead-peer detection and for new keys, while log-ins wait for a RADIUS server.")]),
  ];
}

/** With RADIUS: one for each log-in that may wait for a server, and for everything else as many as there are always. */
function threadsOf({ radius }: GatewaySpec): number {
  return radius === undefined ? 16 : socketsOf(radius) + 24;
}

/** By default charon gives up an IKE SA that is not established within 30 s (HALF_OPEN_IKE_SA_TIMEOUT): less than a person may take to press a button. */
function halfOpenTime(spec: GatewaySpec): Entry[] {
  if (spec.radius === undefined || !asksRadius(spec, "ikev2") || !isSlow(spec.radius)) return [];
  return [setting("half_open_timeout", patience(spec.radius) + 30, "A RADIUS server may wait for a person.")];
}

/** Room for so many site connections in charon's table. */
const mostSites = 128;

/**
 * How many clients the pools have room for. Not the number of users: charon reads these settings only when it starts,
 * and one more user must not end everybody's tunnel.
 */
function mostClients(spec: Pick<GatewaySpec, "l2tp" | "ikev2" | "sites">): number {
  const l2tp = spec.l2tp ? l2tpAddresses(network(spec.l2tp.pool)).clients : 0;
  const ikev2 = spec.ikev2 ? Number(ikev2Clients(network(spec.ikev2.pool))) : 0;
  return l2tp + ikev2 + (spec.sites ? mostSites : 0);
}

/** How many half-open IKE SAs one address may have. */
function halfOpen(clients: number): number {
  return Math.max(32, Math.min(clients, 512));
}

/** A hash table instead of charon's single list: about 8 SAs a bucket, in powers of two up to 16 KB of them. */
function saTable(clients: number): Entry[] {
  const buckets = Math.min(2048, powerOfTwo(Math.ceil(clients / 8)));
  if (buckets === 1) return [];
  return [
    setting("ikesa_table_size", buckets, "By default all IKE SAs are in one list."),
    setting("ikesa_table_segments", Math.min(16, buckets)),
  ];
}

function powerOfTwo(atLeast: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(1, atLeast))));
}
