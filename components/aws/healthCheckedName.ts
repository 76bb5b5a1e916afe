import type * as pulumi from "@pulumi/pulumi";
import { getIpRangesOutput } from "@pulumi/aws/getIpRanges";
import { HealthCheck } from "@pulumi/aws/route53/healthCheck";
import { Record as DnsRecord } from "@pulumi/aws/route53/record";
import { nameTimers } from "../../gateway/aws/healthCheckedName";
import type { Tags } from "./network";

/** Where Route 53's health checkers ask from, by AWS's own list of its addresses, IPv4. */
export function healthCheckerRanges(opts: pulumi.InvokeOutputOptions): pulumi.Output<string[]> {
  return getIpRangesOutput({ services: ["route53_healthchecks"] }, opts).cidrBlocks;
}

/** One machine under a name that has several. */
export interface NamedMachine {
  zoneId: pulumi.Input<string>;
  dnsName: pulumi.Input<string>;
  publicIp: pulumi.Output<string>;
  healthPort: pulumi.Output<number>;
  /** The machine serves once this is there. */
  serves: pulumi.Resource;
  tags: Tags;
}

/** An address of a name, as long as its machine answers health checks from all over the world. */
export function healthCheckedAddress(name: string, machine: NamedMachine, opts: pulumi.CustomResourceOptions): void {
  const { publicIp, healthPort, serves, tags } = machine;
  const check = new HealthCheck(
    `${name}-health`,
    { type: "TCP", ipAddress: publicIp, port: healthPort, requestInterval: nameTimers.interval, failureThreshold: nameTimers.threshold, tags },
    opts,
  );
  new DnsRecord(
    `${name}-record`,
    {
      zoneId: machine.zoneId,
      name: machine.dnsName,
      type: "A",
      ttl: nameTimers.timeToLive,
      records: [publicIp],
      multivalueAnswerRoutingPolicy: true,
      setIdentifier: name,
      healthCheckId: check.id,
    },
    // A check that has asked nobody yet counts as healthy.
    { ...opts, dependsOn: [serves] },
  );
}
