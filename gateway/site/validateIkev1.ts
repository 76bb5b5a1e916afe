import { error, type Problem } from "../validate/problem";
import { isAead, parseProposal, proposalProblem } from "./proposals";
import type { SiteConnectionSpec } from "./spec";

/**
 * What is against IKEv1 (RFC 2409, which RFC 9395 calls historic) in this connection. It is for a device that has nothing else, and is
 * main mode with a pre-shared key, alone.
 */
export function ikev1Problems(spec: SiteConnectionSpec): Problem[] {
  if (spec.version !== 1) return [];
  const { left, right } = spec;
  if (left.kind !== "device" && right.kind !== "device") {
    return [error("version", 1, "is for devices that have nothing newer, and both ends are gateways", "Use 2 (RFC 9395 deprecates IKEv1).")];
  }
  const problems: Problem[] = [];
  if (left.networks.length > 1 || right.networks.length > 1) {
    problems.push(error("version", 1, "IKEv1 carries one network to one network", "Name one at each end, or use IKE version 2."));
  }
  if (spec.routing === "bgp") problems.push(error("routing", "bgp", "is not built over IKEv1", "Use static networks, or IKE version 2."));
  for (const [path, { endpoint }] of [["left.endpoint", left], ["device.endpoint", right]] as const) {
    // RFC 2409, 5.4: the key decrypts the identity, so it can be found by the address alone; the way around it (aggressive mode) gives a hash of the key to whoever asks.
    if (endpoint === undefined) problems.push(error(path, undefined, "is not known, and IKEv1 finds a pre-shared key by the other end's address (main mode; aggressive mode would give the key away)", "Give the end a fixed address or name, or use IKE version 2."));
  }
  for (const [side, { proposals }] of [["left", left], ["right", right]] as const) {
    for (const phase of ["ike", "esp"] as const) {
      proposals[phase].forEach((text, index) => {
        // What is wrong with it anyway is said elsewhere.
        const wrong = proposalProblem(text, phase) === undefined ? proposalProblemOfIkev1(text, phase) : undefined;
        if (wrong !== undefined) problems.push(error(`${side}.proposals.${phase}[${index}]`, text, wrong, "Leave profile and proposals out, or name what IKEv1 has, e.g. aes256-sha256-ecp256 for IKE and aes256gcm16-modp3072 for ESP."));
      });
    }
  }
  return problems;
}

function proposalProblemOfIkev1(text: string, phase: "ike" | "esp"): string | undefined {
  const { encryption, integrity, prf, groups, second } = parseProposal(text);
  if (phase === "ike" && encryption.some(isAead)) return "holds AES-GCM, which IKEv1 has for ESP and not for itself (RFC 5282 is of IKEv2)";
  if (prf.length > 0) return `holds ${prf[0]}, and IKEv1 negotiates no prf: it is the hash's (RFC 2409, 4)`;
  if (second.length > 0) return `holds ${second[0]}, and only IKEv2 has a second key exchange (RFC 9370)`;
  if (groups.includes("x25519")) return "holds x25519, which is of IKEv2 alone (RFC 8031)";
  // RFC 8221 and 8247 put up with it beside better ones; here it would be all there is.
  if (integrity.includes("sha1")) return "holds sha1, and IKEv1 comes with nothing that is weak";
  const choice = [encryption, integrity, groups].find((words) => words.length > 1);
  if (choice !== undefined) return `is a choice of ${choice.join(" and ")}, and IKEv1 offers one of each kind (RFC 2409, 5): write a proposal for each`;
  return undefined;
}
