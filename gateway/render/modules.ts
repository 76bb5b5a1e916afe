import { platform } from "../platforms";
import type { GatewaySpec } from "../spec";

/** Kernel modules without which there is no gateway. */
export function requiredModules(spec: Pick<GatewaySpec, "l2tp" | "sites" | "lac">): string[] {
  return ["xfrm_user", "esp4", "nf_tables", ...(spec.l2tp || spec.lac ? ["l2tp_ppp"] : []), ...(spec.sites ? ["xfrm_interface", "esp6"] : [])];
}

/** A file for /etc/modules-load.d. */
export function renderModules(spec: GatewaySpec): string {
  const { deniedModules } = platform(spec.platform);
  const required = requiredModules(spec);
  return [
    `# Kernel modules of ${spec.name}. Written by pulumi-vpn-gateway.`,
    ...required.filter((name) => !deniedModules.includes(name)),
    // systemd-modules-load heeds modprobe.d's blacklist.
    ...required.filter((name) => deniedModules.includes(name)).map((name) => `# ${name}: by the units that need it, since a blacklist keeps it from being loaded here.`),
    "",
  ].join("\n");
}
