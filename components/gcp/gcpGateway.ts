import * as pulumi from "@pulumi/pulumi";
import { Route } from "@pulumi/gcp/compute/route";
import { labelsOf } from "../../gateway/gcp/labels";
import type { GatewayIdentity } from "../../gateway/identity";
import { firstBoot, gcpProblems } from "../../gateway/gcp/validate";
import type { GatewaySpec } from "../../gateway/spec";
import type { SshConnectionArgs } from "../args";
import { clientProfiles, type ClientProfiles } from "../clientProfiles";
import { addressToCome, poolsOf } from "../cloud/pools";
import { administratorKeyOf, sshAccess } from "../cloud/sshAccess";
import { known } from "../known";
import { gatewaySite, type GatewaySite } from "../gatewaySite";
import { remoteAccess, remoteAccessSpec, type ClientSettings } from "../remoteAccess";
import type { GcpGatewayArgs } from "./args";
import { gcpMachine, newestImage, staticAddress } from "./machine";
import { firewall, givenNetwork, madeNetwork } from "./network";
import { gcpPlan, knownFacts, regionOfZone } from "./plan";

/**
 * A remote-access gateway on a Compute Engine machine of its own, with a static address, in a subnetwork that is given
 * or in a small network that it makes. Nothing is made of a description that has an error; all are told at once, at
 * preview.
 *
 * The machine keeps the image it booted first: see `generation` for how to take a newer one.
 */
export class GcpGateway extends pulumi.ComponentResource {
  /** Address or DNS name that clients connect to. */
  public readonly address: pulumi.Output<string>;
  /** The static address. */
  public readonly publicIp: pulumi.Output<string>;
  /** The machine's address in its network. */
  public readonly privateIp: pulumi.Output<string>;
  /** Google's number of the machine: another value, another machine. */
  public readonly machineId: pulumi.Output<string>;
  /** Self link of the machine, which further routes name. */
  public readonly machineSelfLink: pulumi.Output<string>;
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

  constructor(name: string, args: GcpGatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pulumi-vpn-gateway:gcp:GcpGateway", name, {}, opts);
    const child = { parent: this };
    const given = args.subnetwork === undefined ? undefined : givenNetwork(args.subnetwork, child);
    const plan = gcpPlan(args);
    const generation = args.generation ?? 1;
    const judgement = async (spec: GatewaySpec) =>
      gcpProblems(spec, {
        ...(await knownFacts(plan, args)),
        zone: await known(args.zone),
        subnetworkCidrs: await known(given?.cidrs),
        subnetworkRegion: await known(given?.region),
        generation,
      });
    const good = remoteAccessSpec(name, { ...args, outsideMtu: args.outsideMtu ?? 1460 }, { endpoint: addressToCome }, this, judgement);
    /** A value of the description, once all of it is good. */
    const once = <T>(value: pulumi.Output<T>): pulumi.Output<T> => pulumi.all([good, value]).apply(([, plain]) => plain as T);

    const labels = once(plan.labels).apply((own) => labelsOf(name, own));
    const region = given?.region ?? regionOfZone(args.zone);
    const network = given === undefined ? madeNetwork(name, once(plan.networkCidr), good.outsideMtu, region, child) : given.network;
    const inside = args.sites?.enabled === true && args.insideNetworks !== undefined;
    const rules = pulumi.all([good, plan.peers, plan.openL2tpOutsideIpsec]).apply(([spec, peers, l2tpOutsideIpsec]) => ({
      peers, l2tpOutsideIpsec, administrators: spec.administrators, sshPort: spec.sshPort, acme: spec.ikev2?.acme !== undefined, ...(inside ? { inside: spec.insideNetworks } : {}),
    }));
    const firewalls = firewall(name, once(network.network), rules, { acme: args.ikev2?.enabled !== false && args.ikev2?.acme !== undefined, inside }, child);
    const address = staticAddress(name, good, region, labels, child);
    const spec = args.endpoint !== undefined ? good : pulumi.all([good, address.address]).apply(([plain, endpoint]): GatewaySpec => ({ ...plain, endpoint }));

    const ssh = sshAccess(name, administratorKeyOf(name, args, good, child), generation, good, child, firstBoot);
    const machineType = once(plan.machineType);
    const instance = gcpMachine(
      name,
      {
        gateway: name,
        network: { network: network.network, subnetwork: once(network.subnetwork) },
        address,
        zone: args.zone,
        plan: { machineType, diskType: once(plan.diskType), diskGigabytes: once(plan.diskGigabytes), secureBoot: once(plan.secureBoot) },
        image: args.image === undefined ? newestImage(good.platform, machineType, child) : once(pulumi.output(args.image)),
        platform: good.platform,
        firstBoot: ssh.userData,
        diskKeySelfLink: args.diskKeySelfLink,
        before: firewalls,
        generation,
        labels,
      },
      child,
    );
    if (args.poolRoutes !== false) {
      for (const [pool, { cidr, family }] of Object.entries(poolsOf(args, good))) {
        if (family === 4) new Route(`${name}-route-${pool}`, { network: network.network, destRange: cidr, nextHopInstance: instance.selfLink, description: "Clients of the VPN gateway" }, child);
      }
    }

    const machine = { id: instance.instanceId, resource: instance };
    const connection = ssh.connection(address.address, machine);
    const access = remoteAccess(name, args, spec, { ...machine, connection }, this);
    this.clientSettings = access.settings;
    this.identity = access.identity;
    this.clientProfiles = clientProfiles(spec, this.clientSettings);
    this.site = gatewaySite(spec, { ...machine, connection }, this.clientSettings);
    this.connection = pulumi.secret(pulumi.output(connection));
    this.address = spec.endpoint;
    this.publicIp = address.address;
    this.privateIp = instance.networkInterfaces.apply((interfaces) => interfaces[0]?.networkIp ?? "");
    this.machineId = instance.instanceId;
    this.machineSelfLink = instance.selfLink;
    this.registerOutputs({
      address: this.address,
      publicIp: this.publicIp,
      privateIp: this.privateIp,
      machineId: this.machineId,
      machineSelfLink: this.machineSelfLink,
      clientSettings: this.clientSettings,
      connection: this.connection,
    });
  }
}
