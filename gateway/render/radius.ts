import { renderRadiusClient, renderRadiusDictionary, renderRadiusServers, type RadiusAttribute } from "../formats/radiusClient";
import { renderStrongswanConf, section, setting, type Entry } from "../formats/strongswanConf";
import { paths } from "../platforms";
import { accountingPort, answersGrant, askedAt, asksRadius, authenticationPort, defaultRadiusTimeout, framesAddresses, isSlow, nasIdentifier, onGateway, radiusTries, relayAddress } from "../radius";
import type { GatewaySecrets, GatewaySpec, RadiusSpec } from "../spec";
import type { PppOption } from "../formats/pppOptions";
import { trafficSelectors } from "./swanctl";

/**
 * So many log-ins may wait for one server at once. Each of them has one of charon's threads for that time, and a further one
 * waits for a socket with one more, so this is bounded by the threads (render/charon.ts).
 */
export function socketsOf(radius: RadiusSpec): number {
  return isSlow(radius) ? 48 : 8;
}

/** What charon's eap-radius plugin is told that anybody may read: strongswan.conf(5), charon.plugins.eap-radius. */
export function eapRadiusSettings(spec: GatewaySpec): Entry[] {
  if (spec.radius === undefined || !asksRadius(spec, "ikev2")) return [];
  return [
    section("eap-radius", [
      setting("accounting", spec.radius.accounting !== false),
      setting("accounting_requires_vip", true, "Of clients alone: a site has no address of a pool, nor has the IKE SA of an L2TP client, whose session pppd tells of."),
      setting("accounting_close_on_timeout", false, "Whoever is connected stays so when the servers fall silent."),
      setting("retransmit_tries", radiusTries),
      setting("retransmit_timeout", `${spec.radius.timeout ?? defaultRadiusTimeout}.0`),
      setting("retransmit_base", "1.0"),
      section("servers", servers(spec, spec.radius)),
    ]),
  ];
}

/**
 * What clients are told beside their address: of a pool's attributes charon tells those alone whose address is of the pool
 * (vici_attribute.c), so where the servers give addresses, everybody is told by the attr plugin instead. Name servers the
 * gateway's own server tells with the address (render/freeradiusUsers.ts), so that a user can have others.
 */
export function attributeSettings(spec: GatewaySpec): Entry[] {
  if (!framesAddresses(spec) || spec.ikev2 === undefined) return [];
  const subnets = spec.tunnel === "split" ? trafficSelectors(spec, spec.ikev2) : [];
  const dns = onGateway(spec) ? [] : spec.dns;
  return [section("attr", [...(dns.length > 0 ? [setting("dns", dns)] : []), ...(subnets.length > 0 ? [setting("subnet", subnets)] : [])])];
}

/** charon reads the servers anew by `swanctl --reload-settings`, without a restart. */
function servers(spec: GatewaySpec, radius: RadiusSpec): Entry[] {
  return radius.servers.map((server, index) =>
    section(serverName(index), [
      setting("address", askedAt(spec, server, index)),
      setting("auth_port", authenticationPort(server)),
      setting("acct_port", accountingPort(server)),
      setting("nas_identifier", nasIdentifier(spec, radius)),
      setting("sockets", socketsOf(radius)),
      setting("preference", preference(index, radius.servers.length)),
    ]),
  );
}

function serverName(index: number): string {
  return `server-${index + 1}`;
}

/** The servers' secrets and nothing else, which strongSwan's parser joins with the rest. */
export function renderEapRadiusSecrets(spec: GatewaySpec, radius: RadiusSpec, secrets: Pick<GatewaySecrets, "radius">): string {
  const ofServers = radius.servers.map((_, index) => section(serverName(index), [setting("secret", radiusSecret(secrets, index))]));
  return renderStrongswanConf(
    [section("charon-systemd", [section("plugins", [section("eap-radius", [section("servers", ofServers)])])])],
    `Secrets of the RADIUS servers of ${spec.name}. Written by pulumi-vpn-gateway.`,
  );
}

/** Does the gateway's own command have to know the servers? */
export function knowsServers(radius: RadiusSpec | undefined): radius is RadiusSpec {
  return radius?.disconnect === true || radius?.attributes === true;
}

/** Which servers may ask for sessions to end, for the keeper (host/vpn_gateway/disconnect.py), and where the relay stands for which (radius_relay.py). */
export function renderDisconnect(spec: GatewaySpec, radius: RadiusSpec): string {
  const relay = radius.servers.map((server, index) => ({ at: relayAddress(index), host: server.host, ports: [authenticationPort(server), ...(radius.accounting === false ? [] : [accountingPort(server)])] }));
  return `${JSON.stringify({ nasIdentifier: nasIdentifier(spec, radius), servers: radius.servers.map(({ host }) => host), ...(answersGrant(spec) ? { relay } : {}) }, null, 2)}\n`;
}

/** Their secrets, a JSON string a line, in the same order. */
export function renderDisconnectSecrets(radius: RadiusSpec, secrets: Pick<GatewaySecrets, "radius">): string {
  return radius.servers.map((_, index) => `${JSON.stringify(radiusSecret(secrets, index))}\n`).join("");
}

/**
 * The first server first, and yet none that is silent while another answers. charon adds 110 for a server that answered
 * last time and up to 100 for free sockets (radius_config.c, get_preference), so all of ours together stay below that.
 */
function preference(index: number, count: number): number {
  return count < 2 ? 0 : Math.floor(90 / (count - 1)) * (count - 1 - index);
}

/** @throws Error if the server has none. */
export function radiusSecret({ radius }: Pick<GatewaySecrets, "radius">, index: number): string {
  const secret = radius?.[index];
  if (secret === undefined || secret === "") throw new Error(`radius: no secret of servers[${index}]`);
  return secret;
}

/** Options of pppd by which it asks the servers instead of chap-secrets: pppd-radius(8). */
export function pppRadiusOptions(spec: GatewaySpec): PppOption[] {
  if (!asksRadius(spec, "l2tp")) return [];
  return [
    { option: "plugin", args: ["radius.so"], why: "The RADIUS servers say who comes in, and nobody else: chap-secrets is not looked at." },
    { option: "radius-config-file", args: [paths.radiusClient] },
  ];
}

/** radiusclient.conf of pppd's plugin. */
export function renderPppRadius(spec: GatewaySpec, radius: RadiusSpec): string {
  const list = (port: (server: RadiusSpec["servers"][number]) => number) => radius.servers.map((server, index) => `${askedAt(spec, server, index)}:${port(server)}`).join(" ");
  const accounts = radius.accounting !== false;
  return renderRadiusClient(
    [
      { key: "authserver", value: list(authenticationPort), why: "In this order: the next one is asked where one is silent." },
      accounts
        ? { key: "acctserver", value: list(accountingPort) }
        : { key: "acctserver", value: "0.0.0.0:1813", why: "Nobody: the plugin must have a server, and gives this one up at once." },
      { key: "servers", value: paths.radiusServers },
      { key: "dictionary", value: paths.radiusDictionary },
      { key: "nas_identifier", value: nasIdentifier(spec, radius) },
      { key: "radius_timeout", value: radius.timeout ?? defaultRadiusTimeout, why: "Seconds for each of so many tries." },
      { key: "radius_retries", value: radiusTries },
      { key: "seqfile", value: "/run/xl2tpd/radius.seq", why: "All sessions number their requests by one file." },
      { key: "mapfile", value: "/dev/null", why: "PPP interfaces have numbers: none is told by the name of a line." },
    ],
    `RADIUS of the L2TP sessions of ${spec.name}. Written by pulumi-vpn-gateway.`,
  );
}

/** The secrets, for pppd's plugin: by address, whichever port. */
export function renderPppRadiusServers(spec: GatewaySpec, radius: RadiusSpec, secrets: Pick<GatewaySecrets, "radius">): string {
  const own = radius.servers.map((_, index) => radiusSecret(secrets, index));
  // Also by their own addresses where the relay is asked: this part comes before the one that makes pppd ask there.
  const byHost = new Map([...radius.servers.map(({ host }, index): [string, string] => [host, own[index]]), ...(answersGrant(spec) ? own.map((text, index): [string, string] => [relayAddress(index), text]) : [])]);
  return renderRadiusServers([...byHost].map(([host, secret]) => ({ host, secret })), `Secrets of the RADIUS servers of ${spec.name}. Written by pulumi-vpn-gateway.`);
}

/**
 * What pppd's plugin sends and understands (radius.c), and no more. NAS-IP-Address is not among it: a server that sends one
 * would change the gateway's own end of the session. Nor are MPPE's keys: what is encrypted already is not encrypted again.
 */
export function renderPppRadiusDictionary(): string {
  return renderRadiusDictionary({ Microsoft: 311 }, [...standard, ...microsoft], "Attributes of RFC 2865, 2866, 2869 and 2548 for pppd. Written by pulumi-vpn-gateway.");
}

const of = (type: RadiusAttribute["type"], names: Record<string, number>, vendor?: string): RadiusAttribute[] =>
  Object.entries(names).map(([name, number]) => ({ name, number, type, ...(vendor === undefined ? {} : { vendor }) }));

const standard = [
  ...of("string", { "User-Name": 1, "Filter-Id": 11, "Reply-Message": 18, "Framed-Route": 22, State: 24, Class: 25, "Called-Station-Id": 30, "Calling-Station-Id": 31, "NAS-Identifier": 32, "Proxy-State": 33, "Acct-Session-Id": 44, "Message-Authenticator": 80 }),
  ...of("integer", {
    "NAS-Port": 5, "Service-Type": 6, "Framed-Protocol": 7, "Framed-Routing": 10, "Framed-MTU": 12, "Framed-Compression": 13, "Session-Timeout": 27, "Idle-Timeout": 28, "Termination-Action": 29,
    "Acct-Status-Type": 40, "Acct-Delay-Time": 41, "Acct-Input-Octets": 42, "Acct-Output-Octets": 43, "Acct-Authentic": 45, "Acct-Session-Time": 46, "Acct-Input-Packets": 47, "Acct-Output-Packets": 48,
    "Acct-Terminate-Cause": 49, "Acct-Input-Gigawords": 52, "Acct-Output-Gigawords": 53, "NAS-Port-Type": 61, "Acct-Interim-Interval": 85,
  }),
  ...of("ipaddr", { "Framed-IP-Address": 8, "Framed-IP-Netmask": 9 }),
];

const microsoft = [
  ...of("string", { "MS-CHAP-Challenge": 11, "MS-CHAP2-Response": 25, "MS-CHAP2-Success": 26, "MS-CHAP-Error": 2 }, "Microsoft"),
  ...of("ipaddr", { "MS-Primary-DNS-Server": 28, "MS-Secondary-DNS-Server": 29 }, "Microsoft"),
];
