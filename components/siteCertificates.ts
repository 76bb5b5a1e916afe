import * as pulumi from "@pulumi/pulumi";
import type { Side, SiteConnectionSpec, SiteSecrets } from "../gateway/site/spec";
import { issued, privateAuthority } from "./authority";

/** ECDSA P-384: RFC 8247, 3.1. */
const key = { algorithm: "ECDSA", ecdsaCurve: "P384" };

/** A private authority for one connection and a certificate for each end, whose subject alternative name is the end's identity. */
export function siteCertificates(name: string, spec: pulumi.Output<SiteConnectionSpec>, opts: pulumi.CustomResourceOptions): Record<Side, pulumi.Output<SiteSecrets>> {
  const authority = privateAuthority(name, `${name} site authority`, { ...key, algorithm: spec.apply(() => key.algorithm) }, opts);
  const end = (side: Side): pulumi.Output<SiteSecrets> => {
    const identity = spec.apply((plain) => plain[side].identity);
    const { certificate, privateKey } = issued(authority, side, `${name}-${side}-certificate`, identity, ["digital_signature", "server_auth", "client_auth"], opts);
    return pulumi.secret(pulumi.output({ authority: authority.certificate, certificate, privateKey }));
  };
  return { left: end("left"), right: end("right") };
}
