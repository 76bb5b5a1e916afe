import { randomBytes } from "node:crypto";
import { labAddresses } from "../networks";
import { rebootMachine } from "../machine";
import { sleep } from "../progress";
import { BenchLab } from "./benchLab";
import type { Host } from "./host";
import { rounded } from "./statistics";

const protocols = ["ikev2", "l2tp"] as const;
type Protocol = (typeof protocols)[number];

/** The machine that the plan is for, and how many sessions of each protocol it shall hold. */
const machine = { vcpus: 1, memoryMegabytes: 1024 };
export type Plan = Record<Protocol, number>;

/** What so many sessions of one protocol took. */
export interface Crowd {
  asked: number;
  /** Up at the end, and of those so many that got an answer through their tunnel. */
  up: number;
  answered: number;
  /** From the first dial until the last was up, or until no more came. */
  seconds: number;
  connectsPerSecond: number;
  /** Of the gateway's whole memory, less what it used before. */
  kilobytesPerSession: number;
}

export interface Sessions {
  runs: number;
  l2tpSessions: number;
  ikev2Sessions: number;
  /** Of both protocols, by their numbers. */
  kilobytesPerSession: number;
  /** After a power cut of the gateway: from the cut until as many as before are up, all of which answer. */
  allBackSeconds: number | null;
  bootSeconds: number;
  crowds: Record<Protocol, Crowd>;
  back: Record<Protocol, { up: number; answered: number }>;
  /** Of the gateway: megabytes that were available at first, and with all sessions. */
  availableMegabytes: { before: number; with: number };
  host: Host;
  notes: string[];
}

/** Nobody new within this: no more will come. */
const patienceSeconds = 240;

const crowd = (count: number): string[] => Array.from({ length: count }, (_, index) => `crowd-${index + 1}`);

/** A gateway of the size that the plan is for, with as many users. */
export class SessionsLab extends BenchLab {
  constructor(root: string, say: (line: string) => void, stack: string | undefined, readonly plan: Plan) {
    super(root, say, stack);
  }

  override async start(): Promise<void> {
    const { stack } = this.lab;
    await stack.init();
    const settings = { vcpus: machine.vcpus, memoryMegabytes: machine.memoryMegabytes, ikev2Pool: "10.78.0.0/21", unmeasuredSessions: true };
    for (const [key, value] of Object.entries(settings)) await stack.set(key, String(value));
    const users = crowd(Math.max(this.plan.ikev2, this.plan.l2tp));
    await stack.unset("users");
    // Nobody has a place in a pool that they do not need.
    const may = (index: number) => protocols.filter((protocol) => index < this.plan[protocol]);
    await stack.set("users", JSON.stringify(users.map((name, index) => ({ name, protocols: may(index) }))));
    // Given, for minting hundreds is no part of it.
    await stack.set("passwords", JSON.stringify(Object.fromEntries(users.map((user) => [user, randomBytes(12).toString("base64url")]))), true);
    await super.start();
  }
}

async function available(bench: BenchLab): Promise<number> {
  // What is free only after a while (a loader's pages) would count as the sessions'.
  await sleep(3000);
  return Number(await bench.gateway.mustRun("awk '/^MemAvailable/ { print $2 }' /proc/meminfo"));
}

/** Waits until so many are up, or until nobody new came for a while; gives how many, and the seconds until the last came. */
async function until(bench: BenchLab, protocol: Protocol, wanted: number, began: number, tell: (line: string) => void): Promise<{ up: number; seconds: number }> {
  let [up, seconds, told] = [0, 0, 0];
  for (let last = Date.now(); up < wanted && Date.now() - last < patienceSeconds * 1000; await sleep(1000)) {
    const now = await bench.world.crowdCount(protocol);
    if (now > up) [up, seconds, last] = [now, (Date.now() - began) / 1000, Date.now()];
    if (Date.now() - told > 20_000) {
      tell(`${protocol}: ${now} of ${wanted} are up after ${((Date.now() - began) / 1000).toFixed(0)} s`);
      told = Date.now();
    }
  }
  return { up, seconds: rounded(seconds, 1) };
}

async function dial(bench: BenchLab, protocol: Protocol, count: number, tell: (line: string) => void): Promise<Crowd> {
  const before = await available(bench);
  const { passwords } = bench.lab.settings;
  const logins = crowd(count).map((name): [string, string] => [name, passwords[name]]);
  await bench.world.crowdDial(logins, bench.lab.login(protocol, logins[0][0], { splitTunnel: [labAddresses.insideNetwork] }));
  const { up, seconds } = await until(bench, protocol, count, Date.now(), tell);
  const kilobytes = before - (await available(bench));
  const { answered } = await bench.world.crowdAnswers(protocol, labAddresses.insideHost);
  tell(`${protocol}: ${up} of ${count} up after ${seconds} s, ${answered} answered, ${rounded(kilobytes / up, 0)} KB each`);
  return { asked: count, up, answered, seconds, connectsPerSecond: rounded(up / seconds, 2), kilobytesPerSession: rounded(kilobytes / up, 0) };
}

/** Hundreds of sessions on one small gateway, and all of them back after its power was cut. */
export async function sessions(bench: SessionsLab, tell: (line: string) => void): Promise<Sessions> {
  const { plan } = bench;
  const before = await available(bench);
  const crowds = { ikev2: await dial(bench, "ikev2", plan.ikev2, tell), l2tp: await dial(bench, "l2tp", plan.l2tp, tell) };
  const withAll = await available(bench);
  const cut = Date.now();
  const { bootSeconds } = await rebootMachine(bench.lab.id, "gateway", () => undefined);
  tell(`the gateway's power was cut; it booted in ${bootSeconds} s`);
  // Addresses of dead sessions are there until their clients notice: who has one must answer, too.
  const back = { ikev2: { up: 0, answered: 0 }, l2tp: { up: 0, answered: 0 } };
  let allBack: number | null = null;
  const since = () => `${((Date.now() - cut) / 1000).toFixed(0)} s after the cut`;
  const ask = async (protocol: Protocol) => {
    const { asked, answered } = await bench.world.crowdAnswers(protocol, labAddresses.insideHost);
    back[protocol] = { up: asked, answered };
    tell(`${protocol}: ${answered} of ${crowds[protocol].up} answer ${since()}`);
  };
  const seen = { ikev2: 0, l2tp: 0 };
  for (const end = cut + 1_200_000; allBack === null && Date.now() < end; await sleep(5000)) {
    for (const protocol of protocols) {
      if (back[protocol].answered >= crowds[protocol].up) continue;
      // Asking hundreds takes long: only once the gateway says that as many are there.
      const there = await atGateway(bench, protocol);
      if (there !== seen[protocol]) tell(`${protocol}: ${there} of ${crowds[protocol].up} are at the gateway ${since()}`);
      seen[protocol] = there;
      if (there >= crowds[protocol].up) await ask(protocol);
    }
    if (protocols.every((protocol) => back[protocol].answered >= crowds[protocol].up)) allBack = rounded((Date.now() - cut) / 1000, 0);
  }
  // Those that came, where not all did.
  for (const protocol of protocols) if (back[protocol].answered === 0) await ask(protocol);
  const total = crowds.ikev2.up + crowds.l2tp.up;
  const result: Sessions = {
    runs: 1,
    l2tpSessions: crowds.l2tp.answered,
    ikev2Sessions: crowds.ikev2.answered,
    kilobytesPerSession: rounded((before - withAll) / total, 0),
    allBackSeconds: allBack,
    bootSeconds,
    crowds,
    back,
    availableMegabytes: { before: rounded(before / 1024, 0), with: rounded(withAll / 1024, 0) },
    host: await bench.host(),
    notes: [
      `a gateway of ${machine.vcpus} CPU and ${machine.memoryMegabytes} MB; clients are strongSwan's and xl2tpd's behind one NAT; each L2TP session has an address, an SA and an xl2tpd of its own`,
      "each session asks three times through its tunnel: L2TP's the gateway, IKEv2's a host behind it",
      "clients have strongSwan's own patience: they ask each 60 s, give a silent gateway up after 165 s more, and all dial again by themselves",
    ],
  };
  for (const protocol of protocols) await bench.world.crowdEnd(protocol);
  return result;
}

/** Established sessions as the gateway sees them. */
async function atGateway(bench: BenchLab, protocol: Protocol): Promise<number> {
  const how = protocol === "l2tp" ? "ip -o -4 addr | grep -c ': ppp'" : "swanctl --list-sas --noblock | grep -c '^ikev2: .*ESTABLISHED'";
  const { stdout } = await bench.gateway.run(how, { timeoutSeconds: 60 });
  return Number(stdout.trim() || 0);
}
