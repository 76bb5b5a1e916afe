import { parseAddress } from "../addressing";
import { section, setting, type Entry } from "../formats/strongswanConf";

/**
 * A connection of swanctl.conf(5) that is never dialled: its child is a shunt policy, which drops L2TP that no SA takes.
 *
 * xl2tpd knows nothing of IPsec, and dials on when that is gone. Whoever keeps IKE from the gateway long enough would be dialled
 * in clear in its place, could answer, and would be given the response to a challenge of their own choice: with MS-CHAPv2 that is
 * the password, at the price of a search. charon gives a `drop` shunt the least priority of all, so that any child SA goes before it.
 */
export function neverInClear(name: string, gateway: string): Entry {
  const address = parseAddress(gateway);
  // Of a name nobody knows beforehand which address it has: then no L2TP of this machine goes out without IPsec.
  const far = address?.family === 4 ? `${gateway}/32[udp/1701]` : "0.0.0.0/0[udp/1701]";
  return section(
    `${name}-never-in-clear`,
    [
      setting("remote_addrs", "127.0.0.1", "Of no gateway, so that nobody's IKE is taken for this one's."),
      section("children", [
        section(`${name}-never-in-clear`, [setting("mode", "drop"), setting("local_ts", "0.0.0.0/0[udp]"), setting("remote_ts", far), setting("start_action", "trap")]),
      ]),
    ],
    "xl2tpd dials on where IPsec is gone: it would reach whoever keeps IKE from the gateway.",
  );
}
