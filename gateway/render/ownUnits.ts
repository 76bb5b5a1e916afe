import type { Directive } from "../formats/unit";
import { directive, renderUnit } from "../formats/unit";
import { platform } from "../platforms";
import type { GatewaySpec } from "../spec";
import { noNewPrivileges, sandboxOf } from "./sandbox";

type OwnSpec = Pick<GatewaySpec, "name" | "platform">;

/** A command of vpn-gateway that never ends, as a service. */
interface OwnService {
  description: string;
  /** What follows `vpn-gateway` on its command line. */
  command: string;
  /** When it starts: systemd.unit(5). */
  order?: Directive[];
  /** It holds something in /run/vpn-gateway. */
  holds?: boolean;
  /** What it may not: systemd.exec(5). */
  confined: Directive[];
}

function renderOwnService({ description, command, order = [], holds = false, confined }: OwnService, heading: string): string {
  return renderUnit(
    [
      {
        name: "Unit",
        directives: [directive("Description", description), ...order, directive("StartLimitIntervalSec", "0")],
      },
      {
        name: "Service",
        directives: [
          directive("Type", "exec"),
          directive("ExecStart", `/usr/sbin/vpn-gateway ${command}`),
          ...(holds ? [directive("RuntimeDirectory", "vpn-gateway"), directive("RuntimeDirectoryPreserve", "yes", "What it holds is others' too.")] : []),
          directive("Restart", "always"),
          directive("RestartSec", "1"),
          ...confined,
        ],
      },
      { name: "Install", directives: [directive("WantedBy", "multi-user.target")] },
    ],
    `${heading} Written by pulumi-vpn-gateway.`,
  );
}

/** What is not read at all where a whole sandbox would be too narrow. */
const apart = [directive("ProtectHome", "yes"), directive("PrivateTmp", "yes")];

/** The keeper: ends sessions when their user's time is over, whoever pushes or not. */
export function renderKeeperUnit(spec: OwnSpec & Pick<GatewaySpec, "radius">): string {
  const facts = platform(spec.platform);
  const { units } = facts;
  return renderOwnService(
    {
      description: "Keeper of the VPN gateway's users",
      command: `keep${spec.radius?.disconnect === true ? " --disconnect" : ""}`,
      order: [directive("After", `${units.firewall} ${units.ike} ${units.l2tp}`)],
      confined: [
        ...noNewPrivileges(facts),
        directive("ProtectSystem", "yes", "Not `full`: it takes expired users out of the secrets under /etc."),
        ...apart,
        directive("CapabilityBoundingSet", "CAP_NET_ADMIN CAP_DAC_OVERRIDE CAP_CHOWN CAP_FOWNER CAP_KILL"),
        directive("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6 AF_NETLINK"),
      ],
    },
    `Keeper of ${spec.name}.`,
  );
}

/** The relay between the daemons and the RADIUS servers, which reads what answers grant (host/vpn_gateway/radius_relay.py). */
export function renderRelayUnit(spec: OwnSpec): string {
  const facts = platform(spec.platform);
  const { units } = facts;
  return renderOwnService(
    {
      description: "Relay to the RADIUS servers",
      command: "relay",
      order: [directive("After", "network.target"), directive("Before", `${units.ike} ${units.l2tp}`)],
      holds: true,
      confined: [
        ...sandboxOf(facts),
        directive("CapabilityBoundingSet", "CAP_NET_BIND_SERVICE", "It has the ports of the servers, whichever those are."),
        directive("LimitNOFILE", "16384", "A socket for each question of a pppd's, for a while."),
        directive("RestrictAddressFamilies", "AF_INET AF_INET6"),
      ],
    },
    `Relay of ${spec.name}.`,
  );
}

/** The watchdog: an IKE daemon that hangs is killed, and comes back (host/vpn_gateway/watchdog.py). */
export function renderWatchdogUnit(spec: OwnSpec): string {
  const facts = platform(spec.platform);
  return renderOwnService(
    {
      description: "Watchdog of the IKE daemon",
      command: "watchdog",
      order: [directive("After", facts.units.ike)],
      confined: [
        ...noNewPrivileges(facts),
        directive("ProtectSystem", "full"),
        ...apart,
        directive("CapabilityBoundingSet", "CAP_KILL"),
        directive("RestrictAddressFamilies", "AF_UNIX AF_INET"),
      ],
    },
    `Watchdog of ${spec.name}.`,
  );
}

/** The watch: asks the IKE daemon of a pair, and answers a load balancer while the machine is the active one. */
export function renderWatchUnit(spec: OwnSpec): string {
  return renderOwnService(
    {
      description: "Watch over the IKE daemon of a pair",
      command: "watch",
      holds: true,
      confined: [
        ...noNewPrivileges(platform(spec.platform)),
        directive("ProtectSystem", "full"),
        ...apart,
        directive("CapabilityBoundingSet", "CAP_NET_BIND_SERVICE"),
        directive("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6"),
      ],
    },
    `Watch of ${spec.name}.`,
  );
}

/** The follower: brings site connections up and keeps their routes as their tunnels are (host/vpn_gateway/follower.py). */
export function renderSitesUnit(spec: OwnSpec): string {
  const facts = platform(spec.platform);
  const { units } = facts;
  return renderOwnService(
    {
      description: "Site connections of the VPN gateway",
      command: "follow",
      order: [directive("After", `network.target ${units.firewall} ${units.ike}`), directive("Wants", units.firewall)],
      holds: true,
      confined: [
        ...sandboxOf(facts),
        directive("CapabilityBoundingSet", "CAP_NET_ADMIN"),
        directive("RestrictAddressFamilies", "AF_UNIX AF_NETLINK AF_INET AF_INET6"),
      ],
    },
    `Follows the site connections of ${spec.name}.`,
  );
}
