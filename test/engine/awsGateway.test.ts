import { EchoStack, engineEnvironment, type Operation } from "./engine";

const environment = engineEnvironment();
const names = (operations: Operation[], kind: Operation["operation"]) => operations.filter(({ operation }) => operation === kind).map(({ name }) => name);
const pushes = ["office-host-command", "office-identity", "office-base", "office-base-confirm", "office-base-settle", "office-passwords", "office-users"];

/** Skipped where there is no engine yet: `scripts/toolchain` makes one. */
(environment === undefined ? describe.skip : describe)("aws-remote-access on the real engine, AWS answering only", () => {
  let stack: EchoStack;
  let first: Operation[];
  beforeAll(() => {
    stack = new EchoStack(environment!);
    stack.set("routeTableIds.main", "rtb-1");
    first = stack.up();
  }, 120_000);
  afterAll(() => stack.remove());

  test("the first up: the address is there before the machine, the machine's own key is pinned after the first contact", () => {
    const made = names(first, "create");
    expect(made.indexOf("office-address-association")).toBeLessThan(made.indexOf("office-machine"));
    expect(made.slice(-8)).toEqual(["office-host-key", ...pushes]);
    for (const { name, hostKey } of first.filter(({ name }) => pushes.includes(name))) {
      expect([name, hostKey?.startsWith("ssh-ed25519 own-key-of-office-machine-")]).toEqual([name, true]);
    }
    expect(first.find(({ name }) => name === "office-host-key")?.hostKey).toMatch(/^ssh-ed25519 AAAA/);
  });

  test("the second up does nothing, nor does a newer image", () => {
    expect(stack.up()).toEqual([]);
    stack.image = "ami-0000000b";
    expect(stack.up()).toEqual([]);
  }, 120_000);

  test("one more user is two pushes, one more administrator the group and a push: no machine is touched", () => {
    stack.set("pulumi-vpn-gateway:users[2]", "carol");
    expect(names(stack.up(), "update")).toEqual(["office-passwords", "office-users"]);
    stack.set("pulumi-vpn-gateway:administrators[1]", "203.0.114.0/24");
    const operations = stack.up();
    expect(operations.map(({ operation, name }) => `${operation} ${name}`).sort()).toEqual(["update office-base", "update office-security-group"]);
  }, 120_000);

  test("another generation: the new machine has the newest image and all parts before the old one goes", () => {
    stack.set("generation", "2");
    const operations = stack.up();
    expect(operations.find(({ name }) => name === "office-machine-2")?.image).toBe("ami-0000000b");
    expect(names(operations, "create").slice(-8)).toEqual(["office-host-key-2", ...pushes]);
    const order = operations.map(({ operation, name }) => `${operation} ${name}`);
    expect(order.indexOf("create office-users")).toBeLessThan(order.indexOf("delete office-machine"));
    expect(names(operations, "delete").sort()).toEqual(["office-address-association", "office-interface", "office-machine"]);
    expect(stack.up()).toEqual([]);
  }, 120_000);

  test("another subnet: the old machine goes first, and is not asked to take its parts away", () => {
    stack.set("subnetId", "subnet-given");
    const operations = stack.up();
    const order = operations.map(({ operation, name }) => `${operation} ${name}`);
    expect(order.indexOf("delete office-machine-2")).toBeLessThan(order.indexOf("create office-machine-2"));
    for (const { name, removes } of operations.filter(({ operation }) => operation === "delete")) expect([name, removes]).toEqual([name, undefined]);
    expect(names(operations, "create").slice(-8)).toEqual(["office-host-key-2", ...pushes]);
  }, 120_000);

  test("what is refused is refused at preview, and nothing is asked of AWS", () => {
    stack.set("instanceType", "m1.small");
    const { status, said } = stack.preview();
    expect(status).not.toBe(0);
    expect(said).toMatch(/error instanceType \("m1\.small"\): cannot carry a gateway/);
    expect(stack.operations()).toEqual([]);
    stack.unset("instanceType");
    expect(stack.preview().status).toBe(0);
  }, 120_000);
});

(environment === undefined ? describe.skip : describe)("by Systems Manager", () => {
  test("one more user is two texts and two associations made anew, so that their success is waited for", () => {
    const stack = new EchoStack(environment!);
    try {
      for (const [key, value] of [["access", "systemsManager"], ["platform", "ubuntu2404"]]) stack.set(key, value);
      stack.setObject("administrators", []);
      const associations = ["office-host", "office-identity", "office-base", "office-passwords", "office-users"];
      expect(names(stack.up(), "create").filter((name) => associations.includes(name))).toEqual(associations);
      expect(stack.up()).toEqual([]);
      stack.set("pulumi-vpn-gateway:users[2]", "carol");
      const order = stack.up().map(({ operation, name }) => `${operation} ${name}`);
      expect([...order].sort()).toEqual([
        "create office-passwords", "create office-users", "delete office-passwords", "delete office-users",
        "update office-passwords-text", "update office-users-text",
      ]);
      expect(order.indexOf("update office-passwords-text")).toBeLessThan(order.indexOf("create office-passwords"));
      expect(order.indexOf("create office-passwords")).toBeLessThan(order.indexOf("create office-users"));
    } finally {
      stack.remove();
    }
  }, 120_000);
});
