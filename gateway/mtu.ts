import { acceptedSuites, type EspSuite } from "./cipherSuites";
import type { ClientKind, GatewaySpec } from "./spec";

/** What ESP travels in. */
export interface Encapsulation {
  /** MTU of the link, in bytes. */
  linkMtu: number;
  suite: EspSuite;
  /** Is ESP within UDP 4500 (RFC 3948)? */
  natTraversal: boolean;
  /** Version of the outer IP header. @default 4 */
  outer?: 4 | 6;
}

/** Next-header and pad-length byte at the end of what ESP encrypts (RFC 4303, 2.4 and 2.5). */
const trailer = 2;
const udpHeader = 8;
/** Address, control and protocol field of PPP (RFC 1661, 1662), which Linux sends in full over L2TP. */
const pppHeader = 4;
const ipHeader = { 4: 20, 6: 40 } as const;
const tcpHeader = 20;

/**
 * Bytes that one ESP packet can carry, inner headers and all, without the outer packet being fragmented:
 * `floor((MTU − IP − 8·natt − 8 − IV − ICV) / block) · block − 2`.
 */
export function espPayload({ linkMtu, suite, natTraversal, outer = 4 }: Encapsulation): number {
  const espHeader = 8; // SPI and sequence number (RFC 4303)
  const room =
    linkMtu - ipHeader[outer] - (natTraversal ? udpHeader : 0) - espHeader -
    suite.initializationVector - suite.integrityCheckValue;
  return Math.floor(room / suite.block) * suite.block - trailer;
}

/** Largest packet within an IKEv2 tunnel (ESP tunnel mode), in bytes. */
export function ikev2InnerMtu(encapsulation: Encapsulation): number {
  return espPayload(encapsulation);
}

/**
 * Largest packet within an L2TP session (ESP transport mode), in bytes.
 *
 * @param l2tpHeader 6: Linux' kernel; 8: with the length field; 10: with sequence numbers (RFC 2661, 3.1)
 */
export function l2tpInnerMtu(encapsulation: Encapsulation, l2tpHeader: 6 | 8 | 10): number {
  return espPayload(encapsulation) - udpHeader - l2tpHeader - pppHeader;
}

/** Largest TCP segment that fits a packet of `mtu` bytes, without options (RFC 9293, 3.7.1). */
export function maximumSegmentSize(mtu: number, family: 4 | 6): number {
  return mtu - ipHeader[family] - tcpHeader;
}

/**
 * L2TP header of the data packets that a kind of client sends. A length field is the sender's choice, so where the
 * client's code is not open it is taken to be there.
 */
const l2tpHeaders: Record<ClientKind, 6 | 8> = { linux: 6, windows: 8, apple: 8, android: 8 };

/** MTUs of what is inside the tunnels, in bytes. */
export interface PathMtu {
  l2tp?: number;
  ikev2?: number;
}

/**
 * What the gateway sets before any client has said which suite it takes: right for the worst suite that it accepts,
 * with NAT traversal. For L2TP it is pppd's mtu and mru; for IKEv2 it decides the clamp of TCP segments.
 */
export function pathMtu(spec: Pick<GatewaySpec, "outsideMtu" | "clients" | "l2tp" | "ikev2">): PathMtu {
  const smallest = (protocol: "l2tp" | "ikev2", mtu: (encapsulation: Encapsulation) => number) =>
    Math.min(
      ...acceptedSuites(protocol, spec.clients).map((suite) =>
        mtu({ linkMtu: spec.outsideMtu, suite, natTraversal: true }),
      ),
    );
  const header = spec.clients.some((kind) => l2tpHeaders[kind] === 8) ? 8 : 6;
  return {
    ...(spec.l2tp ? { l2tp: smallest("l2tp", (encapsulation) => l2tpInnerMtu(encapsulation, header)) } : {}),
    ...(spec.ikev2 ? { ikev2: smallest("ikev2", ikev2InnerMtu) } : {}),
  };
}
