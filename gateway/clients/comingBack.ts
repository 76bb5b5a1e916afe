import { renderStrongswanConf, section, setting } from "../formats/strongswanConf";
import type { GatewaySpec } from "../spec";

/** How soon a client gives up a gateway that says nothing, and dials anew. Times in seconds. */
export interface ComingBack {
  /** Of silence, after which it asks. */
  ask: number;
  /** IKEv1: of silence in all, after which it gives up. */
  giveUp: number;
  /** PPP: so many echoes without an answer. */
  echoes: number;
  /** xl2tpd: between hanging up and dialling. */
  redial: number;
  /** charon's, for each of its messages; none: its own, 165 s in all. */
  retransmissions?: { tries: number; timeout: number };
}

/**
 * Of a pair the other machine answers soon, so its clients ask soon and do not wait long (docs/pairs.md). What charon waits
 * for an answer it waits for each, also for those that the gateway has to ask a RADIUS server for first.
 */
export function comingBack({ pair, radius, deadPeerDelay }: Pick<GatewaySpec, "pair" | "radius" | "deadPeerDelay">): ComingBack {
  if (pair === undefined) return { ask: deadPeerDelay, giveUp: deadPeerDelay * 4, echoes: 4, redial: 5 };
  const timeout = 0.6;
  const asked = radius === undefined ? 0 : Math.max(1, radius.servers.length) * 3 * (radius.timeout ?? 2);
  return { ask: 1, giveUp: 3, echoes: 3, redial: 1, retransmissions: { tries: Math.max(2, Math.ceil(asked / timeout)), timeout } };
}

/** The same for strongswan.d: charon takes retransmissions from there alone, for all of its connections. None: its own are kept. */
export function renderRetransmissions(spec: GatewaySpec): string | undefined {
  const { retransmissions } = comingBack(spec);
  if (retransmissions === undefined) return undefined;
  const { tries, timeout } = retransmissions;
  const settings = [setting("retransmit_tries", tries), setting("retransmit_timeout", timeout), setting("retransmit_base", 1)];
  return renderStrongswanConf(
    [section("charon", settings, `A message that nobody answers is given up after ${Math.round(timeout * (tries + 1) * 10) / 10} s, of every connection of this machine.`)],
    `How soon the pair ${spec.name} is dialled anew. Written by pulumi-vpn-gateway.`,
  );
}
