import * as fc from "fast-check";
import { gatewayProblems, meshPrefixes, namesProblems, planMesh, privateSpace, type MeshGateway } from "../../../gateway/site/mesh";

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);
const names = fc.uniqueArray(label, { minLength: 2, maxLength: 14 });

describe("who is joined to whom", () => {
  test("each to each, or hubs to all", () => {
    expect(planMesh("wan", ["office", "cloud", "branch"]).map(({ name }) => name)).toEqual(["wan-cloud-to-office", "wan-branch-to-office", "wan-branch-to-cloud"]);
    expect(planMesh("wan", ["office", "cloud", "branch", "shop"], ["office"]).map(({ name }) => name)).toEqual(["wan-cloud-to-office", "wan-branch-to-office", "wan-office-to-shop"]);
    expect(planMesh("wan", ["a", "b", "c", "d"], ["a", "b"])).toHaveLength(5);
  });
  test("one more at the end changes no connection that was there", () => {
    fc.assert(fc.property(names, label, fc.boolean(), (all, more, hub) => {
      fc.pre(!all.includes(more));
      const hubs = hub ? [all[0]] : [];
      const before = planMesh("wan", all, hubs);
      expect(planMesh("wan", [...all, more], hubs).slice(0, before.length)).toEqual(before);
    }));
  });
  test("in another order the connections have the same names and ends", () => {
    fc.assert(fc.property(names, (all) => {
      const ends = (list: string[]) => planMesh("wan", list).map(({ name, left, right }) => `${name} ${list[left]} ${list[right]}`).sort();
      expect(ends([...all].reverse())).toEqual(ends(all));
    }));
  });
  test("no two connections have the same inside network, and names fit", () => {
    fc.assert(fc.property(names, (all) => {
      const plan = planMesh("a-mesh-with-a-long-name", all);
      expect(new Set(plan.map(({ link }) => link)).size).toBe(plan.length);
      expect(plan.every(({ name }) => /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name))).toBe(true);
    }));
  });
});

describe("refused", () => {
  const said = (problems: { path: string; message: string }[]) => problems.map(({ path, message }) => `${path}: ${message}`);
  test("names, all at once", () => {
    expect(said(namesProblems("Wan", ["office", "office", "Cloud"], { hubs: ["shop"], revoked: ["office", "Shop"] }))).toEqual([
      "name: is no name of a mesh",
      "gateways[1].name: is there twice",
      "gateways[2].name: is no name of a gateway",
      "hubs[0]: is no gateway of this mesh",
      "revoked[1]: is no gateway of this mesh",
      "revoked: is about certificates, and the gateways prove themselves by pre-shared keys",
    ]);
    expect(said(namesProblems("wan", ["office"]))).toEqual(["gateways: are too few to be joined"]);
    expect(said(namesProblems("wan", ["a", "b-to-c", "a-to-b", "c"]))).toEqual(["gateways: two connections would both be called wan-a-to-b-to-c"]);
    expect(said(namesProblems("wan", ["office", "cloud"], { hubs: [] }))).toEqual(["hubs: is empty: nobody would be joined to anybody"]);
    expect(namesProblems("wan", ["office", "cloud"], { hubs: ["office"], revoked: ["cloud"], authentication: "certificate" })).toEqual([]);
  });

  const gateway = (name: string, as: number, ...networks: string[]): MeshGateway => ({ name, as, networks, revokedSerials: [], looksAtLists: false });
  const space = { networks: privateSpace, shared: ["10.60.0.0/24"], mostPrefixes: meshPrefixes };
  const office = gateway("office", 4_200_000_001, "10.20.0.0/16", "fd20::/64");
  test("what a gateway has against those before it, also where the two are not joined", () => {
    expect(gatewayProblems([office, gateway("cloud", 4_200_000_002, "10.30.0.0/16", "fd30::/64")], space)).toEqual([]);
    expect(said(gatewayProblems([office, gateway("shop", 4_200_000_003, "10.40.0.0/24"), gateway("cloud", 4_200_000_001, "10.20.7.0/24", "198.18.0.0/24", "10.40.0.0/24")], space))).toEqual([
      "gateways[2].as: is the AS number of office, too",
      "gateways[2].networks[0]: overlaps 10.20.0.0/16 of office",
      "gateways[2].networks[1]: is outside of the mesh's networks: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7",
      "gateways[2].networks[2]: overlaps 10.40.0.0/24 of shop",
    ]);
  });
  test("the same network behind two is said on purpose or refused, and one within a shared one is refused", () => {
    const [one, other] = [gateway("one", 4_200_000_001, "10.60.0.0/24"), gateway("other", 4_200_000_002, "10.60.0.0/24")];
    expect(gatewayProblems([one, other], space)).toEqual([]);
    expect(gatewayProblems([one, other], { ...space, shared: [] })[0].remedy).toContain("name it in `sharedNetworks`");
    expect(said(gatewayProblems([one, gateway("other", 4_200_000_002, "10.60.0.128/25")], space))).toEqual(["gateways[1].networks[0]: overlaps 10.60.0.0/24 of one"]);
  });

  test("more networks of all together than a session may carry are said, where they become so", () => {
    const networks = (second: number, count: number) => Array.from({ length: count }, (_, index) => `10.${second}.${index}.0/24`);
    const gateways = [gateway("one", 4_200_000_001, ...networks(1, 60), "fd01::/64"), gateway("other", 4_200_000_002, ...networks(2, 60)), gateway("third", 4_200_000_003, ...networks(3, 1))];
    const few = { ...space, mostPrefixes: 100 };
    expect(gatewayProblems(gateways.slice(0, 1), few)).toEqual([]);
    expect(said(gatewayProblems(gateways.slice(0, 2), few))).toEqual(["gateways[1].networks: makes 120 IPv4 networks of all gateways together, which a neighbour may pass on, and a session that has more than 100 is shut"]);
    expect(gatewayProblems(gateways, few)).toEqual([]);
    expect(gatewayProblems(gateways.slice(0, 2), space)).toEqual([]);
  });

  describe("what is revoked is looked at", () => {
    const certificates = { ...space, authentication: "certificate" };
    const [branch, cloud, shop] = [gateway("branch", 4_200_000_002, "10.40.0.0/24"), gateway("cloud", 4_200_000_003, "10.30.0.0/24"), gateway("shop", 4_200_000_004, "10.50.0.0/24")];
    const looking = (one: MeshGateway) => ({ ...one, looksAtLists: true });
    const blind = "looks at no revocation list, so that it would go on letting in what is revoked";
    test("by each that is joined to the revoked one, and by nobody else", () => {
      const revoked = { ...certificates, revoked: ["shop"] };
      expect(said(gatewayProblems([office, branch, cloud, shop], revoked))).toEqual([0, 1, 2].map((index) => `gateways[${index}]: ${blind}`));
      expect(said(gatewayProblems([office, looking(branch), cloud, shop], revoked))).toEqual([0, 2].map((index) => `gateways[${index}]: ${blind}`));
      expect(gatewayProblems([office, branch, looking(cloud), shop], { ...revoked, hubs: ["cloud"] })).toEqual([]);
      expect(gatewayProblems([office, branch, cloud, shop], certificates)).toEqual([]);
    });
    test("whichever of the two comes first in the list", () => {
      expect(said(gatewayProblems([office, branch], { ...certificates, revoked: ["office"] }))).toEqual([`gateways[1]: ${blind}`]);
      expect(gatewayProblems([office, looking(branch)], { ...certificates, revoked: ["office"] })).toEqual([]);
    });
    test("a serial number by both ends, and it is one", () => {
      const again = { ...shop, revokedSerials: ["0A:1b", "serial"] };
      expect(said(gatewayProblems([office, looking(branch), again], certificates))).toEqual(["gateways[2].revokedSerials[1]: is no serial number of a certificate", `gateways[0]: ${blind}`, `gateways[2]: ${blind}`]);
      expect(gatewayProblems([looking(office), looking({ ...branch, revokedSerials: ["0A1b"] })], certificates)).toEqual([]);
      expect(said(gatewayProblems([looking(office), looking(again)], space))).toEqual(["gateways[1].revokedSerials: is about certificates, and the gateways prove themselves by pre-shared keys"]);
    });
  });
});
