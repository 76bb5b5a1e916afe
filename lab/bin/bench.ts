#!/usr/bin/env node
/**
 * bench goodput | tuning | mtu | import  [--json] [--runs N] [--keep]
 *
 * Measures and prints a table, or with --json one JSON object; progress goes to stderr. All but `import` measure in a
 * lab of their own (stack `bench`), which is destroyed at the end unless --keep. Figures are medians with the least and
 * the most; nothing is judged by them.
 */

import * as path from "node:path";
import { BenchLab, revision } from "../bench/benchLab";
import { goodput } from "../bench/goodput";
import { importCost } from "../bench/import";
import { mtu } from "../bench/mtu";
import { showGoodput, showImport, showMtu, showTuning } from "../bench/show";
import { tuning } from "../bench/tuning";

const root = path.resolve(__dirname, "..", "..", "..");
const say = (line: string): void => void process.stderr.write(`${line}\n`);

interface Bench {
  defaultRuns: number;
  lab: boolean;
  run(runs: number, bench: BenchLab): Promise<object>;
  show(result: never): string;
}

const benches: Record<string, Bench> = {
  goodput: { defaultRuns: 5, lab: true, run: (runs, bench) => goodput(bench, runs, say), show: showGoodput },
  tuning: { defaultRuns: 3, lab: true, run: (runs, bench) => tuning(bench, runs, say), show: showTuning },
  mtu: { defaultRuns: 1, lab: true, run: (_, bench) => mtu(bench, say), show: showMtu },
  import: { defaultRuns: 9, lab: false, run: async (runs) => importCost(root, runs), show: showImport },
};

function usage(problem: string): number {
  say(`${problem}; usage: scripts/bench ${Object.keys(benches).join("|")} [--json] [--runs N] [--keep]`);
  return 2;
}

async function main(words: string[]): Promise<number> {
  const [json, keep] = ["--json", "--keep"].map((word) => words.includes(word));
  const at = words.indexOf("--runs");
  const runs = at < 0 ? undefined : Number(words.splice(at, 2)[1]);
  const names = words.filter((word) => !["--json", "--keep"].includes(word));
  if (names.length !== 1 || benches[names[0]] === undefined) return usage(names.length === 0 ? "which one?" : `not one of them: ${names.join(" ")}`);
  if (runs !== undefined && !(Number.isInteger(runs) && runs >= 1 && runs <= 1000)) return usage("--runs takes a whole number from 1");
  const { defaultRuns, lab, run, show } = benches[names[0]];
  const bench = new BenchLab(root, say);
  const began = Date.now();
  let result: object;
  try {
    if (lab) await bench.start();
    const measured = Date.now();
    result = { bench: names[0], revision: revision(root), ...(await run(runs ?? defaultRuns, bench)), seconds: Math.round((Date.now() - measured) / 1000) };
  } finally {
    if (lab) await bench.end(keep);
  }
  say(`${names[0]}: ${Math.round((Date.now() - began) / 1000)} s in all`);
  // pulumi and the lab say what they do on stderr: stdout has the result alone.
  process.stdout.write(json ? `${JSON.stringify(result, null, 1)}\n` : `${show(result as never)}\n`);
  return 0;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: Error) => {
    say(`bench: ${error.message}`);
    process.exit(1);
  },
);
