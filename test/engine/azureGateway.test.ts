import { EchoStack, engineEnvironment, type Operation } from "./engine";

const environment = engineEnvironment();
const told = (operations: Operation[]) => operations.map(({ operation, name }) => `${operation} ${name}`);
const pushes = ["office-host-command", "office-identity", "office-base", "office-base-confirm", "office-base-settle", "office-passwords", "office-users"];

/** Skipped where there is no engine yet: `scripts/toolchain` makes one. */
(environment === undefined ? describe.skip : describe)("azure-remote-access on the real engine, Azure answering only", () => {
  let stack: EchoStack;
  let first: Operation[];
  beforeAll(() => {
    stack = new EchoStack(environment!, "azure-remote-access");
    first = stack.up();
  }, 300_000);
  afterAll(() => stack.remove());

  test("the first up: the address is there before the machine, its own key is pinned after the first contact", () => {
    const made = told(first);
    expect(made.indexOf("create office-interface")).toBeLessThan(made.indexOf("create office-machine"));
    const ofMachine = made.filter((line) => line === "create office-host-key" || pushes.some((push) => line === `create ${push}`));
    expect(ofMachine).toEqual(["office-host-key", ...pushes].map((name) => `create ${name}`));
    for (const { name, hostKey } of first.filter(({ name }) => pushes.includes(name))) expect([name, hostKey?.startsWith("ssh-ed25519 own-key-of-number-of-office-machine-")]).toEqual([name, true]);
  });

  test("the second up does nothing", () => {
    expect(told(stack.up())).toEqual([]);
  }, 300_000);

  test("one more user is two pushes, one more administrator the group and a push: what the machine was first told stays", () => {
    stack.set("pulumi-vpn-gateway:users[2]", "carol");
    expect(told(stack.up())).toEqual(["update office-passwords", "update office-users"]);
    stack.set("pulumi-vpn-gateway:administrators[1]", "203.0.114.0/24");
    expect(told(stack.up()).sort()).toEqual(["update office-base", "update office-security-group"]);
  }, 300_000);

  test("another platform without another generation is not tried on a machine that stands", () => {
    stack.set("platform", "ubuntu2404");
    expect(told(stack.up()).filter((line) => line.includes("machine"))).toEqual([]);
  }, 300_000);

  test("another generation: the old machine goes, one comes behind the same interface and gets all parts", () => {
    stack.set("generation", "2");
    const operations = stack.up();
    const order = told(operations);
    expect(order.indexOf("delete office-machine")).toBeGreaterThanOrEqual(0);
    expect(order.indexOf("delete office-machine")).toBeLessThan(order.indexOf("create office-machine"));
    expect(order.indexOf("create office-host-key-2")).toBeGreaterThan(order.indexOf("create office-machine"));
    expect(order.filter((line) => pushes.some((push) => line === `create ${push}`))).toEqual(pushes.map((name) => `create ${name}`));
    expect(order.filter((line) => /address|interface|network|group|password-|authority|server/.test(line))).toEqual([]);
    for (const { name, removes } of operations) expect([name, removes]).toEqual([name, undefined]);
    expect(told(stack.up())).toEqual([]);
  }, 300_000);

  test("what is refused is refused at preview, and nothing is asked of Azure", () => {
    stack.set("vmSize", "Standard_A1_v2");
    const { status, said } = stack.preview();
    expect([status !== 0, said]).toEqual([true, expect.stringMatching(/error vmSize \("Standard_A1_v2"\): cannot carry a gateway/)]);
    expect(stack.operations()).toEqual([]);
  }, 300_000);
});
