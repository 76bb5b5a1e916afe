import { execFile } from "child_process";
import * as path from "path";
import { promisify } from "util";
import { engineEnvironment } from "./engine";

const run = promisify(execFile);
const toolchain = path.join(__dirname, "..", "..", "scripts", "toolchain");

(engineEnvironment() ? describe : describe.skip)("scripts/toolchain", () => {
  test("serves several callers of one clone at once, as test files are", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => run(toolchain, ["--env"])));
    expect(new Set(answers.map(({ stdout }) => stdout)).size).toBe(1);
    expect(answers[0].stdout).toContain("export PULUMI_SKIP_UPDATE_CHECK=true");
  }, 120_000);
});
