import { paths } from "../../gateway/platforms";
import { renderFirewall } from "../../gateway/render/nftables";
import { renderChapSecrets, renderPppd } from "../../gateway/render/pppd";
import { renderConnections, renderEapSecrets } from "../../gateway/render/swanctl";
import { renderUserConnections } from "../../gateway/render/userConnections";
import { renderUsers } from "../../gateway/render/users";
import { renderReadableParts } from "../../gateway/renderBundle";
import type { UserSpec } from "../../gateway/spec";
import { moment } from "../../gateway/users";
import { validateSpec } from "../../gateway/validate";
import { readPppWords, readStrongswanConf, type Tree } from "./formats/readers";
import { exampleSecrets, exampleSpec, goldenSpecs } from "./specs";

const pools = { l2tp: { pool: "10.77.1.0/24", fixedPool: "10.77.3.0/24" }, ikev2: { pool: "10.77.2.0/24", fixedPool: "10.77.4.0/24" } };
const fixed = goldenSpecs["fixed-addresses"];

/** Errors of a spec whose users have these options, as `path: message`. */
function errors(users: object[], changes: object = pools): string[] {
  const spec = exampleSpec({ ...changes, users: users.map((user, index) => ({ name: `u${index}`, ...user })) as UserSpec[] });
  return validateSpec(spec).filter(({ severity }) => severity === "error").map(({ path, message }) => `${path}: ${message}`);
}

test.each<[string, object[], RegExp]>([
  ["a date that is none", [{ validUntil: "next week" }], /^users\[0\]\.validUntil: is not a date and time/],
  ["a date without a zone", [{ validUntil: "2026-12-31T18:00:00" }], /^users\[0\]\.validUntil: is not/],
  ["31 February", [{ validUntil: "2026-02-31T18:00:00Z" }], /^users\[0\]\.validUntil: is not/],
  ["an unknown protocol", [{ protocols: ["pptp"] }], /^users\[0\]\.protocols\[0\]: is no protocol/],
  ["no protocol", [{ protocols: [] }], /^users\[0\]\.protocols: lets the user in by none/],
  ["one address for two", [{ ikev2Address: "10.77.4.5" }, { ikev2Address: "10.77.4.5" }], /^users\[1\]\.ikev2Address: is users\[0\]\.ikev2Address already/],
  ["an address outside", [{ l2tpAddress: "10.77.1.5" }], /^users\[0\]\.l2tpAddress: is outside of l2tp\.fixedPool \(10\.77\.3\.0\/24\)/],
  ["the broadcast address", [{ l2tpAddress: "10.77.3.255" }], /^users\[0\]\.l2tpAddress: is the network's or the broadcast address/],
  ["an address with a prefix", [{ l2tpAddress: "10.77.3.5/32" }], /^users\[0\]\.l2tpAddress: is not an IPv4 address/],
  ["an address of a protocol that the user has not", [{ protocols: ["ikev2"], l2tpAddress: "10.77.3.5" }], /by which this user is not let in/],
  ["IPv6 alone", [{ ikev2Address6: "fd77::5" }], /^users\[0\]\.ikev2Address6: stands without an ikev2Address/],
  ["a name server by name", [{ protocols: ["l2tp"], dns: ["dns.example.com"] }], /^users\[0\]\.dns\[0\]: is not an IP address/],
  ["name servers that IKEv2 cannot tell", [{ dns: ["10.20.0.9"] }], /^users\[0\]\.dns: cannot be told by IKEv2 without an ikev2Address/],
  ["routes that nobody can be told", [{ routes: ["10.20.0.0/16"] }], /^users\[0\]\.routes: needs an ikev2Address/],
])("%s is an error", (_, users, expected) => {
  expect(errors(users).join("\n")).toMatch(expected);
});

test("a fixed address needs a fixed pool, and that one room of its own", () => {
  expect(errors([{ l2tpAddress: "10.77.1.5" }], {})[0]).toMatch(/^users\[0\]\.l2tpAddress: needs l2tp\.fixedPool/);
  expect(errors([], { l2tp: { pool: "10.77.1.0/24", fixedPool: "10.77.1.128/25" } })[0]).toMatch(/^l2tp\.pool: overlaps l2tp\.fixedPool/);
  expect(errors([], { ikev2: { pool: "10.77.2.0/24", fixedPool6: "fd77::/64" } })[0]).toMatch(/^ikev2\.fixedPool6: stands without/);
});

test("everything wrong with users is said at once", () => {
  const users = [{ ikev2Address: "10.77.4.5", validUntil: "x" }, { ikev2Address: "10.77.4.5", l2tpAddress: "10.9.9.9" }];
  expect(errors(users)).toHaveLength(3);
});

test("a moment has its zone, and is written in UTC", () => {
  expect(moment("2027-01-01T00:00:00+01:00")).toBe(Date.UTC(2026, 11, 31, 23));
  expect(moment("2028-02-29T10:00Z")).toBe(Date.UTC(2028, 1, 29, 10));
  expect(moment("2027-02-29T10:00Z")).toBeUndefined();
  expect(renderUsers(fixed)).toContain('{"name":"carol","validUntil":"2026-12-31T23:00:00Z"}');
});

test("whoever has no option is a line as before, and a suspended user changes the list alone", () => {
  expect(renderUsers({ users: [{ name: "alice", suspended: false }] })).toBe('"alice"\n');
  const spec = exampleSpec();
  const suspended = exampleSpec({ users: [{ name: "alice", suspended: true }, { name: "bob@example.com" }] });
  expect(renderReadableParts(suspended)[0]).toEqual(renderReadableParts(spec)[0]);
  const secrets = exampleSecrets(spec);
  expect(renderEapSecrets(suspended, secrets)).toBe(renderEapSecrets(spec, secrets));
});

test("pppd is told the address and the name servers of the one user", () => {
  const lines = readPppWords(renderChapSecrets(fixed, fixed.l2tp!, exampleSecrets(fixed)));
  expect(lines.map(([client, , , ...rest]) => [client, ...rest])).toEqual([
    ["alice", "10.77.3.50", "--", "ms-dns", "10.20.0.54"],
    ["carol", "10.77.1.0/24", "--", "ms-dns", "10.20.0.53", "ms-dns", "9.9.9.9"],
  ]);
  expect(renderPppd(fixed)).not.toContain("ms-dns");
});

test("charon asks for the name first, then looks for the user's own connection, then takes everybody's", () => {
  const base = readStrongswanConf(renderConnections(fixed)).connections as Record<string, Tree>;
  const own = readStrongswanConf(renderUserConnections(fixed, fixed.ikev2!)) as { connections: Record<string, Tree>; pools: Record<string, Tree> };
  const remote = (tree: Tree) => tree.remote as Tree;
  const longest = (tree: Tree) => Math.max(...String(tree.remote_addrs).split(", ").map((text) => Number(text.split("/")[1] ?? 0)));
  expect(remote(base["ikev2-ask"])).toMatchObject({ eap_id: "%any", groups: "nobody" });
  expect(remote(base.ikev2)).toEqual({ auth: "eap-mschapv2", id: "%any", eap_id: "%any" });
  expect(Object.keys(own.connections)).toEqual(["ikev2-alice", "ikev2-bob_40example_2ecom"]);
  expect(remote(own.connections["ikev2-alice"])).toMatchObject({ eap_id: "alice" });
  expect([base["ikev2-ask"], own.connections["ikev2-alice"], base.ikev2].map(longest)).toEqual([2, 1, 0]);
  const children = own.connections["ikev2-alice"].children as Record<string, Tree>;
  expect(children["ikev2-alice"].local_ts).toBe("10.20.0.0/16");
  expect(own.connections["ikev2-alice"].unique).toBe("replace");
  expect(own.pools["user4-alice-1"]).toEqual({ addrs: "10.77.4.50/32", dns: "10.20.0.54", subnet: "10.20.0.0/16" });
  expect(own.pools["user4-alice-2"]).toEqual({ addrs: "10.77.4.50/32" });
});

test("fixed addresses are clients' addresses to the firewall, and are not halved in a pair", () => {
  expect(renderFirewall(fixed)).toMatch(/set clients4 \{[^}]*10\.77\.3\.0\/24, 10\.77\.4\.0\/24/);
  const pair = { ...fixed, pair: goldenSpecs["pair-floating"].pair };
  expect(renderUserConnections(pair, pair.ikev2!)).toBe(renderUserConnections(fixed, fixed.ikev2!));
});

test("a keeper is there only where somebody has an end or an L2TP address", () => {
  const services = (user: Partial<UserSpec>) => renderReadableParts(exampleSpec({ ...pools, users: [{ name: "alice", ...user }] }))[1].services;
  expect(services({})).toEqual([]);
  expect(services({ suspended: true, ikev2Address: "10.77.4.5" })).toEqual([]);
  expect(services({ validUntil: "2027-01-01T00:00:00Z" })).toEqual(["vpn-gateway-keeper.service"]);
  expect(services({ l2tpAddress: "10.77.3.5" })).toEqual(["vpn-gateway-keeper.service"]);
});

test("metrics need the keeper and nothing else, whose coming restarts no daemon", () => {
  const [plainBase, plain] = renderReadableParts(exampleSpec({ users: [{ name: "alice" }] }));
  const [base, users] = renderReadableParts(exampleSpec({ users: [{ name: "alice" }], metrics: true }));
  expect(base).toEqual(plainBase);
  expect(users.services).toEqual(["vpn-gateway-keeper.service"]);
  expect(users.files.map(({ path }) => path).filter((path) => !plain.files.some((one) => one.path === path))).toEqual([paths.keeperUnit]);
  expect(plain.files.every((file) => users.files.some((one) => one.path === file.path && one.content === file.content))).toBe(true);
});

test("a split tunnel leads to the user's own name server, and says so", () => {
  const users = [{ name: "alice", ikev2Address: "10.77.4.5", dns: ["8.8.4.4"] }, { name: "bob", ikev2Address: "10.77.4.6" }];
  const spec = exampleSpec({ ...pools, tunnel: "split", users });
  const { connections, pools: given } = readStrongswanConf(renderUserConnections(spec, spec.ikev2!)) as Record<string, Tree>;
  const selectors = (name: string) => ((connections[name] as Tree).children as Record<string, Tree>)[name].local_ts;
  expect([selectors("ikev2-alice"), selectors("ikev2-bob")]).toEqual(["10.20.0.0/16, 8.8.4.4/32", "10.20.0.0/16, 9.9.9.9/32"]);
  expect(given["user4-alice-1"]).toMatchObject({ dns: "8.8.4.4", subnet: "10.20.0.0/16, 8.8.4.4/32" });
});
