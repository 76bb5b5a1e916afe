import { spawnSync } from "child_process";
import * as path from "path";
import { rounded, spread, type Spread } from "./statistics";

/** What importing the library costs over importing `@pulumi/pulumi` alone. */
export interface ImportCost {
  runs: number;
  /** Medians. */
  addedMilliseconds: number;
  addedMegabytes: number;
  milliseconds: { pulumi: Spread; library: Spread; added: Spread };
  megabytes: { pulumi: Spread; library: Spread; added: Spread };
}

const measure = `
  require("@pulumi/pulumi");
  if (process.argv[1]) require(process.argv[1]);
  console.log(process.memoryUsage().rss / 1048576);
`;

/** Imports both in fresh Node processes, in turns, `runs` times after one to warm the disk's cache. */
export function importCost(root: string, runs: number): ImportCost {
  const library = path.join(root, "dist", "index.js");
  const one = (file?: string) => {
    const began = process.hrtime.bigint();
    const { stdout, stderr, status } = spawnSync(process.execPath, ["-e", measure, ...(file ? [file] : [])], { cwd: root, encoding: "utf8" });
    if (status !== 0) throw new Error(`importing failed: ${stderr}`);
    return { ms: Number(process.hrtime.bigint() - began) / 1e6, mb: Number(stdout) };
  };
  one(library);
  const pulumi: { ms: number; mb: number }[] = [];
  const both: { ms: number; mb: number }[] = [];
  for (let run = 0; run < runs; run++) {
    pulumi.push(one());
    both.push(one(library));
  }
  const column = (key: "ms" | "mb") => ({
    pulumi: spread(pulumi.map((each) => each[key])),
    library: spread(both.map((each) => each[key])),
    added: spread(both.map((each, index) => each[key] - pulumi[index][key])),
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
