import { EchoStack, engineEnvironment, type Operation } from "./engine";

const environment = engineEnvironment();
const told = (operations: Operation[]) => operations.map(({ operation, name }) => `${operation} ${name}`);

const joined = (name: string) => [`${name}-left-site-${name}`, `${name}-right-site-${name}`];
const pair = { makes: ["office-1-machine", "office-2-machine", "office-1-users", "office-2-users"], key: "users[2]", value: "carol", touches: /^update office-[12]-(passwords|users)$/ };
/** What each makes, and what one change of its config may touch. */
const programs: { program: string; makes: string[]; key: string; value: string; touches: RegExp; config?: Record<string, string> }[] = [
  {
    program: "aws-to-gcp",
    makes: ["aws-machine", "gcp-machine", "aws-main-10-50-0-0-16", ...joined("aws-to-gcp")],
    key: "gcpNetworks[1]", value: "10.51.0.0/24", config: { "awsRouteTableIds.main": "rtb-1" }, touches: /^create aws-main-10-51-0-0-24$|^update (gcp-(base|users|machine|inside)|aws-to-gcp-(left|right)-site-aws-to-gcp)$/,
  },
  {
    program: "three-clouds",
    makes: ["aws-machine", "gcp-machine", "aws-main-10-50-0-0-16", "azure-machine", ...["aws-to-azure", "aws-to-gcp", "azure-to-gcp"].flatMap((name) => joined(`clouds-${name}`))],
    key: "gcpNetworks[1]", value: "10.51.0.0/24", config: { "awsRouteTableIds.main": "rtb-1" }, touches: /^create aws-main-10-51-0-0-24$|^update (gcp-(base|users|machine|inside)|clouds-(aws|azure)-to-gcp-(left|right)-site-clouds-(aws|azure)-to-gcp)$/,
  },
  {
    program: "aws-to-on-premises",
    makes: ["aws-machine", "office-host-command", ...joined("aws-to-office")],
    config: { officePrivateKey: "PRIVATE" }, key: "officeNetworks[1]", value: "10.21.0.0/24", touches: /^update (office-(base|users)|aws-to-office-(left|right)-site-aws-to-office)$/,
  },
  { program: "azure-pair", ...pair },
  { program: "gcp-pair", ...pair },
];

/** Skipped where there is no engine yet: `scripts/toolchain` makes one. */
(environment === undefined ? describe.skip : describe).each(programs)("$program on the real engine, clouds answering only", ({ program, makes, key, value, touches, config = {} }) => {
  let stack: EchoStack;
  let first: string[];
  beforeAll(() => {
    stack = new EchoStack(environment!, program);
    for (const [path, text] of Object.entries(config)) stack.set(`pulumi-vpn-gateway:${path}`, text);
    first = told(stack.up());
  }, 300_000);
  afterAll(() => stack.remove());

  test("the first up makes each machine and all that is between them", () => {
    for (const name of makes) expect([name, first.includes(`create ${name}`)]).toEqual([name, true]);
    expect(first.filter((line) => !line.startsWith("create "))).toEqual([]);
  });

  test("the second up does nothing, whatever image has come out meanwhile", () => {
    stack.image = "ami-0000000b";
    expect(told(stack.up())).toEqual([]);
  }, 300_000);

  test("the twin: one more of something asks for what is its own alone", () => {
    stack.set(`pulumi-vpn-gateway:${key}`, value);
    const asked = told(stack.up());
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((line) => !touches.test(line))).toEqual([]);
  }, 300_000);
});
