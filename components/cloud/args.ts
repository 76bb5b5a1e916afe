import type * as pulumi from "@pulumi/pulumi";
import type { RemoteAccessArgs } from "../args";

/** A key pair by which the gateway is administered. */
export interface SshKeyPairArgs {
  /** Private key in OpenSSH or PEM form. */
  privateKey: pulumi.Input<string>;
  /** Public key as in `authorized_keys`, e.g. `ssh-ed25519 AAAA…`. */
  publicKey: pulumi.Input<string>;
}

/** What every cloud but AWS adds to a gateway, in one wording. */
export interface CloudArgs extends RemoteAccessArgs {
  /** CIDR ranges that clients connect from, IPv4. @default 0.0.0.0/0 */
  peers?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Opens UDP 1701 in the cloud's firewall. L2TP within IPsec needs no such rule, and the gateway's own firewall takes
   * no L2TP that did not come by IPsec: for devices in between that insist to see it. @default false
   */
  openL2tpOutsideIpsec?: pulumi.Input<boolean>;
  /** Key pair that the gateway is administered with over SSH. @default minted in the stack */
  administratorKey?: SshKeyPairArgs;
}
