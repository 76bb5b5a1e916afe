import type { GatewaySpec, ProtocolName } from "../spec";
import { speaks } from "../users";
import { error, type Problem } from "./problem";

/** Sessions that were seen at once on one gateway of 1 CPU and 1 GiB (docs/benchmarks.md), and what each took of its memory. */
export const measuredSessions: Record<ProtocolName, { most: number; kilobytes: number }> = {
  ikev2: { most: 500, kilobytes: 65 },
  l2tp: { most: 200, kilobytes: 1816 },
};

const titles: Record<ProtocolName, string> = { ikev2: "IKEv2", l2tp: "L2TP" };

/**
 * Everybody of the list may be connected at once, so that many sessions the machine must hold; more than were ever measured are
 * refused, unless they are meant. Who comes by a RADIUS server's list is not known here.
 */
export function sessionProblems(spec: GatewaySpec): Problem[] {
  if (spec.unmeasuredSessions === true) return [];
  return (["ikev2", "l2tp"] as const).flatMap((protocol) => {
    const users = spec[protocol] === undefined ? 0 : spec.users.filter((user) => user.suspended !== true && speaks(user, protocol)).length;
    const { most, kilobytes } = measuredSessions[protocol];
    if (users <= most) return [];
    return [
      error(
        "users",
        undefined,
        `${users} may come by ${titles[protocol]}; at once at the most ${most} were measured, on a machine of 1 CPU and 1 GiB, ${kilobytes} KB each`,
        "Let some come by the other protocol alone (`protocols`), spread them over several gateways, or say `unmeasuredSessions: true` and choose a machine to match.",
      ),
    ];
  });
}
