import * as pulumi from "@pulumi/pulumi";
import { PrivateKey } from "@pulumi/tls/privateKey";

/** A key pair for SSH. */
export interface SshKey {
  /** OpenSSH form; a secret. */
  privateKey: pulumi.Output<string>;
  /** As in `authorized_keys`, without a comment. */
  publicKey: pulumi.Output<string>;
}

/** Mints a key pair for a machine (its host key) or for whoever administers it, once what it is for is found good. */
export function sshKey(name: string, opts: pulumi.CustomResourceOptions, good?: pulumi.Output<unknown>): SshKey {
  const algorithm = good === undefined ? "ED25519" : good.apply(() => "ED25519");
  const key = new PrivateKey(name, { algorithm }, opts);
  return {
    privateKey: pulumi.secret(key.privateKeyOpenssh),
    publicKey: key.publicKeyOpenssh.apply((text) => text.trim().split(" ").slice(0, 2).join(" ")),
  };
}
