import type { GatewaySecrets, GatewaySpec } from "../../gateway/spec";
import { problemsText, validateSpec, type Problem } from "../../gateway/validate";
import { exampleSecrets, exampleSpec, goldenSpecs } from "./specs";

const pick = (problems: Problem[], severity: Problem["severity"]) => problems.filter((problem) => problem.severity === severity);

/** The first problem that the change brings, as `path: message`. */
function first(changes: object, severity: Problem["severity"] = "error"): string | undefined {
  const found = pick(validateSpec(exampleSpec(changes as Partial<GatewaySpec>)), severity)[0];
  return found && `${found.path}: ${found.message}`;
}

test.each(Object.keys(goldenSpecs))("%s has no problem", (name) => {
  const spec = goldenSpecs[name];
  expect(validateSpec(spec)).toEqual([]);
  expect(pick(validateSpec(spec, { ...exampleSecrets(spec) }, true), "error")).toEqual([]);
});

const ikev2 = { pool: "10.77.2.0/24" };
const bad: [string, object, RegExp][] = [
  ["a name with upper case", { name: "Office" }, /^name: is not a DNS label/],
  ["a name of two labels", { name: "a.b" }, /^name: is not a DNS label/],
  ["an unknown platform", { platform: "windows95" }, /^platform: is no platform/],
  ["a platform that is a word of JavaScript", { platform: "constructor" }, /^platform: is no platform/],
  ["no protocol", { l2tp: undefined, ikev2: undefined }, /^ikev2: neither IKEv2 nor L2TP/],
  ["an endpoint of two parts", { endpoint: "10.1" }, /^endpoint: is neither/],
  ["an endpoint with leading zeros", { endpoint: "010.0.0.1" }, /^endpoint: is neither/],
  ["an endpoint with a space", { endpoint: "vpn example.com" }, /^endpoint: is neither/],
  ["an IPv6 endpoint", { endpoint: "2001:db8::1" }, /^endpoint: is neither/],
  ["a trusted network without a name", { profiles: { onDemand: true, trustedWireless: ["ok", ""] } }, /^profiles.trustedWireless\[1\]: is not the name of a wireless network/],
  ["a trusted network of 33 bytes", { profiles: { onDemand: true, trustedWireless: ["é".repeat(17)] } }, /^profiles.trustedWireless\[0\]: is not the name/],
  ["a trusted network of two lines", { profiles: { onDemand: true, trustedWireless: ["a\nb"] } }, /^profiles.trustedWireless\[0\]: holds the control character U\+000A/],
  ["trusted networks, and nothing on demand", { profiles: { onDemand: false, trustedWireless: ["Office"] } }, /^profiles.trustedWireless: has no effect/],
  ["a small MTU", { outsideMtu: 1279 }, /^outsideMtu: is not a whole number from 1280 to 9216/],
  ["an MTU that is no number", { outsideMtu: NaN }, /^outsideMtu/],
  ["a pool without prefix", { ikev2: { pool: "10.77.2.0" } }, /^ikev2.pool: is not an IPv4 network/],
  ["a pool of two parts", { ikev2: { pool: "10.77/16" } }, /^ikev2.pool: is not an IPv4 network/],
  ["a pool with host bits", { ikev2: { pool: "10.77.2.1/24" } }, /^ikev2.pool: has bits set/],
  ["a pool of the other family", { ikev2: { pool: "fd00::/64" } }, /^ikev2.pool: is not an IPv4/],
  ["an IPv6 pool of IPv4", { ikev2: { ...ikev2, pool6: "10.9.0.0/24" } }, /^ikev2.pool6: is not an IPv6/],
  ["a pool too small for L2TP's users", { l2tp: { pool: "10.77.1.0/30" } }, /^l2tp.pool: has room for 1 clients and there are 2 users/],
  ["a pool too small for the gateway itself", { l2tp: { pool: "10.77.1.0/32" } }, /^l2tp.pool: has room for 0 clients/],
  ["a pool too small for IKEv2's users", { ikev2: { pool: "10.77.2.0/32" } }, /^ikev2.pool: has room for 1 clients/],
  ["pools that overlap", { l2tp: { pool: "10.77.2.0/25" } }, /^l2tp.pool: overlaps ikev2.pool/],
  ["a pool that overlaps an inside network", { insideNetworks: ["10.77.0.0/16"] }, /^l2tp.pool: overlaps insideNetworks\[0\]/],
  ["a pool with the endpoint in it", { endpoint: "10.77.2.9" }, /^ikev2.pool: holds the gateway's own address/],
  ["a name server among the clients", { dns: ["10.77.1.5"] }, /^dns\[0\]: is in the clients' l2tp.pool/],
  ["a name server by name", { dns: ["dns.example.com"] }, /^dns\[0\]: is not an IP address/],
  ["a name server twice", { dns: ["9.9.9.9", "9.9.9.9"] }, /^dns\[1\]: is there twice/],
  ["an inside network that is none", { insideNetworks: ["inside"] }, /^insideNetworks\[0\]: is not a network/],
  ["an inside network twice", { insideNetworks: ["10.20.0.0/16", "10.20.0.0/16"] }, /^insideNetworks\[1\]: is there already as insideNetworks\[0\]/],
  ["a split tunnel to nowhere", { tunnel: "split", insideNetworks: [] }, /^insideNetworks: a split tunnel needs/],
  ["an unknown tunnel", { tunnel: "half" }, /^tunnel: is not a word/],
  ["an unknown masquerade", { masquerade: "sometimes" }, /^masquerade: is not a word/],
  ["an unknown client", { clients: ["linux", "amiga"] }, /^clients\[1\]: is not a word/],
  ["no client", { clients: [] }, /^clients: no kind/],
  ["L2TP for Android alone", { clients: ["android"] }, /^l2tp: none of the clients/],
  ["an administrator that is no range", { administrators: ["198.51.100.7"] }, /^administrators\[0\]: is not a network/],
  ["an impossible port", { sshPort: 70000 }, /^sshPort: is not a whole number/],
  ["an impossible delay", { deadPeerDelay: 0 }, /^deadPeerDelay: is not a whole number/],
  ["more users than xl2tpd holds", { l2tp: { pool: "10.80.0.0/16" }, ikev2: { pool: "10.81.0.0/16" }, users: Array.from({ length: 1001 }, (_, i) => ({ name: `u${i}` })) }, /^users: 1001 users of L2TP: xl2tpd serves/],
];
test.each(bad)("%s is an error", (_, changes, expected) => {
  expect(first(changes)).toMatch(expected);
});

test("a pool needs room for who takes an address of it: not for who comes otherwise, or has a fixed one", () => {
  const small = { l2tp: { pool: "10.77.1.0/30", fixedPool: "10.77.9.0/24" } };
  expect(first({ ...small, users: [{ name: "alice" }, { name: "bob" }] })).toMatch(/^l2tp.pool: has room for 1 clients and there are 2 users/);
  expect(first({ ...small, users: [{ name: "alice" }, { name: "bob", protocols: ["ikev2"] }] })).toBeUndefined();
  expect(first({ ...small, users: [{ name: "alice" }, { name: "bob", l2tpAddress: "10.77.9.7" }] })).toBeUndefined();
  const many = Array.from({ length: 1001 }, (_, index) => ({ name: `u${index}` }));
  const large = { l2tp: { pool: "10.80.0.0/16" }, ikev2: { pool: "10.81.0.0/16" }, unmeasuredSessions: true };
  expect(first({ ...large, users: [...many.slice(1), { name: "carol", protocols: ["ikev2"] }] })).toBeUndefined();
});

const names: [string, string, RegExp][] = [
  ["empty", "", /is empty/],
  ["long", "x".repeat(65), /longer than 64/],
  ["long in bytes", "😀".repeat(64), /longer than 255 bytes/],
  ["with a line break", "alice\nbob", /control character U\+000A/],
  ["with a NUL", "alice\0", /control character U\+0000/],
  ["with a line separator", "alice\u2028", /control character U\+2028/],
  ["with half of a surrogate pair", "alice\ud800", /control character U\+D800/],
  ["with a space before it", " alice", /begins or ends with white space/],
  ["a wildcard", "*", /stands for any user/],
  ["a wildcard of a domain", "*@example.com", /stands for any user/],
  ["anybody", "%any", /begins with %/],
  ["with an @ before it", "@alice", /begins with @/],
  ["a distinguished name", "CN=alice", /distinguished name/],
  ["a typed identity", "email:alice", /type of an identity/],
  ["a numbered type", "{1}:alice", /type of an identity/],
  ["an odd type", "{}:alice", /type of an identity/],
  ["an address", "10.0.0.1", /is an IP address/],
  ["a range", "10.0.0.1-10.0.0.9", /is an IP address, network or range/],
  ["a network", "0.0.0.0/0", /is an IP address, network or range/],
  ["an IPv6 address", "::1", /is an IP address/],
  ["with two backslashes", "a\\b\\c", /one \\/],
];
test.each(names)("a user name %s is an error", (_, name, expected) => {
  expect(first({ users: [{ name }] })).toMatch(expected);
});

test.each(['o"brien', "o'brien", "a#b", "{a}", "CORP\\alice", "alice@example.com", "a/b", "a b", "a,b", "a;b", "a:b", "$HOME", "constructor", "123"])(
  "the user name %s is allowed",
  (name) => {
    expect(first({ users: [{ name }] })).toBeUndefined();
  },
);

test("a user name that is not ASCII is for IKEv2 alone", () => {
  expect(first({ users: [{ name: "漢字" }] })).toMatch(/pppd rewrites such names/);
  expect(first({ users: [{ name: "漢字" }], l2tp: undefined })).toBeUndefined();
});

test("a user twice is an error, and one that differs in case is for IKEv2", () => {
  const twice = [{ name: "alice" }, { name: "bob" }, { name: "alice" }];
  expect(first({ users: twice })).toBe("users[2].name: is the same user as users[0]");
  const alike = [{ name: "alice" }, { name: "Alice" }];
  expect(first({ users: alike })).toMatch(/differs from users\[0\] in upper and lower case only/);
  expect(first({ users: alike, ikev2: undefined })).toBeUndefined();
  expect(first({ users: alike, ikev2: undefined }, "warning")).toMatch(/differs from users\[0\]/);
});

const warnings: [string, object, RegExp][] = [
  ["SSH open to the world", { administrators: ["0.0.0.0/0"] }, /^administrators\[0\]: opens SSH to the world/],
  ["SSH open to the IPv6 world", { administrators: ["::/0"] }, /^administrators\[0\]: opens SSH to the world/],
  ["a pool of public addresses", { ikev2: { pool: "203.0.113.0/24" } }, /^ikev2.pool: is neither a private/],
  ["IPv6 inside without a pool", { insideNetworks: ["2001:db8::/32"] }, /^insideNetworks\[0\]: cannot be reached/],
  ["nobody", { users: [] }, /^users: nobody may connect/],
  ["three name servers with L2TP", { dns: ["9.9.9.9", "1.1.1.1", "8.8.8.8"] }, /^dns: L2TP clients are given the first two/],
];
test.each(warnings)("%s is a warning", (_, changes, expected) => {
  expect(first(changes)).toBeUndefined();
  expect(first(changes, "warning")).toMatch(expected);
});

describe("secrets", () => {
  const spec = exampleSpec();
  const problems = (changes: Partial<GatewaySecrets>, complete = false) =>
    validateSpec(spec, { ...exampleSecrets(spec), ...changes }, complete).map(({ severity, path, message }) => `${severity} ${path}: ${message}`);

  test.each<[string, Partial<GatewaySecrets>, RegExp]>([
    ["an empty key", { preSharedKey: "" }, /^error preSharedKey: is empty/],
    ["a key with a line break", { preSharedKey: "a".repeat(20) + "\n" }, /^error preSharedKey: holds the control character U\+000A/],
    ["a short key", { preSharedKey: "short" }, /^warning preSharedKey: has 5 characters/],
    ["a key that is not ASCII", { preSharedKey: "é".repeat(20) }, /^warning preSharedKey: is not plain ASCII/],
    ["an empty password", { passwords: { alice: "", "bob@example.com": "long enough 1" } }, /^error users\[0\].password: is empty/],
    ["a password with a line break", { passwords: { alice: "a\nb" } }, /^error users\[0\].password: holds the control character/],
    ["a password that is a path for pppd", { passwords: { alice: "@/etc/shadow" } }, /^error users\[0\].password: begins with @/],
    ["a password that pppd hashes otherwise", { passwords: { alice: "pässwörter-lang" } }, /^error users\[0\].password: is not plain ASCII/],
    ["a long password", { passwords: { alice: "x".repeat(256) } }, /^error users\[0\].password: has 256 bytes/],
    ["a password of nobody", { passwords: { mallory: "long enough 1" } }, /^warning passwords: is a password of no user/],
    ["a certificate without its key", { privateKey: undefined }, /^error privateKey: is missing/],
    ["a key that is none", { privateKey: "ssh-rsa AAAA" }, /^error privateKey: is not an unencrypted private key/],
  ])("%s", (_, changes, expected) => {
    expect(problems(changes)[0]).toMatch(expected);
  });

  test("what is missing is left to be minted, unless all must be there", () => {
    expect(validateSpec(spec, { passwords: {} })).toEqual([]);
    expect(validateSpec(spec, { passwords: {} }, true).map(({ path }) => path)).toEqual([
      "preSharedKey", "privateKey", "certificate", "authority", "users[0].password", "users[1].password",
    ]);
  });
});

test("all problems come at once, as one text with what to do about each", () => {
  const text = problemsText(
    validateSpec(
      exampleSpec({
        name: "NO",
        platform: "plan9" as never,
        l2tp: { pool: "10.20.1.0/24" },
        administrators: ["0.0.0.0/0"],
        users: [{ name: "a\nb" }, { name: "alice" }, { name: "alice" }],
      }),
      { preSharedKey: "hunter2", passwords: {} },
    ),
  );
  expect(text).toBe(
    [
      "The gateway's description has 5 errors, 2 warnings.",
      '  error name ("NO"): is not a DNS label',
      "    Use 1 to 63 of a-z, 0-9 and -, with no - at either end.",
      '  error platform ("plan9"): is no platform that the library knows',
      "    Use one of debian13, ubuntu2404, el9, el10.",
      '  error l2tp.pool ("10.20.1.0/24"): overlaps insideNetworks[0] (10.20.0.0/16)',
      "    Use ranges that share no address.",
      '  error users[0].name ("a\\nb"): holds the control character U+000A',
      "    Use printable characters on one line.",
      '  error users[2].name ("alice"): is the same user as users[1]',
      "    Leave one of them out.",
      '  warning administrators[0] ("0.0.0.0/0"): opens SSH to the world',
      "    Name the ranges that you administer from.",
      "  warning preSharedKey: has 7 characters, and whoever records one log-in can try all short ones",
      "    Use 20 or more.",
    ].join("\n"),
  );
});
