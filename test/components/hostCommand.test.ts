import { spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { hostCommandText, packageRoot, unpack } from "../../components/hostCommand";

/** The command as a machine gets it, in a folder of its own. */
describe("what is unpacked on a machine", () => {
  let root: string;
  const lib = () => path.join(root, "usr/lib/vpn-gateway");
  const command = () => path.join(root, "usr/sbin/vpn-gateway");
  const text = () => hostCommandText("debian13").replace(/^(file )?(\/usr\/s?(?:lib|bin)\/vpn-gateway\S*)/gm, `$1${root}$2`).replaceAll('"/usr/lib/vpn-gateway"', JSON.stringify(lib()));
  const put = (stdin = text()) => spawnSync("sh", ["-c", unpack], { input: stdin, encoding: "utf8" });
  const version = () => spawnSync("python3", ["-I", command(), "version"], { encoding: "utf8" });
  const caches = () => fs.readdirSync(path.join(lib(), "vpn_gateway/__pycache__"));

  beforeEach(() => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), "host-command-"));
  });
  afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

  test("starts, each module compiled once and none later", () => {
    expect(put()).toMatchObject({ status: 0, stderr: "" });
    const modules = fs.readdirSync(path.join(packageRoot(), "host/vpn_gateway")).filter((name) => name.endsWith(".py"));
    expect(caches().map((name) => name.split(".")[0] + ".py").sort()).toEqual(modules.sort());
    const before = caches().map((name) => fs.statSync(path.join(lib(), "vpn_gateway/__pycache__", name)).mtimeMs);
    fs.appendFileSync(path.join(lib(), "vpn_gateway/__init__.py"), "\n");
    expect(version()).toMatchObject({ status: 0, stderr: "" });
    expect(caches().map((name) => fs.statSync(path.join(lib(), "vpn_gateway/__pycache__", name)).mtimeMs)).toEqual(before);
  });
  test("the twin: a cache that a power cut left half written ends it, and the next push mends that", () => {
    put();
    for (const name of caches()) fs.truncateSync(path.join(lib(), "vpn_gateway/__pycache__", name), 40);
    expect(version().stderr).toContain("EOFError");
    expect(put().status).toBe(0);
    expect(version()).toMatchObject({ status: 0, stderr: "" });
  });
  test("a module that does not compile, or a text that was cut off, leaves the old command", () => {
    put();
    expect(put(text().replace("file ", "file x").slice(0, -5)).stderr).toContain("cut off on its way");
    expect(put(text().replace(/ \| import glob$/m, " | import glob glob")).status).not.toBe(0);
    expect(version()).toMatchObject({ status: 0, stderr: "" });
  });
});
