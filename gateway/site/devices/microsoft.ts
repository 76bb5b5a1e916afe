import { isAead } from "../proposals";
import type { PhaseWords } from "./words";
import { plainSequenceNumbers } from "./words";

/** Words that Azure's policies and Windows' cmdlets share: IpsecPolicy of Az.Network, Add-VpnS2SInterface. */
export const microsoftIntegrity = { sha384: "SHA384", sha256: "SHA256", sha1: "SHA1" };
export const microsoftIkeGroups = { ecp384: "ECP384", ecp256: "ECP256" };

export function microsoftEsp(integrity: Record<string, string>): PhaseWords {
  return {
    encryption: { aes256gcm16: "GCMAES256", aes192gcm16: "GCMAES192", aes128gcm16: "GCMAES128", aes256: "AES256", aes192: "AES192", aes128: "AES128" },
    integrity,
    groups: { ecp384: "ECP384", ecp256: "ECP256", modp2048: "PFS2048" },
    sequenceNumbers: plainSequenceNumbers,
  };
}

/** AES-GCM is named twice, as encryption and as integrity. */
export function espIntegrity(proposal: string, { encryption, integrity }: { encryption: string[]; integrity: string[] }): string {
  return isAead(proposal) ? encryption[0] : integrity[0];
}
