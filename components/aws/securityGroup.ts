import type * as pulumi from "@pulumi/pulumi";
import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup";
import { everywhere, ingressRules, type IngressPlan } from "../../gateway/aws/securityGroup";
import type { Tags } from "./network";

/**
 * What may reach a gateway from outside; out goes anything, since it is a router. The rules stand in the group itself,
 * so that one that somebody adds by hand shows in the next preview, and goes.
 */
export function securityGroup(
  name: string,
  vpcId: pulumi.Output<string>,
  plan: pulumi.Output<IngressPlan>,
  tags: Tags,
  opts: pulumi.CustomResourceOptions,
): SecurityGroup {
  const [ipv4, ipv6] = everywhere;
  return new SecurityGroup(
    `${name}-security-group`,
    {
      vpcId,
      description: "What may reach the VPN gateway",
      ingress: plan.apply(ingressRules),
      egress: [{ description: "Anything", protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: [ipv4], ipv6CidrBlocks: [ipv6] }],
      tags,
    },
    opts,
  );
}
