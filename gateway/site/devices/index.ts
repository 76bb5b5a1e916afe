import { aws } from "./aws";
import { awsTransitGateway } from "./awsTransitGateway";
import { azure } from "./azure";
import { ciscoAsa } from "./ciscoAsa";
import { ciscoIos } from "./ciscoIos";
import type { DeviceKind, DeviceStep } from "./device";
import { fortigate } from "./fortigate";
import { gcp } from "./gcp";
import { libreswan } from "./libreswan";
import { mikrotik } from "./mikrotik";
import { windowsRras } from "./windowsRras";

export type { DeviceBgp, DeviceKind, DeviceOptions, DeviceStep } from "./device";

/** Each kind of device that the library writes the configuration of. */
export const deviceKinds = {
  libreswan,
  "cisco-ios": ciscoIos,
  "cisco-asa": ciscoAsa,
  fortigate,
  mikrotik,
  "windows-rras": windowsRras,
  aws,
  "aws-transit-gateway": awsTransitGateway,
  azure,
  gcp,
} as const satisfies Record<string, DeviceKind>;

/** A kind by its name; undefined for one that the library does not know. */
export function deviceKind(name: string): DeviceKind | undefined {
  const all: Record<string, DeviceKind> = deviceKinds;
  return Object.hasOwn(all, name) ? all[name] : undefined;
}

/** As one text: a heading for each step. Holds the pre-shared key. */
export function deviceText(steps: readonly DeviceStep[]): string {
  return steps.map(({ title, text }) => `### ${title}\n${text.trimEnd()}\n`).join("\n");
}
