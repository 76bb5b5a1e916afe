import * as pulumi from "@pulumi/pulumi";
import { renderClientProfiles, type ProfileFiles } from "../gateway/clients/clientProfiles";
import type { GatewaySpec } from "../gateway/spec";
import type { ClientSettings } from "./remoteAccess";

/**
 * What each user imports on their devices: by user name, the files by their path. A secret; `scripts/clients` writes it
 * to a folder. Not among a component's registered outputs, so that the state holds it once, where a stack asks for it.
 */
export type ClientProfiles = Record<string, ProfileFiles>;

export function clientProfiles(spec: pulumi.Output<GatewaySpec>, settings: pulumi.Output<ClientSettings>): pulumi.Output<ClientProfiles> {
  return pulumi.secret(pulumi.all([spec, settings]).apply(([plain, secrets]) => renderClientProfiles(plain, secrets)));
}
