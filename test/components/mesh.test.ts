import { execFileSync } from "child_process";
import * as path from "path";
import { Mesh, SshGateway, type MeshArgs, type MeshGatewayArgs } from "../../index";
import { ofType, record, registered, settled, textOf, valueOf } from "./mocks";
import { recordWithRealKeys } from "./realKeys";

const remote = "command:remote:Command";
const places = ["office", "cloud", "branch", "shop"] as const;

function gateway(name: string, revocation?: boolean): SshGateway {
  const number = places.indexOf(name as (typeof places)[number]);
  return new SshGateway(name, {
    connection: { host: `198.51.100.${number + 7}`, privateKey: `PRIVATE-${name}`, hostKey: "ssh-ed25519 AAAAhost" },
    users: [], ikev2: { enabled: false }, sites: { enabled: true, bgp: true, revocation }, administrators: ["203.0.113.0/24"],
    insideNetworks: [`10.${20 + number}.0.0/24`],
  });
}

/** Every resource of a mesh of these gateways, by name, with all that the engine would compare. */
async function made(names: readonly string[], changes: Partial<MeshArgs> = {}): Promise<Map<string, string>> {
  await record();
  const mesh = new Mesh("wan", { gateways: names.map((name) => ({ name, site: gateway(name).site })), ...changes });
  await valueOf(mesh.connections);
  await settled();
  return new Map(registered.filter(({ name }) => name.startsWith("wan")).map(({ type, name, inputs }) => [`${type} ${name}`, JSON.stringify(inputs)]));
}

describe("Mesh", () => {
  test("joins each two gateways by one connection, of four pushes and a key", async () => {
    const all = await made(["office", "cloud", "branch"]);
    const names = [...all.keys()].filter((name) => name.startsWith("pulumi-vpn-gateway:index:SiteConnection")).map((name) => name.split(" ")[1]);
    expect(names.sort()).toEqual(["wan-branch-to-cloud", "wan-branch-to-office", "wan-cloud-to-office"]);
    expect([...ofType(remote).keys()].filter((name) => name.startsWith("wan-"))).toHaveLength(12);
    expect(registered.filter(({ type }) => type.startsWith("random:"))).toHaveLength(3);
  });

  test("one more gateway makes its own connections, and leaves every other resource as it was", async () => {
    const before = await made(["office", "cloud", "branch"]);
    const after = await made(["office", "cloud", "branch", "shop"]);
    for (const [name, inputs] of before) if (!name.endsWith(" wan")) expect([name, after.get(name)]).toEqual([name, inputs]);
    const fresh = [...after.keys()].filter((name) => !before.has(name));
    expect(fresh.length).toBeGreaterThan(0);
    expect(fresh.every((name) => name.includes("shop"))).toBe(true);
  });

  test("the same program again makes the same", async () => {
    expect(await made(["office", "cloud"])).toEqual(await made(["office", "cloud"]));
  });

  test("hub and spoke: spokes are joined to the hub alone, and learn of each other by way of it", async () => {
    await made(["office", "cloud", "branch"], { hubs: ["office"] });
    const pushed = [...ofType(remote)].filter(([name]) => /^wan-.*-(left|right)-site-/.test(name));
    expect(pushed.map(([name]) => name).sort()).toEqual([
      "wan-branch-to-office-left-site-wan-branch-to-office", "wan-branch-to-office-right-site-wan-branch-to-office",
      "wan-cloud-to-office-left-site-wan-cloud-to-office", "wan-cloud-to-office-right-site-wan-cloud-to-office",
    ]);
    for (const [, inputs] of pushed) expect(textOf(inputs.stdin)).toContain("-transit seq");
  });

  test("a session may carry the networks of all gateways, as many as is said", async () => {
    for (const [changes, bound] of [[{}, 1000], [{ mostPrefixes: 7 }, 7]] as const) {
      await made(["office", "cloud"], changes);
      const pushed = [...ofType(remote)].filter(([name]) => /^wan-.*-(left|right)-site-/.test(name));
      expect(pushed).toHaveLength(2);
      for (const [, inputs] of pushed) expect(textOf(inputs.stdin)).toContain(` maximum-prefix ${bound} restart 5`);
    }
  });

  test("two with the same network tell each other nothing of it, and the others both", async () => {
    await record();
    const networks = (own: string) => [own, "10.60.0.0/24"];
    const mesh = new Mesh("wan", {
      gateways: [
        { name: "office", site: gateway("office").site },
        { name: "cloud", site: gateway("cloud").site, networks: networks("10.21.0.0/24"), preference: 200 },
        { name: "branch", site: gateway("branch").site, networks: networks("10.22.0.0/24") },
      ],
      sharedNetworks: ["10.60.0.0/24"],
    });
    await valueOf(mesh.connections);
    await settled();
    const text = (name: string) => textOf([...ofType(remote)].find(([key]) => key === name)![1].stdin);
    expect(text("wan-branch-to-cloud-left-site-wan-branch-to-cloud")).not.toContain("permit 10.60.0.0/24");
    expect(text("wan-branch-to-cloud-left-site-wan-branch-to-cloud")).toContain("deny 10.60.0.0/24");
    const [liked, other] = ["wan-cloud-to-office-right-site-wan-cloud-to-office", "wan-branch-to-office-right-site-wan-branch-to-office"].map(text);
    for (const one of [liked, other]) expect(one).toContain("far seq 10 permit 10.60.0.0/24");
    expect(liked).toContain("set local-preference 1200");
    expect(other).toContain("set local-preference 1100");
  });

  test("names that are wrong are refused at once", async () => {
    await record();
    expect(() => new Mesh("Wan", { gateways: [{ name: "office", site: gateway("office").site }] })).toThrow(/The mesh Wan has 2 errors/);
  });
});

describe("a gateway of a mesh is revoked", () => {
  const names = ["office", "cloud", "branch"];
  /** What each end of each connection is pushed, by certificates that openssl could read. */
  async function pushed(changes: Partial<MeshArgs> = {}, ofCloud: Partial<MeshGatewayArgs> = {}): Promise<Map<string, string>> {
    await recordWithRealKeys();
    const gateways = names.map((name) => ({ name, site: gateway(name, true).site, ...(name === "cloud" ? ofCloud : {}) }));
    const mesh = new Mesh("wan", { gateways, authentication: "certificate", ...changes });
    await valueOf(mesh.connections);
    await settled();
    return new Map([...ofType(remote)].filter(([name]) => /^wan-.*-(left|right)-site-/.test(name)).map(([name, { stdin }]) => [name.replace(/-site-.*/, ""), textOf(stdin)]));
  }
  const revokes = (text: string) => /# Certificates that hold no longer: (.*)\.$/m.exec(text)![1];

  test("by name: those joined to it let its certificates in no longer, and what is between the others is as it was", async () => {
    const before = await pushed();
    const after = await pushed({ revoked: ["cloud"] });
    expect(new Map([...before].map(([end, text]) => [end, revokes(text)]))).toEqual(new Map([...before.keys()].map((end) => [end, "none"])));
    expect(Object.fromEntries([...after].map(([end, text]) => [end, revokes(text)]))).toEqual({
      "wan-cloud-to-office-left": "none", "wan-cloud-to-office-right": "the left end's own",
      "wan-branch-to-cloud-left": "the right end's own", "wan-branch-to-cloud-right": "none",
      "wan-branch-to-office-left": "none", "wan-branch-to-office-right": "none",
    });
    for (const end of ["wan-branch-to-office-left", "wan-branch-to-office-right"]) expect(after.get(end)).toBe(before.get(end));
  });

  test("by serial numbers of what it had: both ends of its connections look at them, and no other connection is touched", async () => {
    const before = await pushed();
    const after = await pushed({}, { revokedSerials: ["0A1B"] });
    for (const [end, text] of after) {
      if (end.includes("cloud")) expect([end, revokes(text)]).toEqual([end, "0A1B"]);
      else expect([end, text]).toEqual([end, before.get(end)]);
    }
  });

  test("a name that is none of the mesh's, and keys in place of certificates, are refused at once", async () => {
    await record();
    const gateways = names.map((name) => ({ name, site: gateway(name).site }));
    expect(() => new Mesh("wan", { gateways, revoked: ["shop"] })).toThrow(/The mesh wan has 2 errors[^]*revoked\[0\] \("shop"\): is no gateway of this mesh[^]*revoked .*is about certificates/);
  });

  test("those who would go on letting it in are named, all at once, and nothing of its connections is pushed", () => {
    // In a process of its own, since an Output that rejects does so on several promises.
    const program = `
      require("./test/typescript.js");
      const { registered, settled } = require("./test/components/mocks.ts");
      let said;
      process.on("unhandledRejection", ({ message }) => { said ??= message; });
      process.on("beforeExit", () => { console.log(said, registered.filter(({ type }) => type === "command:remote:Command").length); process.reallyExit(0); });
      const gateways = ["office", "branch", "cloud"].map((name, index) => ({ name, site: require("@pulumi/pulumi").output({
        name, connection: { host: "h", privateKey: "k", hostKey: "ssh-ed25519 A" }, machineId: name, platform: "debian13", endpoint: "198.51.100." + index,
        insideNetworks: ["10.2" + index + ".0.0/24"], pools: [], outsideMtu: 1500, sites: true, bgp: true, revocation: name === "cloud", lac: false, layerTwo: false }) }));
      require("./test/components/realKeys.ts").recordWithRealKeys().then(() => {
        new (require("./components/mesh.ts").Mesh)("wan", { gateways, authentication: "certificate", revoked: ["cloud"] });
        settled().catch(() => undefined);
      });`;
    const said = execFileSync(process.execPath, ["-e", program], { cwd: path.join(__dirname, "..", ".."), encoding: "utf8" });
    // The connection of the two that are before it stands: four pushes.
    expect(said).toMatch(/^The mesh wan has 2 errors[^]*gateways\[0\] \("office"\): looks at no revocation list[^]*gateways\[1\] \("branch"\): looks at no revocation list[^]* 4\n$/);
  });
});
