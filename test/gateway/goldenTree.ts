import * as fs from "fs";
import * as path from "path";

const golden = path.join(__dirname, "golden");

/**
 * The files that stand under golden/NAME, by their path with a slash before it. With UPDATE_GOLDEN=1 they are these from
 * now on; the review reads the difference.
 */
export function goldenTree(name: string, files: Readonly<Record<string, string>>): Record<string, string> {
  const folder = path.join(golden, name);
  if (process.env.UPDATE_GOLDEN) {
    fs.rmSync(folder, { recursive: true, force: true });
    for (const [file, content] of Object.entries(files)) {
      const target = path.join(folder, file);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.writeFileSync(target, content);
    }
  }
  return tree(folder);
}

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
