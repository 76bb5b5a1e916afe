#!/usr/bin/env node
/**
 * up [--stack NAME] [--destroy]
 *
 * Brings a lab stack up by the real Pulumi engine, connects clients to its gateway and prints what they saw; with the
 * stack `lab-pair` a pair of gateways, and a failover of it.
 */

import * as fs from "node:fs";
import * as path from "node:path";
import { demonstrate } from "../demonstration/demonstration";
import { demonstrateFailover } from "../demonstration/failover";
import { machineStatus } from "../machine";
import { sayOnStderr as say } from "../progress";
import { Lab, leftOf } from "../scenarios/lab";
import { PrintedReport } from "../scenarios/scenario";
import { Stack } from "../stack";

const root = path.resolve(__dirname, "..", "..", "..");

async function main(words: string[]): Promise<number> {
  const at = words.indexOf("--stack");
  const [, name] = at < 0 ? [] : words.splice(at, 2);
  const destroy = words[0] === "--destroy";
  if (words.length > (destroy ? 1 : 0) || (at >= 0 && name === undefined)) {
    console.error("usage: scripts/up [--stack NAME] [--destroy]");
    return 2;
  }
  const stack = new Stack(name ?? "lab", root, programOf(name ?? "lab"));
  const lab = new Lab(stack);
  if (destroy) {
    await stack.init();
    const report = new PrintedReport();
    await lab.end(report);
    return report.failed === 0 ? 0 : 1;
  }
  await stack.init();
  await forgetDeadMachines(stack);
  const machines = stack.program === "lab-pair" ? "three machines boot (usually 60–180 s" : "two machines boot (usually 30–120 s";
  say(`pulumi up: ${machines} emulated, 10 s with KVM), then each gateway's parts are pushed (30–60 s)`);
  await lab.start();
  const { text, good } = await (stack.program === "lab-pair" ? demonstrateFailover(lab, say) : demonstrate(lab, say));
  console.log(`\n${text}\n`);
  console.log(`The lab runs on. Look: pulumi stack --stack ${stack.name}; change: Pulumi.${stack.name}.yaml; end: scripts/up --destroy`);
  return good ? 0 : 1;
}

/** A stack that is named as a program of the lab runs it; any other is another lab with one gateway. */
function programOf(stack: string): string {
  return stack.startsWith("lab") && fs.existsSync(path.join(root, "stacks", `${stack}.config.yaml`)) ? stack : "lab";
}

/** A host that was restarted has the stack's state and none of its machines: then the stack is made anew. */
async function forgetDeadMachines(stack: Stack): Promise<void> {
  const { lab } = await stack.outputs<{ lab?: string }>();
  if (lab === undefined) return;
  const expected = stack.program === "lab-pair" ? ["world", "gateway-1", "gateway-2"] : ["world", "gateway"];
  const dead = expected.filter((name) => machineStatus(lab, name).state !== "running");
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
