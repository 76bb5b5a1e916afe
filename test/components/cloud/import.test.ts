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

test("who imports the library loads no cloud, and who imports a cloud's part loads that one", () => {
  expect(loaded("index.ts")).toEqual(["@pulumi/command", "@pulumi/pulumi", "@pulumi/random", "@pulumi/tls"]);
  expect(loaded("aws.ts")).toContain("@pulumi/aws");
  expect(loaded("gcp.ts").filter((name) => /aws|azure|gcp/.test(name))).toEqual(["@pulumi/gcp"]);
  expect(loaded("azure.ts").filter((name) => /aws|azure|gcp/.test(name))).toEqual(["@pulumi/azure-native"]);
});

test.each([["aws", 60, "aws"], ["gcp", 60, "gcp"], ["azure", 60, "azure-native"]])("of %s the resources that are used are loaded, not all of them", (file, most, name) => {
  const program = `require("./test/typescript.js"); require("./${file}.ts");
    process.stdout.write(String(Object.keys(require.cache).filter((name) => name.includes("@pulumi/${name}/")).length));`;
  expect(Number(execFileSync(process.execPath, ["-e", program], { cwd: root, encoding: "utf8" }))).toBeLessThan(most);
});
