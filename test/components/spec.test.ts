import * as pulumi from "@pulumi/pulumi";
import type { RemoteAccessArgs } from "../../components/args";
import { checkedSpec, givenSecrets, resolveSpec, specProblems } from "../../components/spec";
import { refuse } from "../../components/refuse";
import { record, valueOf } from "./mocks";

const args: RemoteAccessArgs = { users: [{ name: "alice", password: "a-canary" }], administrators: ["203.0.113.0/24"] };
const defaults = { endpoint: "198.51.100.7" };

beforeEach(() => record());

/** What the check says of these args. The plain judgement, since an Output that rejects does so on several promises. */
async function refusal(changes: Partial<RemoteAccessArgs>): Promise<string> {
  const wrong = { ...args, ...changes };
  const [spec, secrets] = [await valueOf(resolveSpec("office", wrong, defaults)), await valueOf(givenSecrets(wrong))];
  try {
    refuse(specProblems(spec, secrets), undefined);
    return "taken";
  } catch (error) {
    return (error as Error).message;
  }
}

test("IKEv2 alone, full tunnel, public name servers: the defaults", async () => {
  const spec = await valueOf(resolveSpec("office", args, defaults));
  expect(spec).toMatchObject({ ikev2: { pool: "10.77.2.0/24" }, tunnel: "full", dns: ["1.1.1.1", "9.9.9.9"], masquerade: "internet", clientToClient: false });
  expect(spec.l2tp).toBeUndefined();
});

test("a good spec is taken, and is no secret though it was judged beside some", async () => {
  expect(await refusal({})).toBe("taken");
  const parent = new pulumi.ComponentResource("test:index:Test", "other");
  const checked = checkedSpec(resolveSpec("office", args, defaults), givenSecrets(args), parent);
  expect(await pulumi.isSecret(checked)).toBe(false);
  expect(await pulumi.isSecret(givenSecrets(args))).toBe(true);
});

test("metrics are asked for, or not told of at all", async () => {
  expect((await valueOf(resolveSpec("office", { ...args, metrics: pulumi.output(true) }, defaults))).metrics).toBe(true);
  expect(await valueOf(resolveSpec("office", { ...args, metrics: false }, defaults))).not.toHaveProperty("metrics");
});

test("RADIUS: the spec has the servers without their secrets, which are judged beside it", async () => {
  const radius = { servers: [{ host: "10.20.0.21", secret: "radius-canary-of-16" }, { host: "radius.example.com", secret: pulumi.secret("sho rt") }], timeout: 5 };
  const l2tp = { enabled: true };
  expect((await valueOf(resolveSpec("office", { ...args, radius }, defaults))).radius).toEqual({ servers: [{ host: "10.20.0.21" }, { host: "radius.example.com" }], timeout: 5 });
  const message = await refusal({ radius, l2tp });
  for (const fragment of ["users[0]", "radius.servers[1].host", "radius.servers[1].secret: holds a space"]) expect(message).toContain(fragment);
  expect(message).not.toMatch(/canary|sho rt/);
});

test("RADIUS on the gateway: a server like any other, without a secret that somebody gave; beside others it is refused", async () => {
  const onGateway = { enabled: true, keepDays: pulumi.output(30) };
  expect((await valueOf(resolveSpec("office", { ...args, radius: { onGateway } }, defaults))).radius).toEqual({ servers: [{ host: "127.0.0.1" }], onGateway: { keepDays: 30 } });
  expect(await refusal({ radius: { onGateway }, l2tp: { enabled: true } })).toBe("taken");
  const postgresql = { host: "db.example.com", port: pulumi.output(5433), database: "vpn", user: "vpn", password: pulumi.secret("canary\nof the database") };
  expect((await valueOf(resolveSpec("office", { ...args, radius: { onGateway: { enabled: true, postgresql } } }, defaults))).radius?.onGateway).toEqual({ postgresql: { host: "db.example.com", port: 5433, database: "vpn", user: "vpn" } });
  const ofDatabase = await refusal({ radius: { onGateway: { enabled: true, postgresql: { ...postgresql, user: "a b" } } } });
  for (const fragment of ["postgresql.user", "radius.onGateway.postgresql.password", "control character U+000A"]) expect(ofDatabase).toContain(fragment);
  expect(ofDatabase).not.toContain("canary");
  const directory = { url: pulumi.output("ldaps://directory.example.com"), bindDn: "cn=vpn,dc=example", base: "dc=example", password: pulumi.secret('canary "of the directory') };
  expect((await valueOf(resolveSpec("office", { ...args, radius: { onGateway: { enabled: true, directory } } }, defaults))).radius?.onGateway).toEqual({ directory: { url: "ldaps://directory.example.com", bindDn: "cn=vpn,dc=example", base: "dc=example" } });
  const ofDirectory = await refusal({ radius: { onGateway: { enabled: true, directory: { ...directory, filter: "x" } } } });
  for (const fragment of ["directory.filter", "radius.onGateway.directory.password: holds one of"]) expect(ofDirectory).toContain(fragment);
  expect(ofDirectory).not.toContain("canary");
  const message = await refusal({ radius: { onGateway: { enabled: true, keepDays: 0 }, servers: [{ host: "10.20.0.21", secret: "radius-canary-of-16" }], disconnect: true } });
  for (const fragment of ["radius.onGateway: stands beside radius.servers", "radius.onGateway.keepDays", "radius.disconnect"]) expect(message).toContain(fragment);
  expect(message).not.toContain("canary");
  expect(await refusal({ radius: { onGateway: { enabled: false } } })).toMatch(/radius\.servers.* names no server/);
});

test("all problems of spec and secrets come in one error, which holds no secret", async () => {
  const message = await refusal({
    users: [{ name: "alice", password: "a-canary" }, { name: "alice" }, { name: "", password: "another-canary\n" }],
    insideNetworks: ["10.77.2.0/24"],
    platform: "debian3",
    clients: ["toaster"],
    l2tp: { enabled: true, preSharedKey: "short\ncanary" },
  });
  for (const fragment of ["users[1].name", "users[2].name", "10.77.2.0/24", "debian3", "toaster", "preSharedKey"]) expect(message).toContain(fragment);
  expect(message).not.toContain("canary");
});

test("rates, the uplink and DSCP reach the spec; what says nothing of them has none of the fields", async () => {
  const rate = { downMegabits: 20, upMegabits: pulumi.output(5) };
  const spec = await valueOf(resolveSpec("office", { ...args, users: [{ name: "alice", rate }], uplink: { downMegabits: 100 }, dscp: "clear" }, defaults));
  expect(spec).toMatchObject({ users: [{ name: "alice", rate: { downMegabits: 20, upMegabits: 5 } }], uplink: { downMegabits: 100 }, dscp: "clear" });
  const plain = await valueOf(resolveSpec("office", { ...args, dscp: "keep" }, defaults));
  expect(Object.keys(plain)).not.toEqual(expect.arrayContaining(["uplink"]));
  expect(plain).not.toHaveProperty("dscp");
  expect(await refusal({ uplink: { upMegabits: -1 }, users: [{ name: "alice", rate: {} }], dscp: "drop" })).toMatch(/uplink\.upMegabits[\s\S]*users\[0\]\.rate[\s\S]*dscp/);
});
