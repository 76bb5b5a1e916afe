import * as pulumi from "@pulumi/pulumi";
import { CertRequest } from "@pulumi/tls/certRequest";
import { LocallySignedCert } from "@pulumi/tls/locallySignedCert";
import { PrivateKey } from "@pulumi/tls/privateKey";
import { SelfSignedCert } from "@pulumi/tls/selfSignedCert";
import type { GatewaySpec } from "../gateway/spec";

const day = 24;
/** Hours for which a certificate holds that a device is given, and in which of them `pulumi up` renews it. */
export const validity = { validityPeriodHours: 825 * day, earlyRenewalHours: 90 * day };
/** RSA, since Windows' and Apple's own IKEv2 clients take an RSA server certificate without further settings. */
export const key = { algorithm: "RSA", rsaBits: 3072 };

/** The gateway's certificate and the private authority that signed it. The keys are Pulumi secrets. */
export interface ServerIdentity {
  /** PEM; what clients are given to trust. */
  authority: pulumi.Output<string>;
  /** PEM (PKCS #8) of the authority's key; a secret, and never on a gateway. */
  authorityKey: pulumi.Output<string>;
  /** PEM of the gateway's certificate. */
  certificate: pulumi.Output<string>;
  /** PEM (PKCS #8) of the gateway's key; a secret. */
  privateKey: pulumi.Output<string>;
}

/**
 * A private authority (10 years) and the gateway's certificate (825 days, the longest that Apple's clients accept;
 * renewed by `pulumi up` in its last 90 days), whose subject alternative name is the endpoint.
 */
export function serverIdentity(
  name: string,
  spec: pulumi.Output<GatewaySpec>,
  opts: pulumi.CustomResourceOptions,
): ServerIdentity {
  const algorithm = spec.apply(() => key.algorithm);
  const authorityKey = new PrivateKey(`${name}-authority-key`, { ...key, algorithm }, opts);
  const authority = new SelfSignedCert(
    `${name}-authority`,
    {
      privateKeyPem: authorityKey.privateKeyPemPkcs8,
      subject: { commonName: `${name} VPN authority` },
      isCaCertificate: true,
      setSubjectKeyId: true,
      validityPeriodHours: 3650 * day,
      allowedUses: ["cert_signing", "crl_signing"],
    },
    opts,
  );
  const privateKey = new PrivateKey(`${name}-server-key`, { ...key, algorithm }, opts);
  const isAddress = (endpoint: string) => /^[0-9.]+$/.test(endpoint);
  const request = new CertRequest(
    `${name}-server-request`,
    {
      privateKeyPem: privateKey.privateKeyPemPkcs8,
      subject: { commonName: spec.endpoint },
      dnsNames: spec.apply(({ endpoint }) => (isAddress(endpoint) ? [] : [endpoint])),
      ipAddresses: spec.apply(({ endpoint }) => (isAddress(endpoint) ? [endpoint] : [])),
    },
    opts,
  );
  const certificate = new LocallySignedCert(
    `${name}-server`,
    {
      certRequestPem: request.certRequestPem,
      caCertPem: authority.certPem,
      caPrivateKeyPem: authorityKey.privateKeyPemPkcs8,
      setSubjectKeyId: true,
      ...validity,
      allowedUses: ["digital_signature", "key_encipherment", "server_auth"],
    },
    opts,
  );
  return {
    authority: authority.certPem,
    authorityKey: pulumi.secret(authorityKey.privateKeyPemPkcs8),
    certificate: certificate.certPem,
    privateKey: pulumi.secret(privateKey.privateKeyPemPkcs8),
  };
}
