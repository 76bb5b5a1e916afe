import { proposalsFor, type Protocol } from "../cipherSuites";
import type { ClientKind } from "../spec";

/** One transform of each type, in swanctl's words. */
export interface Transforms {
  encryption: string;
  /** Integrity, or with an AEAD cipher the pseudo-random function's hash. */
  hash?: string;
  group?: string;
}

/** What a device that is told one transform of each type is told. */
export interface ChosenSuites {
  ike: Transforms;
  esp: Transforms;
}

const strongestFirst = {
  encryption: ["aes256gcm16", "aes256", "aes128gcm16", "aes128"],
  hash: ["sha384", "sha256", "sha1"],
  group: ["ecp384", "ecp256", "x25519", "modp3072", "modp2048"],
} as const;

/**
 * The strongest combination of transforms that the gateway offers a kind of client, for devices whose settings take one
 * of each: Windows, macOS and iOS.
 *
 * @throws Error where the kind has not this protocol.
 */
export function chosenSuites(protocol: Protocol, kind: ClientKind): ChosenSuites {
  const { ike, esp } = proposalsFor(protocol, kind);
  const [suite] = esp;
  if (suite === undefined) throw new Error(`client profiles: ${kind} has no ${protocol}`);
  return {
    ike: [...ike.map(strongest)].sort(byStrength)[0],
    esp: { ...strongest(suite.suite), ...(suite.groups ? { group: suite.groups[0] } : {}) },
  };
}

/** Of one proposal, which holds any number of each type. */
function strongest(proposal: string): Transforms {
  const words = proposal.split("-");
  const pick = (type: keyof typeof strongestFirst) =>
    strongestFirst[type].find((word) => words.includes(word) || (type === "hash" && words.includes(`prf${word}`)));
  const encryption = pick("encryption");
  if (encryption === undefined) throw new Error(`client profiles: no cipher that is known in ${proposal}`);
  return { encryption, hash: pick("hash"), group: pick("group") };
}

function byStrength(a: Transforms, b: Transforms): number {
  const rank = (t: Transforms) => (Object.keys(strongestFirst) as (keyof typeof strongestFirst)[]).map((type) => (strongestFirst[type] as readonly string[]).indexOf(t[type] ?? ""));
  const [first, second] = [rank(a), rank(b)];
  const at = first.findIndex((value, index) => value !== second[index]);
  return at < 0 ? 0 : first[at] - second[at];
}

/** A word of swanctl's in another program's language. @throws Error for one that it has not. */
export function translated(words: Readonly<Record<string, string>>, word: string | undefined, otherwise?: string): string {
  const found = word === undefined ? otherwise : words[word];
  if (found === undefined) throw new Error(`client profiles: no word for ${word ?? "nothing"}`);
  return found;
}
