import { differences } from "../../../lab/plugins/difference";
import { localCommand } from "../../../lab/plugins/commandLocal";
import { randomTypes } from "../../../lab/plugins/random";
import { selfSignedCert } from "../../../lab/plugins/tlsCertificates";
import { UNKNOWN } from "../../../lab/plugins/values";

const command = { create: "true", stdin: "a\nb", triggers: ["machine-1"], environment: { A: "1", B: "2" } };

describe("differences", () => {
  it("finds none between the same inputs", () => {
    expect(differences(localCommand, command, { ...command }, {})).toEqual([]);
  });

  it("updates a command whose stdin changed", () => {
    expect(differences(localCommand, command, { ...command, stdin: "a\nc" }, {})).toEqual([
      { property: "stdin", path: "stdin", kind: "update", replace: false, ofInput: true },
    ]);
  });

  it("replaces a command without `update` when a trigger changed, and updates one that has it", () => {
    const now = { ...command, triggers: ["machine-2"] };
    expect(differences(localCommand, command, now, {})).toMatchObject([{ path: "triggers", replace: true }]);
    const withUpdate = { update: "true" };
    expect(differences(localCommand, { ...command, ...withUpdate }, { ...now, ...withUpdate }, {})).toMatchObject([
      { path: "triggers", replace: false },
    ]);
  });

  it("names the entry of an object that changed, came or went", () => {
    const found = differences(localCommand, command, { ...command, environment: { A: "9", "x.y": "3" } }, {});
    expect(found.map(({ path, kind }) => [path, kind])).toEqual([
      ["environment.A", "update"],
      ["environment.B", "delete"],
      ['environment["x.y"]', "add"],
    ]);
  });

  it("takes a value that is not yet known as a change", () => {
    expect(differences(localCommand, command, { ...command, stdin: UNKNOWN }, {})).toHaveLength(1);
    expect(differences(localCommand, command, { ...command, triggers: [UNKNOWN] }, {})).toMatchObject([{ replace: true }]);
  });

  it("leaves out what the person wants ignored", () => {
    expect(differences(localCommand, command, { ...command, stdin: "c" }, {}, ["stdin"])).toEqual([]);
  });

  it("replaces a random value for any change", () => {
    const type = randomTypes["random:index/randomPassword:RandomPassword"];
    expect(differences(type, { length: 8 }, { length: 8, keepers: { a: "1" } }, {})).toMatchObject([
      { path: "keepers", kind: "add", replace: true },
    ]);
  });

  it("replaces a certificate when its renewal is due, and not before", () => {
    const inputs = { earlyRenewalHours: 2 };
    const inHours = (hours: number) => ({ validityEndTime: new Date(Date.now() + hours * 3_600_000).toISOString() });
    expect(differences(selfSignedCert, inputs, inputs, inHours(3))).toEqual([]);
    expect(differences(selfSignedCert, inputs, inputs, inHours(1))).toMatchObject([
      { path: "readyForRenewal", replace: true, ofInput: false },
    ]);
  });
});
