import type { World } from "../world";

/** What one iperf3 run over TCP saw. */
export interface TcpResult {
  /** As the receiver counted it, headers of TCP and below not included. */
  megabits: number;
  retransmits: number;
}

export interface TcpOptions {
  seconds: number;
  /** `down` is towards the client; `both` at once, summed. */
  direction: "up" | "down" | "both";
  port?: number;
}

/** iperf3's words for one run; the first second is slow start and does not count. */
export function iperfCommand(target: string, { seconds, direction, port = 5201 }: TcpOptions): string {
  const flag = { up: "", down: " -R", both: " --bidir" }[direction];
  return `iperf3 -J -c ${target} -p ${port} -t ${seconds} -O 1 --connect-timeout 5000${flag}`;
}

interface Sums {
  bits_per_second?: number;
  retransmits?: number;
}

/**
 * Reads iperf3's JSON; both directions are summed.
 *
 * @throws Error with iperf3's own words where nothing was measured
 */
export function readIperf(text: string): TcpResult {
  let report: { error?: string; end?: Record<string, Sums | undefined> };
  try {
    report = JSON.parse(text) as typeof report;
  } catch {
    throw new Error(`iperf3 gave no result: ${text.trim().slice(0, 200)}`);
  }
  if (report.error !== undefined) throw new Error(`iperf3: ${report.error}`);
  const end = report.end ?? {};
  const sum = (names: string[], key: keyof Sums) => names.reduce((total, name) => total + (end[name]?.[key] ?? 0), 0);
  const received = sum(["sum_received", "sum_received_bidir_reverse"], "bits_per_second");
  return { megabits: received / 1e6, retransmits: sum(["sum_sent", "sum_sent_bidir_reverse"], "retransmits") };
}

/** One TCP transfer from a namespace of the world; tried once more where iperf3's server was still busy. */
export async function tcp(world: World, namespace: string, target: string, options: TcpOptions): Promise<TcpResult> {
  const once = async () => {
    const { stdout, stderr } = await world.run(namespace, `timeout ${options.seconds + 25} ${iperfCommand(target, options)}`, options.seconds + 40);
    return readIperf(stdout || stderr);
  };
  return once().catch(async () => {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    return once();
  });
}
