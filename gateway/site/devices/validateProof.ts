import { X509Certificate } from "crypto";
import { error, type Problem } from "../../validate/problem";
import type { SiteConnectionSpec } from "../spec";
import { serialProblem } from "../validateRevocation";
import type { DeviceKind, DeviceOptions } from "./device";

/** What is against a device's way of proving itself. */
export function proofProblems({ title, certificates = false }: DeviceKind, { authentication, version, deviceProof: proof, left }: SiteConnectionSpec, { authority, revocationList }: DeviceOptions): Problem[] {
  if (authentication !== "certificate") return withoutCertificates({ authority, revocationList }, proof);
  if (!certificates) return [error("authentication", "certificate", `is nothing that the text for ${title} holds`, "Leave it out: a pre-shared key is minted.")];
  const problems: Problem[] = [];
  if (version === 1) problems.push(error("authentication", "certificate", "is for IKEv2 with devices, and this connection speaks IKEv1", "Use IKE version 2, or leave it out: a pre-shared key is minted."));
  if (proof?.room !== true) problems.push(error("left", left.name, "looks at no revocation list, so that a lost device could not be shut out", "Give the gateway `sites: { enabled: true, revocation: true }`."));
  if (authority !== undefined && !isAuthority(authority)) problems.push(error("device.authority", undefined, "is no certificate of an authority in PEM", "Give the one that signed the device's certificate."));
  if (revocationList !== undefined && authority === undefined) problems.push(error("device.revocationList", undefined, "is of nobody: the stack makes that of its own authority", "Leave it out, or give device.authority, too."));
  if (revocationList !== undefined && !/-----BEGIN X509 CRL-----[\s\S]+-----END X509 CRL-----/.test(revocationList)) {
    problems.push(error("device.revocationList", undefined, "is no revocation list in PEM", "Give what begins with -----BEGIN X509 CRL-----."));
  }
  if (authority !== undefined && (proof?.revoked === true || (proof?.revokedSerials.length ?? 0) > 0)) {
    problems.push(error(proof?.revoked === true ? "device.revoked" : "device.revokedSerials", true, "is for certificates of the stack's, and device.authority signs the list of its own", "Give that authority's list as device.revocationList."));
  }
  proof?.revokedSerials.forEach((serial, index) => problems.push(...serialProblem(`device.revokedSerials[${index}]`, serial)));
  return problems;
}

function withoutCertificates({ authority, revocationList }: DeviceOptions, proof: SiteConnectionSpec["deviceProof"]): Problem[] {
  const given = [
    ...(authority === undefined ? [] : ["device.authority"]),
    ...(revocationList === undefined ? [] : ["device.revocationList"]),
    ...(proof?.revoked === true ? ["device.revoked"] : []),
    ...((proof?.revokedSerials.length ?? 0) > 0 ? ["device.revokedSerials"] : []),
  ];
  return given.map((path) => error(path, undefined, "is about certificates, and the ends prove themselves by a pre-shared key", 'Set authentication "certificate", or leave it out.'));
}

function isAuthority(pem: string): boolean {
  try {
    return new X509Certificate(pem).ca;
  } catch {
    return false;
  }
}
