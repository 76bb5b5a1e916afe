import * as pulumi from "@pulumi/pulumi";
import type { Part, PartName } from "../gateway/bundle";
import { renderReadableParts, renderSecretParts } from "../gateway/renderBundle";
import type { UserCredential } from "../gateway/clients/access";
import { oneTimeCodes, type OneTimeCodes } from "../gateway/oneTimeCode";
import type { GatewayIdentity } from "../gateway/identity";
import { needsPreSharedKey } from "../gateway/preSharedKey";
import type { GatewaySecrets, GatewaySpec } from "../gateway/spec";
import type { RemoteAccessArgs } from "./args";
import { serverIdentity } from "./certificates";
import { userCertificates } from "./userCertificates";
import { gatewaySite, type GatewaySite } from "./gatewaySite";
import { onlyGiven } from "./onlyGiven";
import { partPusher, type Machine, type PartPusher } from "./parts";
import { accessSecrets, radiusSecrets } from "./secrets";
import { checkedSpec, givenSecrets, resolveSpec, type SpecDefaults, type TargetProblems } from "./spec";

/** What a client must be told to connect. As a whole a Pulumi secret. */
export interface ClientSettings {
  /** IPv4 address or DNS name to connect to, and the gateway's IKE identity. */
  endpoint: string;
  /** For L2TP/IPsec; empty without it, and where nobody needs it. */
  preSharedKey: string;
  /** PEM of the authority to trust, for IKEv2; empty without it. */
  authority: string;
  /** Password of each user, by user name. */
  passwords: Record<string, string>;
  /** Key and certificate of each user who has one, by user name; only where `ikev2.certificates` is on. */
  credentials?: Record<string, UserCredential>;
  /** What an authenticator app is told for each user with one-time codes, by user name; only where there are any. */
  oneTimeCodes?: Record<string, OneTimeCodes>;
}

/** The spec of a gateway, resolved and found good, for what must be made before its machine (user data). */
export function remoteAccessSpec(
  name: string,
  args: RemoteAccessArgs,
  defaults: SpecDefaults,
  parent: pulumi.Resource,
  ofTarget?: TargetProblems,
): pulumi.Output<GatewaySpec> {
  return checkedSpec(resolveSpec(name, args, defaults), givenSecrets(args), parent, ofTarget, args.identity);
}

/** What a gateway must hide and what its clients must know, minted once: two machines of a pair have the same. */
export interface AccessMaterial {
  secrets: pulumi.Output<GatewaySecrets>;
  /** What clients are told, once `ready` has been made. */
  settings(ready: pulumi.CustomResource): pulumi.Output<ClientSettings>;
  /** What another gateway takes to be the same to every device; a secret. */
  identity: pulumi.Output<GatewayIdentity>;
}

export function accessMaterial(name: string, args: RemoteAccessArgs, spec: pulumi.Output<GatewaySpec>, parent: pulumi.Resource): AccessMaterial {
  const opts = { parent };
  const access = accessSecrets(name, args, spec, opts);
  const identity = args.ikev2?.enabled === false ? undefined : serverIdentity(name, spec, args.identity, opts);
  const users = identity === undefined || args.ikev2?.certificates !== true ? undefined : userCertificates(name, args, spec, identity, opts);
  const secrets = pulumi.secret(
    pulumi.output({
      preSharedKey: access.preSharedKey,
      passwords: access.passwords,
      ...(access.oneTimeCodeSeeds === undefined ? {} : { oneTimeCodeSeeds: access.oneTimeCodeSeeds }),
      privateKey: identity?.privateKey,
      certificate: identity?.certificate,
      authority: identity?.authority,
      ...(users === undefined ? {} : { revocationList: users.revocationList }),
      ...radiusSecrets(name, args, spec, opts),
    }),
  ) as pulumi.Output<GatewaySecrets>;
  const authority = identity && { certificate: identity.authority, privateKey: identity.authorityKey };
  return {
    secrets,
    identity: pulumi.secret(
      pulumi.output({ preSharedKey: access.preSharedKey ?? "", passwords: access.passwords, ...onlyGiven({ authority, credentials: users?.credentials, oneTimeCodeSeeds: access.oneTimeCodeSeeds }) }),
    ) as pulumi.Output<GatewayIdentity>,
    settings: (ready) =>
      pulumi.secret(
        pulumi
          .all([spec, access.preSharedKey, identity?.authority, access.passwords, users?.credentials, access.oneTimeCodeSeeds, ready.id])
          .apply(([plain, preSharedKey, authority, passwords, credentials, seeds]) => ({
            endpoint: plain.endpoint,
            preSharedKey: (needsPreSharedKey(plain) ? preSharedKey : undefined) ?? "",
            authority: authority ?? "",
            passwords,
            ...(credentials === undefined ? {} : { credentials }),
            ...(seeds === undefined ? {} : { oneTimeCodes: oneTimeCodes(plain, seeds) }),
          })),
      ),
  };
}

/**
 * Renders all parts and pushes them to the machine, over SSH or by the pusher that is given; gives the last push, once
 * which the gateway stands. Without clients there is nothing but `base`.
 */
export function pushParts(
  name: string,
  machine: Machine | PartPusher,
  spec: pulumi.Output<GatewaySpec>,
  secrets: pulumi.Output<GatewaySecrets>,
  opts: pulumi.CustomResourceOptions,
  withClients = true,
): pulumi.CustomResource {
  const readable = spec.apply(renderReadableParts);
  const secret = pulumi.all([spec, secrets]).apply(([plain, values]) => renderSecretParts(plain, values));
  const pusher = "push" in machine ? machine : partPusher(name, machine, spec, opts);
  if (!withClients) return pusher.push("base", pick(readable, "base"), false, true);
  pusher.push("identity", pick(secret, "identity"), true, false);
  pusher.push("base", pick(readable, "base"), false, true);
  pusher.push("passwords", pick(secret, "passwords"), true, false);
  return pusher.push("users", pick(readable, "users"), false, false);
}

/** A gateway that stands: what its clients are told, and what another takes to be the same to them. Both are secrets. */
export interface RemoteAccess {
  settings: pulumi.Output<ClientSettings>;
  identity: pulumi.Output<GatewayIdentity>;
}

/** The same, with what a site connection takes. */
export interface Standing extends RemoteAccess {
  /** A secret as a whole: it holds how to reach the machine. Only of a machine that is reached over SSH. */
  site: pulumi.Output<GatewaySite>;
}

/** Makes a machine the gateway that `spec` describes: mints what is secret, renders the parts and pushes them. */
export function remoteAccess(
  name: string,
  args: RemoteAccessArgs,
  spec: pulumi.Output<GatewaySpec>,
  machine: Machine | PartPusher,
  parent: pulumi.Resource,
): RemoteAccess {
  const material = accessMaterial(name, args, spec, parent);
  // Only once the last part stands is there something to connect to.
  return { settings: material.settings(pushParts(name, machine, spec, material.secrets, { parent }, hasClients(args))), identity: material.identity };
}

/** The same, with what a site connection takes. */
export function standingGateway(name: string, args: RemoteAccessArgs, spec: pulumi.Output<GatewaySpec>, machine: Machine, parent: pulumi.Resource): Standing {
  const access = remoteAccess(name, args, spec, machine, parent);
  return { ...access, site: gatewaySite(spec, machine, access.settings) };
}

/** Is there anybody to let in, or is the gateway there for other sites alone? */
export function hasClients(args: RemoteAccessArgs): boolean {
  return args.l2tp?.enabled === true || args.ikev2?.enabled !== false;
}

function pick(parts: pulumi.Output<Part[]>, name: PartName): pulumi.Output<Part> {
  return parts.apply((all) => {
    const part = all.find((candidate) => candidate.name === name);
    if (part === undefined) throw new Error(`no part ${name} was rendered`);
    return part;
  });
}
