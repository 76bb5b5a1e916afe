import * as pulumi from "@pulumi/pulumi";
import type { SshConnectionArgs } from "./args";

/** Seconds that one attempt to connect may take; a refusal comes at once, and is asked again after a pause. */
const perDialTimeout = 15;

/**
 * The connection of a remote command: defaults filled in, the key a secret. `patience` is how often it is tried, since
 * a machine that boots refuses at first.
 */
export function sshConnection({ host, port, user, privateKey, hostKey }: SshConnectionArgs, patience: number) {
  return {
    host,
    port: port ?? 22,
    user: user ?? "root",
    privateKey: pulumi.secret(privateKey),
    hostKey,
    perDialTimeout,
    dialErrorLimit: patience,
  };
}
