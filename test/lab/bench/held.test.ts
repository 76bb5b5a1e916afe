import { beyond, elements, heldScript, planted, readHeld, sum } from "../../../lab/bench/held";

const table = "vpn_gateway_users";
/** As `nft -j list ruleset` of nftables 1.1 has sets: elements bare, with an expression, or as pairs in a map. */
const ruleset = (from: unknown[], l2tp: unknown[]) =>
  JSON.stringify({
    nftables: [
      { metainfo: { version: "1.1.3", json_schema_version: 1 } },
      { table: { family: "inet", name: table, handle: 3 } },
      { set: { family: "inet", name: "from4", table, type: "ipv4_addr", handle: 4, ...(from.length > 0 ? { elem: from } : {}), stmt: [{ counter: null }] } },
      { map: { family: "inet", name: "l2tp4", table, type: ["iface_index", "ipv4_addr"], handle: 5, map: "verdict", ...(l2tp.length > 0 ? { elem: l2tp } : {}) } },
      { rule: { family: "inet", table, chain: "c", handle: 9, expr: [{ match: { op: "==", left: {}, right: { set: ["80", "443"] } } }] } },
    ],
  });
const counters = (address: string) => ({ elem: { val: address, counter: { packets: 1, bytes: 84 } } });

describe("what a gateway holds", () => {
  it("counts elements, not sets that have any", () => {
    const one = elements(ruleset([counters("10.77.1.5")], []));
    const two = elements(ruleset([counters("10.77.1.5"), counters("10.77.1.6")], [[{ concat: ["ppp0", "10.77.1.5"] }, { accept: null }]]));
    expect(one).toEqual({ [`elements of ${table} from4`]: 1, [`elements of ${table} l2tp4`]: 0 });
    expect(beyond(one, two)).toEqual({ [`elements of ${table} from4`]: 1, [`elements of ${table} l2tp4`]: 1 });
  });

  it("does not let one that shrinks hide one that grows", () => {
    const before = elements(ruleset([counters("10.77.1.5"), counters("10.77.1.6")], []));
    const after = elements(ruleset([], [[{ concat: ["ppp0", "10.77.1.5"] }, { accept: null }]]));
    expect(sum(beyond(before, after))).toBe(1);
    expect(beyond(after, after)).toEqual({});
  });

  const said = (counts: string, connections = "") => `${counts}-- \n${ruleset([], [])}\n-- \n${connections}`;
  const kinds = [...heldScript.matchAll(/^echo "([^=]+)=/gm)].map(([, what]) => what);
  const all = kinds.map((what) => `${what}=1\n`).join("");

  it("has L2TP's connections and clients' apart", () => {
    const line = (source: string, port: number) => `ipv4     2 udp      17 29 src=${source} dst=192.0.2.11 sport=1701 dport=${port} src=192.0.2.11 dst=${source} sport=${port} dport=1701 mark=0 use=2\n`;
    const inner = "ipv4     2 icmp     1 29 src=10.77.1.5 dst=10.20.0.10 type=8 code=0 id=3 src=10.20.0.10 dst=10.77.1.5 type=0 code=0 id=3 mark=0 use=2\n";
    expect(readHeld(said(all, line("198.51.100.2", 1701) + inner))).toMatchObject({ "conntrack entries of UDP 1701": 1, "conntrack entries of clients": 1, "descriptors of the keeper": 1 });
  });

  it("is an error where a kind could not be counted", () => {
    expect(() => readHeld(said(all.replace("descriptors of the keeper=1\n", "descriptors of the keeper=\n")))).toThrow("descriptors of the keeper could not be counted");
    expect(() => readHeld(said(all.replace("states=1\n", "")))).toThrow("states could not be counted");
  });

  it("is asked for by the name that what is planted has", () => {
    const known = new Set([...kinds, "conntrack entries of UDP 1701"]);
    expect(Object.keys(planted.what).filter((what) => !known.has(what) && !what.startsWith("elements of "))).toEqual([]);
    for (const what of Object.keys(planted.what).filter((one) => one.startsWith("elements of ")))
      expect(planted.plant).toContain(`nft add element inet ${what.replace("elements of ", "")} '{ `);
  });
});
