import { espSuites, type EspSuite } from "../cipherSuites";

/** A proposal in swanctl's notation, taken apart by kind of transform (RFC 7296, 3.3.2; RFC 9370 for `ke1`). */
export interface Proposal {
  encryption: string[];
  integrity: string[];
  prf: string[];
  groups: string[];
  /** A second key exchange (RFC 9370), e.g. `ke1_mlkem768`. */
  second: string[];
  sequenceNumbers: string[];
}

type Transform = keyof Proposal;

/** Keywords that a site connection may use: strongSwan's proposal keywords (proposal_keywords_static.txt), less the broken ones. */
const keywords: Record<Transform, readonly string[]> = {
  encryption: ["aes256gcm16", "aes192gcm16", "aes128gcm16", "aes256", "aes192", "aes128"],
  integrity: ["sha512", "sha384", "sha256", "sha1"],
  prf: ["prfsha512", "prfsha384", "prfsha256", "prfsha1"],
  groups: ["x25519", "ecp521", "ecp384", "ecp256", "modp4096", "modp3072", "modp2048"],
  second: ["ke1_mlkem1024", "ke1_mlkem768"],
  sequenceNumbers: ["esn", "noesn"],
};

/** Why some that strongSwan knows are not among them: RFC 8247 and RFC 8221 say MUST NOT or SHOULD NOT. */
const broken = /^(des|3des|md5|prfmd5|modp768|modp1024|modp1536|null|blowfish.*|cast.*|rc\d.*)$/;

/** What is wrong with one proposal, or nothing. */
export function proposalProblem(text: string, phase: "ike" | "esp"): string | undefined {
  const words = text.split("-");
  const weak = words.find((word) => broken.test(word));
  if (weak !== undefined) return `holds ${weak}, which protects nothing any more`;
  const unknown = words.find((word) => kindOf(word) === undefined);
  if (unknown !== undefined) return `holds ${JSON.stringify(unknown)}, which is no keyword that is known here`;
  const parsed = parseProposal(text);
  if (parsed.encryption.length === 0) return "names no encryption";
  const aead = parsed.encryption.filter(isAead).length;
  if (aead > 0 && aead < parsed.encryption.length) return "mixes AES-GCM with AES-CBC: they need proposals of their own (RFC 7296, 3.3)";
  if (aead === 0 && parsed.integrity.length === 0) return "names no integrity beside AES-CBC";
  if (aead > 0 && phase === "esp" && parsed.integrity.length > 0) return "names integrity beside AES-GCM, which has its own";
  if (phase === "ike" && parsed.groups.length === 0) return "names no group for the key exchange";
  if (aead > 0 && phase === "ike" && parsed.prf.length === 0) return "names no prf beside AES-GCM";
  if (phase === "esp" && espSuitesOf(parsed) === undefined) return "is of a suite whose sizes the library does not know, so that no MTU can be computed";
  return undefined;
}

export function parseProposal(text: string): Proposal {
  const parsed: Proposal = { encryption: [], integrity: [], prf: [], groups: [], second: [], sequenceNumbers: [] };
  for (const word of text.split("-")) {
    const kind = kindOf(word);
    if (kind !== undefined) parsed[kind].push(word);
  }
  return parsed;
}

function kindOf(word: string): Transform | undefined {
  return (Object.keys(keywords) as Transform[]).find((kind) => keywords[kind].includes(word));
}

export function isAead(encryption: string): boolean {
  return encryption.includes("gcm");
}

/** The ESP suites that a good proposal may end in; undefined if the sizes of one are not known. */
export function espSuitesOf(proposal: Proposal): EspSuite[] | undefined {
  const names = proposal.encryption.flatMap((cipher) =>
    isAead(cipher) ? [cipher] : proposal.integrity.map((hash) => `${cipher}-${hash}`),
  );
  const found = names.map((name) => (Object.hasOwn(espSuites, name) ? espSuites[name as keyof typeof espSuites] : undefined));
  return found.every((suite) => suite !== undefined) ? found : undefined;
}

/** Every ESP suite that two lists can agree on. Expects good proposals. */
export function commonEspSuites(left: readonly string[], right: readonly string[]): EspSuite[] {
  const suites = agreements(left, right, "esp").flatMap((agreed) => espSuitesOf(agreed) ?? []);
  return [...new Set(suites)];
}

/** The first suite that both lists hold, by the order of `left`; undefined: they have nothing in common. */
export function commonSuite(left: readonly string[], right: readonly string[], phase: "ike" | "esp"): string | undefined {
  const [agreed] = agreements(left, right, phase);
  return agreed === undefined ? undefined : firstOf(agreed);
}

function agreements(left: readonly string[], right: readonly string[], phase: "ike" | "esp"): Proposal[] {
  return left.flatMap((one) => right.flatMap((other) => agreement(parseProposal(one), parseProposal(other), phase) ?? []));
}

/** Of each kind of transform one that both name (RFC 7296, 2.7); a kind that a proposal leaves out has its default. */
function agreement(left: Proposal, right: Proposal, phase: "ike" | "esp"): Proposal | undefined {
  const agreed = {} as Proposal;
  for (const kind of Object.keys(keywords) as Transform[]) {
    const [mine, theirs] = [left, right].map((proposal) => effective(proposal, kind, phase));
    const both = mine.filter((word) => theirs.includes(word));
    if (both.length === 0 && (mine.length > 0 || theirs.length > 0)) return undefined;
    agreed[kind] = both;
  }
  return agreed;
}

/** What a list without a kind of transform stands for. */
function effective(proposal: Proposal, kind: Transform, phase: "ike" | "esp"): readonly string[] {
  if (kind === "prf" && phase === "ike" && proposal.prf.length === 0) return proposal.integrity.map((hash) => `prf${hash}`);
  if (kind === "integrity" && proposal.encryption.every(isAead)) return [];
  if (kind === "sequenceNumbers" && phase === "esp" && proposal.sequenceNumbers.length === 0) return ["noesn"];
  return proposal[kind];
}

/** Each kind's first word, as one suite that leaves no choice. */
function firstOf(proposal: Proposal): string {
  const { encryption, integrity, prf, groups, second, sequenceNumbers } = proposal;
  const words = [encryption, integrity, isAead(encryption[0]) ? prf : [], groups, second, sequenceNumbers.filter((word) => word === "esn")];
  return words.flatMap((list) => list.slice(0, 1)).join("-");
}

/** The first suite of a list, as one that leaves no choice. */
export function firstSuite(list: readonly string[]): string {
  return firstOf(parseProposal(list[0]));
}
