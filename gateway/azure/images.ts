import type { Architecture } from "../aws/instanceTypes";
import type { PlatformName } from "../spec";

/** An image of Azure's marketplace, or one of the user's own by its id. */
export interface AzureImage {
  publisher?: string;
  offer?: string;
  sku?: string;
  version?: string;
  id?: string;
}

/**
 * The distributions' own offers, of the second generation of virtual machines, with cloud-init (debian-cloud-images'
 * class AZURE installs it). Debian's Arm SKU is named as its release before is (debian-12: 12-arm64). `latest` is taken
 * when a machine is made, and stands in its model for good: a newer image is no change.
 */
export function marketplaceImage(platform: PlatformName, architecture: Architecture): AzureImage {
  const arm = architecture === "arm64";
  switch (platform) {
    case "debian13":
      return { publisher: "Debian", offer: "debian-13", sku: arm ? "13-arm64" : "13-gen2", version: "latest" };
    case "ubuntu2404":
      return { publisher: "Canonical", offer: "ubuntu-24_04-lts", sku: arm ? "server-arm64" : "server", version: "latest" };
    default:
      throw new Error(`${platform} has no image here`);
  }
}

/** An image as args have it: a marketplace image's four parts with colons, or a resource's id. */
export function parseImage(text: string): AzureImage | undefined {
  if (/^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Compute\/(images|galleries)\/[^\s]+$/i.test(text)) return { id: text };
  const [publisher, offer, sku, version, ...rest] = text.split(":");
  const good = rest.length === 0 && [publisher, offer, sku, version].every((part) => part !== undefined && /^[A-Za-z0-9._-]+$/.test(part));
  return good ? { publisher, offer, sku, version } : undefined;
}
