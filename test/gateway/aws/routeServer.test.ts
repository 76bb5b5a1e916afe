import { routeServerProblems, usualRouteServerAs, type RouteServerFacts } from "../../../gateway/aws/routeServer";
import { ingressRules } from "../../../gateway/aws/securityGroup";
import type { GatewaySpec } from "../../../gateway/spec";
import { exampleSpec } from "../specs";

const facts: RouteServerFacts = { as: usualRouteServerAs, gatewayAs: 4_200_000_001, endpoints: 2, tables: 1 };
const told = (changes: Partial<RouteServerFacts> = {}, spec: Partial<GatewaySpec> = {}, access = "ssh", made = false) =>
  routeServerProblems(exampleSpec({ sites: true, bgp: true, ...spec }), { ...facts, ...changes }, access, made).map(({ severity, path, message }) => `${severity} ${path}: ${message}`);

test("a good one has nothing against it, nor has what is not known yet, nor none", () => {
  expect(told()).toEqual([]);
  expect(told({ as: undefined, gatewayAs: undefined })).toEqual([]);
  expect(told({ tables: 0 }, {}, "ssh", true)).toEqual([]);
  expect(routeServerProblems(exampleSpec(), undefined, "ssh", false)).toEqual([]);
});

const bad: [string, Parameters<typeof told>, RegExp][] = [
  ["a gateway that speaks no BGP", [{}, { bgp: undefined }], /^error routeServer: is told .* and the gateway speaks none/],
  ["a way in that pushes no site connection", [{}, {}, "systemsManager"], /^error routeServer: has nothing to be told/],
  ["no route table in a subnet that is given", [{ tables: 0 }], /^error routeServer.routeTableIds: names no route table/],
  ["three endpoints", [{ endpoints: 3 }], /^error routeServer.endpoints: is neither 1 nor 2/],
  ["half an endpoint", [{ endpoints: 1.5 }], /^error routeServer.endpoints/],
  ["an AS number that nobody has", [{ as: 23_456 }], /^error routeServer.as: is no AS number/],
  ["somebody's AS number", [{ gatewayAs: 15_169 }], /^warning routeServer.gatewayAs: is not of the ranges for private use/],
  ["the same at both ends", [{ gatewayAs: usualRouteServerAs }], /^error routeServer.as: is the gateway's own, too/],
];
test.each(bad)("%s", (_, given, expected) => {
  expect(told(...given)).toEqual([expect.stringMatching(expected)]);
});

test("the group lets BGP and BFD in from the endpoints alone", () => {
  const plan = { peers: ["0.0.0.0/0"], administrators: [], sshPort: 22, l2tpOutsideIpsec: false };
  const more = ingressRules({ ...plan, routeServer: ["10.76.0.5", "10.76.0.6"] }).filter((rule) => !ingressRules(plan).some(({ description }) => description === rule.description));
  expect(more.map(({ protocol, fromPort, toPort, cidrBlocks, ipv6CidrBlocks }) => [protocol, fromPort, toPort, cidrBlocks, ipv6CidrBlocks])).toEqual([
    ["tcp", 179, 179, ["10.76.0.5/32", "10.76.0.6/32"], []],
    ["udp", 3784, 3784, ["10.76.0.5/32", "10.76.0.6/32"], []],
  ]);
});
