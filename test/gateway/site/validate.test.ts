import { siteProfiles } from "../../../gateway/site/profiles";
import { validateSite } from "../../../gateway/site/validate";
import type { SiteConnectionSpec } from "../../../gateway/site/spec";
import { problemsText } from "../../../gateway/validate";
import { exampleEnd, exampleSite } from "./specs";

const errors = (changes: Partial<SiteConnectionSpec>, key?: string) =>
  validateSite(exampleSite(changes), key === undefined ? {} : { preSharedKey: key })
    .filter(({ severity }) => severity === "error")
    .map(({ path, message }) => `${path}: ${message}`);
const right = exampleSite().right;
const cnsa2 = { ike: [...siteProfiles.cnsa2.ike], esp: [...siteProfiles.cnsa2.esp] };

describe("a connection that is right", () => {
  test("has no problem", () => {
    expect(validateSite(exampleSite())).toEqual([]);
    expect(validateSite(exampleSite(), { preSharedKey: "twenty-characters-and-more" })).toEqual([]);
  });
  test("one end's address may change", () => {
    expect(errors({ right: { ...right, endpoint: undefined } })).toEqual([]);
    expect(errors({ right: { ...right, endpoint: "cloud.example.com" } })).toEqual([]);
  });
});

describe("refused", () => {
  test.each<[string, Partial<SiteConnectionSpec>, string]>([
    ["a name that is no label", { name: "Office to cloud" }, "name: is no name of a connection"],
    ["a name of 41 characters", { name: "a".repeat(41) }, "name: is no name of a connection"],
    ["an unknown mode", { mode: "magic" as never }, "mode: is no mode"],
    ["an unknown proof", { authentication: "trust" as never }, "authentication: is no way to prove an identity"],
    ["IKEv1 between two gateways", { version: 1 }, "version: is for devices that have nothing newer, and both ends are gateways"],
    ["subnets that overlap", { right: { ...right, networks: ["10.20.0.128/25"] } }, "right.networks[0]: overlaps left.networks[0] (10.20.0.0/24)"],
    ["a far subnet that overlaps the clients' pool", { right: { ...right, networks: ["10.77.0.0/16"] } }, "right.networks[0]: overlaps left.pools[0] (10.77.2.0/24)"],
    ["no network", { right: { ...right, networks: [] } }, "right.networks: no network is behind it"],
    ["every address there is", { right: { ...right, networks: ["0.0.0.0/0"] } }, "right.networks[0]: is every address there is: the tunnel's own packets would go into the tunnel"],
    ["host bits", { right: { ...right, networks: ["10.30.0.1/24"] } }, "right.networks[0]: has bits set behind the prefix"],
    ["a network twice", { right: { ...right, networks: ["10.30.0.0/24", "10.30.0.0/24"] } }, "right.networks[1]: is there twice"],
    ["an endpoint within its own network", { right: { ...right, endpoint: "10.30.0.9" } }, "right.endpoint: is within the network behind it, 10.30.0.0/24: the tunnel's own packets would go into the tunnel"],
    ["two changing addresses", { left: exampleEnd({ endpoint: undefined }), right: { ...right, endpoint: undefined } }, "right.endpoint: neither end has an address or name to be dialled"],
    ["the same endpoint", { right: { ...right, endpoint: "192.0.2.11" } }, "right.endpoint: is the left end's, too"],
    ["the same identity", { right: { ...right, identity: "left.office-to-cloud" } }, "right.identity: is the left end's, too"],
    ["endpoints of two families", { right: { ...right, endpoint: "2001:db8::1" } }, "right.endpoint: is IPv6, and the left end's is IPv4"],
    ["a name that is none", { right: { ...right, endpoint: "cloud" } }, "right.endpoint: is neither an IP address nor a DNS name"],
    ["a name with an underscore", { right: { ...right, endpoint: "cloud_1.example.com" } }, "right.endpoint: is neither an IP address nor a DNS name"],
    ["an endpoint that is a mistyped address", { right: { ...right, endpoint: "198.51.100.256" } }, "right.endpoint: is neither an IP address nor a DNS name"],
    ["an identity with a quote", { right: { ...right, identity: 'a"b' } }, "right.identity: holds a character that IKE daemons read in different ways"],
    ["a gateway without room", { right: { ...right, kind: "closedGateway" } }, "right: makes no room for site connections"],
    ["IPv6 within a link that is too small", { left: exampleEnd({ outsideMtu: 1300 }) }, "left.outsideMtu: leaves 1218 bytes within the tunnel, and IPv6 needs 1280 (RFC 8200, 5)"],
    ["a broken cipher", { right: { ...right, proposals: { ...right.proposals, ike: ["3des-sha1-modp1024"] } } }, "right.proposals.ike[0]: holds 3des, which protects nothing any more"],
    ["a keyword that nobody knows", { right: { ...right, proposals: { ...right.proposals, esp: ["aes256gcm17"] } } }, 'right.proposals.esp[0]: holds "aes256gcm17", which is no keyword that is known here'],
    ["ML-KEM on a gateway", { left: exampleEnd({ proposals: cnsa2 }), right: { ...right, proposals: cnsa2 } }, "left.proposals.ike[0]: wants ML-KEM, which no gateway's strongSwan has: Debian 13's 6.0.1 and Ubuntu 24.04's 5.9.13 come without"],
    ["policies for all traffic", { mode: "policy", anySelectors: true }, "mode: would send every packet of the gateway into the tunnel, since the profile agrees on all traffic"],
    ["AES-GCM without a prf", { right: { ...right, proposals: { ...right.proposals, ike: ["aes256gcm16-ecp384"] } } }, "right.proposals.ike[0]: names no prf beside AES-GCM"],
  ])("%s", (_what, changes, said) => {
    expect(errors(changes)).toContain(said);
  });

  test("proposals with nothing in common: both lists, and the first suite that both could use", () => {
    const problems = validateSite(
      exampleSite({ right: { ...right, proposals: { ike: [...right.proposals.ike], esp: ["aes256-sha256-ecp256"] } } }),
    );
    expect(problemsText(problems, "The site connection x")).toBe(
      "The site connection x has 1 error.\n" +
        "  error right.proposals.esp: the two ends have no ESP proposal in common: office has aes256gcm16-x25519-ecp384-ecp256-esn-noesn; cloud has aes256-sha256-ecp256\n" +
        "    Both could use aes256-sha256-ecp256: add it to office's list.",
    );
  });

  test("several at once, in one answer", () => {
    expect(errors({ name: "-", mode: "x" as never, right: { ...right, networks: ["10.20.0.0/24"] } })).toHaveLength(3);
  });
});

describe("a pre-shared key", () => {
  test.each([
    ["", "preSharedKey: is empty"],
    ["a\nb", "preSharedKey: holds the control character U+000A"],
    ['quote"quote"quote"quote"', "preSharedKey: holds a quote, a backslash or what is not ASCII, which devices read in different ways"],
  ])("%j is refused without being shown", (key, said) => {
    expect(errors({}, key)).toEqual([said]);
  });
  test("a short one is warned of", () => {
    expect(validateSite(exampleSite(), { preSharedKey: "short" }).map(({ severity }) => severity)).toEqual(["warning"]);
  });
});
