/**
 * What a remote-access gateway is, as plain data: every input resolved, every default filled in.
 * Components turn their args into this; `validate.ts` judges it; `render/` turns it into files.
 */

/** Platforms that the library knows the packages, units and paths of. */
export const platformNames = ["debian13", "ubuntu2404", "el9", "el10"] as const;
export type PlatformName = (typeof platformNames)[number];

/** Kinds of client that decide which proposals the gateway accepts. */
export const clientKinds = ["linux", "windows", "apple", "android"] as const;
export type ClientKind = (typeof clientKinds)[number];

/** Which of a client's packets go into the tunnel: all of them, or those for `insideNetworks` alone. */
export const tunnelScopes = ["full", "split"] as const;
export type TunnelScope = (typeof tunnelScopes)[number];

/**
 * Where the gateway's own address replaces a client's:
 * `internet`: towards everything but `insideNetworks`; `everywhere`; `never`.
 */
export const masqueradePolicies = ["internet", "everywhere", "never"] as const;
export type MasqueradePolicy = (typeof masqueradePolicies)[number];

/** L2TP/IPsec: IKEv1 with a pre-shared key or the user's certificate, ESP in transport mode, kernel L2TP, MS-CHAPv2. IPv4 inside only. */
export interface L2tpSpec {
  /** IPv4 pool in CIDR notation; its first host address is the gateway's own end of every session. */
  pool: string;
  /** Clients behind one NAT that all send from UDP 1701, as Windows does, are told apart. Default true. */
  sharedNat?: boolean;
  /** IPv4 network beside `pool` that users' fixed addresses are of; none: nobody has one. */
  fixedPool?: string;
  /** Do users with a certificate prove themselves by it to IPsec, too, in place of the pre-shared key? Default false. */
  certificates?: boolean;
}

/** IKEv2 with a server certificate, and EAP-MSCHAPv2 or a certificate of the user's; ESP in tunnel mode. */
export interface Ikev2Spec {
  /** IPv4 pool in CIDR notation. */
  pool: string;
  /** IPv6 pool in CIDR notation; none: no IPv6 inside. */
  pool6?: string;
  /** Networks beside `pool` and `pool6` that users' fixed addresses are of; none: nobody has one. */
  fixedPool?: string;
  fixedPool6?: string;
  /** May users prove themselves by certificates? Charon reads what it needs for that once, when it starts. Default false. */
  certificates?: boolean;
  /** Serial numbers (hexadecimal) of users' certificates that hold no longer, though they are not over; `revoked` users' are added. */
  revokedSerials?: string[];
  /** The gateway's certificate is of a public CA; none: of the stack's authority. */
  acme?: AcmeSpec;
}

/** A public CA that the gateway asks for its certificate by itself: ACME (RFC 8555), challenge HTTP-01. */
export interface AcmeSpec {
  /** URL of the CA's directory. */
  directory: string;
  /** Has somebody agreed to the CA's terms? */
  termsAgreed: boolean;
  /** What the CA may write to. */
  email?: string;
  /** PEM of the authority that the directory's own TLS certificate is of; none: one that the machine trusts anyway. */
  directoryAuthority?: string;
  /** PEM of the root that the CA's certificates lead to, for swanctl, which reads no store of the system. */
  root?: string;
}

/** How a user proves who they are by IKEv2, and with `l2tp.certificates` to L2TP's IPsec; its PPP asks for the password always. */
export const authenticationNames = ["password", "certificate"] as const;
export type AuthenticationName = (typeof authenticationNames)[number];

/** Protocols that a user may be limited to. */
export const protocolNames = ["l2tp", "ikev2"] as const;
export type ProtocolName = (typeof protocolNames)[number];

/**
 * How clients reach whichever machine of a pair is active: an address that moves between the two, or a load balancer
 * that sends everything to the one that answers its health checks. Or both machines are active: each at an address of
 * its own, and a DNS name has the addresses of those that answer health checks; or behind a load balancer that shares
 * clients out by their source address alone, so that IKE's two ports lead to one machine.
 */
export const pairFronts = ["floatingAddress", "loadBalancer", "dns", "loadSharing"] as const;
export type PairFront = (typeof pairFronts)[number];

/** An address that the active machine of a pair alone has. */
export interface FloatingAddress {
  /** IPv4 address with prefix length, e.g. 192.0.2.11/24. */
  address: string;
  /** The interface that it is put on. */
  interface: string;
}

/**
 * On AWS: an Elastic IP and routes that the active machine of a pair fetches from EC2 by its own role. The machine's
 * keepalived moves no address then.
 */
export interface AwsMoveSpec {
  /** The region whose EC2 is asked, e.g. eu-central-1. */
  region: string;
  /** The Elastic IP: its allocation and its address. */
  allocationId: string;
  publicIp: string;
  /** Where it is put on this machine: a private address of that interface, apart from the one the machine is administered by. */
  networkInterfaceId: string;
  privateAddress: string;
  /** The same of the other machine. */
  peerNetworkInterfaceId: string;
  peerPrivateAddress: string;
  /** Route tables whose route to a client pool leads to the active machine. */
  routes: { routeTableId: string; destination: string }[];
}

/**
 * One machine of a pair. The two have different values in `member`, `address`, `peer` and `peerEndpoint` alone, and in
 * `move` in which is whose.
 */
export interface PairSpec {
  /** Which of the two; decides its half of each address pool, and who gives way where both believe to be active. */
  member: 1 | 2;
  front: PairFront;
  /** This machine's and the other's own IPv4 address, between which VRRP is spoken (unicast), and the interface for it; none: by address alone. */
  address: string;
  peer: string;
  interface?: string;
  /** What follows the active machine: with a floating front the endpoint; the inside networks' way back; or nothing. */
  floating: FloatingAddress[];
  /**
   * Behind a load balancer that changes nothing in a packet (Google Cloud's passthrough ones, which carry ESP too): its
   * IPv4 address, which both machines have. None: packets come to the machine's own address, and ESP within UDP alone.
   */
  sharedAddress?: string;
  /** 1–255; another than any other pair's on the same network. */
  virtualRouterId: number;
  /** TCP port on which a machine answers while it is active, and no other does. */
  healthPort: number;
  /** CIDR ranges from which a load balancer or a name's health checks ask it; empty: nobody may. */
  healthCheckers: string[];
  /** Behind a DNS name: where clients reach this machine, and the other, which they are sent to when this one gives way. */
  ownEndpoint?: string;
  peerEndpoint?: string;
  /** Where both serve: seconds until nobody is led any more to a machine that shut its health port. */
  drainSeconds?: number;
  /** What the active machine fetches from AWS; none: nothing. */
  move?: AwsMoveSpec;
}

/** What may be reached: networks, all of them or only these TCP and UDP ports (`443`, `8000-8010`). */
export interface ReachSpec {
  networks: string[];
  tcp?: string[];
  udp?: string[];
}

/**
 * How fast something may be, in Mbit/s (10^6 bits) of packets inside the tunnel, Ethernet's 14 bytes of each included:
 * `downMegabits` towards the clients, `upMegabits` from them. What is left out has no bound.
 */
export interface RateSpec {
  downMegabits?: number;
  upMegabits?: number;
}

/** Users who may reach the same. */
export interface GroupSpec {
  /** Lower-case letters, digits and `-`, at most 32. */
  name: string;
  reach: ReachSpec[];
  /** Of each of its users who has no rate of their own; of several groups the highest counts. */
  rate?: RateSpec;
}

/**
 * The DSCP of what comes out of a tunnel is never changed. `keep`: IKEv2's ESP packets show the one of the packet within,
 * so that the way to the client can know it (RFC 4301, 5.1.2); `clear`: nobody outside sees it.
 */
export const dscpPolicies = ["keep", "clear"] as const;
export type DscpPolicy = (typeof dscpPolicies)[number];

/** A person or device that may connect. The password is not here: see {@link GatewaySecrets}. */
export interface UserSpec {
  /** 1–64 printable characters, no white space at either end. */
  name: string;
  /** Known, but not let in. */
  suspended?: boolean;
  /** None: by password. */
  authentication?: AuthenticationName;
  /** Not let in, and the certificate is on the revocation list. */
  revoked?: boolean;
  /** A code of the minute (RFC 6238) is typed behind the password. Its seed is in {@link GatewaySecrets}. */
  oneTimeCode?: boolean;
  /** ISO 8601 with its zone: the moment from which on the user is not let in. */
  validUntil?: string;
  /** None: every protocol that the gateway speaks. */
  protocols?: ProtocolName[];
  /** Fixed inner addresses, each of the protocol's `fixedPool`; none: the next free one of the pool. */
  l2tpAddress?: string;
  ikev2Address?: string;
  ikev2Address6?: string;
  /** Name servers instead of the gateway's; by IKEv2 only with an `ikev2Address`. */
  dns?: string[];
  /** Networks of the user's tunnel by IKEv2, instead of those of the gateway's `tunnel`; only with an `ikev2Address`. */
  routes?: string[];
  /** Names of groups. With neither groups nor reach the user reaches all that the gateway lets clients reach. */
  groups?: string[];
  reach?: ReachSpec[];
  /** Of all sessions of the user together. None: the groups', or without bound. */
  rate?: RateSpec;
}

/** One RADIUS server of the user's own. Its shared secret is in {@link GatewaySecrets}. */
export interface RadiusServerSpec {
  /** IP address; for L2TP IPv4. */
  host: string;
  /** UDP ports. Default 1812 and 1813. */
  authenticationPort?: number;
  accountingPort?: number;
}

/** The user's own PostgreSQL, with a table for the books of sessions. The password is in {@link GatewaySecrets}. */
export interface PostgresqlSpec {
  /** DNS name or IP address; with TLS what the server's certificate is for. */
  host: string;
  /** TCP port. Default 5432. */
  port?: number;
  database: string;
  user: string;
  /** Is the connection encrypted, and the server known by its certificate? Default true. */
  tls?: boolean;
  /** PEM of the authority that signed it; none: those that the distribution trusts. */
  authority?: string;
}

/** The user's own directory (LDAP, RFC 4511), which keeps the NT hash of each password. The password of `bindDn` is in {@link GatewaySecrets}. */
export interface DirectorySpec {
  /** `ldaps://host` or `ldap://host`, with a port where it is another than 636 and 389. */
  url: string;
  /** As whom it is asked: must be able to read `hashAttribute`. */
  bindDn: string;
  /** Below which entry users are. */
  base: string;
  /** What users log in by. Default `uid`. */
  nameAttribute?: string;
  /** Where the NT hash is: 32 hexadecimal digits, or 16 bytes. Default `sambaNTPassword`. */
  hashAttribute?: string;
  /** What must hold besides, e.g. `(memberOf=cn=vpn,dc=example,dc=com)` (RFC 4515). */
  filter?: string;
  /** Is the connection encrypted (by `ldap://` after StartTLS), and the server known by its certificate? Default true. */
  tls?: boolean;
  /** PEM of the authority that signed it; none: those that the distribution trusts. */
  authority?: string;
}

/** FreeRADIUS on the gateway itself, which is asked like any other server and knows the list of users. */
export interface RadiusOnGatewaySpec {
  /** Days for which the books keep a session after the last that was heard of it. Default 90. */
  keepDays?: number;
  /** None: the books are on the gateway, in SQLite. */
  postgresql?: PostgresqlSpec;
  /** None: the list of users alone. */
  directory?: DirectorySpec;
}

/** RADIUS servers, which say who comes in by password: the user's own instead of the list of users, or the gateway's by that list. */
export interface RadiusSpec {
  /** In the order in which they are asked: a further one where those before are silent. With `onGateway` that one alone. */
  servers: RadiusServerSpec[];
  /** None: the servers are the user's own. */
  onGateway?: RadiusOnGatewaySpec;
  /** None: every protocol that the gateway speaks. */
  protocols?: ProtocolName[];
  /** Are they told when sessions begin and end, and of bytes? Default true. */
  accounting?: boolean;
  /** Seconds for which a server is given to answer, three times in a row. Default 2. */
  timeout?: number;
  /** What the gateway calls itself. Default its name. */
  nasIdentifier?: string;
  /** May the servers end sessions and, with `attributes`, change them (RFC 5176, UDP 3799)? Default false. */
  disconnect?: boolean;
  /** Do Filter-Id and WISPr-Bandwidth-Max-Up and -Down of an answer count? Default false. */
  attributes?: boolean;
}

/** What people choose about the profiles that they import; the gateway's own files know nothing of it. */
export interface ProfilesSpec {
  /** Do Apple's devices connect by themselves whenever they have a network (IKEv2 alone)? */
  onDemand: boolean;
  /** Wireless networks, by name (SSID), in which they do not. */
  trustedWireless: string[];
}

/** A remote-access gateway. */
export interface GatewaySpec {
  /** Lower-case DNS label; names the gateway in comments and logs. */
  name: string;
  platform: PlatformName;
  /** IPv4 address or DNS name that clients are given; also the gateway's IKE identity. */
  endpoint: string;
  /** MTU of the link towards the clients, in bytes (1280–9216). */
  outsideMtu: number;
  /** Kinds of client to serve; decides the proposals. */
  clients: ClientKind[];
  l2tp?: L2tpSpec;
  ikev2?: Ikev2Spec;
  /** Networks behind the gateway that clients may reach, IPv4 or IPv6 CIDR. */
  insideNetworks: string[];
  /** Name servers given to clients, IPv4 or IPv6 addresses. */
  dns: string[];
  tunnel: TunnelScope;
  /** May one client reach another through the gateway? */
  clientToClient: boolean;
  masquerade: MasqueradePolicy;
  /** CIDR ranges from which SSH is let in; empty: none. */
  administrators: string[];
  /** TCP port of SSH. */
  sshPort: number;
  /** Dead-peer detection: seconds of silence before a peer is asked. */
  deadPeerDelay: number;
  users: UserSpec[];
  groups?: GroupSpec[];
  /** Count each user's bytes, also where nobody is in a group. */
  accounting?: boolean;
  /** May there be more users than sessions were ever measured at once (validate/sessions.ts)? @default false */
  unmeasuredSessions?: boolean;
  /** Write what node_exporter's textfile collector reads, also where nobody needs the keeper otherwise. */
  metrics?: boolean;
  /** None: the list of users says who comes in. */
  radius?: RadiusSpec;
  /** What all clients together may use; none: no bound but the machine's. */
  uplink?: RateSpec;
  /** @default "keep" */
  dscp?: DscpPolicy;
  /** @default nothing is on demand */
  profiles?: ProfilesSpec;
  /**
   * Is there room for site connections (gateway/site/)? Which there are is not said here: each is a part of its own.
   * With neither `l2tp` nor `ikev2` the gateway is there for them alone. @default false
   */
  sites?: boolean;
  /** Do site connections tell each other their networks by BGP? FRR runs then. @default false */
  bgp?: boolean;
  /** Does charon look at revocation lists for site connections, too? Devices with certificates need it. @default false */
  siteRevocation?: boolean;
  /** With `bgp`: a router of the cloud's that is told what site connections have learned. @default none */
  routeServer?: RouteServerSpec;
  /** Is there room for connections to somebody's LNS (gateway/lac/)? @default false */
  lac?: boolean;
  /** Is there room for layer-2 extensions over its site connections (gateway/layer2/)? @default false */
  layerTwo?: boolean;
  /** Of a pair; none: a gateway by itself. */
  pair?: PairSpec;
}

/** A VPC's route server as the gateway's BGP knows it. */
export interface RouteServerSpec {
  /** Its AS number. */
  as: number;
  /** Ours: the one that all site connections of the gateway have. */
  gatewayAs: number;
  /** IPv4 addresses of its endpoints, in the gateway's own subnet. */
  endpoints: string[];
}

/** What must never be readable; kept apart so that nothing renders it by accident. */
export interface GatewaySecrets {
  /** IKEv1 pre-shared key for L2TP. */
  preSharedKey?: string;
  /** PEM of the gateway's private key (IKEv2). */
  privateKey?: string;
  /** PEM of the gateway's certificate. Not secret, but useless apart from its key. */
  certificate?: string;
  /** PEM of the authority that signed `certificate`. */
  authority?: string;
  /** PEM of the authority's certificate revocation list. Not secret. */
  revocationList?: string;
  /** Password of each user, by user name. */
  passwords: Record<string, string>;
  /** Seed of the one-time codes of each user who has them, in base32, by user name. */
  oneTimeCodeSeeds?: Record<string, string>;
  /** Shared secret of each RADIUS server, in their order. */
  radius?: string[];
  /** Password of the PostgreSQL that has the books. */
  radiusDatabase?: string;
  /** The password by which the user's own directory is asked. */
  radiusDirectory?: string;
}
