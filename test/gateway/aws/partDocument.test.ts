import { spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { renderPartDocument, type PartParameters } from "../../../gateway/aws/partDocument";
import { encryptedTransportAlone, machineMay, machineTrust, policy } from "../../../gateway/aws/policies";

interface Step {
  action: string;
  onFailure: string;
  inputs: { runCommand: string[]; destinationPath: string };
}
const document = JSON.parse(renderPartDocument("cat >unpacked")) as { schemaVersion: string; parameters: Record<keyof PartParameters, { allowedPattern: string }>; mainSteps: Step[] };
const [prepare, fetch, apply] = document.mainSteps;
const parameters: PartParameters = { part: "base", source: "https://bucket.s3.eu-central-1.amazonaws.com/base.part", owner: "0123456789ab", confirmBy: "ssm.eu-central-1.amazonaws.com", digest: "ab12" };

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "part-"));
  for (const [name, script] of [["vpn-gateway", `echo "$@" >>asked; [ "$1" = confirm ] || cat >text`], ["python3", `[ ! -e cut ]`], ["cloud-init", "exit 2"]]) {
    fs.writeFileSync(path.join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

/** Runs a step as the agent would, on a folder in the place of the root. */
function run(step: Step, changes: Partial<PartParameters> = {}) {
  const values = { ...parameters, ...changes };
  const script = step.inputs.runCommand
    .join("\n")
    .replace(/\{\{ (\w+) \}\}/g, (_, name: keyof PartParameters) => values[name])
    .replaceAll("/run/vpn-gateway-parts", path.join(folder, "run"))
    .replaceAll("/var/lib/vpn-gateway/ready", path.join(folder, "ready"));
  return spawnSync("sh", ["-s"], { input: script, cwd: folder, encoding: "utf8", env: { ...process.env, PATH: `${folder}:${process.env.PATH}` } });
}
function staged(file: string, text = "part text\n"): void {
  fs.mkdirSync(path.dirname(path.join(folder, "run", file)), { recursive: true });
  fs.writeFileSync(path.join(folder, "run", file), text);
}
const read = (name: string) => fs.readFileSync(path.join(folder, name), "utf8");

test("three steps, each ends the document when it fails", () => {
  expect([document.schemaVersion, ...document.mainSteps.map(({ action, onFailure }) => `${action} ${onFailure}`)]).toEqual([
    "2.2", "aws:runShellScript exit", "aws:downloadContent exit", "aws:runShellScript exit",
  ]);
  expect(fetch.inputs.destinationPath).toBe("/run/vpn-gateway-parts/{{ part }}");
});

test("nothing is fetched before the first boot is done", () => {
  expect(run(prepare)).toMatchObject({ status: 1, stderr: expect.stringContaining("did not get ready") as string });
  fs.writeFileSync(path.join(folder, "ready"), "");
  expect(run(prepare).status).toBe(0);
  expect(fs.statSync(path.join(folder, "run")).mode & 0o777).toBe(0o700);
});

test.each(["base", "base/base.part"])("a part staged as %s is applied, confirmed, and taken away", (file) => {
  staged(file);
  expect(run(apply).status).toBe(0);
  expect(read("asked")).toBe("apply base --owner 0123456789ab\nconfirm base\n");
  expect(read("text")).toBe("part text\n");
  expect(fs.readdirSync(path.join(folder, "run"))).toEqual([]);
});

test("a part that cuts the way in is not confirmed, and the step fails saying so", () => {
  staged("base");
  fs.writeFileSync(path.join(folder, "cut"), "");
  expect(run(apply)).toMatchObject({ status: 1, stderr: expect.stringContaining("goes back by itself") as string });
  expect(read("asked")).toBe("apply base --owner 0123456789ab\n");
  expect(fs.readdirSync(path.join(folder, "run"))).toEqual([]);
});

test("a refused part fails the step; a part without confirmation asks for none; the command is unpacked, not applied", () => {
  staged("users");
  expect(run(apply, { part: "users", confirmBy: "-" }).status).toBe(0);
  expect(read("asked")).toBe("apply users --owner 0123456789ab\n");
  staged("host", "the command\n");
  expect(run(apply, { part: "host", confirmBy: "-" }).status).toBe(0);
  expect(read("unpacked")).toBe("the command\n");
  fs.writeFileSync(path.join(folder, "vpn-gateway"), "#!/bin/sh\nexit 3\n", { mode: 0o755 });
  staged("users");
  expect(run(apply, { part: "users", confirmBy: "-" }).status).toBe(3);
});

test("parameters take what is meant and no shell", () => {
  for (const [name, { allowedPattern }] of Object.entries(document.parameters)) {
    const pattern = new RegExp(allowedPattern);
    expect([name, pattern.test(parameters[name as keyof PartParameters])]).toEqual([name, true]);
    for (const bad of ["a; reboot", "$(reboot)", "`reboot`", "a\nb", "a b", ""]) expect([name, bad, pattern.test(bad)]).toEqual([name, bad, false]);
  }
});

test("policies are JSON of the current version", () => {
  for (const text of [machineTrust, policy(machineMay("arn:aws:s3:::parts")), encryptedTransportAlone("arn:aws:s3:::parts")]) {
    expect((JSON.parse(text) as { Version: string }).Version).toBe("2012-10-17");
  }
});
