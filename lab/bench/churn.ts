import { labAddresses } from "../networks";
import { sleep } from "../progress";
import type { BenchLab } from "./benchLab";
import type { Host } from "./host";
import { spread, type Spread } from "./statistics";

/** What a session holds on the gateway, each of which must be given back. */
export type Held = Record<"pppd" | "pppInterfaces" | "charonDescriptors" | "xl2tpdDescriptors" | "states" | "policies" | "leases" | "firewallElements", number>;

export interface Churn {
  runs: number;
  /** Sessions that were made and ended, of both protocols. */
  cycles: number;
  /** Of them those that ended without a word, by their client's death. */
  cut: number;
  /** What is held afterwards beyond what was before, summed over all kinds. */
  leaked: number;
  before: Held;
  after: Held;
  /** Of the gateway's charon and xl2tpd together: resident memory, in MB. */
  megabytes: { before: number; after: number };
  connectSeconds: Record<"l2tp" | "ikev2", Spread>;
  failed: number;
  host: Host;
  notes: string[];
}

const counter = "count() { wc -l | tr -d ' '; }";
/** Each kind by what it is counted with on the gateway. */
const counted: Record<keyof Held, string> = {
  pppd: "pgrep -x pppd | count",
  pppInterfaces: "ls /sys/class/net | grep -c ^ppp",
  charonDescriptors: "ls /proc/$(pgrep -x charon-systemd)/fd | count",
  xl2tpdDescriptors: "ls /proc/$(pgrep -x xl2tpd)/fd | count",
  states: "ip xfrm state | grep -c ^src",
  policies: "ip xfrm policy | grep -c ^src",
  leases: "swanctl --get-pools --leases | grep -c online",
  firewallElements: "nft -j list ruleset | grep -o '\"elem\"' | count",
};
const memory = "awk '/^VmRSS/ { sum += $2 } END { print sum / 1024 }' /proc/$(pgrep -x charon-systemd)/status /proc/$(pgrep -x xl2tpd)/status";

async function held(bench: BenchLab): Promise<Held> {
  const said = await bench.gateway.mustRun(`bash -c '${[counter, ...Object.entries(counted).map(([what, how]) => `echo ${what} $(${how})`)].join("\n").replaceAll("'", "'\\''")}'`);
  return Object.fromEntries(said.trim().split("\n").map((line) => line.split(" ")).map(([what, count]) => [what, Number(count)])) as Held;
}

function beyond(before: Held, after: Held): number {
  return (Object.keys(before) as (keyof Held)[]).reduce((sum, what) => sum + Math.max(0, after[what] - before[what]), 0);
}

/** A dead client is asked for, and its session ended, within this; the lab's machines are slow. */
const patienceSeconds = 300;

/** Sessions made and ended again and again: one in four ends without a word. */
export async function churn(bench: BenchLab, cycles: number, tell: (line: string) => void): Promise<Churn> {
  // One of each first: what a daemon makes once and keeps is no leak.
  for (const protocol of ["l2tp", "ikev2"] as const) await bench.connect(1, protocol).then(() => bench.disconnect(1));
  await sleep(3000);
  const megabytes = async () => Number(Number(await bench.gateway.mustRun(memory)).toFixed(1));
  const [before, memoryBefore] = [await held(bench), await megabytes()];
  const seconds: Record<"l2tp" | "ikev2", number[]> = { l2tp: [], ikev2: [] };
  let [cut, failed] = [0, 0];
  for (let cycle = 1; cycle <= cycles; cycle++) {
    const protocol = cycle % 2 === 0 ? "l2tp" : "ikev2";
    const client = (cycle % 4) + 1;
    const found = await bench.lab.connect(client, protocol, protocol === "l2tp" ? "alice" : "bob", { redial: false });
    if (found.connected) seconds[protocol].push(found.seconds);
    else failed++;
    const { received } = found.connected ? await bench.world.ping(client, labAddresses.insideHost, { count: 1 }) : { received: 0 };
    if (found.connected && received === 0) failed++;
    if (cycle % 8 < 2) {
      cut++;
      await bench.world.stop(client);
    } else {
      await bench.disconnect(client);
    }
    if (cycle % 20 === 0) tell(`${cycle} of ${cycles}, ${failed} failed, ${JSON.stringify(await held(bench))}`);
  }
  let after = await held(bench);
  for (const end = Date.now() + patienceSeconds * 1000; beyond(before, after) > 0 && Date.now() < end; after = await held(bench)) await sleep(5000);
  return {
    runs: cycles,
    cycles,
    cut,
    leaked: beyond(before, after),
    before,
    after,
    megabytes: { before: memoryBefore, after: await megabytes() },
    connectSeconds: { l2tp: spread(seconds.l2tp), ikev2: spread(seconds.ikev2) },
    failed,
    host: await bench.host(),
    notes: [
      "a client connects by L2TP or IKEv2 in turn, pings the inside host once, and goes; one in four dies without a word, and the gateway has to find out",
      `counted at the end, at the latest ${patienceSeconds} s after the last one went`,
    ],
  };
}
