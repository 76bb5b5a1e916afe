import { renderPlist, type PlistValue } from "../formats/plist";
import { certificateBase64, stableUuid, tunnelScope, type ClientAccess, type UserCredential } from "./access";
import { container } from "./container";
import { chosenSuites, translated, type Transforms } from "./algorithms";

/**
 * Configuration profiles of macOS and iOS. Keys: apple/device-management, mdm/profiles/com.apple.vpn.managed.yaml and
 * com.apple.security.root.yaml. DH group 19 with AES-256-GCM both for IKE and the child SA: without them, or with others
 * than the gateway's first, the tunnel drops every 24 to 48 minutes (hwdsl2/setup-ipsec-vpn#1486).
 */
export function renderAppleIkev2(access: ClientAccess): string {
  const { spec, user, ikev2 } = access;
  if (ikev2 === undefined) throw new Error("mobileconfig: no IKEv2");
  const suites = chosenSuites("ikev2", "apple");
  const { credential } = ikev2;
  return profile(access, "ikev2", [
    ...(ikev2.authority === undefined ? [] : [authorityPayload(access, ikev2.authority)]),
    ...(credential === undefined ? [] : [certificatePayload(access, credential)]),
    payload(access, "ikev2", "vpn", "com.apple.vpn.managed", {
      PayloadDisplayName: `${spec.name}: VPN`,
      UserDefinedName: spec.name,
      VPNType: "IKEv2",
      IKEv2: {
        RemoteAddress: spec.endpoint,
        RemoteIdentifier: spec.endpoint,
        LocalIdentifier: user.name,
        ...(credential === undefined
          ? { AuthenticationMethod: "None", ExtendedAuthEnabled: 1, AuthName: user.name, ...savedPassword(access) }
          : { AuthenticationMethod: "Certificate", CertificateType: "RSA", PayloadCertificateUUID: payloadUuid(access, "ikev2", "certificate"), ExtendedAuthEnabled: 0 }),
        // High: it asks each minute, Medium: each ten. A machine of a pair that gives way sends its clients to the other by redirect.
        DeadPeerDetectionRate: spec.pair === undefined ? "Medium" : "High",
        DisableMOBIKE: 0,
        DisableRedirect: spec.pair === undefined ? 1 : 0,
        EnableCertificateRevocationCheck: 0,
        EnablePFS: suites.esp.group === undefined ? 0 : 1,
        IKESecurityAssociationParameters: parameters(suites.ike),
        // The profile must name a group for the child, with or without perfect forward secrecy.
        ChildSecurityAssociationParameters: parameters({ ...suites.esp, hash: suites.esp.hash ?? suites.ike.hash, group: suites.esp.group ?? suites.ike.group }),
        ...onDemand(access),
      },
      ...routing(access, "ikev2"),
      ...nameServers(access),
    }),
  ]);
}

/** L2TP/IPsec with a pre-shared key. The operating system chooses the proposals. */
export function renderAppleL2tp(access: ClientAccess): string {
  const { spec, user, l2tp } = access;
  if (l2tp?.preSharedKey === undefined) throw new Error("mobileconfig: no L2TP with a pre-shared key");
  return profile(access, "l2tp", [
    payload(access, "l2tp", "vpn", "com.apple.vpn.managed", {
      PayloadDisplayName: `${spec.name}: VPN (L2TP)`,
      UserDefinedName: `${spec.name} L2TP`,
      VPNType: "L2TP",
      PPP: { CommRemoteAddress: spec.endpoint, AuthName: user.name, ...savedPassword(access) },
      IPSec: { AuthenticationMethod: "SharedSecret", SharedSecret: Buffer.from(l2tp.preSharedKey, "utf8") },
      ...routing(access, "l2tp"),
    }),
  ]);
}

/** Where there is none, the device asks. */
function savedPassword({ password, codes }: ClientAccess): { AuthPassword?: string } {
  return codes === undefined ? { AuthPassword: password } : {};
}

type Dictionary = { readonly [key: string]: PlistValue };

function profile(access: ClientAccess, kind: string, contents: Dictionary[]): string {
  const { spec } = access;
  return renderPlist({
    PayloadContent: contents,
    PayloadDescription: `VPN of ${spec.name} (${spec.endpoint})`,
    PayloadDisplayName: kind === "l2tp" ? `${spec.name} VPN (L2TP)` : `${spec.name} VPN`,
    PayloadIdentifier: identifier(access, kind),
    PayloadRemovalDisallowed: false,
    PayloadType: "Configuration",
    PayloadUUID: stableUuid(access, kind).toUpperCase(),
    PayloadVersion: 1,
  });
}

function authorityPayload(access: ClientAccess, authority: string): Dictionary {
  return payload(access, "ikev2", "authority", "com.apple.security.root", {
    PayloadDisplayName: `${access.spec.name}: authority`,
    PayloadCertificateFileName: "authority.cer",
    PayloadContent: Buffer.from(certificateBase64(authority), "base64"),
  });
}

/** com.apple.security.pkcs12.yaml. Its password stands beside it: the profile holds all that lets its user in, as by password. */
function certificatePayload(access: ClientAccess, { containerPassword }: UserCredential): Dictionary {
  return payload(access, "ikev2", "certificate", "com.apple.security.pkcs12", {
    PayloadDisplayName: `${access.spec.name}: certificate`,
    PayloadCertificateFileName: "certificate.p12",
    PayloadContent: Buffer.from(container(access, "legacy"), "base64"),
    Password: containerPassword,
  });
}

function payloadUuid(access: ClientAccess, kind: string, part: string): string {
  return stableUuid(access, `${kind} ${part}`).toUpperCase();
}

function payload(access: ClientAccess, kind: string, part: string, type: string, content: Dictionary): Dictionary {
  return {
    PayloadIdentifier: `${identifier(access, kind)}.${part}`,
    PayloadUUID: payloadUuid(access, kind, part),
    PayloadType: type,
    PayloadVersion: 1,
    ...content,
  };
}

function identifier(access: ClientAccess, kind: string): string {
  return `pulumi-vpn-gateway.${access.spec.name}.${stableUuid(access, kind)}`;
}

function parameters({ encryption, hash, group }: Transforms): Dictionary {
  return {
    EncryptionAlgorithm: translated({ aes256gcm16: "AES-256-GCM", aes128gcm16: "AES-128-GCM", aes256: "AES-256", aes128: "AES-128" }, encryption),
    IntegrityAlgorithm: translated({ sha256: "SHA2-256", sha384: "SHA2-384" }, hash),
    DiffieHellmanGroup: Number(translated({ modp2048: "14", ecp256: "19", ecp384: "20", x25519: "31" }, group)),
    LifeTimeInMinutes: 1440,
  };
}

/** Whether the tunnel takes the default route. With IKEv2 a split tunnel's routes are the gateway's selectors. */
function routing(access: ClientAccess, protocol: "ikev2" | "l2tp"): Dictionary {
  return { IPv4: { OverridePrimary: tunnelScope(access, protocol) === "full" ? 1 : 0 } };
}

/** In a split tunnel Apple's devices would ask the tunnel's name servers for nothing; the empty domain stands for all. */
function nameServers(access: ClientAccess): Dictionary {
  const { spec } = access;
  if (tunnelScope(access, "ikev2") === "full" || spec.dns.length === 0) return {};
  return { DNS: { DNSProtocol: "Cleartext", ServerAddresses: spec.dns, SupplementalMatchDomains: [""], SupplementalMatchDomainsNoSearch: 1 } };
}

function onDemand({ spec: { profiles }, codes }: ClientAccess): Dictionary {
  if (profiles?.onDemand !== true || codes !== undefined) return {};
  const trusted = profiles.trustedWireless;
  const except = trusted.length === 0 ? [] : [{ Action: "Disconnect", InterfaceTypeMatch: "WiFi", SSIDMatch: trusted }];
  return { OnDemandEnabled: 1, OnDemandRules: [...except, { Action: "Connect" }] };
}
