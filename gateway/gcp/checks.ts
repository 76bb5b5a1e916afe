/**
 * What no machine that is a gateway may be on Google Cloud: judged here, asked by the policy pack. Each gives what is
 * wrong as a sentence, or undefined.
 */

/** The VPC drops what a machine forwards unless it may. */
export function forwarding(canIpForward: boolean | undefined): string | undefined {
  return canIpForward === true ? undefined : "drops what the gateway forwards: set canIpForward to true";
}

/** Keys of the whole project would open the gateway to whoever may enter any machine of it. */
export function projectKeys(metadata: Readonly<Record<string, unknown>> | undefined): string | undefined {
  return /^(true|1|y|yes)$/i.test(String(metadata?.["block-project-ssh-keys"] ?? ""))
    ? undefined
    : 'lets in whoever has a key in the project\'s metadata: set metadata["block-project-ssh-keys"] to "TRUE"';
}

/** A gateway asks Google Cloud for nothing; an account on it is one for whoever gets into it. */
export function serviceAccount(account: { scopes?: readonly string[] } | undefined): string | undefined {
  return (account?.scopes ?? []).length === 0 ? undefined : "has a service account, which a gateway does not need: leave serviceAccount out";
}
