import { spawnSync } from "child_process";
import * as path from "path";
import { rounded, spread, type Spread } from "./statistics";

/** What importing the library costs over importing `@pulumi/pulumi` alone. */
export interface ImportCost {
  runs: number;
  /** Medians. */
  addedMilliseconds: number;
  addedMegabytes: number;
  milliseconds: { pulumi: Spread; added: Spread };
  megabytes: { pulumi: Spread; added: Spread };
}

/** One process imports both, one after the other: the difference of two processes would be the difference of two noises. */
const measure = `
  const now = () => ({ ms: Number(process.hrtime.bigint()) / 1e6, mb: process.memoryUsage().rss / 1048576 });
  const start = now();
  require("@pulumi/pulumi");
  const pulumi = now();
  require(process.argv[1]);
  const library = now();
  const between = (a, b) => ({ ms: b.ms - a.ms, mb: b.mb - a.mb });
  console.log(JSON.stringify({ pulumi: between(start, pulumi), added: between(pulumi, library) }));
`;

type Sample = Record<"pulumi" | "added", { ms: number; mb: number }>;

/** Imports in fresh Node processes, `runs` times after one to warm the disk's cache. */
export function importCost(root: string, runs: number): ImportCost {
  const library = path.join(root, "dist", "index.js");
  const one = (): Sample => {
    const { stdout, stderr, status } = spawnSync(process.execPath, ["-e", measure, library], { cwd: root, encoding: "utf8" });
    if (status !== 0) throw new Error(`importing failed: ${stderr}`);
    return JSON.parse(stdout) as Sample;
  };
  one();
  const samples = Array.from({ length: runs }, one);
  const column = (key: "ms" | "mb") => ({
    pulumi: spread(samples.map(({ pulumi }) => pulumi[key])),
    added: spread(samples.map(({ added }) => added[key])),
  });
  const milliseconds = column("ms");
  const megabytes = column("mb");
  return {
    runs,
    addedMilliseconds: rounded(milliseconds.added.median, 1),
    addedMegabytes: rounded(megabytes.added.median, 2),
    milliseconds,
    megabytes,
  };
}
