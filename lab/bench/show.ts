/** What a person reads: one table a bench. */

import type { Host } from "./host";
import type { Churn } from "./churn";
import type { Connections } from "./connections";
import type { Failover } from "./failover";
import type { Goodput } from "./goodput";
import type { ImportCost } from "./import";
import type { Mtu } from "./mtu";
import type { Priority } from "./priority";
import type { Routing } from "./routing";
import type { SameNat } from "./sameNat";
import type { Sessions } from "./sessions";
import type { SitesGoodput } from "./sites";
import { spreadText, table } from "./table";
import type { TuningResult } from "./tuning";

function hostText(host: Host): string {
  return `${host.accelerator}, ${host.guestCpus} CPUs a machine, all on ${host.hostCpus} CPUs (${host.hostCpu}), load ${host.load} at the end, Linux ${host.guestKernel}`;
}

const titles: Record<string, string> = {
  plain: "no tunnel",
  bareTransport: "bare transport ESP, aes256gcm16",
  l2tp: "our L2TP/IPsec, aes256gcm16",
  bareTunnel: "bare tunnel ESP, aes256gcm16",
  ikev2: "our IKEv2, aes256gcm16",
  bareTransportSha256: "bare transport ESP, aes256-sha256",
  l2tpSha256: "our L2TP/IPsec, aes256-sha256",
  article: "an article's L2TP/IPsec, aes256-sha256",
};

const references: Record<string, string> = {
  l2tp: "bareTransport",
  ikev2: "bareTunnel",
  l2tpSha256: "bareTransportSha256",
  article: "bareTransportSha256",
};

export function showGoodput(result: Goodput): string {
  const path = (title: string, part: Goodput["delay20"]) => {
    const rows = Object.entries(part.megabits).map(([name, { up, down }]) => {
      const reference = references[name] in part.megabits ? references[name] : "bareTransport";
      const found = part.ratios[`${name}/${reference}`];
      return [titles[name] ?? name, spreadText(up), spreadText(down), found === undefined ? "" : spreadText(found, 2), found === undefined ? "" : `of ${titles[reference]}`];
    });
    return `${title}: ${part.repeats} repeats, median (least–most)\n` + table(["", "up, Mbit/s", "down, Mbit/s", "ratio", ""], rows);
  };
  return [
    hostText(result.host),
    path("clean path", result),
    path("20 ms", result.delay20),
    path("20 ms, 0.2 % loss each way", result.delay20loss),
    result.notes.map((note) => `- ${note}`).join("\n"),
  ].join("\n\n");
}

export function showMtu(result: Mtu): string {
  const rows = result.rows.map((row) => [
    `${row.protocol} ${row.suite}`,
    row.natTraversal ? "NAT-T" : "direct",
    String(row.linkMtu),
    String(row.formula),
    row.measured === null ? (row.reason ?? "nothing passes") : String(row.measured),
    row.exact ? "exact" : "differs",
    row.offered ? "" : "not offered by us",
  ]);
  return [
    hostText(result.host),
    table(["", "", "link", "formula", "measured", "", ""], rows),
    `${result.exact} of ${result.checked} are exact`,
    result.leftOut.map((line) => `- left out: ${line}`).join("\n"),
  ].join("\n\n");
}

export function showImport(result: ImportCost): string {
  const row = (title: string, unit: keyof Pick<ImportCost, "milliseconds" | "megabytes">) => [
    title,
    ...(["pulumi", "added"] as const).map((key) => spreadText(result[unit][key])),
  ];
  return (
    `${result.runs} runs, median (least–most)\n` +
    table(["", "@pulumi/pulumi", "the library, added"], [row("milliseconds", "milliseconds"), row("megabytes", "megabytes")])
  );
}

export function showTuning(result: TuningResult): string {
  const goodput = result.goodput.map((row) => [
    row.name,
    row.shipped ? "shipped, taken away" : "not shipped, added",
    row.protocol,
    spreadText(row.ratio, 2),
    row.acts ? "acts" : "within the noise",
    row.remark ?? "",
  ]);
  const functional = result.functional.map((row) => [row.name, row.shipped ? "shipped" : "not shipped", row.acts === null ? "not measured" : row.acts ? "acts" : "no effect", row.effect]);
  return [
    hostText(result.host),
    `goodput to the inside host, both directions at once, by ours measured just before: ${result.runs} repeats, median (least–most); noise ${(100 * result.noise).toFixed(0)} %`,
    table(["", "", "", "ratio to ours", "", ""], goodput),
    "what has another purpose than goodput",
    table(["", "", "", ""], functional),
    result.notes.map((note) => `- ${note}`).join("\n"),
  ].join("\n\n");
}

export function showFailover(result: Failover): string {
  const p95: Record<string, number | null> = {
    "floating, IKEv2": result.floatingAddressP95,
    "floating, L2TP": result.l2tpP95,
    "balanced, IKEv2": result.loadBalancerP95,
    "planned, IKEv2": result.plannedP95,
  };
  const rows = Object.entries(result.medians).map(([name, found]) => [name, spreadText(found, 2), p95[name]?.toFixed(2) ?? ""]);
  return [
    `${result.runs} failovers of each kind; ${hostText(result.host)}`,
    table(["seconds without an answer", "median (least–most)", "95th percentile"], rows),
    `not back within 90 s: ${result.notBack}; two machines answered for ${result.longestTwo} s at the longest, none for ${result.longestNone} s`,
    ...result.notes.map((note) => `- ${note}`),
  ].join("\n");
}

export function showSameNat(result: SameNat): string {
  const rows = result.runs.map((run) => [
    `${run.clients} clients`, String(run.minutes), String(run.rekeys), String(run.sessionsLost), `${run.pingsLost} of ${run.pingsSent}`,
    String(run.longestGapMilliseconds), spreadText(run.connectSeconds), ...[run.upMegabits, run.downMegabits].map((rate) => (rate === null ? "none" : spreadText(rate))), String(run.transfersFailed),
  ]);
  const { ratioUp, ratioDown, repeats } = result.singleClient;
  return [
    hostText(result.host),
    table(["behind one NAT", "minutes", "rekeys of each", "sessions lost", "pings lost", "longest silence, ms", "connect, s", "up, Mbit/s", "down, Mbit/s", "transfers failed"], rows),
    `one client, with by without: ${spreadText(result.singleClientRatio, 2)} (up ${spreadText(ratioUp, 2)}, down ${spreadText(ratioDown, 2)}), ${repeats} repeats`,
    result.notes.map((note) => `- ${note}`).join("\n"),
  ].join("\n\n");
}

export function showPriority({ runs, medians, p99AboveIdleMilliseconds, rateError, configured, host, notes }: Priority): string {
  const rows = runs.map((run) => [
    `${run.protocol}, ${run.way}`, String(run.idle), String(run.marked), String(run.unmarked), String(run.unmarkedLostPercent), `${run.arrived.toFixed(2)} of ${configured[run.way]}`,
  ]);
  return [
    hostText(host),
    table(["99th percentile, ms", "idle", "EF, 2 × the rate", "unmarked", "lost, %", "arrived, Mbit/s"], rows),
    `voice above idle: ${spreadText(medians.aboveIdle)} ms (${p99AboveIdleMilliseconds} in the median); unmarked ${spreadText(medians.unmarkedAboveIdle)} ms; the floor ${spreadText(medians.floor)} ms`,
    `the rate: wrong by ${(100 * rateError).toFixed(1)} % at most`,
    notes.map((note) => `- ${note}`).join("\n"),
  ].join("\n\n");
}

export function showRouting({ runs, bfdGapP95, plainGapP95, clearPackets, medians, host, notes }: Routing): string {
  const rows = Object.entries(medians).map(([name, gaps]) => [name, spreadText(gaps, 2)]);
  return [
    `${runs} faults each; ${hostText(host)}`,
    table(["seconds without an answer", "median (least–most)"], rows),
    `95th percentile with BFD, 300 ms × 3: ${bfdGapP95.toFixed(2)} s (aim 1.5); with BGP's own hold time, 9 s: ${plainGapP95.toFixed(2)} s (aim 10)`,
    `packets in clear: ${clearPackets}`,
    notes.map((note) => `- ${note}`).join("\n"),
  ].join("\n\n");
}

export function showSites({ runs, ratios, megabits, host, notes }: SitesGoodput): string {
  const names: Record<string, string> = { tunnel: "our connection", tunnelUnfiltered: "our connection, without the firewall", byHand: "ip xfrm by hand", byHandFiltered: "ip xfrm by hand, within our firewall", tunnelAmongMany: "our connection, among a hundred" };
  const rows = Object.entries(megabits).map(([name, { up, down }]) => {
    const found = ratios[`${name}/byHand`];
    return [names[name], spreadText(up), spreadText(down), found === undefined ? "" : spreadText(found, 2)];
  });
  return [hostText(host), `${runs} repeats, median (least–most)`, table(["between two sites", "there, Mbit/s", "back, Mbit/s", "ratio"], rows), notes.map((note) => `- ${note}`).join("\n")].join("\n\n");
}

export function showConnections({ steps, megabytesPerConnection, growth, othersTouched, unchangedUpSeconds, host, notes }: Connections): string {
  const rows = steps.map((step) => [step.connections, step.added, step.previewSeconds, step.upSeconds, step.secondsPerConnection, step.megabytesInUse].map(String));
  return [
    hostText(host),
    table(["connections", "added", "preview, s", "up, s", "s for each added", "MB in use"], rows),
    `an up that changes nothing: ${unchangedUpSeconds} s; the last step's cost by that of the step before: ${growth}; MB for each: ${megabytesPerConnection}; touched of the others by one more: ${othersTouched}`,
    notes.map((note) => `- ${note}`).join("\n"),
  ].join("\n\n");
}

export function showChurn({ cycles, cut, leaked, planted, failed, before, after, megabytes, connectSeconds, host, notes }: Churn): string {
  const rows = [...new Set([...Object.keys(before), ...Object.keys(after)])].map((what) => [what, String(before[what] ?? 0), String(after[what] ?? 0)]);
  return [
    hostText(host),
    `${cycles} sessions made and ended, ${cut} without a word; ${failed} did not connect; ${leaked} things left behind`,
    `twin: ${planted.left} left behind on purpose, ${planted.counted} counted`,
    table(["on the gateway", "before", "after"], [...rows, ...(["charon", "xl2tpd"] as const).map((daemon) => [`MB of ${daemon}`, String(megabytes.before[daemon]), String(megabytes.after[daemon])])]),
    `seconds to connect: L2TP ${spreadText(connectSeconds.l2tp)}, IKEv2 ${spreadText(connectSeconds.ikev2)}`,
    notes.map((note) => `- ${note}`).join("\n"),
  ].join("\n\n");
}

export function showSessions({ crowds, back, kilobytesPerSession, allBackSeconds, bootSeconds, availableMegabytes, host, notes }: Sessions): string {
  const row = (name: string, protocol: "l2tp" | "ikev2") => {
    const { asked, up, answered, seconds, connectsPerSecond, kilobytesPerSession: each } = crowds[protocol];
    return [name, String(asked), String(up), String(answered), String(seconds), String(connectsPerSecond), String(each), `${back[protocol].answered} of ${up}`];
  };
  return [
    hostText(host),
    table(["sessions", "asked for", "up", "answered", "seconds", "a second", "KB each", "back after a power cut"], [row("IKEv2", "ikev2"), row("L2TP", "l2tp")]),
    `${kilobytesPerSession} KB a session in all; of the gateway's memory ${availableMegabytes.before} MB were available before, ${availableMegabytes.with} MB with all`,
    `all back ${allBackSeconds === null ? "not within 20 minutes" : `${allBackSeconds} s`} after the power cut, of which it booted for ${bootSeconds} s`,
    notes.map((note) => `- ${note}`).join("\n"),
  ].join("\n\n");
}
