import * as pulumi from "@pulumi/pulumi";
import type { GatewaySpec } from "../gateway/spec";
import type { SshConnectionArgs } from "./args";
import type { Machine } from "./parts";

/** What a `SiteConnection` or a `LacConnection` takes of a gateway, and by way of the first a `LayerTwoExtension`. Holds the way in over SSH, so it is a Pulumi secret as a whole. */
export interface GatewaySite {
  name: string;
  /** How to reach the machine. */
  connection: pulumi.Unwrap<SshConnectionArgs>;
  /** Identity of the machine: with another one, its half of each connection is pushed again. */
  machineId: string;
  platform: string;
  /** What the other end dials: an address or DNS name. */
  endpoint: string;
  /** Networks behind the gateway, in CIDR notation. */
  insideNetworks: string[];
  /** Pools of its clients: no network of another site may overlap them. */
  pools: string[];
  /** MTU of its link to the outside, in bytes. */
  outsideMtu: number;
  /** Does it make room for site connections? */
  sites: boolean;
  /** And for BGP over them? */
  bgp: boolean;
  /** And for devices whose certificates may be revoked? */
  revocation: boolean;
  /** And for connections to an LNS? */
  lac: boolean;
  /** And for layer-2 extensions? */
  layerTwo: boolean;
  /** `pair`: of a pair, of whose two machines this is one; `member`: such a machine by itself. @default a gateway by itself */
  machines?: string;
  /** Of a machine of a pair: the address that its IKE speaks from. @default whichever the way out has */
  localAddress?: string;
}

/** What a gateway's spec does not say of it as an end. */
export interface SiteChanges {
  name?: pulumi.Input<string>;
  endpoint?: pulumi.Input<string>;
  machines?: string;
  localAddress?: pulumi.Input<string | undefined>;
}

/** The machine to push a connection's parts to. Only the way in over SSH is a secret of it. */
export function siteMachine(gateway: pulumi.Output<GatewaySite>): Machine {
  const { connection } = gateway;
  // There is no way into what is no gateway's `site`: `resolveSite` says so, and nothing here before it.
  type Way = GatewaySite["connection"] | undefined;
  return {
    connection: {
      host: pulumi.unsecret(connection.host),
      port: pulumi.unsecret(connection.apply((way: Way) => way?.port ?? 22)),
      user: pulumi.unsecret(connection.apply((way: Way) => way?.user ?? "root")),
      privateKey: connection.privateKey,
      hostKey: pulumi.unsecret(connection.hostKey),
    },
    id: pulumi.unsecret(gateway.machineId),
  };
}

/**
 * Of a gateway that stands once `ready` is there: a connection is pushed only then. Field by field, so that a preview
 * that does not know the machine yet can judge the rest.
 */
export function gatewaySite(spec: pulumi.Output<GatewaySpec>, machine: Machine, ready: pulumi.Output<unknown>, changes: SiteChanges = {}): pulumi.Output<GatewaySite> {
  const { connection } = machine;
  const of = <T>(field: (plain: GatewaySpec) => T) => spec.apply(field);
  return pulumi.secret(
    pulumi.output({
      name: of(({ name }) => name),
      connection: { ...connection, privateKey: pulumi.secret(connection.privateKey) },
      machineId: pulumi.all([machine.id, ready]).apply(([id]) => id),
      platform: of(({ platform }) => platform as string),
      endpoint: of(({ endpoint }) => endpoint),
      insideNetworks: of(({ insideNetworks }) => insideNetworks),
      pools: of(({ l2tp, ikev2 }) => [l2tp?.pool, ikev2?.pool, ikev2?.pool6].filter((pool) => pool !== undefined)),
      outsideMtu: of(({ outsideMtu }) => outsideMtu),
      sites: of(({ sites }) => sites === true),
      bgp: of(({ bgp }) => bgp === true),
      revocation: of(({ siteRevocation }) => siteRevocation === true),
      lac: of(({ lac }) => lac === true),
      layerTwo: of(({ layerTwo }) => layerTwo === true),
      ...changes,
    }),
  ) as pulumi.Output<GatewaySite>;
}
