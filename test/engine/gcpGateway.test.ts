import { EchoStack, engineEnvironment, type Operation } from "./engine";

const environment = engineEnvironment();
const told = (operations: Operation[]) => operations.map(({ operation, name }) => `${operation} ${name}`);
const pushes = ["office-host-command", "office-identity", "office-base", "office-base-confirm", "office-base-settle", "office-passwords", "office-users"];

/** Skipped where there is no engine yet: `scripts/toolchain` makes one. */
(environment === undefined ? describe.skip : describe)("gcp-remote-access on the real engine, Google Cloud answering only", () => {
  let stack: EchoStack;
  let first: Operation[];
  beforeAll(() => {
    stack = new EchoStack(environment!, "gcp-remote-access");
    first = stack.up();
  }, 300_000);
  afterAll(() => stack.remove());

  test("the first up: rules and address are there before the machine, its own key is pinned after the first contact", () => {
    const made = told(first);
    for (const before of ["office-address", "office-else", "office-ssh", "office-disk"]) expect([before, made.indexOf(`create ${before}`) < made.indexOf("create office-machine")]).toEqual([before, true]);
    const ofMachine = made.filter((line) => line === "create office-host-key" || pushes.some((push) => line === `create ${push}`));
    expect(ofMachine).toEqual(["office-host-key", ...pushes].map((name) => `create ${name}`));
    for (const { name, hostKey } of first.filter(({ name }) => pushes.includes(name))) expect([name, hostKey?.startsWith("ssh-ed25519 own-key-of-number-of-office-machine-")]).toEqual([name, true]);
  });

  test("the second up does nothing, nor does a newer image", () => {
    expect(told(stack.up())).toEqual([]);
    stack.image = "newer";
    expect(told(stack.up())).toEqual([]);
  }, 300_000);

  test("one more user is two pushes; one more administrator a rule, the metadata in place, and a push", () => {
    stack.set("pulumi-vpn-gateway:users[2]", "carol");
    expect(told(stack.up())).toEqual(["update office-passwords", "update office-users"]);
    stack.set("pulumi-vpn-gateway:administrators[1]", "203.0.114.0/24");
    expect(told(stack.up()).sort()).toEqual(["update office-base", "update office-machine", "update office-ssh"]);
  }, 300_000);

  test("another generation: a disk of the newest image, the old machine goes, one of that disk comes with the address and gets all parts", () => {
    stack.set("generation", "2");
    const operations = stack.up();
    expect(operations.find(({ name }) => name === "office-disk-2")?.image).toBe("projects/debian-cloud/global/images/debian-13-newer");
    const order = told(operations);
    const at = (line: string) => [order.includes(line), order.indexOf(line)] as const;
    expect([at("create office-disk-2")[0], at("delete office-machine")[0], at("create office-machine")[0], at("delete office-disk")[0]]).toEqual([true, true, true, true]);
    expect(at("delete office-machine")[1]).toBeLessThan(at("create office-machine")[1]);
    expect(at("create office-host-key-2")[1]).toBeGreaterThan(at("create office-machine")[1]);
    expect(order.filter((line) => pushes.some((push) => line === `create ${push}`))).toEqual(pushes.map((name) => `create ${name}`));
    expect(at("delete office-disk")[1]).toBeGreaterThan(at("create office-users")[1]);
    expect(order.filter((line) => /address|network|password-|authority|server/.test(line))).toEqual([]);
    for (const { name, removes } of operations) expect([name, removes]).toEqual([name, undefined]);
    expect(told(stack.up())).toEqual([]);
  }, 300_000);

  test("what is refused is refused at preview, and nothing is asked of Google Cloud", () => {
    stack.set("machineType", "f1-micro");
    const { status, said } = stack.preview();
    expect([status !== 0, said]).toEqual([true, expect.stringMatching(/error machineType \("f1-micro"\): cannot carry a gateway/)]);
    expect(stack.operations()).toEqual([]);
  }, 300_000);
});
