import { rateOf } from "../../gateway/rates";
import { rateModules, renderRates, renderRateSettings } from "../../gateway/render/rates";
import { renderUsers } from "../../gateway/render/users";
import { renderReadableParts } from "../../gateway/renderBundle";
import type { GatewaySpec } from "../../gateway/spec";
import { validateSpec } from "../../gateway/validate";
import { nftChain } from "./nftChain";
import { exampleSpec, goldenSpecs } from "./specs";

const alice = { name: "alice", rate: { downMegabits: 20, upMegabits: 2.5 } };
const one = exampleSpec({ users: [alice, { name: "bob" }] });
const together = goldenSpecs.rates;

const chain = (of: GatewaySpec, name: string) => nftChain(renderRates(of), name);

test("what comes from a client is marked after the firewall, and its connection for what comes back", () => {
  expect(chain(one, "telling")).toEqual([
    "type filter hook forward priority filter + 20; policy accept;",
    "ip saddr @clients4 ip daddr @clients4 accept",
    "ip saddr @clients4 goto from4",
    "ip daddr @clients4 goto to4",
  ]);
  expect(chain(one, "from4")).toEqual([
    "ct mark set ip saddr map @rated4",
    "meta mark set ip saddr map @rated4 accept",
    "ct mark & 0xffff0000 == 0x52400000 ct mark set 0",
  ]);
  expect(chain(one, "to4")).toEqual(["ct mark set ip daddr map @rated4 accept", "ct mark & 0xffff0000 == 0x52400000 ct mark set 0"]);
});

test("nothing but the queue knows the mark: it is gone before anything else looks", () => {
  expect(chain(one, "waited")).toEqual(["type filter hook prerouting priority raw - 10; policy accept;", "meta mark & 0xffff0000 == 0x52400000 meta mark set 0"]);
});

test("with an uplink those without a rate wait in a queue of their own; into a site's tunnel nobody waits", () => {
  expect(chain(together, "from6")).toEqual([
    "ct mark set ip6 saddr map @rated6",
    "rt ipsec exists accept",
    'oifname "st-*" accept',
    "meta mark set ip6 saddr map @rated6 accept",
    "ct mark set 0x52400001 meta mark set 0x52400001",
  ]);
  expect(JSON.parse(renderRateSettings(together))).toEqual({ pools: ["10.77.1.0/24", "10.77.2.0/24", "fd77:2::/64"], uplink: { down: 100_000, up: 40_000 } });
  expect(JSON.parse(renderRateSettings(one))).toEqual({ pools: ["10.77.1.0/24", "10.77.2.0/24"] });
});

test("the list of users says each one's rate in kbit/s, the group's where they have none", () => {
  expect(renderUsers(one)).toBe('{"name":"alice","rate":{"down":20000,"up":2500}}\n"bob"\n');
  expect(renderUsers(together)).toContain('"rate":{"down":2000}}');
});

test("of several groups the highest counts, in each way by itself; one's own before any", () => {
  const groups = [{ name: "a", reach: [], rate: { downMegabits: 5 } }, { name: "b", reach: [], rate: { downMegabits: 3, upMegabits: 2 } }, { name: "c", reach: [] }];
  expect(rateOf({ groups }, { name: "x", groups: ["a", "b", "c"] })).toEqual({ downMegabits: 5, upMegabits: 2 });
  expect(rateOf({ groups }, { name: "x", groups: ["a"], rate: { upMegabits: 1 } })).toEqual({ upMegabits: 1 });
  expect(rateOf({ groups }, { name: "x", groups: ["c"] })).toBeUndefined();
});

test("a rate changes no part but users', and there a line", () => {
  const [base, users] = renderReadableParts(one);
  const [otherBase, otherUsers] = renderReadableParts(exampleSpec({ users: [{ ...alice, rate: { downMegabits: 4 } }, { name: "bob" }] }));
  expect(base).toEqual(renderReadableParts(exampleSpec({ users: [{ name: "alice" }, { name: "bob" }] }))[0]);
  expect(otherBase).toEqual(base);
  expect(otherUsers.files.slice(1)).toEqual(users.files.slice(1));
  expect(users.modules).toEqual(rateModules);
  expect(users.services).toEqual(["vpn-gateway-rates.service", "vpn-gateway-keeper.service"]);
});

test("DSCP is hidden where that is asked for, and else strongSwan's own default shows it", () => {
  const connections = (spec: GatewaySpec) => renderReadableParts(spec)[0].files.find(({ path }) => path === "/etc/swanctl/conf.d/vpn-gateway.conf")!.content;
  expect(connections(together)).toMatch(/mode = tunnel[\s\S]*copy_dscp = no/);
  expect(connections(exampleSpec({ dscp: "keep" }))).toBe(connections(exampleSpec()));
});

const rate = (value: unknown) => ({ users: [{ name: "a", rate: value }] });
test.each<[string, object, RegExp]>([
  ["0", rate({ downMegabits: 0 }), /error users\[0\]\.rate\.downMegabits: is not a number of Mbit\/s above 0/],
  ["a text", rate({ upMegabits: "fast" }), /error users\[0\]\.rate\.upMegabits: is not a number/],
  ["no way at all", rate({}), /error users\[0\]\.rate: bounds neither way/],
  ["nothing", rate(null), /error users\[0\]\.rate: is no rate/],
  ["so little that TCP stands", rate({ downMegabits: 0.05 }), /error users\[0\]\.rate\.downMegabits: .*would take 240 ms/],
  ["so little that voice waits", rate({ downMegabits: 0.5 }), /warning users\[0\]\.rate\.downMegabits: makes voice wait: .*24 ms/],
  ["more than a machine forwards", rate({ downMegabits: 1e6 }), /error users\[0\]\.rate\.downMegabits: is more than 10000/],
  ["a group's", { groups: [{ name: "g", reach: [{ networks: ["10.20.0.0/16"] }], rate: { upMegabits: -1 } }], users: [{ name: "a", groups: ["g"] }] }, /error groups\[0\]\.rate\.upMegabits/],
  ["more than the uplink", { ...rate({ upMegabits: 20 }), uplink: { upMegabits: 10 } }, /warning users\[0\]\.rate\.upMegabits: is more than the uplink's 10/],
  ["an uplink of nothing", { uplink: { downMegabits: NaN } }, /error uplink\.downMegabits/],
  ["an uplink without clients", { uplink: { downMegabits: 5 }, l2tp: undefined, ikev2: undefined, sites: true, users: [] }, /error uplink: is for clients/],
  ["an unknown word for DSCP", { dscp: "drop" }, /error dscp: is not a way/],
  ["more users than memory", { users: Array.from({ length: 201 }, (_, index) => ({ name: `u${index}`, rate: { downMegabits: 2 } })) }, /warning users: may need about 2 MiB/],
])("refused or warned of: a rate of %s", (_, changes, expected) => {
  const found = validateSpec(exampleSpec(changes as Partial<GatewaySpec>));
  expect(found.map(({ severity, path, message }) => `${severity} ${path}: ${message}`).join("\n")).toMatch(expected);
});

test("twin: good rates are none of that", () => {
  expect(validateSpec(one)).toEqual(validateSpec(exampleSpec({ users: [{ name: "alice" }, { name: "bob" }] })));
});
