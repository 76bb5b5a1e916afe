import { EchoStack, engineEnvironment, type Operation } from "./engine";

const environment = engineEnvironment();
const told = (operations: Operation[]) => operations.map(({ operation, name }) => `${operation} ${name}`);
const parts = ["host-command", "identity", "base", "base-confirm", "base-settle", "passwords", "users"];
/** What a machine gets once it is there, in order. */
const pushes = (member: number) => [`office-${member}-host-key`, ...parts.map((part) => `office-${member}-${part}`), `office-${member}-stands`];

/** Skipped where there is no engine yet: `scripts/toolchain` makes one. */
(environment === undefined ? describe.skip : describe)("aws-pair on the real engine, AWS answering only", () => {
  let stack: EchoStack;
  let first: string[];
  beforeAll(() => {
    stack = new EchoStack(environment!, "aws-pair");
    stack.set("routeTableIds.main", "rtb-1");
    first = told(stack.up());
  }, 120_000);
  afterAll(() => stack.remove());

  test("the first up: the second machine has all of its parts and stands, then the first is made", () => {
    const after = (name: string) => first.slice(first.indexOf(`create ${name}`));
    const ofMachines = first.filter((line) => /-\d-(machine|host-|stands)|-\d-(identity|base|passwords|users)/.test(line) && !/bootstrap/.test(line));
    expect(ofMachines).toEqual(["office-2-machine", ...pushes(2), "office-1-machine", ...pushes(1)].map((name) => `create ${name}`));
    // The role and the routes that the active machine needs are there before it can be active.
    expect(after("office-role-policy")).toContain("create office-2-base");
    expect(after("office-route-main-ikev2")).toContain("create office-2-base");
  });

  test("the second up does nothing, nor does a newer image or another order of the zones", () => {
    expect(told(stack.up())).toEqual([]);
    stack.image = "ami-0000000b";
    stack.zones = "eu-central-1c eu-central-1a";
    expect(told(stack.up())).toEqual([]);
  }, 120_000);

  test("one more user is two pushes to each machine, one after the other: nothing is replaced", () => {
    stack.set("pulumi-vpn-gateway:users[2]", "carol");
    expect(told(stack.up())).toEqual(["update office-2-passwords", "update office-2-users", "update office-1-passwords", "update office-1-users"]);
  }, 120_000);

  test("another instance type: the second machine changes in place and stands, then the first", () => {
    stack.set("instanceType", "c7g.large");
    const operations = told(stack.up()).filter((line) => !/^delete/.test(line));
    expect(operations).toEqual(["update office-2-machine", "create office-2-stands", "update office-1-machine", "create office-1-stands"]);
  }, 120_000);

  test("another image, named: new machines with all parts, the second first", () => {
    stack.set("imageId", "ami-0123456789abcdef0");
    const operations = stack.up();
    const order = told(operations).filter((line) => /^create|machine/.test(line));
    expect(order.filter((line) => /machine|stands/.test(line))).toEqual([
      "delete office-2-machine", "create office-2-machine", "create office-2-stands", "delete office-1-machine", "create office-1-machine", "create office-1-stands",
    ]);
    for (const member of [1, 2]) expect(order).toEqual(expect.arrayContaining(pushes(member).map((name) => `create ${name}`)));
    for (const { name, removes } of operations.filter(({ operation }) => operation === "delete")) expect([name, removes]).toEqual([name, undefined]);
    expect(told(operations).filter((line) => /address|interface|route/.test(line))).toEqual([]);
    expect(told(stack.up())).toEqual([]);
  }, 120_000);

  test("what is refused is refused at preview, and nothing is asked of AWS", () => {
    stack.set("front", "anycast");
    const { status, said } = stack.preview();
    expect([status !== 0, said]).toEqual([true, expect.stringMatching(/error pair\.front \("anycast"\): is no front of a pair/)]);
    expect(stack.operations()).toEqual([]);
  }, 120_000);

  test("destroy: what may have the address goes before it, since one in use cannot be given back", () => {
    const order = told(stack.destroy());
    for (const name of ["office-1-machine", "office-2-machine", "office-1-interface", "office-2-interface"]) {
      expect([name, order.includes(`delete ${name}`), order.indexOf(`delete ${name}`) < order.indexOf("delete office-address")]).toEqual([name, true, true]);
    }
  }, 120_000);
});

(environment === undefined ? describe.skip : describe)("by Systems Manager", () => {
  test("the second machine's associations come before the first one's, at the first up and for one more user", () => {
    const stack = new EchoStack(environment!, "aws-pair");
    try {
      stack.set("access", "systemsManager");
      stack.set("platform", "ubuntu2404");
      stack.setObject("administrators", []);
      const ofMachines = (lines: string[]) => lines.filter((line) => /-\d-(machine|stands|host|identity|base|passwords|users)$/.test(line) && !/^delete/.test(line));
      const all = (member: number) => ["machine", "host", "identity", "base", "passwords", "users", "stands"].map((part) => `create office-${member}-${part}`);
      expect(ofMachines(told(stack.up()))).toEqual([...all(2), ...all(1)]);
      stack.set("pulumi-vpn-gateway:users[2]", "carol");
      expect(ofMachines(told(stack.up()))).toEqual([2, 1].flatMap((member) => ["passwords", "users"].map((part) => `create office-${member}-${part}`)));
      expect(told(stack.up())).toEqual([]);
    } finally {
      stack.remove();
    }
  }, 240_000);
});

(environment === undefined ? describe.skip : describe)("behind a load balancer", () => {
  test("the machines become its targets; the second up does nothing", () => {
    const stack = new EchoStack(environment!, "aws-pair");
    try {
      stack.set("front", "loadBalancer");
      const made = told(stack.up());
      for (const name of ["office-nlb", "office-ike-1", "office-ike-2", "office-natt-1", "office-natt-2"]) expect(made).toContain(`create ${name}`);
      expect(told(stack.up())).toEqual([]);
    } finally {
      stack.remove();
    }
  }, 120_000);
});
