import { Lab } from "../scenarios/lab";
import { failuresAlone } from "../scenarios/scenario";
import { Sites, sitesProgram } from "../sites";
import { Stack } from "../stack";
import { hostOf, type Host } from "./host";
import { rounded } from "./statistics";

/** One step: so many connections on the gateway after it. */
export interface ConnectionsStep {
  connections: number;
  added: number;
  /** Of `pulumi preview` and `pulumi up`, in all. */
  previewSeconds: number;
  upSeconds: number;
  /** Seconds that each added connection costs, beyond an `up` that changes nothing. */
  secondsPerConnection: number;
  /** In use on the gateway, all processes and the kernel: MemTotal less MemAvailable. */
  megabytesInUse: number;
}

export interface Connections {
  runs: number;
  /** By how many there are afterwards. */
  secondsPerConnection: Record<string, number>;
  /** Of the gateway's memory, over all that were added. */
  megabytesPerConnection: number;
  /** What each of the last step's costs by what each of the step before it did; the aim is within 0.2 of 1. The first one bears what any change costs. */
  growth: number;
  /** What one more changed of the others: files, and interfaces made anew. */
  othersTouched: number;
  steps: ConnectionsStep[];
  unchangedUpSeconds: number;
  host: Host;
  notes: string[];
}

/** An `up` of a hundred connections pushes two parts each, one after the other. */
const timeoutSeconds = 7200;

/** A gateway with nothing beyond it: connections to devices that nobody has, more at each step. */
export class ConnectionsBench {
  private readonly lab: Lab;
  private readonly sites: Sites;

  constructor(root: string, private readonly say: (line: string) => void, private readonly counts: readonly number[], stack = "bench-connections") {
    this.lab = new Lab(new Stack(stack, root, sitesProgram));
    this.sites = new Sites(this.lab);
  }

  async start(): Promise<void> {
    this.say("a gateway of its own: two machines boot");
    await this.lab.stack.init();
    await this.lab.stack.set("alone", "true");
    await this.lab.stack.set("absentDevices", "0");
    await this.lab.start();
  }

  async end(keep: boolean): Promise<void> {
    if (!keep) await this.lab.end(failuresAlone((line) => this.say(`left behind: ${line}`)));
  }

  async run(): Promise<Connections> {
    const unchangedUpSeconds = (await this.lab.stack.up({ timeoutSeconds })).seconds;
    const steps: ConnectionsStep[] = [];
    const before = await this.megabytes();
    for (const connections of this.counts) steps.push(await this.grow(connections, steps.at(-1)?.connections ?? 0, unchangedUpSeconds));
    const last = steps[steps.length - 1];
    const others = await this.standing();
    await this.grow(last.connections + 1, last.connections, unchangedUpSeconds);
    const after = await this.standing();
    return {
      runs: 1,
      secondsPerConnection: Object.fromEntries(steps.map((step) => [step.connections, step.secondsPerConnection])),
      megabytesPerConnection: rounded((last.megabytesInUse - before) / last.connections, 2),
      growth: rounded(last.secondsPerConnection / steps[Math.max(0, steps.length - 2)].secondsPerConnection, 2),
      othersTouched: others.filter((line) => !after.includes(line)).length,
      steps,
      unchangedUpSeconds: rounded(unchangedUpSeconds, 1),
      host: await hostOf(this.lab.gateway),
      notes: [
        "policy, keys, interface, routes and text for the device of connections whose devices are not there and would dial (endpoint unknown: a gateway that dials a hundred dead ones is busy with that); each is two pushes over SSH, one after the other",
        "one run: a step is made once",
      ],
    };
  }

  private async grow(connections: number, from: number, unchanged: number): Promise<ConnectionsStep> {
    await this.lab.stack.set("absentDevices", String(connections));
    const preview = await this.lab.stack.preview({ timeoutSeconds });
    const up = await this.lab.stack.up({ timeoutSeconds });
    const there = Number(await this.sites.must(1, "swanctl --list-conns | grep -c '^site-office-to-absent-'"));
    if (there !== connections) throw new Error(`${there} connections stand on the gateway, not ${connections}`);
    const step = {
      connections,
      added: connections - from,
      previewSeconds: rounded(preview.seconds, 1),
      upSeconds: rounded(up.seconds, 1),
      secondsPerConnection: rounded((up.seconds - unchanged) / (connections - from), 2),
      megabytesInUse: await this.megabytes(),
    };
    this.say(`${connections} connections: up ${step.upSeconds} s, ${step.secondsPerConnection} s for each of the ${step.added} new ones, ${step.megabytesInUse} MB in use`);
    return step;
  }

  private async megabytes(): Promise<number> {
    return rounded(Number(await this.sites.must(1, "sync; echo 3 > /proc/sys/vm/drop_caches; sleep 3; awk '/^MemTotal/ { all = $2 } /^MemAvailable/ { print (all - $2) / 1024 }' /proc/meminfo")), 1);
  }

  /** A line for each file and interface of the connections, which is another once it was written or made again. */
  private async standing(): Promise<string[]> {
    const said = await this.sites.must(1, "find /etc/swanctl /etc/vpn-gateway -name '*absent*' -printf '%p %i %T@\\n'; ip -o link show type xfrm | cut -d: -f1,2");
    return said.trim().split("\n");
  }
}
