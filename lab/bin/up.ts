#!/usr/bin/env node
/**
 * up [--stack NAME] [--destroy]
 *
 * Brings a lab stack up by the real Pulumi engine and shows what its program is for, by clients and what they saw. A
 * stack that is named as a program runs it; any other is another lab with one gateway.
 */

import * as path from "node:path";
import { demonstrate } from "../demonstration/demonstration";
import { demonstrateFailover } from "../demonstration/failover";
import { demonstrateMesh } from "../demonstration/mesh";
import { machineStatus } from "../machine";
import { sayOnStderr as say, type Say } from "../progress";
import { Lab, leftOf } from "../scenarios/lab";
import { PrintedReport } from "../scenarios/scenario";
import { Stack } from "../stack";

const root = path.resolve(__dirname, "..", "..", "..");

/** A program of the lab, as a person is shown it. */
interface Shown {
  /** Names of its machines. */
  machines: string[];
  /** How long they take to boot. */
  boots: string;
  show(lab: Lab, say: Say): Promise<{ text: string; good: boolean }>;
}

const programs: Record<string, Shown> = {
  lab: { machines: ["world", "gateway"], boots: "30–120 s", show: demonstrate },
  "lab-mesh": { machines: ["world", "gateway-1", "gateway-2", "gateway-3"], boots: "80–240 s", show: demonstrateMesh },
  "lab-pair": { machines: ["world", "gateway-1", "gateway-2"], boots: "60–180 s", show: demonstrateFailover },
};

async function main(words: string[]): Promise<number> {
  const at = words.indexOf("--stack");
  const [, name] = at < 0 ? [] : words.splice(at, 2);
  const destroy = words[0] === "--destroy";
  if (words.length > (destroy ? 1 : 0) || (at >= 0 && name === undefined)) {
    const problem = at >= 0 && name === undefined ? "--stack wants a name" : `not known: ${words.slice(destroy ? 1 : 0).join(" ")}`;
    console.error(`${problem}; usage: scripts/up [--stack NAME] [--destroy]`);
    return 2;
  }
  const program = name !== undefined && name in programs ? name : "lab";
  const shown = programs[program];
  const stack = new Stack(name ?? "lab", root, program);
  const lab = new Lab(stack);
  await stack.init();
  if (destroy) {
    const report = new PrintedReport();
    await lab.end(report);
    return report.failed === 0 ? 0 : 1;
  }
  if (name !== undefined && !(name in programs)) say(`${name} is another lab of one gateway: stacks with a program of their own are ${Object.keys(programs).join(", ")}`);
  await forgetDeadMachines(stack, shown.machines);
  say(`pulumi up: ${shown.machines.length} machines boot (usually ${shown.boots} emulated, 10 s with KVM), then each gateway's parts are pushed (30–60 s)`);
  await lab.start().catch((error: Error) => {
    throw new Error(`${error.message}\n\nWhat stands is kept: the same command goes on from there, and with --destroy takes it away.`);
  });
  const { text, good } = await shown.show(lab, say);
  console.log(`\n${text}\n`);
  const same = name === undefined ? "" : ` --stack ${name}`;
  console.log(`The lab runs on. Look: pulumi stack --stack ${stack.name}; change: Pulumi.${stack.name}.yaml, and scripts/up${same}; end: scripts/up${same} --destroy`);
  return good ? 0 : 1;
}

/** A host that was restarted has the stack's state and none of its machines: then the stack is made anew. */
async function forgetDeadMachines(stack: Stack, expected: string[]): Promise<void> {
  const lab = stack.labId;
  const state = await stack.state();
  // Those that an `up` has made, also one that failed later and so has no outputs.
  const dead = expected.filter((name) => state.includes(`::${name}-machine"`) && machineStatus(lab, name).state !== "running");
  if (dead.length === 0) return;
  say(`the lab's ${dead.join(" and ")} no longer run${dead.length === 1 ? "s" : ""} (was the host restarted?): making them anew`);
  await stack.destroy();
  if (leftOf(lab).length > 0) throw new Error(`left of the old lab: ${leftOf(lab).join(", ")}`);
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
