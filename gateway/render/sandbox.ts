import { directive, type Directive } from "../formats/unit";
import type { Platform } from "../platforms";

/**
 * What no program of the gateway needs: systemd.exec(5). Clock, kernel log, host name and modules are out of reach by
 * CapabilityBoundingSet already; the directives for them would only delay each start.
 */
export const sandboxOf = (facts: Pick<Platform, "selinux">): Directive[] => [
  ...noNewPrivileges(facts),
  directive("ProtectSystem", "full"),
  directive("ProtectHome", "yes"),
  directive("PrivateTmp", "yes"),
  directive("ProtectControlGroups", "yes"),
  directive("RestrictNamespaces", "yes"),
  directive("RestrictRealtime", "yes"),
  directive("RestrictSUIDSGID", "yes"),
  directive("LockPersonality", "yes"),
  directive("MemoryDenyWriteExecute", "yes"),
  directive("SystemCallArchitectures", "native"),
];

/**
 * Not where SELinux has a domain for the program: with it the kernel leaves the program in systemd's own, unless the policy
 * says that it may change nevertheless (security/selinux/hooks.c, check_nnp_nosuid), which the distribution's own units never
 * needed. The domain says then what it may become.
 */
export const noNewPrivileges = ({ selinux }: Pick<Platform, "selinux">): Directive[] => (selinux ? [] : [directive("NoNewPrivileges", "yes")]);

/** What xl2tpd and the pppd that it starts for each session need, and nothing more. */
export const xl2tpdSandboxOf = (facts: Pick<Platform, "selinux">): Directive[] => [
  ...sandboxOf(facts),
  directive("DevicePolicy", "closed"),
  directive("DeviceAllow", "/dev/ppp rw"),
  directive("CapabilityBoundingSet", "CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BIND_SERVICE CAP_SETGID CAP_SETUID CAP_KILL CAP_DAC_OVERRIDE"),
  directive("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PPPOX AF_PACKET"),
  directive("SystemCallFilter", "@system-service"),
];

/** Before xl2tpd: modules that modprobe.d(5) denies to systemd-modules-load, and that load by their own name. */
export function deniedModules({ deniedModules }: Pick<Platform, "deniedModules">): Directive[] {
  return deniedModules.map((name) => directive("ExecStartPre", `+/usr/sbin/modprobe ${name}`, "kernel-modules-extra has it blacklisted, so that nothing but root's own word loads it."));
}
