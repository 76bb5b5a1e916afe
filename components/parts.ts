import { createHash } from "crypto";
import * as pulumi from "@pulumi/pulumi";
import { Command } from "@pulumi/command/remote/command";
import { Logging } from "@pulumi/command/types/enums/remote";
import type { Part, PartName } from "../gateway/bundle";
import { renderPart } from "../gateway/formats/part";
import type { GatewaySpec } from "../gateway/spec";
import type { SshConnectionArgs } from "./args";
import { hostCommandText, unpack } from "./hostCommand";
import { sshConnection } from "./sshConnection";

/** The gateway's machine as the parts see it. */
export interface Machine {
  connection: SshConnectionArgs;
  /**
   * Identity of the machine: with another one every part is pushed to the new machine, then taken from the old. Where
   * both are one and the same (a host's other name), the gateway sees that its parts have a new owner, and keeps them.
   */
  id: pulumi.Input<string>;
  /** The resource that takes its parts away with it; none for a machine that is not ours. */
  resource?: pulumi.Resource;
}

/** What pushes parts to one machine, in the order in which it is asked to, by whatever way in there is. */
export interface PartPusher {
  /**
   * Pushes `part`; the text of a secret one is a Pulumi secret. With `confirm` the part may cut the way in, and stands
   * only once that has been found to be still there.
   */
  push(part: PartName, text: pulumi.Input<Part>, secret: boolean, confirm: boolean): pulumi.CustomResource;
}

/**
 * The way in over SSH: installs the `vpn-gateway` command on the machine, once `spec` has been found good, and gives what pushes parts
 * through it.
 *
 * Every push names the same command for create and update, so that a change of `triggers` (another machine) pushes
 * again and never runs `remove`.
 */
export function partPusher(
  name: string,
  machine: Machine,
  spec: pulumi.Output<Pick<GatewaySpec, "platform">>,
  opts: pulumi.CustomResourceOptions,
): PartPusher {
  const { run, owner } = commands(name, machine, opts);
  return pusher(run, owner, run("host-command", unpack, pulumi.interpolate`vpn-gateway uninstall --owner ${owner}`, spec.apply(({ platform }) => hostCommandText(platform)), [], 10));
}

/** The same on a machine whose gateway has installed the command: pushes further parts, each of which goes when its resource does. */
export function furtherParts(name: string, machine: Machine, opts: pulumi.CustomResourceOptions): PartPusher {
  const { run, owner } = commands(name, machine, opts);
  return pusher(run, owner, undefined);
}

type Run = (
  suffix: string,
  command: pulumi.Input<string>,
  remove: pulumi.Input<string> | undefined,
  stdin: pulumi.Input<string>,
  dependsOn: pulumi.Resource[],
  patience: number,
) => Command;

function commands(name: string, machine: Machine, opts: pulumi.CustomResourceOptions): { run: Run; owner: pulumi.Output<string> } {
  const { connection } = machine;
  const sudo = pulumi.output(connection.user ?? "root").apply((user) => (user === "root" ? "" : "sudo -n "));
  const owner = pulumi.output(machine.id).apply((id) => createHash("sha256").update(`${name} ${id}`).digest("hex").slice(0, 12));
  const common: pulumi.CustomResourceOptions = { ...opts, ...(machine.resource ? { deletedWith: machine.resource } : {}) };
  const run: Run = (suffix, command, remove, stdin, dependsOn, patience) =>
    new Command(
      `${name}-${suffix}`,
      {
        connection: sshConnection(connection, patience),
        create: pulumi.interpolate`${sudo}${command}`,
        update: pulumi.interpolate`${sudo}${command}`,
        // A machine that is ours takes its parts with it. To ask it first would fail where its address has moved on: the
        // engine deletes what depends on a machine before a machine that must go before its replacement comes.
        ...(remove !== undefined && machine.resource === undefined ? { delete: pulumi.interpolate`${sudo}${remove}` } : {}),
        stdin,
        triggers: [machine.id],
        // Not every sshd accepts variables, and nothing of ours reads them.
        addPreviousOutputInEnv: false,
        logging: Logging.StdoutAndStderr,
      },
      { ...common, dependsOn: [...dependencies(opts), ...dependsOn] },
    );

  return { run, owner };
}

function pusher(run: Run, owner: pulumi.Output<string>, first: Command | undefined): PartPusher {
  let last = first;
  const before = () => (last === undefined ? [] : [last]);
  return {
    push(part, value, secret, confirm) {
      const text = pulumi.output(value).apply(renderPart);
      const [apply, remove] = ["apply", "remove"].map((verb) => pulumi.interpolate`vpn-gateway ${verb} ${part} --owner ${owner}`);
      let pushed = run(part, apply, remove, secret ? pulumi.secret(text) : text, before(), 5);
      if (confirm) {
        // Two sessions, each a new one: the first confirms, or, where the gateway went back because an earlier `up`
        // lost its way to it, puts the generation on again, which the second then confirms.
        // The first one waits until the gateway has gone back, to say that it has.
        pushed = run(`${part}-confirm`, `vpn-gateway confirm ${part} --again`, undefined, pushed.stdout, [pushed], 8);
        pushed = run(`${part}-settle`, `vpn-gateway confirm ${part}`, undefined, pushed.stdout, [pushed], 3);
      }
      last = pushed;
      return pushed;
    },
  };
}

function dependencies(opts: pulumi.CustomResourceOptions): pulumi.Resource[] {
  const given = opts.dependsOn;
  return given === undefined ? [] : ((Array.isArray(given) ? given : [given]) as pulumi.Resource[]);
}
