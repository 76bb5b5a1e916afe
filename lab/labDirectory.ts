/**
 * Where a lab lives on the host: `${TMPDIR:-/tmp}/vpnlab-<uid>/<lab>/`, short because a unix
 * socket's path has at most 107 bytes, readable by its owner alone, and gone with its last machine.
 */

import * as fs from "node:fs";
import * as path from "node:path";

export interface MachineState {
  name: string;
  lab: string;
  sshPort: number;
  accelerator: "kvm" | "tcg";
  bootSeconds?: number;
}

const LONGEST_SOCKET_PATH = 107;

export function labsDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return path.join(env.TMPDIR || "/tmp", `vpnlab-${process.getuid?.() ?? 0}`);
}

export function labDirectory(lab: string): string {
  return path.join(labsDirectory(), lab);
}

/** A folder that only its owner enters; refuses one that somebody else put there first. */
export function makePrivateDirectory(directory: string): void {
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const found = fs.lstatSync(directory);
  if (!found.isDirectory() || (process.getuid && found.uid !== process.getuid()))
    throw new Error(`${directory} is not a folder of yours: remove it, or set TMPDIR to a folder of your own`);
  fs.chmodSync(directory, 0o700);
}

export class MachineDirectory {
  readonly directory: string;

  constructor(readonly lab: string, readonly name: string) {
    this.directory = path.join(labDirectory(lab), name);
  }

  file(name: string): string {
    return path.join(this.directory, name);
  }
  get overlay(): string { return this.file("disk.qcow2"); }
  get seed(): string { return this.file("seed.iso"); }
  get serialLog(): string { return this.file("serial.log"); }
  get qemuLog(): string { return this.file("qemu.log"); }
  get pidFile(): string { return this.file("pid"); }
  get monitor(): string { return this.file("monitor"); }
  get specFile(): string { return this.file("spec.json"); }
  get stateFile(): string { return this.file("state.json"); }

  /** The wires' sockets belong to the lab: both ends find them by name. */
  linkSocket(name: string): string {
    return path.join(labDirectory(this.lab), `${name}.sock`);
  }

  exists(): boolean {
    return fs.existsSync(this.specFile);
  }

  create(links: string[]): void {
    for (const socket of [this.monitor, ...links.map((link) => this.linkSocket(link))])
      if (Buffer.byteLength(socket) > LONGEST_SOCKET_PATH)
        throw new Error(`the socket path ${socket} is longer than ${LONGEST_SOCKET_PATH} bytes: set TMPDIR to a shorter folder, or choose shorter names`);
    makePrivateDirectory(labsDirectory());
    makePrivateDirectory(labDirectory(this.lab));
    makePrivateDirectory(this.directory);
  }

  writePrivate(file: string, text: string): void {
    fs.writeFileSync(`${file}.new`, text, { mode: 0o600 });
    fs.renameSync(`${file}.new`, file);
  }

  state(): MachineState | undefined {
    try {
      return JSON.parse(fs.readFileSync(this.stateFile, "utf8")) as MachineState;
    } catch {
      return undefined;
    }
  }

  /** The process of this very machine's QEMU, if it runs: a recycled number is not taken for it. */
  pid(): number | undefined {
    try {
      const pid = Number(fs.readFileSync(this.pidFile, "utf8").trim());
      if (!Number.isInteger(pid) || pid < 2) return undefined;
      const words = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      const at = words.indexOf("-pidfile");
      return at >= 0 && words[at + 1] === this.pidFile ? pid : undefined;
    } catch {
      return undefined;
    }
  }

  /** Removes the machine's files, and the lab's folder when no machine is left in it. */
  remove(): void {
    fs.rmSync(this.directory, { recursive: true, force: true });
    if (machinesOf(this.lab).length > 0) return;
    fs.rmSync(labDirectory(this.lab), { recursive: true, force: true });
    try {
      fs.rmdirSync(labsDirectory());
    } catch {
      // Other labs are still there.
    }
  }
}

/** Names of the lab's machines, running or powered off. */
export function machinesOf(lab: string): string[] {
  try {
    return fs
      .readdirSync(labDirectory(lab), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && fs.existsSync(path.join(labDirectory(lab), entry.name, "spec.json")))
      .map((entry) => entry.name)
      .sort();
  } catch {
    return [];
  }
}
