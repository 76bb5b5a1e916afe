import { spawn, spawnSync, type ChildProcess } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { paths } from "../../gateway/platforms";
import { renderReadableParts, renderSecretParts } from "../../gateway/renderBundle";
import { runFolder, stateFolder } from "../../gateway/render/radiusFolders";
import type { GatewaySecrets, GatewaySpec } from "../../gateway/spec";

/** Is FreeRADIUS here? */
export const hasFreeradius = spawnSync("freeradius", ["-v"]).status === 0;

/** FreeRADIUS itself, with what is rendered of a spec, at ports of its own. */
export class Freeradius {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "freeradius-"));
  readonly ports: Record<"1812" | "1813", number>;
  private server: ChildProcess | undefined;
  /** All that it wrote to its log. */
  said = "";

  constructor(firstPort: number) {
    this.ports = { 1812: firstPort + (process.pid % 1000), 1813: firstPort + 10_000 + (process.pid % 1000) };
  }

  async start(spec: GatewaySpec, secrets: GatewaySecrets): Promise<void> {
    for (const { files } of [...renderReadableParts(spec), ...renderSecretParts(spec, secrets)]) {
      for (const { path: at, content } of files) {
        if (!at.startsWith(path.dirname(paths.radiusd))) continue;
        const here = content.replaceAll(runFolder, this.folder).replaceAll(stateFolder, this.folder).replace(/port = (1812|1813)/g, (_, port: "1812" | "1813") => `port = ${this.ports[port]}`);
        fs.writeFileSync(path.join(this.folder, path.basename(at)), here);
      }
    }
    fs.writeFileSync(path.join(this.folder, "dictionary"), "");
    this.server = spawn("freeradius", ["-f", "-l", "stdout", "-d", this.folder], { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.server.stdout, this.server.stderr]) stream?.on("data", (text: Buffer) => (this.said += text.toString()));
    for (let wait = 0; wait < 100 && !this.said.includes("Ready to process requests"); wait++) await new Promise((resolve) => setTimeout(resolve, 100));
    if (!this.said.includes("Ready to process requests")) throw new Error(this.said);
  }

  /** As `systemctl reload`: users are read anew. */
  reload(): void {
    this.server?.kill("SIGHUP");
  }

  end(): void {
    this.server?.kill();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
