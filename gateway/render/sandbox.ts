import { directive, type Directive } from "../formats/unit";

/**
 * What no program of the gateway needs: systemd.exec(5). Clock, kernel log, host name and modules are out of reach by
 * CapabilityBoundingSet already; the directives for them would only delay each start.
 */
export const sandbox: Directive[] = [
  directive("NoNewPrivileges", "yes"),
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

/** What xl2tpd and the pppd that it starts for each session need, and nothing more. */
export const xl2tpdSandbox: Directive[] = [
  ...sandbox,
  directive("DevicePolicy", "closed"),
  directive("DeviceAllow", "/dev/ppp rw"),
  directive("CapabilityBoundingSet", "CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BIND_SERVICE CAP_SETGID CAP_SETUID CAP_KILL CAP_DAC_OVERRIDE"),
  directive("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PPPOX AF_PACKET"),
  directive("SystemCallFilter", "@system-service"),
];
