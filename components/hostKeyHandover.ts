import * as pulumi from "@pulumi/pulumi";
import { Command } from "@pulumi/command/remote/command";
import { Logging } from "@pulumi/command/types/enums/remote";
import { hostKeyHandover } from "../gateway/hostKeyHandover";
import type { SshConnectionArgs } from "./args";
import { sshConnection } from "./sshConnection";

/**
 * Waits for a machine's first boot and makes it change the host key of its user data (`bootstrap.hostKey`) for one of
 * its own, which is the key to pin from then on. Runs once in a machine's life, since the bootstrap key is good once.
 */
export function ownHostKey(
  name: string,
  bootstrap: SshConnectionArgs,
  machine: { id: pulumi.Input<string>; resource: pulumi.Resource },
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const command = new Command(
    name,
    {
      // Packages, and with L2TP another kernel: minutes. Nobody is let in before, and a refusal is asked again in 5 s.
      connection: sshConnection(bootstrap, 120),
      create: hostKeyHandover,
      triggers: [machine.id],
      addPreviousOutputInEnv: false,
      logging: Logging.Stderr,
    },
    {
      ...opts,
      // Nothing to do again: neither for another address nor another port, and the bootstrap key opens nothing by now.
      ignoreChanges: ["connection", "create", "addPreviousOutputInEnv", "logging"],
      deletedWith: machine.resource,
    },
  );
  // A public key, though what it was asked with is secret.
  return pulumi.unsecret(command.stdout).apply((text) => text.trim());
}
