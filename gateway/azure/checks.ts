/**
 * What no machine that is a gateway may be on Azure: judged here, asked by the policy pack. Each gives what is wrong as
 * a sentence, or undefined.
 */

/** Azure drops what a machine forwards unless its interface may. */
export function forwarding(enableIPForwarding: boolean | undefined): string | undefined {
  return enableIPForwarding === true ? undefined : "drops what the gateway forwards: set enableIPForwarding to true";
}

/** A password can be guessed, and Azure's machines stand in the internet. */
export function passwordLogin(profile: { linuxConfiguration?: { disablePasswordAuthentication?: boolean } } | undefined): string | undefined {
  return profile?.linuxConfiguration?.disablePasswordAuthentication === true
    ? undefined
    : "lets people in by password: set osProfile.linuxConfiguration.disablePasswordAuthentication to true";
}

/** A rule before a gateway: UDP, as ESP does not pass, and all of a client's to one machine. */
export function balancing(rule: { frontendPort?: number; protocol?: string; loadDistribution?: string }): string | undefined {
  if (rule.frontendPort !== 500 && rule.frontendPort !== 4500) return undefined;
  if (String(rule.protocol).toLowerCase() !== "udp") return `balances port ${rule.frontendPort} as ${rule.protocol ?? "nothing"}: IKE, and ESP within it, are UDP`;
  return ["SourceIP"].includes(rule.loadDistribution ?? "") ? undefined : 'may send one client\'s 500 and 4500 to two machines: set loadDistribution to "SourceIP"';
}
