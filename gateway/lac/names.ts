import { createHash } from "crypto";
import { platform } from "../platforms";

/** What the PPP interfaces of all connections to an LNS begin with, as a pattern of nft(8). */
export const lacInterfaces = "lac-*";

/** The kernel's IFNAMSIZ, less the closing NUL. */
const longestInterface = 15;

/** Ports that connections dial from; 1701 is the gateway's own L2TP server's. */
export const lacPorts = { first: 1702, last: 1799 } as const;

/** Name of a connection's PPP interface: the connection's own where it fits, else its beginning and a digest. */
export function lacInterface(name: string): string {
  const whole = `lac-${name}`;
  // A short name never ends as a shortened one does, since that fills all 15 characters.
  return whole.length < longestInterface ? whole : `lac-${name.slice(0, 4)}-${digest(name).slice(0, 6)}`;
}

/** One of 98 by the name, so that nobody has to choose. Two connections of one gateway with the same are refused there. */
export function lacPort(name: string): number {
  return lacPorts.first + (parseInt(digest(name).slice(0, 8), 16) % (lacPorts.last - lacPorts.first + 1));
}

/** Names of the parts and files of a connection on its gateway. */
export function lacNames(name: string) {
  return {
    part: `lac-${name}` as const,
    secretPart: `lackey-${name}` as const,
    connection: `lac-${name}`,
    daemon: `/etc/vpn-gateway/lac/${name}.conf`,
    pppOptions: `/etc/ppp/options.lac-${name}`,
    password: `/etc/ppp/lac-${name}.secret`,
    unit: `vpn-gateway-lac-${name}.service`,
    unitFile: `/etc/systemd/system/vpn-gateway-lac-${name}.service`,
    /** Beneath /run: of its daemon alone. */
    runtime: `vpn-gateway-lac-${name}`,
    firewall: `/etc/vpn-gateway/firewall.d/lac-${name}.nft`,
    /** Where a site connection of the same name has its own: a gateway has one of that name. */
    description: `/etc/vpn-gateway/sites/${name}.json`,
    table: `vpn_gateway_lac_${name.replaceAll("-", "_")}`,
  };
}

/** Its files that strongSwan reads, on a gateway of that platform. */
export function lacStrongswan(name: string, on: string | undefined) {
  const { swanctl } = platform(on ?? "debian13").strongswan;
  return { connection: `${swanctl}/conf.d/lac-${name}.conf`, preSharedKey: `${swanctl}/conf.d/lackey-${name}.conf` };
}

function digest(name: string): string {
  return createHash("sha256").update(`pulumi-vpn-gateway lac ${name}`).digest("hex");
}
