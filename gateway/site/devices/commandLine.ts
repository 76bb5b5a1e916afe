import { network } from "../../addressing";
import { renderShell } from "../../formats/shell";
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
 * finds `$name`, `$gateway` and `$networks`.
 *
 * @param where what the script is to be run with
 * @param file what the JSON file says, with the key in its place
 */
export function commandLineSteps(view: SiteView, secrets: SiteSecrets, title: string, where: string, file: (preSharedKey: string) => object, script: string): DeviceStep[] {
  const name = siteNames(view.spec.name).connection;
  const variables = { name, gateway: gatewayEndpoint(view), networks: view.far.networks.map((text) => network(text).text).join(" ") };
  return [
    { title: `${name}.json (mode 0600)`, text: `${JSON.stringify(file(keyOf(view, secrets)), null, 2)}\n` },
    { title: `A shell beside it, with ${where}`, text: renderShell(variables, script, untried(view, title)) },
  ];
}
