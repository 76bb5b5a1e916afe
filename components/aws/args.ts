import type * as pulumi from "@pulumi/pulumi";
import type { RemoteAccessArgs } from "../args";
import type { SshKeyPairArgs } from "../cloud/args";

/** What AWS adds to any gateway. */
export interface AwsCommonArgs extends RemoteAccessArgs {
  /**
   * EC2 instance type of a current family; its architecture decides the image. A family without AES instructions or
   * ENA is refused. @default "c7g.medium"
   */
  instanceType?: pulumi.Input<string>;
  /** Range of the network that is made, /16 to /28. Without meaning beside `subnetId`. @default "10.76.0.0/24" */
  networkCidr?: pulumi.Input<string>;
  /**
   * Route tables that get a route to each of the client pools, by a word of yours that names the route: what stands in
   * the VPC answers clients through them. @default none
   */
  routeTableIds?: Record<string, pulumi.Input<string>>;
  /** CIDR ranges that clients connect from. @default 0.0.0.0/0 and ::/0 */
  peers?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Opens UDP 1701 in the security group. L2TP within IPsec needs no such rule, and the gateway's own firewall takes
   * no L2TP that did not come by IPsec: for devices in between that insist to see it. @default false
   */
  openL2tpOutsideIpsec?: pulumi.Input<boolean>;
  /** Size of the encrypted gp3 disk, 8–16384. @default 8 */
  diskGigabytes?: pulumi.Input<number>;
  /** ARN of the KMS key that the disk is encrypted with. @default the account's own key for EBS */
  diskKeyArn?: pulumi.Input<string>;
  /** Tags for everything that takes tags, beside `Name` and `vpn-gateway`, which they may replace. @default none */
  tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Key pair that the gateway is administered with over SSH. @default minted in the stack */
  administratorKey?: SshKeyPairArgs;
  /**
   * How changes reach the gateway: `ssh`, or `systemsManager` (no SSH from anywhere, so `administrators` is empty; the
   * parts lie in a private, encrypted bucket that the machines' role reads). The latter needs an image that has the
   * agent: `platform: "ubuntu2404"`. A plain string, since it decides which resources there are. @default "ssh"
   */
  access?: string;
}

/** A VPC Route Server, which puts networks that site connections have learned by BGP into the VPC's route tables. */
export interface AwsRouteServerArgs {
  /**
   * Route tables that get what is learned, by words of yours.
   * @default that of the network that is made; needed in a subnet that is given
   */
  routeTableIds?: Record<string, pulumi.Input<string>>;
  /** AS number of the route server. @default 64512 */
  as?: pulumi.Input<number>;
  /** The gateway's AS number, which all of its site connections must have, too. @default by the gateway's name, as theirs is */
  gatewayAs?: pulumi.Input<number>;
  /** Endpoints in the gateway's subnet, 1 or 2. A plain number, since it decides which resources there are. @default 2 */
  endpoints?: number;
}

/** Args of `AwsGateway`. An `instanceType` of another architecture needs a new `generation`. */
export interface AwsGatewayArgs extends AwsCommonArgs {
  /** Public subnet to stand in; its VPC is looked up. @default a small network is made */
  subnetId?: pulumi.Input<string>;
  /**
   * Image to boot, of the instance type's architecture. Taken at the first boot of a `generation`.
   * @default the newest of `platform`, by its owner's public SSM parameter
   */
  imageId?: pulumi.Input<string>;
  /** Have the VPC's routes follow what site connections learn. Needs `sites: { enabled: true, bgp: true }`. @default none */
  routeServer?: AwsRouteServerArgs;
  /**
   * Which machine this is, counted by you. A machine keeps the image and the user data of its first boot, whatever
   * newer image there is; another number builds a new machine beside it, from the newest image, with the same address,
   * users and secrets, and takes the old one away when all parts stand on the new. Tunnels drop while the address
   * moves. @default 1
   */
  generation?: number;
}

/** Args of `AwsGatewayPair`. */
export interface AwsGatewayPairArgs extends AwsCommonArgs {
  /**
   * How clients reach the active machine: `floatingAddress`, an Elastic IP that it fetches, or `loadBalancer`, a Network
   * Load Balancer for UDP 500 and 4500, which carries no ESP but within UDP. Or `dns`: both machines are active, each at
   * its own Elastic IP, and `endpoint` is a name that has the addresses of those that answer health checks. A plain
   * string, since it decides which resources there are. @default "floatingAddress"
   */
  front?: string;
  /**
   * IPv4 networks of other sites, by words of yours: each of `routeTableIds` gets a route to them, which leads to the active
   * machine. With front `floatingAddress` and `sites`. @default none
   */
  siteNetworks?: Record<string, pulumi.Input<string>>;
  /** Hosted zone of Route 53 that `endpoint` is in; with front `dns` alone, which needs both. @default none */
  zoneId?: pulumi.Input<string>;
  /**
   * Two public subnets of one VPC, in two availability zones: the first machine's and the second's.
   * @default a small network is made, with a subnet in each of the region's first two zones
   */
  subnetIds?: pulumi.Input<string>[];
  /**
   * Image to boot, of the instance type's architecture. Another one replaces the machines, one after the other.
   * @default the newest of `platform` at the first boot, by its owner's public SSM parameter
   */
  imageId?: pulumi.Input<string>;
}
