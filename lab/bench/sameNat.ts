import { labAddresses } from "../networks";
import { sleep } from "../progress";
import { prepareWorld, type PingResult } from "../world";
import { benchClients, type BenchLab } from "./benchLab";
import type { Host } from "./host";
import { orderOf, ratio, ratioOf, type Repeat } from "./ratios";
import { rounded, spread, type Spread } from "./statistics";

/** One office: so many stock-Windows-like L2TP clients behind one NAT, up together. */
export interface Office {
  clients: number;
  /** For which all of them were up at once. */
  minutes: number;
  /** Renewals of every client's keys: of child SAs by the clients, of IKE SAs by the clients, of child SAs by the gateway. */
  rekeys: number;
  /** Clients whose PPP session at the end is not the one of the beginning, or does not answer. */
  sessionsLost: number;
  connectSeconds: Spread;
  pingsSent: number;
  pingsLost: number;
  /** The longest silence of any client. */
  longestGapMilliseconds: number;
  /** TCP of one client after the other, while all are up. */
  upMegabits: Spread | null;
  downMegabits: Spread | null;
  /** Those that did not come to an end, though tried twice; they have no rate. */
  transfersFailed: number;
}

export interface SameNat {
  /** Of the largest office. */
  clients: number;
  /** Of all offices. */
  sessionsLost: number;
  transfersFailed: number;
  runs: Office[];
  /** Goodput of a single client, with `l2tp.sharedNat` by without. */
  singleClientRatio: Spread;
  singleClient: { ratioUp: Spread; ratioDown: Spread; repeats: number };
  host: Host;
  notes: string[];
}

export interface SameNatOptions {
  /** Repeats of the single client's comparison. */
  repeats: number;
  minutes: number;
  /** How many clients are in each. */
  offices: readonly number[];
}

type Say = (line: string) => void;

const { insideHost, gatewayInside } = labAddresses;
const likeWindows = { sourcePort: 1701, proposals: "aes256-sha1-ecp384", espProposals: "aes256-sha1", redial: false };
const label = "office";

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** A renewal that did not happen would prove nothing. */
async function renewed(bench: BenchLab, clients: number[], ...words: string[]): Promise<void> {
  for (const client of clients) {
    const { code, output } = await bench.world.swanctl(client, "--rekey", ...words, "vpn");
    if (code !== 0) throw new Error(`client ${client} got no new keys: ${output}`);
  }
}

const renewals: [string, (bench: BenchLab, clients: number[]) => Promise<void>][] = [
  ["child SAs, by the clients", (bench, clients) => renewed(bench, clients, "--child")],
  ["IKE SAs, by the clients", (bench, clients) => renewed(bench, clients, "--reauth", "--ike")],
  ["child SAs, by the gateway", async (bench) => void (await bench.gateway.mustRun("swanctl --rekey --child l2tp", { timeoutSeconds: 120 }))],
];

async function office(bench: BenchLab, count: number, minutes: number, say: Say): Promise<Office> {
  const clients = numbers(count);
  const connectSeconds: number[] = [];
  for (const client of clients) {
    // A person dials again.
    const dial = () => bench.connect(client, "l2tp", likeWindows);
    connectSeconds.push((await dial().catch(dial)).seconds);
  }
  const began = Date.now();
  const first = new Map<number, string>();
  for (const client of clients) {
    first.set(client, await bench.world.pppSession(client));
    await bench.world.pingStart(client, insideHost, 1, label);
  }
  const end = began + minutes * 60_000;
  const up: number[] = [];
  const down: number[] = [];
  let [rekeys, transfersFailed] = [0, 0];
  for (let turn = 0; Date.now() < end || rekeys < renewals.length; turn++) {
    const due = began + ((rekeys + 1) * minutes * 60_000) / (renewals.length + 1);
    if (rekeys < renewals.length && Date.now() >= due) {
      const [what, renew] = renewals[rekeys++];
      await renew(bench, clients);
      say(`${count} clients: new keys of ${what}`);
    }
    const client = clients[turn % count];
    for (const [direction, all] of [["up", up], ["down", down]] as const) {
      const done = await bench.tcp(`c${client}`, insideHost, { seconds: 3, direction }).catch((error: Error) => error);
      // No rate of 0: that would pass for a slow one. Whether the session is lost, too, is seen at the end.
      if (!(done instanceof Error)) all.push(done.megabits);
      else {
        transfersFailed++;
        say(`client ${client} of ${count}: no TCP ${direction}: ${done.message}`);
      }
    }
    await sleep(500);
  }
  const found: PingResult[] = [];
  for (const client of clients) found.push(await bench.world.pingStop(client, label));
  let sessionsLost = 0;
  for (const client of clients) {
    const same = first.get(client) !== "" && (await bench.world.pppSession(client)) === first.get(client);
    const answers = same && (await bench.world.ping(client, insideHost, { count: 5 })).received > 0;
    if (!answers) {
      sessionsLost++;
      say(`client ${client} of ${count} was lost: ${same ? "it does not answer" : "another session, or none"}`);
    }
  }
  const lasted = (Date.now() - began) / 60_000;
  for (const client of clients) await bench.disconnect(client);
  const sum = (of: (one: PingResult) => number) => found.reduce((total, one) => total + of(one), 0);
  const result: Office = {
    clients: count,
    minutes: rounded(lasted, 1),
    rekeys,
    sessionsLost,
    connectSeconds: spread(connectSeconds),
    pingsSent: sum(({ sent }) => sent),
    pingsLost: sum(({ sent, received }) => sent - received),
    longestGapMilliseconds: Math.max(...found.map(({ longestGapMs }) => longestGapMs ?? minutes * 60_000)),
    transfersFailed,
    upMegabits: up.length > 0 ? spread(up) : null,
    downMegabits: down.length > 0 ? spread(down) : null,
  };
  say(`${count} clients for ${result.minutes} min: ${sessionsLost} sessions lost, ${result.pingsLost} of ${result.pingsSent} pings, ${transfersFailed} transfers failed`);
  return result;
}

/**
 * Two clients that are alike but for the marks of their child SAs, measured one after the other. Each has a source port of
 * its own: from one port of one NAT, the policy of an SA without a mark would catch the other's packets.
 */
async function singleClient(bench: BenchLab, repeats: number, say: Say): Promise<Repeat[]> {
  await bench.connect(1, "l2tp", { espProposals: "aes256gcm16" });
  await bench.withSettings({ swanctl: "/mark_in\\|mark_out/d" }, () => bench.connect(2, "l2tp", { espProposals: "aes256gcm16" }));
  const measured: Repeat[] = [];
  for (let number = 0; number < repeats; number++) {
    const repeat: Repeat = {};
    for (const [name, namespace] of orderOf([["with", "c1"], ["without", "c2"]] as const, number)) {
      const up = await bench.tcp(namespace, gatewayInside, { seconds: 4, direction: "up" });
      const down = await bench.tcp(namespace, gatewayInside, { seconds: 4, direction: "down" });
      repeat[name] = { up: up.megabits, down: down.megabits };
    }
    measured.push(repeat);
    say(`repeat ${number + 1} of ${repeats}: ` + Object.entries(repeat).map(([name, { up, down }]) => `${name} ${up.toFixed(1)}/${down.toFixed(1)}`).join(", "));
  }
  await bench.disconnect(1, 2);
  return measured;
}

/** Offices of stock-Windows-like clients behind one NAT, and what telling them apart costs one client alone. */
export async function sameNat(bench: BenchLab, { repeats, minutes, offices }: SameNatOptions, say: Say): Promise<SameNat> {
  const single = await singleClient(bench, repeats, say);
  const largest = Math.max(...offices);
  bench.lab.world = await prepareWorld(bench.world.ssh, { clients: Math.max(largest, benchClients) });
  const runs: Office[] = [];
  for (const count of offices) runs.push(await office(bench, count, minutes, say));
  return {
    clients: largest,
    sessionsLost: runs.reduce((sum, run) => sum + run.sessionsLost, 0),
    transfersFailed: runs.reduce((sum, run) => sum + run.transfersFailed, 0),
    runs,
    singleClientRatio: ratio(single, "with", "without"),
    singleClient: { ratioUp: ratioOf(single, "with", "without", "up"), ratioDown: ratioOf(single, "with", "without", "down"), repeats },
    host: await bench.host(),
    notes: [
      "clients are strongSwan and xl2tpd with Windows' proposals and UDP source port 1701, which do not dial again by themselves; no Windows was run",
      "traffic: a ping a second from each through all of it, and TCP (3 s up, 3 s down) of one client after the other",
      "single client: TCP between it and the gateway, its child SA with marks and without; the rules of the firewall are the same in both",
    ],
  };
}
