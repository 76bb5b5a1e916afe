import { formatAddress, network, type Network } from "../../addressing";
import { siteInterfaceId } from "../names";

/** `10.20.0.0` and `255.255.255.0`. */
export function addressAndMask(text: string): [address: string, mask: string] {
  const parsed = network(text);
  return [formatAddress({ family: 4, value: parsed.first }), mask(parsed)];
}

function mask({ prefix }: Network): string {
  return formatAddress({ family: 4, value: ((1n << BigInt(prefix)) - 1n) << BigInt(32 - prefix) });
}

/**
 * Two addresses of a /30 of 169.254.0.0/16 for a device's tunnel interface that needs some: of the connection's name, and
 * never within 169.254.0.0/24 or 169.254.169.0/24 (the clouds' own services), or the last /24 (RFC 3927, 2.1).
 */
export function tunnelAddresses(name: string): { device: string; other: string } {
  const number = siteInterfaceId(name) % (253 * 64);
  const third = 1 + Math.floor(number / 64);
  const beginning = `169.254.${third >= 169 ? third + 1 : third}`;
  return { device: `${beginning}.${4 * (number % 64) + 2}`, other: `${beginning}.${4 * (number % 64) + 1}` };
}

/** A number for a device's tunnel interface, 1 to 9,999, of the connection's name. */
export function tunnelNumber(name: string): number {
  return 1 + (siteInterfaceId(name) % 9999);
}
