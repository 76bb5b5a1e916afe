import { parseAddress } from "../addressing";
import { block, call, include, pair, renderRadiusd, template, type RadiusdEntry } from "../formats/radiusd";
import { paths } from "../platforms";
import { defaultHashAttribute, defaultNameAttribute, directory, directoryUrl } from "../radius";
import { copyOf } from "./radiusFolders";
import type { DirectorySpec, GatewaySecrets, GatewaySpec } from "../spec";

/** Seconds that the directory is given: below the 6 s for which pppd and charon wait. */
const patience = 4;

/** Where Debian and Ubuntu keep the authorities that they trust (package ca-certificates). */
const trusted = "/etc/ssl/certs/ca-certificates.crt";

/**
 * rlm_ldap, in a file of its own, for it has the password: finds who the gateway's list does not know, and the hash that
 * MS-CHAPv2 is proved by. What a name holds is escaped by rlm_ldap where it stands in a filter (RFC 4515, 3).
 *
 * @throws Error for what the format cannot carry; never with the password.
 */
export function renderDirectory(spec: GatewaySpec, own: DirectorySpec, { radiusDirectory }: Pick<GatewaySecrets, "radiusDirectory">): string {
  if (radiusDirectory === undefined || radiusDirectory === "") throw new Error("radius: no password of the directory");
  const name = `(${own.nameAttribute ?? defaultNameAttribute}=%{User-Name})`;
  const { scheme, host, port } = directoryUrl(own.url);
  return renderRadiusd(
    [
      block("ldap", [
        pair("server", `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`),
        pair("identity", own.bindDn),
        pair("password", radiusDirectory),
        pair("base_dn", own.base),
        block("update", [pair("&control:NT-Password", own.hashAttribute ?? defaultHashAttribute)]),
        block("user", [pair("base_dn", own.base), own.filter === undefined ? template("filter", name) : template("filter", `(&${name}${literal(own.filter)})`), pair("scope", "sub")]),
        block("options", [
          pair("chase_referrals", false),
          pair("res_timeout", patience, "Seconds."),
          pair("srv_timelimit", patience),
          pair("net_timeout", 2),
          pair("idle", 60),
          pair("probes", 3),
          pair("interval", 3),
        ]),
        ...(own.tls === false
          ? []
          : [block("tls", [pair("start_tls", scheme === "ldap"), pair("ca_file", own.authority === undefined ? trusted : copyOf(paths.radiusdDirectoryAuthority)), pair("require_cert", "demand")])]),
        block("pool", [pair("start", 0, "It starts whether the directory is there or not."), pair("min", 0), pair("max", 8), pair("spare", 2), pair("uses", 0), pair("lifetime", 0), pair("idle_timeout", 60), pair("retry_delay", 1)]),
      ]),
    ],
    `The directory that FreeRADIUS of ${spec.name} asks. Written by pulumi-vpn-gateway.`,
  );
}

/** In the filter `%{…}` is replaced with each request: what a person gave has none. */
function literal(filter: string): string {
  if (filter.includes("%")) throw new Error("radiusd.conf: filter holds %, which the format does not carry");
  return filter;
}

/** Modules: the directory, and what turns a hash in hexadecimal into bytes. */
export function directoryModules(spec: GatewaySpec): RadiusdEntry[] {
  return directory(spec) === undefined ? [] : [include(copyOf(paths.radiusdDirectory)), block("pap", [pair("normalise", true)])];
}

/** After the list: whoever is not on it is looked for in the directory. */
export function toDirectory(spec: GatewaySpec): RadiusdEntry[] {
  return directory(spec) === undefined ? [] : [block("if (noop)", [call("ldap"), call("pap")], "Not on the list.")];
}

/** Which of root's files FreeRADIUS needs for it. */
export function directoryFiles(spec: GatewaySpec): string[] {
  const own = directory(spec);
  return own === undefined ? [] : [paths.radiusdDirectory, ...(own.authority === undefined ? [] : [paths.radiusdDirectoryAuthority])];
}

/** As booksPeers. */
export function directoryPeers(spec: GatewaySpec): string[] | undefined {
  const own = directory(spec);
  if (own === undefined) return [];
  const { host } = directoryUrl(own.url);
  return parseAddress(host) === undefined ? undefined : [host];
}
