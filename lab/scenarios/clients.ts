import { labAddresses } from "../networks";
import { sleep } from "../progress";
import type { ClientName } from "../world";
import type { Lab } from "./lab";
import type { Report } from "./scenario";

/** A user and the client that they are at. */
export type Caller = readonly [protocol: "l2tp" | "ikev2", client: ClientName, user: string];

/** Each connects; `prefix` goes before what is checked. */
export async function connectEach(lab: Lab, { check }: Report, callers: readonly Caller[], prefix = ""): Promise<void> {
  for (const [protocol, client, user] of callers) {
    const { connected, reason } = await lab.connect(client, protocol, user);
    check(`${prefix}${user} connects by ${protocol}`, connected, reason);
  }
}

/** Ends a client's ping: no packet was lost, of more than `least`. */
export async function losesNothing(lab: Lab, { check }: Report, client: ClientName, what: string, least = 20): Promise<void> {
  const { sent, received } = await lab.world.pingStop(client);
  check(what, sent > least && received === sent, `${received} of ${sent}`);
}

/** Asks until three in a row stay away, or `stop`; when the last answer came, in milliseconds of this machine's clock. */
async function lastAnswer(lab: Lab, client: ClientName, stop: () => boolean): Promise<number> {
  let last = 0;
  for (let missed = 0; missed < 3 && !stop(); ) {
    const { received } = await lab.world.ping(client, labAddresses.insideHost, { count: 1 });
    if (received > 0) [last, missed] = [Date.now(), 0];
    else missed++;
  }
  return last;
}

/**
 * Changes the list of users, and tells how many seconds after it was in force on the gateway each client had its last answer: below
 * 0 for one that was cut before. One that is not cut has it at the end, some seconds later than anybody may.
 */
export async function cutAfter(lab: Lab, clients: readonly ClientName[], change: () => Promise<unknown>): Promise<number[]> {
  let through = false;
  const answers = clients.map((client) => lastAnswer(lab, client, () => through));
  await change();
  const forced = Number(await lab.gateway.mustRun("stat -c %.3Y /etc/vpn-gateway/users")) * 1000;
  const clock = [Date.now(), Number(await lab.gateway.mustRun("date +%s%3N")), Date.now()];
  await sleep(Math.max(3000, forced + 8000 - clock[1]));
  through = true;
  const lasts = await Promise.all(answers);
  if (lasts.includes(0)) throw new Error(`client ${clients[lasts.indexOf(0)]} had no answer at all: nothing was cut`);
  return lasts.map((last) => (last + clock[1] - (clock[0] + clock[2]) / 2 - forced) / 1000);
}
