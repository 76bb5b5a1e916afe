import { labAddresses, labClouds, pairAddresses } from "./networks";
import { otherMember, Pair, type Member } from "./pair";
import { sleep } from "./progress";
import { betweenSites, Sites } from "./sites";
import type { Lab } from "./scenarios/lab";
import type { PingResult } from "./world";

/** The program that makes a pair in one cloud, a gateway in another, and what is between them. */
export const pairSiteProgram = "lab-pair-site";

/** The pair's hosts and the branch's. */
export const [office, branch] = labClouds;
/** The gateway that is not the pair's, counted as `Sites` does. */
export const branchGateway = 3;
/** The world's cards at the outer wires of the pair's machines and the branch's. */
const outerCards = ["wan0", "wan1", "wan2"] as const;

/** A pair as one end of a site connection, and a gateway as the other. */
export class PairSiteLab extends Sites {
  readonly pair: Pair;

  constructor(lab: Lab) {
    super(lab);
    this.pair = new Pair(lab);
  }

  /** Watches all outer wires for what should be in a tunnel; `watched` tells. */
  async watch(): Promise<void> {
    for (const card of outerCards) await this.lab.world.captureStart(`clear-${card}`, betweenSites, card);
  }
  async watched(): Promise<{ packets: number; first: string[] }> {
    const seen = [];
    for (const card of outerCards) seen.push(await this.lab.world.captureStop(`clear-${card}`));
    return { packets: seen.reduce((sum, { packets }) => sum + packets, 0), first: seen.flatMap(({ first }) => first) };
  }

  /** SAs of a connection that a machine has, as swanctl lists them. */
  associations(gateway: number, connection: string): Promise<string> {
    return this.must(gateway, `swanctl --list-sas --ike site-${connection}`);
  }

  /** Asks one machine of the pair at its own address, with the very identities and key of the connection: what IKE says. */
  async dialOwnAddress(member: Member, connection: string): Promise<string> {
    const address = pairAddresses[member - 1].outside;
    const twin = "/etc/swanctl/conf.d/zz-twin.conf";
    const made = `sed -e "s/site-${connection} {/twin {/" -e "s/ ${connection} {/ twin {/" -e "s/remote_addrs = .*/remote_addrs = ${address}/" -e "s/start_action = .*/start_action = none/" /etc/swanctl/conf.d/site-${connection}.conf >${twin}`;
    return this.must(branchGateway, `${made} && grep -c ${address} ${twin} && swanctl --load-conns >/dev/null; timeout 20 swanctl --initiate --child twin --timeout 10 2>&1; rm ${twin}; swanctl --load-conns >/dev/null`);
  }

  /** Seconds for which the sites' hosts had no answer of each other because of an event: there, and back. */
  async outage(event: () => Promise<unknown>, patience = 60): Promise<{ there: number; back: number }> {
    const { world } = this.lab;
    const ways = [[office.namespace, branch.host], [branch.namespace, office.host]] as const;
    for (const [namespace, target] of ways) await world.call(["host", "ping-start", namespace, target, "--interval", 0.1, "--label", "outage"]);
    await sleep(1500);
    await event();
    // What was noticed late may not have begun yet.
    await sleep(5000);
    await this.becomes(async () => (await this.ping(office.namespace, branch.host, 1)).received > 0, patience);
    await sleep(1500);
    const gaps: number[] = [];
    for (const [namespace] of ways) gaps.push(((await world.call<PingResult>(["host", "ping-stop", namespace, "--label", "outage"])).longestGapMs ?? Infinity) / 1000);
    return { there: gaps[0], back: gaps[1] };
  }
}

/** As `labAddresses` says: what moves between the pair's machines. */
export const movingAddress = labAddresses.gatewayOutside;
export { otherMember };
