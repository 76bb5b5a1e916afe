#!/usr/bin/env node
/**
 * scenario --list | --all | NAME…  [--keep] [--stack NAME] [--minutes N]
 *
 * Runs lab scenarios on one lab of their own, which is brought up by the real Pulumi engine and destroyed at the end
 * (unless --keep). `--stack` runs them on another stack than `scenario`. Prints every check; exits 1 where one failed.
 * With `--minutes`, no scenario begins later than that, and those left out are named: for a CI whose time is bounded on
 * machines that may be three times slower than another.
 */

import * as fs from "node:fs";
import * as path from "node:path";
import { Lab } from "../scenarios/lab";
import { PrintedReport, type Scenario } from "../scenarios/scenario";
import { scenarios, unproven } from "../scenarios";
import { Stack } from "../stack";

const root = path.resolve(__dirname, "..", "..", "..");

function list(): void {
  for (const { name, shows, twin, seconds } of scenarios)
    console.log(`${name}  (about ${seconds} s${unproven.includes(name) ? "; not yet seen to pass: by name alone" : ""})\n  shows: ${shows}\n  twin:  ${twin}`);
}

async function runOne(scenario: Scenario, lab: Lab, report: PrintedReport): Promise<void> {
  const began = Date.now();
  report.heading(`${scenario.name}: ${scenario.shows}`);
  try {
    await lab.fresh();
    await scenario.run(lab, report);
  } catch (error) {
    report.check(`${scenario.name} runs to its end`, false, (error as Error).stack ?? String(error));
  }
  console.log(`   ${scenario.name}: ${((Date.now() - began) / 1000).toFixed(0)} s`);
}

const programOf = (scenario: Scenario): string => scenario.program ?? "lab";

/** Runs them until the time is over; gives those that did not begin. */
async function runAll(chosen: readonly Scenario[], lab: Lab, report: PrintedReport, keep: boolean, until: number): Promise<readonly Scenario[]> {
  const began = Date.now();
  if (began > until) return chosen;
  try {
    await lab.start();
    console.log(`\nthe lab stands after ${((Date.now() - began) / 1000).toFixed(0)} s`);
    for (const [index, scenario] of chosen.entries()) {
      if (Date.now() > until) return chosen.slice(index);
      await runOne(scenario, lab, report);
    }
  } catch (error) {
    report.check("the lab starts", false, (error as Error).message);
  } finally {
    if (!keep) await lab.end(report);
  }
  return [];
}

/** Takes `--option VALUE` out of the words. */
function option(words: string[], name: string): string | undefined {
  const at = words.indexOf(name);
  return at < 0 ? undefined : words.splice(at, 2)[1];
}

async function main(words: string[]): Promise<number> {
  if (words.includes("--list")) return list(), 0;
  const keep = words.includes("--keep");
  const stack = option(words, "--stack");
  const until = Date.now() + Number(option(words, "--minutes") ?? Infinity) * 60_000;
  const names = words.filter((word) => !word.startsWith("--"));
  const unknown = names.filter((name) => !scenarios.some((scenario) => scenario.name === name));
  // In the order that is asked for: the time may be over before the last.
  const chosen = words.includes("--all") ? scenarios.filter(({ name }) => !unproven.includes(name)) : names.flatMap((name) => scenarios.filter((scenario) => scenario.name === name));
  if (unknown.length > 0 || chosen.length === 0) {
    console.error(`${unknown.length > 0 ? `no scenario ${unknown.join(", ")}; ` : ""}usage: scripts/scenario --list | --all | NAME… [--keep] [--stack NAME] [--minutes N]`);
    return 2;
  }
  const report = new PrintedReport();
  const left: Scenario[] = [];
  const programs = [...new Set(chosen.map(programOf))];
  // One lab at a time: each has two machines, and is the slower the more there are.
  for (const program of programs) {
    const name = stack ?? (program === "lab" ? "scenario" : `scenario-${program}`);
    left.push(...(await runAll(chosen.filter((one) => programOf(one) === program), new Lab(new Stack(name, root, program)), report, keep, until)));
  }
  if (left.length > 0) console.log(`\nNOT RUN, for the time was over: ${left.map(({ name }) => name).join(" ")}`);
  if (process.env.COUNT_FILE) fs.writeFileSync(process.env.COUNT_FILE, `${report.passed} ${report.failed}\n`);
  console.log(`\n${report.passed} passed, ${report.failed} failed`);
  return report.failed === 0 ? 0 : 1;
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
