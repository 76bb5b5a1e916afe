import type { PlatformName } from "./spec";

/** Where strongSwan of a distribution reads what is ours. */
export interface StrongswanPaths {
  /** What `swanctl --load-all` reads. */
  swanctl: string;
  connections: string;
  preSharedKey: string;
  passwords: string;
  l2tpUserConnections: string;
  /** After `connections` in the order in which they are read. */
  userConnections: string;
  certificate: string;
  authority: string;
  privateKey: string;
  revocationList: string;
  charon: string;
  eapRadius: string;
}

/** What the gateway's own command must know of the distribution (host/vpn_gateway/layout.py). */
export interface HostLayout {
  /** What installs packages. */
  packages: "apt" | "dnf";
  /** A repository beside the distribution's own that packages are in, and how it is had; none: none is needed. */
  repository?: { name: string; advice: string };
  /** What brings the modules that the running kernel lacks, with its release for `{release}`; none: it is said what to do. */
  modulePackage?: string;
  /** `ID` and `VERSION_ID` of os-release(5): one of the former, or of ID_LIKE, and what the latter begins with. */
  system: { ids: string[]; version: string };
  /** What strongSwan's settings begin with. */
  settings: string[];
  swanctl: string;
  /** Where charon is asked and told. */
  vici: string;
  /** A pattern of the library that IKEv1 is in, or is not. */
  libcharon: string;
  /** The administrator's own ruleset. */
  nftables: string;
  frrReload: string;
}

/** What differs between distributions. */
export interface Platform {
  name: PlatformName;
  title: string;
  /** Are there images of it that the clouds' gateways choose? */
  inClouds: boolean;
  strongswan: StrongswanPaths;
  host: HostLayout;
  /** Plugins of charon that users' passwords need here beside those that they need everywhere. */
  passwordPlugins: readonly string[];
  /** Does SELinux enforce a policy that has domains of their own for the daemons? */
  selinux: boolean;
  /** Kernel modules that modprobe.d(5) keeps from systemd-modules-load: their users load them by name. */
  deniedModules: readonly string[];
  /** Do FRR's daemons have a file each, unless vtysh.conf says otherwise? */
  frrFiles: boolean;
  /** Why the platform can be neither one of a pair nor its own RADIUS server; undefined: it can. */
  untriedServices?: string;
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
  units: { ike: string; l2tp: string; firewall: string; vrrp: string; watch: string; watchdog: string; handOver: string; sites: string; keeper: string; policies: string; rates: string; routing: string; radius: string; relay: string; acme: string };
}

function strongswanPaths(swanctl: string, settings: string): StrongswanPaths {
  return {
    swanctl,
    connections: `${swanctl}/conf.d/vpn-gateway.conf`,
    preSharedKey: `${swanctl}/conf.d/vpn-gateway-psk.conf`,
    passwords: `${swanctl}/conf.d/vpn-gateway-passwords.conf`,
    l2tpUserConnections: `${swanctl}/conf.d/vpn-gateway.l2tp-users.conf`,
    userConnections: `${swanctl}/conf.d/vpn-gateway.users.conf`,
    certificate: `${swanctl}/x509/vpn-gateway.pem`,
    authority: `${swanctl}/x509ca/vpn-gateway.pem`,
    privateKey: `${swanctl}/private/vpn-gateway.pem`,
    revocationList: `${swanctl}/x509crl/vpn-gateway.pem`,
    charon: `${settings}/vpn-gateway.conf`,
    eapRadius: `${settings}/vpn-gateway-radius.conf`,
  };
}

const units = {
  ike: "strongswan.service",
  l2tp: "xl2tpd.service",
  firewall: "vpn-gateway-firewall.service",
  vrrp: "keepalived.service",
  watch: "vpn-gateway-watch.service",
  watchdog: "vpn-gateway-watchdog.service",
  handOver: "vpn-gateway-hand-over.service",
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
  inClouds: true,
  strongswan: strongswanPaths("/etc/swanctl", "/etc/strongswan.d"),
  passwordPlugins: [],
  selinux: false,
  deniedModules: [],
  frrFiles: false,
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

const debianHost: Omit<HostLayout, "system"> = {
  packages: "apt",
  settings: ["/etc/strongswan.conf", "/etc/strongswan.d/"],
  swanctl: "/etc/swanctl/",
  vici: "/run/charon.vici",
  libcharon: "/usr/lib/ipsec/libcharon.so*",
  nftables: "/etc/nftables.conf",
  frrReload: "/usr/lib/frr/frr-reload.py",
};

/**
 * RHEL and what is built like it (AlmaLinux, Rocky Linux, CentOS Stream). strongSwan, xl2tpd and dehydrated are EPEL's,
 * built as Fedora's: strongswan.spec (of 5.9.14 and 6.0.2) has --sysconfdir=/etc/strongswan, --with-piddir=/run/strongswan,
 * --with-ipseclibdir=/usr/lib64/strongswan, --enable-md4, and all plugins in one package; its unit of charon-systemd is
 * `strongswan.service`. FRR is the distribution's own, with everything in /usr/libexec/frr and `no service
 * integrated-vtysh-config` in its vtysh.conf (frr.spec). Of all this nothing was run: docs/platforms.md.
 */
const rhelFamily = {
  inClouds: false,
  strongswan: strongswanPaths("/etc/strongswan/swanctl", "/etc/strongswan/strongswan.d"),
  // MD4 of its own, where OpenSSL's legacy provider is switched off.
  passwordPlugins: ["md4"],
  selinux: true,
  // kernel-modules-extra has what loads by itself on an alias of the net blacklisted (mod-blacklist.sh of its source package).
  deniedModules: ["l2tp_ppp"],
  frrFiles: true,
  untriedServices: "SELinux lets keepalived and radiusd run and read only what its policy knows, and neither was tried with ours",
  packages: ["strongswan", "nftables", "python3"],
  ikev2Packages: [],
  l2tpPackages: ["xl2tpd", "ppp"],
  // For a first boot, which no cloud's gateway has here; an existing host's command does it by `modulePackage`.
  l2tpKernelPackages: [],
  acmePackages: ["dehydrated"],
  pairPackages: ["keepalived"],
  bgpPackages: ["frr"],
  radiusPackages: ["freeradius"],
  postgresqlPackages: ["freeradius-postgresql", "ca-certificates"],
  directoryPackages: ["freeradius-ldap", "ca-certificates"],
  units,
};

const rhelHost: Omit<HostLayout, "system"> = {
  packages: "dnf",
  repository: { name: "epel", advice: "strongSwan and xl2tpd are in EPEL: enable it (`dnf install epel-release`; on RHEL itself as its documentation says)" },
  modulePackage: "kernel-modules-extra-{release}",
  settings: ["/etc/strongswan/strongswan.conf", "/etc/strongswan/strongswan.d/"],
  swanctl: "/etc/strongswan/swanctl/",
  vici: "/run/strongswan/charon.vici",
  libcharon: "/usr/lib64/strongswan/libcharon.so*",
  nftables: "/etc/sysconfig/nftables.conf",
  frrReload: "/usr/libexec/frr/frr-reload.py",
};

const platforms: Record<PlatformName, Platform> = {
  debian13: {
    name: "debian13",
    title: "Debian 13",
    ...common,
    host: { ...debianHost, system: { ids: ["debian"], version: "" } },
    // MD4 and DES of MS-CHAPv2 are in OpenSSL's legacy provider, a package of its own since Debian 13.
    packages: [...common.packages, "openssl-provider-legacy"],
    // Debian's cloud kernel is built without PPP. The package is named after the machine's architecture.
    l2tpKernelPackages: ["linux-image-$(dpkg --print-architecture)"],
  },
  ubuntu2404: {
    name: "ubuntu2404",
    title: "Ubuntu 24.04",
    ...common,
    host: { ...debianHost, system: { ids: ["debian", "ubuntu"], version: "" } },
    // l2tp_ppp is split off. In a cloud a package that follows newer kernels is there beside the one for the running kernel.
    l2tpKernelPackages: ["linux-modules-extra-$(uname -r)", "$(uname -r | sed -nE 's/.*-(aws|azure|gcp)$/linux-modules-extra-\\1/p')"],
  },
  el9: {
    name: "el9",
    title: "RHEL 9 and its kin",
    ...rhelFamily,
    host: { ...rhelHost, system: { ids: ["rhel", "centos"], version: "9" } },
  },
  el10: {
    name: "el10",
    title: "RHEL 10 and its kin",
    ...rhelFamily,
    host: { ...rhelHost, system: { ids: ["rhel", "centos"], version: "10" } },
    l2tpMissing: "no source that could be read shows xl2tpd among EPEL 10's packages, or l2tp_ppp in its kernel's",
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

/** Paths of the files that make a gateway, the same on every platform. strongSwan's are {@link Platform}'s. */
export const paths = {
  acme: "/etc/vpn-gateway/acme.json",
  acmeClient: "/etc/vpn-gateway/acme.conf",
  acmeDirectoryAuthority: "/etc/vpn-gateway/acme-directory.pem",
  acmeService: "/etc/systemd/system/vpn-gateway-acme.service",
  acmeTimer: "/etc/systemd/system/vpn-gateway-acme.timer",
  // Where the dehydrated of this gateway keeps its account, and what it waits to be asked for.
  acmeState: "/var/lib/vpn-gateway/acme",
  xl2tpd: "/etc/xl2tpd/xl2tpd.conf",
  pppOptions: "/etc/ppp/options.vpn-gateway",
  chapSecrets: "/etc/ppp/chap-secrets",
  radiusClient: "/etc/ppp/radius.vpn-gateway/client.conf",
  radiusDictionary: "/etc/ppp/radius.vpn-gateway/dictionary",
  radiusServers: "/etc/ppp/radius.vpn-gateway/servers",
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
  watchdogUnit: "/etc/systemd/system/vpn-gateway-watchdog.service",
  handOverUnit: "/etc/systemd/system/vpn-gateway-hand-over.service",
  sitesUnit: "/etc/systemd/system/vpn-gateway-sites.service",
  // What the firewall of all site connections is made of, with the share of each in sites (host/vpn_gateway/site_firewall.py).
  sitesFirewall: "/etc/vpn-gateway/sites.nft",
  moreFirewalls: "/etc/vpn-gateway/firewall.d",
  frrDaemons: "/etc/frr/daemons",
  vtysh: "/etc/frr/vtysh.conf",
  frrUnit: "/etc/systemd/system/frr.service.d/vpn-gateway.conf",
  // What /etc/frr/frr.conf is made of, with the share of each connection in bgp.d (host/vpn_gateway/frr.py).
  frrBase: "/etc/vpn-gateway/bgp.conf",
  pair: "/etc/vpn-gateway/pair.json",
  fitScript: "/etc/vpn-gateway/fit",
  stateScript: "/etc/vpn-gateway/pair-state",
  sshd: "/etc/ssh/sshd_config.d/10-vpn-gateway.conf",
  ready: "/var/lib/vpn-gateway/ready",
} as const;
