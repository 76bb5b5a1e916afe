/** Child processes, with their whole output and no shell in between. */

import { spawn } from "node:child_process";

export interface ProcessResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface ProcessOptions {
  stdin?: string | Buffer;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Killed after this many seconds (default: never). The code is then 124, as with timeout(1). */
  timeoutSeconds?: number;
  /** Kills it once this is aborted. */
  signal?: AbortSignal;
  /** Sees stdout and stderr as they come. */
  onOutput?: (text: string) => void;
}

/** Runs a program to its end. A program that cannot be started is an error; a non-zero code is not. */
export function runProcess(command: string[], options: ProcessOptions = {}): Promise<ProcessResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0], command.slice(1), { cwd: options.cwd, env: options.env, stdio: ["pipe", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    let timedOut = false;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      options.onOutput?.(text);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      options.onOutput?.(text);
    });
    const timer =
      options.timeoutSeconds === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            child.kill("SIGKILL");
          }, options.timeoutSeconds * 1000);
    const kill = () => child.kill("SIGKILL");
    options.signal?.addEventListener("abort", kill, { once: true });
    child.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(error.code === "ENOENT" ? new Error(`${command[0]} is not installed, or not on PATH`) : error);
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", kill);
      if (timedOut) stderr += `\nended after ${options.timeoutSeconds} s`;
      resolve({ code: timedOut ? 124 : (code ?? (signal ? 128 : 1)), stdout, stderr });
    });
    // A program that ends without reading its input must not end us too.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.stdin ?? "");
  });
}

/** As runProcess, but a non-zero code is an error that shows the last lines of what the program said. */
export async function mustRun(command: string[], options: ProcessOptions = {}): Promise<ProcessResult> {
  const result = await runProcess(command, options);
  if (result.code !== 0) {
    const said = `${result.stdout}\n${result.stderr}`.trim().split("\n").slice(-15).join("\n");
    throw new Error(`${command[0]} ended with code ${result.code}:\n${said}`);
  }
  return result;
}
