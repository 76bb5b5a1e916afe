import { spawn } from "child_process";
import * as fs from "fs";
import * as path from "path";
import { labId } from "./labId";

/** What one call of the Pulumi command said. */
export interface Said {
  code: number;
  stdout: string;
  stderr: string;
  seconds: number;
}

/** How one call is made. */
export interface CallOptions {
  /** Show the command's output while it runs. @default false */
  show?: boolean;
  /** Seconds after which the command is ended. @default 600 */
  timeoutSeconds?: number;
  /** Return instead of throwing where the command fails. @default false */
  mayFail?: boolean;
}

/** One stack of this repository, driven by the real Pulumi command, as a person would. */
export class Stack {
  constructor(
    readonly name: string,
    readonly root: string,
    /** The lab's program by default; a scenario's stack has a name of its own. */
    readonly program = "lab",
  ) {}

  /** The stack's config file, made of `stacks/NAME.config.yaml`'s example and ignored by git, since it holds a salt. */
  get configFile(): string {
    return path.join(this.root, `Pulumi.${this.name}.yaml`);
  }

  /** Name of the lab that its program makes, whether or not it is there. */
  get labId(): string {
    return labId(this.name, path.join(this.root, "dist", "stacks"));
  }

  /** Makes the stack where it is missing, with the program's example config. */
  async init(): Promise<void> {
    if (!fs.existsSync(this.configFile))
      fs.copyFileSync(path.join(this.root, "stacks", `${this.program}.config.yaml`), this.configFile);
    await this.call(["stack", "select", "--create", this.name]);
    if (this.program !== this.name) await this.call(["config", "set", "program", this.program]);
  }

  /** Sets a config value; `path` may be a path such as `users[2]`. A secret goes by standard input. */
  async set(key: string, value: string, secret = false): Promise<void> {
    await this.call(["config", "set", "--path", key, ...(secret ? ["--secret"] : [])], {}, value);
  }

  async unset(key: string): Promise<void> {
    await this.call(["config", "rm", "--path", key]);
  }

  async preview(options: CallOptions = {}): Promise<Said> {
    return this.call(["preview", "--diff", "--non-interactive", "--color", "never"], options);
  }

  /** A preview that fails where it has anything to do. */
  async previewUnchanged(): Promise<Said> {
    return this.call(["preview", "--diff", "--expect-no-changes", "--non-interactive", "--color", "never"], { mayFail: true });
  }

  async up(options: CallOptions = {}): Promise<Said> {
    return this.call(["up", "--yes", "--skip-preview", "--non-interactive", "--color", "never"], { timeoutSeconds: 1800, ...options });
  }

  async destroy(options: CallOptions = {}): Promise<Said> {
    return this.call(["destroy", "--yes", "--skip-preview", "--non-interactive", "--color", "never"], options);
  }

  /** Forgets the stack and its config file. */
  async remove(): Promise<void> {
    await this.call(["stack", "rm", "--yes", "--force", this.name]);
    fs.rmSync(this.configFile, { force: true });
  }

  /** The stack's outputs, secrets shown. */
  async outputs<T>(): Promise<T> {
    return JSON.parse((await this.call(["stack", "output", "--json", "--show-secrets"])).stdout) as T;
  }

  /** The stack's state as the backend keeps it, secrets encrypted. */
  async state(): Promise<string> {
    return (await this.call(["stack", "export"])).stdout;
  }

  /**
   * Calls `pulumi` with these arguments on this stack.
   *
   * @throws Error with the command's own last words where it fails, unless `mayFail`.
   */
  async call(args: string[], options: CallOptions = {}, stdin = ""): Promise<Said> {
    const began = Date.now();
    const whole = [...args, ...(args[0] === "stack" && args[1] !== "output" && args[1] !== "export" ? [] : ["--stack", this.name])];
    const child = spawn("pulumi", whole, { cwd: this.root, stdio: ["pipe", "pipe", "pipe"], env: process.env });
    const gathered = { stdout: "", stderr: "" };
    child.stdout.on("data", (data: Buffer) => {
      gathered.stdout += data.toString();
      if (options.show) process.stderr.write(data);
    });
    child.stderr.on("data", (data: Buffer) => {
      gathered.stderr += data.toString();
      if (options.show) process.stderr.write(data);
    });
    child.stdin.end(stdin);
    const limit = (options.timeoutSeconds ?? 600) * 1000;
    const timer = setTimeout(() => child.kill("SIGINT"), limit);
    const code = await new Promise<number>((done, fail) => {
      child.on("error", fail);
      child.on("close", (status, signal) => done(status ?? (signal ? 128 : 1)));
    }).finally(() => clearTimeout(timer));
    const said = { code, ...gathered, seconds: (Date.now() - began) / 1000 };
    if (code !== 0 && !options.mayFail)
      throw new Error(`pulumi ${args.slice(0, 2).join(" ")} failed (${code}):\n${tail(gathered.stdout + gathered.stderr)}`);
    return said;
  }
}

/** What went wrong, which may stand far above the end where much went well, and the end. */
function tail(text: string): string {
  const lines = text.trimEnd().split("\n");
  return [...lines.slice(0, -40).filter((line) => /\berror:/.test(line)).slice(-20), ...lines.slice(-40)].join("\n");
}
