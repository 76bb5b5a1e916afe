import type { PlatformName } from "./spec";

/** What differs between distributions. */
export interface Platform {
  name: PlatformName;
  title: string;
  /** Packages for every gateway. */
  packages: readonly string[];
  /** Packages that IKEv2 with EAP needs beside them. */
  ikev2Packages: readonly string[];
  /** Packages that L2TP needs beside them. */
  l2tpPackages: readonly string[];
  /** A kernel, or part of one, with PPP and L2TP, as words for a shell; installed if the running kernel has none. */
  l2tpKernelPackages: readonly string[];
  /** Why the platform cannot do L2TP; undefined: it can. */
  l2tpMissing?: string;
  /** Packages that a certificate of a public CA needs beside them. */
  acmePackages: readonly string[];
  /** Packages that a pair needs beside them. */
  pairPackages: readonly string[];
  /** Packages that BGP needs beside them; the second one brings frr-reload.py. */
  bgpPackages: readonly string[];
  /** Packages of a RADIUS server on the gateway itself. */
  radiusPackages: readonly string[];
  /** Packages that it needs beside them for books in PostgreSQL. */
  postgresqlPackages: readonly string[];
  directoryPackages: readonly string[];
  units: { ike: string; l2tp: string; firewall: string; vrrp: string; watch: string; sites: string; keeper: string; policies: string; rates: string; routing: string; radius: string; relay: string; acme: string };
}

const units = {
  ike: "strongswan.service",
  l2tp: "xl2tpd.service",
  firewall: "vpn-gateway-firewall.service",
  vrrp: "keepalived.service",
  watch: "vpn-gateway-watch.service",
  sites: "vpn-gateway-sites.service",
  keeper: "vpn-gateway-keeper.service",
  policies: "vpn-gateway-policies.service",
  rates: "vpn-gateway-rates.service",
  routing: "frr.service",
  radius: "freeradius.service",
  relay: "vpn-gateway-relay.service",
  acme: "vpn-gateway-acme.timer",
};

/**
 * Of strongSwan only what a gateway loads (see render/charon.ts): eap-mschapv2 is in libcharon-extauth-plugins,
 * eap-identity, eap-tls and eap-radius in libcharon-extra-plugins (pppd's radius plugin is in ppp itself) (eap-dynamic in none), all ciphers are in libstrongswan's own OpenSSL plugin. Both distributions
 * name the unit of charon-systemd `strongswan.service`, and ship xl2tpd with an init script only.
 */
const common = {
  packages: ["charon-systemd", "strongswan-swanctl", "nftables", "python3"],
  ikev2Packages: ["libcharon-extauth-plugins", "libcharon-extra-plugins"],
  l2tpPackages: ["xl2tpd", "ppp"],
  // A script of bash, curl and OpenSSL: 0.7.2 in Debian 13, 0.7.0 in Ubuntu 24.04.
  acmePackages: ["dehydrated"],
  pairPackages: ["keepalived"],
  // FRR 10.3 in Debian 13, 8.4.4 in Ubuntu 24.04, by the same names.
  bgpPackages: ["frr", "frr-pythontools"],
  // FreeRADIUS 3.2.7 in Debian 13, 3.2.5 in Ubuntu 24.04; its SQLite driver is in it.
  radiusPackages: ["freeradius"],
  postgresqlPackages: ["freeradius-postgresql", "ca-certificates"],
  directoryPackages: ["freeradius-ldap", "ca-certificates"],
  units,
};

const platforms: Record<PlatformName, Platform> = {
  debian13: {
    name: "debian13",
    title: "Debian 13",
    ...common,
    // MD4 and DES of MS-CHAPv2 are in OpenSSL's legacy provider, a package of its own since Debian 13.
    packages: [...common.packages, "openssl-provider-legacy"],
    // Debian's cloud kernel is built without PPP. The package is named after the machine's architecture.
    l2tpKernelPackages: ["linux-image-$(dpkg --print-architecture)"],
  },
  ubuntu2404: {
    name: "ubuntu2404",
    title: "Ubuntu 24.04",
    ...common,
    // l2tp_ppp is split off. In a cloud a package that follows newer kernels is there beside the one for the running kernel.
    l2tpKernelPackages: ["linux-modules-extra-$(uname -r)", "$(uname -r | sed -nE 's/.*-(aws|azure|gcp)$/linux-modules-extra-\\1/p')"],
  },
};

/** Facts of a platform; undefined for a name that the library does not know. */
export function platformOf(name: string): Platform | undefined {
  return Object.hasOwn(platforms, name) ? platforms[name as PlatformName] : undefined;
}

/** @throws Error for an unknown platform; for names that validation has already found good. */
export function platform(name: string): Platform {
  const found = platformOf(name);
  if (found === undefined) throw new Error(`unknown platform ${JSON.stringify(name)}`);
  return found;
}

/** Paths of the files that make a gateway, the same on every platform. */
export const paths = {
  connections: "/etc/swanctl/conf.d/vpn-gateway.conf",
  preSharedKey: "/etc/swanctl/conf.d/vpn-gateway-psk.conf",
  passwords: "/etc/swanctl/conf.d/vpn-gateway-passwords.conf",
  l2tpUserConnections: "/etc/swanctl/conf.d/vpn-gateway.l2tp-users.conf",
  certificate: "/etc/swanctl/x509/vpn-gateway.pem",
  authority: "/etc/swanctl/x509ca/vpn-gateway.pem",
  privateKey: "/etc/swanctl/private/vpn-gateway.pem",
  revocationList: "/etc/swanctl/x509crl/vpn-gateway.pem",
  acme: "/etc/vpn-gateway/acme.json",
  acmeClient: "/etc/vpn-gateway/acme.conf",
  acmeDirectoryAuthority: "/etc/vpn-gateway/acme-directory.pem",
  acmeService: "/etc/systemd/system/vpn-gateway-acme.service",
  acmeTimer: "/etc/systemd/system/vpn-gateway-acme.timer",
  // Where the dehydrated of this gateway keeps its account, and what it waits to be asked for.
  acmeState: "/var/lib/vpn-gateway/acme",
  charon: "/etc/strongswan.d/vpn-gateway.conf",
  xl2tpd: "/etc/xl2tpd/xl2tpd.conf",
  pppOptions: "/etc/ppp/options.vpn-gateway",
  chapSecrets: "/etc/ppp/chap-secrets",
  radiusClient: "/etc/ppp/radius.vpn-gateway/client.conf",
  radiusDictionary: "/etc/ppp/radius.vpn-gateway/dictionary",
  radiusServers: "/etc/ppp/radius.vpn-gateway/servers",
  eapRadius: "/etc/strongswan.d/vpn-gateway-radius.conf",
  disconnect: "/etc/vpn-gateway/radius.json",
  disconnectSecrets: "/etc/vpn-gateway/radius.secrets",
  relayUnit: "/etc/systemd/system/vpn-gateway-relay.service",
  // Of the gateway's own FreeRADIUS, which reads copies of them (render/freeradius.ts).
  radiusd: "/etc/vpn-gateway/radius/radiusd.conf",
  radiusdClient: "/etc/vpn-gateway/radius/client.conf",
  radiusdUsers: "/etc/vpn-gateway/radius/users",
  radiusdSchema: "/etc/vpn-gateway/radius/books.sql",
  radiusdDatabase: "/etc/vpn-gateway/radius/pgpass",
  radiusdDirectory: "/etc/vpn-gateway/radius/directory.conf",
  radiusdDirectoryAuthority: "/etc/vpn-gateway/radius/directory-authority.pem",
  radiusdAuthority: "/etc/vpn-gateway/radius/database-authority.pem",
  radiusBooks: "/etc/vpn-gateway/radius/books.json",
  radiusdUnit: "/etc/systemd/system/freeradius.service",
  firewall: "/etc/vpn-gateway/firewall.nft",
  users: "/etc/vpn-gateway/users",
  // After vpn-gateway.conf in the order in which they are read.
  userConnections: "/etc/swanctl/conf.d/vpn-gateway.users.conf",
  policies: "/etc/vpn-gateway/policies.nft",
  policiesUnit: "/etc/systemd/system/vpn-gateway-policies.service",
  rates: "/etc/vpn-gateway/rates.nft",
  rateSettings: "/etc/vpn-gateway/rates.json",
  ratesUnit: "/etc/systemd/system/vpn-gateway-rates.service",
  keeperUnit: "/etc/systemd/system/vpn-gateway-keeper.service",
  sysctl: "/etc/sysctl.d/60-vpn-gateway.conf",
  modules: "/etc/modules-load.d/vpn-gateway.conf",
  ikeUnit: "/etc/systemd/system/strongswan.service.d/vpn-gateway.conf",
  l2tpUnit: "/etc/systemd/system/xl2tpd.service",
  firewallUnit: "/etc/systemd/system/vpn-gateway-firewall.service",
  keepalived: "/etc/keepalived/keepalived.conf",
  vrrpUnit: "/etc/systemd/system/keepalived.service.d/vpn-gateway.conf",
  watchUnit: "/etc/systemd/system/vpn-gateway-watch.service",
  sitesUnit: "/etc/systemd/system/vpn-gateway-sites.service",
  siteFirewalls: "/etc/vpn-gateway/firewall.d",
  frrDaemons: "/etc/frr/daemons",
  frrUnit: "/etc/systemd/system/frr.service.d/vpn-gateway.conf",
  // What /etc/frr/frr.conf is made of, with the share of each connection in bgp.d (host/vpn_gateway/frr.py).
  frrBase: "/etc/vpn-gateway/bgp.conf",
  pair: "/etc/vpn-gateway/pair.json",
  fitScript: "/etc/vpn-gateway/fit",
  stateScript: "/etc/vpn-gateway/pair-state",
  sshd: "/etc/ssh/sshd_config.d/10-vpn-gateway.conf",
  ready: "/var/lib/vpn-gateway/ready",
} as const;
