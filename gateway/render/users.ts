import { refuseUnprintable } from "../formats/text";
import type { GatewaySpec } from "../spec";

/**
 * Who may connect, a user a line as a JSON string, so that a preview shows who comes and goes and the gateway's own
 * command can cut the sessions of those who are gone.
 */
export function renderUsers(spec: Pick<GatewaySpec, "users">): string {
  return spec.users.map(({ name }) => `${JSON.stringify(refuseUnprintable("users", name))}\n`).join("") || "\n";
}
