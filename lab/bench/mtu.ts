import { espSuites, type EspSuiteName } from "../../gateway/cipherSuites";
import { ikev2InnerMtu, l2tpInnerMtu } from "../../gateway/mtu";
import { labAddresses } from "../networks";
import type { ClientName, ConnectOptions } from "../world";
import type { BenchLab } from "./benchLab";
import type { Host } from "./host";

/** One connection over one outer link. */
export interface MtuRow {
  protocol: "ikev2" | "l2tp";
  suite: EspSuiteName;
  natTraversal: boolean;
  linkMtu: number;
  /** Bytes. */
  formula: number;
  /** Largest ping with DF whose outer packets nobody fragments, there and back; null where none was found. */
  measured: number | null;
  /** The gateway's own proposals hold this suite for this protocol. */
  offered: boolean;
  exact: boolean;
  reason?: string;
}

export interface Mtu {
  runs: number;
  checked: number;
  exact: number;
  rows: MtuRow[];
  leftOut: string[];
  host: Host;
}

/** Did a ping of this size come back, and did anybody fragment something meanwhile? */
export interface Probe {
  passed: boolean;
  fragments: number;
}

/** What the formula says for a Linux client: its kernel's L2TP header has 6 bytes. */
export function formulaOf(row: Pick<MtuRow, "protocol" | "suite" | "natTraversal" | "linkMtu">): number {
  const encapsulation = { linkMtu: row.linkMtu, suite: espSuites[row.suite], natTraversal: row.natTraversal };
  return row.protocol === "ikev2" ? ikev2InnerMtu(encapsulation) : l2tpInnerMtu(encapsulation, 6);
}

/** Which connections are made: suites of one size (aes128 beside aes256) only once without NAT. */
export function sweep(): { protocol: "ikev2" | "l2tp"; suite: EspSuiteName; natTraversal: boolean }[] {
  const suites = Object.keys(espSuites) as EspSuiteName[];
  return (["ikev2", "l2tp"] as const).flatMap((protocol) =>
    [true, false].flatMap((natTraversal) =>
      suites.filter((suite) => natTraversal || suite.startsWith("aes256")).map((suite) => ({ protocol, suite, natTraversal })),
    ),
  );
}

export const leftOut = [
  "aes128 without NAT: of the same sizes as aes256, which is measured",
  "IPv6 as the outer protocol: the lab's clients behind the NAT have IPv4 only",
  "L2TP headers of 8 and 10 bytes: no client here sends them",
];

/**
 * The largest size that passes whole, by halving from the formula's value outwards.
 *
 * @param whole whether a packet of this size passes and nobody fragments
 */
export async function largestWhole(formula: number, whole: (size: number) => Promise<boolean>, least = 1000, most = 1500): Promise<number | null> {
  // One byte more first: it also teaches the sender the path's MTU, where the path says it.
  const more = await whole(formula + 1);
  if (!more && (await whole(formula))) return formula;
  let [low, high] = more ? [formula + 1, most + 1] : [least - 1, formula];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (await whole(middle)) low = middle;
    else high = middle;
  }
  return low < least ? null : low;
}

/** awk's sum over /proc/net/snmp of FragFails and FragCreates, whichever columns they are in. */
export const fragmentsAwk = `awk '/^Ip: [A-Za-z]/ {for (i = 2; i <= NF; i++) name[i] = $i} /^Ip: [0-9]/ {for (i = 2; i <= NF; i++) if (name[i] ~ /^Frag(Fails|Creates)$/) total += $i} END {print total + 0}'`;

/** A shell script for the world: one ping with DF, and fragments made or refused by anybody on the way. */
export function probeScript(namespace: string, target: string, size: number): string {
  const counted = [...new Set([namespace, "nat", "edge", "isp"])].join(" ");
  return [
    `made() { for n in ${counted}; do ip netns exec $n cat /proc/net/snmp; done | ${fragmentsAwk}; }`,
    "before=$(made)",
    `ip netns exec ${namespace} ping -n -q -c 1 -W 1 -M do -s ${size - 28} ${target} >/dev/null 2>&1 && echo passed || echo lost`,
    "echo $(($(made) - before))",
  ].join("\n");
}

async function probe(bench: BenchLab, namespace: string, size: number): Promise<Probe> {
  const made = `${fragmentsAwk} /proc/net/snmp`;
  const before = Number(await bench.gateway.mustRun(made));
  const said = await bench.world.ssh.mustRun("sh", { stdin: probeScript(namespace, labAddresses.insideHost, size) });
  const after = Number(await bench.gateway.mustRun(made));
  const [outcome, fragments] = said.trim().split("\n");
  return { passed: outcome === "passed", fragments: Number(fragments) + after - before };
}

/** A lost ping is tried twice more: the path has no loss, the emulated machines have pauses. */
async function passesWhole(bench: BenchLab, namespace: string, size: number): Promise<boolean> {
  for (let attempt = 0; attempt < 3; attempt++) {
    const { passed, fragments } = await probe(bench, namespace, size);
    if (fragments > 0) return false;
    if (passed) return true;
  }
  return false;
}

/** Measured path MTU against the formula, suite by suite, by both protocols, with and without NAT, on two links. */
export async function mtu(bench: BenchLab, say: (line: string) => void): Promise<Mtu> {
  const rows: MtuRow[] = [];
  const proposals = Object.keys(espSuites).join(", ");
  const own = await bench.gateway.mustRun("cat /run/vpn-gateway.conf");
  // The gateway offers every suite as long as this lasts, and its PPP lets packets decide that are larger than it would.
  await bench.withSettings({ swanctl: `s/esp_proposals = .*/esp_proposals = ${proposals}/`, ppp: "s/^mtu .*/mtu 1500/; s/^mru .*/mru 1500/" }, async () => {
    for (const { protocol, suite, natTraversal } of sweep()) {
      const client: ClientName = natTraversal ? 1 : "direct";
      const namespace = natTraversal ? "c1" : "direct";
      const changes: Partial<ConnectOptions> = { espProposals: suite, pppMtu: 1500 };
      await bench.world.linkRestore();
      const connected = await bench.lab.connect(client, protocol, protocol === "l2tp" ? "alice" : "bob", changes);
      for (const linkMtu of [1500, 1400]) {
        const row = { protocol, suite, natTraversal, linkMtu };
        const formula = formulaOf(row);
        let measured: number | null = null;
        if (connected.connected) {
          await bench.world.linkMtu(linkMtu);
          measured = await largestWhole(formula, (size) => passesWhole(bench, namespace, size));
        }
        rows.push({ ...row, formula, measured, offered: offers(own, protocol, suite), exact: measured === formula, reason: connected.reason });
        say(`${protocol} ${suite}${natTraversal ? " NAT-T" : ""} on ${linkMtu}: measured ${measured ?? connected.reason ?? "nothing passes"}, formula ${formula}`);
      }
      await bench.world.linkRestore();
      await bench.disconnect(client);
    }
  });
  return { runs: 1, checked: rows.length, exact: rows.filter(({ exact }) => exact).length, rows, leftOut, host: await bench.host() };
}

/** Does a swanctl.conf of ours offer this suite for this protocol? */
export function offers(conf: string, protocol: "ikev2" | "l2tp", suite: string): boolean {
  const child = new RegExp(`\\n {6}${protocol} \\{[^}]*?esp_proposals = ([^\\n]*)`).exec(conf);
  return (child?.[1] ?? "").split(/,\s*/).some((proposal) => proposal === suite || proposal.startsWith(`${suite}-`));
}
