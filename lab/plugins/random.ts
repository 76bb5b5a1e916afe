/** The lab's stand-in for the `random` provider. */
import { randomBytes, randomInt } from "node:crypto";
import { packageVersion } from "./packageVersion";
import { serveProvider, type Refusal, type ResourceType, type ResourceTypes } from "./provider";
import { flag, number, text, UNKNOWN, type Properties } from "./values";

const DEFAULT_SPECIAL = "!@#$%&*()-_=+[]{}<>:?";

interface CharacterClass {
  readonly characters: string;
  readonly wanted: boolean;
  readonly least: number;
  /** The input that asks for a least number of them. */
  readonly leastInput: string;
}

function characterClasses(inputs: Properties): CharacterClass[] {
  const kind = (name: string, characters: string, alias = name): CharacterClass => {
    const leastInput = `min${name[0].toUpperCase()}${name.slice(1)}`;
    return {
      characters,
      wanted: flag(inputs, name) ?? flag(inputs, alias) ?? true,
      least: number(inputs, leastInput) ?? 0,
      leastInput,
    };
  };
  return [
    kind("lower", "abcdefghijklmnopqrstuvwxyz"),
    kind("upper", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    kind("numeric", "0123456789", "number"),
    kind("special", text(inputs, "overrideSpecial") || DEFAULT_SPECIAL),
  ];
}

/** Draws a string that keeps to the inputs. */
export function randomText(inputs: Properties): string {
  const classes = characterClasses(inputs);
  const draw = (characters: string, count: number): string[] =>
    Array.from({ length: count }, () => characters[randomInt(characters.length)]);
  const drawn = classes.flatMap(({ characters, least }) => draw(characters, least));
  const all = classes.map(({ characters, wanted }) => (wanted ? characters : "")).join("");
  drawn.push(...draw(all, (number(inputs, "length") ?? 0) - drawn.length));
  for (let last = drawn.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [drawn[last], drawn[other]] = [drawn[other], drawn[last]];
  }
  return drawn.join("");
}

function refuseText(inputs: Properties): Refusal[] {
  if (inputs.length === UNKNOWN) {
    return [];
  }
  const length = number(inputs, "length");
  if (length === undefined || !Number.isInteger(length) || length < 1) {
    return [{ property: "length", reason: `${JSON.stringify(inputs.length)} is not a whole number from 1 on` }];
  }
  const classes = characterClasses(inputs);
  const least = classes.reduce((sum, entry) => sum + entry.least, 0);
  if (least > length) {
    return [{ property: "length", reason: `${length} is less than the ${least} characters that the min… inputs ask for` }];
  }
  if (classes.every((entry) => !entry.wanted)) {
    return [{ property: "length", reason: "every kind of character is turned off: leave at least one on" }];
  }
  return classes
    .filter((entry) => entry.least > 0 && !entry.wanted)
    .map((entry) => ({ property: entry.leastInput, reason: "asks for characters of a kind that is turned off" }));
}

function textDefaults(inputs: Properties): Properties {
  const numeric = flag(inputs, "numeric") ?? flag(inputs, "number") ?? true;
  return {
    lower: true,
    upper: true,
    special: true,
    minLower: 0,
    minUpper: 0,
    minNumeric: 0,
    minSpecial: 0,
    numeric,
    number: numeric,
  };
}

const randomString: ResourceType = {
  computed: ["result"],
  defaults: textDefaults,
  refuse: refuseText,
  create: (inputs) => {
    const result = randomText(inputs);
    return Promise.resolve({ id: result, state: { ...inputs, result } });
  },
};

const randomPassword: ResourceType = {
  ...randomString,
  secrets: ["result"],
  // The id is no secret, so it is not made from the password.
  create: (inputs) => Promise.resolve({ id: "none", state: { ...inputs, result: randomText(inputs) } }),
};

const randomId: ResourceType = {
  computed: ["b64Std", "b64Url", "dec", "hex"],
  refuse: ({ byteLength }) =>
    byteLength === UNKNOWN || (Number.isInteger(byteLength) && (byteLength as number) > 0)
      ? []
      : [{ property: "byteLength", reason: `${JSON.stringify(byteLength)} is not a whole number from 1 on` }],
  create: (inputs) => {
    const bytes = randomBytes(number(inputs, "byteLength") ?? 0);
    const prefix = text(inputs, "prefix") ?? "";
    const id = bytes.toString("base64url");
    const state = {
      ...inputs,
      b64Std: prefix + bytes.toString("base64"),
      b64Url: prefix + id,
      dec: prefix + BigInt(`0x${bytes.toString("hex")}`).toString(),
      hex: prefix + bytes.toString("hex"),
    };
    return Promise.resolve({ id, state });
  },
};

/** The resource types of @pulumi/random that the stand-in has. */
export const randomTypes: ResourceTypes = {
  "random:index/randomId:RandomId": randomId,
  "random:index/randomPassword:RandomPassword": randomPassword,
  "random:index/randomString:RandomString": randomString,
};

if (require.main === module) {
  void serveProvider("random", packageVersion("random"), randomTypes);
}
