import type { LacConnectionSpec, LacSecrets } from "../../../gateway/lac/spec";
import { validateLac } from "../../../gateway/lac/validate";
import { exampleLac, exampleLacSecrets } from "./specs";

const said = (changes: Partial<LacConnectionSpec>, secrets: Partial<LacSecrets> = exampleLacSecrets) =>
  validateLac(exampleLac(changes), secrets).map(({ path, message, severity }) => `${severity} ${path}: ${message}`);
const gateway = exampleLac().gateway;

test("a good one has nothing against it", () => {
  expect(said({})).toEqual([]);
  expect(said({ lns: "lns.example.com", identity: "gateway.example.com", port: 20_000, mtu: 1280, redial: 3600, masquerade: false })).toEqual([]);
  expect(said({ proposals: { ike: ["aes256-sha1-modp2048"], esp: ["aes256-sha1"] } })).toEqual([]);
});

const bad: [string, Partial<LacConnectionSpec>, RegExp[]][] = [
  ["a name", { name: "Head_Office" }, [/^error name: is no name of a connection/]],
  ["no room", { gateway: { ...gateway, room: false } }, [/^error gateway: makes no room/]],
  ["IPv6 outside", { lns: "2001:db8::1" }, [/^error lns: is an IPv6 address, and xl2tpd dials by IPv4 alone/]],
  ["no address", { lns: "198.51.100" }, [/^error lns: is neither/]],
  ["a name that is too long", { lns: `${"a".repeat(60)}.${"b".repeat(20)}.example` }, [/^error lns: has more than 79 characters/]],
  ["itself", { lns: "192.0.2.11" }, [/^error lns: is the gateway itself/]],
  ["an identity", { identity: 'a" b' }, [/^error identity: /]],
  ["no user", { user: "" }, [/^error user: is empty/]],
  ["a user of two lines", { user: "a\nb" }, [/^error user: holds the character U\+000A/]],
  ["a long user", { user: "ä".repeat(128) }, [/^error user: has more than 255 bytes/]],
  ["no networks", { networks: [], near: [] }, [/^error networks: is empty/, /^error near: is empty/]],
  ["everything", { networks: ["0.0.0.0/0"] }, [/^error networks\[0\]: is every address there is/]],
  ["IPv6 inside", { networks: ["fd40::/64"] }, [/^error networks\[0\]: is IPv6/]],
  ["no network", { networks: ["10.40.0.0"], near: ["10.20.0.1/24"] }, [/^error networks\[0\]: is not a network/, /^error near\[0\]: has bits set/]],
  ["twice", { networks: ["10.40.0.0/24", "10.40.0.0/24"] }, [/^error networks\[1\]: is there twice/]],
  ["both sides", { networks: ["10.0.0.0/8"] }, [/^error networks\[0\]: overlaps near\[0\] \(10\.20\.0\.0\/24\)/, /^error networks\[0\]: overlaps the gateway's pool 10\.77\.1\.0\/24/]],
  ["the server within", { networks: ["198.51.100.0/24"] }, [/^error networks\[0\]: holds the address of the LNS/]],
  ["the gateway within", { networks: ["192.0.2.0/24"] }, [/^error networks\[0\]: holds the address of the gateway/]],
  ["the own server's port", { port: 1701 }, [/^error port: /]],
  ["IKE's port", { port: 4500 }, [/^error port: /]],
  ["redial", { redial: 0 }, [/^error redial: /]],
  ["an mtu that does not fit", { mtu: 1403 }, [/^error mtu: is not a whole number from 576 to 1402/]],
  ["weak proposals", { proposals: { ike: ["3des-sha1-modp1024"], esp: ["aes256-md5"] } }, [/^error proposals\.ike\[0\]: holds 3des/, /^error proposals\.esp\[0\]: holds md5/]],
  ["what IKEv1 has not", { proposals: { ike: ["aes256gcm16-prfsha384-ecp384"], esp: ["aes256gcm16"] } }, [/^error proposals\.ike\[0\]: holds AES-GCM, which IKEv1/]],
  ["no proposals", { proposals: { ike: [], esp: [] } }, [/^error proposals\.ike: is empty/, /^error proposals\.esp: is empty/]],
];
test.each(bad)("refused, all at once: %s", (_, changes, expected) => {
  const found = said({ redial: -1, ...changes });
  for (const one of expected) expect(found.filter((text) => one.test(text))).toHaveLength(1);
  expect(found.some((text) => text.startsWith("error redial"))).toBe(true);
});

test("secrets are judged and never shown", () => {
  for (const [secrets, expected] of [
    [{ preSharedKey: "", password: "" }, ["error preSharedKey: is empty", "error password: is empty"]],
    [{ preSharedKey: "canary-of-twenty-and\n", password: "canary\0" }, ["error preSharedKey: holds the control character U+000A", "error password: holds the control character U+0000"]],
    [{ preSharedKey: "canary", password: "x".repeat(256) }, ["error password: has more than 255 bytes", "warning preSharedKey: has 6 characters, and whoever records one negotiation can try all short ones"]],
  ] as const) {
    const found = said({}, secrets);
    expect(found).toEqual(expected);
    expect(JSON.stringify(validateLac(exampleLac(), secrets))).not.toContain("canary");
  }
});
