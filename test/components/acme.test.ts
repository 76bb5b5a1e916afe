import * as pulumi from "@pulumi/pulumi";
import { isrgRootX1, letsEncrypt } from "../../gateway/certificates/letsEncrypt";
import { SshGateway, type SshGatewayArgs } from "../../index";
import { resolveSpec, specProblems } from "../../components/spec";
import { ofType, registered, settled, textOf, valueOf } from "./mocks";
import { recordWithRealKeys } from "./realKeys";

const args: SshGatewayArgs = {
  connection: { host: "198.51.100.7", privateKey: "PRIVATE", hostKey: "ssh-ed25519 AAAAhost" },
  users: [{ name: "alice" }],
  endpoint: "vpn.example.com",
  ikev2: { acme: { termsAgreed: true, email: pulumi.output("admin@example.com") } },
  administrators: ["203.0.113.0/24"],
};

async function made(changes: Partial<SshGatewayArgs> = {}) {
  await recordWithRealKeys();
  const gateway = new SshGateway("office", { ...args, ...changes });
  const [settings, profiles] = [await valueOf(gateway.clientSettings), await valueOf(gateway.clientProfiles)];
  await settled();
  return { gateway, settings, profiles, base: textOf(ofType("command:remote:Command").get("office-base")!.stdin) };
}

test("Let's Encrypt and its root are the defaults; another CA's root is not guessed", async () => {
  const of = async (acme: object) => (await valueOf(resolveSpec("office", { ...args, ikev2: { acme: { termsAgreed: true, ...acme } } }, { endpoint: "198.51.100.7" }))).ikev2!.acme;
  expect(await of({})).toEqual({ termsAgreed: true, directory: letsEncrypt, root: isrgRootX1 });
  expect(await of({ directory: "https://ca.example.net/dir" })).toEqual({ termsAgreed: true, directory: "https://ca.example.net/dir" });
  expect(await of({ directory: "https://ca.example.net/dir", root: "PEM" })).toMatchObject({ root: "PEM" });
});

test("makes no other resource than without, and the CA's files are in the part that anybody may read", async () => {
  const names = () => registered.map(({ type, name }) => `${type} ${name}`).sort();
  const { base } = await made();
  const withIt = names();
  for (const path of ["/etc/vpn-gateway/acme.json", "/etc/vpn-gateway/acme.conf", "/etc/systemd/system/vpn-gateway-acme.timer"]) expect(base).toContain(`file ${path} 0644`);
  expect(base).toContain("service vpn-gateway-acme.timer");
  expect(base).toContain("package dehydrated");
  expect(base).toContain('CONTACT_EMAIL="admin@example.com"');
  const without = await made({ ikev2: {} });
  expect(names()).toEqual(withIt);
  expect(without.base).not.toContain("acme");
});

test("clients are told of no authority, and the stack keeps one: until the CA has answered, and for users' certificates", async () => {
  const { settings, profiles } = await made();
  expect(Object.keys(profiles.alice)).not.toContain("authority.crt");
  expect(settings.authority).toContain("BEGIN CERTIFICATE");
  expect(profiles.alice["linux/ikev2/etc/swanctl/x509ca/office.pem"]).toBe(isrgRootX1);
  expect(Object.keys((await made({ ikev2: {} })).profiles.alice)).toContain("authority.crt");
});

test("the output `identity` has nothing of the public CA", async () => {
  const { gateway } = await made();
  expect(Object.keys(await valueOf(gateway.identity)).sort()).toEqual(["authority", "passwords", "preSharedKey"]);
});

test("everything that is wrong comes in one error, with its value and its remedy", async () => {
  const wrong = { ...args, endpoint: undefined, ikev2: { acme: { termsAgreed: false, email: "nobody", directory: "http://ca.example.net/dir" } } };
  const spec = await valueOf(resolveSpec("office", wrong, { endpoint: "198.51.100.7" }));
  const found = specProblems(spec, { passwords: {} }).filter(({ severity }) => severity === "error");
  expect(found.map(({ path, value }) => `${path} ${value}`)).toEqual(['endpoint "198.51.100.7"', "ikev2.acme.termsAgreed false", 'ikev2.acme.email "nobody"', 'ikev2.acme.directory "http://ca.example.net/dir"', "ikev2.acme.root undefined"]);
  expect(found.every(({ remedy }) => remedy.length > 10)).toBe(true);
});
