import type * as pulumi from "@pulumi/pulumi";
import type { AzureCommonArgs } from "../components/azure/args";
import { cloudConfig } from "./cloudConfig";

/** What any gateway on Azure shall be, as the stack's config has it. */
export function azureConfig(config: pulumi.Config): AzureCommonArgs {
  return {
    ...cloudConfig(config),
    vmSize: config.get("vmSize"),
    resourceGroupName: config.get("resourceGroupName"),
    location: config.get("location"),
    networkCidr: config.get("networkCidr"),
    routeTableIds: config.getObject<Record<string, string>>("routeTableIds"),
    diskGigabytes: config.getNumber("diskGigabytes"),
    diskEncryptionSetId: config.get("diskEncryptionSetId"),
    encryptionAtHost: config.getBoolean("encryptionAtHost"),
    trustedLaunch: config.getBoolean("trustedLaunch"),
    tags: config.getObject<Record<string, string>>("tags"),
    image: config.get("image"),
  };
}
