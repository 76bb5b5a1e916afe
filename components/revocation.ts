import { createHash, X509Certificate } from "crypto";
import * as pulumi from "@pulumi/pulumi";
import { SelfSignedCert } from "@pulumi/tls/selfSignedCert";
import type { Authority } from "../gateway/certificates/authority";
import { renderRevocationList } from "../gateway/certificates/revocationList";
import { validity } from "./authority";

/**
 * The list of what an authority (RSA) has signed and what holds no longer, in PEM. Its dates are those of a certificate that the
 * authority's key signs for itself, and which nobody is given: another list is another certificate, in whose last 90 days it is made anew.
 */
export function revocationListOf(name: string, authority: pulumi.Output<Authority>, serialNumbers: pulumi.Output<string[]>, opts: pulumi.CustomResourceOptions): pulumi.Output<string> {
  const dates = new SelfSignedCert(
    `${name}-revocation-list-dates`,
    {
      privateKeyPem: authority.privateKey,
      subject: { commonName: serialNumbers.apply((serials) => `revoked ${createHash("sha256").update(serials.join()).digest("hex").slice(0, 16)}`) },
      allowedUses: ["crl_signing"],
      ...validity,
    },
    opts,
  );
  const list = pulumi.all([authority, serialNumbers, dates.certPem]).apply(([signer, serials, dated]) => {
    const { validFrom, validTo } = new X509Certificate(dated);
    return renderRevocationList(signer, { serialNumbers: serials, thisUpdate: new Date(validFrom), nextUpdate: new Date(validTo) });
  });
  return pulumi.unsecret(list);
}
