import * as fs from "fs";
import * as path from "path";
import { renderPart } from "../gateway/formats/part";
import { platform } from "../gateway/platforms";

/** The package's own folder, from compiled code (dist/components) and from source alike. */
export function packageRoot(): string {
  let folder = __dirname;
  while (!fs.existsSync(path.join(folder, "package.json"))) folder = path.dirname(folder);
  return folder;
}

/** What the command knows of its distribution. */
export function renderLayout(on: string): string {
  const { name, title, host } = platform(on);
  return `${JSON.stringify({ name, title, ...host }, undefined, 2)}\n`;
}

/** The `vpn-gateway` command's files as part text, so that a preview shows the lines in which a new release differs. */
export function hostCommandText(on: string): string {
  const host = path.join(packageRoot(), "host");
  const modules = fs.readdirSync(path.join(host, "vpn_gateway")).filter((name) => name.endsWith(".py")).sort();
  const read = (name: string) => fs.readFileSync(path.join(host, name), "utf8");
  return renderPart({
    name: "host",
    secret: false,
    packages: [],
    modules: [],
    services: [],
    confirmWithin: 0,
    files: [
      ...modules.map((name) => ({
        path: `/usr/lib/vpn-gateway/vpn_gateway/${name}`,
        mode: 0o644,
        content: read(`vpn_gateway/${name}`),
      })),
      { path: "/usr/lib/vpn-gateway/layout.json", mode: 0o644, content: renderLayout(on) },
      { path: "/usr/sbin/vpn-gateway", mode: 0o755, content: read("vpn-gateway") },
    ],
  });
}

/**
 * Puts the text's files in place on a machine that has nothing of ours yet but Python 3: each is written beside its
 * name and renamed, so that a push that is cut leaves the old command whole, and a power cut right after it the new one.
 * Modules are compiled here and by nobody later: Python writes its cache without fsync, and one that a power cut left
 * half written ends every later start with "marshal data too short".
 */
export const unpack = `python3 -c '
import importlib.util, os, py_compile, sys
text = sys.stdin.read().split("\\n")
if text[-2:] != ["end", ""]: sys.exit("vpn-gateway: the command was cut off on its way: push it again")
files = []
for line in text[1:-2]:
    if line.startswith("file "): files.append((*line.split()[1:], []))
    elif files: files[-1][2].append(line[len(files[-1][0]) + 3:])
for path, mode, lines in files:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w") as file: file.write("\\n".join(lines) + "\\n")
    os.chmod(path + ".new", int(mode, 8))
new = [path for path, mode, lines in files]
for path in [path for path in new if path.endswith(".py")]:
    compiled = importlib.util.cache_from_source(path)
    py_compile.compile(path + ".new", compiled + ".new", dfile=path, doraise=True)
    new.append(compiled)
os.sync()
for path in new: os.rename(path + ".new", path)
os.sync()
'`;
