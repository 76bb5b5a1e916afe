import { network } from "../../addressing";
import { renderShell } from "../../formats/shell";
import { bgpEnds, linkAddresses, timersOf } from "../bgp";
import { siteNames } from "../names";
import type { SiteSecrets, SiteView } from "../spec";
import { gatewayEndpoint, keyOf, untried, type DeviceStep } from "./device";
import { together, translated, type DeviceWords } from "./words";

/** What a cloud calls all suites of each phase. */
export function phaseWords(words: DeviceWords, { near }: SiteView) {
  const [ike, esp] = (["ike", "esp"] as const).map((phase) => together(near.proposals[phase].map((text) => translated(words[phase], text))));
  return { ike, esp };
}

/**
 * For a cloud that is told by its command line: a file with the key, which so stands on none, and a script beside it that
 * finds those of `$name`, `$gateway`, `$networks` and of `more` that it asks for.
 *
 * @param where what the script is to be run with
 * @param file what the JSON file says, with the key in its place
 */
export function commandLineSteps(view: SiteView, secrets: SiteSecrets, title: string, where: string, file: (preSharedKey: string) => object, script: string, more: Readonly<Record<string, string>> = {}): DeviceStep[] {
  const name = siteNames(view.spec.name).connection;
  const known = { name, gateway: gatewayEndpoint(view), networks: view.far.networks.map((text) => network(text).text).join(" "), ...more };
  const variables = Object.fromEntries(Object.entries(known).filter(([key]) => new RegExp(`\\$${key}\\b`).test(script)));
  return [
    { title: `${name}.json (mode 0600)`, text: `${JSON.stringify(file(keyOf(view, secrets)), null, 2)}\n` },
    { title: `A shell beside it, with ${where}`, text: renderShell(variables, script, untried(view, title)) },
  ];
}

/** What a script that sets up BGP has to know, as its variables. */
export function bgpVariables(view: SiteView): Record<string, string> {
  const [links, ends, timers] = [linkAddresses(view), bgpEnds(view), timersOf(view)];
  return {
    own_networks: view.near.networks.map((text) => network(text).text).join(" "),
    own_as: String(ends.near.as),
    own_address: links.near.ipv4,
    gateway_as: String(ends.far.as),
    gateway_address: links.far.ipv4,
    keepalive: String(timers.keepalive),
  };
}
