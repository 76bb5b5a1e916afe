import { X509Certificate } from "crypto";
import { renderPowerShell, type PowerShellValue } from "../formats/powershell";
import { certificateBase64, stableUuid, tunnelNetworks, tunnelScope, type ClientAccess, type Ikev2Access } from "./access";
import { chosenSuites, translated } from "./algorithms";
import { container } from "./container";
import { asksEachTime, windowsCertificateScripts, windowsParameters, windowsScript } from "./windowsScript";

/** Words of Set-VpnConnectionIPsecConfiguration (VpnClient module, its page at learn.microsoft.com). */
const words = {
  encryption: { aes256gcm16: "GCMAES256", aes128gcm16: "GCMAES128", aes256: "AES256", aes128: "AES128" },
  integrity: { sha1: "SHA1", sha256: "SHA256", sha384: "SHA384" },
  authentication: { sha1: "SHA196", sha256: "SHA256128" },
  group: { modp2048: "Group14", ecp256: "ECP256", ecp384: "ECP384" },
  perfectForwardSecrecy: { modp2048: "PFS2048", ecp256: "ECP256", ecp384: "ECP384" },
} as const;

/**
 * A script that makes a Windows connection with exactly the algorithms that the gateway offers Windows. Windows asks for
 * name and password at the first connection and keeps them (of a user with one-time codes it asks each time), so that the
 * script holds no password.
 */
export function renderWindows(access: ClientAccess, protocol: "ikev2" | "l2tp"): string {
  const { spec, user } = access;
  const { ike, esp } = chosenSuites(protocol, "windows");
  const combined = esp.encryption.includes("gcm");
  const { credential } = access[protocol]!;
  const variables: Record<string, PowerShellValue> = {
    Name: connectionName(access, protocol),
    Id: stableUuid(access, `windows ${protocol}`),
    Server: spec.endpoint,
    User: user.name,
    TunnelType: protocol === "ikev2" ? "Ikev2" : "L2tp",
    PreSharedKey: (protocol === "l2tp" ? access.l2tp!.preSharedKey : undefined) ?? "",
    Authority: protocol === "ikev2" ? authorityOf(access.ikev2!) : access.l2tp!.authority === undefined ? "" : certificateBase64(access.l2tp!.authority),
    SplitTunneling: tunnelScope(access, protocol) === "split",
    Routes: routes(access, protocol),
    EncryptionMethod: translated(words.encryption, ike.encryption),
    IntegrityCheckMethod: translated(words.integrity, ike.hash),
    DHGroup: translated(words.group, ike.group),
    CipherTransformConstants: translated(words.encryption, esp.encryption),
    AuthenticationTransformConstants: combined ? translated(words.encryption, esp.encryption) : translated(words.authentication, esp.hash),
    PfsGroup: translated(words.perfectForwardSecrecy, esp.group, "None"),
  };
  if (credential !== undefined) {
    variables.Container = container(access, "modern");
    variables.Thumbprint = new X509Certificate(credential.certificate).fingerprint.replaceAll(":", "");
  }
  const script = credential === undefined ? windowsScript : windowsCertificateScripts[protocol];
  return renderPowerShell(windowsParameters, variables, access.codes === undefined ? script : asksEachTime(script), `VPN connection to ${spec.name} for Windows 10 and 11. Written by pulumi-vpn-gateway.`);
}

/** The gateway's, or else that of the user's own certificate, which Windows must trust to give it away. */
function authorityOf({ authority, issuer, credential }: Ikev2Access): string {
  const trusted = authority ?? (credential && issuer);
  return trusted === undefined ? "" : certificateBase64(trusted);
}

export function connectionName({ spec }: ClientAccess, protocol: "ikev2" | "l2tp"): string {
  return protocol === "ikev2" ? spec.name : `${spec.name} L2TP`;
}

/** A full tunnel has the IPv4 default route by itself; Windows makes none for IPv6. */
function routes(access: ClientAccess, protocol: "ikev2" | "l2tp"): string[] {
  if (tunnelScope(access, protocol) === "split") return tunnelNetworks(access, protocol);
  return protocol === "ikev2" && access.ikev2?.spec.pool6 !== undefined ? ["::/1", "8000::/1"] : [];
}
