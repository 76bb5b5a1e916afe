import { formatAddress, halvesOf, l2tpAddresses, network, parseAddress, type L2tpAddresses, type Network } from "./addressing";
import type { GatewaySpec, PairSpec } from "./spec";

/**
 * How fast a pair notices. All in seconds; the sum bounds how long nobody answers (docs/pairs.md).
 */
export const pairTimers = {
  /** VRRP's advertisements: the standby takes over after three of them and a skew of under one. */
  advertisement: 0.3,
  /** How often each machine asks its own IKE daemon. */
  check: 0.5,
  /** The daemon has not answered for so long: the machine is not fit. */
  unfitAfter: 2,
  /** How long giving way may hold up a machine that is told to stop or to boot anew. */
  handOverAtShutdown: 25,
} as const;

/** TCP port on which the active machine alone answers a load balancer's checks. */
export const healthPort = 8500;

/** A machine's own half of a pool: the two hand out addresses that never collide. Without a pair all of it. */
export function ownShare(pool: Network, pair: GatewaySpec["pair"]): Network {
  if (pair === undefined) return pool;
  return halvesOf(pool)[pair.member === 1 ? 0 : 1];
}

/** Behind a DNS name, or a load balancer that shares clients out, each machine serves whoever comes: no VRRP. */
export function bothActive(pair: GatewaySpec["pair"]): boolean {
  return pair?.front === "dns" || pair?.front === "loadSharing";
}

/** The L2TP addresses that a machine hands out: its half of the pool, while the gateway's own end is the same on both. */
export function l2tpShare(pool: string, pair: GatewaySpec["pair"]): L2tpAddresses {
  const whole = l2tpAddresses(network(pool));
  if (pair === undefined || whole.clients < 2) return whole;
  const first = parseAddress(whole.first)!.value;
  // Where both serve at once, a route leads to each half: so the border is where a prefix has its.
  const half = bothActive(pair) ? halvesOf(network(pool))[0].last - first + 1n : BigInt(Math.ceil(whole.clients / 2));
  const at = (value: bigint) => formatAddress({ family: 4, value });
  return pair.member === 1
    ? { ...whole, last: at(first + half - 1n), clients: Number(half) }
    : { ...whole, first: at(first + half), clients: whole.clients - Number(half) };
}

/**
 * What a machine's IKE speaks from towards another site, while it is the active one: the address that moves, or on AWS the one
 * that the Elastic IP is put on. None where no address stays whoever is active (docs/sites.md).
 */
export function siteAddress(pair: PairSpec): string | undefined {
  if (pair.front !== "floatingAddress") return undefined;
  return pair.move?.privateAddress ?? pair.floating[0]?.address.split("/")[0];
}

/** The same pair as the other machine sees it. */
export function otherMachine(spec: GatewaySpec): GatewaySpec {
  if (spec.pair === undefined) throw new Error("a gateway by itself has no other machine");
  const { member, address, peer, ownEndpoint, peerEndpoint, move } = spec.pair;
  const pair: PairSpec = {
    ...spec.pair,
    member: member === 1 ? 2 : 1,
    address: peer,
    peer: address,
    ...(peerEndpoint === undefined ? {} : { ownEndpoint: peerEndpoint, peerEndpoint: ownEndpoint }),
    ...(move === undefined
      ? {}
      : {
          move: {
            ...move,
            networkInterfaceId: move.peerNetworkInterfaceId,
            privateAddress: move.peerPrivateAddress,
            peerNetworkInterfaceId: move.networkInterfaceId,
            peerPrivateAddress: move.privateAddress,
          },
        }),
  };
  return { ...spec, pair };
}
