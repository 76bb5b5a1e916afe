import { network, type Family, type Network } from "./addressing";
import type { GatewaySpec } from "./spec";

type Protocols = Pick<GatewaySpec, "l2tp" | "ikev2">;

/** Every network that clients have their addresses of, as the spec says it. */
export function clientPoolTexts({ l2tp, ikev2 }: Protocols): string[] {
  return [l2tp?.pool, ikev2?.pool, ikev2?.pool6, l2tp?.fixedPool, ikev2?.fixedPool, ikev2?.fixedPool6].filter((text) => text !== undefined);
}

/** The same of a spec that was found good. */
export function clientPools(spec: Protocols): Network[] {
  return clientPoolTexts(spec).map(network);
}

/** The families of which clients have addresses. */
export function clientFamilies(spec: Protocols): Family[] {
  const pools = clientPools(spec);
  return ([4, 6] as const).filter((family) => pools.some((one) => one.family === family));
}
