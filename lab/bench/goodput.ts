import { labAddresses } from "../networks";
import { sleep } from "../progress";
import type { BenchLab } from "./benchLab";
import type { Firewall } from "./firewalls";
import type { Host } from "./host";
import { orderOf, rates, ratio, ratioOf, type Rates, type Repeat } from "./ratios";
import { rounded, type Spread } from "./statistics";

/** One way from the client to iperf3 on the gateway. */
interface Variant {
  name: string;
  firewall: Firewall;
  namespace: string;
  target: string;
  port: number;
  /** Left out on the impaired paths. */
  cleanOnly?: boolean;
}

const { gatewayOutside, gatewayInside } = labAddresses;

/**
 * All end at iperf3 on the gateway: transport mode ends nowhere else, so the gateway's own tunnels are measured to the
 * same process. All begin behind the same NAT and carry ESP within UDP.
 */
const variants: Variant[] = [
  { name: "plain", firewall: "none", namespace: "c3", target: gatewayOutside, port: 5201 },
  { name: "bareTransport", firewall: "none", namespace: "c3", target: gatewayOutside, port: 5202 },
  { name: "l2tp", firewall: "ours", namespace: "c1", target: gatewayInside, port: 5201 },
  { name: "bareTunnel", firewall: "none", namespace: "c3", target: gatewayInside, port: 5201 },
  { name: "ikev2", firewall: "ours", namespace: "c2", target: gatewayInside, port: 5201 },
  { name: "bareTransportSha256", firewall: "none", namespace: "c3", target: gatewayOutside, port: 5203, cleanOnly: true },
  { name: "l2tpSha256", firewall: "ours", namespace: "c5", target: gatewayInside, port: 5201, cleanOnly: true },
  { name: "article", firewall: "article", namespace: "c4", target: gatewayInside, port: 5201 },
];

interface PathResult {
  repeats: number;
  /** Our L2TP by bare transport ESP, aes256gcm16: the mean of both directions, its median over the repeats. */
  l2tpRatio: number;
  /** Our IKEv2 by bare tunnel ESP, aes256gcm16. */
  ikev2Ratio: number;
  /** The article's configuration (aes256-sha256) by bare transport ESP of aes256gcm16. */
  articleRatio: number;
  ratios: Record<string, Spread>;
  megabits: Record<string, Rates>;
}

export interface Goodput extends PathResult {
  runs: number;
  delay20: PathResult;
  delay20loss: PathResult;
  host: Host;
  notes: string[];
}

export async function connectVariants(bench: BenchLab): Promise<void> {
  await bench.connect(1, "l2tp", { espProposals: "aes256gcm16" });
  await bench.connect(2, "ikev2", { espProposals: "aes256gcm16" });
  await bench.connect(5, "l2tp", { espProposals: "aes256-sha256" });
  // An ordinary article: strongSwan's window of 32, no marks, ppp 1400. Its session is begun under its own rules.
  await bench.firewall("article");
  await bench.withSettings({ swanctl: "/replay_window/d; /mark_/d", ppp: "s/^mtu .*/mtu 1400/; s/^mru .*/mru 1400/" }, () =>
    bench.connect(4, "l2tp", { espProposals: "aes256-sha256", pppMtu: 1400 }),
  );
  await bench.firewall("ours");
  await bench.innerAddress(3, "10.99.0.3");
  await bench.bareEsp(3, [
    { number: 1, mode: "transport", suite: "aes256gcm16", tcpPort: 5202 },
    { number: 2, mode: "transport", suite: "aes256-sha256", tcpPort: 5203 },
    { number: 3, mode: "tunnel", suite: "aes256gcm16", inner: { client: "10.99.0.3", network: labAddresses.insideNetwork } },
  ]);
}

export async function measurePath(bench: BenchLab, all: Variant[], repeats: number, seconds: number, say: (line: string) => void): Promise<Repeat[]> {
  const measured: Repeat[] = [];
  for (let number = 0; number < repeats; number++) {
    const repeat: Repeat = {};
    for (const { name, firewall, namespace, target, port } of orderOf(all, number)) {
      await bench.firewall(firewall);
      const up = await bench.tcp(namespace, target, { seconds, direction: "up", port });
      const down = await bench.tcp(namespace, target, { seconds, direction: "down", port });
      repeat[name] = { up: up.megabits, down: down.megabits };
    }
    measured.push(repeat);
    say(`repeat ${number + 1} of ${repeats}: ` + all.map(({ name }) => `${name} ${repeat[name].up.toFixed(0)}/${repeat[name].down.toFixed(0)}`).join(", "));
  }
  return measured;
}

function pathResult(repeats: Repeat[], names: string[]): PathResult {
  const pairs: [string, string][] = [
    ["l2tp", "bareTransport"],
    ["ikev2", "bareTunnel"],
    ["article", "bareTransport"],
    ["l2tpSha256", "bareTransportSha256"],
    ["article", "bareTransportSha256"],
    ["l2tp", "article"],
    ["l2tp", "plain"],
    ["ikev2", "plain"],
    ["bareTransport", "plain"],
  ];
  const ratios: Record<string, Spread> = {};
  for (const [variant, reference] of pairs.filter((pair) => pair.every((name) => names.includes(name)))) {
    ratios[`${variant}/${reference}`] = ratio(repeats, variant, reference);
    ratios[`${variant}/${reference} up`] = ratioOf(repeats, variant, reference, "up");
    ratios[`${variant}/${reference} down`] = ratioOf(repeats, variant, reference, "down");
  }
  return {
    repeats: repeats.length,
    l2tpRatio: rounded(ratios["l2tp/bareTransport"].median),
    ikev2Ratio: rounded(ratios["ikev2/bareTunnel"].median),
    articleRatio: rounded(ratios["article/bareTransport"].median),
    ratios,
    megabits: Object.fromEntries(names.map((name) => [name, rates(repeats, name)])),
  };
}

/** Goodput of our tunnels beside bare ESP, an article's configuration and no tunnel, on three paths. */
export async function goodput(bench: BenchLab, runs: number, say: (line: string) => void): Promise<Goodput> {
  await connectVariants(bench);
  const measure = async (all: Variant[], repeats: number, seconds: number) =>
    pathResult(await measurePath(bench, all, repeats, seconds, say), all.map(({ name }) => name));
  const fewer = Math.min(runs, 3);
  const lasting = variants.filter(({ cleanOnly }) => !cleanOnly);
  say("clean path");
  const clean = await measure(variants, runs, 2);
  say("20 ms");
  await bench.world.linkImpair(20, 0);
  await sleep(500);
  const delay20 = await measure(lasting, fewer, 3);
  say("20 ms, 0.2 % loss each way");
  await bench.world.linkImpair(20, 0.2);
  const delay20loss = await measure(lasting, fewer, 3);
  await bench.world.linkRestore();
  return {
    runs,
    ...clean,
    delay20,
    delay20loss,
    host: await bench.host(),
    notes: [
      "TCP (cubic) by iperf3 between a client behind the NAT and the gateway itself, the first second left out; the ratio of a repeat is the mean of both directions' ratios",
      "bare ESP: static keys, the same NAT traversal, no IKE, no L2TP, no firewall on the gateway",
      "clients are stock: a replay window of 32; the gateway has 1024 in ours and in bare ESP, 32 in the article's",
      "the article's charon and sysctl run as ours: neither touches a packet that ends at the gateway",
      "not measured: more than one client at once, IPv6, goodput of forwarded packets (see tuning), machines that are not emulated",
    ],
  };
}
