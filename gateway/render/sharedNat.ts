import type { Chain, Rule } from "../formats/nft";
import { setting, type Entry } from "../formats/strongswanConf";
import type { GatewaySpec } from "../spec";

/**
 * Several L2TP clients behind one NAT. Windows sends from UDP 1701 to UDP 1701, so what comes out of two such clients'
 * SAs is one and the same connection to conntrack, to xl2tpd and to the policy that chooses the SA of an answer. Here each
 * child SA has a mark of its own, and everything else follows from the mark by calculation alone: no program keeps a
 * table that could be wrong after a crash, and a firewall that is loaded anew finds every connection as it was.
 * docs/same-nat.md has the packet's way through the hooks.
 */
export function sharesNat(spec: Pick<GatewaySpec, "l2tp">): boolean {
  return spec.l2tp !== undefined && spec.l2tp.sharedNat !== false;
}

/** Settings of the L2TP child SA: swanctl.conf(5), connections.<conn>.children.<child>.mark_in and what follows. */
export function childMarks(spec: Pick<GatewaySpec, "l2tp">): Entry[] {
  if (!sharesNat(spec)) return [];
  return [
    setting("mark_in", "%unique", "Clients behind one NAT differ by this alone: see docs/same-nat.md. New keys keep it."),
    setting("mark_out", "%unique"),
    setting("set_mark_in", "%same"),
  ];
}

/**
 * Addresses that xl2tpd knows the clients by, one a child SA: RFC 1112's class E, which nobody has. An address rather than
 * a port, because xl2tpd refuses a second tunnel of the same number from the same address (control.c, "Peer requested
 * tunnel %d twice"), and every Windows counts its tunnels from 1.
 */
export const standIns = "240.0.0.1-255.255.255.254";
/** Conntrack's zones are 16 bits wide; 0 is everybody else's. */
const zones = 65535;
/**
 * Without one, the kernel draws another each time that the rule is loaded (nft_hash.c, nft_jhash_init: get_random_bytes),
 * and every session that is up would be looked for in a zone where it is not.
 */
const seed = "0x6c327470";

const fromClient = "meta mark != 0 udp dport 1701 meta ipsec exists";

/** Before conntrack looks: packets of two SAs never belong to one connection. */
export function zoneRules(spec: Pick<GatewaySpec, "l2tp">): Rule[] {
  if (!sharesNat(spec)) return [];
  return [
    {
      rule: `${fromClient} ct original zone set jhash meta mark mod ${zones} seed ${seed} offset 1`,
      why: "L2TP clients behind one NAT look the same: the mark of their SA tells them apart (docs/same-nat.md).",
    },
    { rule: 'iifname "ppp*" meta mark set 0', why: "The kernel hands the mark on to what comes out of the PPP session, where it means nothing." },
  ];
}

/** After routing, on the way in, and before everything else on the way out. */
export function sharedNatChains(spec: Pick<GatewaySpec, "l2tp">): Chain[] {
  if (!sharesNat(spec)) return [];
  return [
    {
      name: "l2tp_clients",
      hook: "type nat hook input priority srcnat; policy accept;",
      rules: [{ rule: `${fromClient} ct mark set meta mark snat ip to ${standIns}`, why: "xl2tpd sees an address for each SA, and conntrack puts the real one back." }],
    },
    {
      name: "l2tp_answers",
      // Before destination NAT, which looks for the route anew and so finds the SA by mark and real address.
      hook: "type filter hook output priority mangle; policy accept;",
      rules: [{ rule: "udp sport 1701 ct mark != 0 meta mark set ct mark", why: "The answer leaves by the SA that the question came by." }],
    },
  ];
}
