import type { Architecture } from "../aws/instanceTypes";
import type { PlatformName } from "../spec";

/** Where the newest image of a platform is, and how its first boot is told what to do. */
export interface GcpImage {
  project: string;
  family: string;
}

/**
 * Families as their builders name them: Debian's in GoogleCloudPlatform/compute-image-tools
 * (daisy_workflows/image_build/debian/debian_13_fai.wf.json and debian_13_arm64.wf.json), Ubuntu's as
 * `gcloud compute images list` shows them.
 */
export function imageFamily(platform: PlatformName, architecture: Architecture): GcpImage {
  switch (platform) {
    case "debian13":
      return { project: "debian-cloud", family: architecture === "arm64" ? "debian-13-arm64" : "debian-13" };
    case "ubuntu2404":
      return { project: "ubuntu-os-cloud", family: `ubuntu-2404-lts-${architecture}` };
    default:
      throw new Error(`${platform} has no image here`);
  }
}

/** The metadata key by which a platform's images are told what to do: Debian's have Google's agent and no cloud-init. */
export function firstBootKey(platform: PlatformName): "startup-script" | "user-data" {
  return platform === "debian13" ? "startup-script" : "user-data";
}

/** Debian's arm64 images boot from an unsigned GRUB ("No secure boot on ARM, yet", GCE_SPECIFIC in the same sources). */
export function secureBoot(architecture: Architecture): boolean {
  return architecture === "amd64";
}
