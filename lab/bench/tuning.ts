import { labAddresses } from "../networks";
import type { BenchLab } from "./benchLab";
import type { Host } from "./host";
import { functional, type Functional } from "./functional";
import { actsOnGoodput, orderOf, roundedSpread } from "./ratios";
import { restartTunings } from "./restartTunings";
import { rounded, spread, type Spread } from "./statistics";
import { nothing, sessionTunings, tunings, type SessionTuning } from "./tunings";

/** What a tuning does to goodput. */
export interface GoodputEffect {
  name: string;
  /** Ours has it and it was taken away; else it was added. */
  shipped: boolean;
  protocol: string;
  /** Goodput with the change by ours beside it. */
  ratio: Spread;
  effect: string;
  acts: boolean;
  remark?: string;
}

export interface TuningResult {
  runs: number;
  /** The ninth tenth of how much two measurements of ours, one after the other, differed. */
  noise: number;
  oursMegabits: Record<string, Spread>;
  goodput: GoodputEffect[];
  functional: Functional[];
  host: Host;
  notes: string[];
}

type Protocol = "l2tp" | "ikev2";
const namespaceOf: Record<Protocol, string> = { l2tp: "c1", ikev2: "c2" };
const seconds = 3;

/** Ratios of each tuning, by name and protocol, and what ours measured all along. */
export class Ratios {
  readonly found = new Map<string, number[]>();
  readonly ours: Record<string, number[]> = {};

  add(name: string, protocol: string, ours: number, changed: number): void {
    const key = `${name}\t${protocol}`;
    this.found.set(key, [...(this.found.get(key) ?? []), changed / ours]);
    (this.ours[protocol] ??= []).push(ours);
  }

  of(name: string, protocol: string): number[] {
    return this.found.get(`${name}\t${protocol}`) ?? [];
  }
}

/** How much two measurements of the same thing differed: nine of ten less than this. */
export function noiseOf(same: readonly number[]): number {
  const away = same.map((value) => Math.abs(value - 1)).sort((a, b) => a - b);
  return away.length === 0 ? 0 : away[Math.min(away.length - 1, Math.floor(away.length * 0.9))];
}

async function connectSessions(bench: BenchLab): Promise<void> {
  await bench.connect(1, "l2tp", { espProposals: "aes256gcm16" });
  await bench.connect(2, "ikev2", { espProposals: "aes256gcm16" });
  for (const { client, protocol, swanctl, ppp, pppMtu } of sessionTunings)
    await bench.withSettings({ swanctl, ppp }, () => bench.connect(client, protocol, { espProposals: "aes256gcm16", pppMtu }));
}

async function measureGoodput(bench: BenchLab, runs: number, ratios: Ratios, say: (line: string) => void): Promise<void> {
  const rate = async (namespace: string) => (await bench.tcp(namespace, labAddresses.insideHost, { seconds, direction: "both" })).megabits;
  /** Ours and the change beside each other, the one or the other first. */
  const pair = async (repeat: number, ours: () => Promise<number>, changed: () => Promise<number>): Promise<[number, number]> => {
    if (repeat % 2 === 0) return [await ours(), await changed()];
    const second = await changed();
    return [await ours(), second];
  };
  for (let repeat = 0; repeat < runs; repeat++) {
    for (const tuning of orderOf([nothing, ...tunings], repeat))
      for (const protocol of tuning.protocols) {
        const changed = async () => {
          await bench.gateway.mustRun(tuning.change);
          try {
            return await rate(namespaceOf[protocol]);
          } finally {
            await bench.gateway.mustRun(tuning.undo);
          }
        };
        const [ours, other] = await pair(repeat, () => rate(namespaceOf[protocol]), changed);
        ratios.add(tuning.name, protocol, ours, other);
        say(`repeat ${repeat + 1}: ${tuning.name}, ${protocol}: ${(other / ours).toFixed(2)} of ours (${ours.toFixed(0)} Mbit/s)`);
      }
    for (const tuning of orderOf(sessionTunings, repeat)) {
      const [ours, other] = await pair(repeat, () => rate(namespaceOf[tuning.protocol]), () => rate(`c${tuning.client}`));
      ratios.add(tuning.name, tuning.protocol, ours, other);
      say(`repeat ${repeat + 1}: ${tuning.name}: ${(other / ours).toFixed(2)} of ours`);
    }
  }
}

/** Every tuning that we ship, taken away, and those that articles praise, added, one at a time. */
export async function tuning(bench: BenchLab, runs: number, say: (line: string) => void): Promise<TuningResult> {
  const ratios = new Ratios();
  await connectSessions(bench);
  await measureGoodput(bench, runs, ratios, say);
  const shown = await functional(bench, say);
  const restarted = await restartTunings(bench, runs, ratios, say);
  const noise = noiseOf(["l2tp", "ikev2"].flatMap((protocol) => ratios.of(nothing.name, protocol)));
  const listed: Pick<SessionTuning, "name" | "shipped" | "remark">[] = [nothing, ...tunings, ...sessionTunings, ...restarted.listed];
  const goodput = listed.flatMap(({ name, shipped, remark }) =>
    ["l2tp", "ikev2", "ikev2 without NAT"].flatMap((protocol) => {
      const found = ratios.of(name, protocol);
      if (found.length === 0) return [];
      const ratio = roundedSpread(spread(found), 3);
      return [{ name, shipped, protocol, ratio, effect: `${ratio.median} of ours`, acts: name !== nothing.name && actsOnGoodput(ratio, noise), ...(remark ? { remark } : {}) }];
    }),
  );
  return {
    runs,
    noise: rounded(noise),
    oursMegabits: Object.fromEntries(Object.entries(ratios.ours).map(([protocol, all]) => [protocol, roundedSpread(spread(all), 1)])),
    goodput,
    functional: [...shown, ...restarted.functional],
    host: await bench.host(),
    notes: [
      "goodput: TCP from a client behind the NAT through the gateway to the inside host, aes256gcm16, both directions at once and summed, the first second left out",
      "a tuning acts on goodput where every repeat lies further from 1 than the noise, on the same side; small effects stay unseen here, and on emulated machines the cost of a packet is another than on real ones",
    ],
  };
}
