#!/usr/bin/env node
/**
 * bench goodput | tuning | mtu | import | failover | routing | same-nat | priority | sites | connections | churn | sessions  [--json] [--runs N] [--minutes N] [--clients N,…] [--only WHAT,…] [--keep] [--stack NAME]
 *
 * Measures and prints a table, or with --json one JSON object; progress goes to stderr. All but `import` measure in a
 * lab of their own (stack `bench`), which is destroyed at the end unless --keep. Figures are medians with the least and
 * the most; nothing is judged by them. `--minutes` is how long each office of same-nat stays up (default 10), `--clients` how
 * many are in each (default 2,20), or how many sessions of L2TP and of IKEv2 `sessions` makes (default 200,500); `--only` is which of `failover` are made: planned,floating,balanced; `--stack` is another lab, such as one that
 * stands.
 */

import * as path from "node:path";
import { BenchLab, revision } from "../bench/benchLab";
import { churn } from "../bench/churn";
import { ConnectionsBench } from "../bench/connections";
import { FailoverBench, strikes, type Strike } from "../bench/failover";
import { goodput } from "../bench/goodput";
import { importCost } from "../bench/import";
import { mtu } from "../bench/mtu";
import { priority } from "../bench/priority";
import { RoutingBench } from "../bench/routing";
import { sameNat } from "../bench/sameNat";
import { sessions, SessionsLab } from "../bench/sessions";
import { SitesBench } from "../bench/sites";
import { showChurn, showConnections, showFailover, showGoodput, showImport, showMtu, showPriority, showRouting, showSameNat, showSessions, showSites, showTuning } from "../bench/show";
import { tuning } from "../bench/tuning";

const root = path.resolve(__dirname, "..", "..", "..");
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** What a bench needs to stand before it measures. */
interface Stage {
  start(): Promise<void>;
  end(keep: boolean): Promise<void>;
}

interface Bench {
  defaultRuns: number;
  show(result: never): string;
  /** What stands for it, and the measurement on that. */
  prepare(): { stage?: Stage; run(runs: number): Promise<object> };
}

/** A bench on a lab of its own. */
function staged<S extends Stage>(defaultRuns: number, make: () => S, run: (stage: S, runs: number) => Promise<object>, show: (result: never) => string): Bench {
  return {
    defaultRuns,
    show,
    prepare: () => {
      const stage = make();
      return { stage, run: (runs) => run(stage, runs) };
    },
  };
}

/** Options that are one bench's, or the lab's. */
const options: { minutes: number; clients?: number[]; only?: Strike[]; stack?: string } = { minutes: 10 };

const lab = () => new BenchLab(root, say, options.stack);
const benches: Record<string, Bench> = {
  goodput: staged(5, lab, (bench, runs) => goodput(bench, runs, say), showGoodput),
  tuning: staged(3, lab, (bench, runs) => tuning(bench, runs, say), showTuning),
  mtu: staged(1, lab, (bench) => mtu(bench, say), showMtu),
  import: { defaultRuns: 9, show: showImport, prepare: () => ({ run: async (runs) => importCost(root, runs) }) },
  "same-nat": staged(5, lab, (bench, repeats) => sameNat(bench, { repeats, minutes: options.minutes, offices: options.clients ?? [2, 20] }, say), showSameNat),
  priority: staged(3, lab, (bench, runs) => priority(bench, runs, say), showPriority),
  sites: staged(5, () => new SitesBench(root, say, options.stack), (bench, runs) => bench.run(runs), showSites),
  connections: staged(1, () => new ConnectionsBench(root, say, [1, 10, 100], options.stack), (bench) => bench.run(), showConnections),
  churn: staged(1000, lab, (bench, cycles) => churn(bench, cycles, say), showChurn),
  sessions: staged(1, () => new SessionsLab(root, say, options.stack, planOf(options.clients ?? [200, 500])), (bench) => sessions(bench, say), showSessions),
  routing: staged(20, () => new RoutingBench(root, say, options.stack), (bench, runs) => bench.run(runs), showRouting),
  failover: staged(20, () => new FailoverBench(root, say), (bench, runs) => bench.run(runs, options.only), showFailover),
};

/** `200,500`: of L2TP and of IKEv2. */
const planOf = ([l2tp, ikev2 = l2tp]: number[]) => ({ l2tp, ikev2 });

function usage(problem: string): number {
  say(`${problem}; usage: scripts/bench ${Object.keys(benches).join("|")} [--json] [--runs N] [--minutes N] [--clients N,…] [--only WHAT,…] [--keep] [--stack NAME]`);
  return 2;
}

/** Takes `--option VALUE` out of the words. */
function option(words: string[], name: string): string | undefined {
  const at = words.indexOf(name);
  return at < 0 ? undefined : words.splice(at, 2)[1];
}

async function main(words: string[]): Promise<number> {
  const [json, keep] = ["--json", "--keep"].map((word) => words.includes(word));
  const [givenRuns, minutes, clients, only, stack] = ["--runs", "--minutes", "--clients", "--only", "--stack"].map((word) => option(words, word));
  const runs = givenRuns === undefined ? undefined : Number(givenRuns);
  options.minutes = Number(minutes ?? options.minutes);
  options.clients = clients?.split(",").map(Number);
  options.only = only?.split(",") as Strike[] | undefined;
  options.stack = stack;
  const names = words.filter((word) => !["--json", "--keep"].includes(word));
  if (names.length !== 1 || benches[names[0]] === undefined) return usage(names.length === 0 ? "which one?" : `not one of them: ${names.join(" ")}`);
  if (runs !== undefined && !(Number.isInteger(runs) && runs >= 1 && runs <= 1000)) return usage(`--runs takes a whole number from 1 to 1000, not ${givenRuns}`);
  if (!(options.minutes > 0 && options.minutes <= 1440)) return usage(`--minutes takes a number above 0, 1440 at most, not ${minutes}`);
  // A lab's home network ends before 10.9.0.255, and the machine before that.
  const most = names[0] === "sessions" ? 1000 : 40;
  if (!(options.clients ?? []).every((count) => Number.isInteger(count) && count >= 1 && count <= most)) return usage(`--clients takes whole numbers from 1 to ${most} with commas, not ${clients}`);
  if (!(options.only ?? []).every((what) => strikes.includes(what))) return usage(`--only takes ${strikes.join(",")}, not ${only}`);
  const { defaultRuns, prepare, show } = benches[names[0]];
  const { stage, run } = prepare();
  const began = Date.now();
  try {
    await stage?.start();
    const measured = Date.now();
    const result = { bench: names[0], revision: revision(root), ...(await run(runs ?? defaultRuns)), seconds: Math.round((Date.now() - measured) / 1000) };
    // Before the lab is taken away, which may take minutes. pulumi and the lab say what they do on stderr: stdout has this alone.
    process.stdout.write(json ? `${JSON.stringify(result, null, 1)}\n` : `${show(result as never)}\n`);
  } finally {
    await stage?.end(keep);
  }
  say(`${names[0]}: ${Math.round((Date.now() - began) / 1000)} s in all`);
  return 0;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: Error) => {
    say(`bench: ${error.message}`);
    process.exit(1);
  },
);
