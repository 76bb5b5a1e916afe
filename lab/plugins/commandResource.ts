/** What local and remote commands share: when they run, when they are replaced, what they keep. */
import { randomBytes } from "node:crypto";
import type { CommandResult, Logging } from "./commandOutput";
import type { Operation, Refusal, ResourceType } from "./provider";
import { flag, object, text, UNKNOWN, type Properties } from "./values";

const LOGGING: readonly Logging[] = ["stdout", "stderr", "stdoutAndStderr", "none"];

/** Runs one command with a resource's inputs; throws when it does not exit with 0. */
export type RunCommand = (
  command: string,
  inputs: Properties,
  environment: Record<string, string>,
  operation: Operation,
) => Promise<CommandResult>;

/** The part of a command resource that differs between local and remote. */
export interface CommandKind {
  readonly run: RunCommand;
  readonly refuse: (inputs: Properties) => Refusal[];
  readonly defaults?: (inputs: Properties) => Properties;
}

/** The streams that the person asked to see. */
export function loggingOf(inputs: Properties): Logging {
  return (text(inputs, "logging") as Logging | undefined) ?? "stdoutAndStderr";
}

/** A resource type that runs `create`, `update` and `delete` as @pulumi/command documents it. */
export function commandResource(kind: CommandKind): ResourceType {
  const run = async (command: string | undefined, inputs: Properties, state: Properties, operation: Operation) => {
    if (command === undefined) {
      return { stdout: text(state, "stdout") ?? "", stderr: text(state, "stderr") ?? "" };
    }
    const { stdout, stderr } = await kind.run(command, inputs, environment(inputs, state), operation);
    return { stdout, stderr };
  };
  return {
    computed: ["stdout", "stderr"],
    defaults: (inputs) => ({ addPreviousOutputInEnv: true, ...kind.defaults?.(inputs) }),
    refuse: (inputs) => [...refuseLogging(inputs), ...kind.refuse(inputs)],
    // With an `update` command, changed triggers run it; without one, `create` starts anew.
    replaces: (property, inputs) => property === "triggers" && inputs.update === undefined,
    async create(inputs, operation) {
      const outputs = await run(text(inputs, "create"), inputs, {}, operation);
      return { id: `cmd${randomBytes(4).toString("hex")}`, state: { ...inputs, ...outputs } };
    },
    async update(state, inputs, operation) {
      const command = text(inputs, "update") ?? text(inputs, "create");
      return { ...inputs, ...(await run(command, inputs, state, operation)) };
    },
    async delete(state, operation) {
      await run(text(state, "delete"), state, state, operation);
    },
  };
}

/** The environment of a command, with what the previous one printed unless that is not wanted. */
function environment(inputs: Properties, state: Properties): Record<string, string> {
  const given = Object.entries(object(inputs, "environment") ?? {}).map(([name, value]) => [name, String(value)]);
  const previous =
    flag(inputs, "addPreviousOutputInEnv") === false
      ? []
      : [
          ["PULUMI_COMMAND_STDOUT", text(state, "stdout") ?? ""],
          ["PULUMI_COMMAND_STDERR", text(state, "stderr") ?? ""],
        ].filter(([, value]) => value !== "");
  return Object.fromEntries([...given, ...previous]) as Record<string, string>;
}

function refuseLogging(inputs: Properties): Refusal[] {
  const logging = text(inputs, "logging");
  return logging === undefined || logging === UNKNOWN || LOGGING.includes(logging as Logging)
    ? []
    : [{ property: "logging", reason: `"${logging}" is not one of ${LOGGING.join(", ")}` }];
}
