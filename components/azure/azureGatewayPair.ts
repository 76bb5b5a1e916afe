import * as pulumi from "@pulumi/pulumi";
import { drainSeconds, probeRanges } from "../../gateway/azure/pair";
import { tagsOf } from "../../gateway/azure/tags";
import { azurePairProblems, firstBoot } from "../../gateway/azure/validate";
import type { GatewayIdentity } from "../../gateway/identity";
import { healthPort, otherMachine } from "../../gateway/pair";
import type { GatewaySpec, PairSpec } from "../../gateway/spec";
import type { SshConnectionArgs } from "../args";
import { clientProfiles, type ClientProfiles } from "../clientProfiles";
import { addressToCome, halfPools, poolsOf } from "../cloud/pools";
import { administratorKeyOf, sshAccess } from "../cloud/sshAccess";
import { known } from "../known";
import { accessMaterial, pushParts, remoteAccessSpec, type ClientSettings } from "../remoteAccess";
import { standing } from "../standing";
import type { AzureGatewayPairArgs } from "./args";
import { clientsBalancer } from "./loadBalancer";
import { azureInterface, azureMachine, privateAddress } from "./machine";
import { madeNetwork, placeOf, poolRoutes, publicAddress, rangesOf, securityGroup } from "./network";
import { azurePlan, imageOf, knownFacts } from "./plan";

/** A pair as it is judged before its addresses are there: RFC 5737's stand for what Azure will choose. */
const pairToCome: PairSpec = {
  member: 1,
  front: "loadSharing",
  address: "192.0.2.1",
  peer: "192.0.2.2",
  floating: [],
  // Of no use without VRRP, which Azure's networks do not carry.
  virtualRouterId: 51,
  healthPort,
  healthCheckers: [...probeRanges],
  drainSeconds,
};

/**
 * Two virtual machines in two zones as one remote-access gateway, both active behind a Standard load balancer that chooses
 * by a client's source address, with the same certificate, pre-shared key and users, and a half of each address pool. Each
 * has a static public address of its own, by which it is administered and reaches the internet.
 *
 * The second machine is made and changed before the first, and the first only once the second stands.
 */
export class AzureGatewayPair extends pulumi.ComponentResource {
  /** Address or DNS name that clients connect to. */
  public readonly address: pulumi.Output<string>;
  /** The load balancer's address. */
  public readonly publicIp: pulumi.Output<string>;
  /** Public addresses of the two machines' own; none of clients' business. */
  public readonly publicIps: pulumi.Output<string[]>;
  /** The machines' addresses in their network: next hops of routes to their halves of the client pools. */
  public readonly privateIps: pulumi.Output<string[]>;
  /** Azure's numbers of the two machines. */
  public readonly machineIds: pulumi.Output<string[]>;
  /** What clients must be told; a secret. */
  public readonly clientSettings: pulumi.Output<ClientSettings>;
  /** What another gateway takes as `identity`, to be the same to every enrolled device; a secret: docs/move-house.md. */
  public readonly identity: pulumi.Output<GatewayIdentity>;
  /** What each user imports on their devices, by user and file; a secret. */
  public readonly clientProfiles: pulumi.Output<ClientProfiles>;
  /** How to reach the two machines over SSH; a secret. */
  public readonly connections: pulumi.Output<pulumi.Unwrap<SshConnectionArgs>[]>;

  constructor(name: string, args: AzureGatewayPairArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pulumi-vpn-gateway:azure:AzureGatewayPair", name, {}, opts);
    const child = { parent: this };
    const ranges = args.subnetId === undefined ? undefined : rangesOf(args.subnetId, child);
    const plan = azurePlan(args);
    const zones = args.zones ?? ["1", "2"];
    const judgement = async (spec: GatewaySpec) =>
      azurePairProblems(spec, {
        ...(await knownFacts(plan, args)),
        zoneCount: zones.length,
        zones: await known(pulumi.all(zones)),
        networkCidr: args.subnetId === undefined ? await known(plan.networkCidr) : undefined,
        subnetId: await known(args.subnetId),
        networkCidrs: await known(ranges),
        generation: 1,
      });
    const good = remoteAccessSpec(name, args, { endpoint: addressToCome, pair: pairToCome }, this, judgement);
    /** A value of the description, once all of it is good. */
    const once = <T>(value: pulumi.Output<T>): pulumi.Output<T> => pulumi.all([good, value]).apply(([, plain]) => plain as T);

    const tags = once(plan.tags).apply((own) => tagsOf(name, own));
    const place = placeOf(name, args, good, tags, child);
    const subnetId = args.subnetId === undefined ? madeNetwork(name, place, once(plan.networkCidr), tags, child) : once(pulumi.output(args.subnetId));
    const rules = pulumi.all([good, plan.peers, plan.openL2tpOutsideIpsec]).apply(([spec, peers, l2tpOutsideIpsec]) => ({
      peers, l2tpOutsideIpsec, administrators: spec.administrators, sshPort: spec.sshPort, balanced: { healthPort: spec.pair!.healthPort },
    }));
    const group = securityGroup(name, place, rules, tags, child);
    const address = publicAddress(name, place, zones.length > 0 ? ["1", "2", "3"] : [], tags, child);
    const backendPoolId = clientsBalancer(name, { place, publicAddressId: address.id, healthPort: good.apply(({ pair }) => pair!.healthPort), tags }, child);
    const members = ([1, 2] as const).map((member) => {
      const own = `${name}-${member}`;
      const zone = zones[member - 1];
      const ownAddress = publicAddress(own, place, zone === undefined ? [] : [zone], tags, child);
      const networkInterface = azureInterface(
        own,
        { place, subnetId, securityGroupId: group.id, publicAddressId: ownAddress.id, acceleratedNetworking: once(plan.acceleratedNetworking), backendPoolIds: [backendPoolId], tags },
        child,
      );
      return { member, own, zone, publicIp: ownAddress.ipAddress.apply((ip) => ip ?? ""), networkInterface, privateIp: privateAddress(networkInterface) };
    });
    const pools = poolsOf(args, good);
    for (const { member, own, privateIp } of members) poolRoutes(own, args.routeTableIds ?? {}, halfPools(pools, member), privateIp, child);

    const publicIp = address.ipAddress.apply((ip) => ip ?? "");
    const first = pulumi
      .all([good, args.endpoint ?? publicIp, members[0].privateIp, members[1].privateIp])
      .apply(([spec, endpoint, own, peer]): GatewaySpec => ({ ...spec, endpoint, pair: { ...spec.pair!, address: own, peer } }));
    const material = accessMaterial(name, args, first, this);
    const administrator = administratorKeyOf(name, args, good, child);
    const vmSize = once(plan.vmSize);

    const make = ({ member, own, zone, publicIp: ownAddress, networkInterface }: (typeof members)[number], before: pulumi.Resource[]) => {
      const ssh = sshAccess(own, administrator, 1, good.apply((spec) => ({ ...spec, name: own })), child, firstBoot);
      const instance = azureMachine(
        own,
        {
          place,
          networkInterface,
          zone,
          plan: { vmSize, trustedLaunch: once(plan.trustedLaunch), diskGigabytes: once(plan.diskGigabytes), encryptionAtHost: once(plan.encryptionAtHost) },
          image: imageOf(args, good.platform, vmSize),
          userData: ssh.userData,
          administratorPublicKey: administrator.publicKey,
          diskEncryptionSetId: args.diskEncryptionSetId,
          before,
          generation: 1,
          tags,
        },
        child,
      );
      const machine = { id: instance.vmId, resource: instance };
      const connection = ssh.connection(ownAddress, machine);
      const reached = { ...machine, connection };
      const pushed = pushParts(own, reached, member === 1 ? first : first.apply(otherMachine), material.secrets, child);
      return { instance, connection, stands: standing(`${own}-stands`, reached, [vmSize], { ...child, dependsOn: [pushed] }) };
    };
    const second = make(members[1], []);
    const last = make(members[0], [second.stands]);

    this.clientSettings = material.settings(last.stands);
    this.identity = material.identity;
    this.clientProfiles = clientProfiles(first, this.clientSettings);
    this.address = first.endpoint;
    this.publicIp = publicIp;
    this.publicIps = pulumi.all(members.map((member) => member.publicIp));
    this.privateIps = pulumi.all(members.map((member) => member.privateIp));
    this.machineIds = pulumi.all([last.instance.vmId, second.instance.vmId]);
    this.connections = pulumi.secret(pulumi.all([last.connection, second.connection])) as pulumi.Output<pulumi.Unwrap<SshConnectionArgs>[]>;
    this.registerOutputs({
      address: this.address,
      publicIp: this.publicIp,
      publicIps: this.publicIps,
      privateIps: this.privateIps,
      machineIds: this.machineIds,
      clientSettings: this.clientSettings,
      connections: this.connections,
    });
  }
}
