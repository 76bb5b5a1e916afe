import { MeshLab, meshPlain } from "../mesh";
import { labClouds } from "../networks";
import { Lab } from "../scenarios/lab";
import { failuresAlone } from "../scenarios/scenario";
import { Stack } from "../stack";
import { hostOf, type Host } from "./host";
import { percentile, rounded, spread, type Spread } from "./statistics";

export interface Routing {
  runs: number;
  /** Seconds without an answer, the 95th percentile: with BFD each 300 ms, and with BGP's own hold time of 9 s alone. */
  bfdGapP95: number;
  plainGapP95: number;
  /** Packets between two inside networks that were seen in clear on any gateway's outer wire, in all faults. */
  clearPackets: number;
  medians: Record<string, Spread>;
  host: Host;
  notes: string[];
}

const [first, second] = labClouds;

/** A mesh of its own, whose direct path between two gateways dies again and again. */
export class RoutingBench {
  private readonly lab: Lab;
  private readonly mesh: MeshLab;
  private clear = 0;

  constructor(root: string, private readonly say: (line: string) => void, stack = "bench-mesh") {
    this.lab = new Lab(new Stack(stack, root, "lab-mesh"));
    this.mesh = new MeshLab(this.lab);
  }

  async start(): Promise<void> {
    this.say("a mesh of its own: four machines boot");
    await this.lab.start();
    await this.lab.fresh();
  }

  async end(keep: boolean): Promise<void> {
    if (keep) return;
    await this.lab.end(failuresAlone((line) => this.say(`left behind: ${line}`)));
  }

  async run(runs: number): Promise<Routing> {
    await this.ready();
    const bfd = await this.faults("with BFD", runs, 5);
    await this.lab.stack.set("bfdInterval", "0");
    await this.lab.stack.up();
    await this.ready();
    const plain = await this.faults("without BFD", runs, 13);
    await this.lab.stack.set("bfdInterval", "300");
    await this.lab.stack.up();
    return {
      runs,
      bfdGapP95: rounded(percentile(bfd, 95), 2),
      plainGapP95: rounded(percentile(plain, 95), 2),
      clearPackets: this.clear,
      medians: { bfd: spread(bfd), plain: spread(plain) },
      host: await hostOf(this.lab.gateway),
      notes: [
        "four emulated machines; the direct path between two gateways swallows every packet, and the way by the third gateway takes over",
        "a host pings another each 50 ms; its longest silence, less the 50 ms, is the gap",
      ],
    };
  }

  private async ready(): Promise<void> {
    if (!(await this.mesh.becomes(() => this.mesh.allUp(), 240))) throw new Error("not all sessions of the mesh come up");
  }

  /** Seconds without an answer, of each fault. */
  private async faults(what: string, runs: number, seconds: number): Promise<number[]> {
    const gaps: number[] = [];
    const direct = MeshLab.device(1, 2);
    for (let number = 1; number <= runs; number++) {
      if (!(await this.mesh.becomes(async () => (await this.mesh.way(1, second.host)) === direct && (await this.mesh.way(2, first.host)) === direct, 120))) throw new Error("the direct way does not come back");
      for (const [index, { card }] of labClouds.entries()) await this.lab.world.captureStart(`bench${index}`, meshPlain, card);
      const { gapSeconds } = await this.mesh.lost(first.namespace, second.host, seconds, () => this.mesh.cutBetween(1, 2));
      for (const index of labClouds.keys()) this.clear += (await this.lab.world.captureStop(`bench${index}`)).packets;
      await this.mesh.mendBetween(1, 2);
      gaps.push(gapSeconds);
      this.say(`${what} ${number} of ${runs}: ${gapSeconds.toFixed(2)} s; ${this.clear} packets in clear so far`);
    }
    return gaps;
  }
}
