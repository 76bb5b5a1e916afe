import type { PlatformName } from "../spec";
import type { Architecture } from "./instanceTypes";

/**
 * Public SSM parameters in which the distributions' owners keep the id of their newest image, one in each region:
 * Debian's as in wiki.debian.org/Cloud/AmazonEC2Image, Ubuntu's as in "Finding Ubuntu images with the AWS SSM
 * Parameter Store" (discourse.ubuntu.com/t/15507).
 */
export function imageParameter(platform: PlatformName, architecture: Architecture): string {
  switch (platform) {
    case "debian13":
      return `/aws/service/debian/release/13/latest/${architecture}`;
    case "ubuntu2404":
      return `/aws/service/canonical/ubuntu/server/24.04/stable/current/${architecture}/hvm/ebs-gp3/ami-id`;
    default:
      throw new Error(`${platform} has no image here`);
  }
}
