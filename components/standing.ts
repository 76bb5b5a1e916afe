import type * as pulumi from "@pulumi/pulumi";
import { Command } from "@pulumi/command/remote/command";
import { Logging } from "@pulumi/command/types/enums/remote";
import type { Machine } from "./parts";
import { sshConnection } from "./sshConnection";

/** 5 minutes: a machine that was stopped for a change boots, finds its peer, and fetches what is the active one's. */
export const untilItStands = "timeout 300 sh -c 'until vpn-gateway check >/dev/null 2>&1; do sleep 2; done' || vpn-gateway check";

/**
 * Waits until a machine of a pair is as its parts say, again after each change of `changes` (which a machine takes in
 * its stride or by a restart), so that the other is touched only then. Fails with all that is wrong on it.
 */
export function standing(name: string, machine: Machine, changes: pulumi.Input<string>[], opts: pulumi.CustomResourceOptions): pulumi.CustomResource {
  return new Command(
    name,
    {
      connection: sshConnection(machine.connection, 20),
      create: untilItStands,
      triggers: [machine.id, ...changes],
      addPreviousOutputInEnv: false,
      logging: Logging.StdoutAndStderr,
    },
    // How it is reached is no reason to ask again.
    { ...opts, ignoreChanges: ["connection", "create", "addPreviousOutputInEnv", "logging"], ...(machine.resource ? { deletedWith: machine.resource } : {}) },
  );
}
