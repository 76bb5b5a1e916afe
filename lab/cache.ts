/**
 * What is built once and kept outside the repository. A folder in the cache is complete or it is
 * not there: it is filled under another name and renamed, by one builder at a time.
 */

import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { type Say, sleep } from "./progress";

/** `$PULUMI_VPN_GATEWAY_CACHE`, else `$XDG_CACHE_HOME/pulumi-vpn-gateway`, else `~/.cache/pulumi-vpn-gateway`. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return env.PULUMI_VPN_GATEWAY_CACHE || path.join(env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "pulumi-vpn-gateway");
}

export const labCacheDirectory = (): string => path.join(cacheDirectory(), "lab");

function holderIsAlive(lock: string): boolean {
  let holder: number;
  try {
    holder = Number(fs.readFileSync(path.join(lock, "pid"), "utf8"));
  } catch {
    // Taken this very moment, or left by a holder that died before it wrote its number.
    const age = Date.now() - (fs.statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    return age < 10_000;
  }
  try {
    process.kill(holder, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Runs `work` while no other process runs it under the same lock; a dead holder's lock is taken over. */
export async function withLock<T>(lock: string, say: Say, work: () => Promise<T>): Promise<T> {
  fs.mkdirSync(path.dirname(lock), { recursive: true });
  const startedAt = Date.now();
  let saidAt = 0;
  for (;;) {
    try {
      fs.mkdirSync(lock);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (!holderIsAlive(lock)) {
      fs.rmSync(lock, { recursive: true, force: true });
      continue;
    }
    if (Date.now() - saidAt > 10_000) {
      say(`another process is making this already (lock ${lock}): waiting, ${Math.round((Date.now() - startedAt) / 1000)} s`);
      saidAt = Date.now();
    }
    await sleep(500);
  }
  fs.writeFileSync(path.join(lock, "pid"), String(process.pid));
  try {
    return await work();
  } finally {
    fs.rmSync(lock, { recursive: true, force: true });
  }
}

/**
 * The folder `directory`, filled by `fill(temporaryDirectory)` if it is not there yet.
 */
export async function cached(directory: string, say: Say, fill: (temporary: string) => Promise<void>): Promise<string> {
  if (fs.existsSync(directory)) return directory;
  return withLock(`${directory}.lock`, say, async () => {
    if (fs.existsSync(directory)) return directory;
    const temporary = `${directory}.tmp-${process.pid}`;
    fs.rmSync(temporary, { recursive: true, force: true });
    fs.mkdirSync(temporary, { recursive: true });
    try {
      await fill(temporary);
      fs.renameSync(temporary, directory);
    } catch (error) {
      // Two waiters may both have taken over a dead builder's lock: either's result will do.
      if (!fs.existsSync(directory)) throw error;
    } finally {
      fs.rmSync(temporary, { recursive: true, force: true });
    }
    return directory;
  });
}
