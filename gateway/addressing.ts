import * as ipaddr from "ipaddr.js";

export type Family = 4 | 6;

/** An address as a number, so that ranges are comparisons. */
export interface Address {
  family: Family;
  value: bigint;
}

/** A network in CIDR notation. */
export interface Network {
  family: Family;
  /** Number of leading bits that all its addresses share. */
  prefix: number;
  /** Its lowest address, host bits cleared. */
  first: bigint;
  /** Its highest address. */
  last: bigint;
  /** Did the text have bits set behind the prefix? */
  hostBits: boolean;
  /** Normalised text, host bits cleared. */
  text: string;
}

const bits = { 4: 32, 6: 128 } as const;

/** An IPv4 or IPv6 address; undefined if the text is none. IPv4 must have its four decimal parts, none with a leading zero. */
export function parseAddress(text: string): Address | undefined {
  // ipaddr.js by itself takes 10.1 and 010.0.0.1.
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) {
    if (text.split(".").some((part) => /^0\d/.test(part))) return undefined;
    return { family: 4, value: toNumber(ipaddr.IPv4.parse(text).toByteArray()) };
  }
  // A zone (fe80::1%eth0) means something on one machine only; a mapped IPv4 address is IPv4 in disguise.
  if (!text.includes(":") || text.includes("%") || !ipaddr.IPv6.isValid(text)) return undefined;
  const parsed = ipaddr.IPv6.parse(text);
  if (parsed.isIPv4MappedAddress()) return undefined;
  return { family: 6, value: toNumber(parsed.toByteArray()) };
}

/** The two halves of a network; of one with a single address, that address twice. */
export function halvesOf({ family, prefix, first, last }: Network): [Network, Network] {
  const half = (start: bigint) => network(`${formatAddress({ family, value: start })}/${Math.min(bits[family], prefix + 1)}`);
  return [half(first), half(first + (last - first + 1n) / 2n)];
}

/** A network in CIDR notation; undefined if the text is none. */
export function parseNetwork(text: string): Network | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  if (match === null) return undefined;
  const address = parseAddress(match[1]);
  const prefix = Number(match[2]);
  if (address === undefined || prefix > bits[address.family]) return undefined;
  const size = 1n << BigInt(bits[address.family] - prefix);
  const first = (address.value / size) * size;
  return {
    family: address.family,
    prefix,
    first,
    last: first + size - 1n,
    hostBits: first !== address.value,
    text: `${formatAddress({ family: address.family, value: first })}/${prefix}`,
  };
}

/** @throws Error if the text is no network; for texts that validation has already found good. */
export function network(text: string): Network {
  const parsed = parseNetwork(text);
  if (parsed === undefined) throw new Error(`${JSON.stringify(text)} is not a network in CIDR notation`);
  return parsed;
}

export function formatAddress(address: Address): string {
  const bytes: number[] = [];
  for (let shift = bits[address.family] - 8; shift >= 0; shift -= 8) {
    bytes.push(Number((address.value >> BigInt(shift)) & 0xffn));
  }
  return ipaddr.fromByteArray(bytes).toString();
}

/** A network that holds one address alone. */
export function hostNetwork(address: Address): Network {
  return network(`${formatAddress(address)}/${bits[address.family]}`);
}

export function overlaps(a: Network, b: Network): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

export function contains(outer: Network, address: Address): boolean {
  return outer.family === address.family && outer.first <= address.value && address.value <= outer.last;
}

/** Is it of the ranges that the internet does not route: RFC 1918, RFC 6598 (shared), RFC 4193 (unique local)? */
export function isPrivate(candidate: Network): boolean {
  return ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"]
    .map(network)
    .some((range) => range.family === candidate.family && range.first <= candidate.first && candidate.last <= range.last);
}

/** Addresses of the L2TP pool: the gateway's own end, and the range for its clients, first and last included. */
export interface L2tpAddresses {
  gateway: string;
  first: string;
  last: string;
  /** How many clients can be connected at once; may be zero or less if the pool is far too small. */
  clients: number;
}

/** The lowest host address is the gateway's; network and broadcast address stay free. */
export function l2tpAddresses(pool: Network): L2tpAddresses {
  const at = (value: bigint) => formatAddress({ family: 4, value });
  return {
    gateway: at(pool.first + 1n),
    first: at(pool.first + 2n),
    last: at(pool.last - 1n),
    clients: Number(pool.last - pool.first) - 2,
  };
}

/** How many clients an IKEv2 pool serves: charon's mem_pool leaves out the first and last address of a block. */
export function ikev2Clients(pool: Network): bigint {
  const size = pool.last - pool.first + 1n;
  return size > 2n ? size - 2n : size;
}

function toNumber(bytes: number[]): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
