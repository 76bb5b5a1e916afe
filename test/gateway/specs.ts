import { isrgRootX1 } from "../../gateway/certificates/letsEncrypt";
import type { GatewaySecrets, GatewaySpec } from "../../gateway/spec";

/** A gateway with everything in it, on Debian 13; what a test says otherwise replaces the whole field. */
export function exampleSpec(changes: Partial<GatewaySpec> = {}): GatewaySpec {
  return {
    name: "office",
    platform: "debian13",
    endpoint: "192.0.2.11",
    outsideMtu: 1500,
    clients: ["linux", "windows", "apple", "android"],
    l2tp: { pool: "10.77.1.0/24" },
    ikev2: { pool: "10.77.2.0/24" },
    insideNetworks: ["10.20.0.0/16"],
    dns: ["10.20.0.53", "9.9.9.9"],
    tunnel: "full",
    clientToClient: false,
    masquerade: "internet",
    administrators: ["198.51.100.0/24"],
    sshPort: 22,
    deadPeerDelay: 30,
    users: [{ name: "alice" }, { name: "bob@example.com" }],
    ...changes,
  };
}

/** Secrets for a spec: each user's password is told apart, and none is found in any other text. */
export function exampleSecrets(spec: GatewaySpec): GatewaySecrets {
  return {
    preSharedKey: "canary-of-the-pre-shared-key-8431",
    privateKey: "-----BEGIN PRIVATE KEY-----\ncanaryprivatekey8431\n-----END PRIVATE KEY-----\n",
    certificate: "-----BEGIN CERTIFICATE-----\nexample\n-----END CERTIFICATE-----\n",
    authority: "-----BEGIN CERTIFICATE-----\nauthority\n-----END CERTIFICATE-----\n",
    revocationList: "-----BEGIN X509 CRL-----\nexample\n-----END X509 CRL-----\n",
    ...(spec.radius?.onGateway !== undefined ? { radius: ["canaryOfTheOwnServer8431"] } : spec.radius === undefined ? {} : { radius: spec.radius.servers.map((_, index) => `canary"of#{radius}\\${index}-8431`) }),
    ...(spec.radius?.onGateway?.postgresql === undefined ? {} : { radiusDatabase: "canary:of the\\database 8431" }),
    ...(spec.radius?.onGateway?.directory === undefined ? {} : { radiusDirectory: "canary #{of} the directory 8431" }),
    ...(spec.users.some(({ oneTimeCode }) => oneTimeCode) ? { oneTimeCodeSeeds: Object.fromEntries(spec.users.flatMap(({ name, oneTimeCode }, index) => (oneTimeCode ? [[name, `CANARYSEED${"ABCDEFGHIJKLMNOP"[index].repeat(22)}`]] : []))) } : {}),
    passwords: Object.fromEntries(spec.users.map(({ name }, index) => [name, `canary-password-${index}-8431`])),
  };
}

/** The second machine has the first one's addresses the other way round. */
const floatingPair = (member: 1 | 2): GatewaySpec["pair"] => ({
  member,
  front: "floatingAddress",
  address: member === 1 ? "192.0.2.12" : "192.0.2.13",
  peer: member === 1 ? "192.0.2.13" : "192.0.2.12",
  interface: "wan0",
  floating: [
    { address: "192.0.2.11/24", interface: "wan0" },
    { address: "10.20.0.1/24", interface: "lan0" },
  ],
  virtualRouterId: 51,
  healthPort: 8500,
  healthCheckers: [],
});

/** The specs whose whole configuration stands under golden/. */
export const goldenSpecs: Record<string, GatewaySpec> = {
  "l2tp-only": exampleSpec({ ikev2: undefined, insideNetworks: [], dns: ["9.9.9.9"] }),
  "ikev2-only": exampleSpec({ l2tp: undefined, clients: ["linux", "android"], endpoint: "vpn.example.com" }),
  both: exampleSpec(),
  "split-tunnel": exampleSpec({ tunnel: "split", clientToClient: true, masquerade: "everywhere" }),
  "ipv6-inside": exampleSpec({
    l2tp: undefined,
    ikev2: { pool: "10.77.2.0/24", pool6: "fd77:2::/64" },
    insideNetworks: ["10.20.0.0/16", "2001:db8:20::/48"],
    dns: ["10.20.0.53", "2001:db8:20::53"],
    administrators: ["198.51.100.0/24", "2001:db8:ad::/48"],
    clients: ["linux", "apple"],
    masquerade: "never",
  }),
  "pair-floating": exampleSpec({
    pair: floatingPair(1),
  }),
  "pair-load-balancer": exampleSpec({
    pair: {
      member: 2,
      front: "loadBalancer",
      address: "192.0.2.13",
      peer: "192.0.2.12",
      interface: "wan0",
      floating: [{ address: "10.20.0.1/24", interface: "lan0" }],
      virtualRouterId: 51,
      healthPort: 8500,
      healthCheckers: ["192.0.2.1/32"],
    },
  }),
  "pair-passthrough": exampleSpec({
    endpoint: "198.51.100.20",
    outsideMtu: 1460,
    pair: {
      member: 1,
      front: "loadBalancer",
      address: "10.76.0.2",
      peer: "10.76.0.3",
      floating: [],
      sharedAddress: "198.51.100.20",
      virtualRouterId: 51,
      healthPort: 8500,
      healthCheckers: ["35.191.0.0/16", "209.85.152.0/22", "209.85.204.0/22"],
    },
  }),
  "pair-aws": exampleSpec({
    endpoint: "198.51.100.20",
    pair: {
      member: 2,
      front: "floatingAddress",
      address: "10.76.0.20",
      peer: "10.76.0.4",
      floating: [],
      virtualRouterId: 51,
      healthPort: 8500,
      healthCheckers: [],
      move: {
        region: "eu-central-1",
        allocationId: "eipalloc-0a",
        publicIp: "198.51.100.20",
        networkInterfaceId: "eni-0b",
        privateAddress: "10.76.0.21",
        peerNetworkInterfaceId: "eni-0a",
        peerPrivateAddress: "10.76.0.5",
        routes: [{ routeTableId: "rtb-0a", destination: "10.77.1.0/24" }, { routeTableId: "rtb-0a", destination: "10.77.2.0/24" }],
      },
    },
  }),
  "pair-sites": exampleSpec({
    l2tp: undefined,
    ikev2: undefined,
    users: [],
    sites: true,
    pair: floatingPair(2),
  }),
  "sites-only": exampleSpec({ l2tp: undefined, ikev2: undefined, sites: true, users: [] }),
  "sites-bgp": exampleSpec({ l2tp: undefined, ikev2: undefined, sites: true, bgp: true, users: [] }),
  "sites-and-clients": exampleSpec({ l2tp: undefined, clients: ["linux"], sites: true }),
  "fixed-addresses": exampleSpec({
    l2tp: { pool: "10.77.1.0/24", fixedPool: "10.77.3.0/24" },
    ikev2: { pool: "10.77.2.0/24", fixedPool: "10.77.4.0/24" },
    users: [
      { name: "alice", l2tpAddress: "10.77.3.50", ikev2Address: "10.77.4.50", dns: ["10.20.0.54"], routes: ["10.20.0.0/16"] },
      { name: "bob@example.com", suspended: true, protocols: ["ikev2"], ikev2Address: "10.77.4.51" },
      { name: "carol", validUntil: "2027-01-01T00:00:00+01:00" },
    ],
  }),
  policies: exampleSpec({
    groups: [{ name: "web-only", reach: [{ networks: ["10.20.0.0/24"], tcp: ["80", "8000-8010"] }] }],
    users: [{ name: "alice", groups: ["web-only"], reach: [{ networks: ["10.20.9.0/24"] }] }, { name: "bob@example.com" }],
  }),
  rates: exampleSpec({
    ikev2: { pool: "10.77.2.0/24", pool6: "fd77:2::/64" },
    sites: true,
    groups: [{ name: "guests", reach: [{ networks: ["0.0.0.0/0"] }], rate: { downMegabits: 2 } }],
    users: [{ name: "alice", rate: { downMegabits: 20, upMegabits: 2.5 } }, { name: "bob@example.com" }, { name: "visitor", groups: ["guests"] }],
    uplink: { downMegabits: 100, upMegabits: 40 },
    dscp: "clear",
  }),
  certificates: exampleSpec({
    ikev2: { pool: "10.77.2.0/24", fixedPool: "10.77.4.0/24", certificates: true },
    users: [
      { name: "alice", authentication: "certificate" },
      { name: "bob@example.com" },
      { name: "carol@example.com", authentication: "certificate", protocols: ["ikev2"], ikev2Address: "10.77.4.52", validUntil: "2027-01-01T00:00:00Z" },
      { name: "dave", authentication: "certificate", revoked: true },
    ],
  }),
  "l2tp-certificates": exampleSpec({
    l2tp: { pool: "10.77.1.0/24", certificates: true },
    ikev2: { pool: "10.77.2.0/24", certificates: true },
    users: [
      { name: "alice", authentication: "certificate" },
      { name: "bob@example.com" },
      { name: "carol@example.com", authentication: "certificate", protocols: ["l2tp"], validUntil: "2027-01-01T00:00:00Z" },
      { name: "dave", authentication: "certificate", revoked: true },
      { name: "erin", authentication: "certificate", protocols: ["ikev2"] },
    ],
  }),
  acme: exampleSpec({
    endpoint: "vpn.example.com",
    ikev2: {
      pool: "10.77.2.0/24",
      certificates: true,
      acme: { directory: "https://acme-v02.api.letsencrypt.org/directory", termsAgreed: true, email: "admin@example.com", root: isrgRootX1 },
    },
    users: [{ name: "alice" }, { name: "carol@example.com", authentication: "certificate" }],
  }),
  radius: exampleSpec({
    l2tp: { pool: "10.77.1.0/24", fixedPool: "10.77.3.0/24" },
    ikev2: { pool: "10.77.2.0/24", fixedPool: "10.77.4.0/24", certificates: true },
    radius: { servers: [{ host: "10.20.0.21" }, { host: "10.20.0.22", authenticationPort: 1645, accountingPort: 1646 }], disconnect: true },
    users: [{ name: "carol@example.com", authentication: "certificate", protocols: ["ikev2"] }],
  }),
  "radius-attributes": exampleSpec({
    radius: { servers: [{ host: "10.20.0.21" }, { host: "10.20.0.22", authenticationPort: 1645, accountingPort: 1646 }], attributes: true, disconnect: true, timeout: 20 },
    groups: [
      { name: "staff", reach: [{ networks: ["10.20.0.0/24"] }] },
      { name: "phone-guests", reach: [{ networks: ["0.0.0.0/0"], tcp: ["443"] }], rate: { downMegabits: 2, upMegabits: 1 } },
    ],
    users: [],
  }),
  "radius-own": exampleSpec({
    l2tp: { pool: "10.77.1.0/24", fixedPool: "10.77.3.0/24" },
    ikev2: { pool: "10.77.2.0/24", fixedPool: "10.77.4.0/24", certificates: true },
    radius: { servers: [{ host: "127.0.0.1" }], onGateway: {} },
    users: [
      { name: "alice", l2tpAddress: "10.77.3.50", ikev2Address: "10.77.4.50", dns: ["10.20.0.54"] },
      { name: "bob@example.com", protocols: ["ikev2"] },
      { name: 'DEFAULT "$INCLUDE', ikev2Address: "10.77.4.51" },
      { name: "carol@example.com", authentication: "certificate" },
    ],
  }),
  "radius-own-directory": exampleSpec({
    radius: {
      servers: [{ host: "127.0.0.1" }],
      onGateway: {
        directory: {
          url: "ldaps://directory.example.com", bindDn: "cn=vpn,dc=example,dc=com", base: "ou=people,dc=example,dc=com", filter: "(memberOf=cn=vpn,ou=groups,dc=example,dc=com)",
          authority: "-----BEGIN CERTIFICATE-----\nauthority of the directory\n-----END CERTIFICATE-----",
        },
      },
    },
  }),
  "radius-own-one-time-codes": exampleSpec({
    radius: { servers: [{ host: "127.0.0.1" }], onGateway: {}, accounting: false },
    users: [{ name: "alice", oneTimeCode: true }, { name: "bob@example.com" }],
  }),
  "radius-own-postgresql": exampleSpec({
    radius: {
      servers: [{ host: "127.0.0.1" }],
      nasIdentifier: "gateway of the office",
      onGateway: { postgresql: { host: "db.example.com", port: 5433, database: "vpn", user: "vpn-gateway", authority: "-----BEGIN CERTIFICATE-----\nauthority of the database\n-----END CERTIFICATE-----" } },
    },
  }),
  "ubuntu-2404": exampleSpec({ platform: "ubuntu2404", outsideMtu: 1460, sshPort: 2222, clients: ["windows"] }),
  el9: exampleSpec({ platform: "el9", ikev2: { pool: "10.77.2.0/24", certificates: true } }),
  "el10-sites": exampleSpec({ platform: "el10", l2tp: undefined, sites: true, bgp: true }),
};
