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
