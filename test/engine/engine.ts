import { execFileSync, spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";

const root = path.join(__dirname, "..", "..");

/** What a provider was asked to do. */
export interface Operation {
  operation: "create" | "update" | "delete";
  name: string;
  image?: string;
  hostKey?: string;
  removes?: string;
}

/** The environment in which there is a Pulumi engine, or undefined where none was built or installed yet. */
export function engineEnvironment(): NodeJS.ProcessEnv | undefined {
  const cache = process.env.PULUMI_VPN_GATEWAY_CACHE ?? path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache"), "pulumi-vpn-gateway");
  const cached = fs.existsSync(cache) && fs.readdirSync(cache).some((name) => fs.existsSync(path.join(cache, name, "pulumi")) || name === "bin");
  const installed = spawnSync("pulumi", ["version"]).status === 0;
  if (!cached && !installed) return undefined;
  const lines = execFileSync(path.join(root, "scripts", "toolchain"), ["--env"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const printed = execFileSync("bash", ["-c", `${lines}\nenv -0`], { encoding: "utf8" });
  return Object.fromEntries(printed.split("\0").filter((line) => line.includes("=")).map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

/** A stack of its own on the real engine, whose clouds and remote commands only answer. */
export class EchoStack {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "engine-"));
  image = "ami-0000000a";
  zones = "eu-central-1a eu-central-1b";
  private readonly log = path.join(this.folder, "log");
  private readonly project = path.join(this.folder, "project");

  constructor(private readonly environment: NodeJS.ProcessEnv, program = "aws-remote-access") {
    const plugins = path.join(this.folder, "home", "plugins");
    for (const made of [plugins, this.project, path.join(this.folder, "state")]) fs.mkdirSync(made, { recursive: true });
    // Copied, since the engine does not follow links to plugins.
    const given = path.join(environment.PULUMI_HOME ?? path.join(os.homedir(), ".pulumi"), "plugins");
    for (const name of fs.readdirSync(given)) {
      if (!/^resource-(aws|azure-native|command|gcp)-|\.lock$/.test(name)) fs.cpSync(path.join(given, name), path.join(plugins, name), { recursive: true });
    }
    for (const name of ["aws", "azure-native", "command", "gcp"]) {
      const { version } = JSON.parse(fs.readFileSync(path.join(root, "node_modules/@pulumi", name, "package.json"), "utf8")) as { version: string };
      const folder = path.join(plugins, `resource-${name}-v${version}`);
      fs.mkdirSync(folder);
      const start = `exec node -r '${root}/test/typescript.js' '${root}/test/engine/echoProvider.ts' "$@"`;
      fs.writeFileSync(path.join(folder, `pulumi-resource-${name}`), `#!/bin/sh\nECHO_NAME=${name} ECHO_VERSION=${version} ${start}\n`, { mode: 0o755 });
    }
    fs.writeFileSync(path.join(this.project, "Pulumi.yaml"), `name: pulumi-vpn-gateway\nruntime: { name: nodejs, options: { typescript: false } }\nmain: ${root}/test/engine/program.js\n`);
    fs.copyFileSync(path.join(root, "stacks", `${program}.config.yaml`), path.join(this.project, "Pulumi.test.yaml"));
    this.pulumi(["stack", "init", "test"]);
  }

  set(key: string, value: string): void {
    this.pulumi(["config", "set", "--path", key, value]);
  }

  /** For what no path can say, such as an empty list. */
  setObject(key: string, value: unknown): void {
    this.unset(key);
    this.pulumi(["config", "set", key, JSON.stringify(value)]);
  }

  unset(key: string): void {
    this.pulumi(["config", "rm", key]);
  }

  /** What one `up` asked of the cloud and of machines, in order. */
  up(): Operation[] {
    fs.writeFileSync(this.log, "");
    this.pulumi(["up", "--yes", "--skip-preview", "--non-interactive", "--color", "never"]);
    return this.operations();
  }

  /** What taking all of it away asked for, in order. */
  destroy(): Operation[] {
    fs.writeFileSync(this.log, "");
    this.pulumi(["destroy", "--yes", "--skip-preview", "--non-interactive", "--color", "never"]);
    return this.operations();
  }

  /** What a preview says, whether or not it fails. */
  preview(): { status: number | null; said: string } {
    fs.writeFileSync(this.log, "");
    const { status, stdout, stderr } = this.run(["preview", "--non-interactive", "--color", "never"]);
    return { status, said: stdout + stderr };
  }

  operations(): Operation[] {
    return fs.readFileSync(this.log, "utf8").split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as Operation);
  }

  remove(): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  private pulumi(args: string[]): void {
    const { status, stdout, stderr } = this.run(args);
    if (status !== 0) throw new Error(`pulumi ${args.join(" ")}: ${stdout}${stderr}`);
  }

  private run(args: string[]) {
    const env = {
      ...this.environment,
      PULUMI_HOME: path.join(this.folder, "home"), PULUMI_BACKEND_URL: `file://${this.folder}/state`, PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_CONFIG_PASSPHRASE_FILE: undefined, PULUMI_SKIP_UPDATE_CHECK: "true", PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      ECHO_LOG: this.log, ECHO_IMAGE: this.image, ECHO_ZONES: this.zones,
    };
    return spawnSync("pulumi", args, { cwd: this.project, encoding: "utf8", env });
  }
}
