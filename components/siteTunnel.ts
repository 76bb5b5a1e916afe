import * as pulumi from "@pulumi/pulumi";
import type { SiteConnectionSpec } from "../gateway/site/spec";
import type { GatewaySite } from "./gatewaySite";

/** What a `LayerTwoExtension` takes of a connection. Holds the ways in over SSH, so it is a Pulumi secret as a whole. */
export interface SiteTunnel {
  /** The connection itself; nothing of it is secret. */
  connection: SiteConnectionSpec;
  left: GatewaySite;
  /** None: the connection ends at a device. */
  right?: GatewaySite;
}

/** Of a connection that stands on both gateways once `ready` is there. Field by field, so that a preview can judge what it knows. */
export function siteTunnel(spec: pulumi.Output<SiteConnectionSpec>, left: pulumi.Output<GatewaySite>, right: pulumi.Output<GatewaySite> | undefined, ready: pulumi.Output<unknown>): pulumi.Output<SiteTunnel> {
  return pulumi.secret(pulumi.output({ connection: spec, left: once(left, ready), ...(right === undefined ? {} : { right: once(right, ready) }) })) as pulumi.Output<SiteTunnel>;
}

function once(site: pulumi.Output<GatewaySite>, ready: pulumi.Output<unknown>): pulumi.Output<GatewaySite> {
  const { name, connection, platform, endpoint, insideNetworks, pools, outsideMtu, sites, bgp, revocation, lac, layerTwo } = site;
  const machineId = pulumi.all([site.machineId, ready]).apply(([id]) => id);
  return pulumi.output({ name, connection, machineId, platform, endpoint, insideNetworks, pools, outsideMtu, sites, bgp, revocation, lac, layerTwo }) as pulumi.Output<GatewaySite>;
}
