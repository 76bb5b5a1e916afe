/**
 * What is known of EC2's instance families: architecture, and why one cannot be a gateway. The names are those of
 * @pulumi/aws 7.48's own list of types; what they are made of is in "Amazon EC2 instance types by family"
 * (docs.aws.amazon.com/ec2/latest/instancetypes).
 */

/** As Debian and Ubuntu name them. */
export type Architecture = "amd64" | "arm64";

/**
 * c7g.medium: one Graviton 3 core of its own (no CPU credits to run out of), ARMv8's AES instructions, ENA, 2 GiB, and
 * 0.52 Gbit/s for as long as it is wanted with bursts to 12.5 (network specifications of "compute optimized"), where
 * t4g.small holds 0.128. About 0.036 USD an hour in us-east-1; the cheapest amd64 of its kind, c7a.medium, 0.051.
 */
export const defaultInstanceType = "c7g.medium";

/** Current, with AES instructions and ENA: Graviton 2 and later; Xeon since Skylake and EPYC, all on Nitro. */
const families: Record<Architecture, readonly string[]> = {
  arm64: words(`t4g
    c6g c6gd c6gn c7g c7gd c7gn c8g c8gb c8gd c8gn c9g c9gd
    m6g m6gd m7g m7gd m8g m8gb m8gd m8gn m9g m9gd
    r6g r6gd r7g r7gd r8g r8gb r8gd r8gn`),
  amd64: words(`t3 t3a
    c5 c5a c5ad c5d c5n c6a c6i c6id c6in c7a c7i c7i-flex c8a c8i c8i-flex c8ib c8id c8in c8ine
    m5 m5a m5ad m5d m5dn m5n m5zn m6a m6i m6id m6idn m6in m7a m7i m7i-flex m8a m8azn m8i m8i-flex m8ib m8id m8idb m8idn m8in m8ine
    r5 r5a r5ad r5b r5d r5dn r5n r6a r6i r6id r6idn r6in r7a r7i r7iz r8a r8i r8i-flex r8ib r8id r8idb r8idn r8in`),
};

/** Hosts older than Westmere among them, so that the AES instructions may be there or not. */
const withoutAes = words("c1 cc1 cg1 hi1 hs1 m1 m2 t1");
/** Xen with the Intel 82599 interface or none of the enhanced ones. */
const withoutEna = words("c3 c4 cc2 cr1 d2 g2 i2 m3 m4 r3 t2");
/** They have both and are no longer current. */
const previousGeneration = words("a1 f1 g3 g3s h1 i3 p2 p3 r4 x1 x1e");

/** What a type is good for. */
export type InstanceTypeFacts =
  | { kind: "known"; architecture: Architecture }
  | { kind: "refused"; why: string }
  | { kind: "unknown" }
  | { kind: "malformed" };

/** Judges a type by its family, the word before the dot. */
export function instanceTypeFacts(type: string): InstanceTypeFacts {
  const family = /^([a-z0-9-]+)\.[a-z0-9-]+$/.exec(type)?.[1];
  if (family === undefined) return { kind: "malformed" };
  for (const architecture of ["arm64", "amd64"] as const) {
    if (families[architecture].includes(family)) return { kind: "known", architecture };
  }
  if (withoutAes.includes(family)) return { kind: "refused", why: "has no AES instructions that one can count on" };
  if (withoutEna.includes(family)) return { kind: "refused", why: "has no Elastic Network Adapter, and is of a previous generation" };
  if (previousGeneration.includes(family)) return { kind: "refused", why: "is of a previous generation" };
  return { kind: "unknown" };
}

/** The architecture of a type that validation found good, undefined for a family that is not in the tables. */
export function architectureOf(type: string): Architecture | undefined {
  const facts = instanceTypeFacts(type);
  return facts.kind === "known" ? facts.architecture : undefined;
}

function words(text: string): readonly string[] {
  return text.split(/\s+/);
}
