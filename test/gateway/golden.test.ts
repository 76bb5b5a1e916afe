import { renderBundle } from "../../gateway/renderBundle";
import type { GatewaySpec } from "../../gateway/spec";
import { goldenTree } from "./goldenTree";
import { exampleSecrets, goldenSpecs } from "./specs";

function rendered(spec: GatewaySpec): Record<string, string> {
  const files = renderBundle(spec, exampleSecrets(spec)).parts.flatMap((part) => part.files);
  return Object.fromEntries(files.map(({ path: name, content }) => [name, content]));
}

describe.each(Object.keys(goldenSpecs))("golden tree %s", (name) => {
  const files = rendered(goldenSpecs[name]);

  test("is what the spec renders to", () => {
    expect(files).toEqual(goldenTree(name, files));
  });
});
