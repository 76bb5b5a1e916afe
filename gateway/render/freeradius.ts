import { block, call, include, pair, renderRadiusd, template, type RadiusdEntry } from "../formats/radiusd";
import { directive, renderUnit } from "../formats/unit";
import { paths, platform } from "../platforms";
import { accountingPort, authenticationPort, defaultKeepDays, interimSeconds, keepsBooks, ownServer } from "../radius";
import type { GatewaySecrets, GatewaySpec } from "../spec";
import { booksFiles, booksModules, booksPeers, booksServers, database, databasePort, toBooks } from "./radiusBooks";
import { directoryFiles, directoryModules, directoryPeers, toDirectory } from "./radiusDirectory";
import { oneTimeCodeModules, oneTimeCodePolicies, provePassword } from "./radiusOneTimeCodes";
import { radiusSecret } from "./radius";
import { copyOf, fileName, runFolder, stateFolder } from "./radiusFolders";
import { sandboxOf } from "./sandbox";

/**
 * radiusd.conf(5) of the gateway's own FreeRADIUS, with nothing in it but what MS-CHAPv2 needs, bare (PPP) and within EAP
 * (IKEv2): no TLS, no proxy, no status server, no other way to prove oneself. It is asked from the machine itself alone.
 */
export function renderRadiusdConf(spec: GatewaySpec): string {
  return renderRadiusd(
    [
      pair("prefix", "/usr"),
      pair("name", "radiusd"),
      pair("confdir", runFolder),
      pair("raddbdir", runFolder),
      pair("run_dir", runFolder),
      pair("logdir", stateFolder),
      pair("libdir", "/usr/lib/freeradius"),
      pair("max_request_time", 20),
      pair("cleanup_delay", 5),
      pair("max_requests", 4096),
      pair("hostname_lookups", false),
      pair("proxy_requests", false),
      block("log", [pair("destination", "stdout"), pair("auth", true), pair("auth_badpass", false), pair("auth_goodpass", false)]),
      block("security", [
        pair("allow_core_dumps", false),
        pair("max_attributes", 100),
        pair("reject_delay", 1, "Seconds. Below the 2 s after which the question is asked once more."),
        pair("status_server", false),
      ]),
      block("thread pool", [
        pair("start_servers", 2),
        pair("max_servers", 8),
        pair("min_spare_servers", 1),
        pair("max_spare_servers", 4),
        pair("max_requests_per_server", 0),
      ]),
      include(copyOf(paths.radiusdClient)),
      block("modules", modules(spec)),
      ...oneTimeCodePolicies(spec),
      block("server own", server(spec)),
      ...(keepsBooks(spec) ? booksServers(spec) : []),
    ],
    `FreeRADIUS of ${spec.name}. Written by pulumi-vpn-gateway.`,
  );
}

function modules(spec: GatewaySpec): RadiusdEntry[] {
  return [
    block("always reject", [pair("rcode", "reject")]),
    block("always ok", [pair("rcode", "ok")]),
    block("expr", [], "%{sha256:…} and %{tolower:…}."),
    block("files", [
      pair("usersfile", copyOf(paths.radiusdUsers)),
      template("key", "%{Tmp-String-0}-%{sha256:&User-Name}", "By which protocol, and who: whatever a name holds, the file does not."),
    ]),
    block("mschap", [
      pair("use_mppe", true, "The keys that EAP-MSCHAPv2 gives to IKEv2; pppd does not take them."),
      pair("require_encryption", false),
      pair("with_ntdomain_hack", true, "Windows leaves its domain out of what it hashes; charon and pppd know that, too."),
    ]),
    block("eap", [pair("default_eap_type", "mschapv2"), pair("timer_expire", 60), pair("max_sessions", 4096), block("mschapv2", [])]),
    ...oneTimeCodeModules(spec),
    ...directoryModules(spec),
    ...(keepsBooks(spec) ? booksModules(spec) : []),
  ];
}

function server(spec: GatewaySpec): RadiusdEntry[] {
  return [
    listener("auth", authenticationPort(ownServer)),
    listener("acct", accountingPort(ownServer)),
    block("authorize", [
      block("if (!&User-Name)", [call("reject")]),
      block("if (&EAP-Message)", [protocol("ikev2")]),
      block("elsif (&MS-CHAP2-Response)", [protocol("l2tp")]),
      block("else", [call("reject")], "No password in the clear, no MS-CHAPv1: pppd and charon ask for none."),
      call("files"),
      ...toDirectory(spec),
      call("mschap"),
      block("eap", [pair("ok", "return")]),
    ]),
    block("authenticate", [block("Auth-Type MS-CHAP", provePassword(spec)), call("eap")]),
    block("post-auth", [block("update reply", [pair("&Acct-Interim-Interval", interimSeconds, "Who is connected is told of so often (seconds), so that the books know who is no more.")])]),
    block("accounting", keepsBooks(spec) ? toBooks(spec) : [call("ok")]),
  ];
}

function listener(type: "auth" | "acct", port: number): RadiusdEntry {
  return block("listen", [pair("type", type), pair("ipaddr", ownServer.host), pair("port", port)]);
}

function protocol(name: string): RadiusdEntry {
  return block("update request", [pair("&Tmp-String-0", name)]);
}

/** Who may ask, and the secret, which is minted: letters and digits. */
export function renderRadiusdClient(spec: GatewaySpec, secrets: Pick<GatewaySecrets, "radius">): string {
  return renderRadiusd(
    [
      block("client gateway", [
        pair("ipaddr", ownServer.host),
        pair("secret", radiusSecret(secrets, 0)),
        pair("require_message_authenticator", false, "pppd sends none; nobody stands between it and this."),
      ]),
    ],
    `The secret between pppd, charon and FreeRADIUS of ${spec.name}. Written by pulumi-vpn-gateway.`,
  );
}

/** What the gateway's command needs to know of the books. */
export function renderBooks(spec: GatewaySpec): string {
  const own = database(spec);
  const where = own === undefined ? { keepDays: spec.radius?.onGateway?.keepDays ?? defaultKeepDays } : { postgresql: `${own.host}:${databasePort(own)}/${own.database}` };
  return `${JSON.stringify({ ...where, interimSeconds }, null, 2)}\n`;
}

/** The whole unit, in place of the distribution's, which listens everywhere with a configuration of its own. */
export function renderRadiusdUnit(spec: GatewaySpec): string {
  const facts = platform(spec.platform);
  const { units } = facts;
  const install = (path: string, from = path) => `+/usr/bin/install -m 0400 -o freerad -g freerad ${from} ${copyOf(path)}`;
  const users = `-${install(paths.radiusdUsers)}`;
  return renderUnit(
    [
      {
        name: "Unit",
        directives: [
          directive("Description", "RADIUS server of the VPN gateway"),
          directive("After", "network.target"),
          directive("Before", `${units.ike} ${units.l2tp}`),
          directive("StartLimitIntervalSec", "0"),
        ],
      },
      {
        name: "Service",
        directives: [
          directive("Type", "notify"),
          directive("NotifyAccess", "all"),
          directive("User", "freerad"),
          directive("Group", "freerad"),
          directive("RuntimeDirectory", fileName(runFolder)),
          directive("RuntimeDirectoryMode", "0700"),
          directive("StateDirectory", fileName(stateFolder)),
          directive("StateDirectoryMode", "0700"),
          directive("ExecStartPre", install(paths.radiusd), "Root's files are copied for the program's own user."),
          directive("ExecStartPre", install(paths.radiusdClient)),
          ...[...(keepsBooks(spec) ? booksFiles(spec) : []), ...directoryFiles(spec)].map((path) => directive("ExecStartPre", install(path))),
          ...(keepsBooks(spec) && database(spec) !== undefined ? [directive("ExecStartPre", `/usr/bin/mkdir -p ${stateFolder}/waiting`)] : []),
          directive("ExecStartPre", `+/usr/bin/install -m 0400 -o freerad -g freerad /dev/null ${runFolder}/dictionary`),
          directive("ExecStartPre", install(paths.radiusdUsers, "/dev/null"), "Nobody, until the part with the passwords has come."),
          directive("ExecStartPre", users),
          directive("ExecStart", `/usr/sbin/freeradius -f -l stdout -d ${runFolder}`),
          directive("ExecReload", install(paths.radiusdUsers, "/dev/null")),
          directive("ExecReload", users),
          directive("ExecReload", "/bin/kill -HUP $MAINPID"),
          directive("Restart", "always"),
          directive("RestartSec", "1"),
          directive("TimeoutStopSec", "5", "A thread that waits for a database keeps it from ending; what it was about to write, it takes again."),
          directive("UMask", "0077"),
          directive("LimitCORE", "0"),
          ...sandboxOf(facts).filter(({ key }) => key !== "ProtectSystem"),
          directive("ProtectSystem", "strict"),
          directive("PrivateDevices", "yes"),
          directive("ProtectProc", "invisible"),
          directive("CapabilityBoundingSet", ""),
          ...peers(allOf(keepsBooks(spec) ? booksPeers(spec) : [], directoryPeers(spec))),
          directive("SystemCallFilter", "@system-service"),
        ],
      },
      { name: "Install", directives: [directive("WantedBy", "multi-user.target")] },
    ],
    `RADIUS server of ${spec.name}. Written by pulumi-vpn-gateway.`,
  );
}

/** Undefined where any of them is: anybody. */
function allOf(...peers: (string[] | undefined)[]): string[] | undefined {
  return peers.every((one) => one !== undefined) ? [...new Set(peers.flat())] as string[] : undefined;
}

/** Who may be spoken with. */
function peers(beside: string[] | undefined) {
  if (beside === undefined) return [directive("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6 AF_NETLINK", "The name of a database or a directory must be looked up.")];
  return [
    directive("RestrictAddressFamilies", beside.length === 0 ? "AF_UNIX AF_INET" : "AF_UNIX AF_INET AF_INET6 AF_NETLINK"),
    directive("IPAddressDeny", "any", beside.length === 0 ? "Nobody but the machine itself asks it, and it asks nobody." : "Nobody but the machine itself asks it, and it asks its database and its directory alone."),
    directive("IPAddressAllow", ["localhost", ...beside].join(" ")),
  ];
}
