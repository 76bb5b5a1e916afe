import { Pair, pairClients, type Member } from "../pair";
import { sleep } from "../progress";
import { Lab } from "../scenarios/lab";
import { failuresAlone } from "../scenarios/scenario";
import { Stack } from "../stack";
import { hostOf, type Host } from "./host";
import { percentile, rounded, spread, type Spread } from "./statistics";

/** What is struck: moves on purpose, cuts with a floating address, cuts behind a load balancer. */
export const strikes = ["planned", "floating", "balanced"] as const;
export type Strike = (typeof strikes)[number];

/** Seconds without an answer, of every failover that was made. */
interface Outages {
  ikev2: number[];
  l2tp: number[];
}

export interface Failover {
  runs: number;
  /** Seconds, of IKEv2 clients, the 95th percentile; null where it was not asked for. */
  floatingAddressP95: number | null;
  loadBalancerP95: number | null;
  plannedP95: number | null;
  /** Of L2TP clients, which dial anew: behind the floating address. */
  l2tpP95: number | null;
  medians: Record<string, Spread>;
  /** Failovers after which a client did not come back within a minute and a half; each counts as that long. */
  notBack: number;
  /** At the longest, in one failover: two machines answered for the pair; none did. */
  longestTwo: number;
  longestNone: number;
  host: Host;
  notes: string[];
}

const patience = 90;
const clients = pairClients.map(({ client }) => client);

/** A pair of its own, and failovers one after the other. */
export class FailoverBench {
  private readonly lab: Lab;
  private readonly pair: Pair;
  private notBack = 0;
  private two = 0;
  private none = 0;

  constructor(root: string, private readonly say: (line: string) => void) {
    this.lab = new Lab(new Stack("bench-pair", root, "lab-pair"));
    this.pair = new Pair(this.lab);
  }

  async start(): Promise<void> {
    this.say("a pair of its own: three machines boot");
    await this.lab.start();
    await this.lab.fresh();
  }

  async end(keep: boolean): Promise<void> {
    if (keep) return;
    await this.lab.end(failuresAlone((line) => this.say(`left behind: ${line}`)));
  }

  async run(runs: number, only: readonly Strike[] = strikes): Promise<Failover> {
    await this.connect();
    const found: Partial<Record<Strike, Outages>> = {};
    if (only.includes("planned")) found.planned = await this.failovers("planned", runs, (active) => this.pair.handOver(active));
    if (only.includes("floating")) found.floating = await this.failovers("floating address", runs, (active) => this.pair.cut(active));
    if (only.includes("balanced")) {
      await this.lab.stack.set("front", "loadBalancer");
      await this.lab.stack.up();
      await this.lab.read();
      await this.pair.balancerStart();
      await sleep(15_000);
      await this.connect();
      found.balanced = await this.failovers("load balancer", runs, (active) => this.pair.cut(active));
    }
    const p95 = (seconds: number[] | undefined) => (seconds === undefined ? null : rounded(percentile(seconds, 95), 2));
    return {
      runs,
      floatingAddressP95: p95(found.floating?.ikev2),
      loadBalancerP95: p95(found.balanced?.ikev2),
      plannedP95: p95(found.planned?.ikev2),
      l2tpP95: p95(found.floating?.l2tp),
      medians: Object.fromEntries(
        Object.entries(found).flatMap(([name, { ikev2, l2tp }]) => [
          [`${name}, IKEv2`, spread(ikev2)],
          [`${name}, L2TP`, spread(l2tp)],
        ]),
      ),
      notBack: this.notBack,
      longestTwo: this.two,
      longestNone: this.none,
      host: await hostOf(this.lab.gateway),
      notes: [
        "three emulated machines; the active one's links are cut (a ping each 0.1 s through the tunnel; its longest silence is the outage)",
        "clients ask after 1 s of silence and give a silent gateway up 1.8 s later; another client's outage is its own dead-peer time and about 2 s",
        "planned: `vpn-gateway hand-over` on the active machine of the pair with a floating address",
      ],
    };
  }

  private async connect(): Promise<void> {
    for (const { client, name, connected, reason } of await this.pair.connect())
      if (!connected) throw new Error(`client ${client} does not connect by ${name}: ${reason}`);
  }

  private async failovers(name: string, runs: number, strike: (active: Member) => Promise<unknown>): Promise<Outages> {
    const outages: Outages = { ikev2: [], l2tp: [] };
    for (let number = 1; number <= runs; number++) {
      const active = await this.pair.active();
      await this.pair.samplerStart();
      const [l2tp, ikev2] = await this.pair.outage(clients, () => strike(active), patience);
      await this.pair.mend(active);
      // What comes back has to find its place before it is struck again.
      await sleep(5000);
      await this.pair.active();
      const seen = await this.lab.world.samplerStop();
      this.two = Math.max(this.two, seen.longestTwo);
      this.none = Math.max(this.none, seen.longestNone);
      for (const [seconds, all] of [[l2tp, outages.l2tp], [ikev2, outages.ikev2]] as const) {
        if (seconds === undefined) this.notBack++;
        all.push(seconds ?? patience);
      }
      // A client follows five redirects in 300 s and no more (RFC 5685, 10): one that dials afresh counts afresh.
      if (number % 4 === 0 && name === "planned") await this.connect();
      this.say(`${name} ${number} of ${runs}: IKEv2 ${ikev2 ?? "not back"} s, L2TP ${l2tp ?? "not back"} s; none for ${seen.longestNone} s, two for ${seen.longestTwo} s`);
      for (const [index, seconds] of [l2tp, ikev2].entries())
        if (seconds === undefined || (await this.lab.answersWithin(clients[index], 30)) === undefined) {
          await this.connect();
          break;
        }
    }
    return outages;
  }
}
