import { network } from "../../addressing";
import { bgpEnds, linkAddresses, linkPrefix, speaksBgp, toDevice } from "../bgp";
import { leastSiteMtu, siteMtus } from "../mtu";
import { siteInterface, siteInterfaceId, siteNames } from "../names";
import { followsActive, type SiteView } from "../spec";

/** Seconds without a tunnel after which an end dials: the one that dials first soon, the other if that one does not. */
const patience = { first: 1, second: 5 } as const;

/** What the follower (host/vpn_gateway/follower.py) needs to know: the interface, its MTU, what is routed, and who dials. */
export function renderSiteDescription(view: SiteView): string {
  const { spec, near, far, dialsFirst } = view;
  const networks = (texts: readonly string[]) => texts.map((text) => network(text).text);
  return (
    JSON.stringify(
      {
        name: spec.name,
        connection: siteNames(spec.name).connection,
        child: spec.name,
        peer: far.name,
        endpoint: far.endpoint ?? null,
        mode: spec.mode,
        near: networks(near.networks),
        far: networks(far.networks),
        dialAfterSeconds: far.endpoint === undefined ? null : dialsFirst ? patience.first : patience.second,
        ...(spec.version === 1 ? { version: 1 } : {}),
        ...(followsActive(near) ? { whileActive: true } : {}),
        ...(spec.mode === "route"
          ? { interface: siteInterface(spec.name), interfaceId: siteInterfaceId(spec.name), mtu: { least: leastSiteMtu(spec), bySuite: siteMtus(spec) } }
          : {}),
        ...(speaksBgp(view) ? { bgp: bgp(view) } : spec.layerTwo === undefined ? {} : { addresses: [`${linkAddresses(view).near.ipv4}/31`] }),
      },
      undefined,
      2,
    ) + "\n"
  );
}

/** Inside addresses for the interface, and between whom the session is: for the follower and for `status`. */
function bgp(view: SiteView): Record<string, unknown> {
  const [links, ends] = [linkAddresses(view), bgpEnds(view)];
  return {
    addresses: [`${links.near.ipv4}/${linkPrefix(view)}`, ...(toDevice(view.spec) ? [] : [`${links.near.ipv6}/127`])],
    neighbor: links.far.ipv4,
    as: ends.near.as,
    neighborAs: ends.far.as,
    bfd: view.spec.bgp!.bfdInterval > 0,
  };
}
