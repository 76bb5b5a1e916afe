import { clientFamilies, clientPools } from "../clientPools";
import type { NamedSet } from "../formats/nft";
import type { GatewaySpec } from "../spec";

/** nftables' word for each family. */
export const familyWord = { 4: "ip", 6: "ip6" } as const;

/** `clients4`, `clients6`: the pools of each family that there is. */
export function clientSets(spec: Pick<GatewaySpec, "l2tp" | "ikev2">): NamedSet[] {
  const pools = clientPools(spec);
  return clientFamilies(spec).map((family) => ({
    name: `clients${family}`,
    type: family === 4 ? "ipv4_addr" : "ipv6_addr",
    elements: pools.filter((one) => one.family === family).map(({ text }) => text),
  }));
}
