import { renderNftShare, withWhy, type Share, type SharedElement } from "../../formats/nft";
import { maximumSegmentSize } from "../../mtu";
import { speaksBgp } from "../bgp";
import { leastSiteMtu } from "../mtu";
import { siteInterface, siteNames, sitesTable } from "../names";
import type { SiteView } from "../spec";
import { bgpShare, throughRules } from "./bgpFirewall";
import { dropped, networkElements, perFamily, segments, sets, shared, type SiteRules } from "./rules";

/**
 * A connection's share of the table of all site connections (`renderSitesFrame`). The far site's addresses count only
 * within a tunnel, in each direction; between the two sites only the networks that are named pass.
 */
export function renderSiteFirewall(view: SiteView): string {
  const { spec, near, far } = view;
  return renderNftShare(siteShare(view), `Firewall of the site connection ${spec.name}: ${near.name} to ${far.name}. Written by pulumi-vpn-gateway.`);
}

function siteShare(view: SiteView): Share {
  const parts = [view.spec.mode === "route" ? byRoute(view) : byPolicy(view), ...(speaksBgp(view) ? [bgpShare(view)] : [])];
  return {
    family: "inet",
    name: sitesTable,
    sets: parts.flatMap(({ sets }) => sets),
    chains: parts.flatMap(({ chains }) => chains),
    elements: parts.flatMap(({ elements }) => elements),
  };
}

/** What goes through the tunnel's interface is judged in a chain for each direction. */
function byRoute(view: SiteView): SiteRules {
  const { spec, near, far } = view;
  const { rules } = siteNames(spec.name);
  const own = siteInterface(spec.name);
  const through = speaksBgp(view) ? throughRules(view) : { inwards: [], outwards: [] };
  return {
    sets: [...sets(`${rules}_near`, near.networks), ...sets(`${rules}_far`, far.networks)],
    chains: [
      {
        name: `${rules}_inwards`,
        rules: [
          // No last word: it may leave by another tunnel, and that one's rules are asked, too.
          ...withWhy("Between the networks that are named, and no others.", perFamily((ip, family) => `${ip} saddr @${rules}_far${family} ${ip} daddr @${rules}_near${family} return`)),
          ...through.inwards,
          { rule: dropped },
        ],
      },
      {
        name: `${rules}_outwards`,
        rules: [...perFamily((ip, family) => `${ip} saddr @${rules}_near${family} ${ip} daddr @${rules}_far${family} accept`), ...through.outwards, { rule: dropped }],
      },
    ],
    elements: [
      ...networkElements(shared.far, far.networks),
      { set: shared.inwards, elements: [{ interface: own, verdict: { how: "jump", chain: `${rules}_inwards` } }] },
      { set: shared.outwards, elements: [{ interface: own, verdict: { how: "jump", chain: `${rules}_outwards` } }] },
    ],
  };
}

/** Without an interface of its own a tunnel's packets are told by the far site's addresses. */
function byPolicy({ spec, near, far }: SiteView): SiteRules {
  const { rules } = siteNames(spec.name);
  const mtu = leastSiteMtu(spec);
  const clamp = { rule: `${segments} jump ${rules}_clamp` };
  const leadingTo = (chain: string): Partial<SharedElement> => ({ verdict: { how: "jump", chain } });
  return {
    sets: sets(`${rules}_near`, near.networks),
    chains: [
      {
        name: `${rules}_clamp`,
        rules: withWhy("TCP segments that fit the tunnel, whoever begins.", perFamily((_ip, family) => `meta nfproto ipv${family} tcp option maxseg size set ${maximumSegmentSize(mtu, family)}`)),
      },
      {
        name: `${rules}_from`,
        rules: [...withWhy("Between the networks that are named, and no others.", perFamily((ip, family) => `${ip} daddr != @${rules}_near${family} ${dropped}`)), clamp],
      },
      {
        name: `${rules}_to`,
        rules: [
          { rule: `rt ipsec missing ${dropped}`, why: "The far site is reached through its tunnel, or not at all." },
          ...perFamily((ip, family) => `${ip} saddr != @${rules}_near${family} ${dropped}`),
          clamp,
          { rule: "accept" },
        ],
      },
    ],
    elements: [
      ...networkElements(shared.policyFar, far.networks),
      ...networkElements(shared.policyFrom, far.networks, leadingTo(`${rules}_from`)),
      ...networkElements(shared.policyTo, far.networks, leadingTo(`${rules}_to`)),
    ],
  };
}
