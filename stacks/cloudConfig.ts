import type * as pulumi from "@pulumi/pulumi";
import type { CloudArgs } from "../components/cloud/args";
import { remoteAccessConfig } from "./config";

/** What any gateway in a cloud shall be, as the stack's config has it: where it is silent the library's default, nothing the lab's. */
export function cloudConfig(config: pulumi.Config): CloudArgs {
  const common = remoteAccessConfig(config);
  return {
    ...common,
    l2tp: { ...common.l2tp, enabled: config.getBoolean("l2tp") ?? false, pool: config.get("l2tpPool") },
    ikev2: { ...common.ikev2, pool: config.get("ikev2Pool") },
    insideNetworks: config.getObject<string[]>("insideNetworks"),
    dns: config.getObject<string[]>("dns"),
    administrators: config.requireObject<string[]>("administrators"),
    endpoint: config.get("endpoint"),
    peers: config.getObject<string[]>("peers"),
  };
}
