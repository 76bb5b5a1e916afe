import * as fs from "fs";
import * as path from "path";
import { renderBundle } from "../../gateway/renderBundle";
import type { GatewaySpec } from "../../gateway/spec";
import { exampleSecrets, goldenSpecs } from "./specs";

const golden = path.join(__dirname, "golden");

/** All files under a folder, by their path within it. */
function tree(folder: string): Record<string, string> {
  if (!fs.existsSync(folder)) return {};
  const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    entries.map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      return ["/" + path.relative(folder, file), fs.readFileSync(file, "utf8")];
    }),
  );
}

function rendered(spec: GatewaySpec): Record<string, string> {
  const files = renderBundle(spec, exampleSecrets(spec)).parts.flatMap((part) => part.files);
  return Object.fromEntries(files.map(({ path: name, content }) => [name, content]));
}

// UPDATE_GOLDEN=1 writes the trees anew; the review reads the difference.
describe.each(Object.keys(goldenSpecs))("golden tree %s", (name) => {
  const files = rendered(goldenSpecs[name]);

  if (process.env.UPDATE_GOLDEN) {
    fs.rmSync(path.join(golden, name), { recursive: true, force: true });
    for (const [file, content] of Object.entries(files)) {
      const target = path.join(golden, name, file);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.writeFileSync(target, content);
    }
  }

  test("is what the spec renders to", () => {
    expect(files).toEqual(tree(path.join(golden, name)));
  });
});
