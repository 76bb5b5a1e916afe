import * as pulumi from "@pulumi/pulumi";
import { SshGateway, type SshGatewayArgs } from "../../index";
import { ofType, plain, record, registered, settled, textOf, valueOf } from "./mocks";

const connection = { host: "198.51.100.7", privateKey: "PRIVATE", hostKey: "ssh-ed25519 AAAAhost" };
const args: SshGatewayArgs = {
  connection,
  users: [{ name: "alice" }, { name: "bob", password: "hunter2-canary" }],
  l2tp: { enabled: true },
  administrators: ["203.0.113.0/24"],
};
const remote = "command:remote:Command";

async function made(changes: Partial<SshGatewayArgs> = {}): Promise<SshGateway> {
  await record();
  const gateway = new SshGateway("office", { ...args, ...changes });
  await valueOf(gateway.clientSettings);
  await settled();
  return gateway;
}

describe("SshGateway", () => {
  test("its children are these and no others", async () => {
    await made();
    expect(registered.map(({ type, name }) => `${type} ${name}`).sort()).toEqual([
      "command:remote:Command office-base",
      "command:remote:Command office-base-confirm",
      "command:remote:Command office-base-settle",
      "command:remote:Command office-host-command",
      "command:remote:Command office-identity",
      "command:remote:Command office-passwords",
      "command:remote:Command office-users",
      "pulumi-vpn-gateway:index:SshGateway office",
      "random:index/randomPassword:RandomPassword office-password-alice",
      "random:index/randomPassword:RandomPassword office-pre-shared-key",
      "tls:index/certRequest:CertRequest office-server-request",
      "tls:index/locallySignedCert:LocallySignedCert office-server",
      "tls:index/privateKey:PrivateKey office-authority-key",
      "tls:index/privateKey:PrivateKey office-server-key",
      "tls:index/selfSignedCert:SelfSignedCert office-authority",
    ]);
  });

  test("on a host of the RHEL family the command is told of it, and the parts have its paths", async () => {
    await made({ platform: "el9" });
    const pushed = (name: string) => textOf(ofType(remote).get(name)?.stdin);
    expect(pushed("office-host-command")).toMatch(/^\/usr\/lib\/vpn-gateway\/layout\.json \| +"packages": "dnf",$/m);
    expect(pushed("office-base")).toMatch(/^package strongswan$/m);
    expect(pushed("office-identity")).toMatch(/^file \/etc\/strongswan\/swanctl\/private\/vpn-gateway\.pem 0600$/m);
    // The twin: where nothing is said, Debian's.
    await made();
    expect(pushed("office-host-command")).toMatch(/^\/usr\/lib\/vpn-gateway\/layout\.json \| +"packages": "apt",$/m);
    expect(pushed("office-identity")).toMatch(/^file \/etc\/swanctl\/private\/vpn-gateway\.pem 0600$/m);
  });

  test("every push pins the host key and is the same for create and update", async () => {
    await made();
    for (const [name, inputs] of ofType(remote)) {
      expect([name, plain<{ hostKey: string }>(inputs.connection).hostKey]).toEqual([name, connection.hostKey]);
      expect([name, inputs.update]).toEqual([name, inputs.create]);
    }
  });

  test("secrets go by standard input alone: no command line, no trigger, no readable part holds one", async () => {
    const gateway = await made();
    const settings = await valueOf(gateway.clientSettings);
    const secrets = [settings.preSharedKey, ...Object.values(settings.passwords)];
    expect(secrets).toEqual(["minted-office-pre-shared-key-Aa1", "minted-office-password-alice-Aa1", "hunter2-canary"]);
    for (const [name, inputs] of ofType(remote)) {
      const secretPart = name === "office-identity" || name === "office-passwords";
      const seen = JSON.stringify({ ...inputs, stdin: secretPart ? "" : inputs.stdin });
      for (const secret of secrets)
        for (const written of [secret, Buffer.from(secret).toString("base64")])
          expect([name, seen.includes(written)]).toEqual([name, false]);
    }
    // The twin: they do go there.
    expect(textOf(ofType(remote).get("office-passwords")?.stdin)).toContain("hunter2-canary");
    expect(textOf(ofType(remote).get("office-identity")?.stdin)).toContain(Buffer.from("minted-office-pre-shared-key-Aa1").toString("base64"));
  });

  test("RADIUS servers' secrets go by standard input of the secret part alone, and nothing is minted for them", async () => {
    await made({ users: [], radius: { servers: [{ host: "10.20.0.21", secret: pulumi.output("radius-canary-of-16") }] } });
    expect(registered.filter(({ type }) => type.startsWith("random:")).map(({ name }) => name)).toEqual(["office-pre-shared-key"]);
    for (const [name, inputs] of ofType(remote)) {
      const seen = JSON.stringify({ ...inputs, stdin: name === "office-identity" ? "" : inputs.stdin });
      expect([name, seen.includes("radius-canary-of-16")]).toEqual([name, false]);
    }
    expect(textOf(ofType(remote).get("office-identity")?.stdin)).toContain("radius-canary-of-16");
    expect(textOf(ofType(remote).get("office-base")?.stdin)).toContain("plugin radius.so");
  });

  test("FreeRADIUS on the gateway: its one secret is minted, and goes by standard input of the secret part alone", async () => {
    await made({ radius: { onGateway: { enabled: true } } });
    const minted = "minted-office-radius-secret-Aa1";
    expect(registered.filter(({ type }) => type.startsWith("random:")).map(({ name }) => name).sort()).toEqual(["office-password-alice", "office-pre-shared-key", "office-radius-secret"]);
    for (const [name, inputs] of ofType(remote)) {
      const seen = JSON.stringify({ ...inputs, stdin: name === "office-identity" ? "" : inputs.stdin });
      expect([name, seen.includes(minted)]).toEqual([name, false]);
    }
    expect(textOf(ofType(remote).get("office-identity")?.stdin).split(minted)).toHaveLength(4);
    expect(textOf(ofType(remote).get("office-base")?.stdin)).toContain("service freeradius.service");
    const passwords = textOf(ofType(remote).get("office-passwords")?.stdin);
    expect(passwords).toContain("/etc/vpn-gateway/radius/users | # bob");
    expect(passwords).not.toContain("hunter2-canary");
  });

  test("books in a database: its password goes by standard input of the secret part alone, and nothing is minted for it", async () => {
    await made({ radius: { onGateway: { enabled: true, postgresql: { host: "db.example.com", database: "vpn", user: "vpn", password: pulumi.output("canary:of the database") } } } });
    expect(registered.filter(({ type }) => type.startsWith("random:")).map(({ name }) => name).sort()).toEqual(["office-password-alice", "office-pre-shared-key", "office-radius-secret"]);
    for (const [name, inputs] of ofType(remote)) {
      const seen = JSON.stringify({ ...inputs, stdin: name === "office-identity" ? "" : inputs.stdin });
      expect([name, /canary.{0,3}:of the database/.test(seen)]).toEqual([name, false]);
    }
    expect(textOf(ofType(remote).get("office-identity")?.stdin)).toContain("/etc/vpn-gateway/radius/pgpass | db.example.com:5432:vpn:vpn:canary\\:of the database");
    expect(textOf(ofType(remote).get("office-base")?.stdin)).toContain("package freeradius-postgresql");
  });

  test("a directory: its password goes by standard input of the secret part alone", async () => {
    await made({ radius: { onGateway: { enabled: true, directory: { url: "ldaps://directory.example.com", bindDn: "cn=vpn,dc=example", base: "dc=example", password: pulumi.output("canary of the directory") } } } });
    for (const [name, inputs] of ofType(remote)) {
      const seen = JSON.stringify({ ...inputs, stdin: name === "office-identity" ? "" : inputs.stdin });
      expect([name, seen.includes("canary of the directory")]).toEqual([name, false]);
    }
    expect(textOf(ofType(remote).get("office-identity")?.stdin)).toContain('/etc/vpn-gateway/radius/directory.conf |   password = "canary of the directory"');
    expect(textOf(ofType(remote).get("office-base")?.stdin)).toContain("package freeradius-ldap");
  });

  test("not asked for, it is not there, and no secret is minted for it", async () => {
    await made({ radius: { onGateway: {}, servers: [{ host: "10.20.0.21", secret: "radius-canary-of-16" }] }, users: [] });
    expect(registered.some(({ name }) => name === "office-radius-secret")).toBe(false);
    expect(textOf(ofType(remote).get("office-base")?.stdin)).not.toContain("freeradius");
  });

  test("what a client must know is a secret", async () => {
    const gateway = await made();
    expect(await pulumi.isSecret(gateway.clientSettings)).toBe(true);
    expect(await pulumi.isSecret(gateway.address)).toBe(false);
  });

  test("each user's profiles are a secret, and hold what was minted", async () => {
    const gateway = await made();
    expect(await pulumi.isSecret(gateway.clientProfiles)).toBe(true);
    const profiles = await valueOf(gateway.clientProfiles);
    expect(Object.keys(profiles)).toEqual(["alice", "bob"]);
    expect(profiles.alice["router.txt"]).toContain("minted-office-password-alice-Aa1");
    expect(profiles.alice["router.txt"]).toContain("minted-office-pre-shared-key-Aa1");
    expect(profiles.bob["router.txt"]).toContain("hunter2-canary");
    expect(JSON.stringify(profiles.alice)).not.toContain("hunter2-canary");
  });

  test("profiles on demand, by choice", async () => {
    const file = "apple/office-ikev2.mobileconfig";
    expect((await valueOf((await made()).clientProfiles)).alice[file]).not.toContain("OnDemandEnabled");
    const gateway = await made({ profiles: { onDemand: true, trustedWireless: ["Office"] } });
    expect((await valueOf(gateway.clientProfiles)).alice[file]).toMatch(/<key>OnDemandEnabled<\/key>[\s\S]*<string>Office<\/string>/);
  });

  test("without L2TP no pre-shared key is minted; without IKEv2 no certificate", async () => {
    await made({ l2tp: undefined });
    expect(registered.some(({ name }) => name === "office-pre-shared-key")).toBe(false);
    await made({ ikev2: { enabled: false } });
    expect(registered.some(({ type }) => type.startsWith("tls:"))).toBe(false);
  });

  test("a user who is not root goes through sudo", async () => {
    await made({ connection: { ...connection, user: "admin" } });
    for (const [name, inputs] of ofType(remote)) expect([name, String(inputs.create).startsWith("sudo -n ")]).toEqual([name, true]);
  });
});
