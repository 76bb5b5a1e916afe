/** `command:local:Command`: runs a command on this machine. */
import { spawn } from "node:child_process";
import { commandFailure, CommandOutput, type CommandResult } from "./commandOutput";
import { commandResource, loggingOf, type RunCommand } from "./commandResource";
import type { Refusal } from "./provider";
import { text, texts, type Properties } from "./values";

const SECONDS_TO_STOP = 5;

const runLocally: RunCommand = (command, inputs, environment, operation) => {
  const interpreter = texts(inputs, "interpreter");
  const [program, ...rest] = interpreter.length > 0 ? interpreter : ["/bin/sh", "-c"];
  const output = new CommandOutput(operation.log, loggingOf(inputs));

  return new Promise<CommandResult>((resolve, reject) => {
    // A process group of its own, so that a cancel reaches what the command started too.
    const child = spawn(program, [...rest, command], {
      cwd: text(inputs, "dir"),
      env: { ...process.env, ...environment },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    const stop = (): void => {
      signalGroup(child.pid, "SIGTERM");
      setTimeout(() => signalGroup(child.pid, "SIGKILL"), SECONDS_TO_STOP * 1000).unref();
    };
    operation.signal.addEventListener("abort", stop, { once: true });

    child.stdout.on("data", (chunk: Buffer) => output.take("stdout", chunk));
    child.stderr.on("data", (chunk: Buffer) => output.take("stderr", chunk));
    // A command may end without reading all of its stdin; that alone is no failure.
    child.stdin.on("error", () => undefined);
    child.stdin.end(text(inputs, "stdin") ?? "");
    child.on("error", (error) => {
      operation.signal.removeEventListener("abort", stop);
      reject(new Error(`cannot start ${program}${dirNote(inputs)}: ${error.message}`));
    });
    child.on("close", (code, signal) => {
      operation.signal.removeEventListener("abort", stop);
      const result = output.finish();
      if (code === 0) {
        resolve(result);
      } else {
        const ending = signal ? `was ended by signal ${signal}` : `exited with status ${code}`;
        reject(commandFailure(ending, command, result));
      }
    });
  });
};

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) {
      process.kill(-pid, signal);
    }
  } catch {
    // The group is gone already.
  }
}

function dirNote(inputs: Properties): string {
  const dir = text(inputs, "dir");
  return dir === undefined ? "" : ` in ${dir}`;
}

function refuse(inputs: Properties): Refusal[] {
  return ["archivePaths", "assetPaths"]
    .filter((property) => inputs[property] !== undefined)
    .map((property) => ({
      property,
      reason: "the lab's stand-in for the command provider makes no assets; install the official provider to use it",
    }));
}

/** The resource type `command:local:Command`. */
export const localCommand = commandResource({ run: runLocally, refuse });
