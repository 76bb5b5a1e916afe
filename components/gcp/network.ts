import type * as pulumi from "@pulumi/pulumi";
import { Firewall } from "@pulumi/gcp/compute/firewall";
import { getSubnetworkOutput } from "@pulumi/gcp/compute/getSubnetwork";
import { Network } from "@pulumi/gcp/compute/network";
import { Subnetwork } from "@pulumi/gcp/compute/subnetwork";
import { firewallRules, type FirewallPlan } from "../../gateway/gcp/firewall";

/** Labels of one resource. */
export type Labels = pulumi.Output<Record<string, string>>;

/** Where a gateway stands. */
export interface GcpNetwork {
  network: pulumi.Output<string>;
  subnetwork: pulumi.Output<string>;
}

/** A network with one subnetwork, in the region that is given or the provider's own. */
export function madeNetwork(
  name: string,
  cidr: pulumi.Output<string>,
  mtu: pulumi.Output<number>,
  region: pulumi.Output<string> | undefined,
  opts: pulumi.CustomResourceOptions,
): GcpNetwork {
  const network = new Network(`${name}-network`, { autoCreateSubnetworks: false, mtu, description: "VPN gateway" }, opts);
  const subnetwork = new Subnetwork(`${name}-subnetwork`, { network: network.id, ipCidrRange: cidr, ...(region === undefined ? {} : { region }) }, opts);
  return { network: network.selfLink, subnetwork: subnetwork.selfLink };
}

/** A subnetwork that was there before. */
export interface GivenNetwork {
  network: GcpNetwork;
  cidrs: pulumi.Output<string[]>;
  region: pulumi.Output<string>;
}

/** The network of a subnetwork that was there before, and all of the subnetwork's ranges. */
export function givenNetwork(selfLink: pulumi.Input<string>, opts: pulumi.InvokeOutputOptions): GivenNetwork {
  const found = getSubnetworkOutput({ selfLink }, opts);
  return {
    network: { network: found.network, subnetwork: found.selfLink },
    cidrs: found.apply(({ ipCidrRange, secondaryIpRanges }) => [ipCidrRange, ...(secondaryIpRanges ?? []).map((range) => range.ipCidrRange)]),
    region: found.region,
  };
}

/** The network tag that the gateway's rules hold for. */
export function networkTag(name: string): string {
  return `${name}-vpn-gateway`;
}

/** What may reach a gateway from outside; out goes anything, as every VPC has it. */
export function firewall(name: string, network: pulumi.Output<string>, plan: pulumi.Output<FirewallPlan>, has: { pair?: boolean; acme?: boolean; inside?: boolean }, opts: pulumi.CustomResourceOptions): Firewall[] {
  const tag = networkTag(name);
  // Which rules there are is plain, so that they are resources of their own; what they hold may be unknown yet.
  const placeholder: FirewallPlan = { peers: [], administrators: [], sshPort: 22, l2tpOutsideIpsec: false, acme: has.acme, ...(has.inside ? { inside: [] } : {}), ...(has.pair ? { pair: { healthPort: 1, healthCheckers: [] } } : {}) };
  return firewallRules(placeholder).map(({ suffix, description, action, priority, fromPair }, index) => {
    const rule = plan.apply((plain) => firewallRules(plain)[index]);
    return new Firewall(
      `${name}-${suffix}`,
      {
        network,
        description,
        direction: "INGRESS",
        priority,
        [action === "allow" ? "allows" : "denies"]: rule.protocols,
        ...(fromPair === true ? { sourceTags: [tag] } : { sourceRanges: rule.sources }),
        ...(suffix === "inside" ? { disabled: rule.apply(({ disabled }) => disabled === true) } : {}),
        targetTags: [tag],
      },
      opts,
    );
  });
}
