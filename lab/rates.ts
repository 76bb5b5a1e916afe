/** What a client's packets are held to, and how long they wait: by iperf3 and ping in the world. */

import { percentile, rounded } from "./bench/statistics";
import type { World } from "./world";

/** Bytes of UDP in each packet, and of the IP packet around it. */
const payload = 1300;
const packet = payload + 28;
const expedited = "0xb8";

export type Way = "down" | "up";

export interface Load {
  way: Way;
  /** Of IP packets, all flows together. */
  megabits: number;
  seconds: number;
  /** Flows of UDP that share it. @default 1 */
  flows?: number;
}

function iperf(target: string, { way, megabits, seconds, flows = 1 }: Load): string {
  const bits = Math.round((megabits * 1e6 * payload) / packet / flows);
  return `timeout ${seconds + 20} iperf3 -J -u -c ${target} -l ${payload} -b ${bits} -P ${flows} -t ${seconds} -O 1 --connect-timeout 5000${way === "down" ? " -R" : ""}`;
}

interface Sums {
  bits_per_second?: number;
  lost_percent?: number;
}

/**
 * Mbit/s of IP packets that arrived of a UDP load, whatever was sent.
 *
 * @throws Error with iperf3's own words where nothing was measured
 */
export async function arrived(world: World, client: number, target: string, load: Load): Promise<number> {
  return twice(() => once(world, client, target, load));
}

async function once(world: World, client: number, target: string, load: Load): Promise<number> {
  const { stdout, stderr } = await world.run(`c${client}`, iperf(target, load), load.seconds + 60);
  const { error, end } = JSON.parse(stdout || JSON.stringify({ error: stderr })) as { error?: string; end?: Record<string, Sums> };
  const received = end?.sum_received?.bits_per_second ?? end?.sum?.bits_per_second;
  if (error !== undefined || received === undefined) throw new Error(`iperf3: ${error ?? "no result"}`);
  return (received / 1e6 / payload) * packet;
}

/** iperf3's server is busy for a moment after a run before, and its control connection waits in the queue, too. */
async function twice<T>(measure: () => Promise<T>): Promise<T> {
  return measure().catch(async () => {
    await new Promise((resolve) => setTimeout(resolve, 3000));
    return measure();
  });
}

/** TCP's goodput in Mbit/s. */
export async function goodput(world: World, client: number, target: string, way: Way, seconds: number): Promise<number> {
  return (await world.iperf(client, target, { seconds, reverse: way === "down" })).megabitsPerSecond;
}

export interface Waiting {
  sent: number;
  received: number;
  p50: number;
  p99: number;
}

/** What a stream like voice, but thicker, waits: round trips in milliseconds. The answer has the DSCP of the question. */
export async function waiting(world: World, client: number, target: string, seconds: number, marked: boolean): Promise<Waiting> {
  const interval = 0.02;
  const count = Math.round(seconds / interval);
  // 600 bytes 50 times a second: 0.24 Mbit/s each way.
  const { stdout } = await world.run(`c${client}`, `ping -n -i ${interval} -c ${count} -s 572 -W 2${marked ? ` -Q ${expedited}` : ""} ${target}`, seconds * 4 + 60);
  return readWaiting(stdout);
}

/** From ping's words; what has no answer waited for ever, and so is not among the times. */
export function readWaiting(text: string): Waiting {
  const times = [...text.matchAll(/ time=([\d.]+) ms/g)].map((found) => Number(found[1]));
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(text) ?? [];
  if (times.length === 0 || sent === undefined) throw new Error(`ping gave no answer: ${text.trim().slice(-200)}`);
  return { sent: Number(sent), received: Number(received), p50: rounded(percentile(times, 50), 1), p99: rounded(percentile(times, 99), 1) };
}

/**
 * The same while a load is under way, which begins 3 s before it.
 *
 * @throws Error where the load was none: on an idle tunnel nothing waits
 */
export async function waitingUnder(world: World, client: number, target: string, load: Load, seconds: number, marked: boolean): Promise<Waiting> {
  return twice(async () => {
    const loading = once(world, client, target, { ...load, seconds: seconds + 8 });
    // Awaited below; what went wrong meanwhile must not end the program.
    loading.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const found = await waiting(world, client, target, seconds, marked);
    await loading;
    return found;
  });
}
