import { directive, renderUnit } from "../../formats/unit";
import { platform } from "../../platforms";
import { deniedModules, xl2tpdSandboxOf } from "../../render/sandbox";
import { lacInterface, lacNames } from "../names";
import type { LacConnectionSpec } from "../spec";

/** The unit of the connection's own xl2tpd. */
export function renderLacUnit(spec: LacConnectionSpec): string {
  const facts = platform(spec.gateway.platform ?? "debian13");
  const { units } = facts;
  const names = lacNames(spec.name);
  const run = `/run/${names.runtime}`;
  return renderUnit(
    [
      {
        name: "Unit",
        directives: [
          directive("Description", `L2TP of the connection ${spec.name}`),
          directive("After", `network.target ${units.firewall} ${units.ike}`),
          directive("Wants", units.firewall),
          directive("StartLimitIntervalSec", "0"),
        ],
      },
      {
        name: "Service",
        directives: [
          directive("Type", "exec"),
          ...deniedModules(facts),
          directive("ExecStart", `/usr/sbin/xl2tpd -D -p ${run}/pid -C ${run}/control -c ${names.daemon}`),
          directive("ExecStopPost", `-/usr/bin/rm -f /run/${lacInterface(spec.name)}.pid`, "Of a pppd that was killed."),
          directive("RuntimeDirectory", names.runtime),
          directive("SuccessExitStatus", "1", "So xl2tpd ends when it is asked to."),
          directive("Restart", "always"),
          directive("RestartSec", "1"),
          directive("KillMode", "mixed", "The pppd of a daemon that is gone serves nobody, and waiting for it costs seconds."),
          directive("TimeoutStopSec", "10"),
          ...xl2tpdSandboxOf(facts),
        ],
      },
      { name: "Install", directives: [directive("WantedBy", "multi-user.target")] },
    ],
    `Connection ${spec.name} to the LNS ${spec.lns}. Written by pulumi-vpn-gateway.`,
  );
}
