import type { ClientKind } from "./spec";

/** An ESP suite with the sizes that decide how much of a packet is left for the payload (bytes). */
export interface EspSuite {
  /** swanctl's keyword, e.g. `aes256gcm16`. */
  name: string;
  initializationVector: number;
  integrityCheckValue: number;
  /** What the encrypted part is padded to a multiple of. */
  block: number;
}

const gcm = { initializationVector: 8, integrityCheckValue: 16, block: 4 };
const cbc = { initializationVector: 16, block: 16 };

/**
 * Every suite whose sizes the library knows.
 * Sources: RFC 4106 (GCM), RFC 3602 (CBC), RFC 2404 (SHA-1, 96 bits), RFC 4868 (SHA-2, half of the hash).
 */
export const espSuites = {
  aes256gcm16: { name: "aes256gcm16", ...gcm },
  aes128gcm16: { name: "aes128gcm16", ...gcm },
  "aes256-sha512": { name: "aes256-sha512", ...cbc, integrityCheckValue: 32 },
  "aes256-sha384": { name: "aes256-sha384", ...cbc, integrityCheckValue: 24 },
  "aes256-sha256": { name: "aes256-sha256", ...cbc, integrityCheckValue: 16 },
  "aes128-sha256": { name: "aes128-sha256", ...cbc, integrityCheckValue: 16 },
  "aes256-sha1": { name: "aes256-sha1", ...cbc, integrityCheckValue: 12 },
  "aes128-sha1": { name: "aes128-sha1", ...cbc, integrityCheckValue: 12 },
} as const satisfies Record<string, EspSuite>;
export type EspSuiteName = keyof typeof espSuites;

/** The two protocols of remote access. */
export type Protocol = "ikev2" | "l2tp";

/** What one kind of client is offered. */
export interface ProposalSet {
  /** Phase 1 / IKE SA, in order of preference, in swanctl's notation. */
  ike: readonly string[];
  /** Child SA: suite, then groups for perfect forward secrecy when rekeying (`none`: without). */
  esp: readonly { suite: EspSuiteName; groups?: readonly string[]; extendedSequenceNumbers?: boolean }[];
  /** Where it is known that clients propose this. */
  source: string;
  /** Why something weaker than the rest is among it. */
  concession?: string;
}

/**
 * RFC 8221 and RFC 8247 say what a modern peer must have. SHA-256 as PRF beside SHA-384, because a client that offers
 * one group of transforms offers them all in one proposal. ML-KEM waits for a strongSwan whose OpenSSL plugin has it (6.0.2).
 */
const modernIkev2: ProposalSet = {
  ike: [
    "aes256gcm16-aes128gcm16-prfsha384-prfsha256-x25519-ecp384-ecp256-modp3072-modp2048",
    "aes256-sha384-sha256-x25519-ecp384-ecp256-modp3072-modp2048",
  ],
  esp: [
    { suite: "aes256gcm16", groups: ["x25519", "ecp384", "ecp256", "modp3072", "modp2048"], extendedSequenceNumbers: true },
    { suite: "aes256gcm16", extendedSequenceNumbers: true },
    { suite: "aes128gcm16", extendedSequenceNumbers: true },
  ],
  source: "RFC 8221, RFC 8247; strongSwan's and Android's (IKEv2/IPsec, from 12) defaults hold AES-GCM",
};

const ikev2: Record<ClientKind, ProposalSet> = {
  linux: modernIkev2,
  android: modernIkev2,
  apple: {
    // DH group 19 with AES-256-GCM first: without them the tunnel drops every 24 to 48 minutes.
    ike: ["aes256gcm16-prfsha256-ecp256", "aes256-sha256-ecp256-modp2048"],
    esp: [
      { suite: "aes256gcm16", groups: ["ecp256"] },
      { suite: "aes256gcm16" },
      { suite: "aes256-sha256" },
    ],
    source: "hwdsl2/setup-ipsec-vpn#1486; Apple's Configuration Profile Reference, IKEv2: AES-256, SHA2-256, group 14",
  },
  windows: {
    // modp2048 first: it is what the NegotiateDH2048_AES256 registry value gives.
    ike: ["aes256-sha256-modp2048-ecp256-ecp384", "aes256-sha384-modp2048-ecp256-ecp384"],
    esp: [{ suite: "aes256gcm16" }, { suite: "aes128gcm16" }, { suite: "aes256-sha256" }],
    source: "strongSwan's page on Windows clients; Set-VpnConnectionIPsecConfiguration (VpnClient module)",
  },
};

const noL2tp: ProposalSet = { ike: [], esp: [], source: "Android has no L2TP since 12" };

const l2tp: Record<ClientKind, ProposalSet> = {
  linux: {
    ike: ["aes256-sha384-ecp384", "aes256-sha256-ecp256", "aes256-sha256-modp3072", "aes256-sha256-modp2048"],
    esp: [{ suite: "aes256gcm16" }, { suite: "aes128gcm16" }, { suite: "aes256-sha256" }, { suite: "aes128-sha256" }],
    source: "NetworkManager-l2tp over strongSwan or Libreswan: what its defaults hold beside sha1 and 3des",
  },
  apple: {
    ike: ["aes256-sha256-modp2048"],
    esp: [{ suite: "aes256-sha256" }, { suite: "aes128-sha256" }],
    source: "macOS and iOS propose aes256-sha256-modp2048 first (hwdsl2/setup-ipsec-vpn)",
  },
  windows: {
    ike: ["aes256-sha1-ecp384", "aes128-sha1-ecp256", "aes256-sha1-modp2048"],
    esp: [{ suite: "aes256-sha1" }, { suite: "aes128-sha1" }],
    source: "Windows 10 and 11: their L2TP client's fixed list, less 3des and modp1024",
    concession: "a stock Windows L2TP client has no other integrity than HMAC-SHA1, which no attack on SHA-1 reaches",
  },
  android: noL2tp,
};

const tables = { ikev2, l2tp };

/** What a kind of client is offered for a protocol. */
export function proposalsFor(protocol: Protocol, kind: ClientKind): ProposalSet {
  return tables[protocol][kind];
}

/** IKE proposals for several kinds of client: strongest first, each once, in swanctl's notation. */
export function ikeProposals(protocol: Protocol, kinds: readonly ClientKind[]): string[] {
  return unique(inOrder(kinds).flatMap((kind) => proposalsFor(protocol, kind).ike));
}

/** ESP proposals for several kinds of client. */
export function espProposals(protocol: Protocol, kinds: readonly ClientKind[]): string[] {
  return unique(
    inOrder(kinds).flatMap((kind) =>
      proposalsFor(protocol, kind).esp.map(({ suite, groups = [], extendedSequenceNumbers = false }) =>
        [suite, ...groups, ...(extendedSequenceNumbers ? ["esn", "noesn"] : [])].join("-"),
      ),
    ),
  );
}

/** The suites that a gateway for these kinds of client may end up with. */
export function acceptedSuites(protocol: Protocol, kinds: readonly ClientKind[]): EspSuite[] {
  return unique(inOrder(kinds).flatMap((kind) => proposalsFor(protocol, kind).esp.map(({ suite }) => espSuites[suite])));
}

/** Why each weak part is there; empty if there is none. */
export function concessions(protocol: Protocol, kinds: readonly ClientKind[]): string[] {
  return inOrder(kinds).flatMap((kind) => proposalsFor(protocol, kind).concession ?? []);
}

/** charon prefers by its own order, so the strong come first whatever order the kinds were given in. */
function inOrder(kinds: readonly ClientKind[]): ClientKind[] {
  return (["linux", "android", "apple", "windows"] as const).filter((kind) => kinds.includes(kind));
}

function unique<T>(items: T[]): T[] {
  return [...new Set(items)];
}
