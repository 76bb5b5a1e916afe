import type * as pulumi from "@pulumi/pulumi";
import type { GcpCommonArgs } from "../components/gcp/args";
import { cloudConfig } from "./cloudConfig";

/** What any gateway on Google Cloud shall be, as the stack's config has it. */
export function gcpConfig(config: pulumi.Config): GcpCommonArgs {
  return {
    ...cloudConfig(config),
    machineType: config.get("machineType"),
    subnetwork: config.get("subnetwork"),
    networkCidr: config.get("networkCidr"),
    poolRoutes: config.getBoolean("poolRoutes"),
    diskType: config.get("diskType"),
    diskGigabytes: config.getNumber("diskGigabytes"),
    diskKeySelfLink: config.get("diskKeySelfLink"),
    secureBoot: config.getBoolean("secureBoot"),
    labels: config.getObject<Record<string, string>>("labels"),
    image: config.get("image"),
  };
}
