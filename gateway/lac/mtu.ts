import { l2tpInnerMtu } from "../mtu";
import { commonEspSuites } from "../site/proposals";
import type { LacConnectionSpec } from "./spec";

/** The LNS may send the length field (RFC 2661, 3.1), which is its choice. */
const header = 8;

/** Largest packet that fits one outside, whichever suite the LNS chooses, with a NAT in between: pppd's mtu and mru. */
export function lacMtu({ gateway, proposals }: Pick<LacConnectionSpec, "gateway" | "proposals">): number {
  const suites = commonEspSuites(proposals.esp, proposals.esp);
  return Math.min(...suites.map((suite) => l2tpInnerMtu({ linkMtu: gateway.outsideMtu, suite, natTraversal: true }, header)));
}
