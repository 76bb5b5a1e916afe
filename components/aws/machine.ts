import type * as pulumi from "@pulumi/pulumi";
import { Eip } from "@pulumi/aws/ec2/eip";
import { EipAssociation } from "@pulumi/aws/ec2/eipAssociation";
import { Instance } from "@pulumi/aws/ec2/instance";
import { NetworkInterface } from "@pulumi/aws/ec2/networkInterface";
import { ofGeneration } from "../cloud/sshAccess";
import type { AwsNetwork, Tags } from "./network";

/** What {@link elasticAddress} gives. */
export interface ElasticAddress {
  publicIp: pulumi.Output<string>;
  allocationId: pulumi.Output<string>;
  arn: pulumi.Output<string>;
  resource: pulumi.Resource;
}

/** A public address that outlives every machine that has it. `good`: what it is for has been found good. */
export function elasticAddress(name: string, good: pulumi.Output<unknown>, tags: Tags, opts: pulumi.CustomResourceOptions): ElasticAddress {
  const eip = new Eip(`${name}-address`, { domain: good.apply(() => "vpc"), tags }, opts);
  return { publicIp: eip.publicIp, allocationId: eip.allocationId, arn: eip.arn, resource: eip };
}

/** What {@link awsInterface} needs. */
export interface AwsInterfaceArgs {
  network: AwsNetwork;
  securityGroupIds: pulumi.Output<string>[];
  /** The public address by which the machine is reached, on the interface's first private one. */
  address: ElasticAddress;
  /** Further private addresses, which EC2 chooses. @default 0 */
  furtherAddresses?: number;
  /** What must be there before it, and goes after it. */
  before?: pulumi.Resource[];
  generation: number;
  tags: Tags;
}

/** An interface that forwards, with its public address. */
export interface AwsInterface {
  networkInterface: NetworkInterface;
  association: EipAssociation;
}

/** The interface of a machine, which has its public address before the first boot, when packages are fetched. */
export function awsInterface(name: string, args: AwsInterfaceArgs, opts: pulumi.CustomResourceOptions): AwsInterface {
  const { generation, tags, furtherAddresses = 0 } = args;
  const networkInterface = new NetworkInterface(
    ofGeneration(`${name}-interface`, generation),
    {
      subnetId: args.network.subnetId,
      securityGroups: args.securityGroupIds,
      description: "VPN gateway",
      // It forwards packets of others.
      sourceDestCheck: false,
      ...(furtherAddresses === 0 ? {} : { privateIpsCount: furtherAddresses }),
      tags,
    },
    { ...opts, dependsOn: args.before ?? [] },
  );
  const association = new EipAssociation(
    `${name}-address-association`,
    {
      allocationId: args.address.allocationId,
      networkInterfaceId: networkInterface.id,
      allowReassociation: true,
      ...(furtherAddresses === 0 ? {} : { privateIpAddress: networkInterface.privateIp }),
    },
    { ...opts, dependsOn: args.network.routed },
  );
  return { networkInterface, association };
}

/** What {@link awsMachine} needs. */
export interface AwsMachineArgs {
  interface: AwsInterface;
  instanceType: pulumi.Output<string>;
  imageId: pulumi.Output<string>;
  userData: pulumi.Output<string>;
  diskGigabytes: pulumi.Output<number>;
  diskKeyArn: pulumi.Input<string> | undefined;
  /** Name of the instance profile; none: the machine has no role. */
  instanceProfile?: pulumi.Output<string>;
  /** What must be there before it boots, beside its network. */
  before: pulumi.Resource[];
  /** Part of the names: another one is another machine, which stands before the old one goes. */
  generation: number;
  /** Does another image replace it? @default false */
  followsImage?: boolean;
  tags: Tags;
}

/**
 * A machine behind its interface. Image and user data are those of the first boot: a change of either touches nothing
 * but the next generation.
 */
export function awsMachine(name: string, args: AwsMachineArgs, opts: pulumi.CustomResourceOptions): Instance {
  const { generation, tags } = args;
  const { networkInterface, association } = args.interface;
  return new Instance(
    ofGeneration(`${name}-machine`, generation),
    {
      ami: args.imageId,
      instanceType: args.instanceType,
      primaryNetworkInterface: { networkInterfaceId: networkInterface.id },
      userData: args.userData,
      // A hop limit of 1: no packet that the gateway forwards gets an answer.
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1, instanceMetadataTags: "disabled" },
      rootBlockDevice: {
        volumeType: "gp3",
        volumeSize: args.diskGigabytes,
        encrypted: true,
        deleteOnTermination: true,
        ...(args.diskKeyArn === undefined ? {} : { kmsKeyId: args.diskKeyArn }),
        tags,
      },
      // EC2 moves it to other hardware when its own fails.
      maintenanceOptions: { autoRecovery: "default" },
      ...(args.instanceProfile === undefined ? {} : { iamInstanceProfile: args.instanceProfile }),
      tags,
    },
    // An interface cannot belong to two machines at once.
    { ...opts, dependsOn: [association, ...args.before], ignoreChanges: [...(args.followsImage === true ? [] : ["ami"]), "userData"], deleteBeforeReplace: true },
  );
}
