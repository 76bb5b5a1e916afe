/** What every cloud's component promises, asked in one wording: secrets, host keys, parents, and what is refused. */

import * as fs from "fs";
import * as pulumi from "@pulumi/pulumi";
import { ofType, plain, registered, valueOf } from "./mocks";
import { isSecretInput, type Previewed } from "./previews";

/** Types and names of what was registered, under a title. */
export function listing(title: string): string {
  return [`# ${title}`, ...registered.map(({ type, name }) => `${type} ${name}`).sort(), ""].join("\n");
}

/** Types and names of a component's children are a contract with who has it deployed. UPDATE_CONTRACT=1 writes it anew. */
export function expectContract(file: string, listings: string[]): void {
  const found = listings.join("\n");
  if (process.env.UPDATE_CONTRACT) fs.writeFileSync(file, found);
  expect(found).toBe(fs.readFileSync(file, "utf8"));
}

/** None of what is of the tunnel is in what a machine is told at its first boot. */
export function expectNothingOfTheTunnel(text: string): void {
  expect(text).toContain("BEGIN OPENSSH PRIVATE KEY");
  for (const secret of ["hunter2-canary", "canary-of-the-pre-shared-key", "minted-office", "BEGIN PRIVATE KEY"]) expect([secret, text.includes(secret)]).toEqual([secret, false]);
}

/** No input that is not a secret holds a password or the key, as they are or in base64; `carriers` do, being where they belong. */
export async function expectSecretsOnlyIn(carriers: string[], settings: pulumi.Output<{ passwords: Record<string, string>; preSharedKey: string }>): Promise<void> {
  const { passwords, preSharedKey } = await valueOf(settings);
  const written = [...Object.values(passwords), preSharedKey].flatMap((secret) => [secret, Buffer.from(secret).toString("base64")]);
  const found = new Set<string>();
  for (const { name, inputs } of registered) {
    for (const value of Object.values(inputs)) {
      if (!written.some((text) => JSON.stringify(value ?? null).includes(text))) continue;
      found.add(name);
      expect([name, isSecretInput(value)]).toEqual([name, true]);
    }
  }
  expect([...found].sort()).toEqual(carriers);
}

/** Which outputs of a component are secrets, by name. */
export async function secretOutputs<T extends object>(component: T, names: (keyof T)[]): Promise<(keyof T)[]> {
  const secret = await Promise.all(names.map((name) => pulumi.isSecret(component[name] as pulumi.Output<unknown>)));
  return names.filter((_, index) => secret[index]);
}

/** The first contact pins the bootstrap key, every push the machine's own, and none asks a machine that goes to take its parts away. */
export function expectOwnHostKeys(host: string): void {
  const remote = ofType("command:remote:Command");
  const pinned = Object.fromEntries([...remote].map(([name, inputs]) => [name, plain<{ hostKey: string; host: string }>(inputs.connection)]));
  const { "office-host-key": bootstrap, ...others } = pinned;
  expect(bootstrap).toMatchObject({ host, hostKey: "ssh-ed25519 AAAAoffice-bootstrap-host-key" });
  expect(Object.keys(others)).toHaveLength(7);
  for (const [name, { hostKey }] of Object.entries(others)) expect([name, hostKey]).toEqual([name, "office-host-key"]);
  for (const [name, inputs] of remote) expect([name, inputs.delete]).toEqual([name, undefined]);
}

/** Everything that was made is the component's own child. */
export async function expectOwnChildren(component: pulumi.Resource, type: string): Promise<void> {
  const children = [...(component as unknown as { __childResources: Set<pulumi.Resource> }).__childResources];
  expect(children).toHaveLength(registered.length - 1);
  for (const urn of await Promise.all(children.map((child) => valueOf(child.urn)))) expect(urn).toContain(`::${type}$`);
}

/** What is refused, the args that are wrong, and what is said of each. */
export type Refusal<Args> = [what: string, changes: Partial<Args>, said: RegExp[]];

/** Each of `bad` is refused at preview with all that is wrong, no secret shown and nothing made; what is not wrong is made. */
export function refusedAtPreview<Args>(bad: Refusal<Args>[], previews: (changes: readonly object[]) => Promise<Previewed[]>, fewest = 20): void {
  describe("refused at preview, with nothing made", () => {
    const seen = previews([{}, ...bad.map(([, changes]) => changes)]);

    test.each(bad.map(([what, , said], index) => [what, said, index + 1] as const))("%s", async (_, said, index) => {
      const { message, registered: names } = (await seen)[index];
      for (const one of said) expect(message).toMatch(one);
      expect(message).not.toContain("canary");
      expect(names).toEqual(["office"]);
    });

    test("the twin: what is not wrong is made", async () => {
      const { message, registered: names } = (await seen)[0];
      expect(message).toBe("taken");
      expect(names.length).toBeGreaterThan(fewest);
    });
  });
}
