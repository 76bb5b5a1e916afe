import * as fs from "fs";
import * as path from "path";
import { hostCommandText, packageRoot, renderLayout } from "../../components/hostCommand";
import { platform } from "../../gateway/platforms";
import { platformNames } from "../../gateway/spec";

/** What the tests of the command itself run by: host/layout.json is Debian's, for a command that runs from its source. */
const layouts: [name: string, file: string][] = [
  ["debian13", "host/layout.json"],
  ["el9", "test/host/layouts/el9.json"],
];

// UPDATE_CONTRACT=1 writes them anew; the review reads the difference.
test.each(layouts)("%s: the file that the command's own tests have is what a machine gets", (name, file) => {
  const target = path.join(packageRoot(), file);
  if (process.env.UPDATE_CONTRACT) {
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, renderLayout(name));
  }
  expect(fs.readFileSync(target, "utf8")).toBe(renderLayout(name));
});

describe.each(platformNames)("%s", (name) => {
  const { host, strongswan } = platform(name);

  test("the command is told where the parts' files go", () => {
    expect(host.swanctl).toBe(`${strongswan.swanctl}/`);
    expect(host.settings.some((folder) => strongswan.charon.startsWith(folder))).toBe(true);
  });
  test("a machine gets its own layout, once, beside the command", () => {
    const text = hostCommandText(name);
    const lines = text.split("\n").filter((line) => line.startsWith("/usr/lib/vpn-gateway/layout.json |"));
    expect(JSON.parse(lines.map((line) => line.slice(line.indexOf("|") + 1)).join("\n"))).toMatchObject({ name, packages: host.packages, swanctl: host.swanctl });
    expect(text.match(/^file \/usr\/lib\/vpn-gateway\/layout\.json 0644$/gm)).toHaveLength(1);
  });
});
