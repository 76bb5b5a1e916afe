import { createHash } from "crypto";
import { platform } from "../platforms";

/** What the interfaces of all site connections begin with, as a pattern of nft(8). */
export const siteInterfaces = "st-*";

/** The firewall's table that all site connections of a gateway have together. */
export const sitesTable = "vpn_gateway_sites";

const sitesFolder = "/etc/vpn-gateway/sites";

/** The kernel's IFNAMSIZ, less the closing NUL. */
const longestInterface = 15;

/**
 * Name of a connection's XFRM interface: the connection's own where it fits, else its beginning and a digest. The
 * connection's whole name is the interface's `altname`.
 */
export function siteInterface(name: string): string {
  const whole = `st-${name}`;
  // A short name never ends as a shortened one does, since that fills all 15 characters.
  return whole.length < longestInterface ? whole : `st-${name.slice(0, 5)}-${digest(name).slice(0, 6)}`;
}

/**
 * The XFRM `if_id`: 31 bits of a digest, never 0, the same on both gateways. Two connections of one gateway that get the
 * same number (one in two billion) are refused by the gateway when the second is applied.
 */
export function siteInterfaceId(name: string): number {
  return (parseInt(digest(name).slice(0, 8), 16) & 0x7fffffff) || 1;
}

/** Names of the parts and files of a connection on a gateway: two namespaces, so that no two connections share a name. */
export function siteNames(name: string) {
  return {
    part: `site-${name}` as const,
    secretPart: `sitekey-${name}` as const,
    connection: `site-${name}`,
    firewall: `${sitesFolder}/${name}.nft`,
    bgp: `/etc/vpn-gateway/bgp.d/${name}.conf`,
    description: `${sitesFolder}/${name}.json`,
    /** What its sets and chains begin with. */
    rules: `site_${name.replaceAll("-", "_")}`,
  };
}

/** Its files that strongSwan reads, on a gateway of that platform. */
export function siteStrongswan(name: string, on: string | undefined) {
  const { swanctl } = platform(on ?? "debian13").strongswan;
  return {
    connection: `${swanctl}/conf.d/site-${name}.conf`,
    preSharedKey: `${swanctl}/conf.d/sitekey-${name}.conf`,
    certificate: `${swanctl}/x509/site-${name}.pem`,
    authority: `${swanctl}/x509ca/site-${name}.pem`,
    revocationList: `${swanctl}/x509crl/site-${name}.pem`,
    privateKey: `${swanctl}/private/site-${name}.pem`,
  };
}

/** Common name of the authority of a connection's own. */
export function authorityName(name: string): string {
  return `${name} site authority`;
}

function digest(name: string): string {
  return createHash("sha256").update(`pulumi-vpn-gateway site ${name}`).digest("hex");
}
