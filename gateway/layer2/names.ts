import { createHash } from "crypto";

/** The kernel's IFNAMSIZ, less the closing NUL. */
const longestInterface = 15;

/** VXLAN's network identifiers are of 24 bits (RFC 7348, 5); 0 is left alone. */
export const mostVni = 0xffffff;

/** Name of an extension's bridge: its own where it fits, else its beginning and a digest. */
export function bridgeInterface(name: string): string {
  const whole = `l2-${name}`;
  // A short name never ends as a shortened one does, since that fills all 15 characters.
  return whole.length < longestInterface ? whole : `l2-${name.slice(0, 5)}-${digest(name).slice(0, 6)}`;
}

/** What the bridge's ports towards the other site begin with; behind it stands the VLAN. */
export function tunnelPorts(name: string): string {
  return `l2t-${digest(name).slice(0, 6)}-`;
}

/** What its ports towards VLANs of the inside interface begin with. */
export function insidePorts(name: string): string {
  return `l2i-${digest(name).slice(0, 6)}-`;
}

/** The identifier of an extension's first VLAN by its name, so that nobody has to choose; with room for 4,094 behind it. */
export function vniOf(name: string): number {
  return 1 + (parseInt(digest(name).slice(0, 8), 16) % (mostVni - 4094));
}

/** Names of the part and the files of an extension on a gateway. */
export function layerTwoNames(name: string) {
  return {
    part: `layer2-${name}` as const,
    firewall: `/etc/vpn-gateway/firewall.d/layer2-${name}.nft`,
    modules: `/etc/modules-load.d/vpn-gateway-layer2-${name}.conf`,
    description: `/etc/vpn-gateway/layer2/${name}.json`,
    table: `vpn_gateway_layer2_${name.replaceAll("-", "_")}`,
  };
}

function digest(name: string): string {
  return createHash("sha256").update(`pulumi-vpn-gateway layer2 ${name}`).digest("hex");
}
