import { randomText, randomTypes } from "../../../lab/plugins/random";
import { operation } from "./helpers";

const password = randomTypes["random:index/randomPassword:RandomPassword"];

describe("random text", () => {
  it("keeps to length, kinds and least numbers", () => {
    for (let time = 0; time < 200; time++) {
      const drawn = randomText({ length: 12, upper: false, minSpecial: 3, minNumeric: 2, overrideSpecial: "-_" });
      expect(drawn).toMatch(/^[a-z0-9_-]{12}$/);
      expect(drawn.match(/[-_]/g)?.length).toBeGreaterThanOrEqual(3);
      expect(drawn.match(/[0-9]/g)?.length).toBeGreaterThanOrEqual(2);
    }
  });

  it("differs from one to the next", () => {
    expect(new Set(Array.from({ length: 100 }, () => randomText({ length: 16 }))).size).toBe(100);
  });
});

test("a password is secret, and its id does not tell it", async () => {
  expect(password.secrets).toContain("result");
  expect((await password.create({ length: 16 }, operation())).id).toBe("none");
});

test.each([
  [{}, "length"],
  [{ length: 0 }, "length"],
  [{ length: 3, minLower: 4 }, "length"],
  [{ length: 3, lower: false, upper: false, numeric: false, special: false }, "length"],
  [{ length: 3, minSpecial: 1, special: false }, "minSpecial"],
])("%j is refused", (inputs, property) => {
  expect(password.refuse?.(inputs)[0].property).toBe(property);
});

test("an id is the same number in every form", async () => {
  const { state } = await randomTypes["random:index/randomId:RandomId"].create({ byteLength: 5, prefix: "p-" }, operation());
  const hex = String(state.hex).slice(2);
  expect(hex).toMatch(/^[0-9a-f]{10}$/);
  expect(state.dec).toBe(`p-${BigInt(`0x${hex}`)}`);
  expect(state.b64Std).toBe(`p-${Buffer.from(hex, "hex").toString("base64")}`);
});
