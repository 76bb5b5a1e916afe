import type * as pulumi from "@pulumi/pulumi";
import { Listener } from "@pulumi/aws/lb/listener";
import { LoadBalancer } from "@pulumi/aws/lb/loadBalancer";
import { TargetGroup } from "@pulumi/aws/lb/targetGroup";
import { TargetGroupAttachment } from "@pulumi/aws/lb/targetGroupAttachment";
import type { AwsPairNetwork, Tags } from "./network";

/** IKE, and IKE with ESP within UDP: what one client sends to both ports must reach one machine. */
const ports = { ike: 500, natt: 4500 } as const;

/** A Network Load Balancer before a pair, once its machines are there. */
export interface GatewayBalancer {
  dnsName: pulumi.Output<string>;
  /** Sends datagrams to a machine as well. */
  attach(member: number, machineId: pulumi.Output<string>): void;
}

/**
 * UDP 500 and 4500 to whichever machine answers the TCP health check, which the active one alone does: stickiness is of
 * each target group by itself, so two machines that answer could each get half of one client's datagrams.
 */
export function gatewayBalancer(
  name: string,
  network: AwsPairNetwork,
  healthPort: pulumi.Output<number>,
  tags: Tags,
  opts: pulumi.CustomResourceOptions,
): GatewayBalancer {
  const balancer = new LoadBalancer(
    `${name}-nlb`,
    {
      loadBalancerType: "network",
      internal: false,
      ipAddressType: "ipv4",
      subnets: network.subnetIds,
      // Or the node of the standby's zone had nobody to send to, and would fail open to the standby.
      enableCrossZoneLoadBalancing: true,
      tags,
    },
    { ...opts, dependsOn: network.routed },
  );
  const groups = Object.entries(ports).map(([what, port]) => {
    const group = new TargetGroup(
      `${name}-${what}`,
      {
        vpcId: network.vpcId,
        targetType: "instance",
        protocol: "UDP",
        port,
        preserveClientIp: "true",
        proxyProtocolV2: false,
        stickiness: { type: "source_ip", enabled: true },
        // The fastest that there is: two of 5 s. (targetHealthStates, which would end flows to a machine that became
        // unhealthy, is for TCP and TLS alone.)
        healthCheck: { enabled: true, protocol: "TCP", port: healthPort.apply(String), interval: 5, healthyThreshold: 2, unhealthyThreshold: 2 },
        // A machine that is taken away keeps no flow.
        connectionTermination: true,
        deregistrationDelay: 0,
        tags,
      },
      opts,
    );
    new Listener(
      `${name}-${what}-listener`,
      { loadBalancerArn: balancer.arn, protocol: "UDP", port, defaultActions: [{ type: "forward", targetGroupArn: group.arn }], tags },
      opts,
    );
    return { what, group };
  });
  return {
    dnsName: balancer.dnsName,
    attach(member, machineId) {
      for (const { what, group } of groups) {
        new TargetGroupAttachment(`${name}-${what}-${member}`, { targetGroupArn: group.arn, targetId: machineId }, opts);
      }
    },
  };
}
