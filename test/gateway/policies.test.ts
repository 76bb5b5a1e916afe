import { renderPolicies } from "../../gateway/render/policies";
import { renderUsers } from "../../gateway/render/users";
import { renderReadableParts } from "../../gateway/renderBundle";
import type { GatewaySpec } from "../../gateway/spec";
import { chainOf } from "../../gateway/users";
import { validateSpec } from "../../gateway/validate";
import { nftChain } from "./nftChain";
import { exampleSpec, goldenSpecs } from "./specs";

const spec = goldenSpecs.policies;

const chain = (of: GatewaySpec, name: string) => nftChain(renderPolicies(of), name);

test("only what is of a known session passes, whoever begins", () => {
  expect(chain(spec, "deciding")).toEqual([
    "type filter hook forward priority filter + 10; policy accept;",
    "ct direction reply accept",
    'iifname "ppp*" meta iif . ip saddr vmap @l2tp4',
    "meta ipsec exists ip saddr vmap @ikev2_4",
    "ip saddr @clients4 counter drop",
  ]);
});

test("a user's chain: the groups, what is theirs alone, the name servers, and nothing else", () => {
  expect(chain(spec, chainOf("alice"))).toEqual([
    "jump group_web_only",
    "ip daddr { 10.20.9.0/24 } accept",
    "ip daddr { 10.20.0.53/32, 9.9.9.9/32 } meta l4proto { tcp, udp } th dport 53 accept",
    "counter drop",
  ]);
  expect(chain(spec, "group_web_only")).toEqual(["ip daddr { 10.20.0.0/24 } tcp dport { 80, 8000-8010 } accept"]);
  expect(renderPolicies(spec)).not.toContain(chainOf("bob@example.com"));
});

test("the gateway learns which chain is whose", () => {
  expect(renderUsers(spec)).toBe(`{"name":"alice","policy":"${chainOf("alice")}"}\n"bob@example.com"\n`);
});

test("a user's name cannot leave its comment", () => {
  const name = 'x" } flush ruleset #';
  const text = renderPolicies(exampleSpec({ users: [{ name, reach: [{ networks: ["10.20.0.0/24"] }] }] }));
  expect(text.split("\n").filter((line) => line.includes("flush ruleset"))).toEqual([`    # User ${JSON.stringify(name)}.`]);
});

test("without groups, reach and accounting there is no table; with accounting one in which everybody may do all", () => {
  const paths = (changes: object) => renderReadableParts(exampleSpec(changes))[1].files.map(({ path }) => path);
  expect(paths({})).toEqual(["/etc/vpn-gateway/users"]);
  expect(paths({ accounting: true })).toEqual(expect.arrayContaining(["/etc/vpn-gateway/policies.nft", "/etc/systemd/system/vpn-gateway-policies.service"]));
  expect(renderReadableParts(exampleSpec({ accounting: true }))[0]).toEqual(renderReadableParts(exampleSpec())[0]);
});

const reach = [{ networks: ["10.20.0.0/24"] }];
test.each<[string, object, RegExp]>([
  ["an unknown group", { users: [{ name: "a", groups: ["staff"] }] }, /users\[0\]\.groups\[0\]: is no group/],
  ["a group twice", { groups: [{ name: "a", reach }, { name: "a", reach }] }, /groups\[1\]\.name: is the name of groups\[0\] already/],
  ["a name that nft could not carry", { groups: [{ name: "Staff 1", reach }] }, /groups\[0\]\.name: is not a name/],
  ["a group that reaches nothing", { groups: [{ name: "a", reach: [] }] }, /groups\[0\]\.reach: reaches nothing/],
  ["networks that are none", { groups: [{ name: "a", reach: [{ networks: [] }] }] }, /groups\[0\]\.reach\[0\]\.networks: reaches nothing/],
  ["no port at all", { groups: [{ name: "a", reach: [{ networks: ["10.20.0.0/24"], tcp: [] }] }] }, /names no port of TCP and none of UDP/],
  ["a port that is none", { groups: [{ name: "a", reach: [{ networks: ["10.20.0.0/24"], tcp: ["http"] }] }] }, /reach\[0\]\.tcp\[0\]: is neither a port/],
  ["ports the wrong way round", { groups: [{ name: "a", reach: [{ networks: ["10.20.0.0/24"], udp: ["20-10"] }] }] }, /reach\[0\]\.udp\[0\]/],
  ["a network with host bits", { groups: [{ name: "a", reach: [{ networks: ["10.20.0.1/24"] }] }] }, /has bits set behind the prefix/],
  ["a network that the split tunnel does not lead to", { tunnel: "split", groups: [{ name: "a", reach: [{ networks: ["192.168.9.0/24"] }] }] }, /is in no network that a split tunnel leads to/],
  ["an empty list of groups", { users: [{ name: "a", groups: [] }] }, /users\[0\]\.groups: lets the user reach nothing/],
])("%s is an error", (_, changes, expected) => {
  const found = validateSpec(exampleSpec(changes)).filter(({ severity }) => severity === "error");
  expect(found.map(({ path, message }) => `${path}: ${message}`).join("\n")).toMatch(expected);
});
