import { spawn, type ChildProcess } from "child_process";
import * as path from "path";
import * as grpc from "@grpc/grpc-js";
import * as struct from "google-protobuf/google/protobuf/struct_pb";

/* eslint-disable @typescript-eslint/no-require-imports -- the generated protocol has no types for these */
const analyzer = require("@pulumi/pulumi/proto/analyzer_grpc_pb");
const messages = require("@pulumi/pulumi/proto/analyzer_pb");
/* eslint-enable */

/** The pack as the Pulumi CLI has it: a process that prints a port and answers on it. */
describe("the pack as a process", () => {
  let child: ChildProcess;
  let client: grpc.Client & Record<string, (request: unknown, done: (error: Error | null, answer: never) => void) => void>;

  beforeAll(async () => {
    const root = path.join(__dirname, "..", "..");
    child = spawn(process.execPath, ["-r", path.join(root, "test/typescript.js"), path.join(root, "policies/index.ts")], { cwd: path.join(root, "policies"), stdio: ["ignore", "pipe", "inherit"] });
    const port = await new Promise<string>((done) => child.stdout!.once("data", (data: Buffer) => done(data.toString().trim())));
    client = new analyzer.AnalyzerClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  }, 30_000);
  afterAll(() => {
    client.close();
    child.kill();
  });

  const ask = <T>(method: string, request: unknown) =>
    new Promise<T>((done, fail) => client[method](request, (error, answer) => (error ? fail(error) : done(answer))));

  async function analyze(props: Record<string, struct.JavaScriptValue>): Promise<string[]> {
    const request = new messages.AnalyzeRequest();
    request.setType("aws:ec2/instance:Instance");
    request.setName("web");
    request.setUrn("urn:pulumi:stack::project::aws:ec2/instance:Instance::web");
    request.setOptions(new messages.AnalyzerResourceOptions());
    request.setProperties(struct.Struct.fromJavaScript(props));
    const answer = await ask<{ getDiagnosticsList(): { getPolicyname(): string }[] }>("analyze", request);
    return answer.getDiagnosticsList().map((one) => one.getPolicyname());
  }

  test("it refuses what its rules refuse, and takes the rest", async () => {
    expect(await analyze({ metadataOptions: { httpTokens: "optional" } })).toEqual(["imdsv2", "encrypted-root-disk"]);
    expect(await analyze({ metadataOptions: { httpTokens: "required" }, rootBlockDevice: { encrypted: true } })).toEqual([]);
  });

  test("it names itself and every rule", async () => {
    const { Empty } = require("google-protobuf/google/protobuf/empty_pb"); // eslint-disable-line @typescript-eslint/no-require-imports
    const info = await ask<{ getName(): string; getVersion(): string; getPoliciesList(): unknown[] }>("getAnalyzerInfo", new Empty());
    expect([info.getName(), info.getPoliciesList().length]).toEqual(["vpn-gateway", 10]);
    // The SDK reads it from the folder that the CLI starts the pack in.
    expect(info.getVersion()).toBe((require("../../package.json") as { version: string }).version); // eslint-disable-line @typescript-eslint/no-require-imports
  });
});
