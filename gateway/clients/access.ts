import { createHash } from "crypto";
import { proposalsFor, type Protocol } from "../cipherSuites";
import { asksCode, type OneTimeCodes } from "../oneTimeCode";
import { passwordOf } from "../render/passwordOf";
import { trafficSelectors } from "../render/swanctl";
import { forUser, ikev2Networks } from "../render/userConnections";
import type { ClientKind, GatewaySpec, Ikev2Spec, L2tpSpec, TunnelScope, UserSpec } from "../spec";
import { byCertificate, l2tpByCertificate, speaks } from "../users";

/** What a user proves themselves by, where it is not the password. Secret but for the certificate. */
export interface UserCredential {
  /** PEM. */
  certificate: string;
  /** PEM (PKCS #8). */
  privateKey: string;
  /** Of the containers (.p12) that devices import both from. */
  containerPassword: string;
}

/** What clients must be told beside the spec. All of it is secret, or only of use beside what is. */
export interface ClientSecrets {
  /** For L2TP/IPsec; empty without it, and where nobody needs it. */
  preSharedKey: string;
  /** PEM of the authority to trust, for IKEv2; empty without it. */
  authority: string;
  /** Password of each user, by user name. */
  passwords: Record<string, string>;
  /** Of each user who has a certificate, by user name. */
  credentials?: Record<string, UserCredential>;
  /** Of each user who has one-time codes, by user name. */
  oneTimeCodes?: Record<string, OneTimeCodes>;
}

/** Certificates are PEM. */
export interface Ikev2Access {
  spec: Ikev2Spec;
  /** What a device must be told to trust; none: the gateway's certificate is of a public CA, which its system knows. */
  authority?: string;
  /** Where the gateway's certificate leads to, for what knows no CA by itself; none: not known, and nobody is served who needs it. */
  root?: string;
  /** The stack's authority, which signs users' certificates. */
  issuer: string;
  credential?: UserCredential;
}

/** One user of one gateway, with all that a profile of theirs is made of. */
export interface ClientAccess {
  /** The gateway's, with this user's name servers. */
  spec: GatewaySpec;
  user: UserSpec;
  password: string;
  /** Where a code is typed behind the password each time: then no file may keep either, and no device dial by itself. */
  codes?: OneTimeCodes;
  /** Those of the gateway's protocols that the user may use; who is suspended or revoked, none. */
  ikev2?: Ikev2Access;
  l2tp?: { spec: L2tpSpec } & L2tpProof;
}

/** By what the client and the gateway know each other under L2TP: a key that they share, or a certificate each. */
export type L2tpProof = { preSharedKey: string; credential?: undefined; authority?: undefined } | { preSharedKey?: undefined; credential: UserCredential; authority: string };

/** @throws Error if a secret is missing that the spec needs. */
export function clientAccess(spec: GatewaySpec, user: UserSpec, secrets: ClientSecrets): ClientAccess {
  const needed = (what: string, value: string) => {
    if (value === "") throw new Error(`client profiles: no ${what}`);
    return value;
  };
  const may = (protocol: Protocol) => user.suspended !== true && user.revoked !== true && speaks(user, protocol);
  return {
    spec: forUser(spec, user),
    user,
    password: passwordOf({ passwords: secrets.passwords }, user.name),
    ...(asksCode(user) ? { codes: codesOf(user, secrets) } : {}),
    ...(spec.ikev2 && may("ikev2") ? { ikev2: { ...trust(spec.ikev2, needed("authority", secrets.authority)), ...(byCertificate(user) ? { credential: credentialOf(user, secrets) } : {}) } } : {}),
    ...(spec.l2tp && may("l2tp")
      ? {
          l2tp: {
            spec: spec.l2tp,
            ...(l2tpByCertificate(spec, user)
              ? { credential: credentialOf(user, secrets), authority: needed("authority", secrets.authority) }
              : { preSharedKey: needed("pre-shared key", secrets.preSharedKey) }),
          },
        }
      : {}),
  };
}

function trust(ikev2: Ikev2Spec, issuer: string): Ikev2Access {
  const { acme } = ikev2;
  if (acme === undefined) return { spec: ikev2, authority: issuer, root: issuer, issuer };
  return { spec: ikev2, issuer, ...(acme.root === undefined ? {} : { root: acme.root }) };
}

function credentialOf(user: UserSpec, { credentials }: ClientSecrets): UserCredential {
  if (credentials === undefined || !Object.hasOwn(credentials, user.name)) throw new Error(`client profiles: no certificate of the user ${JSON.stringify(user.name)}`);
  return credentials[user.name];
}

function codesOf(user: UserSpec, { oneTimeCodes }: ClientSecrets): OneTimeCodes {
  if (oneTimeCodes === undefined || !Object.hasOwn(oneTimeCodes, user.name)) throw new Error(`client profiles: no one-time codes of the user ${JSON.stringify(user.name)}`);
  return oneTimeCodes[user.name];
}

/** The user's certificate and key, for whichever protocol, with the authority that signed it; none: they have a password. */
export function certified({ ikev2, l2tp }: Pick<ClientAccess, "ikev2" | "l2tp">): { credential: UserCredential; authority: string } | undefined {
  if (ikev2?.credential !== undefined) return { credential: ikev2.credential, authority: ikev2.issuer };
  return l2tp?.credential === undefined ? undefined : { credential: l2tp.credential, authority: l2tp.authority };
}

/**
 * The stack's authority, where a device must be told to trust it: by IKEv2 unless the gateway's certificate is of a public
 * CA, by L2TP with a certificate always.
 */
export function authorityToTrust({ ikev2, l2tp }: Pick<ClientAccess, "ikev2" | "l2tp">): string | undefined {
  return ikev2?.authority ?? l2tp?.authority;
}

/**
 * May this user connect with this kind of device by this protocol? By L2TP Apple's devices take no certificate: their
 * profile's PayloadCertificateUUID is for Cisco's IPSec alone (apple/device-management, com.apple.vpn.managed.yaml).
 */
export function serves({ spec, ...access }: ClientAccess, protocol: Protocol, kind: ClientKind): boolean {
  if (protocol === "l2tp" && kind === "apple" && access.l2tp?.credential !== undefined) return false;
  return access[protocol] !== undefined && spec.clients.includes(kind) && proposalsFor(protocol, kind).esp.length > 0;
}

/** The networks that go through the tunnel, as the gateway's own selectors have them; a full tunnel: everything. */
export function tunnelNetworks({ spec, user, ikev2, l2tp }: ClientAccess, protocol: Protocol): string[] {
  if (protocol === "ikev2") return ikev2Networks(spec, ikev2!.spec, user);
  // IPv4 alone, and the same rules: what is inside, name servers, other clients.
  return trafficSelectors(spec, { pool: l2tp!.spec.pool });
}

/** Those of an IKEv2 tunnel that a router can pass on, which translates to the one address that it is given. */
export function ipv4Networks(access: ClientAccess): string[] {
  return tunnelNetworks(access, "ikev2").filter((text) => !text.includes(":"));
}

/** Whether everything goes through the tunnel: as the gateway's `tunnel` says, but for a user with routes of their own. */
export function tunnelScope(access: ClientAccess, protocol: Protocol): TunnelScope {
  return tunnelNetworks(access, protocol).includes("0.0.0.0/0") ? "full" : "split";
}

/** Namespace of the names below (RFC 9562, 6.5); chosen once at random. */
const namespace = Buffer.from("6f3d1c0e9a5b4c7e8d21b7a40c55e9f2", "hex");

/**
 * A UUID of version 5 (RFC 9562, 5.5) that follows from who it is for and what: importing a newer profile replaces the
 * older one. Gateways of two companies that happen to have one name have different endpoints.
 */
export function stableUuid({ spec, user }: ClientAccess, what: string): string {
  const hash = createHash("sha1").update(namespace).update(JSON.stringify([spec.name, spec.endpoint, user.name, what])).digest();
  hash[6] = (hash[6] & 0x0f) | 0x50;
  hash[8] = (hash[8] & 0x3f) | 0x80;
  return hash.toString("hex", 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** A certificate's bytes in base64 on one line, as most formats have them. */
export function certificateBase64(pem: string): string {
  const match = /-----BEGIN CERTIFICATE-----([\s\S]*?)-----END CERTIFICATE-----/.exec(pem);
  if (match === null) throw new Error("client profiles: the authority is no certificate in PEM");
  return match[1].replace(/\s/g, "");
}
