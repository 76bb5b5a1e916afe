import * as pulumi from "@pulumi/pulumi";
import { renderUserData } from "../gateway/cloudInit";
import type { GatewayIdentity } from "../gateway/identity";
import { cloudPlatformProblems } from "../gateway/validate/cloud";
import { bareGatewayLinks, cloudLinks, gatewayLinks, labAddresses, labClouds, type LabCloud } from "../lab/networks";
import type { RemoteAccessArgs, SshConnectionArgs } from "./args";
import { attempt } from "./attempt";
import { clientProfiles, type ClientProfiles } from "./clientProfiles";
import { ownHostKey } from "./hostKeyHandover";
import { labMachine } from "./labMachine";
import type { LabWorld } from "./labWorld";
import type { GatewaySite } from "./gatewaySite";
import { remoteAccessSpec, standingGateway, type ClientSettings } from "./remoteAccess";
import { sshKey } from "./sshKey";

/** Args of {@link LabGateway}. */
export interface LabGatewayArgs extends RemoteAccessArgs {
  /** The world that the gateway stands in: its internet, its inside network, its clients. */
  world: LabWorld;
  /** In a world with several clouds, the one that it stands in: 1, 2 or 3. @default the one cloud of a world with one */
  cloud?: LabCloud;
  /** Number of its wires, where a pair in the first cloud has two. @default the cloud's */
  wire?: number;
  /**
   * `trimmed`: with all packages, made to boot fast; `bare`: as a cloud's image, with Debian's cloud kernel and none of a
   * gateway's packages, which user data alone makes into a gateway (some minutes, and a second boot). @default "trimmed"
   */
  image?: "trimmed" | "bare";
  /** Of the machine. @default 384; 512 with BGP, 1024 for a bare one */
  memoryMegabytes?: number;
  /** Of the machine. @default 2 */
  vcpus?: number;
}

/**
 * A remote-access gateway on a machine of the local lab: QEMU with Debian's own kernel, booted from the library's own
 * user data, with one wire to the outside and one to the inside network.
 */
export class LabGateway extends pulumi.ComponentResource {
  /** Address that clients connect to. */
  public readonly address: pulumi.Output<string>;
  /** Identity of the machine: another value, another machine. */
  public readonly machineId: pulumi.Output<string>;
  /** What clients must be told; a secret. */
  public readonly clientSettings: pulumi.Output<ClientSettings>;
  /** What another gateway takes as `identity`, to be the same to every enrolled device; a secret: docs/move-house.md. */
  public readonly identity: pulumi.Output<GatewayIdentity>;
  /** What each user imports on their devices: files by path, by user name; a secret. `scripts/clients` writes them. */
  public readonly clientProfiles: pulumi.Output<ClientProfiles>;
  /** How to reach the machine over SSH; a secret. */
  public readonly connection: pulumi.Output<pulumi.Unwrap<SshConnectionArgs>>;
  /** What a `SiteConnection` takes; a secret. */
  public readonly site: pulumi.Output<GatewaySite>;

  constructor(name: string, args: LabGatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pulumi-vpn-gateway:index:LabGateway", name, {}, opts);
    const cloud = args.cloud === undefined ? undefined : labClouds[args.cloud - 1];
    const spec = remoteAccessSpec(name, args, { endpoint: cloud?.endpoint ?? labAddresses.gatewayOutside }, this, (plain) => Promise.resolve(cloudPlatformProblems(plain)));
    const bare = args.image === "bare";
    const hostKey = sshKey(bare ? `${name}-bootstrap-host-key` : `${name}-host-key`, { parent: this }, spec);
    const machine = labMachine(
      name,
      {
        lab: args.world.lab,
        userData: pulumi
          .all([spec, hostKey.privateKey, hostKey.publicKey, args.world.administratorKey.publicKey])
          .apply(([plain, privateKey, publicKey, administrator]) =>
            attempt(() => renderUserData({ spec: plain, hostKey: { privateKey, publicKey }, authorizedKeys: [administrator], loginWhenReady: bare })),
          ),
        links: bare ? bareGatewayLinks : args.cloud === undefined ? gatewayLinks : cloudLinks(args.cloud, args.wire),
        memoryMegabytes: args.memoryMegabytes ?? (bare ? 1024 : args.sites?.bgp === true ? 512 : 384),
        vcpus: args.vcpus,
        image: args.image,
        hostKey,
        administratorKey: args.world.administratorKey,
      },
      { parent: this },
    );
    // As in a cloud: user data can be read by more people than a host key should be, so it is good for one contact.
    if (bare) machine.connection.hostKey = ownHostKey(`${name}-host-key`, { ...machine.connection }, machine, { parent: this });
    const standing = standingGateway(name, args, spec, machine, this);
    this.clientSettings = standing.settings;
    this.identity = standing.identity;
    this.site = standing.site;
    this.clientProfiles = clientProfiles(spec, this.clientSettings);
    this.address = spec.endpoint;
    this.machineId = machine.id;
    this.connection = pulumi.secret(pulumi.output(machine.connection));
    this.registerOutputs({ address: this.address, machineId: this.machineId });
  }
}
