import * as fs from "fs";
import * as path from "path";

const root = path.join(__dirname, "..", "..", "..");
const read = (file: string) => fs.readFileSync(path.join(root, file), "utf8");

/** Of each cloud: its page, where its args are, and the stacks that read config for it. */
const clouds = [
  ["docs/aws.md", ["components/aws/args.ts"], ["stacks/awsRemoteAccess.ts", "stacks/awsPair.ts", "stacks/awsConfig.ts"]],
  ["docs/gcp.md", ["components/cloud/args.ts", "components/gcp/args.ts"], ["stacks/gcpRemoteAccess.ts", "stacks/gcpPair.ts", "stacks/gcpConfig.ts"]],
  ["docs/azure.md", ["components/cloud/args.ts", "components/azure/args.ts"], ["stacks/azureRemoteAccess.ts", "stacks/azureConfig.ts"]],
] as const;

test.each(clouds)("%s names every field of its args, and each of them its default", (page, sources) => {
  const documented = read(page);
  for (const source of sources.map(read)) {
    const fields = [...source.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n {2}(\w+)\?:/g)];
    expect(fields.length).toBe(source.match(/^ {2}\w+\?:/gm)!.length);
    for (const [, comment, field] of fields) {
      expect([field, documented.includes(`\`${field}\``)]).toEqual([field, true]);
      expect([field, comment.includes("@default")]).toEqual([field, true]);
    }
  }
});

/** What the stacks of every cloud read is named once, in docs/aws.md; the other pages point there. */
test.each(clouds)("%s names every key that its stacks read", (page, _, stacks) => {
  const all = [...stacks, ...(page === "docs/aws.md" ? ["stacks/cloudConfig.ts", "stacks/config.ts"] : [])].map(read).join("");
  const keys = [...all.matchAll(/config\.(?:get|require)\w*(?:<[^(]*>)?\("(\w+)"\)/g)].map(([, key]) => key);
  expect(keys.length).toBeGreaterThan(10);
  for (const key of keys) expect([key, read(page).includes(`\`${key}\``)]).toEqual([key, true]);
  if (page !== "docs/aws.md") expect(read(page)).toMatch(/those of every\s+gateway, which \[aws\.md\]/);
});

test("docs/ci.md names every policy", async () => {
  const { rules, stackRules } = await import("../../../policies/rules");
  for (const { name } of [...rules, ...stackRules]) expect([name, read("docs/ci.md").includes(`\`${name}\``)]).toEqual([name, true]);
});
