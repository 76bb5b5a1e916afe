import * as pulumi from "@pulumi/pulumi";
import { CertRequest } from "@pulumi/tls/certRequest";
import { LocallySignedCert } from "@pulumi/tls/locallySignedCert";
import { PrivateKey } from "@pulumi/tls/privateKey";
import { SelfSignedCert } from "@pulumi/tls/selfSignedCert";
import { certificateDays, renewalDays } from "../gateway/certificates/validity";

const day = 24;
/** Of what a device is given: in its last days `pulumi up` renews it. */
export const validity = { validityPeriodHours: certificateDays * day, earlyRenewalHours: renewalDays * day };

/** A kind of key. Its algorithm comes of a checked spec, so that nothing is minted for what is refused. */
export interface KeyKind {
  algorithm: pulumi.Input<string>;
  rsaBits?: number;
  ecdsaCurve?: string;
}

/** A private authority in the stack's state. Its key is a Pulumi secret and never on a gateway. */
export interface Authority {
  name: string;
  /** PEM (PKCS #8). */
  privateKey: pulumi.Output<string>;
  /** PEM. */
  certificate: pulumi.Output<string>;
  kind: KeyKind;
}

/** A key and a certificate that an authority signed. */
export interface Issued {
  /** PEM. */
  certificate: pulumi.Output<string>;
  /** PEM (PKCS #8); a secret. */
  privateKey: pulumi.Output<string>;
}

/** An authority of 10 years: `NAME-authority-key`, `NAME-authority`. */
export function privateAuthority(name: string, commonName: string, kind: KeyKind, opts: pulumi.CustomResourceOptions): Authority {
  const key = new PrivateKey(`${name}-authority-key`, { ...kind }, opts);
  const certificate = new SelfSignedCert(
    `${name}-authority`,
    {
      privateKeyPem: key.privateKeyPemPkcs8,
      subject: { commonName },
      isCaCertificate: true,
      setSubjectKeyId: true,
      validityPeriodHours: 3650 * day,
      allowedUses: ["cert_signing", "crl_signing"],
    },
    opts,
  );
  return { name, privateKey: pulumi.secret(key.privateKeyPemPkcs8), certificate: certificate.certPem, kind };
}

/**
 * A certificate whose subject alternative name is the identity, an address or a DNS name (RFC 4945, 3.1): `NAME-WHAT-key`,
 * `NAME-WHAT-request`, and the certificate by the name that is given.
 */
export function issued(authority: Authority, what: string, certificateName: string, identity: pulumi.Output<string>, allowedUses: string[], opts: pulumi.CustomResourceOptions): Issued {
  const key = new PrivateKey(`${authority.name}-${what}-key`, { ...authority.kind }, opts);
  const isAddress = (text: string) => /^[0-9.]+$|:/.test(text);
  const request = new CertRequest(
    `${authority.name}-${what}-request`,
    {
      privateKeyPem: key.privateKeyPemPkcs8,
      subject: { commonName: identity },
      dnsNames: identity.apply((text) => (isAddress(text) ? [] : [text])),
      ipAddresses: identity.apply((text) => (isAddress(text) ? [text] : [])),
    },
    opts,
  );
  const certificate = new LocallySignedCert(
    certificateName,
    {
      certRequestPem: request.certRequestPem,
      caCertPem: authority.certificate,
      caPrivateKeyPem: authority.privateKey,
      setSubjectKeyId: true,
      ...validity,
      allowedUses,
    },
    opts,
  );
  return { certificate: certificate.certPem, privateKey: pulumi.secret(key.privateKeyPemPkcs8) };
}
