import { labAddresses } from "../networks";
import { sleep } from "../progress";
import { arrived, waiting, waitingUnder, type Way } from "../rates";
import { setUsers } from "../scenarios/users";
import type { BenchLab } from "./benchLab";
import type { Host } from "./host";
import { percentile, rounded, spread, type Spread } from "./statistics";

/** One way of one protocol, once: 99th percentiles of round trips in milliseconds, and the rate that arrived. */
interface Run {
  protocol: "l2tp" | "ikev2";
  way: Way;
  idle: number;
  /** Marked EF, and unmarked, with twice the rate on its way. */
  marked: number;
  unmarked: number;
  unmarkedLostPercent: number;
  /** Of IP packets, Mbit/s. */
  arrived: number;
}

export interface Priority {
  /** Of marked packets under twice the rate: the 99th percentile less the idle one. Over all runs: the median. */
  p99AboveIdleMilliseconds: number;
  /** The largest relative difference between what arrived and the configured rate. */
  rateError: number;
  runs: Run[];
  medians: { aboveIdle: Spread; unmarkedAboveIdle: Spread; rateErrors: Spread; floor: Spread };
  configured: Record<Way, number>;
  host: Host;
  notes: string[];
}

const { insideHost } = labAddresses;
const configured = { down: 2, up: 2 };
const seconds = 10;

/** Voice beside twice the configured rate, by both protocols and in both ways. */
export async function priority(bench: BenchLab, repeats: number, say: (line: string) => void): Promise<Priority> {
  const { lab } = bench;
  await setUsers(lab, [{ name: "alice", "rate.downMegabits": configured.down, "rate.upMegabits": configured.up }, "bob"]);
  await lab.stack.up();
  await lab.read();
  const clients = [["l2tp", 1], ["ikev2", 2]] as const;
  for (const [protocol, client] of clients) {
    const { connected, reason } = await lab.connect(client, protocol, "alice");
    if (!connected) throw new Error(`alice does not connect by ${protocol}: ${reason}`);
  }
  await sleep(3000);
  const runs: Run[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const [protocol, client] of clients) {
      for (const way of ["down", "up"] as const) {
        const rate = configured[way];
        const load = { way, megabits: 2 * rate, seconds: 6, flows: 16 };
        const idle = await waiting(lab.world, client, insideHost, seconds, true);
        const marked = await waitingUnder(lab.world, client, insideHost, load, seconds, true);
        const unmarked = await waitingUnder(lab.world, client, insideHost, load, seconds, false);
        const found = await arrived(lab.world, client, insideHost, { way, megabits: 2 * rate, seconds: 8 });
        const run = {
          protocol, way, idle: idle.p99, marked: marked.p99, unmarked: unmarked.p99,
          unmarkedLostPercent: rounded(100 * (1 - unmarked.received / unmarked.sent), 1), arrived: rounded(found, 2),
        };
        runs.push(run);
        say(`${repeat + 1} of ${repeats}, ${protocol} ${way}: idle ${run.idle}, marked ${run.marked}, unmarked ${run.unmarked} ms (${run.unmarkedLostPercent} % lost), ${run.arrived} of ${rate} Mbit/s`);
      }
    }
  }
  const errors = runs.map(({ way, arrived: megabits }) => rounded(Math.abs(megabits - configured[way]) / configured[way], 4));
  const above = runs.map(({ idle, marked }) => rounded(marked - idle, 1));
  return {
    p99AboveIdleMilliseconds: percentile(above, 50),
    rateError: Math.max(...errors),
    runs,
    medians: {
      aboveIdle: spread(above),
      unmarkedAboveIdle: spread(runs.map(({ idle, unmarked }) => rounded(unmarked - idle, 1))),
      rateErrors: spread(errors),
      floor: spread(runs.map(({ idle }) => idle)),
    },
    configured,
    host: await bench.host(),
    notes: [
      `voice: 600 bytes 50 times a second there and back (ping), for ${seconds} s; the load: 16 flows of UDP with twice the rate together`,
      "what arrives: IP packets of one flow of UDP with twice the rate; the queues count Ethernet's 14 bytes of each packet too, which is 1 % here",
      "the floor is the 99th percentile of an idle tunnel: emulated machines on a busy host, whose scheduling it shows more than the queue",
    ],
  };
}
