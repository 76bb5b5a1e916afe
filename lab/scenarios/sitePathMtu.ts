import { espSuites, type EspSuiteName } from "../../gateway/cipherSuites";
import { ikev2InnerMtu } from "../../gateway/mtu";
import { charonName } from "../../gateway/site/mtu";
import { siteInterface, siteNames, sitesTable } from "../../gateway/site/names";
import { labClouds } from "../networks";
import { Sites, sitesProgram, type Crossing } from "../sites";
import { translateTo } from "./siteEnds";
import type { Scenario } from "./scenario";

const connection = "office-to-cloud";
const [office, cloud] = labClouds;
const names = siteNames(connection);
const device = siteInterface(connection);
const everySuite = Object.keys(espSuites) as EspSuiteName[];

/** What ESP travels in, and by which config the two ends come to it. */
export interface Outside {
  title: string;
  outer: 4 | 6;
  natTraversal: boolean;
  config: Record<string, string>;
  /** The second gateway is reached at its own address: nothing is translated. */
  plain?: boolean;
}

/** In the order in which their config builds up. */
export const outsides: Outside[] = [
  { title: "IPv4 behind a NAT", outer: 4, natTraversal: true, config: {} },
  { title: "IPv4", outer: 4, natTraversal: false, config: { rightEndpoint: cloud.outside }, plain: true },
  { title: "IPv6", outer: 6, natTraversal: false, config: { outside6: "true" } },
  { title: "IPv6 within UDP", outer: 6, natTraversal: true, config: { encapsulate: "true" } },
];
/** Ethernet, PPPoE, Google's networks. */
export const linkMtus = [1500, 1492, 1460] as const;

/** Every suite on the whole link; on the others one of each size: a key of 128 bits changes none. */
export function suitesOn(linkMtu: number): EspSuiteName[] {
  return everySuite.filter((name) => linkMtu === linkMtus[0] || name.startsWith("aes256"));
}

/** A megabyte that does not come is one of which nothing but the first small segments did. */
const came = ({ transfer }: Crossing) => (transfer?.bytes ?? 0) > 100_000;
const fragments = "nft delete table inet lab_whole 2>/dev/null";
/** Whoever gets a fragment drops it: what passes has passed whole. */
const whole = `${fragments}; nft -f - <<"END"
table inet lab_whole {
  chain whole { type filter hook prerouting priority -450; ip frag-off & 0x3fff != 0 drop; ip6 nexthdr 44 drop; }
}
END`;
const routers = ["isp", "edge", "isp2"];

/** The tunnel anew with one suite, which the end that dials offers from a file beside the connection's own; gives what charon and the interface say. */
async function agree(sites: Sites, suite: EspSuiteName, mtu: number): Promise<{ sa: string; mtu: number }> {
  const own = `/etc/swanctl/conf.d/${names.connection}.conf`;
  const { stdout } = await sites.run(
    1,
    `sed 's/esp_proposals = .*/esp_proposals = ${suite}/; s/start_action = .*/start_action = trap/' ${own} > /etc/swanctl/one-suite.conf && swanctl --load-conns --file /etc/swanctl/one-suite.conf >/dev/null; ` +
      `swanctl --terminate --ike ${names.connection} --force --timeout 3 >/dev/null 2>&1; swanctl --initiate --ike ${names.connection} --child ${connection} --timeout 20 >/dev/null 2>&1; ` +
      `for try in $(seq 80); do swanctl --list-sas --ike ${names.connection} | grep -qF 'ESP:${charonName(espSuites[suite])}' && [ "$(cat /sys/class/net/${device}/mtu)" = ${mtu} ] && break; sleep 0.1; done; ` +
      `swanctl --list-sas --ike ${names.connection} | grep -o 'TUNNEL.*ESP:.*' | tail -n 1; cat /sys/class/net/${device}/mtu`,
    120,
  );
  const [sa, found] = stdout.trim().split("\n");
  return { sa: found === undefined ? "none" : sa, mtu: Number(found ?? sa) };
}

/** The whole matrix of suites and outsides. */
export const sitePathMtu: Scenario[] = [
  {
    name: "sites-path-mtu",
    shows: "72 tunnels, of every suite, with and without UDP, over IPv4 and IPv6 outside, on links of 1500, 1492 and 1460 bytes: packets of the formula's size pass whole, IPv4 and IPv6, one byte more is answered with the right size, and a megabyte of TCP passes although the hosts hear no such answer",
    twin: "on a link that is smaller than `outsideMtu` the same packets do not pass whole; without the clamp the megabyte stalls, and passes where the hosts hear the answers",
    program: sitesProgram,
    seconds: 720,
    async run(lab, { check, heading, figure }) {
      const sites = new Sites(lab);
      const targets = [cloud.host, cloud.host6];
      const cross = (size: number, transfer?: "heard" | "unheard", to: string[] = targets) => sites.cross({ from: office.namespace, to: cloud.namespace, targets: to, size, transfer });
      const inEach = async (command: string, where = routers) => {
        for (const namespace of where) {
          const { code, stderr } = await lab.world.run(namespace, command);
          if (code !== 0) throw new Error(`in ${namespace}: ${stderr}`);
        }
      };
      let [cells, exact] = [0, 0];
      const cell = async ({ title, outer, natTraversal }: Outside, suite: EspSuiteName, linkMtu: number) => {
        const formula = ikev2InnerMtu({ linkMtu, suite: espSuites[suite], natTraversal, outer });
        const agreed = await agree(sites, suite, formula);
        const other = await sites.becomes(async () => (await sites.mtuOf(2, device)) === formula, 10);
        const found = await cross(formula, "unheard");
        const wrong = [
          ...(agreed.sa.startsWith(`TUNNEL${natTraversal ? "-in-UDP" : ""}, ESP:${charonName(espSuites[suite])}`) ? [] : [`the tunnel is ${agreed.sa}`]),
          ...(agreed.mtu === formula && other ? [] : [`the interfaces have ${agreed.mtu} and ${await sites.mtuOf(2, device)}`]),
          ...found.flatMap((one) => [
            ...(one.passes ? [] : [`to ${one.target} ${formula} bytes do not pass whole`]),
            ...(!one.oneMore.passes && one.oneMore.told?.mtu === formula ? [] : [`to ${one.target} one byte more ${one.oneMore.passes ? "passes" : `is answered with ${JSON.stringify(one.oneMore.told)}`}`]),
            ...(came(one) ? [] : [`to ${one.target} TCP stalls after ${one.transfer?.bytes} bytes: ${one.transfer?.reason ?? ""}`]),
          ]),
        ];
        const largest = found.some(({ passes, oneMore }) => !passes || oneMore.passes) ? `; the largest is ${(await sites.largest(office.namespace, cloud.host)).mtu}` : "";
        cells++;
        if (wrong.length === 0) exact++;
        check(`${suite}, ${title}, ${linkMtu}: ${formula} bytes, told of, and TCP passes`, wrong.length === 0, wrong.length === 0 ? "" : wrong.join("; ") + largest);
      };

      await lab.stack.set("bothEsp", everySuite.join(","));
      try {
        await inEach(whole);
        for (const outside of outsides) {
          heading(outside.title);
          // Where nothing is translated, the way there is one that the routers know.
          if (outside.plain) {
            await inEach("ip route replace 172.31.2.0/24 via 198.18.0.5", ["edge"]);
            await inEach("nft delete table ip nat && conntrack -F", ["isp2"]);
          }
          for (const [key, value] of Object.entries(outside.config)) await lab.stack.set(key, value);
          for (const linkMtu of linkMtus) {
            await lab.world.linkMtu(linkMtu);
            await lab.stack.set("outsideMtu", String(linkMtu));
            await lab.stack.up();
            for (const suite of suitesOn(linkMtu)) await cell(outside, suite, linkMtu);
            if (outside === outsides[0] && linkMtu === linkMtus[0]) await twins();
          }
        }
        figure(`${exact} of ${cells} cells are exact`);
      } finally {
        await lab.world.linkRestore();
        for (const namespace of routers) await lab.world.run(namespace, fragments);
        await lab.world.run("isp2", translateTo(cloud.endpoint));
        await lab.world.run("edge", "ip route del 172.31.2.0/24");
        await sites.must(1, "swanctl --load-conns >/dev/null; rm -f /etc/swanctl/one-suite.conf");
      }

      /** On the tunnel that stands: behind a NAT, on a link of 1500 bytes. */
      async function twins(): Promise<void> {
        const suite = "aes256gcm16";
        const formula = (linkMtu: number) => ikev2InnerMtu({ linkMtu, suite: espSuites[suite], natTraversal: true });
        await agree(sites, suite, formula(1500));
        await lab.world.linkMtu(1460);
        const [[large], [small]] = [await cross(formula(1500), undefined, [cloud.host]), await cross(formula(1460), undefined, [cloud.host])];
        check("twin: on a link of 1460 bytes that the gateways were not told of, packets of the interface's size do not pass whole, and those of that link's formula do", !large.passes && small.passes, JSON.stringify([large, small]));
        await lab.world.linkMtu(1500);
        const clamp = `inet ${sitesTable} clamp`;
        for (const gateway of [1, 2]) await sites.must(gateway, `nft list chain ${clamp} > /run/clamp.nft && nft flush chain ${clamp}`);
        try {
          const heard = await cross(formula(1500), "heard");
          check("twin: without the clamp TCP passes by the answers alone", heard.every(came), JSON.stringify(heard));
          const unheard = await cross(formula(1500), "unheard");
          check("twin: without the clamp and without hearing them it stalls, by IPv4 and by IPv6", !unheard.some(came), JSON.stringify(unheard));
        } finally {
          for (const gateway of [1, 2]) await sites.must(gateway, "nft -f /run/clamp.nft && rm /run/clamp.nft");
        }
      }
    },
  },
];
