import { parseAddress, parseNetwork } from "../../addressing";
import { error, warning, type Problem } from "../../validate/problem";
import { siteProfiles, type SiteProfile } from "../profiles";
import { proposalProblem } from "../proposals";
import type { SiteConnectionSpec, SiteSecrets } from "../spec";
import type { DeviceKind, DeviceOptions } from "./device";
import { deviceKind, deviceKinds } from "./index";
import { deviceBgpProblems } from "./validateBgp";
import { proofProblems } from "./validateProof";
import { isOneSuite, missingWords } from "./words";

/**
 * What is wrong with a connection to a device of a kind, beside what is wrong with it as a connection: what the device's
 * language or the device itself cannot do. The device is the right end.
 */
export function deviceProblems(name: string, spec: SiteConnectionSpec, options: DeviceOptions = {}, secrets: SiteSecrets = {}): Problem[] {
  const kind = deviceKind(name);
  if (kind === undefined) return [error("device.kind", name, "is no kind of device", `Use one of ${Object.keys(deviceKinds).join(", ")}.`)];
  return [...way(kind, spec), ...proofProblems(kind, spec, options), ...ends(kind, spec), ...networks(kind, spec), ...deviceBgpProblems(kind, spec), ...proposals(kind, spec), ...interfaces(kind, options), ...key(kind, secrets)];
}

function way({ title, ikev1, profile }: DeviceKind, spec: SiteConnectionSpec): Problem[] {
  const problems: Problem[] = [];
  if (spec.version === 1 && ikev1 === undefined) problems.push(error("device.ike", 1, `is not what the text for ${title} speaks`, "Leave it out: IKEv2."));
  const { anySelectors = false }: SiteProfile = siteProfiles[profile];
  if (anySelectors !== spec.anySelectors) {
    const [device, ours] = anySelectors ? ["all traffic", "the networks"] : ["the networks", "all traffic"];
    problems.push(error("profile", undefined, `agrees on ${ours}, and ${title} on ${device}`, `Use the profile ${profile}, or leave it out.`));
  }
  return problems;
}

function ends({ title, dials, identity, addressLater }: DeviceKind, { left, right }: SiteConnectionSpec): Problem[] {
  const problems: Problem[] = [];
  const address = left.endpoint === undefined ? undefined : parseAddress(left.endpoint);
  if (dials !== "anything") {
    if (left.endpoint === undefined) {
      problems.push(error("leftChanges", true, `leaves ${title} nothing to dial`, "Give the gateway a fixed address or name."));
    } else if (address?.family === 6) {
      problems.push(error("left.endpoint", left.endpoint, `is IPv6, and the text for ${title} has IPv4 outside`, "Use the gateway's IPv4 address."));
    } else if (address === undefined && dials === "ipv4") {
      problems.push(error("left.endpoint", left.endpoint, `is a name, and ${title} wants an address`, "Give `leftEndpoint`, the gateway's address."));
    }
  }
  const known = parseAddress(right.identity);
  if (addressLater === true && right.endpoint === undefined) {
    problems.push(warning("device.endpoint", undefined, `is not known, and until it is nobody can connect`, `Run the text that this gives for ${title}, put the address in, and run \`pulumi up\` again.`));
  } else if (identity === "address" && known?.family !== 4) {
    problems.push(error("right.identity", right.identity, `is no IPv4 address, and ${title} calls itself by its address`, "Give device.endpoint or device.identity, its address outside."));
  } else if (dials !== "anything" && known === undefined && !/^[A-Za-z0-9.-]+$/.test(right.identity)) {
    problems.push(error("right.identity", right.identity, `is neither an address nor a DNS name, and the text for ${title} knows only these`, "Use letters, digits, dots and hyphens."));
  }
  return problems;
}

function networks({ title, inside6 = false, severalNetworks = true }: DeviceKind, { left, right }: SiteConnectionSpec): Problem[] {
  return ([["left", left], ["right", right]] as const).flatMap(([side, end]) => [
    ...end.networks.flatMap((text, index) =>
      !inside6 && parseNetwork(text)?.family === 6
        ? [error(`${side}.networks[${index}]`, text, `is IPv6, and the text for ${title} has IPv4 alone`, `Name IPv4 networks alone${side === "left" ? " (`leftNetworks`)" : ""}.`)]
        : [],
    ),
    ...(!severalNetworks && end.networks.length > 1
      ? [error(`${side}.networks`, end.networks, `are several, and the text for ${title} joins one to one`, `Name one network that holds them${side === "left" ? " (`leftNetworks`)" : ""}, or make one connection for each.`)]
      : []),
  ]);
}

function proposals({ title, words, oneSuite, profile, ikev1 }: DeviceKind, { right, version }: SiteConnectionSpec): Problem[] {
  return (["ike", "esp"] as const).flatMap((phase) => {
    const list = right.proposals[phase];
    // What is no proposal at all is said elsewhere.
    if (list.some((text) => proposalProblem(text, phase) !== undefined)) return [];
    const remedy = `Use the profile ${(version === 1 ? ikev1?.profile : undefined) ?? profile}, or name device.proposals.`;
    const unknown = list.flatMap((text, index) => {
      const missing = missingWords(words[phase], text);
      return missing.length === 0 ? [] : [error(`right.proposals.${phase}[${index}]`, text, `holds ${missing.join(", ")}, which ${title} does not know`, remedy)];
    });
    const old = version !== 1 || phase !== "esp" ? [] : list.flatMap((text, index) => {
      const lacking = text.split("-").filter((word) => ikev1?.espLacks.includes(word));
      return lacking.length === 0 ? [] : [error(`right.proposals.${phase}[${index}]`, text, `holds ${lacking.join(", ")}, which ${title} does not know by IKEv1`, remedy)];
    });
    const choice = oneSuite[phase] && !isOneSuite(list) ? [error(`right.proposals.${phase}`, list, `is a choice, and ${title} is told one suite`, remedy)] : [];
    return [...unknown, ...old, ...choice];
  });
}

function interfaces({ title, interfaces: names }: DeviceKind, options: DeviceOptions): Problem[] {
  return (["outside", "inside"] as const).flatMap((which) => {
    const path = `device.${which}Interface`;
    const given = options[`${which}Interface`];
    if (given === undefined) return [];
    if (names?.[which] === undefined) return [error(path, given, `is nothing that the text for ${title} names`, "Leave it out.")];
    return names.pattern.test(given) ? [] : [error(path, given, `is no name of an interface of ${title}`, `Write it as the device does, e.g. ${names[which]}.`)];
  });
}

function key({ title, preSharedKey: { pattern, says } }: DeviceKind, { preSharedKey }: SiteSecrets): Problem[] {
  if (preSharedKey === undefined || preSharedKey === "" || pattern.test(preSharedKey)) return [];
  return [error("preSharedKey", undefined, `is not what ${title} takes: ${says}`, "Choose another, or leave it out to have one made.")];
}
