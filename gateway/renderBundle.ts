import { emptyPart, pem, readable, secret, type Bundle, type ConfigFile, type Part } from "./bundle";
import { paths, platform } from "./platforms";
import { renderCharon } from "./render/charon";
import { renderAcme, renderAcmeClient, renderAcmeService, renderAcmeTimer } from "./render/acme";
import { renderFrrBase, renderFrrDaemons, renderFrrUnit, renderVtysh } from "./render/frr";
import { renderModules, requiredModules } from "./render/modules";
import { renderFirewall } from "./render/nftables";
import { renderPolicies } from "./render/policies";
import { rateModules, renderRates, renderRateSettings } from "./render/rates";
import { renderChapSecrets, renderPppd } from "./render/pppd";
import { renderDisconnect, renderDisconnectSecrets, renderEapRadiusSecrets, knowsServers, renderPppRadius, renderPppRadiusDictionary, renderPppRadiusServers } from "./render/radius";
import { renderConnections, renderEapSecrets, renderPreSharedKey } from "./render/swanctl";
import { renderKernelParameters } from "./render/sysctl";
import { bothActive } from "./pair";
import { needsPreSharedKey } from "./preSharedKey";
import { answersGrant, asksRadius, directory, keepsBooks, onGateway } from "./radius";
import { renderBooks, renderRadiusdClient, renderRadiusdConf, renderRadiusdUnit } from "./render/freeradius";
import { renderFreeradiusUsers } from "./render/freeradiusUsers";
import { booksSchema, database, renderDatabasePassword } from "./render/radiusBooks";
import { renderDirectory } from "./render/radiusDirectory";
import { renderFitScript, renderPair, renderStateScript, renderVrrp } from "./render/keepalived";
import { renderKeeperUnit, renderRelayUnit, renderSitesUnit, renderWatchUnit, renderWatchdogUnit } from "./render/ownUnits";
import { renderFirewallUnit, renderHandOverUnit, renderIkeUnit, renderL2tpUnit, renderPoliciesUnit, renderRatesUnit, renderVrrpUnit } from "./render/units";
import { renderL2tpUserConnections } from "./render/l2tpUserConnections";
import { renderUserConnections } from "./render/userConnections";
import { renderUsers } from "./render/users";
import { renderXl2tpd } from "./render/xl2tpd";
import { hasRates } from "./rates";
import { renderSitesFrame } from "./site/render/frame";
import type { GatewaySecrets, GatewaySpec } from "./spec";
import { hasPolicies, needsKeeper, ownConnections, ownL2tpConnections } from "./users";

/**
 * All parts of a gateway, in the order in which they are pushed. Expects a spec that `validateSpec` has no error for.
 *
 * @throws Error naming the format and the character if a value cannot be carried; never the value.
 */
export function renderBundle(spec: GatewaySpec, secrets: GatewaySecrets): Bundle {
  const [identity, passwords] = renderSecretParts(spec, secrets);
  const [base, users] = renderReadableParts(spec);
  return { parts: [identity, base, passwords, users] };
}

/** The parts that anybody may read: `base` and `users`. Need no secret, so a preview shows them in full. */
export function renderReadableParts(spec: GatewaySpec): [base: Part, users: Part] {
  return [basePart(spec), usersPart(spec)];
}

/** The parts that nobody may read: `identity` and `passwords`. */
export function renderSecretParts(spec: GatewaySpec, secrets: GatewaySecrets): [identity: Part, passwords: Part] {
  return [identityPart(spec, secrets), passwordsPart(spec, secrets)];
}

function identityPart(spec: GatewaySpec, secrets: GatewaySecrets): Part {
  const { strongswan } = platform(spec.platform);
  const files: ConfigFile[] = [];
  if (spec.ikev2) {
    const { privateKey, certificate, authority } = secrets;
    if (!privateKey || !certificate || !authority) {
      throw new Error("identity: IKEv2 needs a private key, a certificate and its authority");
    }
    files.push(readable(strongswan.certificate, pem(certificate)));
    files.push(readable(strongswan.authority, pem(authority)));
    files.push(secret(strongswan.privateKey, pem(privateKey)));
    if (spec.ikev2.certificates === true) {
      if (!secrets.revocationList) throw new Error("identity: users' certificates need a revocation list");
      files.push(readable(strongswan.revocationList, pem(secrets.revocationList)));
    }
  }
  if (needsPreSharedKey(spec)) {
    if (!secrets.preSharedKey) throw new Error("identity: L2TP needs a pre-shared key");
    files.push(secret(strongswan.preSharedKey, renderPreSharedKey(secrets.preSharedKey)));
  }
  // Before `base`, which makes the daemons ask those servers.
  if (spec.radius && asksRadius(spec, "ikev2")) files.push(secret(strongswan.eapRadius, renderEapRadiusSecrets(spec, spec.radius, secrets)));
  if (spec.radius && asksRadius(spec, "l2tp")) files.push(secret(paths.radiusServers, renderPppRadiusServers(spec, spec.radius, secrets)));
  if (knowsServers(spec.radius)) files.push(secret(paths.disconnectSecrets, renderDisconnectSecrets(spec.radius, secrets)));
  if (onGateway(spec)) files.push(secret(paths.radiusdClient, renderRadiusdClient(spec, secrets)));
  const books = keepsBooks(spec) ? database(spec) : undefined;
  if (books !== undefined) files.push(secret(paths.radiusdDatabase, renderDatabasePassword(books, secrets)));
  const asked = directory(spec);
  if (asked !== undefined) files.push(secret(paths.radiusdDirectory, renderDirectory(spec, asked, secrets)));
  return { ...emptyPart("identity", true), files };
}

function basePart(spec: GatewaySpec): Part {
  const { packages, ikev2Packages, l2tpPackages, acmePackages, pairPackages, bgpPackages, radiusPackages, postgresqlPackages, directoryPackages, units, strongswan, frrFiles } = platform(spec.platform);
  const files = [
    readable(paths.modules, renderModules(spec)),
    readable(paths.sysctl, renderKernelParameters(spec)),
    readable(paths.firewall, renderFirewall(spec)),
    readable(paths.firewallUnit, renderFirewallUnit(spec)),
    readable(strongswan.charon, renderCharon(spec)),
    readable(paths.ikeUnit, renderIkeUnit(spec)),
    readable(paths.watchdogUnit, renderWatchdogUnit(spec)),
    ...(spec.l2tp || spec.ikev2 ? [readable(strongswan.connections, renderConnections(spec))] : []),
    ...(spec.sites ? [readable(paths.sitesUnit, renderSitesUnit(spec)), readable(paths.sitesFirewall, renderSitesFrame(spec.name))] : []),
  ];
  if (spec.l2tp) {
    files.push(readable(paths.xl2tpd, renderXl2tpd(spec, spec.l2tp)));
    files.push(readable(paths.pppOptions, renderPppd(spec)));
    files.push(readable(paths.l2tpUnit, renderL2tpUnit(spec)));
  }
  if (spec.radius && asksRadius(spec, "l2tp")) {
    files.push(readable(paths.radiusClient, renderPppRadius(spec, spec.radius)));
    files.push(readable(paths.radiusDictionary, renderPppRadiusDictionary()));
  }
  if (knowsServers(spec.radius)) files.push(readable(paths.disconnect, renderDisconnect(spec, spec.radius)));
  if (answersGrant(spec)) files.push(readable(paths.relayUnit, renderRelayUnit(spec)));
  if (onGateway(spec)) {
    files.push(readable(paths.radiusd, renderRadiusdConf(spec)), readable(paths.radiusdUnit, renderRadiusdUnit(spec)));
    const directoryAuthority = directory(spec)?.authority;
    if (directoryAuthority !== undefined) files.push(readable(paths.radiusdDirectoryAuthority, pem(directoryAuthority)));
  }
  if (keepsBooks(spec)) {
    const authority = database(spec)?.authority;
    files.push(readable(paths.radiusdSchema, booksSchema(spec)), readable(paths.radiusBooks, renderBooks(spec)));
    if (authority !== undefined) files.push(readable(paths.radiusdAuthority, pem(authority)));
  }
  if (spec.bgp) {
    files.push(readable(paths.frrDaemons, renderFrrDaemons(spec)), readable(paths.frrUnit, renderFrrUnit(spec)), readable(paths.frrBase, renderFrrBase(spec)));
    if (frrFiles) files.push(readable(paths.vtysh, renderVtysh(spec)));
  }
  if (spec.ikev2?.acme) {
    const { acme } = spec.ikev2;
    files.push(readable(paths.acme, renderAcme(spec, acme)), readable(paths.acmeClient, renderAcmeClient(spec, acme)));
    if (acme.directoryAuthority !== undefined) files.push(readable(paths.acmeDirectoryAuthority, pem(acme.directoryAuthority)));
    files.push(readable(paths.acmeService, renderAcmeService(spec)), readable(paths.acmeTimer, renderAcmeTimer(spec)));
  }
  if (spec.pair) {
    files.push(readable(paths.pair, renderPair(spec, spec.pair)));
    files.push(readable(paths.watchUnit, renderWatchUnit(spec)));
    files.push(readable(paths.handOverUnit, renderHandOverUnit(spec)));
  }
  if (spec.pair && !bothActive(spec.pair)) {
    files.push({ path: paths.fitScript, mode: 0o755, content: renderFitScript() });
    files.push({ path: paths.stateScript, mode: 0o755, content: renderStateScript() });
    files.push(readable(paths.keepalived, renderVrrp(spec, spec.pair)));
    files.push(readable(paths.vrrpUnit, renderVrrpUnit(spec, spec.pair)));
  }
  return {
    ...emptyPart("base", false),
    packages: [
      ...packages,
      ...(spec.ikev2 ? ikev2Packages : []),
      ...(spec.ikev2?.acme ? acmePackages : []),
      ...(spec.l2tp || spec.lac ? l2tpPackages : []),
      ...(spec.pair && !bothActive(spec.pair) ? pairPackages : []),
      ...(spec.bgp ? bgpPackages : []),
      ...(onGateway(spec) ? radiusPackages : []),
      ...(keepsBooks(spec) && database(spec) !== undefined ? postgresqlPackages : []),
      ...(directory(spec) === undefined ? [] : directoryPackages.filter((name) => database(spec) === undefined || !postgresqlPackages.includes(name))),
      // EC2 is asked over TLS.
      ...(spec.pair?.move && database(spec) === undefined && directory(spec) === undefined ? ["ca-certificates"] : []),
    ],
    modules: requiredModules(spec),
    services: [units.firewall, ...(onGateway(spec) ? [units.radius] : []), ...(answersGrant(spec) ? [units.relay] : []), units.ike, units.watchdog, ...(spec.l2tp ? [units.l2tp] : []), ...(spec.pair ? [units.watch] : []), ...(spec.pair && !bothActive(spec.pair) ? [units.vrrp] : []), ...(spec.pair ? [units.handOver] : []), ...(spec.sites ? [units.sites] : []), ...(spec.bgp ? [units.routing] : []), ...(spec.ikev2?.acme ? [units.acme] : [])],
    // The firewall is in it: a mistake there cuts the session that pushes it.
    confirmWithin: 60,
    files,
  };
}

function passwordsPart(spec: GatewaySpec, secrets: GatewaySecrets): Part {
  const { strongswan } = platform(spec.platform);
  const files: ConfigFile[] = [];
  if (spec.ikev2) files.push(secret(strongswan.passwords, renderEapSecrets(spec, secrets)));
  if (spec.l2tp && !asksRadius(spec, "l2tp")) files.push(secret(paths.chapSecrets, renderChapSecrets(spec, spec.l2tp, secrets)));
  if (onGateway(spec)) files.push(secret(paths.radiusdUsers, renderFreeradiusUsers(spec, secrets)));
  return { ...emptyPart("passwords", true), files };
}

function usersPart(spec: GatewaySpec): Part {
  const { units, strongswan } = platform(spec.platform);
  const own = ownConnections(spec).length > 0;
  const kept = needsKeeper(spec);
  const policies = hasPolicies(spec);
  const rates = hasRates(spec);
  return {
    ...emptyPart("users", false),
    modules: rates ? rateModules : [],
    services: [...(policies ? [units.policies] : []), ...(rates ? [units.rates] : []), ...(kept ? [units.keeper] : [])],
    files: [
      readable(paths.users, renderUsers(spec)),
      ...(own && spec.ikev2 ? [readable(strongswan.userConnections, renderUserConnections(spec, spec.ikev2))] : []),
      ...(ownL2tpConnections(spec).length > 0 && spec.l2tp ? [readable(strongswan.l2tpUserConnections, renderL2tpUserConnections(spec, spec.l2tp))] : []),
      ...(policies
        ? [readable(paths.policies, renderPolicies(spec)), readable(paths.policiesUnit, renderPoliciesUnit(spec))]
        : []),
      ...(rates
        ? [readable(paths.rates, renderRates(spec)), readable(paths.rateSettings, renderRateSettings(spec)), readable(paths.ratesUnit, renderRatesUnit(spec))]
        : []),
      ...(kept ? [readable(paths.keeperUnit, renderKeeperUnit(spec))] : []),
    ],
  };
}
