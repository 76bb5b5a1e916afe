import * as pulumi from "@pulumi/pulumi";
import { Address } from "@pulumi/gcp/compute/address";
import { Disk } from "@pulumi/gcp/compute/disk";
import { getImageOutput } from "@pulumi/gcp/compute/getImage";
import { Instance } from "@pulumi/gcp/compute/instance";
import { firstBootKey, imageFamily } from "../../gateway/gcp/images";
import { knownMachineType } from "../../gateway/gcp/machineTypes";
import type { PlatformName } from "../../gateway/spec";
import { ofGeneration } from "../cloud/sshAccess";
import { networkTag, type GcpNetwork, type Labels } from "./network";
import type { GcpPlan } from "./plan";

/** A public address that outlives every machine that has it. `good`: what it is for has been found good. */
export function staticAddress(name: string, good: pulumi.Output<unknown>, region: pulumi.Output<string> | undefined, labels: Labels, opts: pulumi.CustomResourceOptions): Address {
  return new Address(`${name}-address`, { addressType: good.apply(() => "EXTERNAL"), ...(region === undefined ? {} : { region }), labels }, opts);
}

/** Self link of the newest image of a platform for a machine type that has been found good. */
export function newestImage(platform: pulumi.Output<PlatformName>, machineType: pulumi.Output<string>, opts: pulumi.InvokeOutputOptions): pulumi.Output<string> {
  const found = pulumi.all([platform, machineType]).apply(([system, type]) => {
    const facts = knownMachineType(type);
    if (facts === undefined) throw new Error(`machine type ${type} is of no known architecture`);
    return imageFamily(system, facts.architecture);
  });
  return getImageOutput({ project: found.project, family: found.family }, opts).selfLink;
}

/** What {@link gcpMachine} needs; of `plan` what has been found good. */
export interface GcpMachineArgs {
  /** Name of the gateway: that of its network tag. */
  gateway: string;
  network: GcpNetwork;
  address: Address;
  zone: pulumi.Input<string> | undefined;
  /** Its address in the network. @default one that Google Cloud chooses */
  privateIp?: pulumi.Output<string>;
  plan: Pick<GcpPlan, "machineType" | "diskType" | "diskGigabytes" | "secureBoot">;
  image: pulumi.Output<string>;
  platform: pulumi.Output<PlatformName>;
  /** What the first boot is told; a secret, for the bootstrap host key in it. */
  firstBoot: pulumi.Output<string>;
  diskKeySelfLink: pulumi.Input<string> | undefined;
  /** What must be there before it boots. */
  before: pulumi.Resource[];
  /** Part of the disk's name: another one is another disk, and so another machine. */
  generation: number;
  /** Does another image make another disk? @default false */
  followsImage?: boolean;
  /** Was the zone chosen rather than given, so that another choice moves nothing? @default false */
  keepsZone?: boolean;
  labels: Labels;
}

/**
 * A machine with its boot disk and its public address. The disk keeps the image that it was made of. What the first boot
 * is told stands in the metadata, where a change of it touches nothing: it is read at the first boot alone.
 */
export function gcpMachine(name: string, args: GcpMachineArgs, opts: pulumi.CustomResourceOptions): Instance {
  const { labels } = args;
  const zone = args.zone === undefined ? {} : { zone: args.zone };
  const kept = args.keepsZone === true ? ["zone"] : [];
  const disk = new Disk(
    ofGeneration(`${name}-disk`, args.generation),
    {
      ...zone,
      image: args.image,
      type: args.plan.diskType,
      size: args.plan.diskGigabytes,
      ...(args.diskKeySelfLink === undefined ? {} : { diskEncryptionKey: { kmsKeySelfLink: args.diskKeySelfLink } }),
      labels,
    },
    { ...opts, ignoreChanges: [...kept, ...(args.followsImage === true ? [] : ["image"])] },
  );
  return new Instance(
    `${name}-machine`,
    {
      ...zone,
      machineType: args.plan.machineType,
      // Its own resource, so that it is told apart from the machine which image it was made of.
      bootDisk: { source: disk.selfLink, autoDelete: false },
      networkInterfaces: [{ subnetwork: args.network.subnetwork, ...(args.privateIp === undefined ? {} : { networkIp: args.privateIp }), accessConfigs: [{ natIp: args.address.address }] }],
      // It forwards packets of others.
      canIpForward: true,
      tags: [networkTag(args.gateway)],
      metadata: pulumi.all([args.platform, args.firstBoot]).apply(([platform, text]) => ({
        [firstBootKey(platform)]: text,
        "block-project-ssh-keys": "TRUE",
        "enable-oslogin": "FALSE",
        "serial-port-enable": "FALSE",
      })),
      shieldedInstanceConfig: { enableSecureBoot: args.plan.secureBoot, enableVtpm: true, enableIntegrityMonitoring: true },
      // Moved to other hardware while it runs, started anew where that is not to be had.
      scheduling: { onHostMaintenance: "MIGRATE", automaticRestart: true },
      allowStoppingForUpdate: true,
      labels,
    },
    // A public address and a boot disk cannot belong to two machines at once.
    { ...opts, dependsOn: args.before, ignoreChanges: kept, deleteBeforeReplace: true },
  );
}
