import * as pulumi from "@pulumi/pulumi";
import { SiteConnection, SshGateway, type SiteConnectionArgs } from "../../index";
import { resolveBgp } from "../../components/siteBgpSpec";
import { resolveSite } from "../../components/siteSpec";
import { deviceProblems } from "../../gateway/site/devices/validate";
import { validateSite } from "../../gateway/site/validate";
import { ofType, record, registered, settled, textOf, valueOf } from "./mocks";

const remote = "command:remote:Command";
const unnumbered = { endpoint: "192.0.2.70", networks: ["10.40.0.0/24"] };
const device = { ...unnumbered, as: 65_010 };

function office(bgp = true): SshGateway {
  return new SshGateway("office", {
    connection: { host: "198.51.100.7", privateKey: "PRIVATE-office", hostKey: "ssh-ed25519 AAAAhost" },
    insideNetworks: ["10.20.0.0/24"], users: [], ikev2: { enabled: false }, sites: { enabled: true, bgp }, administrators: ["203.0.113.0/24"],
  });
}

type Args = Partial<SiteConnectionArgs>;
const specOf = (changes: Args = {}, bgp = true) => valueOf(resolveSite("office-to-branch", { left: office(bgp).site, routing: "bgp", device, ...changes }));

async function said(changes: Args, bgp = true): Promise<string> {
  await record();
  const spec = await specOf(changes, bgp);
  const kind = (changes.device?.kind as string | undefined) ?? "libreswan";
  const problems = [...validateSite(spec), ...deviceProblems(kind, spec)].filter(({ severity }) => severity === "error");
  await settled();
  return problems.map(({ path, message }) => `${path}: ${message}`).join("\n");
}

test("a device with BGP: the gateway gets FRR's share, the text its other end, and the key stays where it was", async () => {
  await record();
  const connection = new SiteConnection("office-to-branch", { left: office().site, routing: "bgp", device });
  const text = await valueOf(connection.deviceConfiguration);
  const key = await valueOf(connection.preSharedKey);
  await settled();
  const [readable] = [...ofType(remote)].filter(([name]) => name === "office-to-branch-left-site-office-to-branch").map(([, inputs]) => textOf(inputs.stdin));
  expect(readable).toContain("neighbor 169.254.82.163 remote-as 65010");
  expect(readable).toContain('"169.254.82.162/31"');
  expect(readable).not.toContain(key);
  expect(text).toContain("router bgp 65010");
  expect(text).toContain("ip address 169.254.82.163/31");
  expect(text).toContain(`PSK "${key}"`);
  expect(await pulumi.isSecret(connection.deviceConfiguration)).toBe(true);
  expect(registered.map(({ name }) => name).filter((name) => name.startsWith("office-to-branch-")).sort()).toEqual([
    "office-to-branch-left-site-office-to-branch", "office-to-branch-left-sitekey-office-to-branch", "office-to-branch-pre-shared-key",
  ]);
});

describe("what a connection resolves to", () => {
  test("what is given, and the rest by the kind", async () => {
    await record();
    const bgp = async (changes: Args) => (await specOf(changes)).bgp!;
    expect(await bgp({})).toMatchObject({ right: { as: 65_010 }, link: "169.254.82.162/31", bfdInterval: 300 });
    expect((await bgp({})).timers).toBeUndefined();
    expect(await bgp({ bgp: { link: "169.254.21.4/30", leftAddress: "169.254.21.6", keepalive: 10, bfdInterval: 0 } })).toMatchObject({
      link: "169.254.21.4/30", leftAddress: "169.254.21.6", timers: { keepalive: 10, hold: 30 }, bfdInterval: 0, right: { routerId: "169.254.21.5" },
    });
    expect((await bgp({ bgp: { hold: 30 } })).timers).toEqual({ keepalive: 10, hold: 30 });
    expect(await bgp({ device: unnumbered, bgp: { rightAs: 65_011 } })).toMatchObject({ right: { as: 65_011 } });
    await settled();
  });
  test("two AS numbers of one device are one too many", () => {
    const left = { name: "office", endpoint: "198.51.100.7", bgp: true };
    expect(() => resolveBgp("office-to-branch", { left, device: { as: 65_010 }, bgp: { rightAs: 65_011 } })).toThrow(/device\.as is 65010 and bgp\.rightAs 65011/);
  });
});

describe("refused", () => {
  test.each<[string, Args, boolean, string]>([
    ["a device without an AS number", { device: unnumbered }, true, "device.as: is not given, and BGP asks each end for its AS number"],
    ["the gateway's AS number", { bgp: { leftAs: 65_010 } }, true, "device.as: is the AS number of office, too"],
    ["a gateway without room", {}, false, "left: makes no room for BGP"],
    ["a kind that cannot", { device: { ...device, kind: "mikrotik" } }, true, "routing: is nothing that the text for MikroTik RouterOS holds"],
    ["a link that lies within a network", { bgp: { link: "169.254.70.0/31" }, device: { ...device, networks: ["169.254.70.0/24"] } }, true, "bgp.link: overlaps right.networks[0] (169.254.70.0/24)"],
    ["a link outside", { bgp: { link: "10.99.0.0/30" } }, true, "bgp.link: is not a /31 or /30 of 169.254.0.0/16"],
  ])("%s", async (_what, changes, bgp, expected) => {
    expect(await said(changes, bgp)).toContain(expected);
  });
});
