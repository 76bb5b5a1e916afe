import { espProposals, ikeProposals } from "../cipherSuites";
import { renderKeyFile, type KeyFileGroup } from "../formats/keyFile";
import { pathMtu } from "../mtu";
import { encodedSecret } from "../render/swanctl";
import { stableUuid, tunnelNetworks, tunnelScope, type ClientAccess } from "./access";

/** Where the authority is put for charon-nm, which takes a path alone; and the user's certificate and key. */
export const authorityPath = ({ spec }: ClientAccess): string => `/etc/NetworkManager/certificates/${spec.name}.pem`;
export const userCertificatePath = ({ spec }: ClientAccess): string => `/etc/NetworkManager/certificates/${spec.name}-user.pem`;
export const userKeyPath = ({ spec }: ClientAccess): string => `/etc/NetworkManager/certificates/${spec.name}-user.key`;

/**
 * A connection of NetworkManager with its strongSwan plugin: nm-settings-keyfile(5); what the plugin reads is strongSwan's
 * src/charon-nm/nm/nm_service.c. A split tunnel's networks are the selectors that it asks for.
 */
export function renderNetworkManagerIkev2(access: ClientAccess): string {
  const { spec, user, password, codes, ikev2 } = access;
  if (ikev2 === undefined) throw new Error("NetworkManager: no IKEv2");
  const split = tunnelScope(access, "ikev2") === "split";
  const byCertificate = ikev2.credential !== undefined;
  return renderKeyFile(
    [
      connection(access, spec.name, "ikev2"),
      {
        name: "vpn",
        entries: {
          "service-type": "org.freedesktop.NetworkManager.strongswan",
          address: spec.endpoint,
          // Without one the plugin takes those of the system (nm_service.c).
          ...(ikev2.authority === undefined ? {} : { certificate: authorityPath(access) }),
          ...(byCertificate
            ? { method: "cert", "cert-source": "file", usercert: userCertificatePath(access), userkey: userKeyPath(access), "local-identity": user.name }
            : { method: "eap", user: user.name, "password-flags": passwordFlags(access) }),
          virtual: "yes",
          encap: "no",
          ipcomp: "no",
          proposal: "yes",
          ike: ikeProposals("ikev2", ["linux"]).join(";"),
          esp: espProposals("ikev2", ["linux"]).join(";"),
          ...(split ? { "remote-ts": tunnelNetworks(access, "ikev2").join(";") } : {}),
        },
      },
      ...(byCertificate || codes !== undefined ? [] : [{ name: "vpn-secrets", entries: { password } }]),
      { name: "ipv4", entries: { method: "auto", ...(split ? { "never-default": true } : {}) } },
      { name: "ipv6", entries: ikev2.spec.pool6 === undefined ? { method: "disabled" } : { method: "auto", ...(split ? { "never-default": true } : {}) } },
    ],
    `IKEv2 to ${spec.name}. Written by pulumi-vpn-gateway.`,
  );
}

/**
 * The same for NetworkManager-l2tp (its shared/nm-service-defines.h). The plugin takes a key that begins with 0s for
 * base64, so it is given as that; a split tunnel's networks are routes of the connection. It calls TLS what proves the
 * machine by a certificate.
 */
export function renderNetworkManagerL2tp(access: ClientAccess): string {
  const { spec, user, password, codes, l2tp } = access;
  if (l2tp === undefined) throw new Error("NetworkManager: no L2TP");
  const mtu = pathMtu(spec).l2tp!;
  const split = tunnelScope(access, "l2tp") === "split";
  const networks = split ? tunnelNetworks(access, "l2tp") : [];
  const byCertificate = l2tp.credential !== undefined;
  return renderKeyFile(
    [
      connection(access, `${spec.name} L2TP`, "l2tp"),
      {
        name: "vpn",
        entries: {
          "service-type": "org.freedesktop.NetworkManager.l2tp",
          gateway: spec.endpoint,
          user: user.name,
          "user-auth-type": "password",
          "password-flags": passwordFlags(access),
          "ipsec-enabled": "yes",
          ...(byCertificate
            ? { "machine-auth-type": "tls", "machine-ca": authorityPath(access), "machine-cert": userCertificatePath(access), "machine-key": userKeyPath(access) }
            : { "machine-auth-type": "psk", "ipsec-psk-flags": 0 }),
          "ipsec-remote-id": spec.endpoint,
          "ipsec-pfs": "no",
          "ipsec-ike": ikeProposals("l2tp", ["linux"]).join(","),
          "ipsec-esp": espProposals("l2tp", ["linux"]).join(","),
          mtu,
          mru: mtu,
          "refuse-eap": "yes",
          "refuse-pap": "yes",
          "refuse-chap": "yes",
          "refuse-mschap": "yes",
        },
      },
      { name: "vpn-secrets", entries: { ...(codes === undefined ? { password } : {}), ...(l2tp.preSharedKey === undefined ? {} : { "ipsec-psk": encodedSecret(l2tp.preSharedKey) }) } },
      {
        name: "ipv4",
        entries: {
          method: "auto",
          ...(split ? { "never-default": true } : {}),
          ...Object.fromEntries(networks.map((network, index) => [`route${index + 1}`, network])),
        },
      },
      { name: "ipv6", entries: { method: "disabled" } },
    ],
    `L2TP/IPsec to ${spec.name}. Written by pulumi-vpn-gateway.`,
  );
}

/** NMSettingSecretFlags: 0 is kept in this file, 2 kept nowhere and asked for each time. */
function passwordFlags({ codes }: ClientAccess): number {
  return codes === undefined ? 0 : 2;
}

function connection(access: ClientAccess, id: string, kind: string): KeyFileGroup {
  return { name: "connection", entries: { id, uuid: stableUuid(access, `networkmanager ${kind}`), type: "vpn", autoconnect: false } };
}
