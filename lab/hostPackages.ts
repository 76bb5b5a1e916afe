/** The programs that the lab needs on the host, and the Debian packages that bring them. */

import * as fs from "node:fs";
import * as path from "node:path";
import { mustRun, runProcess } from "./process";
import { type Say, withProgress } from "./progress";

/** Each needed program (any one of the list) and its package. */
const NEEDED: { programs: string[]; package: string }[] = [
  { programs: ["mmdebstrap"], package: "mmdebstrap" },
  { programs: ["genisoimage", "xorriso"], package: "genisoimage" },
  { programs: ["mkfs.ext4"], package: "e2fsprogs" },
  { programs: ["xz"], package: "xz-utils" },
  { programs: ["ssh"], package: "openssh-client" },
];

/** sbin too: it is not on an ordinary user's PATH in Debian. */
export function searchPath(env: NodeJS.ProcessEnv = process.env): string[] {
  return [...(env.PATH ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"].filter((folder) => folder !== "");
}

export function findProgram(name: string): string | undefined {
  return searchPath()
    .map((folder) => path.join(folder, name))
    .find((file) => {
      try {
        fs.accessSync(file, fs.constants.X_OK);
        return fs.statSync(file).isFile();
      } catch {
        return false;
      }
    });
}

/** Packages whose programs are missing here. */
export function missingPackages(): string[] {
  const missing = NEEDED.filter((need) => !need.programs.some((program) => findProgram(program))).map((need) => need.package);
  // mmdebstrap in a user namespace needs newuidmap.
  if (process.getuid?.() !== 0 && !findProgram("newuidmap")) missing.push("uidmap");
  return missing;
}

async function rootCommand(): Promise<string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  if (findProgram("sudo") && (await runProcess(["sudo", "-n", "true"])).code === 0) return ["sudo", "-n"];
  return undefined;
}

/** Installs packages by apt-get where that is allowed, else says the one command that does it. */
export async function installPackages(packages: string[], say: Say): Promise<void> {
  if (packages.length === 0) return;
  const asRoot = await rootCommand();
  if (asRoot === undefined || !findProgram("apt-get")) {
    throw new Error(`missing on this machine: ${packages.join(", ")}. Install with:\n  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages.join(" ")}`);
  }
  const env = ["env", "DEBIAN_FRONTEND=noninteractive"];
  await withProgress(say, `installing ${packages.join(", ")}`, "10 to 60 s", async () => {
    const install = [...asRoot, ...env, "apt-get", "install", "-y", "-q", "--no-install-recommends", ...packages];
    if ((await runProcess(install)).code === 0) return;
    await mustRun([...asRoot, ...env, "apt-get", "update", "-q"]);
    await mustRun(install);
  });
}
