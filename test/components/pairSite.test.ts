import { execFileSync } from "child_process";
import * as path from "path";
import * as pulumi from "@pulumi/pulumi";
import { AwsGatewayPair, type AwsGatewayPairArgs } from "../../aws";
import { LabGateway } from "../../components/labGateway";
import { LabGatewayPair } from "../../components/labGatewayPair";
import { LabWorld } from "../../components/labWorld";
import type { PairSite } from "../../components/pairSite";
import { Mesh, SiteConnection, SshGateway, type GatewaySite, type SiteConnectionArgs } from "../../index";
import { resolveSite } from "../../components/siteSpec";
import { validateSite } from "../../gateway/site/validate";
import { calls } from "./aws/helpers";
import { ofType, plain, record, registered, settled, textOf, valueOf } from "./mocks";
import { isSecretInput } from "./previews";

const remote = "command:remote:Command";
const common = { users: [], ikev2: { enabled: false }, sites: { enabled: true, bgp: true }, administrators: ["203.0.113.0/24"] };
const conf = (name: string) => textOf(ofType(remote).get(name)!.stdin);
const pushes = (connection: string) => [...ofType(remote).keys()].filter((name) => name.startsWith(`${connection}-`));

interface Ends {
  site: PairSite;
  members: { site: pulumi.Output<GatewaySite> }[];
}

async function connected(name: string, between: (other: pulumi.Output<GatewaySite>) => SiteConnectionArgs): Promise<SiteConnection> {
  const branch = new SshGateway("branch", { ...common, connection: { host: "198.51.100.8", privateKey: "PRIVATE", hostKey: "ssh-ed25519 AAAAhost" }, insideNetworks: ["10.30.0.0/24"] });
  const connection = new SiteConnection(name, between(branch.site));
  await valueOf(connection.tunnel);
  await settled();
  return connection;
}

async function labPair(): Promise<LabGatewayPair> {
  await record();
  return new LabGatewayPair("office", { ...common, world: new LabWorld("world", { lab: "test", pair: true, clouds: 2 }), insideNetworks: ["10.20.0.0/24"] });
}

async function awsPair(changes: Partial<AwsGatewayPairArgs> = {}): Promise<AwsGatewayPair> {
  await record(false, calls);
  return new AwsGatewayPair("office", {
    ...common, insideNetworks: ["10.76.0.0/24"], routeTableIds: { private: "rtb-1a" }, siteNetworks: { branch: "10.30.0.0/24" }, ...changes,
  });
}

const targets: [string, () => Promise<Ends>, { floating: [string, string]; own: [string, string]; endpoint: string; endpoints: [string, string] }][] = [
  ["LabGatewayPair", labPair, { floating: ["192.0.2.11", "192.0.2.11"], own: ["192.0.2.12", "192.0.2.13"], endpoint: "192.0.2.11", endpoints: ["192.0.2.12", "192.0.2.13"] }],
  ["AwsGatewayPair", async () => (await awsPair()) as Ends, { floating: ["10.76.0.11", "10.76.0.139"], own: ["10.76.0.10", "10.76.0.138"], endpoint: "198.51.100.20", endpoints: ["198.51.100.1", "198.51.100.2"] }],
];

describe.each(targets)("%s", (_target, made, { floating, own, endpoint, endpoints }) => {
  test("is one end: both machines get the same parts, the second before the first, after all of the pair stands", async () => {
    const pair = await made();
    const connection = await connected("to-branch", (other) => ({ left: pair.site, right: other }));
    const names = pushes("to-branch").filter((name) => !name.startsWith("to-branch-right"));
    expect(names).toEqual(["to-branch-left-2-sitekey-to-branch", "to-branch-left-2-site-to-branch", "to-branch-left-1-sitekey-to-branch", "to-branch-left-1-site-to-branch"]);
    const order = registered.map(({ name }) => name);
    expect(order.indexOf("office-1-base-settle")).toBeLessThan(order.indexOf(names[0]));
    for (const name of names) {
      expect(textOf(ofType(remote).get(name)!.create)).toMatch(/^(sudo -n )?vpn-gateway apply site(key)?-to-branch --owner [0-9a-f]{12}$/);
      expect(textOf(ofType(remote).get(name)!.delete)).toMatch(/^(sudo -n )?vpn-gateway remove site(key)?-to-branch --owner [0-9a-f]{12}$/);
    }
    const triggers = [1, 2].map((member) => plain(ofType(remote).get(`to-branch-left-${member}-site-to-branch`)!.triggers));
    expect(triggers[0]).not.toEqual(triggers[1]);
    // One key, and it is where it belongs.
    const key = Buffer.from(await valueOf(connection.preSharedKey)).toString("base64");
    for (const [name, { stdin }] of ofType(remote)) {
      const secret = /^to-branch-(left-[12]|right)-sitekey/.test(name);
      expect([name, stdin !== undefined && textOf(stdin).includes(key), secret && !isSecretInput(stdin)]).toEqual([name, secret, false]);
    }
    expect(conf(names[0])).toBe(conf(names[2]));
  });

  test("the other end knows the address that stays; each machine speaks from where that leads, and waits for its turn", async () => {
    const pair = await made();
    await connected("to-branch", (other) => ({ left: pair.site, right: other }));
    for (const [index, address] of floating.entries()) {
      const text = conf(`to-branch-left-${index + 1}-site-to-branch`);
      expect(text).toContain(`local_addrs = ${address}\n`);
      expect(text).toContain("start_action = none");
      expect(text).toContain('"whileActive": true');
    }
    const far = conf("to-branch-right-site-to-branch");
    expect(far).toContain(`remote_addrs = ${endpoint}\n`);
    expect(far).toContain('"peer": "office"');
    expect(far).not.toContain("whileActive");
  });

  test("may be the right end, and both ends may be pairs", async () => {
    const pair = await made();
    const connection = new SiteConnection("to-itself", { left: { ...pair.site }, right: pair.site, rightEndpoint: "198.51.100.99", rightNetworks: ["10.99.0.0/24"] });
    await valueOf(connection.tunnel);
    await settled();
    expect(pushes("to-itself").filter((name) => name.endsWith("-site-to-itself")).sort()).toEqual(["left-1", "left-2", "right-1", "right-2"].map((end) => `to-itself-${end}-site-to-itself`));
  });

  test("each machine by itself is an end with BGP, whoever is active", async () => {
    const pair = await made();
    for (const [index, { site }] of pair.members.entries()) {
      const [name, machine] = [`to-branch-${index + 1}`, index + 1];
      const branch = new SshGateway(`branch-${machine}`, { ...common, connection: { host: "198.51.100.8", privateKey: "PRIVATE", hostKey: "ssh-ed25519 AAAAhost" }, insideNetworks: ["10.30.0.0/24"] });
      const connection = new SiteConnection(name, { left: site, right: branch.site, routing: "bgp" });
      await valueOf(connection.tunnel);
      await settled();
      const text = conf(`${name}-left-site-${name}`);
      expect(text).toContain(`local_addrs = ${own[index]}\n`);
      expect(text).not.toContain("whileActive");
      expect(conf(`${name}-right-site-${name}`)).toContain(`remote_addrs = ${endpoints[index]}\n`);
      expect(conf(`${name}-right-site-${name}`)).toContain(`"peer": "office-${machine}"`);
    }
    const [one, two] = await Promise.all(pair.members.map(({ site }) => valueOf(site)));
    expect([one.machineId === two.machineId, one.insideNetworks]).toEqual([false, two.insideNetworks]);
  });

  test("in a mesh its machines are gateways with shared networks, each joined to the hub and not to the other", async () => {
    const pair = await made();
    const branch = new SshGateway("branch", { ...common, connection: { host: "198.51.100.8", privateKey: "PRIVATE", hostKey: "ssh-ed25519 AAAAhost" }, insideNetworks: ["10.30.0.0/24"] });
    const [{ insideNetworks }] = await Promise.all(pair.members.map(({ site }) => valueOf(site)));
    const gateways = [{ name: "branch", site: branch.site }, ...pair.members.map(({ site }, index) => ({ name: `office-${index + 1}`, site }))];
    const mesh = new Mesh("wan", { gateways, hubs: ["branch"], sharedNetworks: insideNetworks });
    expect((await valueOf(mesh.connections)).map(({ left, right }) => `${left} ${right}`).sort()).toEqual(["branch office-1", "branch office-2"]);
    await settled();
    expect(pushes("wan").filter((name) => name.includes("-site-"))).toHaveLength(4);
  });

  test("holds secrets as secrets", async () => {
    const pair = await made();
    for (const site of [pair.site.first, pair.site.second, ...pair.members.map((member) => member.site)]) expect(await pulumi.isSecret(site as pulumi.Output<GatewaySite>)).toBe(true);
    await settled();
  });
});

describe("a pair for other sites alone", () => {
  test("has one part on each machine, and nothing is minted for it but host keys", async () => {
    const pair = await labPair();
    await valueOf(pair.clientSettings);
    await settled();
    const names = registered.map(({ name }) => name).filter((name) => !name.startsWith("world"));
    expect(names.sort()).toEqual(["office", ...[1, 2].flatMap((member) => ["base", "base-confirm", "base-settle", "host-command", "host-key", "machine"].map((part) => `office-${member}-${part}`))].sort());
  });
});

describe("AwsGatewayPair", () => {
  test("routes to other sites follow the active machine, which hosts of the inside networks may begin through", async () => {
    const pair = await awsPair();
    await valueOf(pair.clientSettings);
    await settled();
    expect(ofType("aws:ec2/route:Route").get("office-route-private-site-branch")).toMatchObject({ routeTableId: "rtb-1a", destinationCidrBlock: "10.30.0.0/24", networkInterfaceId: "office-1-interface-id" });
    for (const member of [1, 2]) expect(conf(`office-${member}-base`)).toMatch(/"routeTableId": "rtb-1a",\n[^\n]*"destination": "10\.30\.0\.0\/24"/);
    const [group] = [...ofType("aws:ec2/securityGroup:SecurityGroup").values()] as { ingress: { protocol: string; cidrBlocks: string[] }[] }[];
    expect(group.ingress.filter(({ protocol }) => protocol === "-1").map(({ cidrBlocks }) => cidrBlocks)).toEqual([["10.76.0.0/24"]]);
  });

  test("without SSH no part of a connection could be pushed, and there is no end", async () => {
    const pair = await awsPair({ access: "systemsManager", administrators: [], platform: "ubuntu2404" });
    await valueOf(pair.clientSettings);
    await settled();
    expect([pair.site, pair.members]).toEqual([undefined, undefined]);
  });
});

describe("refused, with nothing pushed", () => {
  async function refused(left: (pair: LabGatewayPair) => SiteConnectionArgs["left"], changes: Partial<SiteConnectionArgs> = {}): Promise<string> {
    const pair = await labPair();
    const branch = new SshGateway("branch", { ...common, connection: { host: "198.51.100.8", privateKey: "PRIVATE", hostKey: "ssh-ed25519 AAAAhost" }, insideNetworks: ["10.30.0.0/24"] });
    const spec = await valueOf(resolveSite("to-branch", { left: left(pair), right: branch.site, ...changes }));
    await settled();
    return validateSite(spec).map(({ path: where, message, remedy }) => `${where}: ${message} | ${remedy}`).join("\n");
  }

  test("one machine of a pair alone, as it is and as a member without BGP", async () => {
    expect(await refused((pair) => pair.site.first)).toMatch(/^left: is one of the two machines that are an end together \| Give the pair's own `site`/);
    expect(await refused((pair) => pair.members[0].site)).toMatch(/^left: is one machine of a pair, and without BGP nobody would learn/);
  });
  test("BGP with whichever is active", async () => {
    expect(await refused((pair) => pair.site, { routing: "bgp" })).toMatch(/^routing: is between machines that stay.*`members\[0\]\.site`/);
  });
  test("both machines in one output: how many there are must be known before", () => {
    // In a process of its own, since an Output that rejects does so on several promises.
    const program = `
      require("./test/typescript.js");
      require("./test/components/mocks.ts").putMocks();
      process.on("unhandledRejection", ({ message }) => { console.log(message); process.reallyExit(0); });
      const site = { name: "office" };
      new (require("./components/siteConnection.ts").SiteConnection)("to-branch", { left: require("@pulumi/pulumi").output({ first: site, second: site }), right: site });`;
    const said = execFileSync(process.execPath, ["-e", program], { cwd: path.join(__dirname, "..", ".."), encoding: "utf8" });
    expect(said).toMatch(/^site connection to-branch: `left` is no gateway's `site`; of a pair from another stack give `\{ first, second \}`/);
  });
});

test("a lab's world with a pair in one of its clouds has a wire more, which the next cloud's gateway is told", async () => {
  await record();
  const world = new LabWorld("world", { lab: "test", pair: true, clouds: 2 });
  const gateway = new LabGateway("branch", { ...common, world, cloud: 2, wire: 3, insideNetworks: ["10.30.0.0/24"] });
  await valueOf(gateway.site);
  await settled();
  const sockets = (name: string) => (JSON.parse(plain<string>(ofType("command:local:Command").get(name)!.stdin)) as { links: { socket: string }[] }).links.map(({ socket }) => socket);
  expect(sockets("world-machine")).toEqual(["outside-1", "inside-1", "outside-2", "inside-2", "outside-3", "inside-3"]);
  expect(sockets("branch-machine")).toEqual(["outside-3", "inside-3"]);
});
