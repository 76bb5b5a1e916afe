import { renderShellVariables } from "../formats/shellVariables";
import { directive, renderUnit } from "../formats/unit";
import { paths, platform } from "../platforms";
import type { AcmeSpec, GatewaySpec } from "../spec";
import { sandboxOf } from "./sandbox";

/** What the gateway's own command must know (host/vpn_gateway/acme.py): for which name, and by which CA. */
export function renderAcme(spec: Pick<GatewaySpec, "endpoint">, acme: AcmeSpec): string {
  return `${JSON.stringify({ name: spec.endpoint, directory: acme.directory }, undefined, 2)}\n`;
}

/**
 * dehydrated's configuration, which its shell reads in (its docs/examples/config). RSA, since Apple's IKEv2 clients have
 * trouble with a server's ECDSA certificate (strongSwan's maintainer, github.com/jawj/IKEv2-setup/issues/159). The account's
 * key shows in nobody's handshake: P-256, which is made at once (an older dehydrated makes an RSA key).
 */
export function renderAcmeClient(spec: Pick<GatewaySpec, "name">, acme: AcmeSpec): string {
  const authority = acme.directoryAuthority === undefined ? "" : `--cacert ${paths.acmeDirectoryAuthority} `;
  return renderShellVariables(
    [
      { name: "CA", value: acme.directory },
      ...(acme.email === undefined ? [] : [{ name: "CONTACT_EMAIL", value: acme.email }]),
      { name: "BASEDIR", value: paths.acmeState },
      { name: "WELLKNOWN", value: `${paths.acmeState}/challenges` },
      { name: "CHALLENGETYPE", value: "http-01" },
      { name: "KEY_ALGO", value: "rsa", why: "Apple's IKEv2 clients have trouble with a server's ECDSA certificate." },
      { name: "KEYSIZE", value: "3072" },
      { name: "ACCOUNT_KEY_ALGO", value: "prime256v1" },
      { name: "ORDER_TIMEOUT", value: "120" },
      { name: "CURL_OPTS", value: `${authority}--connect-timeout 20 --max-time 90` },
    ],
    `ACME client of ${spec.name}. Written by pulumi-vpn-gateway.`,
  );
}

/** One attempt where one is due, which the command itself decides. */
export function renderAcmeService(spec: Pick<GatewaySpec, "name" | "platform">): string {
  const facts = platform(spec.platform);
  const { units, strongswan } = facts;
  return renderUnit(
    [
      {
        name: "Unit",
        directives: [
          directive("Description", "Certificate of the VPN gateway from a public CA"),
          directive("After", `network-online.target ${units.firewall} ${units.ike}`),
          directive("Wants", "network-online.target"),
        ],
      },
      {
        name: "Service",
        directives: [
          directive("Type", "oneshot"),
          directive("ExecStart", "/usr/sbin/vpn-gateway acme --if-due"),
          directive("TimeoutStartSec", "15min"),
          directive("RuntimeDirectory", "vpn-gateway"),
          directive("RuntimeDirectoryPreserve", "yes", "What it holds is others' too."),
          ...sandboxOf(facts).filter(({ key }) => key !== "ProtectSystem"),
          directive("ProtectSystem", "strict"),
          directive("ReadWritePaths", `${paths.acmeState.replace(/\/acme$/, "")} ${strongswan.swanctl} /run/vpn-gateway -/var/log/vpn-gateway.log`),
          directive("ProtectKernelTunables", "yes"),
          directive("ProtectProc", "invisible"),
          directive("PrivateDevices", "yes"),
          directive("CapabilityBoundingSet", "CAP_NET_ADMIN CAP_NET_BIND_SERVICE", "The firewall's port, and a listener on it."),
          directive("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6 AF_NETLINK"),
          directive("SystemCallFilter", "@system-service"),
        ],
      },
    ],
    `Certificate of ${spec.name}. Written by pulumi-vpn-gateway.`,
  );
}

/** Often, since most times there is nothing to do; spread, so that many gateways do not ask one CA at one moment. */
export function renderAcmeTimer(spec: Pick<GatewaySpec, "name">): string {
  return renderUnit(
    [
      { name: "Unit", directives: [directive("Description", "When the VPN gateway looks whether its certificate is due")] },
      {
        name: "Timer",
        directives: [
          directive("OnActiveSec", "5s"),
          directive("OnUnitInactiveSec", "15min"),
          directive("RandomizedDelaySec", "1min"),
          directive("AccuracySec", "1s"),
        ],
      },
      { name: "Install", directives: [directive("WantedBy", "timers.target")] },
    ],
    `Renewal of the certificate of ${spec.name}. Written by pulumi-vpn-gateway.`,
  );
}
