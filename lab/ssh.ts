/** Commands on a lab machine over the system's OpenSSH client, with the host key pinned. */

import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { type ProcessResult, runProcess } from "./process";

export interface SshTarget {
  host: string;
  port: number;
  /** Default root. */
  user?: string;
  /** The machine's public host key, as in `ssh-ed25519 AAAA…`: any other is refused. */
  hostPublicKey: string;
  /** A private key in a file of mode 0600. */
  keyFile: string;
  /** A folder of mode 0700 for the known_hosts file and the shared connection's socket; short (107 bytes with a name of 20). */
  directory: string;
}

export interface RunOptions {
  stdin?: string | Buffer;
  /** Default 60. */
  timeoutSeconds?: number;
  onOutput?: (text: string) => void;
}

/** ssh's own failure, as opposed to the remote command's. */
const SSH_FAILED = 255;

export class Ssh {
  private readonly options: string[];
  private readonly destination: string;

  constructor(readonly target: SshTarget) {
    const id = createHash("sha256").update(`${target.host}:${target.port}:${target.hostPublicKey}`).digest("hex").slice(0, 12);
    fs.mkdirSync(target.directory, { recursive: true, mode: 0o700 });
    const knownHosts = path.join(target.directory, `${id}.hosts`);
    const key = target.hostPublicKey.trim().split(/\s+/).slice(0, 2).join(" ");
    fs.writeFileSync(knownHosts, `[${target.host}]:${target.port} ${key}\n`, { mode: 0o600 });
    this.destination = `${target.user ?? "root"}@${target.host}`;
    const settings: Record<string, string> = {
      Port: String(target.port),
      IdentityFile: target.keyFile,
      IdentitiesOnly: "yes",
      BatchMode: "yes",
      StrictHostKeyChecking: "yes",
      UserKnownHostsFile: knownHosts,
      GlobalKnownHostsFile: "/dev/null",
      ConnectTimeout: "15",
      ServerAliveInterval: "10",
      ServerAliveCountMax: "3",
      ControlMaster: "auto",
      ControlPersist: "60",
      ControlPath: path.join(target.directory, `${id}.ssh`),
      LogLevel: "ERROR",
    };
    // -F none: what a person has in their own ssh configuration is not ours to follow.
    this.options = ["-F", "none", ...Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`])];
  }

  /** Runs a shell command there. A non-zero code of the command is an answer; no connection is an error. */
  async run(command: string, options: RunOptions = {}): Promise<ProcessResult> {
    const timeoutSeconds = options.timeoutSeconds ?? 60;
    const result = await runProcess(["ssh", ...this.options, this.destination, "--", command], { stdin: options.stdin, timeoutSeconds, onOutput: options.onOutput });
    if (result.code === SSH_FAILED && result.stdout === "")
      throw new Error(`no SSH connection to ${this.target.host}:${this.target.port}: ${result.stderr.trim() || "no reason given"}`);
    return result;
  }

  /** As run, but a non-zero code is an error; gives stdout. */
  async mustRun(command: string, options: RunOptions = {}): Promise<string> {
    const result = await this.run(command, options);
    if (result.code !== 0) {
      const said = `${result.stdout}\n${result.stderr}`.trim().split("\n").slice(-15).join("\n");
      throw new Error(`on ${this.target.host}:${this.target.port}, ${command.split("\n")[0].slice(0, 120)} ended with code ${result.code}:\n${said}`);
    }
    return result.stdout;
  }

  /** Writes a file there, atomically; the content goes by stdin. */
  async writeFile(file: string, content: string | Buffer, mode = "0644"): Promise<void> {
    const quoted = `'${file.replaceAll("'", "'\\''")}'`;
    await this.mustRun(`umask 077; mkdir -p "$(dirname ${quoted})" && cat > ${quoted}.new && chmod ${mode} ${quoted}.new && mv ${quoted}.new ${quoted}`, { stdin: content });
  }

  /** Ends the shared connection; without it, it ends by itself a minute after the last command. */
  async close(): Promise<void> {
    await runProcess(["ssh", ...this.options, "-O", "exit", this.destination], { timeoutSeconds: 5 });
  }
}
