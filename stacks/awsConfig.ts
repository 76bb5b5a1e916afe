import type * as pulumi from "@pulumi/pulumi";
import type { AwsCommonArgs } from "../components/aws/args";
import { remoteAccessConfig } from "./config";

/** What any gateway on AWS shall be, as the stack's config has it: where it is silent the library's default, nothing the lab's. */
export function awsConfig(config: pulumi.Config): AwsCommonArgs & { imageId?: string } {
  const common = remoteAccessConfig(config);
  return {
    ...common,
    l2tp: { ...common.l2tp, enabled: config.getBoolean("l2tp") ?? false, pool: config.get("l2tpPool") },
    ikev2: { ...common.ikev2, pool: config.get("ikev2Pool") },
    insideNetworks: config.getObject<string[]>("insideNetworks"),
    dns: config.getObject<string[]>("dns"),
    administrators: config.requireObject<string[]>("administrators"),
    endpoint: config.get("endpoint"),
    access: config.get("access"),
    instanceType: config.get("instanceType"),
    networkCidr: config.get("networkCidr"),
    routeTableIds: config.getObject<Record<string, string>>("routeTableIds"),
    peers: config.getObject<string[]>("peers"),
    imageId: config.get("imageId"),
    diskGigabytes: config.getNumber("diskGigabytes"),
    diskKeyArn: config.get("diskKeyArn"),
    tags: config.getObject<Record<string, string>>("tags"),
  };
}
