import { labAddresses } from "../networks";
import { sleep } from "../progress";
import type { BenchLab } from "./benchLab";
import { forgedRedirect } from "./forge";

/** A setting that is there for something else than goodput, with it and without. */
export interface Functional {
  name: string;
  shipped: boolean;
  /** What was seen with and without, in words. */
  effect: string;
  /** null: not measured. */
  acts: boolean | null;
}

const shipped = true;
const parameters = "sysctl -q -p /etc/sysctl.d/60-vpn-gateway.conf";

const rateText = (megabits: number) => (megabits === 0 ? "nothing passes" : `${megabits.toFixed(1)} Mbit/s`);

/** Goodput, or 0 where iperf3 gives up: a stall is a result here. */
async function rateOrStall(bench: BenchLab, namespace: string, direction: "up" | "down"): Promise<number> {
  const { stdout } = await bench.world.run(
    namespace,
    `timeout 12 iperf3 -J -c ${labAddresses.insideHost} -t 4 --connect-timeout 4000${direction === "down" ? " -R" : ""}`,
    40,
  );
  try {
    const end = (JSON.parse(stdout) as { end?: { sum_received?: { bits_per_second: number } } }).end;
    return (end?.sum_received?.bits_per_second ?? 0) / 1e6;
  } catch {
    return 0;
  }
}

async function ipForward(bench: BenchLab): Promise<Functional> {
  const answers = async () => (await bench.world.ping(2, labAddresses.insideHost, { count: 5 })).received;
  const before = await answers();
  await bench.gateway.mustRun("sysctl -qw net.ipv4.ip_forward=0");
  const without = await answers();
  await bench.gateway.mustRun(parameters);
  return { name: "net.ipv4.ip_forward = 1", shipped, effect: `pings to the inside host: ${before} of 5 with it, ${without} of 5 without`, acts: before > 0 && without === 0 };
}

async function sendRedirects(bench: BenchLab): Promise<Functional> {
  const seen = async (value: 0 | 1) => {
    await bench.gateway.mustRun(`for file in /proc/sys/net/ipv4/conf/*/send_redirects; do echo ${value} > $file; done`);
    // From a host of the gateway's own link, its answers go out by the card that they came in by: as all do where a gateway has one card.
    await bench.world.captureStart("redirects", "icmp[icmptype] == icmp-redirect");
    await bench.world.ping(2, labAddresses.internetRouter, { count: 10 });
    const { packets } = await bench.world.captureStop("redirects");
    return packets;
  };
  const without = await seen(1);
  const withIt = await seen(0);
  return {
    name: "net.ipv4.conf.*.send_redirects = 0",
    shipped,
    effect: `redirects sent while a client pings a host of the gateway's own link 10 times: ${withIt} with it, ${without} with the kernel's default of 1`,
    acts: withIt === 0 && without > 0,
  };
}

async function acceptRedirects(bench: BenchLab): Promise<Functional> {
  const other = "192.0.2.66";
  // The kernel follows to a neighbour that it knows, and to no other.
  const card = `$(ip -o -4 addr show to ${labAddresses.internetRouter} | awk '{ print $2 }')`;
  await bench.inside("isp", `ip addr replace ${other}/24 dev ${card}`);
  const follows = async (all: 0 | 1) => {
    await bench.gateway.mustRun(`ping -n -q -c 1 -W 5 ${other}`);
    await bench.gateway.mustRun(`ip route flush cache; sysctl -qw net.ipv4.conf.wan0.accept_redirects=1 net.ipv4.conf.all.accept_redirects=${all}`);
    // The forged message must name a connection of the gateway's own.
    const ping = bench.gateway.run(`ping -n -q -c 25 -i 0.2 -e 4242 ${labAddresses.internetHost}`);
    await sleep(1500);
    await bench.world.ssh.mustRun("ip netns exec isp python3 -", {
      stdin: forgedRedirect({ router: labAddresses.internetRouter, victim: labAddresses.gatewayOutside, destination: labAddresses.internetHost, other, echoId: 4242 }),
    });
    await sleep(500);
    const route = await bench.gateway.mustRun(`ip route get ${labAddresses.internetHost}`);
    await ping;
    return route.includes(other);
  };
  const without = await follows(1);
  const withIt = await follows(0);
  await bench.inside("isp", `ip addr del ${other}/24 dev ${card}`);
  // Does the kernel set it by itself where ip_forward goes from 0 to 1?
  const byItself = (await bench.gateway.mustRun(
    "sysctl -qw net.ipv4.ip_forward=0 net.ipv4.conf.all.accept_redirects=1; sysctl -qw net.ipv4.ip_forward=1; sysctl -n net.ipv4.conf.all.accept_redirects",
  )).trim();
  await bench.gateway.mustRun(`${parameters}; ip route flush cache`);
  return {
    name: "net.ipv4.conf.all.accept_redirects = 0",
    shipped,
    effect:
      `a forged redirect about a connection of the gateway's own is ${withIt ? "followed" : "ignored"} with it, ${without ? "followed" : "ignored"} with 1` +
      (byItself === "0" ? "; the kernel itself sets it to 0 when ip_forward goes from 0 to 1, so the line acts only where something else set it to 1" : ""),
    acts: !withIt && without,
  };
}

/** A server that never hears that its packets are too large: what the clamp is for. */
async function clamp(bench: BenchLab): Promise<Functional[]> {
  const deaf = "table ip deaf { chain input { type filter hook input priority filter; icmp type destination-unreachable icmp code frag-needed drop; }; }";
  await bench.inside("inside", `ip route flush cache; nft '${deaf}'`);
  const results: Functional[] = [];
  try {
    for (const [protocol, namespace] of [["L2TP", "c1"], ["IKEv2", "c2"]] as const) {
      const withIt = await rateOrStall(bench, namespace, "down");
      await bench.gateway.mustRun("nft flush chain inet vpn_gateway clamp");
      const without = await rateOrStall(bench, namespace, "down");
      await bench.firewall("ours");
      results.push({
        name: `MSS clamp, ${protocol}`,
        shipped,
        effect: `download from a host that is not told of the path's MTU: ${rateText(withIt)} with it, ${rateText(without)} without`,
        acts: withIt > 1 && without < withIt / 4,
      });
    }
  } finally {
    await bench.inside("inside", "nft delete table ip deaf; ip route flush cache");
  }
  return results;
}

async function copyDf(bench: BenchLab): Promise<Functional> {
  await bench.disconnect(6);
  await bench.withSettings({ swanctl: "s/copy_df = no/copy_df = yes/" }, () => bench.connect(6, "ikev2", { espProposals: "aes256gcm16" }));
  await bench.world.linkMtu(1400, true);
  const withIt = await rateOrStall(bench, "c2", "down");
  const without = await rateOrStall(bench, "c6", "down");
  await bench.world.linkRestore();
  return {
    name: "copy_df = no (IKEv2)",
    shipped,
    effect: `download over a link of 1400 bytes that says nothing of it: ${rateText(withIt)} with it, ${rateText(without)} without`,
    acts: withIt > 1 && without < withIt / 4,
  };
}

/** Packets out of order: delay that varies by more than the time between two packets. */
async function replayWindow(bench: BenchLab): Promise<Functional[]> {
  await bench.inside("edge", "tc qdisc replace dev middle0 root netem delay 5ms 4ms");
  const results: Functional[] = [];
  try {
    for (const [protocol, ours, other] of [["L2TP", "c1", "c5"], ["IKEv2", "c2", "c8"]] as const) {
      const run = async (namespace: string) => {
        const before = await bench.counter("XfrmInStateSeqError");
        const rate = await rateOrStall(bench, namespace, "up");
        return { rate, dropped: (await bench.counter("XfrmInStateSeqError")) - before };
      };
      const [withIt, without] = [await run(ours), await run(other)];
      results.push({
        name: `replay_window 1024 instead of 32, ${protocol}`,
        shipped,
        effect: `upload over a path that reorders: ${withIt.dropped} packets dropped as replayed and ${rateText(withIt.rate)} with it, ${without.dropped} and ${rateText(without.rate)} without`,
        acts: withIt.dropped < without.dropped / 4,
      });
    }
  } finally {
    await bench.inside("edge", "tc qdisc del dev middle0 root");
  }
  return results;
}

/** Each in turn; one that cannot be measured says why and does not end the others. */
export async function functional(bench: BenchLab, say: (line: string) => void): Promise<Functional[]> {
  // One more session with the distribution's window, since copy_df's test takes the other's place.
  await bench.withSettings({ swanctl: "/replay_window/d" }, () => bench.connect(8, "ikev2", { espProposals: "aes256gcm16" }));
  const tests: [string, (lab: BenchLab) => Promise<Functional | Functional[]>][] = [
    ["ip_forward", ipForward],
    ["send_redirects", sendRedirects],
    ["accept_redirects", acceptRedirects],
    ["MSS clamp", clamp],
    ["copy_df", copyDf],
    ["replay_window", replayWindow],
  ];
  const results: Functional[] = [];
  for (const [name, test] of tests) {
    const found = await test(bench).catch((error: Error): Functional => ({ name, shipped, effect: `not measured: ${error.message}`, acts: null }));
    for (const each of [found].flat()) {
      results.push(each);
      say(`${each.name}: ${each.effect}`);
    }
  }
  return results;
}
