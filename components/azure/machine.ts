import * as pulumi from "@pulumi/pulumi";
import { VirtualMachine } from "@pulumi/azure-native/compute/virtualMachine";
import { NetworkInterface } from "@pulumi/azure-native/network/networkInterface";
import type { AzureImage } from "../../gateway/azure/images";
import { firstTold } from "./firstTold";
import type { Place, Tags } from "./network";
import type { AzurePlan } from "./plan";

/** What {@link azureInterface} needs. */
export interface AzureInterfaceArgs {
  place: Place;
  subnetId: pulumi.Output<string>;
  securityGroupId: pulumi.Output<string>;
  publicAddressId: pulumi.Output<string>;
  acceleratedNetworking: pulumi.Output<boolean>;
  /** Ids of the load balancer's backend pools that it belongs to. @default none */
  backendPoolIds?: pulumi.Output<string>[];
  tags: Tags;
}

/** The interface of a machine, which outlives every machine that has it, with the addresses. */
export function azureInterface(name: string, args: AzureInterfaceArgs, opts: pulumi.CustomResourceOptions): NetworkInterface {
  return new NetworkInterface(
    `${name}-interface`,
    {
      ...args.place,
      // It forwards packets of others.
      enableIPForwarding: true,
      enableAcceleratedNetworking: args.acceleratedNetworking,
      networkSecurityGroup: { id: args.securityGroupId },
      ipConfigurations: [
        {
          name: "gateway",
          primary: true,
          subnet: { id: args.subnetId },
          privateIPAllocationMethod: "Dynamic",
          publicIPAddress: { id: args.publicAddressId },
          ...(args.backendPoolIds === undefined ? {} : { loadBalancerBackendAddressPools: args.backendPoolIds.map((id) => ({ id })) }),
        },
      ],
      tags: args.tags,
    },
    opts,
  );
}

/** The address of an interface in its network. */
export function privateAddress(networkInterface: NetworkInterface): pulumi.Output<string> {
  return networkInterface.ipConfigurations.apply((configurations) => configurations?.[0]?.privateIPAddress ?? "");
}

/** What {@link azureMachine} needs; of `plan` what has been found good. */
export interface AzureMachineArgs {
  place: Place;
  networkInterface: NetworkInterface;
  zone: pulumi.Input<string> | undefined;
  plan: Pick<AzurePlan, "vmSize" | "trustedLaunch" | "diskGigabytes" | "encryptionAtHost">;
  /** The image as JSON. */
  image: pulumi.Output<string>;
  /** A secret, for the bootstrap host key in it. */
  userData: pulumi.Output<string>;
  administratorPublicKey: pulumi.Input<string>;
  diskEncryptionSetId: pulumi.Input<string> | undefined;
  /** What must be there before it boots. */
  before: pulumi.Resource[];
  generation: number;
  tags: Tags;
}

/** Azure insists on a user that is not root; cloud-init is told to make none. */
const user = "gateway";

/**
 * A machine behind its interface. Image, user data and key are those that its generation was first made of: a change of
 * any touches nothing but the next generation.
 */
export function azureMachine(name: string, args: AzureMachineArgs, opts: pulumi.CustomResourceOptions): VirtualMachine {
  const told = firstTold(name, args.generation, { image: args.image, userData: args.userData, administratorPublicKey: pulumi.output(args.administratorPublicKey) }, opts);
  const plain = (value: pulumi.Output<string>) => pulumi.unsecret(value);
  return new VirtualMachine(
    `${name}-machine`,
    {
      ...args.place,
      ...(args.zone === undefined ? {} : { zones: [args.zone] }),
      hardwareProfile: { vmSize: args.plan.vmSize },
      storageProfile: {
        imageReference: plain(told.image).apply((json) => JSON.parse(json) as AzureImage),
        osDisk: {
          createOption: "FromImage",
          deleteOption: "Delete",
          caching: "ReadWrite",
          diskSizeGB: args.plan.diskGigabytes,
          managedDisk: {
            storageAccountType: "StandardSSD_LRS",
            ...(args.diskEncryptionSetId === undefined ? {} : { diskEncryptionSet: { id: args.diskEncryptionSetId } }),
          },
        },
      },
      osProfile: {
        computerName: name,
        adminUsername: user,
        customData: told.userData.apply((text) => Buffer.from(text).toString("base64")),
        linuxConfiguration: {
          disablePasswordAuthentication: true,
          provisionVMAgent: true,
          ssh: { publicKeys: [{ path: `/home/${user}/.ssh/authorized_keys`, keyData: plain(told.administratorPublicKey) }] },
        },
      },
      networkProfile: { networkInterfaces: [{ id: args.networkInterface.id, primary: true, deleteOption: "Detach" }] },
      securityProfile: pulumi.all([args.plan.trustedLaunch, args.plan.encryptionAtHost]).apply(([trusted, encryptionAtHost]) => ({
        ...(trusted ? { securityType: "TrustedLaunch", uefiSettings: { secureBootEnabled: true, vTpmEnabled: true } } : {}),
        ...(encryptionAtHost ? { encryptionAtHost } : {}),
      })),
      // The console of a machine that nobody can log in to yet.
      diagnosticsProfile: { bootDiagnostics: { enabled: true } },
      tags: args.tags,
    },
    {
      ...opts,
      dependsOn: args.before,
      // An interface cannot belong to two machines at once.
      deleteBeforeReplace: true,
      replaceOnChanges: ["osProfile", "storageProfile.imageReference", "zones"],
    },
  );
}
