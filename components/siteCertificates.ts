import { X509Certificate } from "crypto";
import * as pulumi from "@pulumi/pulumi";
import type { Authority as Signer } from "../gateway/certificates/authority";
import { withNameConstraint } from "../gateway/certificates/nameConstraints";
import { authorityName } from "../gateway/site/names";
import type { Side, SiteConnectionSpec, SiteSecrets } from "../gateway/site/spec";
import { issued, privateAuthority, type Authority, type Issued } from "./authority";
import { key as rsa } from "./certificates";
import { revocationListOf } from "./revocation";

/** ECDSA P-384: RFC 8247, 3.1. */
const ecdsa = { algorithm: "ECDSA", ecdsaCurve: "P384" };
const uses = ["digital_signature", "server_auth", "client_auth"];

/** What the owner of a device has of an authority of its own. */
export interface DeviceAuthority {
  authority?: pulumi.Input<string>;
  revocationList?: pulumi.Input<string>;
}

/**
 * A private authority for one connection, a certificate for each end, whose subject alternative name is the end's identity, and
 * the authority's list of those that hold no longer, for the gateways that look at it. Both identities are beneath the
 * connection's name, and of DNS names the authority may sign for no others.
 */
export function siteCertificates(name: string, spec: pulumi.Output<SiteConnectionSpec>, opts: pulumi.CustomResourceOptions): Record<Side, pulumi.Output<SiteSecrets>> {
  const authority = privateAuthority(name, authorityName(name), { ...ecdsa, algorithm: spec.apply(() => ecdsa.algorithm) }, opts);
  const end = (side: Side) => issued(authority, side, `${name}-${side}-certificate`, spec.apply((plain) => plain[side].identity), uses, opts);
  const ends = { left: end("left"), right: end("right") };
  const serials = pulumi.unsecret(
    pulumi.all([spec, ends.left.certificate, ends.right.certificate]).apply(([{ revocation }, left, right]) =>
      serialNumbers([...(revocation?.revoked.left === true ? [left] : []), ...(revocation?.revoked.right === true ? [right] : [])], revocation?.revokedSerials),
    ),
  );
  const looksAtIt = spec.apply(({ revocation }) => revocation?.room.left === true || revocation?.room.right === true);
  const revocationList = revocationListOf(name, signerOf(authority), serials, opts, looksAtIt);
  // What the provider makes has no name constraints: the gateways get the same authority with them.
  const trusted = pulumi.unsecret(pulumi.all([signerOf(authority), spec]).apply(([signer, plain]) => withNameConstraint(signer, plain.name)));
  const secrets = (own: Issued): pulumi.Output<SiteSecrets> => pulumi.secret(pulumi.output({ authority: trusted, ...own, revocationList }));
  return { left: secrets(ends.left), right: secrets(ends.right) };
}

/**
 * The same towards a device, with RSA, which each device can do: the authority's list is for the gateway. A device with an
 * authority of its own gets no certificate.
 */
export function deviceCertificates(name: string, spec: pulumi.Output<SiteConnectionSpec>, given: DeviceAuthority, opts: pulumi.CustomResourceOptions): Record<Side, pulumi.Output<SiteSecrets>> {
  const authority = privateAuthority(name, authorityName(name), { ...rsa, algorithm: spec.apply(() => rsa.algorithm) }, opts);
  const end = (side: Side) => issued(authority, side, `${name}-${side}-certificate`, spec.apply((plain) => plain[side].identity), uses, opts);
  const gateway = end("left");
  if (given.authority !== undefined) {
    return {
      left: pulumi.secret(pulumi.output({ authority: given.authority, ...gateway, ...(given.revocationList === undefined ? {} : { revocationList: given.revocationList }) })),
      right: pulumi.secret(pulumi.output({ authority: authority.certificate })),
    };
  }
  const device = end("right");
  const serials = pulumi.unsecret(pulumi.all([spec, device.certificate]).apply(([{ deviceProof }, certificate]) => serialNumbers(deviceProof?.revoked === true ? [certificate] : [], deviceProof?.revokedSerials)));
  const revocationList = revocationListOf(name, signerOf(authority), serials, opts);
  return {
    left: pulumi.secret(pulumi.output({ authority: authority.certificate, ...gateway, revocationList })),
    right: pulumi.secret(pulumi.output({ authority: authority.certificate, ...device })),
  };
}

function signerOf({ certificate, privateKey }: Authority): pulumi.Output<Signer> {
  return pulumi.secret(pulumi.output({ certificate, privateKey }));
}

/** Serial numbers of what holds no longer, each once. */
function serialNumbers(certificates: readonly string[], given: readonly string[] = []): string[] {
  return [...new Set([...certificates.map((pem) => new X509Certificate(pem).serialNumber), ...given.map((serial) => serial.replaceAll(":", "").toUpperCase())])].sort();
}
