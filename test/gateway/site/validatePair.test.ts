import type { SiteConnectionSpec, SiteEndSpec } from "../../../gateway/site/spec";
import { validateSite } from "../../../gateway/site/validate";
import { exampleBgpSite, exampleEnd, examplePairEnd, exampleSite } from "./specs";

const said = (spec: SiteConnectionSpec) => validateSite(spec).map(({ severity, path, message }) => `${severity} ${path}: ${message}`);
const right = { ...exampleSite().right, networks: ["10.30.0.0/24"] };
const joined = (left: SiteEndSpec, changes: Partial<SiteConnectionSpec> = {}) => exampleSite({ left, right, ...changes });
const member = exampleEnd({ name: "office-1", networks: ["10.20.0.0/24"], machines: "member", localAddresses: ["192.0.2.12"] });

describe("a pair as one end", () => {
  test("has no problem, nor have two pairs, nor a member with BGP", () => {
    expect(said(joined(examplePairEnd))).toEqual([]);
    expect(said(joined(examplePairEnd, { mode: "policy" }))).toEqual([]);
    expect(said(joined(examplePairEnd, { right: { ...right, machines: "pair", localAddresses: ["198.51.100.20", "198.51.100.20"] } }))).toEqual([]);
    expect(said(exampleBgpSite({}, { left: member, right }))).toEqual([]);
  });

  test.each<[string, SiteConnectionSpec, string]>([
    ["a pair without an address that moves", joined({ ...examplePairEnd, localAddresses: [] }), "error left: has no address that stays, whichever of its machines is active"],
    ["one machine of the two", joined({ ...examplePairEnd, localAddresses: ["10.76.0.11"] }), "error left: is one of the two machines that are an end together"],
    ["what is no address", joined({ ...examplePairEnd, localAddresses: ["10.76.0.11", "fd00::1"] }), "error left: is not the IPv4 address of a machine of a pair"],
    ["BGP with whichever is active", exampleBgpSite({}, { left: examplePairEnd, right }), "error routing: is between machines that stay, and the active one of office may be another the next moment"],
    ["a segment of Ethernet", joined(examplePairEnd, { layerTwo: { link: "169.254.64.6/31" } }), "error layerTwo: would bridge both machines of office with one segment"],
    ["a member without BGP", joined(member), "error left: is one machine of a pair, and without BGP nobody would learn that it is dead"],
    ["an endpoint of IPv6", joined({ ...examplePairEnd, endpoint: "2001:db8:1::11" }, { right: { ...right, endpoint: "2001:db8:12::11" } }), "error left.endpoint: is IPv6, and a pair has IPv4 outside"],
    ["networks of IPv6", joined({ ...examplePairEnd, networks: ["10.20.0.0/24", "fd20::/64"] }, { right: exampleSite().right }), "warning left.networks: hosts behind office find its active machine by an address that moves, and only an IPv4 one does"],
  ])("%s", (_what, spec, expected) => {
    expect(said(spec)).toEqual([expected]);
  });
});
