import type * as pulumi from "@pulumi/pulumi";
import type { CloudArgs } from "../cloud/args";

/** What Azure adds to any gateway. */
export interface AzureCommonArgs extends CloudArgs {
  /** Size of the virtual machine; its architecture decides the image. Another one restarts it. @default "Standard_D2ls_v5" */
  vmSize?: pulumi.Input<string>;
  /** Resource group to make everything in. @default one is made */
  resourceGroupName?: pulumi.Input<string>;
  /** Region, e.g. westeurope; the subnet's, where one is given. @default the provider's own, or the resource group's */
  location?: pulumi.Input<string>;
  /** Range of the virtual network that is made, /8 to /29. Without meaning beside a subnet that is given. @default "10.76.0.0/24" */
  networkCidr?: pulumi.Input<string>;
  /**
   * Route tables that get a route to each IPv4 client pool, by a word of yours that names the route: what stands in
   * their subnets answers clients through them. @default none
   */
  routeTableIds?: Record<string, pulumi.Input<string>>;
  /** Size of the disk, 30–4095. @default 30 */
  diskGigabytes?: pulumi.Input<number>;
  /** Id of the disk encryption set that the disk is encrypted with. @default a key of the platform's */
  diskEncryptionSetId?: pulumi.Input<string>;
  /** Encrypts the disk's caches on the host as well; the subscription must have the feature registered. @default false */
  encryptionAtHost?: pulumi.Input<boolean>;
  /**
   * Trusted launch: Secure Boot and a virtual TPM.
   * @default true on amd64 with an image of the library's choice, false otherwise
   */
  trustedLaunch?: pulumi.Input<boolean>;
  /** Tags for everything that takes tags, beside `vpn-gateway`, which they may replace. @default none */
  tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /**
   * Image to boot, as PUBLISHER:OFFER:SKU:VERSION or the id of one of yours, of the size's architecture and with
   * cloud-init. Taken at the first boot of a `generation`.
   * @default the newest of `platform`, of its owner's offer
   */
  image?: pulumi.Input<string>;
}

/** Args of `AzureGatewayPair`. */
export interface AzureGatewayPairArgs extends AzureCommonArgs {
  /** Id of the subnet to stand in; its virtual network is looked up. @default a small network is made */
  subnetId?: pulumi.Input<string>;
  /** Availability zones of the first machine and the second; none in a region that has none. @default ["1", "2"] */
  zones?: pulumi.Input<string>[];
}

/** Args of `AzureGateway`. A `vmSize` of another architecture needs a new `generation`. */
export interface AzureGatewayArgs extends AzureCommonArgs {
  /** Id of the subnet to stand in; its virtual network is looked up. @default a small network is made */
  subnetId?: pulumi.Input<string>;
  /** Availability zone to stand in, by its number. @default where Azure puts it */
  zone?: pulumi.Input<string>;
  /**
   * Which machine this is, counted by you. A machine keeps the image and the user data of its first boot, whatever
   * newer image there is; another number takes the old machine away and makes one of the newest image behind the same
   * interface, with the same address, users and secrets. Tunnels are down for as long as a first boot takes. @default 1
   */
  generation?: number;
}
