import * as pulumi from "@pulumi/pulumi";
import type { GatewaySpec } from "../gateway/spec";
import { issued, privateAuthority, type Issued } from "./authority";

/** RSA, since Windows' and Apple's own IKEv2 clients take an RSA server certificate without further settings. */
export const key = { algorithm: "RSA", rsaBits: 3072 };

/** The gateway's certificate and the private authority that signed it. The keys are Pulumi secrets. */
export interface ServerIdentity extends Issued {
  /** PEM; what clients are given to trust. */
  authority: pulumi.Output<string>;
  /** PEM (PKCS #8) of the authority's key; a secret, and never on a gateway. */
  authorityKey: pulumi.Output<string>;
}

/** A private authority and the gateway's certificate, whose subject alternative name is the endpoint. */
export function serverIdentity(
  name: string,
  spec: pulumi.Output<GatewaySpec>,
  opts: pulumi.CustomResourceOptions,
): ServerIdentity {
  const authority = privateAuthority(name, `${name} VPN authority`, { ...key, algorithm: spec.apply(() => key.algorithm) }, opts);
  return {
    ...issued(authority, "server", `${name}-server`, spec.endpoint, ["digital_signature", "key_encipherment", "server_auth"], opts),
    authority: authority.certificate.certPem,
    authorityKey: pulumi.secret(authority.key.privateKeyPemPkcs8),
  };
}
