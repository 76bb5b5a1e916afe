import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { labId } from "../../lab/labId";
import { Stack } from "../../lab/stack";

test("a lab is another in another stack and in another checkout, and its name is one that a machine's folder takes", () => {
  const all = [labId("lab", "/one"), labId("lab-pair", "/one"), labId("lab", "/two")];
  expect(new Set(all).size).toBe(3);
  for (const each of all) expect(each).toMatch(/^[a-z0-9-]+$/);
  // A lab that an older version left behind is found again.
  expect(labId("lab", "/one")).toBe(`lab-${createHash("sha256").update("/one").digest("hex").slice(0, 6)}`);
});

test("a stack knows its lab without asking the program: it runs in the folder of Pulumi.yaml's main", () => {
  const main = /^main: (.*)$/m.exec(fs.readFileSync(path.join(__dirname, "..", "..", "Pulumi.yaml"), "utf8"))![1];
  expect(new Stack("lab-pair", "/work/one").labId).toBe(labId("lab-pair", path.dirname(path.join("/work/one", main))));
});
