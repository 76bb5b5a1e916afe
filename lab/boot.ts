/** Waiting for a machine: the stages its console tells of, and the SSH server's greeting. */

import * as fs from "node:fs";
import * as net from "node:net";
import type { Accelerator } from "./accelerator";
import { type Say, secondsSince, sleep } from "./progress";

const STAGES: { word: string; meaning: string }[] = [
  { word: "LAB-KERNEL", meaning: "systemd is starting" },
  { word: "LAB-SYSTEMD", meaning: "systemd is up, cloud-init is starting" },
  { word: "LAB-RESUMED", meaning: "cloud-init is starting" },
  { word: "LAB-CLOUD-INIT", meaning: "cloud-init is at work" },
  { word: "LAB-SSH", meaning: "SSH is up, cloud-init is finishing" },
  { word: "LAB-READY", meaning: "cloud-init has finished" },
];
const USUALLY: Record<Accelerator, string> = { kvm: "3 to 6 s", tcg: "15 to 60 s without KVM, longer when machines boot at once" };
const ESCAPES = /\x1b\[[0-9;?]*[A-Za-z]/g;
const SAY_EVERY_SECONDS = 5;
/** A machine whose console still speaks is slow, not dead: it gets its time again, twice at most. */
const SILENT_SECONDS = 180;
const MOST_TIMES = 3;

/** How far a boot is, from the console's text. */
export function bootStage(serial: string, resumed = false): { ready: boolean; meaning: string } {
  const reached = STAGES.filter((stage) => serial.includes(stage.word)).pop();
  return { ready: reached?.word === "LAB-READY", meaning: reached?.meaning ?? (resumed ? "its saved state is being loaded" : "the kernel is starting") };
}

/** Whether an SSH server greets at the port, within two seconds. */
export function greetsSsh(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: "127.0.0.1", port });
    const answer = (greeted: boolean): void => {
      socket.destroy();
      resolve(greeted);
    };
    let text = "";
    socket.setTimeout(2000, () => answer(false));
    socket.on("error", () => answer(false));
    socket.on("close", () => answer(false));
    socket.setEncoding("latin1").on("data", (data: string) => {
      text += data;
      if (text.startsWith("SSH-")) answer(true);
    });
  });
}

export interface BootWait {
  /** Milliseconds of Date.now() at QEMU's start. */
  startedAt: number;
  /** After which a machine is given up whose console is silent; one that still speaks after three times as much. */
  timeoutSeconds: number;
  accelerator: Accelerator;
  say: Say;
  /** Does its console tell how far it is? Else it is up when SSH answers. */
  stages: boolean;
  /** Does it go on from a saved machine? */
  resumed?: boolean;
  /** Why QEMU is gone, if it is. */
  ended: () => string | undefined;
}

/** Seconds from the start until cloud-init has finished and SSH answers; throws with the console's last lines. */
export async function awaitBoot(name: string, serialLog: string, sshPort: number, wait: BootWait): Promise<number> {
  const { say, startedAt } = wait;
  say(`[${name}] booting: usually takes ${USUALLY[wait.accelerator]}`);
  let saidAt = Date.now();
  let saidStage = "";
  let heard = { length: 0, at: Date.now() };
  for (;;) {
    const serial = fs.readFileSync(serialLog, "latin1");
    if (serial.length !== heard.length) heard = { length: serial.length, at: Date.now() };
    const stage = wait.stages ? bootStage(serial, wait.resumed) : { ready: true, meaning: "its own system is starting" };
    const fail = (why: string): Error => {
      const lines = serial.replace(ESCAPES, "").split(/\r?\n/).filter((line) => line.trim() !== "");
      return new Error(`machine ${name} did not boot: ${why} (after ${secondsSince(startedAt)} s, when ${stage.meaning}). Its console's last lines:\n${lines.slice(-30).join("\n") || "(nothing)"}`);
    };
    const ended = wait.ended();
    if (ended !== undefined) throw fail(ended);
    if (/Kernel panic|LAB-NO-ROOT/.test(serial)) throw fail("its kernel gave up");
    if (stage.ready && (await greetsSsh(sshPort))) {
      const seconds = secondsSince(startedAt);
      say(`[${name}] ready after ${seconds} s`);
      return seconds;
    }
    const waited = secondsSince(startedAt);
    const silent = (Date.now() - heard.at) / 1000 > SILENT_SECONDS;
    if (waited > wait.timeoutSeconds * (silent ? 1 : MOST_TIMES)) throw fail(`not ready within ${Math.floor(waited)} s`);
    if (stage.meaning !== saidStage || Date.now() - saidAt >= SAY_EVERY_SECONDS * 1000) {
      say(`[${name}] ${Math.round(secondsSince(startedAt))} s: ${stage.ready ? "waiting for SSH" : stage.meaning}`);
      saidAt = Date.now();
      saidStage = stage.meaning;
    }
    await sleep(200);
  }
}
