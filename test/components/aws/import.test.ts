import { execFileSync } from "child_process";
import * as path from "path";

const root = path.join(__dirname, "..", "..", "..");

/** The packages of Pulumi that a process has loaded once it imported a file of ours. */
function loaded(file: string): string[] {
  const program = `require("./test/typescript.js"); require("./${file}");
    const names = Object.keys(require.cache).map((name) => /node_modules\\/(@pulumi\\/[^/]+)/.exec(name)?.[1]).filter(Boolean);
    process.stdout.write(JSON.stringify([...new Set(names)].sort()));`;
  return JSON.parse(execFileSync(process.execPath, ["-e", program], { cwd: root, encoding: "utf8" })) as string[];
}

test("who imports the library does not load AWS, and who imports its AWS part does", () => {
  expect(loaded("index.ts")).toEqual(["@pulumi/command", "@pulumi/pulumi", "@pulumi/random", "@pulumi/tls"]);
  expect(loaded("aws.ts")).toContain("@pulumi/aws");
});

test("of AWS the resources that are used are loaded, not all of them", () => {
  const program = `require("./test/typescript.js"); require("./aws.ts");
    process.stdout.write(String(Object.keys(require.cache).filter((name) => name.includes("@pulumi/aws/")).length));`;
  expect(Number(execFileSync(process.execPath, ["-e", program], { cwd: root, encoding: "utf8" }))).toBeLessThan(60);
});
