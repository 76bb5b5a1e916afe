import * as pulumi from "@pulumi/pulumi";
import type { AcmeSpec, GatewaySecrets, GatewaySpec, PairSpec } from "../gateway/spec";
import { clientKinds } from "../gateway/spec";
import { identityProblems, type GatewayIdentity } from "../gateway/identity";
import { validateSpec, type Problem } from "../gateway/validate";
import { isrgRootX1, letsEncrypt } from "../gateway/certificates/letsEncrypt";
import { ownServer } from "../gateway/radius";
import type { AcmeArgs, DirectoryArgs, PostgresqlArgs, RadiusArgs, RadiusServerArgs, RemoteAccessArgs, UserArgs } from "./args";
import { onlyGiven } from "./onlyGiven";
import { refuseOrWarn } from "./refuse";
import { givenRadiusSecrets } from "./secrets";

/** What the target knows of its machine, and what the args may leave open. */
export interface SpecDefaults {
  endpoint: pulumi.Input<string>;
  sshPort?: pulumi.Input<number>;
  /** The first machine of a pair. @default a gateway by itself */
  pair?: pulumi.Input<PairSpec>;
}

/** What a target has to say of a spec beyond what holds for every gateway. */
export type TargetProblems = (spec: GatewaySpec) => Promise<Problem[]>;

/** The one place where inputs become plain data. Says nothing of whether they make sense: see {@link checkedSpec}. */
export function resolveSpec(name: string, args: RemoteAccessArgs, defaults: SpecDefaults): pulumi.Output<GatewaySpec> {
  const l2tp = args.l2tp?.enabled === true;
  const ikev2 = args.ikev2?.enabled !== false;
  const sites = args.sites?.enabled === true;
  return pulumi
    .output({
      platform: args.platform,
      endpoint: args.endpoint ?? defaults.endpoint,
      outsideMtu: args.outsideMtu,
      clients: args.clients,
      l2tpPool: args.l2tp?.pool,
      sharedNat: args.l2tp?.sharedNat,
      ikev2Pool: args.ikev2?.pool,
      ikev2Pool6: args.ikev2?.pool6,
      l2tpFixedPool: args.l2tp?.fixedPool,
      ikev2FixedPool: args.ikev2?.fixedPool,
      ikev2FixedPool6: args.ikev2?.fixedPool6,
      revokedSerials: args.ikev2?.revokedSerials,
      acme: args.ikev2?.acme,
      users: args.users.map(withoutPassword),
      groups: args.groups,
      accounting: args.accounting,
      unmeasuredSessions: args.unmeasuredSessions,
      metrics: args.metrics,
      uplink: args.uplink,
      dscp: args.dscp,
      insideNetworks: args.insideNetworks,
      dns: args.dns,
      tunnel: args.tunnel,
      clientToClient: args.clientToClient,
      masquerade: args.masquerade,
      administrators: args.administrators,
      sshPort: defaults.sshPort,
      deadPeerDelay: args.deadPeerDelay,
      profiles: args.profiles,
      radius: args.radius === undefined ? undefined : withoutSecrets(args.radius),
      pair: defaults.pair,
    })
    .apply((a) => {
      const tunnel = a.tunnel ?? "full";
      // Words that are one of a few come as any string (Pulumi's schema has no unions); validateSpec judges them.
      return {
        name,
        platform: a.platform ?? "debian13",
        endpoint: a.endpoint,
        outsideMtu: a.outsideMtu ?? 1500,
        clients: a.clients ?? [...clientKinds],
        ...(l2tp ? { l2tp: onlyGiven({ pool: a.l2tpPool ?? "10.77.1.0/24", fixedPool: a.l2tpFixedPool, sharedNat: a.sharedNat ?? true, certificates: args.l2tp?.certificates === true ? true : undefined }) } : {}),
        ...(ikev2
          ? {
              ikev2: onlyGiven({
                pool: a.ikev2Pool ?? "10.77.2.0/24",
                pool6: a.ikev2Pool6 || undefined,
                fixedPool: a.ikev2FixedPool,
                fixedPool6: a.ikev2FixedPool6,
                certificates: args.ikev2?.certificates === true ? true : undefined,
                revokedSerials: a.revokedSerials,
                acme: a.acme === undefined ? undefined : acmeSpec(a.acme),
              }),
            }
          : {}),
        ...(sites ? { sites } : {}),
        ...(args.sites?.bgp === true ? { bgp: true } : {}),
        ...(args.sites?.revocation === true ? { siteRevocation: true } : {}),
        ...(args.sites?.lac === true ? { lac: true } : {}),
        ...(args.sites?.layerTwo === true ? { layerTwo: true } : {}),
        insideNetworks: a.insideNetworks ?? [],
        dns: a.dns ?? (tunnel === "full" ? ["1.1.1.1", "9.9.9.9"] : []),
        tunnel,
        clientToClient: a.clientToClient ?? false,
        masquerade: a.masquerade ?? "internet",
        administrators: a.administrators,
        sshPort: a.sshPort ?? 22,
        deadPeerDelay: a.deadPeerDelay ?? 30,
        users: a.users.map(onlyGiven),
        ...(a.profiles === undefined
          ? {}
          : { profiles: { onDemand: a.profiles.onDemand ?? false, trustedWireless: a.profiles.trustedWireless ?? [] } }),
        ...(a.groups === undefined || a.groups.length === 0 ? {} : { groups: a.groups }),
        ...(a.accounting === true ? { accounting: true } : {}),
        ...(a.unmeasuredSessions === true ? { unmeasuredSessions: true } : {}),
        ...(a.metrics === true ? { metrics: true } : {}),
        ...(a.radius === undefined ? {} : { radius: onlyGiven({ ...a.radius, servers: a.radius.servers.map(onlyGiven), onGateway: a.radius.onGateway && onlyGiven({ ...a.radius.onGateway, postgresql: a.radius.onGateway.postgresql && onlyGiven(a.radius.onGateway.postgresql), directory: a.radius.onGateway.directory && onlyGiven(a.radius.onGateway.directory) }) }) }),
        ...(a.uplink === undefined ? {} : { uplink: a.uplink }),
        ...(a.dscp === undefined || a.dscp === "keep" ? {} : { dscp: a.dscp }),
        ...(a.pair === undefined ? {} : { pair: a.pair as PairSpec }),
      } as GatewaySpec;
    });
}

/** Let's Encrypt's root is known; another CA's must be given. */
function acmeSpec(given: pulumi.Unwrap<AcmeArgs>): AcmeSpec {
  const directory = given.directory ?? letsEncrypt;
  return onlyGiven({ ...given, directory, root: given.root ?? (directory === letsEncrypt ? isrgRootX1 : undefined) });
}

/** The spec holds no secret. */
function withoutPassword(user: UserArgs): Omit<UserArgs, "password" | "oneTimeCodeSeed"> {
  const rest = { ...user };
  delete rest.password;
  delete rest.oneTimeCodeSeed;
  return rest;
}

/** The gateway's own FreeRADIUS is a server like any other to those who ask it. */
function withoutSecrets({ servers, onGateway, ...rest }: RadiusArgs) {
  if (onGateway?.enabled !== true) return { ...rest, servers: (servers ?? []).map(withoutSecret), onGateway: undefined };
  return { ...rest, servers: servers?.map(withoutSecret) ?? [ownServer], onGateway: { keepDays: onGateway.keepDays, postgresql: onGateway.postgresql && withoutPasswordOf(onGateway.postgresql), directory: onGateway.directory && withoutPasswordOf(onGateway.directory) } };
}

function withoutPasswordOf<T extends PostgresqlArgs | DirectoryArgs>(given: T): Omit<T, "password"> {
  const rest: Partial<T> = { ...given };
  delete rest.password;
  return rest as Omit<T, "password">;
}

function withoutSecret(server: RadiusServerArgs): Omit<RadiusServerArgs, "secret"> {
  const rest: Partial<RadiusServerArgs> = { ...server };
  delete rest.secret;
  return rest as Omit<RadiusServerArgs, "secret">;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** The secrets that the caller gave rather than left to be minted. */
export function givenSecrets(args: RemoteAccessArgs): pulumi.Output<GatewaySecrets> {
  const passwords: Record<string, pulumi.Input<string>> = {};
  const oneTimeCodeSeeds: Record<string, pulumi.Input<string>> = {};
  for (const { name, password, oneTimeCodeSeed } of args.users) {
    if (password !== undefined) passwords[name] = password;
    if (oneTimeCodeSeed !== undefined) oneTimeCodeSeeds[name] = oneTimeCodeSeed;
  }
  return pulumi.secret(
    pulumi.all([pulumi.output({ preSharedKey: args.l2tp?.preSharedKey, passwords, oneTimeCodeSeeds, ...givenRadiusSecrets(args) }), pulumi.output(args.identity)]).apply(([own, identity]) => {
      if (identity === undefined) return own;
      const carried = (texts: unknown, whose: (user: UserArgs) => boolean) =>
        Object.fromEntries(Object.entries(isObject(texts) ? texts : {}).filter(([name, text]) => typeof text === "string" && args.users.some((user) => user.name === name && whose(user)))) as Record<string, string>;
      const key = typeof identity.preSharedKey === "string" && identity.preSharedKey !== "" ? identity.preSharedKey : undefined;
      return {
        ...own,
        preSharedKey: own.preSharedKey ?? key,
        passwords: { ...carried(identity.passwords, () => true), ...own.passwords },
        oneTimeCodeSeeds: { ...carried(identity.oneTimeCodeSeeds, ({ oneTimeCode }) => oneTimeCode === true), ...own.oneTimeCodeSeeds },
      };
    }),
  ) as pulumi.Output<GatewaySecrets>;
}

/**
 * The spec once it has been found good. Everything that a gateway makes depends on it, so nothing is made of a bad one.
 *
 * @throws ResourceError with every problem of spec and given secrets at once; warnings go to Pulumi's log.
 */
export function checkedSpec(
  spec: pulumi.Output<GatewaySpec>,
  given: pulumi.Output<GatewaySecrets>,
  parent: pulumi.Resource,
  ofTarget?: TargetProblems,
  identity?: pulumi.Input<GatewayIdentity>,
): pulumi.Output<GatewaySpec> {
  const checked = pulumi.all([spec, given, pulumi.output(identity)]).apply(async ([plain, secrets, carried]) => {
    const ofItsTarget = (await ofTarget?.(plain)) ?? [];
    const ofIdentity = carried === undefined ? [] : identityProblems(carried);
    await refuseOrWarn(() => specProblems(plain, secrets, [...ofItsTarget, ...ofIdentity]), parent);
    return plain;
  });
  // The spec holds no secret; it was only judged beside some.
  return pulumi.unsecret(checked);
}

/** All that is wrong with a spec and the given secrets, with what its target finds. */
export function specProblems(spec: GatewaySpec, secrets: GatewaySecrets, ofTarget: Problem[] = []): Problem[] {
  // Where a target refuses what is elsewhere a warning, that is said once.
  const refused = new Set(ofTarget.map(({ path }) => path));
  const general = validateSpec(spec, secrets).filter(({ severity, path }) => severity === "error" || !refused.has(path));
  return [...general, ...ofTarget];
}
