import * as path from "path";
import * as pulumi from "@pulumi/pulumi";
import { LayerTwoExtension, SiteConnection, SshGateway, type LayerTwoExtensionArgs, type SiteConnectionArgs } from "../../index";
import { exampleTunnel } from "../gateway/layer2/specs";
import { ofType, plain, record, registered, settled, textOf, valueOf } from "./mocks";
import { isSecretInput } from "./previews";
import { expectContract, listing } from "./promises";

const remote = "command:remote:Command";

function gateway(name: string, host: string, inside: string, room = true): SshGateway {
  return new SshGateway(name, {
    connection: { host, privateKey: `PRIVATE-${name}`, hostKey: "ssh-ed25519 AAAAhost" },
    users: [], ikev2: { enabled: false }, sites: { enabled: true, layerTwo: room }, administrators: ["203.0.113.0/24"], insideNetworks: [inside],
  });
}

async function made(changes: Partial<LayerTwoExtensionArgs> = {}, site: Partial<SiteConnectionArgs> = {}, room = true, preview = false): Promise<LayerTwoExtension> {
  await record(preview);
  const [office, cloud] = [gateway("office", "198.51.100.7", "10.20.0.0/24", room), gateway("cloud", "198.51.100.8", "10.30.0.0/24", room)];
  const connection = new SiteConnection("office-to-cloud", { left: office.site, right: cloud.site, layerTwo: true, ...site });
  const extension = new LayerTwoExtension("stretched", { over: connection.tunnel, left: { interface: "lan0" }, right: { interface: "eth1" }, vlans: [100], ...changes });
  await valueOf(extension.mtu);
  await settled();
  return extension;
}

const pushes = () => [...ofType(remote)].filter(([name]) => name.startsWith("stretched-"));

describe("LayerTwoExtension", () => {
  test("its resources are a contract", async () => {
    await made();
    expectContract(path.join(__dirname, "layerTwoExtension.contract.txt"), [listing("two gateways, a site connection, and a segment that both share")]);
  });

  test("pushes one readable part to each gateway, with the host key pinned, and takes it away with it", async () => {
    await made();
    expect(pushes().map(([name]) => name).sort()).toEqual(["stretched-left-layer2-stretched", "stretched-right-layer2-stretched"]);
    for (const [name, inputs] of pushes()) {
      expect(plain<{ host: string; hostKey: string }>(inputs.connection)).toMatchObject({ host: name.includes("-left-") ? "198.51.100.7" : "198.51.100.8", hostKey: "ssh-ed25519 AAAAhost" });
      expect(textOf(inputs.create)).toMatch(/^vpn-gateway apply layer2-stretched --owner [0-9a-f]{12}$/);
      expect(textOf(inputs.delete)).toMatch(/^vpn-gateway remove layer2-stretched --owner [0-9a-f]{12}$/);
      expect([name, isSecretInput(inputs.stdin)]).toEqual([name, false]);
    }
  });

  test("touches no other part of either gateway, nor of the connection beneath", async () => {
    await made();
    const others = () => Object.fromEntries([...ofType(remote)].filter(([name]) => !name.startsWith("stretched-")).map(([name, { stdin }]) => [name, textOf(stdin)]));
    const before = others();
    await made({ vlans: [100, 200], fragment: true, localGateways: ["10.90.0.1"] });
    expect(others()).toEqual(before);
  });

  test("both ends have the same identifiers, mirrored addresses, and their own interfaces", async () => {
    await made({ right: { interface: "eth1", vlans: [300] } });
    const [left, right] = ["left", "right"].map((side) => textOf(ofType(remote).get(`stretched-${side}-layer2-stretched`)!.stdin));
    const line = (text: string, key: string) => new RegExp(`"${key}": (.*?),?$`, "m").exec(text)![1];
    expect(line(left, "vni")).toBe(line(right, "vni"));
    expect([line(left, "near"), line(left, "far")]).toEqual([line(right, "far"), line(right, "near")]);
    expect([line(left, "interface"), line(left, "vlan"), line(right, "interface"), line(right, "vlan")]).toEqual(['"lan0"', "100", '"eth1"', "300"]);
  });

  test("says what the hosts' MTU should be, by the formula for the worst that the tunnel may be", async () => {
    const extension = await made();
    expect([await valueOf(extension.mtu), await valueOf(extension.bridge), await pulumi.isSecret(extension.mtu)]).toEqual([1368, "l2-stretched", false]);
  });

  test("no key of either gateway is anywhere but where it logs in", async () => {
    await made();
    for (const { name, inputs } of registered) {
      const holding = Object.entries(inputs).filter(([, value]) => JSON.stringify(value ?? null).includes("PRIVATE-")).map(([key]) => key);
      expect([name, holding.filter((key) => key !== "connection")]).toEqual([name, []]);
    }
  });
});

const refusals: [string, Partial<LayerTwoExtensionArgs>, Partial<SiteConnectionArgs>, boolean, RegExp[]][] = [
  ["all that is wrong, at once", { vlans: [7, 7], left: { interface: "lo" }, stormLimit: 1 }, {}, true, [/left\.interface/, /left\.vlans\[1\]/, /stormLimit/]],
  ["gateways without room", {}, {}, false, [/left \("office"\): makes no room/, /right \("cloud"\): makes no room/]],
  ["a connection without room", {}, { layerTwo: false }, true, [/over \("office-to-cloud"\): has no addresses of its own/]],
  ["a connection to a device", {}, { layerTwo: false, right: undefined, device: { endpoint: "192.0.2.70", networks: ["10.40.0.0/24"] } }, true, [/over \("office-to-cloud"\): ends at a device/]],
];

test("a preview that knows no machine yet knows the extension", async () => {
  await record(true);
  const { resolveLayerTwo } = await import("../../components/layerTwoSpec");
  const site = (name: string) => ({
    name, connection: { host: pulumi.unknown, privateKey: pulumi.unknown, hostKey: pulumi.unknown }, machineId: pulumi.unknown, platform: "debian13", endpoint: pulumi.unknown,
    insideNetworks: ["10.20.0.0/24"], pools: [], outsideMtu: 1500, sites: true, bgp: false, lac: false, layerTwo: true,
  });
  const over = pulumi.output({ connection: exampleTunnel(), left: site("office"), right: site("cloud") }) as unknown as LayerTwoExtensionArgs["over"];
  const spec = await valueOf(resolveLayerTwo("stretched", { over, left: { interface: "lan0" }, right: { interface: "eth1" } }));
  expect([spec.left, spec.right]).toEqual([
    { gateway: "office", room: true, interface: "lan0", vlans: [0] },
    { gateway: "cloud", room: true, interface: "eth1", vlans: [0] },
  ]);
  await settled();
});

describe.each([["up", false], ["preview", true]] as const)("what is wrong is known at %s", (_, preview) => {
  test.each(refusals)("%s", async (_what, changes, site, room, expected) => {
    await record(preview);
    const [office, cloud] = [gateway("office", "198.51.100.7", "10.20.0.0/24", room), gateway("cloud", "198.51.100.8", "10.30.0.0/24", room)];
    const connection = new SiteConnection("office-to-cloud", { left: office.site, right: cloud.site, layerTwo: true, ...site });
    const { resolveLayerTwo } = await import("../../components/layerTwoSpec");
    const { validateLayerTwo } = await import("../../gateway/layer2/validate");
    const spec = await valueOf(resolveLayerTwo("stretched", { over: connection.tunnel, left: { interface: "lan0" }, right: { interface: "eth1" }, vlans: [100], ...changes }));
    const said = validateLayerTwo(spec).map(({ path: at, value, message }) => `${at} (${value ?? ""}): ${message}`).join("\n");
    for (const one of expected) expect(said).toMatch(one);
    await settled();
  });
});
