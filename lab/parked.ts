/**
 * Under emulation most of a first boot is the kernel, systemd and cloud-init's Python coming up, the same for every
 * machine. It is done once for each size: a machine without cards and seed is saved when cloud-init is loaded and has
 * looked at nothing yet, and every first boot goes on from there. What is a machine's own (its keys, networks, user data)
 * comes after that, and a machine that is restarted boots as any other.
 */

import { createHash } from "node:crypto";
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { cached, labCacheDirectory } from "./cache";
import type { LabImage } from "./image";
import { Monitor } from "./monitor";
import { mustRun } from "./process";
import { type Say, sleep, withProgress } from "./progress";
import { atLeast, type Qemu } from "./qemu";
import { parkArguments, type MachineSize } from "./qemuArguments";

export interface Parked {
  /** What the machine's disk is an overlay of. */
  disk: string;
  /** Its memory and devices. */
  state: string;
}

const TIMEOUT_SECONDS = 600;
/** Saves to a file, without a helper program. */
const OLDEST_QEMU = "8.2";

/** The saved machine of this size, from the cache or made now; undefined where it cannot be, and why is said. */
export async function parkedMachine(qemu: Qemu, image: LabImage, size: MachineSize, say: Say): Promise<Parked | undefined> {
  if (image.boot === undefined || !atLeast(qemu.version, OLDEST_QEMU)) return undefined;
  const folder = (directory: string): Parked => ({ disk: path.join(directory, "disk.qcow2"), state: path.join(directory, "state") });
  const words = parkArguments(size, { ...folder("parked"), serialLog: "serial", monitor: "monitor" }, image);
  const made = createHash("sha256").update(JSON.stringify([qemu.version, words])).digest("hex").slice(0, 12);
  const directory = path.join(labCacheDirectory(), `${image.recipe}-${made}`);
  try {
    await cached(directory, say, (temporary) =>
      withProgress(say, `booting a machine of ${size.memoryMegabytes} MB once, up to where machines differ`, "20 to 90 s", () => park(qemu, image, size, temporary, folder(temporary))),
    );
  } catch (error) {
    say(`no machine can be saved here, so each boots from its start: ${(error as Error).message}`);
    return undefined;
  }
  return folder(directory);
}

async function park(qemu: Qemu, image: LabImage, size: MachineSize, temporary: string, parked: Parked): Promise<void> {
  await mustRun([...qemu.imageTool, "create", "-q", "-f", "qcow2", "-b", image.root, "-F", "raw", parked.disk]);
  const files = { ...parked, serialLog: path.join(temporary, "serial"), monitor: path.join(temporary, "monitor") };
  fs.writeFileSync(files.serialLog, "");
  const words = [...qemu.command, ...parkArguments(size, files, image)];
  // A folder of its own for the monitor's socket: its path may be long.
  const child = spawn(words[0], words.slice(1), { cwd: temporary, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  let ended: string | undefined;
  child.stderr.setEncoding("utf8").on("data", (text: string) => { said += text; });
  const over = new Promise<void>((resolve) => {
    child.on("error", (error) => { ended = error.message; resolve(); });
    child.on("exit", (code, signal) => { ended = `QEMU ended (${signal ?? `code ${code}`}) ${said.trim()}`; resolve(); });
  });
  try {
    for (const from = Date.now(); !fs.readFileSync(files.serialLog, "latin1").includes("LAB-PARKED"); await sleep(200)) {
      if (ended !== undefined) throw new Error(ended);
      if (Date.now() - from > TIMEOUT_SECONDS * 1000) throw new Error(`it did not come up within ${TIMEOUT_SECONDS} s`);
    }
    const monitor = await Monitor.open(files.monitor, () => ended);
    await monitor.execute("migrate-set-parameters", { "max-bandwidth": 100e9 });
    await monitor.execute("migrate", { uri: `file:${parked.state}` });
    await monitor.until("query-migrate", "completed", ["failed", "cancelled"]);
    // The disk is written to its end by QEMU's own.
    await monitor.execute("quit");
    await over;
    monitor.close();
    for (const file of [parked.state, parked.disk]) fs.chmodSync(file, 0o600);
  } finally {
    child.kill("SIGKILL");
    fs.rmSync(files.monitor, { force: true });
  }
}

/** Gives a machine that goes on from a saved one what is its own; the seed is last, since that is what it waits for. */
export async function plugIn(socketPath: string, devices: readonly Record<string, string>[], ended: () => string | undefined): Promise<void> {
  const monitor = await Monitor.open(socketPath, ended);
  try {
    await monitor.until("query-status", "running", ["internal-error", "io-error"]);
    for (const device of devices) await monitor.execute("device_add", device);
  } finally {
    monitor.close();
  }
}
