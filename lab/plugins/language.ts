/**
 * The lab's stand-in for Pulumi's Node language host: runs a program by the
 * runner that is part of @pulumi/pulumi.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as path from "node:path";
import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/language_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { packageVersion } from "./packageVersion";
import { engineAddress, failure, servePlugin } from "./server";

/** The runner's exit code for "the person has been told already" (a constant of @pulumi/pulumi). */
const TOLD_ALREADY = 32;

const PRELOAD = path.join(__dirname, "programPreload");

/** How the runner is started. */
export interface ProgramStart {
  readonly args: string[];
  readonly cwd: string;
  readonly environment: Record<string, string>;
}

/** Works out how to start a program from what the engine asks for. */
export function programStart(request: proto.RunRequest, engine: string): ProgramStart {
  const info = request.getInfo();
  const directory = info?.getProgramDirectory() || request.getPwd();
  const options = (info?.getOptions()?.toJavaScript() ?? {}) as Record<string, unknown>;
  const flags: [string, string | undefined][] = [
    ["monitor", request.getMonitorAddress()],
    ["engine", engine],
    ["organization", request.getOrganization() || "organization"],
    ["project", request.getProject()],
    ["root-directory", info?.getRootDirectory()],
    ["stack", request.getStack()],
    ["pwd", request.getPwd()],
    ["parallel", String(request.getParallel())],
  ];
  const nodeArguments = typeof options.nodeargs === "string" ? options.nodeargs.split(/\s+/).filter(Boolean) : [];
  const config: Record<string, string> = {};
  request.getConfigMap().forEach((value, key) => (config[key] = value));
  return {
    cwd: directory,
    args: [
      ...nodeArguments,
      "--require",
      PRELOAD,
      runner(directory),
      ...flags.flatMap(([name, value]) => (value ? [`--${name}`, value] : [])),
      ...(request.getDryrun() ? ["--dry-run"] : []),
      info?.getEntryPoint() || request.getProgram() || ".",
      ...request.getArgsList(),
    ],
    environment: {
      // In the environment, where configuration that is secret is not seen in a list of processes.
      PULUMI_CONFIG: JSON.stringify(config),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
      PULUMI_NODEJS_TYPESCRIPT: String(options.typescript ?? true),
    },
  };
}

/** The runner of the @pulumi/pulumi that the program itself uses: two copies would not know each other. */
function runner(directory: string): string {
  try {
    return createRequire(path.join(directory, "program.js")).resolve("@pulumi/pulumi/cmd/run");
  } catch {
    throw new Error(`@pulumi/pulumi is not installed for the program in ${directory}: run \`npm install\` there`);
  }
}

/** What the engine is told about a program that has ended. */
export function runResponse(code: number | null, signal: NodeJS.Signals | null): proto.RunResponse {
  const response = new proto.RunResponse();
  if (code === TOLD_ALREADY) {
    response.setBail(true);
  } else if (code !== 0) {
    response.setError(signal ? `Program was ended by signal ${signal}` : `Program exited with non-zero exit code: ${code}`);
  }
  return response;
}

function dependencies(directory: string): proto.DependencyInfo[] {
  const read = (file: string) =>
    JSON.parse(readFileSync(file, "utf8")) as { version?: string; dependencies?: Record<string, string> };
  try {
    const required = read(path.join(directory, "package.json")).dependencies ?? {};
    return Object.entries(required).map(([name, range]) => {
      const entry = new proto.DependencyInfo();
      entry.setName(name);
      entry.setVersion(installedVersion(directory, name) ?? range);
      return entry;
    });
  } catch {
    // A program without a readable package.json has none to report.
    return [];
  }

  function installedVersion(from: string, name: string): string | undefined {
    try {
      return read(path.join(from, "node_modules", name, "package.json")).version;
    } catch {
      return undefined;
    }
  }
}

class LanguageHost {
  private readonly programs = new Set<ChildProcess>();

  constructor(private engine: string) {}

  stop(): void {
    this.programs.forEach((program) => program.kill("SIGTERM"));
  }

  handlers(): grpc.UntypedServiceImplementation {
    const handlers: grpc.UntypedServiceImplementation = {};
    for (const method of Object.keys(LanguageRuntimeService)) {
      handlers[method] = unimplemented(method);
    }
    const handle = <Request, Response>(method: string, answer: (request: Request) => Promise<Response> | Response) => {
      handlers[method] = ((call: { request: Request }, reply: grpc.sendUnaryData<Response>) => {
        Promise.resolve()
          .then(() => answer(call.request))
          .then(
            (response) => reply(null, response),
            (error: unknown) => reply(failure(error)),
          );
      }) as grpc.UntypedHandleCall;
    };
    handle("handshake", (request: proto.LanguageHandshakeRequest) => {
      this.engine = request.getEngineAddress() || this.engine;
      return new proto.LanguageHandshakeResponse();
    });
    handle("getPluginInfo", () => {
      const info = new PluginInfo();
      info.setVersion(packageVersion("pulumi"));
      return info;
    });
    // None: the engine finds each provider when the program first uses it.
    handle("getRequiredPackages", () => new proto.GetRequiredPackagesResponse());
    handle("getRequiredPlugins", () => new proto.GetRequiredPluginsResponse());
    handle("runtimeOptionsPrompts", () => new proto.RuntimeOptionsResponse());
    handle("about", () => {
      const about = new proto.AboutResponse();
      about.setExecutable(process.execPath);
      about.setVersion(process.version);
      return about;
    });
    handle("getProgramDependencies", (request: proto.GetProgramDependenciesRequest) => {
      const response = new proto.GetProgramDependenciesResponse();
      response.setDependenciesList(dependencies(request.getInfo()?.getProgramDirectory() || request.getPwd()));
      return response;
    });
    handle("run", (request: proto.RunRequest) => this.run(request));
    handle("cancel", () => {
      this.stop();
      return new Empty();
    });
    // Dependencies are npm's business here; the answer is an empty stream.
    handlers.installDependencies = ((call: grpc.ServerWritableStream<unknown, unknown>) =>
      call.end()) as grpc.UntypedHandleCall;
    return handlers;
  }

  private run(request: proto.RunRequest): Promise<proto.RunResponse> {
    const { args, cwd, environment } = programStart(request, this.engine);
    return new Promise((resolve, reject) => {
      // The engine shows what a language host prints, so the program prints straight into it.
      const program = spawn(process.execPath, args, {
        cwd,
        env: { ...process.env, ...environment },
        stdio: ["ignore", "inherit", "inherit"],
      });
      this.programs.add(program);
      program.on("error", reject);
      program.on("close", (code, signal) => {
        this.programs.delete(program);
        resolve(runResponse(code, signal));
      });
    });
  }
}

function unimplemented(method: string): grpc.UntypedHandleCall {
  const error = failure(`the lab's Node language host does not do ${method}`, grpc.status.UNIMPLEMENTED);
  return ((call: { emit?: (event: string, error: Error) => void }, reply?: (error: Error) => void) =>
    reply ? reply(error) : call.emit?.("error", error)) as grpc.UntypedHandleCall;
}

if (require.main === module) {
  const host = new LanguageHost(engineAddress(process.argv) ?? "");
  void servePlugin(LanguageRuntimeService as unknown as grpc.ServiceDefinition, host.handlers(), () => host.stop());
}
