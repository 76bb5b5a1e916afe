/**
 * Linux as an ordinary process: a kernel with PPP and L2TP where the host's has none, and ten times faster than an emulated
 * machine. Debian's package of it, unpacked into the cache with the C library that it needs.
 */

import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { cached, labCacheDirectory } from "./cache";
import { findProgram, installPackages, missingPackages, searchPath } from "./hostPackages";
import { mustRun } from "./process";
import { type Say, withProgress } from "./progress";

// Debian 13's (6.12) does not run on a processor with AMX, whose registers are more than it has room for.
const SUITE = "forky";
const PACKAGE = "user-mode-linux";

/** A root folder with /usr/bin/linux.uml and /usr/lib/uml/modules, for chroot. */
export async function userModeLinux(say: Say): Promise<string> {
  const recipe = createHash("sha256").update(JSON.stringify([SUITE, PACKAGE])).digest("hex").slice(0, 12);
  return cached(path.join(labCacheDirectory(), `uml-${recipe}`), say, async (temporary) => {
    await installPackages(missingPackages(), say);
    const archive = path.join(temporary, "root.tar");
    const mirror = process.env.PULUMI_VPN_GATEWAY_MIRROR;
    await withProgress(say, "fetching Debian's user-mode Linux into the cache (once)", "10 s to 2 min", () =>
      mustRun(
        [
          findProgram("mmdebstrap") ?? "mmdebstrap", "--variant=extract", "--format=tar", `--include=${PACKAGE}`, '--aptopt=Apt::Install-Recommends "false"',
          // A mirror may stand still for weeks; signatures are looked at all the same.
          '--aptopt=Acquire::Check-Valid-Until "false"', SUITE, archive, ...(mirror ? [mirror] : []),
        ],
        { env: { ...process.env, PATH: searchPath().join(":") } },
      ),
    );
    await mustRun(["tar", "-x", "-f", archive, "--no-same-owner", "--exclude=./dev/*"], { cwd: temporary });
    fs.rmSync(archive);
    // What is unpacked alone has no such links yet; and where whoever runs it mounts something.
    for (const name of ["lib", "lib64"]) if (!fs.existsSync(path.join(temporary, name))) fs.symlinkSync(`usr/${name}`, path.join(temporary, name));
    for (const folder of ["proc", "dev", "mnt", "tmp"]) fs.mkdirSync(path.join(temporary, folder), { recursive: true });
  });
}
