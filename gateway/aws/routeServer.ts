import { asProblems } from "../site/validateBgp";
import type { GatewaySpec } from "../spec";
import { error, type Problem } from "../validate/problem";

/** What a VPC's route server is to be; undefined is what a preview does not know yet. */
export interface RouteServerFacts {
  as?: number;
  gatewayAs?: number;
  endpoints: number;
  /** Route tables that are named. */
  tables: number;
}

/** A private AS number of 2 bytes (RFC 6996), as AWS recommends; another than those that gateways have by their names. */
export const usualRouteServerAs = 64_512;

/** What is wrong with a route server beside the gateway that it is for. `made`: the gateway's network is made with it. */
export function routeServerProblems(spec: GatewaySpec, facts: RouteServerFacts | undefined, access: string, made: boolean): Problem[] {
  if (facts === undefined) return [];
  const problems: Problem[] = [];
  const path = "routeServer";
  if (!spec.bgp) problems.push(error(path, undefined, "is told what site connections have learned by BGP, and the gateway speaks none", "Give it `sites: { enabled: true, bgp: true }`."));
  if (access !== "ssh") problems.push(error(path, undefined, `has nothing to be told: site connections are pushed by SSH, and the way in is ${access}`, 'Use access "ssh", or leave it out.'));
  if (facts.tables === 0 && !made) problems.push(error(`${path}.routeTableIds`, {}, "names no route table, so that nothing would follow what is learned", "Name those of the subnets whose machines are to reach the other sites."));
  // EC2 takes more; a second one is for the first one's failure.
  if (!Number.isInteger(facts.endpoints) || facts.endpoints < 1 || facts.endpoints > 2) problems.push(error(`${path}.endpoints`, facts.endpoints, "is neither 1 nor 2", "Leave it out for two."));
  if (facts.as !== undefined) problems.push(...asProblems(`${path}.as`, facts.as));
  if (facts.gatewayAs !== undefined) problems.push(...asProblems(`${path}.gatewayAs`, facts.gatewayAs));
  if (facts.as !== undefined && facts.as === facts.gatewayAs) problems.push(error(`${path}.as`, facts.as, "is the gateway's own, too", "Give the route server another: the two speak BGP between two AS numbers."));
  return problems;
}
