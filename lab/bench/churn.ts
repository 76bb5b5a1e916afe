import { labAddresses } from "../networks";
import { sleep } from "../progress";
import { setUsers } from "../scenarios/users";
import type { BenchLab } from "./benchLab";
import { beyond, heldScript, planted, readHeld, sum, type Held } from "./held";
import type { Host } from "./host";
import { spread, type Spread } from "./statistics";

export type Memory = Record<"charon" | "xl2tpd", number>;

export interface Churn {
  runs: number;
  /** Sessions that were made and ended, of both protocols. */
  cycles: number;
  /** Of them those that ended without a word, by their client's death. */
  cut: number;
  /** What is held afterwards beyond what was before, summed over all kinds. */
  leaked: number;
  /** The twin: what was left behind on purpose before the first cycle, and how much of it was counted. */
  planted: { left: number; counted: number };
  before: Held;
  after: Held;
  /** Resident memory of each of the gateway's daemons, in MB. */
  megabytes: { before: Memory; after: Memory };
  connectSeconds: Record<"l2tp" | "ikev2", Spread>;
  failed: number;
  host: Host;
  notes: string[];
}

async function memory({ gateway }: BenchLab): Promise<Memory> {
  const of = async (program: string) => Number(Number(await gateway.mustRun(`awk '/^VmRSS/ { print $2 / 1024 }' /proc/$(pgrep -x ${program})/status`)).toFixed(1));
  return { charon: await of("charon-systemd"), xl2tpd: await of("xl2tpd") };
}

async function script(bench: BenchLab, text: string): Promise<string> {
  return bench.gateway.mustRun("bash -s", { stdin: text });
}

async function held(bench: BenchLab): Promise<Held> {
  return readHeld(await script(bench, heldScript));
}

/** So many go at once, each from a client of their own. A session waits more than it works, and a thousand one by one take hours. */
const people = ["alice", "bob", "carol", "dave"];

/** Sessions that a client makes and ends in one call to its machine. */
const atOnce = 10;

/** Groups, accounting and a rate: the keeper, its tables and its queues are there, which else nothing could leak in. */
async function withPolicies({ lab }: BenchLab): Promise<void> {
  await lab.stack.set("groups[0].name", "staff");
  await lab.stack.set("groups[0].reach[0].networks[0]", `${labAddresses.insideHost}/32`);
  await lab.stack.set("accounting", "true");
  const rate = { "rate.downMegabits": 20, "rate.upMegabits": 20 };
  await setUsers(lab, people.map((name) => ({ name, ...(name === "alice" ? { groups: ["staff"] } : {}), ...rate })));
  await lab.stack.up();
  await lab.read();
}

/**
 * Twin: of each kind that can be left behind from outside something is, and must be counted.
 *
 * @throws Error where it is not: a count that is blind would say that nothing leaks
 */
async function plant(bench: BenchLab): Promise<Churn["planted"]> {
  const before = await held(bench);
  try {
    await script(bench, planted.plant);
    const more = beyond(before, await held(bench));
    const unseen = Object.entries(planted.what).filter(([what, count]) => (more[what] ?? 0) < count).map(([what]) => what);
    if (unseen.length > 0) throw new Error(`left behind on purpose and not counted: ${unseen.join(", ")}`);
    return { left: sum(planted.what), counted: sum(more) };
  } finally {
    await script(bench, planted.remove);
  }
}

/** A dead client is asked for, its session ended, and what conntrack knew of it forgotten (120 s), within this. */
const patienceSeconds = 300;

/** What is held once no more is than was, or when patience is over. */
async function settled(bench: BenchLab, was: Held, counts: (what: string) => boolean = () => true): Promise<Held> {
  let now = await held(bench);
  const more = () => Object.keys(beyond(was, now)).some(counts);
  for (const end = Date.now() + patienceSeconds * 1000; more() && Date.now() < end; now = await held(bench)) await sleep(5000);
  return now;
}

/** Sessions made and ended again and again: one in four ends without a word. */
export async function churn(bench: BenchLab, cycles: number, tell: (line: string) => void): Promise<Churn> {
  await withPolicies(bench);
  const twin = await plant(bench);
  tell(`left behind on purpose: ${twin.left}, counted: ${twin.counted}`);
  const clean = await held(bench);
  // One of each first: what a daemon makes once and keeps is no leak. What conntrack keeps for a while would hide one.
  for (const protocol of ["l2tp", "ikev2"] as const) await bench.connect(1, protocol).then(() => bench.disconnect(1));
  const [before, memoryBefore] = [await settled(bench, clean, (what) => !what.startsWith("descriptors")), await memory(bench)];
  const seconds: Record<"l2tp" | "ikev2", number[]> = { l2tp: [], ikev2: [] };
  let [begun, done, cut, failed] = [0, 0, 0, 0];
  const turn = async (client: number, user: string) => {
    const numbers = Array.from({ length: Math.min(atOnce, cycles - begun) }, () => ++begun);
    const protocolOf = (number: number) => (Math.floor((number - 1) / 5) % 2 === 0 ? "ikev2" : "l2tp");
    const wanted = numbers.map((number) => ({ login: bench.lab.login(protocolOf(number), user, { redial: false }), target: labAddresses.insideHost, silently: number % 8 < 2 }));
    const found = await bench.world.cycles(client, wanted);
    for (const [index, { connected, answered, seconds: took, reason }] of found.entries()) {
      if (connected) seconds[protocolOf(numbers[index])].push(took);
      if (wanted[index].silently) cut++;
      if (answered) continue;
      failed++;
      tell(`${numbers[index]}: ${user} by ${protocolOf(numbers[index])}: ${connected ? "no answer" : reason}`);
    }
    done += found.length;
    tell(`${done} of ${cycles}, ${failed} failed, beyond what was: ${JSON.stringify(beyond(before, await held(bench)))}`);
  };
  await Promise.all(people.map(async (user, index) => {
    while (begun < cycles) await turn(index + 1, user);
  }));
  const after = await settled(bench, before);
  return {
    runs: cycles,
    cycles,
    cut,
    leaked: sum(beyond(before, after)),
    planted: twin,
    before,
    after,
    megabytes: { before: memoryBefore, after: await memory(bench) },
    connectSeconds: { l2tp: spread(seconds.l2tp), ikev2: spread(seconds.ikev2) },
    failed,
    host: await bench.host(),
    notes: [
      `${people.length} clients at once connect by L2TP or IKEv2, ping the inside host once, and go; one in four dies without a word, and the gateway has to find out`,
      "the gateway has a group, accounting and rates; counted are its processes, interfaces, descriptors (the keeper's too), SAs, leases, queues, every set and map of the firewall, and conntrack entries of UDP 1701 and of clients' inner addresses",
      `counted at the end, at the latest ${patienceSeconds} s after the last one went`,
    ],
  };
}
