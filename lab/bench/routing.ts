import { MeshLab, meshPlain } from "../mesh";
import { labClouds, labShared } from "../networks";
import { Lab } from "../scenarios/lab";
import { failuresAlone } from "../scenarios/scenario";
import { Stack } from "../stack";
import { hostOf, type Host } from "./host";
import { percentile, rounded, spread, type Spread } from "./statistics";

export interface Routing {
  runs: number;
  /** Seconds without an answer, the 95th percentile of dead paths and dead machines: with BFD each 300 ms, and with BGP's own hold time of 9 s alone. */
  bfdGapP95: number;
  plainGapP95: number;
  /** Packets between two inside networks that were seen in clear on any gateway's outer wire, in all faults. */
  clearPackets: number;
  medians: Record<string, Spread>;
  host: Host;
  notes: string[];
}

const [first, second] = labClouds;

/** What dies, where a host of the first site then asks in vain, and the way that it has by the second gateway at first. */
interface Fault {
  name: "path" | "machine";
  target: string;
  strike(): void | Promise<void>;
  mend(): void | Promise<void>;
}

/** A mesh of its own. The direct path between two gateways dies again and again, and so does the second machine. */
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
    const path: Fault = { name: "path", target: second.host, strike: () => this.mesh.cutBetween(1, 2), mend: () => this.mesh.mendBetween(1, 2) };
    const machine: Fault = { name: "machine", target: labShared.host, strike: () => this.mesh.freeze(2, true), mend: () => this.mesh.freeze(2, false) };
    await this.ready();
    const bfd = { path: await this.faults(path, "with BFD", runs, 5), machine: await this.faults(machine, "with BFD", runs, 5) };
    await this.lab.stack.set("bfdInterval", "0");
    await this.lab.stack.up();
    await this.ready();
    const plain = { path: await this.faults(path, "without BFD", runs, 13), machine: await this.faults(machine, "without BFD", runs, 13) };
    await this.lab.stack.set("bfdInterval", "300");
    await this.lab.stack.up();
    return {
      runs,
      bfdGapP95: rounded(percentile([...bfd.path, ...bfd.machine], 95), 2),
      plainGapP95: rounded(percentile([...plain.path, ...plain.machine], 95), 2),
      clearPackets: this.clear,
      medians: { "path, BFD": spread(bfd.path), "machine, BFD": spread(bfd.machine), "path, hold time": spread(plain.path), "machine, hold time": spread(plain.machine) },
      host: await hostOf(this.lab.gateway),
      notes: [
        "four emulated machines; path: the direct one between two gateways swallows every packet, and the way by the third gateway takes over",
        "machine: the gateway of the region that is liked more stands still (SIGSTOP of its QEMU), and the other region's takes over the network that both announce",
        "a host pings another each 50 ms; its longest silence, less the 50 ms, is the gap",
      ],
    };
  }

  private async ready(): Promise<void> {
    if (!(await this.mesh.becomes(() => this.mesh.allUp(), 240))) throw new Error("not all sessions of the mesh come up");
  }

  /** Seconds without an answer, of each fault. */
  private async faults({ name, target, strike, mend }: Fault, how: string, runs: number, seconds: number): Promise<number[]> {
    const gaps: number[] = [];
    const direct = MeshLab.device(1, 2);
    const whole = async () => (await this.mesh.allUp()) && (await this.mesh.way(1, target)) === direct && (await this.mesh.way(2, first.host)) === direct;
    for (let number = 1; number <= runs; number++) {
      if (!(await this.mesh.becomes(whole, 180))) throw new Error("the direct way does not come back");
      for (const [index, { card }] of labClouds.entries()) await this.lab.world.captureStart(`bench${index}`, meshPlain, card);
      const { gapSeconds } = await this.mesh.lost(first.namespace, target, seconds, async () => strike());
      for (const index of labClouds.keys()) this.clear += (await this.lab.world.captureStop(`bench${index}`)).packets;
      await mend();
      gaps.push(gapSeconds);
      this.say(`${name} ${how} ${number} of ${runs}: ${gapSeconds.toFixed(2)} s; ${this.clear} packets in clear so far`);
    }
    return gaps;
  }
}
