import type * as pulumi from "@pulumi/pulumi";
import type { GatewayIdentity } from "../gateway/identity";

/** What may be reached: all of these networks, or only these ports of them. */
export interface ReachArgs {
  /** Networks in CIDR notation. */
  networks: pulumi.Input<pulumi.Input<string>[]>;
  /** TCP ports, e.g. `443` or `8000-8010`. @default with `udp` none, without it every protocol and port */
  tcp?: pulumi.Input<pulumi.Input<string>[]>;
  /** UDP ports. @default with `tcp` none, without it every protocol and port */
  udp?: pulumi.Input<pulumi.Input<string>[]>;
}

/** How fast something may be, in Mbit/s (10^6 bits) of packets inside the tunnel. */
export interface RateArgs {
  /** Towards the clients. @default no bound */
  downMegabits?: pulumi.Input<number>;
  /** From the clients. @default no bound */
  upMegabits?: pulumi.Input<number>;
}

/** Users who may reach the same. */
export interface GroupArgs {
  /** Lower-case letters, digits and `-`, at most 32. */
  name: pulumi.Input<string>;
  reach: pulumi.Input<pulumi.Input<ReachArgs>[]>;
  /** Of each of its users who has no rate of their own; of several groups the highest counts. @default no bound */
  rate?: pulumi.Input<RateArgs>;
}

/** A person or device that may connect, by every protocol that the gateway speaks. */
export interface UserArgs {
  /** 1–64 printable characters. A plain string, since it names a resource. */
  name: string;
  /** Minted (24 letters and digits) unless given. */
  password?: pulumi.Input<string>;
  /**
   * How the user proves who they are by IKEv2: `password`, or `certificate` (a signature or EAP-TLS), which the stack makes
   * and `ikev2.certificates` must allow. With `l2tp.certificates` it stands in for the pre-shared key of L2TP, which asks for
   * the password always. A plain string, since it makes resources. @default "password"
   */
  authentication?: string;
  /**
   * A second factor: the user types the six digits that an authenticator app shows (RFC 6238) right behind the password, by
   * both protocols. Needs `radius.onGateway`. A plain boolean, since it makes a resource. docs/radius.md @default false
   */
  oneTimeCode?: boolean;
  /** What those codes are made of, in base32. Minted (160 bits) unless given. */
  oneTimeCodeSeed?: pulumi.Input<string>;
  /** Puts the user's certificate on the revocation list, and lets nobody in: whoever is connected is cut off. @default false */
  revoked?: pulumi.Input<boolean>;
  /** Keeps the user and the password, but lets nobody in: whoever is connected is cut off. @default false */
  suspended?: pulumi.Input<boolean>;
  /** ISO 8601 with its zone, e.g. `2026-12-31T18:00:00Z`: from then on the user is out, cut off by the gateway itself. @default never */
  validUntil?: pulumi.Input<string>;
  /** `l2tp`, `ikev2`. @default all that the gateway speaks */
  protocols?: pulumi.Input<pulumi.Input<string>[]>;
  /** Inner address by L2TP, of `l2tp.fixedPool`. @default the next free one of `l2tp.pool` */
  l2tpAddress?: pulumi.Input<string>;
  /** Inner IPv4 address by IKEv2, of `ikev2.fixedPool`. @default the next free one of `ikev2.pool` */
  ikev2Address?: pulumi.Input<string>;
  /** Inner IPv6 address by IKEv2, of `ikev2.fixedPool6`. @default the next free one of `ikev2.pool6` */
  ikev2Address6?: pulumi.Input<string>;
  /** Name servers for this user. By IKEv2 only beside an `ikev2Address`. @default the gateway's `dns` */
  dns?: pulumi.Input<pulumi.Input<string>[]>;
  /** Networks of this user's tunnel by IKEv2, beside an `ikev2Address`; PPP carries no routes. @default as `tunnel` says */
  routes?: pulumi.Input<pulumi.Input<string>[]>;
  /** Groups of the gateway's `groups`: the user reaches what any of them does, the name servers, and nothing else. @default none: all that the gateway lets clients reach */
  groups?: pulumi.Input<pulumi.Input<string>[]>;
  /** What this user reaches beside that. */
  reach?: pulumi.Input<pulumi.Input<ReachArgs>[]>;
  /** Of all sessions of this user together, with fair queues and voice first: docs/rates.md. @default the groups' */
  rate?: pulumi.Input<RateArgs>;
}

/** L2TP/IPsec: IKEv1 with a pre-shared key or users' certificates, for clients that have nothing newer. */
export interface L2tpArgs {
  /** @default false */
  enabled?: boolean;
  /** IPv4 pool in CIDR notation; its first address is the gateway's own. @default "10.77.1.0/24" */
  pool?: pulumi.Input<string>;
  /** Network of users' fixed addresses, beside `pool`, in CIDR notation. @default none: nobody has one */
  fixedPool?: pulumi.Input<string>;
  /** Minted (32 letters and digits) unless given. Goes nowhere where each user has a certificate for L2TP. */
  preSharedKey?: pulumi.Input<string>;
  /**
   * Users with a certificate (`ikev2.certificates`) prove themselves by it instead of the pre-shared key. Who has a password
   * alone goes on with the key; where there is nobody, the gateway has none. docs/certificates.md. @default false
   */
  certificates?: boolean;
  /** Tell clients behind one NAT apart that all send from UDP 1701, as Windows does: docs/same-nat.md. @default true */
  sharedNat?: pulumi.Input<boolean>;
}

/** The gateway's certificate from a public CA by ACME, so that devices need no authority of ours: docs/acme.md. */
export interface AcmeArgs {
  /** You have read the CA's terms and agree to them. */
  termsAgreed: pulumi.Input<boolean>;
  /** E-mail address that the CA may write to. @default none */
  email?: pulumi.Input<string>;
  /** URL of the CA's directory. @default "https://acme-v02.api.letsencrypt.org/directory" */
  directory?: pulumi.Input<string>;
  /** PEM of the authority of the directory's own TLS certificate, for a CA of your own. @default those that the machine trusts */
  directoryAuthority?: pulumi.Input<string>;
  /** PEM of the CA's root, for Linux' swanctl, which reads no store of the system. @default Let's Encrypt's, with its directory */
  root?: pulumi.Input<string>;
}

/** IKEv2 with a server certificate, and EAP-MSCHAPv2 or a certificate of the user's. */
export interface Ikev2Args {
  /** @default true */
  enabled?: boolean;
  /** IPv4 pool in CIDR notation. @default "10.77.2.0/24" */
  pool?: pulumi.Input<string>;
  /** IPv6 pool in CIDR notation. @default none: no IPv6 inside */
  pool6?: pulumi.Input<string>;
  /** IPv4 network of users' fixed addresses, beside `pool`, in CIDR notation. @default none: nobody has one */
  fixedPool?: pulumi.Input<string>;
  /** The same for IPv6, beside `pool6`. @default none */
  fixedPool6?: pulumi.Input<string>;
  /** May users have certificates? On a gateway that stands strongSwan restarts once. docs/certificates.md. @default false */
  certificates?: boolean;
  /**
   * Serial numbers, in hexadecimal, of certificates that hold no longer although their users do: of a lost device, once the
   * user has another certificate. @default none
   */
  revokedSerials?: pulumi.Input<pulumi.Input<string>[]>;
  /** The certificate is of a public CA, and `endpoint` a DNS name that leads here. @default of the stack's own authority */
  acme?: AcmeArgs;
}

/** What people choose about the profiles that their devices import. */
export interface ProfilesArgs {
  /** Do Apple's devices connect by themselves whenever they have a network (IKEv2 alone)? @default false */
  onDemand?: pulumi.Input<boolean>;
  /** Wireless networks, by name (SSID), in which they do not. @default none */
  trustedWireless?: pulumi.Input<pulumi.Input<string>[]>;
}

/** One RADIUS server of your own. */
export interface RadiusServerArgs {
  /** IP address; for L2TP IPv4. */
  host: pulumi.Input<string>;
  /** UDP port. @default 1812 */
  authenticationPort?: pulumi.Input<number>;
  /** UDP port. @default 1813 */
  accountingPort?: pulumi.Input<number>;
  /** The secret that the server has for this gateway; for L2TP at most 48 characters without a space. */
  secret: pulumi.Input<string>;
}

/** A PostgreSQL of your own, which has the table that docs/radius.md shows. */
export interface PostgresqlArgs {
  /** DNS name or IP address; with TLS what the server's certificate is for. */
  host: pulumi.Input<string>;
  /** TCP port. @default 5432 */
  port?: pulumi.Input<number>;
  database: pulumi.Input<string>;
  user: pulumi.Input<string>;
  password: pulumi.Input<string>;
  /** Encrypted, and the server known by its certificate. @default true */
  tls?: pulumi.Input<boolean>;
  /** PEM of the authority that signed the server's certificate. @default those that the distribution trusts */
  authority?: pulumi.Input<string>;
}

/** A directory of your own (LDAP) that keeps the NT hash of each password: docs/radius.md */
export interface DirectoryArgs {
  /** `ldaps://host` or `ldap://host`, with a port where it is another than 636 and 389. */
  url: pulumi.Input<string>;
  /** As whom it is asked; must be able to read `hashAttribute`. */
  bindDn: pulumi.Input<string>;
  password: pulumi.Input<string>;
  /** Below which entry users are. */
  base: pulumi.Input<string>;
  /** What users log in by. @default "uid" */
  nameAttribute?: pulumi.Input<string>;
  /** Where the NT hash is: 32 hexadecimal digits, or 16 bytes (`ipaNTHash`). @default "sambaNTPassword" */
  hashAttribute?: pulumi.Input<string>;
  /** What must hold besides, e.g. `(memberOf=cn=vpn,dc=example,dc=com)`. @default nothing */
  filter?: pulumi.Input<string>;
  /** Encrypted (by `ldap://` after StartTLS), and the server known by its certificate. @default true */
  tls?: pulumi.Input<boolean>;
  /** PEM of the authority that signed the server's certificate. @default those that the distribution trusts */
  authority?: pulumi.Input<string>;
}

/** FreeRADIUS on the gateway itself, which knows `users` and keeps books of their sessions. */
export interface RadiusOnGatewayArgs {
  /** @default false */
  enabled?: boolean;
  /** Days for which the books on the gateway keep a session. @default 90 */
  keepDays?: pulumi.Input<number>;
  /** Where the books are instead; while it is silent, what there is to write waits on the gateway. @default on the gateway, in SQLite */
  postgresql?: PostgresqlArgs;
  /** Who comes in by password beside `users`. @default nobody */
  directory?: DirectoryArgs;
}

/** RADIUS servers, which say who comes in by password: your own, or one on the gateway itself. docs/radius.md */
export interface RadiusArgs {
  /** Your own, in the order in which they are asked: a further one where those before are silent. @default none: `onGateway` */
  servers?: RadiusServerArgs[];
  /** Instead of `servers`: the gateway's own, by the list of users. @default none */
  onGateway?: RadiusOnGatewayArgs;
  /** `l2tp`, `ikev2`: by these the servers alone are asked for passwords, by another one the daemon itself knows the list. @default all that the gateway speaks */
  protocols?: pulumi.Input<pulumi.Input<string>[]>;
  /** Tell the servers when sessions begin and end, and of their bytes. @default true */
  accounting?: pulumi.Input<boolean>;
  /** Seconds that a server is given to answer, three times before it counts as silent; 20 where a person has to press a button first. @default 2 */
  timeout?: pulumi.Input<number>;
  /** What the gateway calls itself towards the servers. @default the gateway's name */
  nasIdentifier?: pulumi.Input<string>;
  /** May the servers end sessions, and with `attributes` change them (Disconnect- and CoA-Request of RFC 5176, UDP 3799)? @default false */
  disconnect?: pulumi.Input<boolean>;
  /** Do an answer's Filter-Id (the name of one of `groups`) and WISPr-Bandwidth-Max-Up and -Down (bit/s) count? @default false */
  attributes?: pulumi.Input<boolean>;
}

/** Room for site connections: which there are, each `SiteConnection` says. */
export interface SitesArgs {
  /** @default false */
  enabled?: boolean;
  /** Connections with `routing: "bgp"`, and a `Mesh`: FRR runs on the gateway then. @default false */
  bgp?: boolean;
  /** Connections by certificates of which one may be revoked: this gateway looks at the lists. Towards devices it must. Set on a gateway that stands, it restarts strongSwan once. @default false */
  revocation?: boolean;
  /** Connections to somebody's L2TP server: `LacConnection`. @default false */
  lac?: boolean;
  /** Segments of Ethernet that are stretched over site connections: `LayerTwoExtension`. @default false */
  layerTwo?: boolean;
}

/** What every remote-access gateway takes, whatever machine it stands on. */
export interface RemoteAccessArgs {
  /** The list of users, one for both protocols. */
  users: UserArgs[];
  /** What users of a group may reach. @default no group */
  groups?: pulumi.Input<pulumi.Input<GroupArgs>[]>;
  /** Count bytes for each user, also without any group. @default false */
  accounting?: pulumi.Input<boolean>;
  /** More users than sessions were ever measured at once on one machine (500 by IKEv2, 200 by L2TP) are meant. @default false: refused */
  unmeasuredSessions?: pulumi.Input<boolean>;
  /** Write sessions, pools and the ends of certificates for node_exporter's textfile collector, where it is installed. @default where the gateway's keeper runs for another reason */
  metrics?: pulumi.Input<boolean>;
  /** What all clients together may use of the gateway's own line, shared fairly between them. @default no bound */
  uplink?: pulumi.Input<RateArgs>;
  /** `keep`: IKEv2's outer packets show the DSCP of the packet within; `clear`: they do not. L2TP's never do. @default "keep" */
  dscp?: pulumi.Input<string>;
  /** `debian13` or `ubuntu2404`; of an existing host also `el9` or `el10` (RHEL, AlmaLinux, Rocky Linux, CentOS Stream): see docs/platforms.md. @default "debian13" */
  platform?: pulumi.Input<string>;
  /** Kinds of client to serve: `linux`, `windows`, `apple`, `android`. Decides the proposals. @default all */
  clients?: pulumi.Input<pulumi.Input<string>[]>;
  l2tp?: L2tpArgs;
  ikev2?: Ikev2Args;
  /** Who says who comes in by password: RADIUS servers of your own instead of the list of users, or one on the gateway by that list. @default none: the daemons themselves, by the list */
  radius?: RadiusArgs;
  /** With neither `l2tp` nor `ikev2` the gateway is there for site connections alone, and has no users. @default none */
  sites?: SitesArgs;
  /** IPv4 address or DNS name that clients are given. @default the machine's public address */
  endpoint?: pulumi.Input<string>;
  /** MTU of the link towards the clients, in bytes. @default 1500 */
  outsideMtu?: pulumi.Input<number>;
  /** Networks behind the gateway that clients may reach, in CIDR notation. @default none */
  insideNetworks?: pulumi.Input<pulumi.Input<string>[]>;
  /** Name servers given to clients. @default 1.1.1.1 and 9.9.9.9 for a full tunnel, none for a split one */
  dns?: pulumi.Input<pulumi.Input<string>[]>;
  /** `full`: all of a client's packets; `split`: those for `insideNetworks` alone. @default "full" */
  tunnel?: pulumi.Input<string>;
  /** May one client reach another? @default false */
  clientToClient?: pulumi.Input<boolean>;
  /** Where the gateway's address replaces a client's: `internet`, `everywhere`, `never`. @default "internet" */
  masquerade?: pulumi.Input<string>;
  /** CIDR ranges from which SSH is let in. The one that `pulumi up` runs in must be among them. */
  administrators: pulumi.Input<pulumi.Input<string>[]>;
  /** Seconds of silence before a peer is asked whether it lives. @default 30 */
  deadPeerDelay?: pulumi.Input<number>;
  /**
   * The output `identity` of a gateway that stood elsewhere: in place of what the stack would mint, so that every enrolled
   * device connects again as it is. What `users` and `l2tp` give goes before it. @default a new one
   */
  identity?: pulumi.Input<GatewayIdentity>;
  /** What the profiles in `clientProfiles` are like. */
  profiles?: ProfilesArgs;
}

/** How to reach a machine over SSH. */
export interface SshConnectionArgs {
  /** IPv4 address or DNS name. */
  host: pulumi.Input<string>;
  /** @default 22 */
  port?: pulumi.Input<number>;
  /** `root`, or a user who may run `sudo` without a password. @default "root" */
  user?: pulumi.Input<string>;
  /** Private key in OpenSSH or PEM form. */
  privateKey: pulumi.Input<string>;
  /** The machine's public host key, e.g. `ssh-ed25519 AAAA…`: any other is refused. `ssh-keyscan -t ed25519 HOST` shows it. */
  hostKey: pulumi.Input<string>;
}
