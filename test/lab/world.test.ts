import { spawnSync } from "node:child_process";
import * as path from "node:path";

test("the world's own tests (python3 -m unittest)", () => {
  const done = spawnSync("python3", ["-B", "-m", "unittest", "discover", "-s", path.join(__dirname, "world")], { encoding: "utf8" });
  expect(done.stderr).toMatch(/\nOK\n$/);
});
