import { directive, renderUnit } from "../formats/unit";
import { paths, platform } from "../platforms";
import { bothActive, pairTimers } from "../pair";
import type { GatewaySpec, PairSpec } from "../spec";
import { asksRadius } from "../radius";
import { deniedModules, noNewPrivileges, sandboxOf, xl2tpdSandboxOf } from "./sandbox";
import { sharesNat } from "./sharedNat";

const why = (text: string) => `${text} Written by pulumi-vpn-gateway.`;

/** Drop-in for the IKE daemon's unit. */
export function renderIkeUnit(spec: GatewaySpec): string {
  const facts = platform(spec.platform);
  const { units } = facts;
  return renderUnit(
    [
      {
        name: "Unit",
        directives: [
          directive("After", units.firewall),
          directive("Wants", units.firewall),
          directive("StartLimitIntervalSec", "0", "However often it fails, it comes back."),
        ],
      },
      {
        name: "Service",
        directives: [
          directive("Restart", "always"),
          directive("RestartSec", "1"),
          directive("ExecStartPre", "-+/usr/sbin/ip xfrm state flush", "What a killed daemon left in the kernel belongs to nobody, and clients dial anew."),
          directive("ExecStartPre", "-+/usr/sbin/ip xfrm policy flush"),
          directive("ExecStartPost", "", "The distribution's command, but outside the sandbox, which it would have to build again."),
          directive("ExecStartPost", "+/usr/sbin/swanctl --load-all --noprompt"),
          ...sandboxOf(facts),
          // Not ProtectKernelTunables: charon sets net.core.xfrm_acq_expires.
          directive("CapabilityBoundingSet", "CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BIND_SERVICE CAP_CHOWN CAP_SETGID CAP_SETUID CAP_SETPCAP"),
          directive("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6 AF_NETLINK"),
          directive("SystemCallFilter", "@system-service"),
          ...(spec.pair
            ? [
                directive("LogFilterPatterns", "~unsupported IKE version 3.0 from 127", "The watch asks twice a second whether IKE answers, and charon tells each time."),
                directive("LogFilterPatterns", "~INVAL_MAJOR"),
                directive("LogFilterPatterns", "~127.0.0.1.500. to 127.0.0.1"),
              ]
            : []),
        ],
      },
    ],
    why(`Restart and sandbox of the IKE daemon of ${spec.name}.`),
  );
}

/** The whole unit of xl2tpd: the distribution has an init script only, which cannot restart it. */
export function renderL2tpUnit(spec: GatewaySpec): string {
  const facts = platform(spec.platform);
  const { units } = facts;
  return renderUnit(
    [
      {
        name: "Unit",
        directives: [
          directive("Description", "Layer 2 Tunneling Protocol daemon"),
          directive("After", `network.target ${units.firewall} ${units.ike}`),
          directive("Wants", units.firewall),
          ...(sharesNat(spec)
            ? [directive("PartOf", units.ike, "Marks begin at 1 again with each IKE daemon: a session of the one before must not stand where a new client's will.")]
            : []),
          directive("StartLimitIntervalSec", "0"),
        ],
      },
      {
        name: "Service",
        directives: [
          directive("Type", "exec"),
          ...deniedModules(facts),
          directive("ExecStart", `/usr/sbin/xl2tpd -D -p /run/xl2tpd/xl2tpd.pid -C /run/xl2tpd/l2tp-control -c ${paths.xl2tpd}`),
          directive("RuntimeDirectory", "xl2tpd"),
          ...(asksRadius(spec, "l2tp")
            ? [directive("Environment", '"RES_OPTIONS=timeout:1 attempts:1"', "pppd's RADIUS looks up the machine's own name, and a silent server's: a name server that is silent, too, must not hold up a log-in.")]
            : []),
          directive("Restart", "always"),
          directive("RestartSec", "1"),
          directive("KillMode", "mixed", "The pppds of a daemon that is gone serve nobody, and waiting for them costs seconds."),
          directive("TimeoutStopSec", "10"),
          ...xl2tpdSandboxOf(facts),
        ],
      },
      { name: "Install", directives: [directive("WantedBy", "multi-user.target")] },
    ],
    why(`L2TP daemon of ${spec.name}.`),
  );
}

/** Loads the firewall before the network is up, from a file of our own: /etc/nftables.conf stays the administrator's. */
export function renderFirewallUnit(spec: Pick<GatewaySpec, "name">): string {
  return rulesetUnit("Firewall of the VPN gateway", paths.firewall, `Firewall of ${spec.name}.`);
}

/** Loads the users' policies as early: before there is a session, for what is of none that is known does not pass. */
export function renderPoliciesUnit(spec: Pick<GatewaySpec, "name">): string {
  return rulesetUnit("Policies of the VPN gateway's users", paths.policies, `Policies of ${spec.name}.`);
}

/** Loads as early what tells whose packet it is that waits in which queue; the queues are the keeper's. */
export function renderRatesUnit(spec: Pick<GatewaySpec, "name">): string {
  return rulesetUnit("Rates of the VPN gateway's users", paths.rates, `Rates of ${spec.name}.`);
}

function rulesetUnit(description: string, file: string, heading: string): string {
  return renderUnit(
    [
      {
        name: "Unit",
        directives: [
          directive("Description", description),
          directive("DefaultDependencies", "no"),
          directive("After", "systemd-modules-load.service local-fs.target nftables.service", "nftables.service begins with `flush ruleset`."),
          directive("Before", "network-pre.target shutdown.target"),
          directive("Wants", "network-pre.target"),
          directive("Conflicts", "shutdown.target"),
        ],
      },
      {
        name: "Service",
        directives: [
          directive("Type", "oneshot"),
          directive("RemainAfterExit", "yes", "Nothing is done on stop: a gateway without its firewall is worse than one that is shut."),
          directive("ExecStart", `/usr/sbin/nft -f ${file}`),
          directive("ExecReload", `/usr/sbin/nft -f ${file}`),
        ],
      },
      { name: "Install", directives: [directive("WantedBy", "sysinit.target")] },
    ],
    why(heading),
  );
}

/** Drop-in for keepalived: comes back, and never leaves the pair's addresses on a machine where it does not run. */
export function renderVrrpUnit(spec: GatewaySpec, pair: PairSpec): string {
  const { units } = platform(spec.platform);
  return renderUnit(
    [
      {
        name: "Unit",
        directives: [
          directive("After", `${units.firewall} ${units.ike} ${units.watch}`),
          directive("Wants", units.watch),
          directive("StartLimitIntervalSec", "0"),
        ],
      },
      {
        name: "Service",
        directives: [
          directive("Restart", "always"),
          directive("RestartSec", "1"),
          directive("ExecStartPre", `/bin/sh ${paths.stateScript} INSTANCE gateway STOPPED 0`),
          // Also after kill -9: an address on two machines is worse than on none.
          ...pair.floating.map(({ address, interface: card }) => directive("ExecStopPost", `-/usr/sbin/ip address del ${address} dev ${card}`)),
          directive("ExecStopPost", `-/bin/sh ${paths.stateScript} INSTANCE gateway STOPPED 0`),
        ],
      },
    ],
    why(`Restart of VRRP of ${spec.name}.`),
  );
}

/**
 * At an ordered shutdown or reboot, the active machine gives way while all that this needs still runs: what a unit is after is
 * stopped later than it (systemd.unit(5)). Not after xl2tpd, which stops at once, and is waited for.
 */
export function renderHandOverUnit(spec: GatewaySpec): string {
  const facts = platform(spec.platform);
  const { units } = facts;
  return renderUnit(
    [
      {
        name: "Unit",
        directives: [
          directive("Description", "Hand-over to the other machine of a pair at shutdown"),
          directive("After", `network.target network-online.target ${units.firewall} ${units.ike} ${units.watch}${bothActive(spec.pair) ? "" : ` ${units.vrrp}`}`),
        ],
      },
      {
        name: "Service",
        directives: [
          directive("Type", "oneshot"),
          directive("RemainAfterExit", "yes"),
          directive("ExecStart", "/bin/true"),
          directive("ExecStop", "-/usr/sbin/vpn-gateway hand-over --at-shutdown", "It does nothing where the machine goes on, as when the unit itself is restarted."),
          directive("TimeoutStopSec", `${pairTimers.handOverAtShutdown}`, "The machine stops in time, whatever the other does."),
          ...noNewPrivileges(facts),
          directive("ProtectHome", "yes"),
        ],
      },
      { name: "Install", directives: [directive("WantedBy", "multi-user.target")] },
    ],
    why(`Shutdown of ${spec.name}.`),
  );
}
