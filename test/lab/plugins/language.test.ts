import { execFileSync } from "node:child_process";
import * as path from "node:path";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import * as proto from "@pulumi/pulumi/proto/language_pb";
import { programStart, runResponse } from "../../../lab/plugins/language";

const repository = path.resolve(__dirname, "../../..");

function request(options: Record<string, string | boolean> = {}): proto.RunRequest {
  const info = new proto.ProgramInfo();
  info.setProgramDirectory(repository);
  info.setRootDirectory(repository);
  info.setEntryPoint("dist/stacks/main.js");
  info.setOptions(Struct.fromJavaScript(options));
  const run = new proto.RunRequest();
  run.setInfo(info);
  run.setPwd(repository);
  run.setProject("project");
  run.setStack("lab");
  run.setMonitorAddress("127.0.0.1:1");
  run.setParallel(4);
  run.setArgsList(["one", "two"]);
  run.getConfigMap().set("project:password", "CANARY");
  run.setConfigsecretkeysList(["project:password"]);
  return run;
}

describe("how a program is started", () => {
  it("runs the entry point by the runner of the program's own @pulumi/pulumi", () => {
    const { args, cwd } = programStart(request(), "127.0.0.1:2");
    expect(cwd).toBe(repository);
    expect(args.slice(0, 2)).toEqual(["--require", path.join(repository, "lab/plugins/programPreload")]);
    expect(args[2]).toBe(require.resolve("@pulumi/pulumi/cmd/run"));
    expect(args).toEqual(expect.arrayContaining(["--stack", "lab", "--engine", "127.0.0.1:2", "--parallel", "4"]));
    expect(args).not.toContain("--dry-run");
    expect(args.slice(-3)).toEqual(["dist/stacks/main.js", "one", "two"]);
  });

  it("says that it is a preview, and gives Node its own arguments first", () => {
    const run = request({ nodeargs: "--trace-warnings  --no-deprecation" });
    run.setDryrun(true);
    const { args } = programStart(run, "127.0.0.1:2");
    expect(args.slice(0, 2)).toEqual(["--trace-warnings", "--no-deprecation"]);
    expect(args).toContain("--dry-run");
  });

  it("keeps configuration out of the arguments", () => {
    const { args, environment } = programStart(request({ typescript: false }), "127.0.0.1:2");
    expect(args.join(" ")).not.toContain("CANARY");
    expect(environment).toEqual({
      PULUMI_CONFIG: '{"project:password":"CANARY"}',
      PULUMI_CONFIG_SECRET_KEYS: '["project:password"]',
      PULUMI_NODEJS_TYPESCRIPT: "false",
    });
  });

  it("says what to do when the program has no @pulumi/pulumi", () => {
    const run = request();
    run.getInfo()?.setProgramDirectory("/nowhere");
    expect(() => programStart(run, "")).toThrow("run `npm install` there");
  });
});

test.each([
  [0, null, { bail: false, error: "" }],
  [32, null, { bail: true, error: "" }],
  [3, null, { bail: false, error: "Program exited with non-zero exit code: 3" }],
  [null, "SIGKILL", { bail: false, error: "Program was ended by signal SIGKILL" }],
] as const)("exit code %s, signal %s", (code, signal, answer) => {
  expect(runResponse(code, signal).toObject()).toEqual(answer);
});

test("an error whose stack names a file right in a scoped folder is shown at once", () => {
  const stack = "Error: x\\n    at f (/a/node_modules/@pulumi/resource.ts:1:2)";
  const program = `const e = new Error("x"); e.stack = "${stack}"; console.log(require("util").inspect(e, { colors: true }))`;
  const preload = `require("@swc/core").transformFileSync(${JSON.stringify(
    path.join(repository, "lab/plugins/programPreload.ts"),
  )}, { jsc: { parser: { syntax: "typescript" } }, module: { type: "commonjs" } }).code`;
  const shown = execFileSync(process.execPath, ["-e", `eval(${preload}); ${program}`], {
    cwd: repository,
    encoding: "utf8",
    timeout: 5000,
  });
  expect(shown).toContain("resource.ts:1:2");
});
