import * as pulumi from "@pulumi/pulumi";
import { deviceKind, deviceText, type DeviceOptions } from "../gateway/site/devices";
import type { SiteConnectionSpec, SiteSecrets } from "../gateway/site/spec";
import { viewFrom } from "../gateway/site/spec";
import type { SiteDeviceArgs } from "./siteSpec";

/** Which device, and what its owner calls its interfaces. */
export interface SiteDevice extends DeviceOptions {
  kind: string;
}

export const usualDevice = "libreswan";

/** undefined between two gateways. */
export function resolveDevice(args: SiteDeviceArgs | undefined): pulumi.Output<SiteDevice> | undefined {
  if (args === undefined) return undefined;
  const { kind, outsideInterface, insideInterface, authority, revocationList } = args;
  return pulumi.output({ kind, outsideInterface, insideInterface, authority, revocationList }).apply((device) => ({ ...device, kind: device.kind ?? usualDevice }));
}

/** What the device's owner enters. Expects a connection that `deviceProblems` has no error for. */
export function deviceConfiguration({ kind, ...options }: SiteDevice, spec: SiteConnectionSpec, secrets: SiteSecrets): string {
  return deviceText(deviceKind(kind)!.render(viewFrom(spec, "right"), secrets, options));
}

/** A minted key as this kind of device takes it: AWS takes none that begins with 0. */
export function keyForDevice(key: pulumi.Output<string>, device: pulumi.Output<SiteDevice> | undefined): pulumi.Output<string> {
  if (device === undefined) return key;
  return pulumi.all([key, device]).apply(([text, { kind }]) => (kind === "aws" || kind === "aws-transit-gateway" ? text.replace(/^0/, "k") : text));
}
