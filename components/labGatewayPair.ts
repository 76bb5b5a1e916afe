import * as pulumi from "@pulumi/pulumi";
import { renderUserData } from "../gateway/cloudInit";
import type { GatewayIdentity } from "../gateway/identity";
import { healthPort, otherMachine } from "../gateway/pair";
import type { FloatingAddress, PairFront, PairSpec } from "../gateway/spec";
import { labAddresses, pairAddresses, pairLinks, pairName } from "../lab/networks";
import type { RemoteAccessArgs, SshConnectionArgs } from "./args";
import { attempt } from "./attempt";
import { clientProfiles, type ClientProfiles } from "./clientProfiles";
import { labMachine, type LabMachine } from "./labMachine";
import type { LabWorld } from "./labWorld";
import { sshKey } from "./sshKey";
import { pairSites, type PairMember, type PairSite } from "./pairSite";
import { accessMaterial, hasClients, pushParts, remoteAccessSpec, type ClientSettings } from "./remoteAccess";

/** Args of {@link LabGatewayPair}. */
export interface LabGatewayPairArgs extends RemoteAccessArgs {
  /** The world that the pair stands in; made with `pair: true`. */
  world: LabWorld;
  /**
   * `floatingAddress` or `loadBalancer`: how clients reach the active machine. `dns`: both machines are active, and clients
   * find them by a name. @default "floatingAddress"
   */
  front?: pulumi.Input<string>;
  /** Of each machine. @default 384; 512 with BGP */
  memoryMegabytes?: number;
}

/**
 * Two machines of the local lab as one remote-access gateway, active and standby. They have the same certificate,
 * pre-shared key and users, and a half of each address pool.
 */
export class LabGatewayPair extends pulumi.ComponentResource {
  /** Address that clients connect to. */
  public readonly address: pulumi.Output<string>;
  /** Identities of the two machines. */
  public readonly machineIds: pulumi.Output<string[]>;
  /** What clients must be told; a secret. */
  public readonly clientSettings: pulumi.Output<ClientSettings>;
  /** What another gateway takes as `identity`, to be the same to every enrolled device; a secret: docs/move-house.md. */
  public readonly identity: pulumi.Output<GatewayIdentity>;
  /** What each user imports on their devices: files by path, by user name; a secret. `scripts/clients` writes them. */
  public readonly clientProfiles: pulumi.Output<ClientProfiles>;
  /** How to reach the two machines over SSH; a secret. */
  public readonly connections: pulumi.Output<pulumi.Unwrap<SshConnectionArgs>[]>;
  /** What a `SiteConnection` takes, whose tunnel is the active machine's; holds secrets. */
  public readonly site: PairSite;
  /** The two machines by themselves, for connections with BGP that both have at once; hold secrets. */
  public readonly members: PairMember[];

  constructor(name: string, args: LabGatewayPairArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pulumi-vpn-gateway:index:LabGatewayPair", name, {}, opts);
    const pair = pulumi.output(args.front).apply((front) => labPair((front ?? "floatingAddress") as PairFront));
    const endpoint = pair.apply(({ front }) => (front === "dns" ? pairName.name : labAddresses.gatewayOutside));
    const first = remoteAccessSpec(name, args, { endpoint, pair }, this);
    const specs = [first, first.apply(otherMachine)];
    const machines = specs.map((spec, index): LabMachine => {
      const own = `${name}-${index + 1}`;
      const hostKey = sshKey(`${own}-host-key`, { parent: this }, first);
      return labMachine(
        own,
        {
          lab: args.world.lab,
          userData: pulumi
            .all([spec, hostKey.privateKey, hostKey.publicKey, args.world.administratorKey.publicKey])
            .apply(([plain, privateKey, publicKey, administrator]) =>
              attempt(() => renderUserData({ spec: { ...plain, name: own }, hostKey: { privateKey, publicKey }, authorizedKeys: [administrator] })),
            ),
          links: pairLinks(index === 0 ? 1 : 2),
          memoryMegabytes: args.memoryMegabytes ?? (args.sites?.bgp === true ? 512 : 384),
          hostKey,
          administratorKey: args.world.administratorKey,
        },
        { parent: this },
      );
    });
    const material = accessMaterial(name, args, first, this);
    // One machine after the other: each is verified before the next is touched, and the active one gives way first.
    const second = pushParts(`${name}-2`, machines[1], specs[1], material.secrets, { parent: this }, hasClients(args));
    const last = pushParts(`${name}-1`, machines[0], specs[0], material.secrets, { parent: this, dependsOn: [second] }, hasClients(args));
    this.clientSettings = material.settings(last);
    const member = (index: 0 | 1) => ({ spec: specs[index], machine: machines[index], endpoint: pairAddresses[index].outside });
    const { site, members } = pairSites(name, [member(0), member(1)], this.clientSettings);
    this.site = site;
    this.members = members;
    this.identity = material.identity;
    this.clientProfiles = clientProfiles(first, this.clientSettings);
    this.address = first.endpoint;
    this.machineIds = pulumi.all(machines.map(({ id }) => id));
    this.connections = pulumi.secret(pulumi.all(machines.map(({ connection }) => connection))) as pulumi.Output<pulumi.Unwrap<SshConnectionArgs>[]>;
    this.registerOutputs({ address: this.address, machineIds: this.machineIds });
  }
}

/** The first machine's view of the pair. */
function labPair(front: PairFront): PairSpec {
  const inside: FloatingAddress = { address: `${labAddresses.gatewayInside}/24`, interface: "lan0" };
  const outside: FloatingAddress = { address: `${labAddresses.gatewayOutside}/24`, interface: "wan0" };
  return {
    member: 1,
    front,
    address: pairAddresses[0].outside,
    peer: pairAddresses[1].outside,
    interface: "wan0",
    // Behind a load balancer only the inside network's way back moves, and where both serve nothing does.
    floating: front === "floatingAddress" ? [outside, inside] : front === "loadBalancer" ? [inside] : [],
    virtualRouterId: 51,
    healthPort,
    healthCheckers: [`${front === "dns" ? labAddresses.internetHost : labAddresses.internetRouter}/32`],
    ...(front === "dns" ? { ownEndpoint: pairAddresses[0].outside, peerEndpoint: pairAddresses[1].outside, drainSeconds: pairName.drainSeconds } : {}),
    // The balancer's two answers each 5 s, and one more for what is on its way.
    ...(front === "loadSharing" ? { drainSeconds: 15 } : {}),
  };
}
