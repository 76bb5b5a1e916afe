import type { SiteSecrets, SiteView } from "../spec";
import { libreswan } from "./libreswan";

/** One thing to do on a device: a file to write, or lines to enter. */
export interface DeviceStep {
  /** The file's path, or what is to be done. */
  title: string;
  text: string;
}

/** The other end's configuration, as its owner enters it; `view` is the connection as that end sees it. */
export type DeviceRenderer = (view: SiteView, secrets: SiteSecrets) => DeviceStep[];

/** Each kind of device that the library writes the configuration of. */
export const deviceRenderers: Record<string, DeviceRenderer> = { libreswan };

/** As one text: a heading for each step. Holds the pre-shared key. */
export function deviceText(steps: readonly DeviceStep[]): string {
  return steps.map(({ title, text }) => `### ${title}\n${text.trimEnd()}\n`).join("\n");
}
