import * as pulumi from "@pulumi/pulumi";
import { severalWorldLinks, worldLinks } from "../lab/networks";
import type { SshConnectionArgs } from "./args";
import { keysAlone, labMachine } from "./labMachine";
import { sshKey, type SshKey } from "./sshKey";

/** Args of {@link LabWorld}. */
export interface LabWorldArgs {
  /** Which lab: letters, digits, hyphens; also the name of the folder that holds its machines. */
  lab: pulumi.Input<string>;
  /** Wires for a pair of gateways rather than for one, in the first cloud where there are several. @default false */
  pair?: boolean;
  /** Wires for so many clouds with a gateway each. @default 1 */
  clouds?: number;
}

/**
 * The lab's world: one machine whose network namespaces are the internet, a NAT router with clients behind it, and the
 * gateway's inside network.
 */
export class LabWorld extends pulumi.ComponentResource {
  public readonly lab: pulumi.Output<string>;
  /** Who administers the lab's machines; minted for it. */
  public readonly administratorKey: SshKey;
  /** How to reach the world over SSH; a secret. */
  public readonly connection: pulumi.Output<pulumi.Unwrap<SshConnectionArgs>>;

  constructor(name: string, args: LabWorldArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pulumi-vpn-gateway:index:LabWorld", name, {}, opts);
    this.lab = pulumi.output(args.lab);
    this.administratorKey = sshKey(`${name}-administrator-key`, { parent: this });
    const hostKey = sshKey(`${name}-host-key`, { parent: this });
    const machine = labMachine(
      name,
      {
        lab: args.lab,
        userData: keysAlone(hostKey, this.administratorKey),
        links: args.pair === true ? severalWorldLinks(1 + (args.clouds ?? 1)) : args.clouds === undefined ? worldLinks : severalWorldLinks(args.clouds),
        memoryMegabytes: 1024,
        hostKey,
        administratorKey: this.administratorKey,
      },
      { parent: this },
    );
    this.connection = pulumi.secret(pulumi.output(machine.connection));
    this.registerOutputs({ lab: this.lab });
  }
}
