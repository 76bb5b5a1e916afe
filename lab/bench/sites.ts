import { siteInterface, siteNames } from "../../gateway/site/names";
import { labClouds } from "../networks";
import { Lab } from "../scenarios/lab";
import { failuresAlone } from "../scenarios/scenario";
import { Sites, sitesProgram } from "../sites";
import { Stack } from "../stack";
import { bareEspCommands } from "./bareEsp";
import { hostOf, type Host } from "./host";
import { tcp } from "./iperf";
import { orderOf, rates, ratio, ratioOf, type Rates, type Repeat } from "./ratios";
import type { Spread } from "./statistics";

export interface SitesGoodput {
  runs: number;
  /** Our connection by hand-written `ip xfrm` of the same suite, between the same machines within the same firewall: both directions' mean, its median. */
  tunnelRatio: number;
  /** The same by hand-written `ip xfrm` without any firewall. */
  bareRatio: number;
  ratios: Record<string, Spread>;
  megabits: Record<string, Rates>;
  host: Host;
  notes: string[];
}

const [office, cloud] = labClouds;
/** What stands behind either end of the tunnel made by hand. */
const byHand = { near: "10.99.1.10", far: "10.99.3.10" };

/** From the first site's host to the second's. */
interface Variant {
  name: "tunnel" | "tunnelUnfiltered" | "tunnelAmongMany" | "byHand" | "byHandFiltered";
  rules: "ours" | "none" | "many";
  target: string;
}
const variants: Variant[] = [
  { name: "tunnel", rules: "ours", target: cloud.host },
  { name: "byHand", rules: "none", target: byHand.far },
  { name: "tunnelUnfiltered", rules: "none", target: cloud.host },
  { name: "byHandFiltered", rules: "ours", target: byHand.far },
  { name: "tunnelAmongMany", rules: "many", target: cloud.host },
];
/** Connections of one gateway beside the one that is measured: their rules, that every packet comes by. */
const beside = 99;

/** Two sites of its own, with a second tunnel between the same machines: policies and states by hand, no IKE. */
export class SitesBench {
  private readonly lab: Lab;
  private readonly sites: Sites;

  constructor(root: string, private readonly say: (line: string) => void, stack = "bench-sites") {
    this.lab = new Lab(new Stack(stack, root, sitesProgram));
    this.sites = new Sites(this.lab);
  }

  async start(): Promise<void> {
    this.say("two sites of its own: three machines boot");
    await this.lab.start();
    await this.lab.fresh();
    if ((await this.sites.standsWithin(1, "office-to-cloud", 60)) === undefined) throw new Error("the connection does not come up");
    for (const gateway of [1, 2]) {
      await this.sites.must(gateway, "mkdir -p /run/bench && nft list ruleset > /run/bench/ours.nft");
      await this.sites.must(gateway, `set -e; ${manyOf(gateway === 1 ? cloud : office)}`, 240);
    }
    await this.makeByHand();
  }

  async end(keep: boolean): Promise<void> {
    if (!keep) return this.lab.end(failuresAlone((line) => this.say(`left behind: ${line}`)));
    await this.filter("ours");
    await this.clearByHand();
  }

  async run(runs: number): Promise<SitesGoodput> {
    const repeats: Repeat[] = [];
    for (let number = 0; number < runs; number++) {
      const repeat: Repeat = {};
      for (const { name, rules, target } of orderOf(variants, number)) {
        await this.filter(rules);
        const rate = async (direction: "up" | "down") => (await tcp(this.lab.world, office.namespace, target, { seconds: 4, direction })).megabits;
        repeat[name] = { up: await rate("up"), down: await rate("down") };
      }
      repeats.push(repeat);
      this.say(`repeat ${number + 1} of ${runs}: ${variants.map(({ name }) => `${name} ${repeat[name].up.toFixed(1)}/${repeat[name].down.toFixed(1)}`).join(", ")}`);
    }
    const pairs = [["tunnel", "byHand"], ["tunnelUnfiltered", "byHand"], ["tunnel", "byHandFiltered"], ["byHandFiltered", "byHand"], ["tunnelAmongMany", "tunnel"]] as const;
    return {
      runs,
      tunnelRatio: ratio(repeats, "tunnel", "byHandFiltered").median,
      bareRatio: ratio(repeats, "tunnel", "byHand").median,
      ratios: Object.fromEntries(
        pairs.flatMap(([name, reference]) => [
          [`${name}/${reference}`, ratio(repeats, name, reference)],
          ...(["up", "down"] as const).map((direction): [string, Spread] => [`${name}/${reference} ${direction}`, ratioOf(repeats, name, reference, direction)]),
        ]),
      ),
      megabits: Object.fromEntries(variants.map(({ name }) => [name, rates(repeats, name)])),
      host: await hostOf(this.sites.lab.gateways[0]),
      notes: [
        "TCP by iperf3 between the hosts of two sites, forwarded by both gateways, the first second left out; ESP within UDP, since one gateway is behind a 1:1 NAT",
        "by hand: ip xfrm state and policy of aes256gcm16 with a replay window of 1024, static keys, no XFRM interface, no IKE, and a firewall in byHandFiltered alone; the connection: its XFRM interface, charon and the whole firewall",
        "byHandFiltered and tunnelUnfiltered part the two: what the firewall costs, and what the interface does",
        `tunnelAmongMany: with the rules of ${beside} more connections, to other networks, on either gateway`,
      ],
    };
  }

  /** With our rules on both gateways, with none at all, or with those of many more connections besides. */
  private async filter(rules: Variant["rules"]): Promise<void> {
    const files = { none: [], ours: ["ours"], many: ["many"] }[rules];
    for (const gateway of [1, 2]) await this.sites.must(gateway, ["nft flush ruleset", ...files.map((file) => `nft -f /run/bench/${file}.nft`)].join("; "), 120);
  }

  private async makeByHand(): Promise<void> {
    await this.clearByHand();
    const lines = bareEspCommands({
      mode: "tunnel",
      suite: "aes256gcm16",
      client: cloud.outside,
      seenAs: cloud.endpoint,
      gateway: office.endpoint,
      port: 4500,
      number: 1,
      inner: { client: `${byHand.far}/32`, network: `${byHand.near}/32` },
      replayWindow: { client: 1024, gateway: 1024 },
    });
    const ends = [
      { gateway: 1, xfrm: lines.gateway, of: office, own: byHand.near, other: byHand.far },
      { gateway: 2, xfrm: lines.client, of: cloud, own: byHand.far, other: byHand.near },
    ];
    for (const { gateway, xfrm, of, own, other } of ends) {
      await this.sites.must(gateway, [...xfrm.map((line) => `ip ${line}`), `ip route replace ${own}/32 via ${of.host}`].join(" && "));
      await this.inside(of.namespace, `ip addr replace ${own}/32 dev lo && ip route replace ${other}/32 via ${of.gatewayInside} src ${own}`);
    }
  }

  private async clearByHand(): Promise<void> {
    for (const gateway of [1, 2]) {
      const [own, other] = gateway === 1 ? [byHand.near, byHand.far] : [byHand.far, byHand.near];
      const policies = [`src ${own}/32 dst ${other}/32 dir out`, ...["in", "fwd"].map((direction) => `src ${other}/32 dst ${own}/32 dir ${direction}`)];
      await this.sites.must(gateway, `${policies.map((selector) => `ip xfrm policy delete ${selector} 2>/dev/null`).join("; ")}; ip xfrm state deleteall reqid 50001; ip route del ${own}/32 2>/dev/null; true`);
    }
  }

  private async inside(namespace: string, command: string): Promise<void> {
    const { code, stdout, stderr } = await this.lab.world.run(namespace, command);
    if (code !== 0) throw new Error(`in ${namespace}, ${command} failed: ${stderr || stdout}`);
  }
}

/** Writes the connection's own rules again for each of many, with another interface and other far networks. */
function manyOf(far: (typeof labClouds)[number]): string {
  const { firewall, rules } = siteNames("office-to-cloud");
  const own = siteInterface("office-to-cloud");
  const replaced = [`s/${rules}/${rules}_'$number'/g`, `s/"${own}"/"st-bench'$number'"/`, `s#${far.network}#10.200.'$number'.0/24#`, `s#${far.network6}#fd99:'$number'::/64#`];
  // One at a time, as they come in life: nft cannot add networks to one set many times in a transaction.
  const added = `for number in $(seq ${beside}); do sed '${replaced.join("; ")}' ${firewall} | nft -f - || exit 1; done; nft list ruleset > /run/bench/many.nft`;
  return `${added}; grep -c "^.chain ${rules}_[0-9]*_inwards {$" /run/bench/many.nft | grep -qx ${beside}; nft flush ruleset; nft -f /run/bench/ours.nft`;
}
