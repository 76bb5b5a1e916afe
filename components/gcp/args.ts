import type * as pulumi from "@pulumi/pulumi";
import type { CloudArgs } from "../cloud/args";

/** What Google Cloud adds to any gateway. */
export interface GcpCommonArgs extends CloudArgs {
  /**
   * Machine type of a current series; its architecture decides the image, its series the disk. Another one stops and
   * starts the machine. @default "t2d-standard-1"
   */
  machineType?: pulumi.Input<string>;
  /**
   * Subnetwork to stand in, as `projects/PROJECT/regions/REGION/subnetworks/NAME`; its ranges are looked up.
   * @default a small network is made
   */
  subnetwork?: pulumi.Input<string>;
  /** Range of the network that is made, /8 to /29. Without meaning beside `subnetwork`. @default "10.76.0.0/24" */
  networkCidr?: pulumi.Input<string>;
  /**
   * MTU of the network, in bytes, at most 1500: a network that is made gets it; of one that is given it cannot be looked
   * up. @default 1460
   */
  outsideMtu?: pulumi.Input<number>;
  /** Makes a route to each IPv4 client pool in the network, so that what stands in it answers clients. @default true */
  poolRoutes?: boolean;
  /** Type of the boot disk. @default "pd-balanced", or "hyperdisk-balanced" for series that have no other */
  diskType?: pulumi.Input<string>;
  /** Size of the boot disk, 10–65536. @default 10 */
  diskGigabytes?: pulumi.Input<number>;
  /** Self link of the Cloud KMS key that the disk is encrypted with. @default Google's own key */
  diskKeySelfLink?: pulumi.Input<string>;
  /** Secure Boot. @default true on amd64 with an image of the library's choice, false otherwise */
  secureBoot?: pulumi.Input<boolean>;
  /** Labels for everything that takes labels, beside `vpn-gateway`, which they may replace. @default none */
  labels?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /**
   * Image to boot, as `projects/PROJECT/global/images/NAME`, of the machine type's architecture; with Google's agent
   * (`platform` debian13) or cloud-init (ubuntu2404). Taken at the first boot of a `generation`.
   * @default the newest of `platform`, by its owner's image family
   */
  image?: pulumi.Input<string>;
}

/** Args of `GcpGateway`. A `machineType` of another architecture or kind of disk needs a new `generation`. */
export interface GcpGatewayArgs extends GcpCommonArgs {
  /** Zone to stand in, e.g. europe-west3-b. @default the provider's own (`gcp:zone`) */
  zone?: pulumi.Input<string>;
  /**
   * Which machine this is, counted by you. A machine keeps the disk of its first boot, whatever newer image there is;
   * another number makes a new disk of the newest image, takes the old machine away, and makes one of that disk with
   * the same address, users and secrets. Tunnels are down for as long as a first boot takes. @default 1
   */
  generation?: number;
}

/** Args of `GcpGatewayPair`. */
export interface GcpGatewayPairArgs extends GcpCommonArgs {
  /**
   * Two zones of one region: the first machine's and the second's.
   * @default the first two of the region, which is the subnetwork's or the provider's own (`gcp:region`)
   */
  zones?: pulumi.Input<string>[];
}
