import { line, renderFrr } from "../formats/frr";
import { renderShellVariables } from "../formats/shellVariables";
import { directive, renderUnit } from "../formats/unit";
import { platform } from "../platforms";
import type { GatewaySpec } from "../spec";
import { renderRouteServer } from "./routeServer";

/** Which of FRR's daemons run: bgpd and bfdd, beside those that always do (zebra, staticd, watchfrr). */
export function renderFrrDaemons(spec: Pick<GatewaySpec, "name">): string {
  return renderShellVariables(
    [
      { name: "bgpd", value: "yes" },
      { name: "bfdd", value: "yes" },
      { name: "vtysh_enable", value: "yes", why: "/etc/frr/frr.conf is read for all daemons when they start, also when one starts anew by itself." },
      // -P 0: no terminal over TCP, which nobody asked for; vtysh has sockets of its own. -s: the distribution's own size.
      { name: "zebra_options", value: "-A 127.0.0.1 -P 0 -s 90000000", why: "No terminal over TCP: vtysh has sockets of its own." },
      { name: "mgmtd_options", value: "-A 127.0.0.1 -P 0" },
      { name: "bgpd_options", value: "-A 127.0.0.1 -P 0" },
      { name: "bfdd_options", value: "-A 127.0.0.1 -P 0" },
      { name: "staticd_options", value: "-A 127.0.0.1 -P 0" },
    ],
    `FRR's daemons of ${spec.name}. Written by pulumi-vpn-gateway.`,
  );
}

/**
 * What FRR's configuration begins with. The gateway puts it before the share of each connection (gateway/site/render/bgp.ts)
 * and makes /etc/frr/frr.conf of them.
 */
export function renderFrrBase(spec: GatewaySpec): string {
  return renderFrr(
    [line("frr", "defaults", "traditional"), line("hostname", spec.name), line("log", "syslog", "informational"), ...(spec.routeServer ? renderRouteServer(spec, spec.routeServer) : [])],
    `Routing of ${spec.name}. Written by pulumi-vpn-gateway.`,
  );
}

/** Drop-in for FRR's unit: comes back however often it fails, and not before the firewall. */
export function renderFrrUnit(spec: Pick<GatewaySpec, "name" | "platform">): string {
  const { units } = platform(spec.platform);
  return renderUnit(
    [
      { name: "Unit", directives: [directive("After", units.firewall), directive("Wants", units.firewall), directive("StartLimitIntervalSec", "0", "However often it fails, it comes back.")] },
      { name: "Service", directives: [directive("RestartSec", "1")] },
    ],
    `Restart of FRR of ${spec.name}. Written by pulumi-vpn-gateway.`,
  );
}

/** vtysh.conf: all daemons have one file, also where the distribution gave each its own. */
export function renderVtysh(spec: Pick<GatewaySpec, "name">): string {
  return renderFrr([line("service", "integrated-vtysh-config")], `One file for all of FRR's daemons of ${spec.name}. Written by pulumi-vpn-gateway.`);
}
