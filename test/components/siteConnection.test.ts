import * as pulumi from "@pulumi/pulumi";
import { SiteConnection, SshGateway, type SiteConnectionArgs, type SshGatewayArgs } from "../../index";
import { isSecretInput } from "./previews";
import { ofType, record, registered, settled, textOf, valueOf } from "./mocks";
import { recordWithRealKeys } from "./realKeys";

const remote = "command:remote:Command";
const common = { users: [], ikev2: { enabled: false }, sites: { enabled: true }, administrators: ["203.0.113.0/24"] };

function gateway(name: string, host: string, inside: string, changes: Partial<SshGatewayArgs> = {}): SshGateway {
  return new SshGateway(name, { connection: { host, privateKey: `PRIVATE-${name}`, hostKey: "ssh-ed25519 AAAAhost" }, insideNetworks: [inside], ...common, ...changes });
}

async function made(changes: Partial<SiteConnectionArgs> = {}, recorded = record): Promise<SiteConnection> {
  await recorded();
  const [office, cloud] = [gateway("office", "198.51.100.7", "10.20.0.0/24"), gateway("cloud", "198.51.100.8", "10.30.0.0/24")];
  const connection = new SiteConnection("office-to-cloud", { left: office.site, right: cloud.site, ...changes });
  await valueOf(connection.preSharedKey);
  await settled();
  return connection;
}

const commands = () => [...ofType(remote).keys()].filter((name) => name.startsWith("office-to-")).sort();

describe("a gateway for site connections alone", () => {
  test("has one part, and nothing is minted for it", async () => {
    await record();
    const { site } = gateway("office", "198.51.100.7", "10.20.0.0/24");
    expect(await valueOf(site)).toMatchObject({ name: "office", endpoint: "198.51.100.7", insideNetworks: ["10.20.0.0/24"], pools: [], outsideMtu: 1500, sites: true });
    await settled();
    expect(registered.map(({ name }) => name).sort()).toEqual(["office", "office-base", "office-base-confirm", "office-base-settle", "office-host-command"]);
    expect(await pulumi.isSecret(site)).toBe(true);
  });
});

describe("SiteConnection", () => {
  test("pushes one readable and one secret part to each gateway, and nothing else", async () => {
    await made();
    expect(commands()).toEqual([
      "office-to-cloud-left-site-office-to-cloud", "office-to-cloud-left-sitekey-office-to-cloud",
      "office-to-cloud-right-site-office-to-cloud", "office-to-cloud-right-sitekey-office-to-cloud",
    ]);
    expect(registered.filter(({ type }) => type.startsWith("random:")).map(({ name }) => name)).toEqual(["office-to-cloud-pre-shared-key"]);
  });

  test("each has its files where its own gateway's strongSwan reads them", async () => {
    await record();
    const [office, cloud] = [gateway("office", "198.51.100.7", "10.20.0.0/24", { platform: "el10" }), gateway("cloud", "198.51.100.8", "10.30.0.0/24")];
    const connection = new SiteConnection("office-to-cloud", { left: office.site, right: cloud.site });
    await valueOf(connection.preSharedKey);
    await settled();
    const files = (side: string) => ["site", "sitekey"].flatMap((part) => [...textOf(ofType(remote).get(`office-to-cloud-${side}-${part}-office-to-cloud`)?.stdin).matchAll(/^file (\S*swanctl\S*)/gm)].map(([, file]) => file));
    expect(files("left")).toEqual(["/etc/strongswan/swanctl/conf.d/site-office-to-cloud.conf", "/etc/strongswan/swanctl/conf.d/sitekey-office-to-cloud.conf"]);
    expect(files("right")).toEqual(["/etc/swanctl/conf.d/site-office-to-cloud.conf", "/etc/swanctl/conf.d/sitekey-office-to-cloud.conf"]);
  });

  test("each goes to its own gateway, with the host key pinned, and goes away when its resource does", async () => {
    await made();
    for (const [name, inputs] of ofType(remote)) {
      if (!name.startsWith("office-to-")) continue;
      const connection = JSON.parse(JSON.stringify(inputs.connection)) as { value?: { host: string; hostKey: string } };
      const plain = connection.value ?? (connection as unknown as { host: string; hostKey: string });
      expect([name, plain.host, plain.hostKey]).toEqual([name, name.includes("-left-") ? "198.51.100.7" : "198.51.100.8", "ssh-ed25519 AAAAhost"]);
      expect(textOf(inputs.create)).toMatch(/^vpn-gateway apply site(key)?-office-to-cloud --owner [0-9a-f]{12}$/);
      expect(textOf(inputs.delete)).toMatch(/^vpn-gateway remove site(key)?-office-to-cloud --owner [0-9a-f]{12}$/);
    }
  });

  test("the key is in the secret parts alone, the same in both", async () => {
    const connection = await made();
    const key = await valueOf(connection.preSharedKey);
    const encoded = Buffer.from(key).toString("base64");
    for (const [name, inputs] of ofType(remote)) {
      const isKey = name.includes("-sitekey-");
      expect([name, textOf(inputs.stdin).includes(encoded)]).toEqual([name, isKey]);
      expect([name, JSON.stringify({ ...inputs, stdin: "" }).includes(key)]).toEqual([name, false]);
    }
    expect(await pulumi.isSecret(connection.preSharedKey)).toBe(true);
  });

  test("with certificates an authority of its own signs one for each end, and no key is minted", async () => {
    await made({ authentication: "certificate" }, recordWithRealKeys);
    expect(registered.filter(({ type }) => type.startsWith("tls:")).map(({ name }) => name).sort()).toEqual([
      "office-to-cloud-authority", "office-to-cloud-authority-key", "office-to-cloud-left-certificate", "office-to-cloud-left-key", "office-to-cloud-left-request",
      "office-to-cloud-revocation-list-dates", "office-to-cloud-right-certificate", "office-to-cloud-right-key", "office-to-cloud-right-request",
    ]);
    expect(registered.some(({ type }) => type.startsWith("random:"))).toBe(false);
    const pushes = [...ofType(remote)].filter(([name]) => name.startsWith("office-to-cloud-"));
    expect(pushes).toHaveLength(4);
    for (const [name, { stdin }] of pushes) {
      const isKey = name.includes("-sitekey-");
      const text = textOf(stdin);
      expect([name, isSecretInput(stdin), text.includes("BEGIN PRIVATE KEY"), text.includes("BEGIN CERTIFICATE")]).toEqual([name, isKey, isKey, !isKey]);
    }
  });

  test("to a device: one gateway is pushed to, and the device's configuration is a secret text", async () => {
    const connection = await made({ right: undefined, device: { endpoint: "192.0.2.70", networks: ["10.40.0.0/24"] } });
    expect(commands()).toEqual(["office-to-cloud-left-site-office-to-cloud", "office-to-cloud-left-sitekey-office-to-cloud"]);
    const text = await valueOf(connection.deviceConfiguration);
    expect(text).toContain("right=198.51.100.7");
    expect(text).toContain(await valueOf(connection.preSharedKey));
    expect(await pulumi.isSecret(connection.deviceConfiguration)).toBe(true);
  });

  test("a device that has nothing newer: IKEv1, with its profile at both ends and no other of the gateway's connections", async () => {
    const device = { endpoint: "192.0.2.70", networks: ["10.40.0.0/24"] };
    const old = await made({ right: undefined, leftNetworks: ["10.20.0.0/24"], device: { ...device, ike: 1 } });
    const gateway = () => textOf(ofType(remote).get("office-to-cloud-left-site-office-to-cloud")!.stdin);
    expect(gateway()).toMatch(/version = 1\n/);
    expect(gateway()).toMatch(/proposals = aes256-sha384-ecp384, ?aes256-sha256-ecp256/);
    expect(await valueOf(old.deviceConfiguration)).toContain("ikev2=no");
    await made({ right: undefined, leftNetworks: ["10.20.0.0/24"], device });
    expect(gateway()).toMatch(/version = 2\n/);
  });

  test("a kind of device brings its profile to both ends, and its own language", async () => {
    const connection = await made({ right: undefined, device: { kind: "cisco-ios", endpoint: "192.0.2.70", networks: ["10.40.0.0/24"], outsideInterface: "TenGigabitEthernet0/0/0" } });
    const gateway = textOf(ofType(remote).get("office-to-cloud-left-site-office-to-cloud")!.stdin);
    expect(gateway).toContain("proposals = aes256gcm16-prfsha384-ecp384");
    expect(gateway).toContain("remote_ts = 0.0.0.0/0");
    const text = await valueOf(connection.deviceConfiguration);
    expect(text).toContain(" tunnel source TenGigabitEthernet0/0/0");
    expect(text).toContain(`  pre-shared-key ${await valueOf(connection.preSharedKey)}`);
  });
});
