import * as pulumi from "@pulumi/pulumi";
import { tagsOf } from "../../gateway/aws/tags";
import type { IngressPlan } from "../../gateway/aws/securityGroup";
import type { GatewayIdentity } from "../../gateway/identity";
import { awsProblems } from "../../gateway/aws/validate";
import { renderUserData } from "../../gateway/cloudInit";
import type { GatewaySpec } from "../../gateway/spec";
import type { SshConnectionArgs } from "../args";
import { attempt } from "../attempt";
import { clientProfiles, type ClientProfiles } from "../clientProfiles";
import { addressToCome, poolsOf } from "../cloud/pools";
import { administratorKeyOf, sshAccess } from "../cloud/sshAccess";
import { gatewaySite, type GatewaySite } from "../gatewaySite";
import { known } from "../known";
import { remoteAccess, remoteAccessSpec, type ClientSettings } from "../remoteAccess";
import type { AwsGatewayArgs } from "./args";
import { newestImage } from "./image";
import { awsInterface, awsMachine, elasticAddress } from "./machine";
import { machineRole } from "./machineRole";
import { givenNetwork, madeNetwork, poolRoutes } from "./network";
import { awsPlan, knownFacts } from "./plan";
import { routeServer, routeServerFacts, type StandingRouteServer } from "./routeServer";
import { securityGroup } from "./securityGroup";
import { systemsManagerAccess } from "./systemsManager";

/**
 * A remote-access gateway on an EC2 machine of its own, with an Elastic IP, in a subnet that is given or in a small
 * network that it makes. Nothing is made of a description that has an error; all are told at once, at preview.
 *
 * The machine keeps the image it booted first: see `generation` for how to take a newer one.
 */
export class AwsGateway extends pulumi.ComponentResource {
  /** Address or DNS name that clients connect to. */
  public readonly address: pulumi.Output<string>;
  /** The Elastic IP. */
  public readonly publicIp: pulumi.Output<string>;
  /** Id of the EC2 instance: another value, another machine. */
  public readonly machineId: pulumi.Output<string>;
  /** Id of the interface that routes to the client pools must name. */
  public readonly networkInterfaceId: pulumi.Output<string>;
  /** What clients must be told; a secret. */
  public readonly clientSettings: pulumi.Output<ClientSettings>;
  /** What another gateway takes as `identity`, to be the same to every enrolled device; a secret: docs/move-house.md. */
  public readonly identity: pulumi.Output<GatewayIdentity>;
  /** What each user imports on their devices: files by path, by user name; a secret. `scripts/clients` writes them. */
  public readonly clientProfiles: pulumi.Output<ClientProfiles>;
  /** How to reach the machine over SSH, where that is the way in; a secret. */
  public readonly connection?: pulumi.Output<pulumi.Unwrap<SshConnectionArgs>>;
  /** What a `SiteConnection` takes, where SSH is the way in; a secret. */
  public readonly site?: pulumi.Output<GatewaySite>;

  constructor(name: string, args: AwsGatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pulumi-vpn-gateway:aws:AwsGateway", name, {}, opts);
    const child = { parent: this };
    const given = args.subnetId === undefined ? undefined : givenNetwork(args.subnetId, child);
    const plan = awsPlan(args);
    const good = remoteAccessSpec(name, args, { endpoint: addressToCome }, this, judgement(args, plan, given?.vpcCidrs));
    /** A value of the description, once all of it is good. */
    const once = <T>(value: pulumi.Output<T>): pulumi.Output<T> => pulumi.all([good, value]).apply(([, plain]) => plain as T);

    const tags = once(plan.tags).apply((own) => tagsOf(name, own));
    const network = given === undefined ? madeNetwork(name, once(plan.networkCidr), tags, child) : given.network;
    const server = args.routeServer === undefined ? undefined : routeServer(name, args.routeServer, good, network, tags, child);
    const group = securityGroup(name, once(network.vpcId), ingressPlan(plan, good, server), tags, child);
    const address = elasticAddress(name, good, tags, child);
    const reached = args.endpoint !== undefined ? good : pulumi.all([good, address.publicIp]).apply(([plain, endpoint]): GatewaySpec => ({ ...plain, endpoint }));
    const spec = server === undefined ? reached : pulumi.all([reached, server.spec]).apply(([plain, of]): GatewaySpec => ({ ...plain, routeServer: of }));

    const generation = args.generation ?? 1;
    const ssh = args.access === "systemsManager" ? undefined : sshAccess(name, administratorKeyOf(name, args, good, child), generation, good, child);
    const manager = ssh === undefined ? systemsManagerAccess(name, good, tags, child) : undefined;
    const role = manager && machineRole(name, good, tags, child);
    const own = awsInterface(name, { network: { ...network, subnetId: once(network.subnetId) }, securityGroupIds: [group.id], address, generation, tags }, child);
    const { networkInterface } = own;
    const instance = awsMachine(
      name,
      {
        interface: own,
        instanceType: once(plan.instanceType),
        imageId: args.imageId === undefined ? newestImage(good.platform, once(plan.instanceType), child) : once(pulumi.output(args.imageId)),
        userData: ssh?.userData ?? good.apply((plain) => attempt(() => renderUserData({ spec: plain, authorizedKeys: [] }))),
        diskGigabytes: once(plan.diskGigabytes),
        diskKeyArn: args.diskKeyArn,
        instanceProfile: role?.profile.name,
        before: manager && role ? [role.allow([manager.mayReadParts])] : [],
        generation,
        tags,
      },
      child,
    );
    server?.join(networkInterface.privateIp, generation);
    poolRoutes(name, args.routeTableIds ?? {}, poolsOf(args, good), networkInterface.id, child);

    const machine = { id: instance.id, resource: instance };
    const connection = ssh?.connection(address.publicIp, machine);
    const wayIn = connection === undefined ? manager!.pusher(instance.id) : { ...machine, connection };
    const access = remoteAccess(name, args, spec, wayIn, this);
    this.clientSettings = access.settings;
    this.identity = access.identity;
    this.clientProfiles = clientProfiles(spec, this.clientSettings);
    if (connection !== undefined) {
      this.connection = pulumi.secret(pulumi.output(connection));
      this.site = gatewaySite(spec, { ...machine, connection }, this.clientSettings);
    }
    this.address = spec.endpoint;
    this.publicIp = address.publicIp;
    this.machineId = instance.id;
    this.networkInterfaceId = networkInterface.id;
    this.registerOutputs({
      address: this.address,
      publicIp: this.publicIp,
      machineId: this.machineId,
      networkInterfaceId: this.networkInterfaceId,
      clientSettings: this.clientSettings,
      connection: this.connection,
    });
  }
}

/** What may reach it from outside. */
function ingressPlan(plan: ReturnType<typeof awsPlan>, good: pulumi.Output<GatewaySpec>, server: StandingRouteServer | undefined): pulumi.Output<IngressPlan> {
  return pulumi.all([good, plan.peers, plan.openL2tpOutsideIpsec, server?.spec]).apply(([{ administrators, sshPort, ikev2, sites, insideNetworks }, peers, l2tpOutsideIpsec, routes]) => ({
    peers, l2tpOutsideIpsec, administrators, sshPort, inside: sites === true ? insideNetworks : [], acme: ikev2?.acme !== undefined, ...(routes === undefined ? {} : { routeServer: routes.endpoints }),
  }));
}

/** What AWS has to say of a spec, of all that is known by then. */
function judgement(args: AwsGatewayArgs, plan: ReturnType<typeof awsPlan>, vpcCidrs: pulumi.Output<string[]> | undefined) {
  return async (spec: GatewaySpec) =>
    awsProblems(spec, {
      ...(await knownFacts(plan, args.imageId)),
      networkCidr: args.subnetId === undefined ? await known(plan.networkCidr) : undefined,
      vpcCidrs: await known(vpcCidrs),
      routeServer: await routeServerFacts(spec.name, args.routeServer),
      access: args.access ?? "ssh",
      generation: args.generation ?? 1,
    });
}
