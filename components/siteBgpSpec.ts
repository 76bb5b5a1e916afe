import * as pulumi from "@pulumi/pulumi";
import { addressesOfLink, asOf, linkOf, linkWithin, routerIdOf } from "../gateway/site/bgp";
import type { DeviceBgp } from "../gateway/site/devices";
import type { SiteBgpEnd, SiteBgpSpec } from "../gateway/site/spec";
import type { GatewaySite } from "./gatewaySite";
import type { SiteBgpArgs, SiteDeviceArgs } from "./siteSpec";

/** What of a connection's args BGP is decided by, resolved. */
export interface BgpInputs {
  left?: Pick<GatewaySite, "name" | "endpoint" | "bgp">;
  right?: Pick<GatewaySite, "name" | "endpoint" | "bgp">;
  device?: pulumi.Unwrap<Pick<SiteDeviceArgs, "as" | "endpoint">>;
  bgp?: pulumi.Unwrap<SiteBgpArgs>;
}

/**
 * How the two ends of the connection tell each other their networks, with what a kind of device wants where nothing else is said.
 *
 * @throws RunError for two AS numbers of one device
 */
export function resolveBgp(name: string, { left, right, device, bgp = {} }: BgpInputs, its?: DeviceBgp): SiteBgpSpec {
  if (device?.as !== undefined && bgp.rightAs !== undefined && device.as !== bgp.rightAs) {
    throw new pulumi.RunError(`site connection ${name}: device.as is ${device.as} and bgp.rightAs ${bgp.rightAs}, which are two names of one number: leave one of them out`);
  }
  const link = bgp.link ?? (its === undefined ? linkOf(name) : linkWithin(name, its.linksWithin?.[0] ?? "169.254.64.0/18", its.linkPrefixes[0]));
  const [lower, upper] = addressesOfLink(link) ?? [];
  const leftAddress = bgp.leftAddress ?? (its?.first === true ? upper : undefined);
  const end = (side: "left" | "right"): SiteBgpEnd => {
    const site = side === "left" ? left : right;
    const [as, preference] = side === "left" ? [bgp.leftAs, bgp.leftPreference] : [bgp.rightAs, bgp.rightPreference];
    // Of a device's router nothing is known but what is said here: its address on the link is nobody else's.
    const ofDevice = leftAddress === upper ? lower : upper;
    return {
      room: site?.bgp === true,
      as: as ?? (site === undefined ? (device?.as ?? 0) : asOf(site.name)),
      routerId: site === undefined ? (ofDevice ?? "0.0.0.0") : routerIdOf(site.name, site.endpoint),
      preference: preference ?? 100,
    };
  };
  const timers = bgp.keepalive === undefined && bgp.hold === undefined ? its?.timers : timersOf(bgp.keepalive, bgp.hold, its);
  return {
    left: end("left"),
    right: end("right"),
    link,
    ...(leftAddress === undefined ? {} : { leftAddress }),
    bfdInterval: bgp.bfdInterval ?? (its === undefined || its.bfd ? 300 : 0),
    ...(timers === undefined ? {} : { timers }),
    transit: bgp.transit ?? [],
    ...(bgp.shared === undefined || bgp.shared.length === 0 ? {} : { shared: bgp.shared }),
    mostPrefixes: bgp.mostPrefixes ?? 100,
  };
}

/** Who says one of the two means the other by it: three keepalives are a hold time. */
function timersOf(keepalive: number | undefined, hold: number | undefined, its: DeviceBgp | undefined) {
  const usual = its?.timers ?? { keepalive: 3, hold: 9 };
  return {
    keepalive: keepalive ?? (hold === undefined ? usual.keepalive : Math.max(1, Math.floor(hold / 3))),
    hold: hold ?? (keepalive === undefined ? usual.hold : 3 * keepalive),
  };
}
