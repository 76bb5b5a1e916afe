import * as path from "path";
import * as pulumi from "@pulumi/pulumi";
import { Command } from "@pulumi/command/local/command";
import { Logging } from "@pulumi/command/types/enums/local";
import type { ImageName } from "../lab/image";
import { keysUserData } from "../lab/keys";
import type { LinkSpec, MachineSpec } from "../lab/machineSpec";
import type { SshConnectionArgs } from "./args";
import { packageRoot } from "./hostCommand";
import type { SshKey } from "./sshKey";

/** User data of a machine that gets its keys and nothing else: the world, or a host that somebody else made. */
export function keysAlone(hostKey: SshKey, administrator: SshKey): pulumi.Output<string> {
  return pulumi
    .all([hostKey.privateKey, hostKey.publicKey, administrator.publicKey])
    .apply(([hostPrivateKey, hostPublicKey, authorized]) =>
      keysUserData({ hostPrivateKey, hostPublicKey, authorizedKeys: [authorized] }),
    );
}

/** What {@link labMachine} needs. */
export interface LabMachineArgs {
  /** Which lab the machine belongs to: letters, digits, hyphens. */
  lab: pulumi.Input<string>;
  /** First boot's cloud-init user data. A machine that has booted keeps its own: what changes later goes by parts. */
  userData: pulumi.Input<string>;
  links: LinkSpec[];
  memoryMegabytes: number;
  /** @default 2 */
  vcpus?: number;
  /** `bare`: a disk as a cloud's, which gets its packages from Debian by the host's network. @default "trimmed" */
  image?: ImageName;
  hostKey: SshKey;
  administratorKey: SshKey;
}

/** A machine of the lab that runs, as a resource: `destroy` stops it and removes its files. */
export interface LabMachine {
  resource: pulumi.Resource;
  id: pulumi.Output<string>;
  connection: SshConnectionArgs;
}

/** Several machines that boot at once on a busy host take minutes; one that is broken says so itself. */
const bootTimeoutSeconds = 900;

/** Starts a QEMU machine by `lab/bin/machine`, waits until its first boot is done and says how to reach it. */
export function labMachine(name: string, args: LabMachineArgs, opts: pulumi.CustomResourceOptions): LabMachine {
  const program = path.join(packageRoot(), "dist", "lab", "bin", "machine.js");
  const spec = pulumi.all([args.lab, args.userData]).apply(([lab, userData]): MachineSpec => ({
    name,
    lab,
    userData,
    links: args.links,
    memoryMegabytes: args.memoryMegabytes,
    vcpus: args.vcpus,
    ...(args.image === "bare" ? { image: args.image, managementDefaultRoute: true } : {}),
    bootTimeoutSeconds,
  }));
  const command = new Command(
    `${name}-machine`,
    {
      create: `node ${quoted(program)} start`,
      delete: pulumi.interpolate`node ${quoted(program)} stop --lab ${args.lab} --name ${name}`,
      // Its user data holds the machine's host key.
      stdin: pulumi.secret(spec.apply((plain) => JSON.stringify(plain))),
      // What makes it another machine. The user data is not among it, or one more administrator would be a new gateway.
      triggers: [args.links, args.memoryMegabytes, args.hostKey.publicKey, args.administratorKey.publicKey, ...(args.vcpus === undefined ? [] : [args.vcpus])],
      addPreviousOutputInEnv: false,
      logging: Logging.Stderr,
    },
    // The same disk, ports and wires cannot belong to two machines at once.
    { ...opts, ignoreChanges: ["stdin"], deleteBeforeReplace: true },
  );
  // Where it listens is no secret, though what it was made of is.
  const port = pulumi.unsecret(command.stdout).apply((stdout) => (JSON.parse(stdout) as { sshPort: number }).sshPort);
  return {
    resource: command,
    id: command.id,
    connection: {
      host: "127.0.0.1",
      port,
      user: "root",
      privateKey: args.administratorKey.privateKey,
      hostKey: args.hostKey.publicKey,
    },
  };
}

function quoted(word: string): string {
  return `'${word.replace(/'/g, `'\\''`)}'`;
}
