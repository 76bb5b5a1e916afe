import type { EspSuite } from "../cipherSuites";
import { ikev2InnerMtu } from "../mtu";
import { commonEspSuites } from "./proposals";
import type { SiteConnectionSpec } from "./spec";

/** Largest packets within the tunnel by what is outside, in bytes. */
export interface SiteMtu {
  ipv4: number;
  ipv4Udp: number;
  ipv6: number;
  ipv6Udp: number;
}

/** The smaller of the two links is what ESP has to fit. */
function linkMtu({ left, right }: SiteConnectionSpec): number {
  return Math.min(left.outsideMtu, right.outsideMtu);
}

/** For each suite that the two may agree on, by charon's own names of it (vici's `encr-alg`, `encr-keysize`, `integ-alg`). */
export function siteMtus(spec: SiteConnectionSpec): Record<string, SiteMtu> {
  const of = (suite: EspSuite, outer: 4 | 6, natTraversal: boolean) => ikev2InnerMtu({ linkMtu: linkMtu(spec), suite, outer, natTraversal });
  return Object.fromEntries(
    suitesOf(spec).map((suite) => [
      charonName(suite),
      { ipv4: of(suite, 4, false), ipv4Udp: of(suite, 4, true), ipv6: of(suite, 6, false), ipv6Udp: of(suite, 6, true) },
    ]),
  );
}

/** What fits whatever they agree on and whatever is between them: the interface has it until a tunnel stands. */
export function leastSiteMtu(spec: SiteConnectionSpec): number {
  return Math.min(...suitesOf(spec).map((suite) => ikev2InnerMtu({ linkMtu: linkMtu(spec), suite, outer: 6, natTraversal: true })));
}

function suitesOf(spec: SiteConnectionSpec): EspSuite[] {
  return commonEspSuites(spec.left.proposals.esp, spec.right.proposals.esp);
}

/** encryption_algorithm_names and integrity_algorithm_names of libstrongswan's crypters and signers. */
export function charonName({ name }: EspSuite): string {
  const [, bits, gcm, hash] = /^aes(\d+)(gcm16)?(?:-sha(\d+))?$/.exec(name)!;
  if (gcm !== undefined) return `AES_GCM_16-${bits}`;
  return `AES_CBC-${bits}/${{ "1": "HMAC_SHA1_96", "256": "HMAC_SHA2_256_128", "384": "HMAC_SHA2_384_192", "512": "HMAC_SHA2_512_256" }[hash]}`;
}
