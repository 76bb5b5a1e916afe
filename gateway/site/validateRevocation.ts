import { error, type Problem } from "../validate/problem";
import { otherSide, type Side, type SiteConnectionSpec } from "./spec";

const ends: readonly Side[] = ["left", "right"];

/** What is against revoking what two gateways prove themselves by. */
export function revocationProblems({ authentication, revocation, left, right }: SiteConnectionSpec): Problem[] {
  if (revocation === undefined) return [];
  const { revoked, revokedSerials: serials, room } = revocation;
  const asked = [...ends.filter((side) => revoked[side]).map((side) => `${side}Revoked`), ...(serials.length > 0 ? ["revokedSerials"] : [])];
  if (left.kind === "device" || right.kind === "device") {
    return asked.map((path) => error(path, undefined, "is between two gateways, and one end is a device", "Set device.revoked or device.revokedSerials."));
  }
  if (authentication !== "certificate") {
    return asked.map((path) => error(path, undefined, "is about certificates, and the ends prove themselves by a pre-shared key", 'Set authentication "certificate", or leave it out.'));
  }
  // Who judges a certificate is the other end.
  const blind = ends.filter((side) => !room[side] && (revoked[otherSide(side)] || serials.length > 0));
  return [
    ...blind.map((side) => error(side, { left, right }[side].name, "looks at no revocation list, so that it would go on letting in what is revoked", "Give the gateway `sites: { enabled: true, revocation: true }`.")),
    ...serials.flatMap((serial, index) => serialProblem(`revokedSerials[${index}]`, serial)),
  ];
}

export function serialProblem(path: string, serial: string): Problem[] {
  if (/^[0-9A-Fa-f]{1,2}(:?[0-9A-Fa-f]{2}){0,19}$/.test(serial)) return [];
  return [error(path, serial, "is no serial number of a certificate", "Write it as `openssl x509 -serial` does.")];
}
