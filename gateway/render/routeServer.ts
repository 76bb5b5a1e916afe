import { network } from "../addressing";
import { clientPools } from "../clientPools";
import { because, context, line, type FrrEntry } from "../formats/frr";
import { linkRange, routerIdOf } from "../site/bgp";
import { bfdMultiplier, speaker } from "../site/render/bgp";
import type { GatewaySpec, RouteServerSpec } from "../spec";

const name = "vpc-route-server";
/** Milliseconds between two packets of BFD; the route server may ask for fewer. */
const bfdInterval = 300;
/** Seconds: BGP's keepalive and hold time, and between two tries to connect. */
const timers = { keepalive: 10, hold: 30, connect: 5 } as const;

/**
 * The gateway's BGP towards a VPC's route server, which puts what it is told into the VPC's route tables. It is told what
 * site connections have learned and nothing else; nothing is taken from it.
 */
export function renderRouteServer(spec: GatewaySpec, server: RouteServerSpec): FrrEntry[] {
  return [bfd(), ...filters(spec), session(spec, server)];
}

function bfd(): FrrEntry {
  return context(["bfd"], [
    context(["profile", name], [line("detect-multiplier", bfdMultiplier), line("receive-interval", bfdInterval), line("transmit-interval", bfdInterval)]),
  ]);
}

function filters(spec: GatewaySpec): FrrEntry[] {
  // The VPC has ways of its own to these.
  const own = [...spec.insideNetworks.map(network), ...clientPools(spec), network(linkRange)].filter(({ family }) => family === 4);
  const list = (number: number, ...words: (string | number)[]) => line("ip", "prefix-list", `${name}-out`, "seq", 5 * number, ...words);
  return [
    line("ip", "prefix-list", `${name}-in`, "seq", 5, "deny", "any"),
    because("Never a default route, nor what is at home here.", list(1, "deny", "0.0.0.0/0")),
    ...own.map(({ text, prefix }, index) => list(index + 2, "deny", text, ...(prefix < 32 ? ["le", 32] : []))),
    list(own.length + 2, "permit", "0.0.0.0/0", "le", 32),
    because("What has no AS in its path is the gateway's own: of the VPC, which knows it.", line("bgp", "as-path", "access-list", name, "seq", 5, "deny", "^$")),
    line("bgp", "as-path", "access-list", name, "seq", 10, "permit", ".*"),
    context(["route-map", `${name}-out`, "permit", 10], [line("match", "ip", "address", "prefix-list", `${name}-out`), line("match", "as-path", name)]),
  ];
}

function session(spec: GatewaySpec, { as, gatewayAs, endpoints }: RouteServerSpec): FrrEntry {
  const of = (endpoint: string, ...words: (string | number)[]) => line("neighbor", endpoint, ...words);
  return context(["router", "bgp", gatewayAs], [
    ...speaker(routerIdOf(spec.name, spec.endpoint)),
    ...endpoints.flatMap((endpoint) => [
      of(endpoint, "remote-as", as),
      of(endpoint, "description", name),
      of(endpoint, "timers", timers.keepalive, timers.hold),
      of(endpoint, "timers", "connect", timers.connect),
      because("With BFD a peer that is gone is gone: its routes are not to be kept.", of(endpoint, "graceful-restart-disable")),
      of(endpoint, "bfd"),
      of(endpoint, "bfd", "profile", name),
    ]),
    context(
      ["address-family", "ipv4", "unicast"],
      endpoints.flatMap((endpoint) => [
        of(endpoint, "activate"),
        of(endpoint, "maximum-prefix", 100, "restart", 5),
        of(endpoint, "prefix-list", `${name}-in`, "in"),
        of(endpoint, "route-map", `${name}-out`, "out"),
      ]),
    ),
  ]);
}
