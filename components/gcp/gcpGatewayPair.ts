import * as pulumi from "@pulumi/pulumi";
import { getZonesOutput } from "@pulumi/gcp/compute/getZones";
import { healthCheckRanges } from "../../gateway/gcp/firewall";
import type { GatewayIdentity } from "../../gateway/identity";
import { labelsOf } from "../../gateway/gcp/labels";
import { firstBoot, gcpPairProblems } from "../../gateway/gcp/validate";
import { otherMachine } from "../../gateway/pair";
import type { GatewaySpec, PairSpec } from "../../gateway/spec";
import type { SshConnectionArgs } from "../args";
import { clientProfiles, type ClientProfiles } from "../clientProfiles";
import { addressToCome, poolsOf } from "../cloud/pools";
import { administratorKeyOf, sshAccess } from "../cloud/sshAccess";
import { known } from "../known";
import { accessMaterial, pushParts, remoteAccessSpec, type ClientSettings } from "../remoteAccess";
import { standing } from "../standing";
import type { GcpGatewayPairArgs } from "./args";
import { insideAddress, pairBalancers } from "./loadBalancer";
import { gcpMachine, newestImage, staticAddress } from "./machine";
import { firewall, givenNetwork, madeNetwork } from "./network";
import { gcpPlan, knownFacts, regionOfZone } from "./plan";

/** A pair as it is judged before its addresses are there: RFC 5737's stand for what Google Cloud will choose. */
const pairToCome: PairSpec = {
  member: 1,
  front: "loadBalancer",
  address: "192.0.2.1",
  peer: "192.0.2.2",
  floating: [],
  sharedAddress: "192.0.2.3",
  // VRRP is spoken between two addresses alone, so that no other pair hears it.
  virtualRouterId: 51,
  healthPort: 8500,
  healthCheckers: [...healthCheckRanges],
};

/**
 * Two Compute Engine machines in two zones as one remote-access gateway, active and standby, behind an external
 * passthrough load balancer, with the same certificate, pre-shared key and users, and a half of each address pool. Each
 * has a static address of its own, by which it is administered and reaches the internet.
 *
 * The second machine is made and changed before the first, and the first only once the second stands.
 */
export class GcpGatewayPair extends pulumi.ComponentResource {
  /** Address or DNS name that clients connect to. */
  public readonly address: pulumi.Output<string>;
  /** The load balancer's address. */
  public readonly publicIp: pulumi.Output<string>;
  /** Static addresses of the two machines' own; none of clients' business. */
  public readonly publicIps: pulumi.Output<string[]>;
  /** Google's numbers of the two machines. */
  public readonly machineIds: pulumi.Output<string[]>;
  /** What clients must be told; a secret. */
  public readonly clientSettings: pulumi.Output<ClientSettings>;
  /** What another gateway takes as `identity`, to be the same to every enrolled device; a secret: docs/move-house.md. */
  public readonly identity: pulumi.Output<GatewayIdentity>;
  /** What each user imports on their devices, by user and file; a secret. */
  public readonly clientProfiles: pulumi.Output<ClientProfiles>;
  /** How to reach the two machines over SSH; a secret. */
  public readonly connections: pulumi.Output<pulumi.Unwrap<SshConnectionArgs>[]>;

  constructor(name: string, args: GcpGatewayPairArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pulumi-vpn-gateway:gcp:GcpGatewayPair", name, {}, opts);
    const child = { parent: this };
    const given = args.subnetwork === undefined ? undefined : givenNetwork(args.subnetwork, child);
    const plan = gcpPlan(args);
    const judgement = async (spec: GatewaySpec) =>
      gcpPairProblems(spec, {
        ...(await knownFacts(plan, args)),
        zone: await known(args.zones?.[0]),
        zoneCount: args.zones?.length,
        zones: args.zones && (await known(pulumi.all(args.zones))),
        subnetworkCidrs: await known(given?.cidrs),
        subnetworkRegion: await known(given?.region),
        generation: 1,
      });
    const good = remoteAccessSpec(name, { ...args, outsideMtu: args.outsideMtu ?? 1460 }, { endpoint: addressToCome, pair: pairToCome }, this, judgement);
    /** A value of the description, once all of it is good. */
    const once = <T>(value: pulumi.Output<T>): pulumi.Output<T> => pulumi.all([good, value]).apply(([, plain]) => plain as T);

    const labels = once(plan.labels).apply((own) => labelsOf(name, own));
    const region = given?.region ?? regionOfZone(args.zones?.[0]);
    const found = given === undefined ? madeNetwork(name, once(plan.networkCidr), good.outsideMtu, region, child) : given.network;
    const network = { network: once(found.network), subnetwork: once(found.subnetwork) };
    const rules = pulumi.all([good, plan.peers, plan.openL2tpOutsideIpsec]).apply(([spec, peers, l2tpOutsideIpsec]) => ({
      peers, l2tpOutsideIpsec, administrators: spec.administrators, sshPort: spec.sshPort, pair: { healthPort: spec.pair!.healthPort, healthCheckers: spec.pair!.healthCheckers },
    }));
    const firewalls = firewall(name, network.network, rules, { pair: true }, child);
    const address = staticAddress(name, good, region, labels, child);
    // Which zones there are is asked once: one that is new to the region must not move a machine.
    const chosen = args.zones === undefined ? getZonesOutput(region === undefined ? {} : { region }, child).names : undefined;
    const members = ([1, 2] as const).map((member) => {
      const own = `${name}-${member}`;
      return {
        member,
        own,
        zone: chosen === undefined ? pulumi.output(args.zones![Math.min(member, args.zones!.length) - 1] ?? "") : chosen.apply((names) => names[member - 1] ?? ""),
        address: staticAddress(own, good, region, labels, child),
        inside: insideAddress(own, network, region, labels, child),
      };
    });
    const first = pulumi
      .all([good, args.endpoint ?? address.address, address.address, members[0].inside.address, members[1].inside.address])
      .apply(([spec, endpoint, sharedAddress, own, peer]): GatewaySpec => ({ ...spec, endpoint, pair: { ...spec.pair!, sharedAddress, address: own, peer } }));
    const material = accessMaterial(name, args, first, this);
    const administrator = administratorKeyOf(name, args, good, child);
    const machineType = once(plan.machineType);
    const image = args.image === undefined ? newestImage(good.platform, machineType, child) : once(pulumi.output(args.image));

    const make = ({ member, own, zone, address: ownAddress, inside }: (typeof members)[number], after: pulumi.Resource[]) => {
      const ssh = sshAccess(own, administrator, 1, good.apply((spec) => ({ ...spec, name: own })), child, firstBoot);
      const instance = gcpMachine(
        own,
        {
          gateway: name,
          network,
          address: ownAddress,
          zone: once(zone),
          privateIp: inside.address,
          plan: { machineType, diskType: once(plan.diskType), diskGigabytes: once(plan.diskGigabytes), secureBoot: once(plan.secureBoot) },
          image,
          platform: good.platform,
          firstBoot: ssh.userData,
          diskKeySelfLink: args.diskKeySelfLink,
          before: [...firewalls, ...after],
          generation: 1,
          followsImage: args.image !== undefined,
          keepsZone: chosen !== undefined,
          labels,
        },
        child,
      );
      const machine = { id: instance.instanceId, resource: instance };
      const connection = ssh.connection(ownAddress.address, machine);
      const reached = { ...machine, connection };
      const pushed = pushParts(own, reached, member === 1 ? first : first.apply(otherMachine), material.secrets, child);
      return { instance, connection, stands: standing(`${own}-stands`, reached, [machineType], { ...child, dependsOn: [pushed] }) };
    };
    const second = make(members[1], []);
    const last = make(members[0], [second.stands]);
    const pools = args.poolRoutes === false ? {} : poolsOf(args, good);
    pairBalancers(name, [last.instance, second.instance], { network, region, healthPort: good.apply(({ pair }) => pair!.healthPort), address, pools, labels }, child);

    this.clientSettings = material.settings(last.stands);
    this.identity = material.identity;
    this.clientProfiles = clientProfiles(first, this.clientSettings);
    this.address = first.endpoint;
    this.publicIp = address.address;
    this.publicIps = pulumi.all(members.map((member) => member.address.address));
    this.machineIds = pulumi.all([last.instance.instanceId, second.instance.instanceId]);
    this.connections = pulumi.secret(pulumi.all([last.connection, second.connection])) as pulumi.Output<pulumi.Unwrap<SshConnectionArgs>[]>;
    this.registerOutputs({
      address: this.address,
      publicIp: this.publicIp,
      publicIps: this.publicIps,
      machineIds: this.machineIds,
      clientSettings: this.clientSettings,
      connections: this.connections,
    });
  }
}
