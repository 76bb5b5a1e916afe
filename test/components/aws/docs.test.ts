import * as fs from "fs";
import * as path from "path";

const root = path.join(__dirname, "..", "..", "..");
const read = (file: string) => fs.readFileSync(path.join(root, file), "utf8");
const documented = read("docs/aws.md");

test("docs/aws.md names every field of AwsGatewayArgs and AwsGatewayPairArgs, and each of them its default", () => {
  const source = read("components/aws/args.ts");
  const fields = [...source.slice(source.indexOf("interface AwsCommonArgs")).matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n {2}(\w+)\?:/g)];
  expect(fields.length).toBe(source.match(/^ {2}\w+\?:/gm)!.length);
  for (const [, comment, field] of fields) {
    expect([field, documented.includes(`\`${field}\``)]).toEqual([field, true]);
    expect([field, comment.includes("@default")]).toEqual([field, true]);
  }
});

test("and every key that the stacks read", () => {
  const keys = [...(read("stacks/awsRemoteAccess.ts") + read("stacks/awsPair.ts") + read("stacks/awsConfig.ts") + read("stacks/config.ts")).matchAll(/config\.(?:get|require)\w*(?:<[^(]*>)?\("(\w+)"\)/g)].map(([, key]) => key);
  expect(keys.length).toBeGreaterThan(25);
  for (const key of keys) expect([key, documented.includes(`\`${key}\``)]).toEqual([key, true]);
});

test("docs/ci.md names every policy", async () => {
  const { rules, stackRules } = await import("../../../policies/rules");
  for (const { name } of [...rules, ...stackRules]) expect([name, read("docs/ci.md").includes(`\`${name}\``)]).toEqual([name, true]);
});
