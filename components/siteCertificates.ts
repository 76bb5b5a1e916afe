import { X509Certificate } from "crypto";
import * as pulumi from "@pulumi/pulumi";
import { authorityName } from "../gateway/site/names";
import type { Side, SiteConnectionSpec, SiteSecrets } from "../gateway/site/spec";
import { issued, privateAuthority } from "./authority";
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

/** A private authority for one connection and a certificate for each end, whose subject alternative name is the end's identity. */
export function siteCertificates(name: string, spec: pulumi.Output<SiteConnectionSpec>, opts: pulumi.CustomResourceOptions): Record<Side, pulumi.Output<SiteSecrets>> {
  const authority = privateAuthority(name, authorityName(name), { ...ecdsa, algorithm: spec.apply(() => ecdsa.algorithm) }, opts);
  const end = (side: Side): pulumi.Output<SiteSecrets> => {
    const identity = spec.apply((plain) => plain[side].identity);
    const { certificate, privateKey } = issued(authority, side, `${name}-${side}-certificate`, identity, uses, opts);
    return pulumi.secret(pulumi.output({ authority: authority.certificate, certificate, privateKey }));
  };
  return { left: end("left"), right: end("right") };
}

/**
 * The same towards a device, with RSA, which each device can do and which signs the same list the same way each time: the
 * authority's list of revoked certificates for the gateway. A device with an authority of its own gets no certificate.
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
  const serials = pulumi.unsecret(pulumi.all([spec, device.certificate]).apply(([{ deviceProof }, certificate]) => revoked(deviceProof, certificate)));
  const signer = pulumi.secret(pulumi.output({ certificate: authority.certificate, privateKey: authority.privateKey }));
  const revocationList = revocationListOf(name, signer, serials, opts);
  return {
    left: pulumi.secret(pulumi.output({ authority: authority.certificate, ...gateway, revocationList })),
    right: pulumi.secret(pulumi.output({ authority: authority.certificate, ...device })),
  };
}

/** Serial numbers of what holds no longer, each once. */
function revoked(proof: SiteConnectionSpec["deviceProof"], certificate: string): string[] {
  const own = proof?.revoked === true ? [new X509Certificate(certificate).serialNumber] : [];
  return [...new Set([...own, ...(proof?.revokedSerials ?? []).map((serial) => serial.replaceAll(":", "").toUpperCase())])].sort();
}
