import type { LinkSpec } from "./machineSpec";

/** Addresses of the lab, as `lab/world/topology.py` builds it around the gateway. Documentation ranges outside. */
export const labAddresses = {
  /** The gateway's own, towards clients. */
  gatewayOutside: "192.0.2.11",
  gatewayOutside6: "2001:db8:1::11",
  /** The gateway's way to the internet; in a lab with a load balancer it is that, too. */
  internetRouter: "192.0.2.1",
  /** A host on the internet, beyond the gateway. */
  internetHost: "203.0.113.10",
  internetHost6: "2001:db8:3::10",
  /** The gateway's inside network, the gateway in it, and a host there. */
  insideNetwork: "10.20.0.0/24",
  insideNetwork6: "fd20::/64",
  gatewayInside: "10.20.0.1",
  gatewayInside6: "fd20::1",
  insideHost: "10.20.0.10",
  insideHost6: "fd20::10",
  /** Where SSH from the host comes from: QEMU's user network. */
  management: "10.0.2.0/24",
} as const;

/** The gateway's wires: it dials the world's sockets, in whichever order the two start. */
export const gatewayLinks: LinkSpec[] = [
  {
    name: "wan0",
    role: "client",
    socket: "outside",
    addresses: [`${labAddresses.gatewayOutside}/24`, `${labAddresses.gatewayOutside6}/64`],
    gateway4: labAddresses.internetRouter,
    gateway6: "2001:db8:1::1",
  },
  {
    name: "lan0",
    role: "client",
    socket: "inside",
    addresses: [`${labAddresses.gatewayInside}/24`, `${labAddresses.gatewayInside6}/64`],
  },
];

/**
 * The same wires for a gateway whose packages come from Debian by the host's network: the way to clients is by routes, and
 * the default one leads to the host.
 */
export const bareGatewayLinks: LinkSpec[] = gatewayLinks.map((link) => {
  const { gateway4: via } = link;
  if (via === undefined) return link;
  return { ...link, gateway4: undefined, gateway6: undefined, routes: [{ to: "198.51.100.0/24", via }] };
});

/** By which clients find a pair whose machines both serve (RFC 2606), and how long it takes until it has lost a machine. */
export const pairName = { name: "gateway.example.com", drainSeconds: 30 } as const;

/** The own addresses of a pair's two machines; `gatewayOutside` and `gatewayInside` are what moves between them. */
export const pairAddresses = [
  { outside: "192.0.2.12", inside: "10.20.0.2" },
  { outside: "192.0.2.13", inside: "10.20.0.3" },
] as const;

/** Wires of one machine of a pair: names of the sockets have the machine's number. */
export function pairLinks(member: 1 | 2): LinkSpec[] {
  const { outside, inside } = pairAddresses[member - 1];
  return [
    { name: "wan0", role: "client", socket: `outside-${member}`, addresses: [`${outside}/24`], gateway4: labAddresses.internetRouter },
    { name: "lan0", role: "client", socket: `inside-${member}`, addresses: [`${inside}/24`] },
  ];
}

/** The world's ends of the same wires. */
export const worldLinks: LinkSpec[] = [
  { name: "wan0", role: "server", socket: "outside" },
  { name: "lan0", role: "server", socket: "inside" },
];

/** The same for several gateways: of a pair, whose wires a bridge joins, or of clouds. */
export const severalWorldLinks = (gateways: number): LinkSpec[] => Array.from({ length: gateways }, (_, index) => index + 1).flatMap((member): LinkSpec[] => [
  { name: `wan${member - 1}`, role: "server", socket: `outside-${member}` },
  { name: `lan${member - 1}`, role: "server", socket: `inside-${member}` },
]);

/** A network that the second and the third cloud have behind them, the same in both, and a host of it in each. */
export const labShared = { network: "10.60.0.0/24", host: "10.60.0.10" } as const;

/**
 * Clouds with a gateway each, for site connections. Gateways of all but the first have a private address outside and are
 * reached by their `endpoint`, which a router translates 1:1, as the clouds do with theirs.
 */
export const labClouds = [
  {
    endpoint: labAddresses.gatewayOutside,
    outside: labAddresses.gatewayOutside,
    outside6: labAddresses.gatewayOutside6,
    router: labAddresses.internetRouter,
    router6: "2001:db8:1::1",
    network: labAddresses.insideNetwork,
    network6: labAddresses.insideNetwork6,
    gatewayInside: labAddresses.gatewayInside,
    gatewayInside6: labAddresses.gatewayInside6,
    host: labAddresses.insideHost,
    host6: labAddresses.insideHost6,
    /** Namespace of the host, and the world's card at the gateway's outer wire. */
    namespace: "inside",
    card: "wan0",
  },
  {
    endpoint: "198.18.2.20",
    outside: "172.31.2.11",
    outside6: "2001:db8:12::11",
    router: "172.31.2.1",
    router6: "2001:db8:12::1",
    network: "10.30.0.0/24",
    network6: "fd30::/64",
    gatewayInside: "10.30.0.1",
    gatewayInside6: "fd30::1",
    host: "10.30.0.10",
    host6: "fd30::10",
    namespace: "inside2",
    card: "wan1",
  },
  {
    endpoint: "198.18.3.20",
    outside: "172.31.3.11",
    outside6: "2001:db8:13::11",
    router: "172.31.3.1",
    router6: "2001:db8:13::1",
    network: "10.50.0.0/24",
    network6: "fd50::/64",
    gatewayInside: "10.50.0.1",
    gatewayInside6: "fd50::1",
    host: "10.50.0.10",
    host6: "fd50::10",
    namespace: "inside3",
    card: "wan2",
  },
] as const;

/** A cloud, counted from 1. */
export type LabCloud = 1 | 2 | 3;

/** Wires of a cloud's gateway; `wire`: the number of its sockets, where a pair in the first cloud has two. */
export function cloudLinks(cloud: LabCloud, wire: number = cloud): LinkSpec[] {
  const { outside, outside6, router, router6, gatewayInside, gatewayInside6 } = labClouds[cloud - 1];
  return [
    { name: "wan0", role: "client", socket: `outside-${wire}`, addresses: [`${outside}/24`, `${outside6}/64`], gateway4: router, gateway6: router6 },
    { name: "lan0", role: "client", socket: `inside-${wire}`, addresses: [`${gatewayInside}/24`, `${gatewayInside6}/64`, ...(cloud === 1 ? [] : ["10.60.0.1/24"])] },
  ];
}

/** A device that is not ours, in a namespace of the world: Libreswan, with a network behind it. */
export const labDevice = { namespace: "device", address: "198.51.100.70", network: "10.40.0.0/24", host: "10.40.0.10" } as const;
