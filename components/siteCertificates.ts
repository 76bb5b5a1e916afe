import * as pulumi from "@pulumi/pulumi";
import { CertRequest } from "@pulumi/tls/certRequest";
import { LocallySignedCert } from "@pulumi/tls/locallySignedCert";
import { PrivateKey } from "@pulumi/tls/privateKey";
import { SelfSignedCert } from "@pulumi/tls/selfSignedCert";
import type { Side, SiteConnectionSpec, SiteSecrets } from "../gateway/site/spec";

const day = 24;
const algorithm = { algorithm: "ECDSA", ecdsaCurve: "P384" };

/**
 * A private authority for one connection (10 years) and a certificate for each end (825 days, renewed by `pulumi up` in
 * their last 90), whose subject alternative name is the end's identity. ECDSA P-384: RFC 8247, 3.1.
 */
export function siteCertificates(name: string, spec: pulumi.Output<SiteConnectionSpec>, opts: pulumi.CustomResourceOptions): Record<Side, pulumi.Output<SiteSecrets>> {
  const good = { ...algorithm, algorithm: spec.apply(() => algorithm.algorithm) };
  const authorityKey = new PrivateKey(`${name}-authority-key`, good, opts);
  const authority = new SelfSignedCert(
    `${name}-authority`,
    {
      privateKeyPem: authorityKey.privateKeyPemPkcs8,
      subject: { commonName: `${name} site authority` },
      isCaCertificate: true,
      setSubjectKeyId: true,
      validityPeriodHours: 3650 * day,
      allowedUses: ["cert_signing", "crl_signing"],
    },
    opts,
  );
  const end = (side: Side): pulumi.Output<SiteSecrets> => {
    const identity = spec.apply((plain) => plain[side].identity);
    const isAddress = (text: string) => /^[0-9.]+$|:/.test(text);
    const key = new PrivateKey(`${name}-${side}-key`, good, opts);
    const request = new CertRequest(
      `${name}-${side}-request`,
      {
        privateKeyPem: key.privateKeyPemPkcs8,
        subject: { commonName: identity },
        dnsNames: identity.apply((text) => (isAddress(text) ? [] : [text])),
        ipAddresses: identity.apply((text) => (isAddress(text) ? [text] : [])),
      },
      opts,
    );
    const certificate = new LocallySignedCert(
      `${name}-${side}-certificate`,
      {
        certRequestPem: request.certRequestPem,
        caCertPem: authority.certPem,
        caPrivateKeyPem: authorityKey.privateKeyPemPkcs8,
        setSubjectKeyId: true,
        validityPeriodHours: 825 * day,
        earlyRenewalHours: 90 * day,
        allowedUses: ["digital_signature", "server_auth", "client_auth"],
      },
      opts,
    );
    return pulumi.secret(pulumi.output({ authority: authority.certPem, certificate: certificate.certPem, privateKey: key.privateKeyPemPkcs8 }));
  };
  return { left: end("left"), right: end("right") };
}
