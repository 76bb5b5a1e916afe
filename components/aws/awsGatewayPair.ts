import * as pulumi from "@pulumi/pulumi";
import { tagsOf } from "../../gateway/aws/tags";
import type { GatewayIdentity } from "../../gateway/identity";
import { renderUserData } from "../../gateway/cloudInit";
import { otherMachine } from "../../gateway/pair";
import type { AwsMoveSpec, GatewaySpec, PairFront } from "../../gateway/spec";
import type { SshConnectionArgs } from "../args";
import { attempt } from "../attempt";
import { clientProfiles, type ClientProfiles } from "../clientProfiles";
import { addressToCome, halfPools, poolsOf, type Pool } from "../cloud/pools";
import { administratorKeyOf, sshAccess } from "../cloud/sshAccess";
import { pairSites, type PairMember, type PairSite } from "../pairSite";
import { accessMaterial, hasClients, pushParts, remoteAccessSpec, type ClientSettings } from "../remoteAccess";
import { standing } from "../standing";
import type { AwsGatewayPairArgs } from "./args";
import { mayMove, moveOf } from "./floatingAddress";
import { healthCheckedAddress, healthCheckerRanges } from "./healthCheckedName";
import { newestImage } from "./image";
import { gatewayBalancer } from "./loadBalancer";
import { awsInterface, awsMachine, elasticAddress } from "./machine";
import { machineRole } from "./machineRole";
import { madePairNetwork, poolRoutes } from "./network";
import { givenPairNetwork, pairJudgement, pairToCome } from "./pairPlan";
import { awsPlan } from "./plan";
import { securityGroup } from "./securityGroup";
import { systemsManagerAccess } from "./systemsManager";

/**
 * Two EC2 machines in two availability zones as one remote-access gateway, active and standby (behind a DNS name both
 * active), with the same certificate, pre-shared key and users, and a half of each address pool. Each has an Elastic IP of its own, by which it
 * is administered and reaches the internet; clients get the active machine's by `front`.
 *
 * The second machine is made and changed before the first, and the first only once the second stands.
 */
export class AwsGatewayPair extends pulumi.ComponentResource {
  /** Address or DNS name that clients connect to. */
  public readonly address: pulumi.Output<string>;
  /** Elastic IPs of the two machines' own; none of clients' business. */
  public readonly publicIps: pulumi.Output<string[]>;
  /** Ids of the two EC2 instances. */
  public readonly machineIds: pulumi.Output<string[]>;
  /** Ids of their interfaces. */
  public readonly networkInterfaceIds: pulumi.Output<string[]>;
  /** What clients must be told; a secret. */
  public readonly clientSettings: pulumi.Output<ClientSettings>;
  /** What another gateway takes as `identity`, to be the same to every enrolled device; a secret: docs/move-house.md. */
  public readonly identity: pulumi.Output<GatewayIdentity>;
  /** What each user imports on their devices: files by path, by user name; a secret. `scripts/clients` writes them. */
  public readonly clientProfiles: pulumi.Output<ClientProfiles>;
  /** How to reach the two machines over SSH, where that is the way in; a secret. */
  public readonly connections?: pulumi.Output<pulumi.Unwrap<SshConnectionArgs>[]>;
  /** What a `SiteConnection` takes, whose tunnel is the active machine's; holds secrets. Only where SSH is the way in. */
  public readonly site?: PairSite;
  /** The two machines by themselves, for connections with BGP that both have at once; hold secrets. Only where SSH is the way in. */
  public readonly members?: PairMember[];

  constructor(name: string, args: AwsGatewayPairArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pulumi-vpn-gateway:aws:AwsGatewayPair", name, {}, opts);
    const child = { parent: this };
    const front = (args.front ?? "floatingAddress") as PairFront;
    const plan = awsPlan(args);
    const given = givenPairNetwork(args.subnetIds, child);
    const good = remoteAccessSpec(name, args, { endpoint: addressToCome, pair: pairToCome(front) }, this, pairJudgement(args, plan, given));
    /** A value of the description, once all of it is good. */
    const once = <T>(value: pulumi.Output<T>): pulumi.Output<T> => pulumi.all([good, value]).apply(([, plain]) => plain as T);

    const tags = once(plan.tags).apply((own) => tagsOf(name, own));
    const network = given === undefined ? madePairNetwork(name, once(plan.networkCidr), tags, child) : given.network;
    const healthCheckers = front === "loadBalancer" ? network.subnetCidrs : front === "dns" ? healthCheckerRanges(child) : pulumi.output<string[]>([]);
    const group = securityGroup(
      name,
      once(network.vpcId),
      pulumi.all([good, plan.peers, plan.openL2tpOutsideIpsec, healthCheckers]).apply(([spec, peers, l2tpOutsideIpsec, checkers]) => ({
        peers, l2tpOutsideIpsec, administrators: spec.administrators, sshPort: spec.sshPort, inside: spec.sites === true ? spec.insideNetworks : [],
        pair: { front, healthPort: spec.pair!.healthPort, healthCheckers: checkers },
      })),
      tags,
      child,
    );
    const clientsAddress = front === "floatingAddress" ? elasticAddress(name, good, tags, child) : undefined;
    const balancer = front === "loadBalancer" ? gatewayBalancer(name, { ...network, vpcId: once(network.vpcId) }, good.apply(({ pair }) => pair!.healthPort), tags, child) : undefined;

    const members = ([1, 2] as const).map((member) => {
      const own = `${name}-${member}`;
      const ownTags = once(plan.tags).apply((given) => tagsOf(own, { "vpn-gateway": name, ...given }));
      const address = elasticAddress(own, good, ownTags, child);
      const interfaceArgs = {
        network: { vpcId: network.vpcId, subnetId: once(network.subnetIds[member - 1]), routed: network.routed },
        securityGroupIds: [group.id],
        address,
        // Clients' Elastic IP is put on an address of its own, or it would take the place of the machine's.
        furtherAddresses: clientsAddress === undefined ? 0 : 1,
        // Goes before the address that it may have: an address in use cannot be given back.
        before: clientsAddress === undefined ? [] : [clientsAddress.resource],
        generation: 1,
        tags: ownTags,
      };
      return { member, own, tags: ownTags, address, interface: awsInterface(own, interfaceArgs, child) };
    });
    const interfaces = members.map((member) => member.interface.networkInterface);
    const tables = args.routeTableIds ?? {};
    const pools = poolsOf(args, good);
    const routed = { ...pools, ...siteRoutes(args.siteNetworks, once) };
    const manager = args.access === "systemsManager" ? systemsManagerAccess(name, good, tags, child) : undefined;
    const role = clientsAddress || manager ? machineRole(name, good, tags, child) : undefined;
    const granted = role && role.allow([
      ...(clientsAddress ? [mayMove(clientsAddress, interfaces, role.profile, pulumi.output(Object.values(tables)))] : []),
      ...(manager ? [manager.mayReadParts] : []),
    ]);
    const routes =
      front === "dns"
        ? // Each to the machine that hands its half out, whatever the other does.
          ([1, 2] as const).flatMap((member) => poolRoutes(`${name}-${member}`, tables, halfPools(pools, member), interfaces[member - 1].id, child))
        : balancer === undefined
          ? // Made towards the first machine; from then on the active one leads them to itself.
            poolRoutes(name, tables, routed, interfaces[0].id, { ...child, ignoreChanges: ["networkInterfaceId"] })
          : [];
    const move = clientsAddress && moveOf(clientsAddress, interfaces, movedRoutes(tables, routed));

    // Neither: a front that is refused.
    const endpoint = args.endpoint ?? clientsAddress?.publicIp ?? balancer?.dnsName ?? addressToCome;
    const first = pulumi
      .all([good, endpoint, interfaces[0].privateIp, interfaces[1].privateIp, healthCheckers, move, pulumi.all(members.map((member) => member.address.publicIp))])
      .apply(([spec, told, own, peer, checkers, moved, [ownEndpoint, peerEndpoint]]): GatewaySpec => ({
        ...spec,
        endpoint: told,
        pair: {
          ...spec.pair!, address: own, peer, healthCheckers: checkers,
          ...(moved === undefined ? {} : { move: moved }),
          ...(front === "dns" ? { ownEndpoint, peerEndpoint } : {}),
        },
      }));
    const material = accessMaterial(name, args, first, this);
    const administrator = manager === undefined ? administratorKeyOf(name, args, good, child) : undefined;
    const instanceType = once(plan.instanceType);
    const imageId = args.imageId === undefined ? newestImage(good.platform, instanceType, child) : once(pulumi.output(args.imageId));

    const make = ({ member, own, tags: ownTags, address, interface: ownInterface }: (typeof members)[number], after: pulumi.Resource[]) => {
      const described = good.apply((spec) => ({ ...spec, name: own }));
      const ssh = administrator && sshAccess(own, administrator, 1, described, child);
      const instance = awsMachine(
        own,
        {
          interface: ownInterface,
          instanceType,
          imageId,
          followsImage: args.imageId !== undefined,
          userData: ssh?.userData ?? described.apply((spec) => attempt(() => renderUserData({ spec, authorizedKeys: [] }))),
          diskGigabytes: once(plan.diskGigabytes),
          diskKeyArn: args.diskKeyArn,
          instanceProfile: role?.profile.name,
          // Its agent asks what there is to do from its first minute on.
          before: manager && granted ? [granted, ...after] : after,
          generation: 1,
          tags: ownTags,
        },
        child,
      );
      balancer?.attach(member, instance.id);
      const machine = { id: instance.id, resource: instance };
      const connection = ssh?.connection(address.publicIp, machine);
      const spec = member === 1 ? first : first.apply(otherMachine);
      const needed = { ...child, dependsOn: [...(granted ? [granted] : []), ...routes] };
      if (connection === undefined) {
        const pushed = pushParts(own, manager!.pusher(instance.id, member, needed.dependsOn), spec, material.secrets, child, hasClients(args));
        return { instance, stands: manager!.standing(member, instance.id, [instanceType], pushed) };
      }
      const reached = { ...machine, connection };
      const pushed = pushParts(own, reached, spec, material.secrets, needed, hasClients(args));
      return { instance, connection, site: { spec, machine: reached, endpoint: address.publicIp }, stands: standing(`${own}-stands`, reached, [instanceType], { ...child, dependsOn: [pushed] }) };
    };
    const second = make(members[1], []);
    const last = make(members[0], [second.stands]);
    if (front === "dns") {
      for (const [{ own, address, tags: ownTags }, { stands }] of [[members[0], last], [members[1], second]] as const) {
        const named = { zoneId: once(pulumi.output(args.zoneId ?? "")), dnsName: first.endpoint, publicIp: address.publicIp, healthPort: first.apply(({ pair }) => pair!.healthPort), serves: stands, tags: ownTags };
        healthCheckedAddress(own, named, child);
      }
    }

    this.clientSettings = material.settings(last.stands);
    this.identity = material.identity;
    this.clientProfiles = clientProfiles(first, this.clientSettings);
    this.address = first.endpoint;
    this.publicIps = pulumi.all(members.map(({ address }) => address.publicIp));
    this.machineIds = pulumi.all([last.instance.id, second.instance.id]);
    this.networkInterfaceIds = pulumi.all(interfaces.map(({ id }) => id));
    if (last.connection && second.connection) {
      this.connections = pulumi.secret(pulumi.all([last.connection, second.connection])) as pulumi.Output<pulumi.Unwrap<SshConnectionArgs>[]>;
      const { site, members: each } = pairSites(name, [last.site, second.site], this.clientSettings);
      this.site = site;
      this.members = each;
    }
    this.registerOutputs({
      address: this.address,
      publicIps: this.publicIps,
      machineIds: this.machineIds,
      networkInterfaceIds: this.networkInterfaceIds,
      clientSettings: this.clientSettings,
      connections: this.connections,
    });
  }
}

/** To other sites; a word of these is no pool's. */
function siteRoutes(networks: AwsGatewayPairArgs["siteNetworks"] = {}, once: <T>(value: pulumi.Output<T>) => pulumi.Output<T>): Record<string, Pool> {
  return Object.fromEntries(Object.entries(networks).map(([word, cidr]) => [`site-${word}`, { cidr: once(pulumi.output(cidr)), family: 4 }]));
}

function movedRoutes(tables: Readonly<Record<string, pulumi.Input<string>>>, pools: Readonly<Record<string, Pool>>): pulumi.Output<AwsMoveSpec["routes"]> {
  const each = Object.values(tables).flatMap((routeTableId) => Object.values(pools).map(({ cidr }) => ({ routeTableId, destination: cidr })));
  return pulumi.output(each) as pulumi.Output<AwsMoveSpec["routes"]>;
}
