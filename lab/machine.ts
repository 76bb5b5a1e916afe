/** Lab machines: started detached, found again by name, stopped so that nothing is left. */

import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { findAccelerator } from "./accelerator";
import { awaitBoot } from "./boot";
import { findProgram } from "./hostPackages";
import { labImage } from "./image";
import { MachineDirectory, machinesOf } from "./labDirectory";
import { type MachineSpec, checkMachineSpec } from "./machineSpec";
import { renderMetaData, renderNetworkConfig } from "./networkConfig";
import { mustRun } from "./process";
import { type Say, sleep } from "./progress";
import { parkedMachine, plugIn, type Parked } from "./parked";
import { findQemu } from "./qemu";
import { ownDevices, qemuArguments, sizeOf } from "./qemuArguments";

/** What `machine start` answers. */
export interface Machine {
  /** `<lab>/<name>` */
  id: string;
  name: string;
  sshHost: "127.0.0.1";
  sshPort: number;
  bootSeconds: number;
  accelerator: "kvm" | "tcg";
}

export interface MachineStatus {
  id: string;
  name: string;
  state: "running" | "off" | "absent";
  sshHost: "127.0.0.1";
  sshPort?: number;
  pid?: number;
}

const PORT_TRIES = 5;

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const port = (server.address() as net.AddressInfo).port;
      server.close(() => resolve(port));
    });
  });
}

async function makeSeed(spec: MachineSpec, directory: MachineDirectory): Promise<void> {
  const folder = directory.file("seed");
  fs.mkdirSync(folder, { mode: 0o700, recursive: true });
  const files = { "user-data": spec.userData, "meta-data": renderMetaData(spec), "network-config": renderNetworkConfig(spec) };
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(`${folder}/${name}`, text, { mode: 0o600 });
  const genisoimage = findProgram("genisoimage");
  const tool = genisoimage ? [genisoimage] : [findProgram("xorriso") ?? "xorriso", "-as", "mkisofs"];
  await mustRun([...tool, "-quiet", "-V", "cidata", "-J", "-r", "-o", directory.seed, folder]);
  fs.chmodSync(directory.seed, 0o600);
  fs.rmSync(folder, { recursive: true });
}

/**
 * Starts QEMU on the machine's files, from a saved machine's state or from its disk, and waits until it is ready; on
 * failure the process is gone.
 */
async function launch(spec: MachineSpec, directory: MachineDirectory, say: Say, { parked, port }: { parked?: Parked; port?: number } = {}): Promise<Machine> {
  const qemu = await findQemu(say);
  const image = await labImage(say, spec.image);
  const accelerator = await findAccelerator(qemu, await labImage(say), say);
  const timeoutSeconds = spec.bootTimeoutSeconds ?? (accelerator === "kvm" ? 60 : 300);
  for (let attempt = 1; ; attempt += 1) {
    const sshPort = port ?? (await freePort());
    fs.writeFileSync(directory.serialLog, "", { mode: 0o600 });
    fs.rmSync(directory.pidFile, { force: true });
    const log = fs.openSync(directory.qemuLog, "w", 0o600);
    const words = [
      ...qemu.command,
      ...qemuArguments(spec, {
        overlay: directory.overlay, seed: directory.seed, serialLog: directory.serialLog, pidFile: directory.pidFile,
        monitor: directory.monitor, linkSocket: (name) => directory.linkSocket(name),
      }, image, { accelerator, sshPort, qemuVersion: qemu.version, resume: parked?.state }),
    ];
    const startedAt = Date.now();
    const child = spawn(words[0], words.slice(1), { detached: true, stdio: ["ignore", log, log], cwd: directory.directory });
    fs.closeSync(log);
    let ended: string | undefined;
    child.on("error", (error) => { ended = error.message; });
    child.on("exit", (code, signal) => { ended = `QEMU ended (${signal ?? `code ${code}`})`; });
    child.unref();
    try {
      if (parked !== undefined) await plugIn(directory.monitor, ownDevices(spec), () => ended);
      const bootSeconds = await awaitBoot(spec.name, directory.serialLog, sshPort, { startedAt, timeoutSeconds, accelerator, say, stages: image.boot !== undefined, resumed: parked !== undefined, ended: () => ended });
      directory.writePrivate(directory.stateFile, JSON.stringify({ name: spec.name, lab: spec.lab, sshPort, accelerator, bootSeconds }));
      return { id: `${spec.lab}/${spec.name}`, name: spec.name, sshHost: "127.0.0.1", sshPort, bootSeconds, accelerator };
    } catch (error) {
      await kill(directory);
      const said = fs.readFileSync(directory.qemuLog, "utf8").trim();
      // Somebody else took the port between our look and QEMU's.
      if (port === undefined && attempt < PORT_TRIES && /hostfwd|forwarding rule/i.test(said)) continue;
      const from = parked === undefined ? "" : `\nIt went on from a saved machine: if it does so again, remove ${path.dirname(parked.state)}, which is then made anew.`;
      throw new Error(`${(error as Error).message}${said ? `\nQEMU said: ${said}` : ""}${from}`);
    }
  }
}

/** Starts a machine; one of the same name that was left there is stopped first. */
export async function startMachine(spec: MachineSpec, say: Say): Promise<Machine> {
  checkMachineSpec(spec);
  const directory = new MachineDirectory(spec.lab, spec.name);
  if (directory.exists()) {
    say(`[${spec.name}] a machine of this name is there already: starting afresh`);
    await stopMachine(spec.lab, spec.name);
  }
  // Before the machine has files of its own, since this may install and build.
  const qemu = await findQemu(say);
  const image = await labImage(say, spec.image);
  directory.create((spec.links ?? []).map((link) => link.socket));
  try {
    directory.writePrivate(directory.specFile, JSON.stringify(spec));
    await makeSeed(spec, directory);
    const parked = (await findAccelerator(qemu, await labImage(say), say)) === "tcg" ? await parkedMachine(qemu, image, sizeOf(spec), say) : undefined;
    const [under, format] = parked === undefined ? [image.root, "raw"] : [parked.disk, "qcow2"];
    await mustRun([...qemu.imageTool, "create", "-q", "-f", "qcow2", "-b", under, "-F", format, directory.overlay]);
    fs.chmodSync(directory.overlay, 0o600);
    return await launch(spec, directory, say, { parked });
  } catch (error) {
    await stopMachine(spec.lab, spec.name);
    throw error;
  }
}

async function kill(directory: MachineDirectory): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const pid = directory.pid();
    if (pid === undefined) return;
    // SIGKILL: a lab machine has nothing to flush that its removal would not throw away, and
    // a power cut is what power-off is for.
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
    await sleep(50);
  }
  throw new Error(`the machine's process ${directory.pid()} does not end`);
}

/** Ends the machine and removes its files; nothing to do when there is none. */
export async function stopMachine(lab: string, name: string): Promise<void> {
  const directory = new MachineDirectory(lab, name);
  await kill(directory);
  directory.remove();
}

function required(lab: string, name: string): { directory: MachineDirectory; spec: MachineSpec } {
  const directory = new MachineDirectory(lab, name);
  if (!directory.exists()) throw new Error(`no machine ${name} in lab ${lab}; there are: ${machinesOf(lab).join(", ") || "none"}`);
  return { directory, spec: JSON.parse(fs.readFileSync(directory.specFile, "utf8")) as MachineSpec };
}

/** A power cut: the process ends at once, the disk stays as it was. */
export async function powerOffMachine(lab: string, name: string): Promise<void> {
  await kill(required(lab, name).directory);
}

/** Starts a machine that was powered off, with the same disk, seed and SSH port. */
export async function powerOnMachine(lab: string, name: string, say: Say): Promise<Machine> {
  const { directory, spec } = required(lab, name);
  if (directory.pid() !== undefined) throw new Error(`machine ${name} of lab ${lab} is running already`);
  return launch(spec, directory, say, { port: directory.state()?.sshPort });
}

/** Power off and on again. */
export async function rebootMachine(lab: string, name: string, say: Say): Promise<Machine> {
  await powerOffMachine(lab, name);
  return powerOnMachine(lab, name, say);
}

/**
 * Stands still with all it has in memory, or goes on, its clock ahead by then: as a hypervisor's pause. While it stands,
 * nothing may be sent to it, or its neighbours' wires fill up and they stand still as well.
 */
export function freezeMachine(lab: string, name: string, frozen: boolean): void {
  const pid = required(lab, name).directory.pid();
  if (pid === undefined) throw new Error(`machine ${name} of lab ${lab} is not running`);
  process.kill(pid, frozen ? "SIGSTOP" : "SIGCONT");
}

export function machineStatus(lab: string, name: string): MachineStatus {
  const directory = new MachineDirectory(lab, name);
  const pid = directory.pid();
  const known = { id: `${lab}/${name}`, name, sshHost: "127.0.0.1" as const, sshPort: directory.state()?.sshPort };
  if (pid !== undefined) return { ...known, state: "running", pid };
  return { ...known, state: directory.exists() ? "off" : "absent" };
}

export function listMachines(lab: string): MachineStatus[] {
  return machinesOf(lab).map((name) => machineStatus(lab, name));
}
