import { X509Certificate } from "crypto";
import * as pulumi from "@pulumi/pulumi";
import { PrivateKey } from "@pulumi/tls/privateKey";
import { SelfSignedCert } from "@pulumi/tls/selfSignedCert";
import { issueUserCertificate } from "../gateway/certificates/userCertificate";
import type { UserCredential } from "../gateway/clients/access";
import { carriedCredential, type GatewayIdentity } from "../gateway/identity";
import type { GatewaySpec } from "../gateway/spec";
import type { RemoteAccessArgs } from "./args";
import { validity } from "./authority";
import { key, type ServerIdentity } from "./certificates";
import { revocationListOf } from "./revocation";
import { containerPassword } from "./secrets";

/** What the stack's authority gives users: their keys and certificates, and the list of those that hold no longer. */
export interface UserCertificates {
  /** By user name; a secret. */
  credentials: pulumi.Output<Record<string, UserCredential>>;
  /** PEM. */
  revocationList: pulumi.Output<string>;
}

/**
 * A key and a certificate for each user who has one, and the revocation list. Neither the provider's requests hold an
 * e-mail address, nor does it make lists: both are signed here, and the same text comes of the same state. What must be
 * remembered (dates, serial numbers, when it is time to renew: 825 days, in their last 90) is that of certificates that the
 * keys sign for themselves, which nobody is given.
 */
export function userCertificates(
  name: string,
  args: RemoteAccessArgs,
  spec: pulumi.Output<GatewaySpec>,
  identity: ServerIdentity,
  opts: pulumi.CustomResourceOptions,
): UserCertificates {
  const algorithm = spec.apply(() => key.algorithm);
  const authority = pulumi.secret(pulumi.output({ certificate: identity.authority, privateKey: identity.authorityKey }));
  const carried = pulumi.secret(pulumi.output(args.identity)) as pulumi.Output<GatewayIdentity | undefined>;
  const credentials: Record<string, pulumi.Output<UserCredential>> = {};
  for (const user of new Set(args.users.filter(({ authentication }) => authentication === "certificate").map((each) => each.name))) {
    const own = new PrivateKey(`${name}-user-key-${user}`, { ...key, algorithm }, opts);
    const request = new SelfSignedCert(`${name}-user-request-${user}`, { privateKeyPem: own.privateKeyPemPkcs8, subject: { commonName: user }, allowedUses: ["client_auth"], ...validity }, opts);
    const password = containerPassword(name, user, spec, opts);
    credentials[user] = pulumi.secret(
      pulumi.all([authority, own.privateKeyPemPkcs8, request.certPem, password, carried]).apply(([signer, privateKey, asked, containersPassword, former]) => {
        const kept = carriedCredential(former, user);
        if (kept !== undefined) return kept;
        const { serialNumber, publicKey, validFrom, validTo } = new X509Certificate(asked);
        const dates = { notBefore: new Date(validFrom), notAfter: new Date(validTo) };
        return { privateKey, certificate: issueUserCertificate(signer, { user, publicKey, serialNumber, ...dates }), containerPassword: containersPassword };
      }),
    );
  }
  const all = pulumi.secret(pulumi.output(credentials)) as pulumi.Output<Record<string, UserCredential>>;
  const serialNumbers = pulumi.unsecret(pulumi.all([spec, all, carried]).apply(([plain, given, former]) => revoked(plain, given, former?.credentials)));
  return { credentials: all, revocationList: revocationListOf(name, authority, serialNumbers, opts) };
}

/** Serial numbers of what holds no longer, each once. */
function revoked({ users, ikev2 }: GatewaySpec, ...credentials: (Record<string, UserCredential> | undefined)[]): string[] {
  const ofUsers = users
    .filter((user) => user.revoked === true)
    .flatMap(({ name }) => credentials.flatMap((all) => (all !== undefined && Object.hasOwn(all, name) ? [new X509Certificate(all[name].certificate).serialNumber] : [])));
  const given = (ikev2?.revokedSerials ?? []).map((serial) => serial.replaceAll(":", "").toUpperCase());
  return [...new Set([...ofUsers, ...given])].sort();
}
