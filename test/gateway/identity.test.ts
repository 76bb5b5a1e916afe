import { carriedCredential, identityProblems } from "../../gateway/identity";
import { authorityOf, issued, keyPair, until } from "./certificates/helpers";

const authority = authorityOf("office VPN authority");
const alice = { ...issued(authority, "alice"), containerPassword: "a-canary" };
const good = { preSharedKey: "a-canary", passwords: { alice: "a-canary" }, authority, credentials: { alice } };
const now = new Date("2026-11-22T00:00:00Z");
const said = (given: unknown) => identityProblems(given, now).map(({ path, message }) => `${path}: ${message}`);

test("what a stack gives out is taken, with certificates and without", () => {
  expect(said(good)).toEqual([]);
  expect(said({ preSharedKey: "", passwords: {} })).toEqual([]);
});

test("all that is wrong at once, and no secret of it", () => {
  const wrong = { preSharedKey: 7, passwords: { alice: 1 }, authority: { ...authority, privateKey: keyPair().privateKey }, credentials: { alice: { ...alice, certificate: "a-canary" }, bob: { certificate: authority.certificate, privateKey: "a-canary" }, carol: {} } };
  expect(said(wrong)).toEqual([
    "identity.preSharedKey: is not a text",
    "identity.passwords: is not a text for each user",
    "identity.authority.privateKey: is not the certificate's",
    "identity.credentials.alice.certificate: is no certificate in PEM",
    "identity.credentials.bob.certificate: is an authority's, not a user's",
    "identity.credentials.bob.privateKey: is no private key in PEM",
    "identity.credentials.carol: has no `certificate` and `privateKey`",
  ]);
  expect(JSON.stringify(identityProblems(wrong, now))).not.toMatch(/canary|PRIVATE/);
  expect(said("a-canary")).toEqual(["identity: is not an object"]);
});

test("seeds of one-time codes are base32, each user's", () => {
  expect(said({ ...good, oneTimeCodeSeeds: { alice: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" } })).toEqual([]);
  for (const wrong of [7, { alice: 1 }, { alice: "a canary 018" }]) expect(said({ ...good, oneTimeCodeSeeds: wrong })).toEqual(["identity.oneTimeCodeSeeds: is not a seed in base32 for each user"]);
});

test("an authority whose time is over is refused; a user's certificate is then made anew", () => {
  expect(identityProblems(good, new Date("2056-01-01T00:00:00Z")).map(({ path, value }) => [path, value])).toEqual([["identity.authority.certificate", '"Jan  1 00:00:00 2055 GMT"']]);
  expect(said({ ...good, authority: alice })).toEqual(["identity.authority.certificate: is no authority's"]);
});

test("a user's certificate is of the identity's own authority", () => {
  const others = { ...issued(authorityOf("office VPN authority"), "bob"), containerPassword: "a-canary" };
  expect(said({ ...good, credentials: { alice, bob: others } })).toEqual(["identity.credentials.bob: is not of the identity's authority"]);
  expect(said({ ...good, authority: undefined })).toEqual(["identity.credentials.alice: is not of the identity's authority"]);
});

test("a user's credential is carried over until its last 90 days", () => {
  const before = (days: number) => new Date(until.getTime() - days * 86_400_000);
  expect(carriedCredential(good, "alice", before(91))).toBe(alice);
  expect(carriedCredential(good, "alice", before(89))).toBeUndefined();
  expect([carriedCredential(good, "constructor", now), carriedCredential(undefined, "alice", now)]).toEqual([undefined, undefined]);
});
