import { EchoStack, engineEnvironment } from "./engine";

const environment = engineEnvironment();

/**
 * On the real engine alone: mocks make too few promises for what `components/attempt.ts` is about, which took minutes and
 * 18 GB here before a bad description was said to be one.
 */
(environment === undefined ? describe.skip : describe)("a bad description on the real engine", () => {
  let stack: EchoStack;
  beforeAll(() => {
    stack = new EchoStack(environment!, "lab");
    stack.set("program", "lab");
  }, 60_000);
  afterAll(() => stack.remove());

  test("a preview says all that is wrong, and makes nothing of the gateway", () => {
    stack.set("users[2]", "alice");
    stack.set("users[3]", "line\nbreak");
    stack.set("insideNetworks[0]", "10.77.2.0/25");
    stack.set("platform", "plan9");
    const { status, said } = stack.preview();
    expect(status).not.toBe(0);
    for (const wrong of ['error platform ("plan9")', 'error ikev2.pool ("10.77.2.0/24")', 'error users[2].name ("alice")', 'error users[3].name ("line\\nbreak")']) expect(said).toContain(wrong);
    expect(said).not.toMatch(/ gateway-machine|gateway-base|gateway-password/);
  }, 120_000);

  test("the twin: without the mistakes it would make one", () => {
    stack.unset("platform");
    stack.unset("insideNetworks");
    stack.setObject("users", ["alice", "bob"]);
    const { status, said } = stack.preview();
    expect([status, said]).toEqual([0, expect.stringMatching(/ gateway-machine[^]*gateway-base/)]);
  }, 120_000);
});
