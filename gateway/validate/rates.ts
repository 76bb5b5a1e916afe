import { rateOf, ways } from "../rates";
import { dscpPolicies, type GatewaySpec, type RateSpec } from "../spec";
import { error, warning, type Problem } from "./problem";

/** Below it one full packet of 1500 bytes takes 12 ms, and nothing that waits behind it is on time for voice. */
export const voiceMegabits = 1;
/** Below it TCP itself stands still: a packet takes 100 ms and more. */
export const leastMegabits = 0.1;
/** Beyond it HTB's queues of one processor are no bound that holds, and the machine is it. */
export const mostMegabits = 10_000;
/** What CAKE's queues take of the kernel's memory for each user who is connected, in each way: by its source (sizeof(struct cake_tin_data) × 8), not measured. */
const mebibytesOfQueues = 1;
const manyUsers = 200;

/** Rates of users, of groups and of all together, and what is shown outside of the tunnels. */
export function rateProblems(spec: GatewaySpec): Problem[] {
  const problems: Problem[] = [];
  if (spec.uplink !== undefined) problems.push(...rate("uplink", spec.uplink));
  (spec.groups ?? []).forEach((group, index) => problems.push(...(group.rate === undefined ? [] : rate(`groups[${index}].rate`, group.rate))));
  spec.users.forEach((user, index) => {
    const path = `users[${index}].rate`;
    if (user.rate !== undefined) problems.push(...rate(path, user.rate));
    const own = rateOf(spec, user);
    for (const field of Object.values(ways)) {
      const [wanted, whole] = [own?.[field], spec.uplink?.[field]];
      if (wanted !== undefined && whole !== undefined && wanted > whole) {
        problems.push(warning(`${path}.${field}`, wanted, `is more than the uplink's ${whole}, which all users share`, "The uplink decides; lower the one or raise the other."));
      }
    }
  });
  const rated = spec.users.filter((user) => rateOf(spec, user) !== undefined).length;
  if (rated > manyUsers) {
    problems.push(warning("users", `${rated} with a rate`, `may need about ${2 * mebibytesOfQueues} MiB of the gateway's memory each while they are connected (by CAKE's source, not measured)`, "Choose a machine that has it, or give rates to fewer."));
  }
  if (spec.uplink !== undefined && spec.l2tp === undefined && spec.ikev2 === undefined) {
    problems.push(error("uplink", spec.uplink, "is for clients, of which this gateway has none", "Enable l2tp or ikev2, or leave it out."));
  }
  if (spec.dscp !== undefined && !(dscpPolicies as readonly string[]).includes(spec.dscp)) {
    problems.push(error("dscp", spec.dscp, "is not a way to treat DSCP", `Use ${dscpPolicies.join(" or ")}.`));
  }
  return problems;
}

function rate(path: string, given: RateSpec): Problem[] {
  if (typeof given !== "object" || given === null) return [error(path, given, "is no rate", "Write e.g. { downMegabits: 20, upMegabits: 5 }.")];
  const problems = Object.values(ways).flatMap((field) => (given[field] === undefined ? [] : megabits(`${path}.${field}`, given[field])));
  if (given.downMegabits === undefined && given.upMegabits === undefined) {
    problems.push(error(path, given, "bounds neither way", `Give ${Object.values(ways).join(" or ")}, or leave it out.`));
  }
  return problems;
}

function megabits(path: string, value: number): Problem[] {
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) {
    return [error(path, value, "is not a number of Mbit/s above 0", "Write e.g. 20; to let nobody in, suspend the user.")];
  }
  if (value < leastMegabits) return [error(path, value, `is less than ${leastMegabits} Mbit/s: one packet of 1500 bytes would take ${Math.round(12 / value)} ms`, `Give at least ${leastMegabits}.`)];
  if (value > mostMegabits) return [error(path, value, `is more than ${mostMegabits} Mbit/s, which no gateway's one machine forwards`, "Leave it out where there shall be no bound.")];
  if (value < voiceMegabits) return [warning(path, value, `makes voice wait: one packet of 1500 bytes before it takes ${Math.round(12 / value)} ms`, `From ${voiceMegabits} Mbit/s on it is ${12 / voiceMegabits} ms at most.`)];
  return [];
}
