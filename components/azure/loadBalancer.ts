import * as pulumi from "@pulumi/pulumi";
import { getClientConfigOutput } from "@pulumi/azure-native/authorization/getClientConfig";
import { LoadBalancer } from "@pulumi/azure-native/network/loadBalancer";
import { pairProbe } from "../../gateway/azure/pair";
import type { Place, Tags } from "./network";

/** What {@link clientsBalancer} needs. */
export interface ClientsBalancerArgs {
  place: Place;
  publicAddressId: pulumi.Output<string>;
  healthPort: pulumi.Output<number>;
  tags: Tags;
}

/** A client's source address alone decides, so that the two ports of IKE lead to one machine. */
const ports = { ike: 500, "nat-traversal": 4500 } as const;

/**
 * A Standard load balancer that shares clients out among both machines of a pair; gives the id of its backend pool.
 * What it is made of names itself by full ids, so its own name is fixed.
 */
export function clientsBalancer(name: string, { place, publicAddressId, healthPort, tags }: ClientsBalancerArgs, opts: pulumi.CustomResourceOptions): pulumi.Output<string> {
  const loadBalancerName = `${name}-clients`;
  const { subscriptionId } = getClientConfigOutput(opts);
  const own = (part: string) => ({ id: pulumi.interpolate`/subscriptions/${subscriptionId}/resourceGroups/${place.resourceGroupName}/providers/Microsoft.Network/loadBalancers/${loadBalancerName}/${part}` });
  const balancer = new LoadBalancer(
    loadBalancerName,
    {
      ...place,
      loadBalancerName,
      sku: { name: "Standard" },
      frontendIPConfigurations: [{ name: "clients", publicIPAddress: { id: publicAddressId } }],
      backendAddressPools: [{ name: "gateways" }],
      probes: [{ name: "active", protocol: "Tcp", port: healthPort, intervalInSeconds: pairProbe.interval, probeThreshold: pairProbe.threshold, noHealthyBackendsBehavior: "AllProbedUp" }],
      loadBalancingRules: Object.entries(ports).map(([rule, port]) => ({
        name: rule,
        protocol: "Udp",
        frontendPort: port,
        backendPort: port,
        loadDistribution: "SourceIP",
        // The machines have public addresses of their own for what they begin themselves.
        disableOutboundSnat: true,
        frontendIPConfiguration: own("frontendIPConfigurations/clients"),
        backendAddressPool: own("backendAddressPools/gateways"),
        probe: own("probes/active"),
      })),
      tags,
    },
    { ...opts, deleteBeforeReplace: true },
  );
  return pulumi.interpolate`${balancer.id}/backendAddressPools/gateways`;
}
