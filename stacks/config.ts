import * as pulumi from "@pulumi/pulumi";
import type { AcmeArgs, GroupArgs, RadiusArgs, RateArgs, RemoteAccessArgs, UserArgs } from "../components/args";
import type { GatewayIdentity } from "../gateway/identity";
import { labId } from "../lab/labId";
import { labAddresses } from "../lab/networks";

/** The lab of this stack: two checkouts, or two stacks of one, have two. */
export function labName(): string {
  return labId(pulumi.getStack(), process.cwd());
}

/** What a gateway shall be, as the stack's config has it, with the lab's addresses where it is silent. */
export function remoteAccessConfig(config: pulumi.Config): RemoteAccessArgs {
  const passwords = config.getObject<Record<string, string>>("passwords") ?? {};
  return {
    identity: config.getSecretObject<GatewayIdentity>("identity"),
    users: (config.getObject<(string | UserArgs)[]>("users") ?? [])
      .map((user) => (typeof user === "string" ? { name: user } : user))
      .map((user) => ({ ...user, password: passwords[user.name] })),
    groups: config.getObject<GroupArgs[]>("groups"),
    accounting: config.getBoolean("accounting"),
    unmeasuredSessions: config.getBoolean("unmeasuredSessions"),
    metrics: config.getBoolean("metrics"),
    uplink: config.getObject<RateArgs>("uplink"),
    dscp: config.get("dscp"),
    l2tp: { enabled: config.getBoolean("l2tp") ?? true, preSharedKey: config.getSecret("preSharedKey"), fixedPool: config.get("l2tpFixedPool"), sharedNat: config.getBoolean("sharedNat"), certificates: config.getBoolean("l2tpCertificates") },
    ikev2: {
      enabled: config.getBoolean("ikev2") ?? true,
      pool: config.get("ikev2Pool"),
      pool6: config.get("pool6"),
      fixedPool: config.get("ikev2FixedPool"),
      fixedPool6: config.get("fixedPool6"),
      certificates: config.getBoolean("certificates"),
      revokedSerials: config.getObject<string[]>("revokedSerials"),
      acme: config.getObject<AcmeArgs>("acme"),
    },
    endpoint: config.get("endpoint"),
    insideNetworks: config.getObject<string[]>("insideNetworks") ?? [labAddresses.insideNetwork],
    dns: config.getObject<string[]>("dns") ?? [labAddresses.internetHost],
    tunnel: config.get("tunnel"),
    clients: config.getObject<string[]>("clients"),
    clientToClient: config.getBoolean("clientToClient"),
    masquerade: config.get("masquerade"),
    outsideMtu: config.getNumber("outsideMtu"),
    platform: config.get("platform"),
    radius: radiusConfig(config),
    profiles: config.getObject<{ onDemand?: boolean; trustedWireless?: string[] }>("profiles"),
    administrators: config.getObject<string[]>("administrators") ?? [labAddresses.management],
  };
}

/** The servers' secrets apart, so that they alone are kept encrypted: `radiusSecrets`, in the order of `radius.servers`. */
function radiusConfig(config: pulumi.Config): RadiusArgs | undefined {
  const radius = config.getObject<RadiusArgs>("radius");
  if (radius === undefined) return undefined;
  const database = radius.onGateway?.postgresql;
  const directory = radius.onGateway?.directory;
  if (radius.onGateway !== undefined && (database !== undefined || directory !== undefined)) {
    return {
      ...radius,
      onGateway: {
        ...radius.onGateway,
        postgresql: database && { ...database, password: config.requireSecret("radiusDatabasePassword") },
        directory: directory && { ...directory, password: config.requireSecret("radiusDirectoryPassword") },
      },
    };
  }
  if (radius.servers === undefined) return radius;
  const secrets = config.requireSecretObject<string[]>("radiusSecrets");
  return { ...radius, servers: radius.servers.map((server, index) => ({ ...server, secret: secrets.apply((all) => all[index]) })) };
}
