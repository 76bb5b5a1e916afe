import type * as pulumi from "@pulumi/pulumi";

/** A person or device that may connect, by every protocol that the gateway speaks. */
export interface UserArgs {
  /** 1–64 printable characters. A plain string, since it names a resource. */
  name: string;
  /** Minted (24 letters and digits) unless given. */
  password?: pulumi.Input<string>;
}

/** L2TP/IPsec: IKEv1 with a pre-shared key, for clients that have nothing newer. */
export interface L2tpArgs {
  /** @default false */
  enabled?: boolean;
  /** IPv4 pool in CIDR notation; its first address is the gateway's own. @default "10.77.1.0/24" */
  pool?: pulumi.Input<string>;
  /** Minted (32 letters and digits) unless given. */
  preSharedKey?: pulumi.Input<string>;
  /** Tell clients behind one NAT apart that all send from UDP 1701, as Windows does: docs/same-nat.md. @default true */
  sharedNat?: pulumi.Input<boolean>;
}

/** IKEv2 with a server certificate and EAP-MSCHAPv2. */
export interface Ikev2Args {
  /** @default true */
  enabled?: boolean;
  /** IPv4 pool in CIDR notation. @default "10.77.2.0/24" */
  pool?: pulumi.Input<string>;
  /** IPv6 pool in CIDR notation. @default none: no IPv6 inside */
  pool6?: pulumi.Input<string>;
}

/** What people choose about the profiles that their devices import. */
export interface ProfilesArgs {
  /** Do Apple's devices connect by themselves whenever they have a network (IKEv2 alone)? @default false */
  onDemand?: pulumi.Input<boolean>;
  /** Wireless networks, by name (SSID), in which they do not. @default none */
  trustedWireless?: pulumi.Input<pulumi.Input<string>[]>;
}

/** Room for site connections: which there are, each `SiteConnection` says. */
export interface SitesArgs {
  /** @default false */
  enabled?: boolean;
}

/** What every remote-access gateway takes, whatever machine it stands on. */
export interface RemoteAccessArgs {
  /** The list of users, one for both protocols. */
  users: UserArgs[];
  /** `debian13` or `ubuntu2404`. @default "debian13" */
  platform?: pulumi.Input<string>;
  /** Kinds of client to serve: `linux`, `windows`, `apple`, `android`. Decides the proposals. @default all */
  clients?: pulumi.Input<pulumi.Input<string>[]>;
  l2tp?: L2tpArgs;
  ikev2?: Ikev2Args;
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
