#!/usr/bin/env node
/**
 * fuzz [--packets N] [--seed N]
 *
 * Broken L2TP and PPP for the real xl2tpd and pppd of the lab's image, with a gateway's configuration, in a user-mode Linux:
 * a fifth of the packets to xl2tpd, the others into sessions that stand (lab/world/hostile_ppp.py). Twice before that, a
 * process of theirs is made to crash, and it must not go unseen. Needs root. Prints each check; exits 1 where one failed.
 */

import { constants, copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { ntHash } from "../../gateway/ntHash";
import { labImage, labSource } from "../image";
import { runProcess } from "../process";
import { sayOnStderr as say } from "../progress";
import { PrintedReport } from "../scenarios/scenario";
import { userModeLinux } from "../userModeLinux";

const tree = path.join(path.resolve(__dirname, "..", "..", ".."), "test", "gateway", "golden", "l2tp-only", "etc");
/** Of that tree. */
const login = { user: "alice", hash: ntHash("canary-password-0-8431").toString("hex") };

interface Wanted {
  l2tp: number;
  ppp: number;
  seed: number;
  sabotage?: "pppd" | "xl2tpd";
}

/** Mounts are its own; the image is a copy, for the kernel locks the file that it has for a disk, and QEMU starts from that. */
const boot = `set -e
mount --make-rprivate /
mount --rbind /proc "$1/proc"
mount --rbind /dev "$1/dev"
mount --bind "$2" "$1/mnt"
mount --bind "$1/usr/lib/uml/modules" "$1/mnt/modules"
exec env -i HOME=/tmp PATH=/usr/sbin:/usr/bin chroot "$1" /usr/bin/linux.uml mem=768M seccomp=on ubd0r=/mnt/root.img root=/dev/ubda ro init=/bin/sh con=null con0=null,fd:1 quiet -- -c '"mount -n -t hostfs -o hostfs=/mnt none /mnt; exec sh /mnt/fuzz/machine.sh"'`;

/** What it says, line by line; the last is `end`. */
async function run(root: string, folder: string, wanted: Wanted, seconds: number, onLine: (line: string) => void): Promise<string[]> {
  writeFileSync(path.join(folder, "words.json"), JSON.stringify({ ...login, ...wanted }));
  const said: string[] = [];
  let text = "";
  // A process namespace of its own: once its first process is killed nothing of this Linux goes on.
  await runProcess(["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", boot, "sh", root, folder], {
    timeoutSeconds: seconds,
    signal: interrupted.signal,
    onOutput: (more) => {
      const lines = (text + more).split(/\r?\n/);
      text = lines.pop() ?? "";
      lines.forEach(onLine);
      said.push(...lines);
    },
  });
  if (interrupted.signal.aborted) throw new Error("fuzz: interrupted");
  return said;
}

/** By Ctrl-C or a timeout's signal: what was copied is taken away all the same. */
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupted.abort());

const failuresOf = (lines: readonly string[]) => lines.filter((line) => line.startsWith("FAIL"));

async function main(words: string[]): Promise<number> {
  const rest = [...words];
  const problems: string[] = [];
  const number = (name: string, otherwise: number, least: number): number => {
    const at = rest.indexOf(name);
    if (at < 0) return otherwise;
    const [, given] = rest.splice(at, 2);
    const value = Number(given);
    if (given === undefined || given.trim() === "" || !Number.isSafeInteger(value) || value < least) problems.push(`${name} takes a whole number from ${least}, not ${given ?? "nothing"}`);
    return value;
  };
  const [packets, seed] = [number("--packets", 1_000_000, 10_000), number("--seed", 20261122, 0)];
  if (rest.length > 0) problems.push(`not known: ${rest.join(" ")}`);
  if (process.getuid?.() !== 0) problems.push("it mounts and changes its root: run it as root");
  if (problems.length > 0) throw new Error(`fuzz: ${problems.join("; ")}; usage: scripts/fuzz [--packets N] [--seed N]`);
  const [root, image] = [await userModeLinux(say), await labImage(say)];
  const folder = mkdtempSync(path.join(os.tmpdir(), "vpn-gateway-fuzz-"));
  const report = new PrintedReport();
  try {
    for (const name of ["world", "fuzz"]) cpSync(labSource(name), path.join(folder, name), { recursive: true });
    for (const name of ["ppp", "xl2tpd"]) cpSync(path.join(tree, name), path.join(folder, "etc", name), { recursive: true });
    mkdirSync(path.join(folder, "modules"));
    copyFileSync(image.root, path.join(folder, "root.img"), constants.COPYFILE_FICLONE);

    for (const sabotage of ["pppd", "xl2tpd"] as const) {
      report.heading(`twin: ${sabotage} is made to crash`);
      const lines = await run(root, folder, { l2tp: 1000, ppp: 4000, seed, sabotage }, 600, () => undefined);
      const failures = failuresOf(lines);
      report.check("it is seen", failures.some((line) => line.includes("no process crashed") && line.includes(`${sabotage}.11.`)), failures.join("; ") || lines.slice(-5).join("; "));
      if (sabotage === "xl2tpd") report.check("and that the session of before is over", failures.some((line) => line.includes("the session of before lives")));
    }

    report.heading(`${packets} packets, seed ${seed}`);
    const l2tp = Math.floor(packets / 5);
    const lines = await run(root, folder, { l2tp, ppp: packets - l2tp, seed }, 3600, (line) => {
      const [, verdict, what] = /^(ok {2}|FAIL) (.*)$/.exec(line) ?? [];
      if (what !== undefined) report.check(what, verdict === "ok  ");
    });
    report.check("the fuzzer came to its end", lines.includes("end"), lines.includes("end") ? "" : lines.slice(-8).join("; "));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (process.env.COUNT_FILE) writeFileSync(process.env.COUNT_FILE, `${report.passed} ${report.failed}\n`);
  console.log(`\n${report.passed} passed, ${report.failed} failed`);
  return report.failed === 0 ? 0 : 1;
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: Error) => {
    say(error.message);
    process.exitCode = 1;
  },
);
