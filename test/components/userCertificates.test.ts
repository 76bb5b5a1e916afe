import { spawnSync } from "child_process";
import { X509Certificate } from "crypto";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import * as pulumi from "@pulumi/pulumi";
import { SshGateway, type SshGatewayArgs } from "../../index";
import { ofType, settled, textOf, valueOf } from "./mocks";
import { recordWithRealKeys, state } from "./realKeys";

const args: SshGatewayArgs = {
  connection: { host: "198.51.100.7", privateKey: "PRIVATE", hostKey: "ssh-ed25519 AAAAhost" },
  users: [{ name: "alice", authentication: "certificate" }, { name: "bob@example.com", authentication: "certificate", revoked: true }, { name: "carol" }],
  ikev2: { certificates: true, revokedSerials: ["0A:0b"] },
  administrators: ["203.0.113.0/24"],
};

async function made(changes: Partial<SshGatewayArgs> = {}) {
  await recordWithRealKeys();
  const gateway = new SshGateway("office", { ...args, ...changes });
  const settings = await valueOf(gateway.clientSettings);
  await settled();
  const identity = textOf(ofType("command:remote:Command").get("office-identity")!.stdin);
  return { gateway, settings, identity, list: /-----BEGIN X509 CRL-----[\s\S]*-----END X509 CRL-----/.exec(identity)?.[0].replace(/^.* \| ?/gm, "").replace(/^\s+/gm, "") };
}

/** Serial numbers of a list, as openssl reads them. */
function serials(list: string): string[] {
  const { stdout } = spawnSync("openssl", ["crl", "-noout", "-text"], { input: list, encoding: "utf8" });
  return [...stdout.matchAll(/Serial Number: ([0-9A-F]+)/g)].map(([, serial]) => serial);
}

describe("users' certificates", () => {
  test("the stack's authority signs one for each user who asks for one, and it is a secret", async () => {
    const { gateway, settings } = await made();
    const authority = new X509Certificate(settings.authority);
    expect(Object.keys(settings.credentials!)).toEqual(["alice", "bob@example.com"]);
    for (const [user, name] of [["alice", "DNS:alice"], ["bob@example.com", "email:bob@example.com"]]) {
      const certificate = new X509Certificate(settings.credentials![user].certificate);
      expect([certificate.subjectAltName, certificate.verify(authority.publicKey), certificate.checkIssued(authority)]).toEqual([name, true, true]);
      expect(Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)).toBe(825 * 86_400_000);
    }
    expect(await pulumi.isSecret(gateway.clientSettings)).toBe(true);
    const seen = JSON.stringify([...ofType("command:remote:Command")].map(([name, inputs]) => [name, { ...inputs, stdin: name === "office-identity" || name === "office-passwords" ? "" : inputs.stdin }]));
    for (const { privateKey, containerPassword } of Object.values(settings.credentials!)) {
      expect(seen).not.toContain(containerPassword);
      expect(seen).not.toContain(privateKey.split("\n")[1]);
    }
  });
  test("no user's key and not the authority's goes to the gateway", async () => {
    const { settings } = await made();
    const pushed = [...ofType("command:remote:Command").values()].map(({ stdin }) => textOf(stdin)).join();
    const authorityKey = textOf(state.get([...state.keys()].find((key) => key.startsWith('["office-authority-key"'))!)!.privateKeyPemPkcs8);
    for (const key of [authorityKey, ...Object.values(settings.credentials!).map(({ privateKey }) => privateKey)]) expect(pushed).not.toContain(key.split("\n")[3]);
  });
  test("the list has whose user is revoked and whose number is given; openssl takes it for the authority's", async () => {
    const { settings, list } = await made();
    const bobs = new X509Certificate(settings.credentials!["bob@example.com"].certificate).serialNumber;
    expect(serials(list!).sort()).toEqual([bobs, "0A0B"].sort());
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "list-"));
    fs.writeFileSync(path.join(folder, "ca.pem"), settings.authority);
    const { stderr } = spawnSync("openssl", ["crl", "-noout", "-CAfile", path.join(folder, "ca.pem")], { input: list, encoding: "utf8" });
    fs.rmSync(folder, { recursive: true });
    expect(stderr).toContain("verify OK");
  });
  test("the same program again: the same certificates and the same list; another list has other dates to it", async () => {
    const dates = () => textOf((ofType("tls:index/selfSignedCert:SelfSignedCert").get("office-revocation-list-dates")!.subject as { commonName: string }).commonName);
    const first = await made();
    const firstDates = dates();
    const again = await made();
    expect([again.settings.credentials, again.identity]).toEqual([first.settings.credentials, first.identity]);
    expect(dates()).toBe(firstDates);
    const other = await made({ ikev2: { certificates: true } });
    expect(serials(other.list!)).toHaveLength(1);
    expect(dates()).not.toBe(firstDates);
  });
  test("without certificates nothing of it is made", async () => {
    const { settings, identity } = await made({ users: [{ name: "carol" }], ikev2: {} });
    expect([settings.credentials, identity.includes("x509crl")]).toEqual([undefined, false]);
    expect([...ofType("tls:index/selfSignedCert:SelfSignedCert").keys()]).toEqual(["office-authority"]);
  });
});

describe("L2TP with certificates", () => {
  const minted = () => [...ofType("random:index/randomPassword:RandomPassword").keys()].filter((name) => name.includes("pre-shared-key"));
  const l2tp = { enabled: true, certificates: true };
  const certified = { name: "alice", authentication: "certificate" };

  test("no pre-shared key is made where each user has a certificate, nor told, nor pushed", async () => {
    const { settings, identity } = await made({ l2tp, users: [certified] });
    expect([minted(), settings.preSharedKey, identity.includes("psk")]).toEqual([[], "", false]);
    expect(textOf(ofType("command:remote:Command").get("office-users")!.stdin)).toContain("l2tp-alice");
    expect(textOf(ofType("command:remote:Command").get("office-base")!.stdin)).not.toMatch(/^\W*l2tp \{/m);
  });
  test("one is where somebody needs it, and it goes where it went", async () => {
    const { settings, identity } = await made({ l2tp, users: [certified, { name: "carol" }] });
    expect([minted(), settings.preSharedKey.length, identity.includes("vpn-gateway-psk.conf")]).toEqual([["office-pre-shared-key"], 32, true]);
  });
  test("who has no certificate needs none where they come by IKEv2 alone; where that is known later, it is made and told nobody", async () => {
    await made({ l2tp, users: [certified, { name: "carol", protocols: ["ikev2"] }] });
    expect(minted()).toEqual([]);
    const { settings, identity } = await made({ l2tp, users: [certified, { name: "carol", protocols: pulumi.output(["ikev2"]) }] });
    expect([minted(), settings.preSharedKey, identity.includes("psk")]).toEqual([["office-pre-shared-key"], "", false]);
  });
  test("twin: without it everything is as it was", async () => {
    const { settings, identity } = await made({ l2tp: { enabled: true }, users: [certified] });
    expect([minted(), settings.preSharedKey.length, identity.includes("vpn-gateway-psk.conf")]).toEqual([["office-pre-shared-key"], 32, true]);
    expect(textOf(ofType("command:remote:Command").get("office-users")!.stdin)).not.toContain("l2tp-alice");
  });
});
