import { asksRadius, onGateway } from "./radius";
import type { GatewaySpec } from "./spec";
import { l2tpByCertificate, speaks } from "./users";

/**
 * Does anybody need the pre-shared key of L2TP? Not where each user who may come by L2TP has a certificate for it: then
 * the gateway has neither the key nor a connection for it. Who is suspended counts, since they may come back.
 */
export function needsPreSharedKey(spec: Pick<GatewaySpec, "l2tp" | "ikev2" | "radius" | "users">): boolean {
  if (spec.l2tp === undefined) return false;
  if (spec.l2tp.certificates !== true || (asksRadius(spec, "l2tp") && !onGateway(spec))) return true;
  return spec.users.some((user) => speaks(user, "l2tp") && !l2tpByCertificate(spec, user));
}
