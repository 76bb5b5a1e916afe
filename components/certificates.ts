import * as pulumi from "@pulumi/pulumi";
import type { GatewayIdentity } from "../gateway/identity";
import type { GatewaySpec } from "../gateway/spec";
import { issued, privateAuthority, type Issued } from "./authority";
import { carried } from "./secrets";

/** RSA, since Windows' and Apple's own IKEv2 clients take an RSA server certificate without further settings. */
export const key = { algorithm: "RSA", rsaBits: 3072 };

/** The gateway's certificate and the private authority that signed it. The keys are Pulumi secrets. */
export interface ServerIdentity extends Issued {
  /** PEM; what clients are given to trust. */
  authority: pulumi.Output<string>;
  /** PEM (PKCS #8) of the authority's key; a secret, and never on a gateway. */
  authorityKey: pulumi.Output<string>;
}

/** A private authority, or that of the identity which is carried over, and the gateway's certificate, whose subject alternative name is the endpoint. */
export function serverIdentity(
  name: string,
  spec: pulumi.Output<GatewaySpec>,
  identity: pulumi.Input<GatewayIdentity> | undefined,
  opts: pulumi.CustomResourceOptions,
): ServerIdentity {
  const own = privateAuthority(name, `${name} VPN authority`, { ...key, algorithm: spec.apply(() => key.algorithm) }, opts);
  const authority = {
    ...own,
    privateKey: carried(identity, own.privateKey, (given) => given.authority?.privateKey),
    certificate: pulumi.unsecret(carried(identity, own.certificate, (given) => given.authority?.certificate)),
  };
  return {
    ...issued(authority, "server", `${name}-server`, spec.endpoint, ["digital_signature", "key_encipherment", "server_auth"], opts),
    authority: authority.certificate,
    authorityKey: authority.privateKey,
  };
}
