import * as fs from "node:fs";
import * as path from "node:path";
import { siteInterfaceId, sitesTable } from "../gateway/site/names";
import { labSource } from "./image";
import { labClouds } from "./networks";
import { sleep } from "./progress";
import type { Lab } from "./scenarios/lab";
import type { MtuResult, PingResult } from "./world";

/** The program that makes two gateways in two clouds, and a connection between them. */
export const sitesProgram = "lab-sites";
const [office, cloud] = labClouds;
/** tcpdump's words for what belongs into their tunnel. */
export const betweenSites = `(ip and net ${office.network} and net ${cloud.network}) or (ip6 and net ${office.network6} and net ${cloud.network6})`;
/** A gateway's count of what connections have in the firewall. */
export const sharesLeft = `nft list table inet ${sitesTable} | grep -cE 'site_|elements'`;

/** What `vpn-gateway status --json` says of one connection. */
export interface SiteStatus {
  name: string;
  stands: boolean;
  since: string | null;
  reason: string | null;
  bytesIn: number;
  bytesOut: number;
  mtu: number | null;
  suite: string | null;
  /** Networks that the other end left out of the tunnel that stands. */
  narrowed: { missing: string[]; carried: string[] } | null;
  falls: { lastHour: number; last: string | null; lastSecondsAgo: number | null; flaps: boolean; lookAt: string | null };
}

/** What `vpn-gateway status --json` says of BGP. */
export interface RoutingStatus {
  running: boolean;
  as: number;
  sessions: {
    connection: string;
    peer: string;
    neighbor: string;
    stands: boolean;
    since: string | null;
    reason: string | null;
    falls: { count: number };
    bfd: string | null;
    learned: string[];
    refused: string[];
    /** What begins at our own AS number without being ours. */
    ofOurAs: string[];
    announced: number;
  }[];
  routes: { network: string; ways: { connection: string; path: string; used: boolean }[] }[];
}

/** Whether packets of a size pass whole, and what is said of one byte more. */
export interface Crossing {
  target: string;
  passes: boolean;
  oneMore: { passes: boolean; told: { by: string; mtu: number } | null };
  /** Bytes that came of a megabyte by TCP. */
  transfer?: { bytes: number; reason?: string };
}

/** Gateways of the lab with site connections between them, counted from 1. */
export class Sites {
  constructor(readonly lab: Lab) {}

  run(gateway: number, command: string, timeoutSeconds = 60) {
    return this.lab.gateways[gateway - 1].run(command, { timeoutSeconds });
  }
  must(gateway: number, command: string, timeoutSeconds = 60): Promise<string> {
    return this.lab.gateways[gateway - 1].mustRun(`bash -c '${command.replaceAll("'", "'\\''")}'`, { timeoutSeconds });
  }

  async status(gateway: number): Promise<SiteStatus[]> {
    return (JSON.parse((await this.run(gateway, "vpn-gateway status --json")).stdout) as { sites: SiteStatus[] }).sites;
  }
  async reason(gateway: number, name = "office-to-cloud"): Promise<string> {
    return (await this.status(gateway)).find((site) => site.name === name)?.reason ?? "";
  }

  async routing(gateway: number): Promise<RoutingStatus> {
    return (JSON.parse((await this.run(gateway, "vpn-gateway status --json")).stdout) as { routing: RoutingStatus }).routing;
  }

  /** Seconds until something is so; undefined where it does not become so. */
  async seconds(isSo: () => Promise<boolean>, within: number): Promise<number | undefined> {
    const began = Date.now();
    do {
      if (await isSo()) return (Date.now() - began) / 1000;
      await sleep(300);
    } while (Date.now() - began < within * 1000);
    return undefined;
  }
  async becomes(isSo: () => Promise<boolean>, within: number): Promise<boolean> {
    return (await this.seconds(isSo, within)) !== undefined;
  }
  standsWithin(gateway: number, name: string, within: number): Promise<number | undefined> {
    return this.seconds(async () => (await this.status(gateway)).some((site) => site.name === name && site.stands), within);
  }
  fallsWithin(gateway: number, name: string, within: number): Promise<number | undefined> {
    return this.seconds(async () => (await this.status(gateway)).some((site) => site.name === name && !site.stands), within);
  }

  async mtuOf(gateway: number, card: string): Promise<number> {
    return Number((await this.run(gateway, `cat /sys/class/net/${card}/mtu`)).stdout);
  }

  /** Puts a part of the gateway back as the stack pushed it. */
  async putBack(gateway: number, part: string): Promise<void> {
    await this.must(gateway, `python3 - <<"PYTHON"
import sys
sys.path.insert(0, "/usr/lib/vpn-gateway")
from vpn_gateway import change, lock
from vpn_gateway.gateway import Gateway
gateway = Gateway("", "lab")
store = gateway.store("${part}")
state = store.state()
with lock.held(gateway.paths, gateway.report, "lab", 30.0):
    gateway.originals.load()
    change.transition(gateway, store, state.current, state.current, state)
PYTHON`);
  }

  /** The path between the first two gateways swallows their IPv4 packets, both ways, and tells nobody: for so long, so often. */
  async flap(times: number, downSeconds: number, upSeconds: number): Promise<void> {
    const peer = labClouds[0].endpoint;
    const rules = `table inet lab_flap { chain through { type filter hook forward priority -300; ip saddr ${peer} drop; ip daddr ${peer} drop; }\n}`;
    const once = `echo "$rules" | nft -f -; sleep ${downSeconds}; nft delete table inet lab_flap; sleep ${upSeconds}`;
    const done = await this.lab.world.run("isp2", `set -e; rules='${rules}'; for time in $(seq ${times}); do ${once}; done`, times * (downSeconds + upSeconds + 5) + 60);
    if (done.code !== 0) throw new Error(`the path could not be cut: ${done.stderr}`);
  }

  /** What a connection has in charon and in the kernel, in numbers: IKE SAs, child SAs, the kernel's SAs and policies. */
  async counted(gateway: number, name: string): Promise<string> {
    const id = siteInterfaceId(name).toString(16);
    return (await this.must(gateway, `swanctl --list-sas --ike site-${name} | grep -c "^site-"; swanctl --list-sas --ike site-${name} | grep -c "reqid"; ip xfrm state | grep -c "if_id 0x${id}"; ip xfrm policy | grep -c "if_id 0x${id}"; true`)).trim().replaceAll("\n", " ");
  }

  /** New keys for a connection's SA, one renewal after the other, begun by this gateway. */
  async rekey(gateway: number, count: number, kind: "child" | "ike", name: string): Promise<{ rekeys: number; seconds: number }> {
    const script = fs.readFileSync(path.join(labSource("world"), "rekey_site.py"), "utf8");
    return JSON.parse(await this.lab.gateways[gateway - 1].mustRun(`python3 - ${count} ${kind} ${name}`, { stdin: script, timeoutSeconds: 60 + count * 10 })) as { rekeys: number; seconds: number };
  }

  /** What the kernel dropped in and out of tunnels, by its own names. */
  async dropped(gateway: number): Promise<Map<string, number>> {
    return new Map((await this.must(gateway, "cat /proc/net/xfrm_stat")).trim().split("\n").map((line) => line.split(/\s+/)).map(([what, count]) => [what, Number(count)]));
  }

  /** Everything of site connections and the firewall that stands on a gateway, as one text. */
  files(gateway: number): Promise<string> {
    return this.must(gateway, "find /etc/vpn-gateway /etc/swanctl -type f | sort | xargs sha256sum; ip -br link | cut -d@ -f1 | sort; ip route show proto 201; ip -6 route show proto 201; nft list tables");
  }

  ping(namespace: string, target: string, count = 5): Promise<PingResult> {
    return this.lab.world.call(["host", "ping", namespace, target, "--count", count], undefined, count + 60);
  }
  async largest(namespace: string, target: string): Promise<MtuResult> {
    // A host remembers for ten minutes which size was too large for another tunnel.
    for (const family of ["-4", "-6"]) await this.lab.world.run(namespace, `ip ${family} route flush cache`);
    return this.lab.world.call(["host", "mtu", namespace, target]);
  }
  /** Between hosts that hear which packets are too large, or do not while they transfer. */
  cross(wanted: { from: string; to: string; targets: string[]; size: number; transfer?: "heard" | "unheard" }): Promise<Crossing[]> {
    return this.lab.world.call(["cross"], wanted, 300);
  }
  /** Mbit/s, and why there are none. */
  transfer(namespace: string, target: string, seconds = 4): Promise<{ megabitsPerSecond: number; reason?: string }> {
    return this.lab.world.call(["host", "iperf", namespace, target, "--seconds", seconds], undefined, seconds + 90);
  }
  /** Percent that is lost of so much UDP. */
  async udp(namespace: string, target: string, megabits: number, seconds: number): Promise<number> {
    const { lostPercent } = await this.lab.world.call<{ lostPercent?: number | null }>(["host", "iperf", namespace, target, "--seconds", seconds, "--udp", megabits], undefined, seconds + 90);
    return lostPercent ?? 100;
  }
  async pingStart(namespace: string, target: string, interval: number, label: string): Promise<void> {
    await this.lab.world.call(["host", "ping-start", namespace, target, "--interval", interval, "--label", label]);
  }
  pingStop(namespace: string, label: string): Promise<PingResult> {
    return this.lab.world.call(["host", "ping-stop", namespace, "--label", label]);
  }
}
