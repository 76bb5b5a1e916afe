/** `command:remote:Command`: runs a command on another host, over SSH. */
import type { Client } from "ssh2";
import { commandFailure, CommandOutput, type CommandResult } from "./commandOutput";
import { commandResource, loggingOf, type RunCommand } from "./commandResource";
import { connect, refuseConnection } from "./sshConnection";
import { object, text } from "./values";

const runRemotely: RunCommand = async (command, inputs, environment, operation) => {
  const client = await connect(object(inputs, "connection") ?? {}, operation);
  const stop = (): void => void client.destroy();
  operation.signal.addEventListener("abort", stop, { once: true });
  try {
    const output = new CommandOutput(operation.log, loggingOf(inputs));
    return await execute(client, command, text(inputs, "stdin") ?? "", environment, output);
  } finally {
    operation.signal.removeEventListener("abort", stop);
    client.end();
  }
};

function execute(
  client: Client,
  command: string,
  stdin: string,
  environment: Record<string, string>,
  output: CommandOutput,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    let lost = "the connection was closed";
    let ending: string | undefined;
    const broken = (): void =>
      reject(commandFailure(`ended in a way that nobody saw (${lost})`, command, output.finish()));
    client.on("error", (error) => (lost = error.message));
    client.once("close", broken);
    // The host takes these only as far as its AcceptEnv allows, and says nothing about the others.
    client.exec(command, { env: environment }, (error, channel) => {
      if (error) {
        reject(new Error(`the host starts no command: ${error.message}`));
        return;
      }
      channel.on("data", (chunk: Buffer) => output.take("stdout", chunk));
      channel.stderr.on("data", (chunk: Buffer) => output.take("stderr", chunk));
      channel.on("error", () => undefined);
      channel.on("exit", (code: number | null, signal?: string) => {
        ending = code === null ? `was ended by signal ${signal}` : `exited with status ${code}`;
      });
      channel.on("close", () => {
        if (ending === undefined) {
          // No exit status came: the session was cut, and the client's own close says by what.
          client.once("close", broken);
          client.end();
          return;
        }
        client.removeListener("close", broken);
        const result = output.finish();
        if (ending === "exited with status 0") {
          resolve(result);
        } else {
          reject(commandFailure(ending, command, result));
        }
      });
      channel.end(stdin);
    });
  });
}

/** The resource type `command:remote:Command`. */
export const remoteCommand = commandResource({ run: runRemotely, refuse: refuseConnection });
