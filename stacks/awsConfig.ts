import type * as pulumi from "@pulumi/pulumi";
import type { SitesArgs } from "../components/args";
import type { AwsCommonArgs } from "../components/aws/args";
import { cloudConfig } from "./cloudConfig";

/** What any gateway on AWS shall be, as the stack's config has it: where it is silent the library's default, nothing the lab's. */
export function awsConfig(config: pulumi.Config): AwsCommonArgs & { imageId?: string } {
  return {
    ...cloudConfig(config),
    access: config.get("access"),
    instanceType: config.get("instanceType"),
    networkCidr: config.get("networkCidr"),
    routeTableIds: config.getObject<Record<string, string>>("routeTableIds"),
    imageId: config.get("imageId"),
    diskGigabytes: config.getNumber("diskGigabytes"),
    diskKeyArn: config.get("diskKeyArn"),
    sites: config.getObject<SitesArgs>("sites"),
    deadPeerDelay: config.getNumber("deadPeerDelay"),
    openL2tpOutsideIpsec: config.getBoolean("openL2tpOutsideIpsec"),
    tags: config.getObject<Record<string, string>>("tags"),
  };
}
