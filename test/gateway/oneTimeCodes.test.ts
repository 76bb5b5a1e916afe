import { Freeradius, hasFreeradius } from "./freeradiusProcess";
import { byEap, byPpp } from "./radiusClient";
import { readRadiusUsers } from "./formats/readers";
import { exampleSecrets, exampleSpec, goldenSpecs } from "./specs";
import { base32, codeAt, fromBase32, keyUri, wrongCodes } from "../../gateway/oneTimeCode";
import { paths } from "../../gateway/platforms";
import { renderReadableParts, renderSecretParts } from "../../gateway/renderBundle";
import type { GatewaySecrets, GatewaySpec } from "../../gateway/spec";
import { validateSpec } from "../../gateway/validate";

/** RFC 6238, appendix B: SHA-1. */
const rfc6238 = Buffer.from("12345678901234567890");

test("codes are those of RFC 6238", () => {
  const eightDigits: [number, string][] = [[59, "94287082"], [1111111109, "07081804"], [1111111111, "14050471"], [1234567890, "89005924"], [2000000000, "69279037"], [20000000000, "65353130"]];
  for (const [seconds, code] of eightDigits) expect([seconds, codeAt(rfc6238, seconds)]).toEqual([seconds, code.slice(-6)]);
});

test("a seed is base32 as RFC 4648 has it", () => {
  for (const [plain, encoded] of [["f", "MY"], ["fo", "MZXQ"], ["foo", "MZXW6"], ["foob", "MZXW6YQ"], ["fooba", "MZXW6YTB"], ["foobar", "MZXW6YTBOI"]]) {
    expect(base32(Buffer.from(plain))).toBe(encoded);
    expect(fromBase32(encoded)).toEqual(Buffer.from(plain));
    expect(fromBase32(encoded.toLowerCase().padEnd(16, "="))).toEqual(Buffer.from(plain));
  }
  for (const wrong of ["", "MY 2", "M", "MZX", "0189", "MZXW6Y", "é"]) expect(fromBase32(wrong)).toBeUndefined();
});

test("what an app scans names issuer and user with all that they hold", () => {
  const uri = new URL(keyUri({ name: "office" }, "o'neil@example.com & %co?", base32(rfc6238)));
  expect([uri.protocol, uri.host, decodeURIComponent(uri.pathname)]).toEqual(["otpauth:", "totp", "/office VPN:o'neil@example.com & %co?"]);
  expect(Object.fromEntries(uri.searchParams)).toEqual({ secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", issuer: "office VPN", algorithm: "SHA1", digits: "6", period: "30" });
});

(hasFreeradius ? describe : describe.skip)("FreeRADIUS itself", () => {
  const spec = exampleSpec({
    radius: { servers: [{ host: "127.0.0.1" }], onGateway: {} },
    users: ["alice", "ann", "é漢 %{User-Name}", "long", "guessed", "typist", "forgetful", "slow", "repeats", "twice", "resent", "bystander"].map((name) => ({ name, oneTimeCode: true, protocols: name.startsWith("é") ? ["ikev2" as const] : undefined })).concat([{ name: "bob" } as never]),
  });
  const passwords: Record<string, string> = Object.fromEntries(spec.users.map(({ name }) => [name, `of ${name}`]));
  Object.assign(passwords, { ann: "with \"quotes\\ %{md5:x} ${y} 'z'", "é漢 %{User-Name}": "é漢😀", long: "x".repeat(249) });
  const seeds = Object.fromEntries(spec.users.filter(({ oneTimeCode }) => oneTimeCode).map(({ name }, index) => [name, base32(Buffer.concat([rfc6238.subarray(index), rfc6238.subarray(0, index)]))]));
  const secrets = { ...exampleSecrets(spec), passwords, oneTimeCodeSeeds: seeds };
  const server = new Freeradius(23812);
  const secret = secrets.radius?.[0] ?? "";
  const code = (user: string, steps = 0) => codeAt(fromBase32(seeds[user]) ?? Buffer.alloc(0), Date.now() / 1000 + 30 * steps);
  const comes = async (way: "ppp" | "eap", user: string, typed: string) => (await (way === "ppp" ? byPpp : byEap)(server.ports[1812], secret, user, typed)).accepted;

  beforeAll(() => server.start(spec, secrets), 20_000);
  afterAll(() => server.end());

  // Codes are made of the steps that hold now: far enough from the end of this one.
  beforeEach(async () => {
    const left = 30_000 - (Date.now() % 30_000);
    if (left < 12_000) await new Promise((resolve) => setTimeout(resolve, left));
  }, 20_000);

  test("the password with the code of this, the last or the next half minute lets in, by either protocol, each once", async () => {
    for (const [way, user, steps] of [["ppp", "alice", 0], ["eap", "alice", 1], ["eap", "ann", 0], ["ppp", "ann", -1], ["ppp", "long", 0], ["eap", "é漢 %{User-Name}", 0]] as const) {
      const typed = passwords[user] + code(user, steps);
      expect([user, steps, await comes(way, user, typed)]).toEqual([user, steps, true]);
      if (user.startsWith("é")) continue;
      const again = await Promise.all([comes("ppp", user, typed), comes("eap", user, typed)]);
      expect([user, steps, ...again]).toEqual([user, steps, false, false]);
    }
    expect(server.said).toMatch(/Login incorrect \(one-time code: used already\): \[alice\]/);
  }, 60_000);

  test("of two who come with one code at one time, one comes in", async () => {
    const typed = passwords.twice + code("twice");
    const both = await Promise.all(Array.from({ length: 6 }, (_, index) => comes(index % 2 === 0 ? "ppp" : "eap", "twice", typed)));
    expect(both.filter((one) => one)).toHaveLength(1);
  }, 20_000);

  test("a packet that is sent once more is the same log-in, and has the same answer", async () => {
    const typed = passwords.resent + code("resent");
    expect((await byPpp(server.ports[1812], secret, "resent", typed, true)).accepted).toBe(true);
    expect((await byPpp(server.ports[1812], secret, "resent", typed)).accepted).toBe(false);
  }, 20_000);

  test("whoever has none comes in as ever, and not with one", async () => {
    expect([await comes("ppp", "bob", passwords.bob), await comes("eap", "bob", passwords.bob)]).toEqual([true, true]);
    expect(await comes("ppp", "bob", passwords.bob + code("alice"))).toBe(false);
  });

  test("the password alone, an old code, one that is yet to come and another user's are refused, and the log says which it was", async () => {
    const typed = { alone: "", old: code("typist", -3), early: code("typist", 4), anothers: code("alice"), before: code("typist") };
    const refused = await Promise.all([
      comes("ppp", "forgetful", passwords.forgetful + typed.alone), comes("eap", "forgetful", passwords.forgetful),
      comes("ppp", "typist", passwords.typist + typed.old), comes("eap", "typist", passwords.typist + typed.early),
      comes("ppp", "typist", passwords.typist + typed.anothers), comes("eap", "typist", `${typed.before}${passwords.typist}`), comes("ppp", "typist", typed.before),
    ]);
    expect(refused).toEqual(refused.map(() => false));
    for (const line of [
      "the password alone): [forgetful]", "off by -90 seconds): [typist]", "off by 120 seconds): [typist]", "wrong password or code): [typist]",
    ]) expect(server.said).toContain(`Login incorrect (one-time code: ${line}`);
    // The twin: a wrong one before it keeps nobody out.
    expect(await comes("eap", "typist", passwords.typist + code("typist"))).toBe(true);
  }, 30_000);

  test("after ten wrong ones the right one is refused, too, and nobody else's", async () => {
    const wrong = await Promise.all(Array.from({ length: wrongCodes.most }, (_, index) => comes(index % 2 === 0 ? "ppp" : "eap", "guessed", `${passwords.guessed}${String(index).padStart(6, "0")}`)));
    expect(wrong).toEqual(wrong.map(() => false));
    expect(await comes("ppp", "guessed", passwords.guessed + code("guessed"))).toBe(false);
    expect(server.said).toMatch(/Login incorrect \(one-time code: too many wrong ones\): \[guessed\]/);
    expect(await comes("eap", "bystander", passwords.bystander + code("bystander"))).toBe(true);
  }, 30_000);

  test("what a right one was for is forgotten with it: nine wrong ones before it and nine after", async () => {
    for (const steps of [0, 1]) {
      await Promise.all(Array.from({ length: wrongCodes.most - 1 }, () => comes("ppp", "slow", "wrong")));
      expect([steps, await comes("ppp", "slow", passwords.slow + code("slow", steps === 0 ? -1 : 1))]).toEqual([steps, true]);
    }
  }, 30_000);

  test("users read anew make no code good again", async () => {
    const typed = passwords.repeats + code("repeats");
    expect(await comes("ppp", "repeats", typed)).toBe(true);
    server.reload();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await comes("ppp", "repeats", typed)).toBe(false);
  }, 20_000);

  test("neither password nor seed is in its log", () => {
    for (const text of [...Object.values(passwords).filter((one) => one !== "of bob"), ...Object.values(seeds)]) {
      expect(server.said).not.toContain(text);
      expect(server.said).not.toContain(Buffer.from(text, "utf16le").toString("hex"));
    }
  });
});

const own = { servers: [{ host: "127.0.0.1" }], onGateway: {} };
const problems = (changes: Partial<GatewaySpec>, secrets: Partial<GatewaySecrets> = {}) => validateSpec(exampleSpec({ radius: own, ...changes }), { passwords: {}, ...secrets }).map(({ severity, path, message }) => `${severity} ${path}: ${message}`);
const ann = [{ name: "ann", oneTimeCode: true }];
const withCertificate = { ikev2: { pool: "10.77.2.0/24", certificates: true }, users: [{ name: "ann", oneTimeCode: true, authentication: "certificate" as const }] };

test("what is right has no problem", () => {
  expect(problems({ users: ann })).toEqual([]);
  expect(problems({ users: ann }, { oneTimeCodeSeeds: { ann: base32(rfc6238).toLowerCase() } })).toEqual([]);
  expect(problems({ ...withCertificate, l2tp: { pool: "10.77.1.0/24", certificates: true }, users: [{ ...withCertificate.users[0], protocols: ["l2tp"] }] })).toEqual([]);
  expect(problems({ radius: { ...own, protocols: ["ikev2"] }, users: [{ ...ann[0], protocols: ["ikev2"] }] })).toEqual([]);
  expect(problems({ users: [{ name: "ann", oneTimeCode: false }], radius: undefined })).toEqual([]);
});

test.each<[string, Partial<GatewaySpec>, Partial<GatewaySecrets>, RegExp]>([
  ["no FreeRADIUS on the gateway", { radius: undefined, users: ann }, {}, /^error users\[0\]\.oneTimeCode: needs radius\.onGateway/m],
  ["servers of one's own", { radius: { servers: [{ host: "10.20.0.21" }] }, users: ann }, { radius: ["a secret of sixteen"] }, /^error users\[0\]\.oneTimeCode: needs radius\.onGateway/m],
  ["what is neither true nor false", { users: [{ name: "ann", oneTimeCode: "yes" as never }] }, {}, /oneTimeCode: is neither true nor false/],
  ["a certificate, which asks for no code", withCertificate, {}, /oneTimeCode: is for a password, and by ikev2 this user comes with a certificate/],
  ["a protocol whose daemon knows the list", { radius: { ...own, protocols: ["ikev2"] }, users: ann }, {}, /oneTimeCode: is not asked for by l2tp/],
  ["a seed that is no base32", { users: ann }, { oneTimeCodeSeeds: { ann: "canary 018" } }, /oneTimeCodeSeed: is not base32/],
  ["a short seed", { users: ann }, { oneTimeCodeSeeds: { ann: "GEZDGNBV" } }, /oneTimeCodeSeed: has 40 bits/],
  ["a long seed", { users: ann }, { oneTimeCodeSeeds: { ann: base32(Buffer.alloc(65)) } }, /oneTimeCodeSeed: has 65 bytes/],
  ["one seed for two", { users: [...ann, { name: "bob", oneTimeCode: true }] }, { oneTimeCodeSeeds: { ann: base32(rfc6238), bob: base32(rfc6238).toLowerCase() } }, /users\[1\]\.oneTimeCodeSeed: is that of users\[0\] too/],
  ["a seed for nothing", { users: [{ name: "ann" }] }, { oneTimeCodeSeeds: { ann: base32(rfc6238) } }, /oneTimeCodeSeed: has no effect without oneTimeCode/],
  ["a password that leaves no room", { users: ann }, { passwords: { ann: "x".repeat(250) } }, /users\[0\]\.password: has 250 bytes, and a code goes behind it/],
])("%s is found", (_, changes, secrets, expected) => {
  const found = problems(changes, secrets).join("\n");
  expect(found).toMatch(expected);
  expect(found).not.toContain("canary");
});

describe("what is rendered", () => {
  const spec = goldenSpecs["radius-own-one-time-codes"];
  const files = (of: GatewaySpec) => Object.fromEntries([...renderReadableParts(of), ...renderSecretParts(of, exampleSecrets(of))].flatMap(({ name, files: all }) => all.map((file) => [file.path, { ...file, part: name }])));
  const all = files(spec);

  test("seed and password are in the file that has the others' hashes, and of nobody else", () => {
    const users = readRadiusUsers(all[paths.radiusdUsers].content);
    const { passwords, oneTimeCodeSeeds = {} } = exampleSecrets(spec);
    const check = `TOTP-Key := 0x${fromBase32(oneTimeCodeSeeds.alice)?.toString("hex")}, Tmp-Octets-0 := 0x${Buffer.from(passwords.alice, "utf16le").toString("hex")}`;
    expect(users.map(({ check: each }) => each)).toEqual([check, check, expect.stringMatching(/^NT-Password := 0x[0-9a-f]{32}$/), expect.stringMatching(/^NT-Password/)]);
    expect(all[paths.radiusdUsers]).toMatchObject({ mode: 0o600, part: "passwords" });
    for (const [at, { content }] of Object.entries(all)) {
      if (at !== paths.radiusdUsers) expect(content).not.toMatch(new RegExp(`CANARYSEED|${fromBase32(oneTimeCodeSeeds.alice)?.toString("hex")}|${Buffer.from(passwords.alice, "utf16le").toString("hex")}`));
    }
  });

  test("one more such user touches the list and the passwords alone; the first one FreeRADIUS' own configuration, too", () => {
    const differing = (one: ReturnType<typeof files>, other: ReturnType<typeof files>) => Object.keys(one).filter((at) => one[at].content !== other[at]?.content).sort();
    expect(differing(files({ ...spec, users: [...spec.users, { name: "dave", oneTimeCode: true }] }), all)).toEqual([paths.radiusdUsers, paths.users].sort());
    expect(differing(all, files({ ...spec, users: spec.users.map(({ name }) => ({ name })) }))).toEqual([paths.radiusd, paths.radiusdUsers, paths.users].sort());
  });

  test("where nobody has codes, FreeRADIUS has none of it", () => {
    expect(files(goldenSpecs["radius-own"])[paths.radiusd].content).not.toMatch(/TOTP|cache|unpack/);
  });
});
