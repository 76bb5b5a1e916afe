import { createHash, X509Certificate } from "crypto";
import * as pulumi from "@pulumi/pulumi";
import { SelfSignedCert } from "@pulumi/tls/selfSignedCert";
import type { Authority } from "../gateway/certificates/authority";
import { renderRevocationList } from "../gateway/certificates/revocationList";
import { validity } from "./authority";

/**
 * The list of what an authority has signed and what holds no longer, in PEM. Its dates are those of a certificate that the
 * authority's key signs for itself, and which nobody is given: another list is another certificate, in whose last 90 days it is made anew.
 *
 * @param wanted does anybody look at it? Empty otherwise
 */
export function revocationListOf(
  name: string,
  authority: pulumi.Output<Authority>,
  serialNumbers: pulumi.Output<string[]>,
  opts: pulumi.CustomResourceOptions,
  wanted: pulumi.Output<boolean> = pulumi.output(true),
): pulumi.Output<string> {
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
  const list = pulumi.all([authority, serialNumbers, dates.certPem, wanted]).apply(([signer, serials, dated, looksAtIt]) => {
    if (!looksAtIt) return "";
    const { validFrom, validTo } = new X509Certificate(dated);
    return renderRevocationList(signer, { serialNumbers: serials, thisUpdate: new Date(validFrom), nextUpdate: new Date(validTo) });
  });
  return pulumi.unsecret(list);
}
