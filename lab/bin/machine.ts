#!/usr/bin/env node
/**
 * machine start|stop|status|list|reboot|power-off|power-on
 *
 * start reads a MachineSpec as JSON on stdin. The others take --lab and --name, or the same JSON
 * on stdin. The answer is one JSON line on stdout; progress and errors go to stderr.
 */

import { listMachines, machineStatus, powerOffMachine, powerOnMachine, rebootMachine, startMachine, stopMachine } from "../machine";
import type { MachineSpec } from "../machineSpec";
import { sayOnStderr as say } from "../progress";

const USAGE = `usage: machine start < spec.json
       machine stop|status|reboot|power-off|power-on [--lab LAB --name NAME] (or the spec on stdin)
       machine list --lab LAB`;

function flag(words: string[], name: string): string | undefined {
  const at = words.indexOf(`--${name}`);
  return at >= 0 ? words[at + 1] : undefined;
}

async function readSpec(): Promise<MachineSpec> {
  let text = "";
  process.stdin.setEncoding("utf8");
  for await (const part of process.stdin) text += part as string;
  try {
    return JSON.parse(text) as MachineSpec;
  } catch {
    // Not the parser's own words: they quote the text, which holds keys.
    throw new Error("stdin must hold the machine's specification as JSON");
  }
}

async function named(words: string[]): Promise<{ lab: string; name: string }> {
  const [lab, name] = [flag(words, "lab"), flag(words, "name")];
  const found = lab !== undefined && name !== undefined ? { lab, name } : await readSpec();
  for (const key of ["lab", "name"] as const)
    if (typeof found[key] !== "string" || !/^[A-Za-z0-9-]+$/.test(found[key]))
      throw new Error(`${key} is ${JSON.stringify(found[key])}: letters, digits or hyphens`);
  return { lab: found.lab, name: found.name };
}

async function answer(verb: string | undefined, words: string[]): Promise<unknown> {
  if (verb === "start") return startMachine(await readSpec(), say);
  if (verb === "list") {
    const lab = flag(words, "lab");
    if (lab === undefined) throw new Error(USAGE);
    return listMachines(lab);
  }
  if (verb === undefined || !["stop", "status", "reboot", "power-off", "power-on"].includes(verb)) throw new Error(USAGE);
  const { lab, name } = await named(words);
  if (verb === "reboot") return rebootMachine(lab, name, say);
  if (verb === "power-on") return powerOnMachine(lab, name, say);
  if (verb === "power-off") await powerOffMachine(lab, name);
  if (verb === "stop") await stopMachine(lab, name);
  return machineStatus(lab, name);
}

const [verb, ...words] = process.argv.slice(2);
answer(verb, words).then(
  (result) => {
    process.stdout.write(`${JSON.stringify(result)}\n`);
  },
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  },
);
