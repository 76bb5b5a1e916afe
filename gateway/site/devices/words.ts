import { isAead, parseProposal, type Proposal } from "../proposals";

/** A device's own words for swanctl's, by kind of transform; a word that is missing is one that the device does not know. */
export type PhaseWords = Partial<Record<keyof Proposal, Readonly<Record<string, string>>>>;

export interface DeviceWords {
  ike: PhaseWords;
  esp: PhaseWords;
}

/** No device's text asks for extended sequence numbers. */
export const plainSequenceNumbers = { noesn: "" } as const;

/** Words of a proposal that the device has none for, in the proposal's order of kinds. */
export function missingWords(words: PhaseWords, text: string): string[] {
  const proposal = parseProposal(text);
  return (Object.keys(proposal) as (keyof Proposal)[]).flatMap((kind) => proposal[kind].filter((word) => words[kind]?.[word] === undefined));
}

/** A proposal in the device's words. @throws Error for a word that it has none for: validation refuses those before */
export function translated(words: PhaseWords, text: string): Proposal {
  const missing = missingWords(words, text);
  if (missing.length > 0) throw new Error(`the device has no word for ${missing.join(", ")}`);
  const proposal = parseProposal(text);
  const kinds = Object.keys(proposal) as (keyof Proposal)[];
  return Object.fromEntries(kinds.map((kind) => [kind, proposal[kind].map((word) => words[kind]![word])])) as unknown as Proposal;
}

/** Each kind's words of several proposals together, each once: for devices that are told lists. */
export function together(proposals: readonly Proposal[]): Proposal {
  const kinds = Object.keys(proposals[0]) as (keyof Proposal)[];
  return Object.fromEntries(kinds.map((kind) => [kind, [...new Set(proposals.flatMap((proposal) => proposal[kind]))]])) as unknown as Proposal;
}

/** Does a list leave no choice? */
export function isOneSuite(list: readonly string[]): boolean {
  if (list.length !== 1) return false;
  const { encryption, integrity, prf, groups } = parseProposal(list[0]);
  return [encryption, integrity, prf, groups].every((words) => words.length <= 1);
}

/** The word of the PRF, or of the hash that stands for it where there is none (RFC 7296, 2.13). */
export function prfOf(words: PhaseWords, text: string): string {
  const { encryption, integrity, prf } = parseProposal(text);
  const [name] = prf.length > 0 || isAead(encryption[0]) ? prf : integrity.map((hash) => `prf${hash}`);
  return words.prf![name];
}
