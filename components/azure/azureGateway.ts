import * as pulumi from "@pulumi/pulumi";
import { tagsOf } from "../../gateway/azure/tags";
import type { GatewayIdentity } from "../../gateway/identity";
import { azureProblems, firstBoot } from "../../gateway/azure/validate";
import type { GatewaySpec } from "../../gateway/spec";
import type { SshConnectionArgs } from "../args";
import { clientProfiles, type ClientProfiles } from "../clientProfiles";
import { addressToCome, poolsOf } from "../cloud/pools";
import { administratorKeyOf, sshAccess } from "../cloud/sshAccess";
import { known } from "../known";
import { gatewaySite, type GatewaySite } from "../gatewaySite";
import { remoteAccess, remoteAccessSpec, type ClientSettings } from "../remoteAccess";
import type { AzureGatewayArgs } from "./args";
import { azureInterface, azureMachine, privateAddress } from "./machine";
import { madeNetwork, placeOf, poolRoutes, publicAddress, rangesOf, securityGroup } from "./network";
import { azurePlan, imageOf, knownFacts } from "./plan";

/**
 * A remote-access gateway on a virtual machine of its own on Azure, with a static public address, in a subnet that is
 * given or in a small network that it makes. Nothing is made of a description that has an error; all are told at once,
 * at preview.
 *
 * The machine keeps the image it booted first: see `generation` for how to take a newer one.
 */
export class AzureGateway extends pulumi.ComponentResource {
  /** Address or DNS name that clients connect to. */
  public readonly address: pulumi.Output<string>;
  /** The public address. */
  public readonly publicIp: pulumi.Output<string>;
  /** The machine's address in its network: the next hop of routes to the client pools. */
  public readonly privateIp: pulumi.Output<string>;
  /** Azure's number of the machine: another value, another machine. */
  public readonly machineId: pulumi.Output<string>;
  /** Id of the machine's interface. */
  public readonly networkInterfaceId: pulumi.Output<string>;
  /** What clients must be told; a secret. */
  public readonly clientSettings: pulumi.Output<ClientSettings>;
  /** What another gateway takes as `identity`, to be the same to every enrolled device; a secret: docs/move-house.md. */
  public readonly identity: pulumi.Output<GatewayIdentity>;
  /** What each user imports on their devices, by user and file; a secret. */
  public readonly clientProfiles: pulumi.Output<ClientProfiles>;
  /** What a `SiteConnection` and a `Mesh` take; a secret. */
  public readonly site: pulumi.Output<GatewaySite>;
  /** How to reach the machine over SSH; a secret. */
  public readonly connection: pulumi.Output<pulumi.Unwrap<SshConnectionArgs>>;

  constructor(name: string, args: AzureGatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pulumi-vpn-gateway:azure:AzureGateway", name, {}, opts);
    const child = { parent: this };
    const ranges = args.subnetId === undefined ? undefined : rangesOf(args.subnetId, child);
    const plan = azurePlan(args);
    const generation = args.generation ?? 1;
    const judgement = async (spec: GatewaySpec) =>
      azureProblems(spec, {
        ...(await knownFacts(plan, args)),
        zone: await known(args.zone),
        networkCidr: args.subnetId === undefined ? await known(plan.networkCidr) : undefined,
        subnetId: await known(args.subnetId),
        networkCidrs: await known(ranges),
        generation,
      });
    const good = remoteAccessSpec(name, args, { endpoint: addressToCome }, this, judgement);
    /** A value of the description, once all of it is good. */
    const once = <T>(value: pulumi.Output<T>): pulumi.Output<T> => pulumi.all([good, value]).apply(([, plain]) => plain as T);

    const tags = once(plan.tags).apply((own) => tagsOf(name, own));
    const place = placeOf(name, args, good, tags, child);
    const subnetId = args.subnetId === undefined ? madeNetwork(name, place, once(plan.networkCidr), tags, child) : once(pulumi.output(args.subnetId));
    const rules = pulumi.all([good, plan.peers, plan.openL2tpOutsideIpsec]).apply(([spec, peers, l2tpOutsideIpsec]) => ({
      peers, l2tpOutsideIpsec, administrators: spec.administrators, sshPort: spec.sshPort, acme: spec.ikev2?.acme !== undefined, inside: spec.sites === true ? spec.insideNetworks : [],
    }));
    const group = securityGroup(name, place, rules, tags, child);
    const address = publicAddress(name, place, args.zone === undefined ? [] : [args.zone], tags, child);
    const publicIp = address.ipAddress.apply((ip) => ip ?? "");
    const spec = args.endpoint !== undefined ? good : pulumi.all([good, publicIp]).apply(([plain, endpoint]): GatewaySpec => ({ ...plain, endpoint }));

    const administrator = administratorKeyOf(name, args, good, child);
    const ssh = sshAccess(name, administrator, generation, good, child, firstBoot);
    const networkInterface = azureInterface(name, { place, subnetId, securityGroupId: group.id, publicAddressId: address.id, acceleratedNetworking: once(plan.acceleratedNetworking), tags }, child);
    const vmSize = once(plan.vmSize);
    const instance = azureMachine(
      name,
      {
        place,
        networkInterface,
        zone: args.zone,
        plan: { vmSize, trustedLaunch: once(plan.trustedLaunch), diskGigabytes: once(plan.diskGigabytes), encryptionAtHost: once(plan.encryptionAtHost) },
        image: imageOf(args, good.platform, vmSize),
        userData: ssh.userData,
        administratorPublicKey: administrator.publicKey,
        diskEncryptionSetId: args.diskEncryptionSetId,
        before: [],
        generation,
        tags,
      },
      child,
    );
    const privateIp = privateAddress(networkInterface);
    poolRoutes(name, args.routeTableIds ?? {}, poolsOf(args, good), privateIp, child);

    const machine = { id: instance.vmId, resource: instance };
    const connection = ssh.connection(publicIp, machine);
    const access = remoteAccess(name, args, spec, { ...machine, connection }, this);
    this.clientSettings = access.settings;
    this.identity = access.identity;
    this.clientProfiles = clientProfiles(spec, this.clientSettings);
    this.site = gatewaySite(spec, { ...machine, connection }, this.clientSettings);
    this.connection = pulumi.secret(pulumi.output(connection));
    this.address = spec.endpoint;
    this.publicIp = publicIp;
    this.privateIp = privateIp;
    this.machineId = instance.vmId;
    this.networkInterfaceId = networkInterface.id;
    this.registerOutputs({
      address: this.address,
      publicIp: this.publicIp,
      privateIp: this.privateIp,
      machineId: this.machineId,
      networkInterfaceId: this.networkInterfaceId,
      clientSettings: this.clientSettings,
      connection: this.connection,
    });
  }
}
