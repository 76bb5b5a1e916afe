/**
 * Which QEMU runs the machines. Version 9 or newer of the host is used as it is; an older one
 * encrypts three times slower under emulation, so Debian 13's is then unpacked into the cache and
 * run through its own dynamic loader, with nothing installed.
 */

import * as fs from "node:fs";
import * as path from "node:path";
import { createHash } from "node:crypto";
import { cached, labCacheDirectory } from "./cache";
import { findProgram, installPackages, missingPackages, searchPath } from "./hostPackages";
import { mustRun, runProcess } from "./process";
import { type Say, withProgress } from "./progress";

export interface Qemu {
  /** What comes before QEMU's own arguments. */
  command: string[];
  /** What comes before qemu-img's own arguments. */
  imageTool: string[];
  version: string;
  /** Where it came from, for the person who asks. */
  origin: "host" | "cache";
}

const SUITE = "trixie";
const PACKAGES = ["qemu-system-x86", "qemu-utils"];
const OLDEST_FAST_ENOUGH = 9;

/** `QEMU emulator version 10.0.13 (Debian …)` → `10.0.13`. */
export function parseVersion(text: string): string | undefined {
  return /version (\d+\.\d+(?:\.\d+)?)/.exec(text)?.[1];
}

/** Compares dotted numbers: is `version` at least `wanted`? */
export function atLeast(version: string, wanted: string): boolean {
  const [left, right] = [version, wanted].map((text) => text.split(".").map(Number));
  for (let index = 0; index < right.length; index += 1) {
    const difference = (left[index] ?? 0) - right[index];
    if (difference !== 0) return difference > 0;
  }
  return true;
}

async function versionOf(command: string[]): Promise<string | undefined> {
  try {
    const result = await runProcess([...command, "--version"], { timeoutSeconds: 20 });
    return result.code === 0 ? parseVersion(result.stdout) : undefined;
  } catch {
    return undefined;
  }
}

async function hostQemu(): Promise<Qemu | undefined> {
  const program = findProgram("qemu-system-x86_64");
  const image = findProgram("qemu-img");
  if (!program || !image) return undefined;
  const version = await versionOf([program]);
  return version ? { command: [program], imageTool: [image], version, origin: "host" } : undefined;
}

async function cachedQemu(say: Say): Promise<Qemu | undefined> {
  const recipe = createHash("sha256").update(JSON.stringify([SUITE, PACKAGES])).digest("hex").slice(0, 12);
  const directory = path.join(labCacheDirectory(), `qemu-${recipe}`);
  await cached(directory, say, async (temporary) => {
    await installPackages(missingPackages(), say);
    await withProgress(say, "fetching Debian 13's QEMU into the cache (once)", "20 to 60 s", () =>
      mustRun(
        [
          findProgram("mmdebstrap") ?? "mmdebstrap",
          "--variant=extract",
          "--format=tar",
          `--include=${PACKAGES.join(",")}`,
          '--aptopt=Apt::Install-Recommends "false"',
          "--dpkgopt=path-exclude=/usr/share/doc/*",
          "--dpkgopt=path-exclude=/usr/share/locale/*",
          SUITE,
          path.join(temporary, "qemu.tar"),
          ...(process.env.PULUMI_VPN_GATEWAY_MIRROR ? [process.env.PULUMI_VPN_GATEWAY_MIRROR] : []),
        ],
        { env: { ...process.env, PATH: searchPath().join(":") } },
      ),
    );
    // Only what QEMU reads; device nodes and the rest of a root are left in the archive.
    await mustRun(["tar", "-x", "-f", "qemu.tar", "--no-same-owner", "--wildcards", "./usr/bin/qemu-*", "./usr/lib/x86_64-linux-gnu", "./usr/share/qemu", "./usr/share/seabios", "./usr/lib/ipxe"], { cwd: temporary }).catch(() =>
      mustRun(["tar", "-x", "-f", "qemu.tar", "--no-same-owner", "--exclude=./dev"], { cwd: temporary }),
    );
    fs.rmSync(path.join(temporary, "qemu.tar"));
  });
  const libraries = path.join(directory, "usr/lib/x86_64-linux-gnu");
  const loader = [path.join(libraries, "ld-linux-x86-64.so.2"), "--library-path", libraries];
  const share = ["qemu", "seabios"].map((name) => path.join(directory, "usr/share", name));
  const program = [...loader, path.join(directory, "usr/bin/qemu-system-x86_64")];
  const version = await versionOf(program);
  if (!version) return undefined;
  return {
    command: [...program, ...share.flatMap((folder) => ["-L", folder])],
    imageTool: [...loader, path.join(directory, "usr/bin/qemu-img")],
    version,
    origin: "cache",
  };
}

/** The QEMU to use: the host's if new enough, else Debian 13's in the cache, else whatever the host has. */
export async function findQemu(say: Say): Promise<Qemu> {
  const host = await hostQemu();
  if (host && atLeast(host.version, String(OLDEST_FAST_ENOUGH))) return host;
  try {
    const fetched = await cachedQemu(say);
    if (fetched) return fetched;
    say("the fetched QEMU does not run on this machine: using the host's");
  } catch (error) {
    say(`QEMU could not be fetched, using the host's: ${(error as Error).message}`);
  }
  if (host) return host;
  await installPackages(["qemu-system-x86", "qemu-utils"], say);
  const installed = await hostQemu();
  if (!installed) throw new Error("no QEMU: install the packages qemu-system-x86 and qemu-utils");
  return installed;
}
