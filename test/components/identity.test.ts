import { X509Certificate } from "crypto";
import * as pulumi from "@pulumi/pulumi";
import { SshGateway, type SshGatewayArgs } from "../../index";
import { givenSecrets, resolveSpec, specProblems } from "../../components/spec";
import type { GatewayIdentity } from "../../gateway/identity";
import { fromBase32 } from "../../gateway/oneTimeCode";
import { ofType, registered, settled, textOf, valueOf } from "./mocks";
import { recordWithRealKeys } from "./realKeys";

const args: SshGatewayArgs = {
  connection: { host: "198.51.100.7", privateKey: "PRIVATE", hostKey: "ssh-ed25519 AAAAhost" },
  users: [{ name: "alice", authentication: "certificate" }, { name: "bob" }],
  l2tp: { enabled: true },
  ikev2: { certificates: true },
  administrators: ["203.0.113.0/24"],
};

async function made(name: string, changes: Partial<SshGatewayArgs> = {}) {
  await recordWithRealKeys();
  const gateway = new SshGateway(name, { ...args, ...changes });
  const settings = await valueOf(gateway.clientSettings);
  const identity = await valueOf(gateway.identity);
  await settled();
  const pushed = Object.fromEntries(["identity", "passwords"].map((part) => [part, textOf(ofType("command:remote:Command").get(`${name}-${part}`)!.stdin)]));
  return { gateway, settings, identity, pushed };
}

describe("a gateway that takes another's identity", () => {
  let former: Awaited<ReturnType<typeof made>>;
  let heir: Awaited<ReturnType<typeof made>>;
  beforeAll(async () => {
    former = await made("office");
    heir = await made("elsewhere", { identity: former.identity });
  }, 60_000);

  test("tells clients the same: key, passwords, authority, and the certificate that is on their device", () => {
    expect(heir.settings).toEqual({ ...former.settings, endpoint: heir.settings.endpoint });
    expect(heir.identity).toEqual(former.identity);
  });

  test("has a server certificate of its own by that authority, and pushes it with key and passwords", () => {
    const own = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/.exec(heir.pushed.identity.replace(/^.* \| ?/gm, ""))![0];
    expect(new X509Certificate(own).checkIssued(new X509Certificate(former.settings.authority))).toBe(true);
    expect(heir.pushed.identity).toContain(Buffer.from(former.settings.preSharedKey).toString("base64"));
    expect(heir.pushed.passwords).toMatch(new RegExp(`${former.settings.passwords.bob}|${Buffer.from(former.settings.passwords.bob).toString("base64")}`));
  });

  test("is a secret as a whole, and the twin without it mints its own", async () => {
    expect(await pulumi.isSecret(heir.gateway.identity)).toBe(true);
    const another = await made("elsewhere");
    expect([another.settings.preSharedKey, another.settings.passwords.bob, another.settings.authority]).not.toEqual(expect.arrayContaining([former.settings.preSharedKey]));
    expect(another.settings.authority).not.toBe(former.settings.authority);
  });

  test("who is new gets what is minted; what is given goes before what is carried", async () => {
    const { settings } = await made("elsewhere", { identity: former.identity, users: [...args.users, { name: "carol" }, { name: "dave", password: "given-to-dave-himself" }], l2tp: { enabled: true, preSharedKey: "a-key-that-was-given" } });
    expect(settings.passwords).toEqual({ ...former.settings.passwords, carol: "minted-elsewhere-password-carol-Aa1", dave: "given-to-dave-himself" });
    expect(settings.preSharedKey).toBe("a-key-that-was-given");
  });

  test("one-time codes go on: the app on a phone shows what the heir's gateway takes", async () => {
    const users = [{ name: "alice", oneTimeCode: true }, { name: "bob", oneTimeCode: true, oneTimeCodeSeed: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" }, { name: "carol" }];
    const changes = { users, ikev2: {}, radius: { onGateway: { enabled: true } } };
    const one = await made("office", changes);
    expect(Object.keys(one.settings.oneTimeCodes!)).toEqual(["alice", "bob"]);
    expect(one.settings.oneTimeCodes!.bob.uri).toBe("otpauth://totp/office%20VPN:bob?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=office%20VPN&algorithm=SHA1&digits=6&period=30");
    expect(await pulumi.isSecret(one.gateway.clientSettings)).toBe(true);
    const { alice } = one.settings.oneTimeCodes!;
    const next = await made("elsewhere", { ...changes, identity: one.identity, users: [{ name: "alice", oneTimeCode: true }] });
    expect(next.settings.oneTimeCodes!.alice.seed).toBe(alice.seed);
    expect(next.pushed.passwords).toContain(`TOTP-Key := 0x${fromBase32(alice.seed)!.toString("hex")}`);
    expect((await made("elsewhere", { ...changes, users: [{ name: "alice", oneTimeCode: true }] })).settings.oneTimeCodes!.alice.seed).not.toBe(alice.seed);
  }, 60_000);

  test("who is revoked is so by the serial number that is on their device", async () => {
    const { pushed, settings } = await made("elsewhere", { identity: former.identity, users: [{ name: "alice", authentication: "certificate", revoked: true }, { name: "bob" }] });
    const { serialNumber } = new X509Certificate(former.settings.credentials!.alice.certificate);
    expect(settings.credentials!.alice.certificate).toBe(former.settings.credentials!.alice.certificate);
    expect(pushed.identity).toContain("X509 CRL");
    const list = Buffer.from(/-----BEGIN X509 CRL-----([\s\S]*)-----END X509 CRL-----/.exec(pushed.identity.replace(/^.* \| ?/gm, ""))![1].replace(/\s/g, ""), "base64");
    expect(list.includes(Buffer.from(serialNumber.padStart(serialNumber.length + (serialNumber.length % 2), "0"), "hex"))).toBe(true);
  });

  test("no input that is not a secret holds anything of it", () => {
    const texts = [former.settings.preSharedKey, former.settings.passwords.bob, former.identity.authority!.privateKey.split("\n")[1]];
    const open = registered.filter(({ name }) => !/-(identity|passwords)$/.test(name)).map(({ inputs }) => JSON.stringify(inputs, (_, value: unknown) => (typeof value === "object" && value !== null && "4dabf18193072939515e22adb298388d" in value ? "secret" : value)));
    for (const text of texts) expect(open.filter((one) => one.includes(text))).toEqual([]);
  });
});

test("passwords of an identity are judged like those that are given", async () => {
  const identity: GatewayIdentity = { preSharedKey: "", passwords: { bob: "line\nbreak", nobody: "x" } };
  const given = { ...args, users: [{ name: "bob" }], identity };
  const problems = specProblems(await valueOf(resolveSpec("office", given, { endpoint: "198.51.100.7" })), await valueOf(givenSecrets(given)));
  expect(problems.map(({ path }) => path)).toContain("users[0].password");
});
