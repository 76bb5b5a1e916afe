/** A resource provider as a table of resource types, served over Pulumi's public protocol. */
import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import * as pluginProto from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { differences, type Difference } from "./difference";
import { EngineLog, type ResourceLog } from "./engineLog";
import { engineAddress, failure, servePlugin } from "./server";
import { fromStruct, toStruct, UNKNOWN, type Properties } from "./values";

/** What an operation has at hand beside its properties. */
export interface Operation {
  readonly urn: string;
  readonly log: ResourceLog;
  /** Aborted when the person cancels, or when the engine is gone. */
  readonly signal: AbortSignal;
}

/** An input that the resource type refuses, and why. */
export interface Refusal {
  readonly property: string;
  readonly reason: string;
}

/** One resource type of a provider. */
export interface ResourceType {
  /** Outputs that only running tells; unknown in a preview. */
  readonly computed: readonly string[];
  /** Outputs that are secret whatever the inputs are. */
  readonly secrets?: readonly string[];
  /** Fills in what the person left out. */
  defaults?(inputs: Properties): Properties;
  /** Says what is wrong with known inputs, before anything is created. */
  refuse?(inputs: Properties): Refusal[];
  /** Whether a change of this input needs a new resource; without it every change does. */
  replaces?(property: string, inputs: Properties): boolean;
  /** Properties of the state that ask for a new resource although no input changed. */
  expired?(state: Properties): string[];
  create(inputs: Properties, operation: Operation): Promise<{ id: string; state: Properties }>;
  update?(state: Properties, inputs: Properties, operation: Operation): Promise<Properties>;
  delete?(state: Properties, operation: Operation): Promise<void>;
  /** The state as a refresh should find it. */
  read?(state: Properties): Properties;
}

/** A provider: its resource types by their type token. */
export type ResourceTypes = Readonly<Record<string, ResourceType>>;

type Reply<T> = grpc.sendUnaryData<T>;
type Handler = grpc.UntypedHandleCall;

/** Makes the gRPC handlers of a provider. */
export class ProviderHandlers {
  private readonly cancelled = new AbortController();

  constructor(
    private readonly name: string,
    private readonly version: string,
    private readonly types: ResourceTypes,
    private readonly log: EngineLog,
  ) {}

  /** Stops what is running. */
  cancel(): void {
    this.cancelled.abort();
  }

  /** All handlers, by the protocol's names; what is missing here is answered as unimplemented. */
  all(): grpc.UntypedServiceImplementation {
    const handlers: grpc.UntypedServiceImplementation = {};
    for (const method of Object.keys(ResourceProviderService)) {
      handlers[method] = ((_: unknown, reply: Reply<unknown>) =>
        reply(failure(`${this.name}: ${method} is not implemented`, grpc.status.UNIMPLEMENTED))) as Handler;
    }
    const handle = <Request, Response>(method: string, answer: (request: Request) => Promise<Response> | Response) => {
      handlers[method] = ((call: { request: Request }, reply: Reply<Response>) => {
        Promise.resolve()
          .then(() => answer(call.request))
          .then(
            (response) => reply(null, response),
            (error: unknown) => reply(failure(error)),
          );
      }) as Handler;
    };
    handle("handshake", (request: proto.ProviderHandshakeRequest) => {
      this.log.attach(request.getEngineAddress());
      return new proto.ProviderHandshakeResponse();
    });
    handle("attach", (request: pluginProto.PluginAttach) => {
      this.log.attach(request.getAddress());
      return new Empty();
    });
    handle("getPluginInfo", () => {
      const info = new pluginProto.PluginInfo();
      info.setVersion(this.version);
      return info;
    });
    handle("getSchema", () => {
      const response = new proto.GetSchemaResponse();
      response.setSchema(JSON.stringify({ name: this.name, version: this.version }));
      return response;
    });
    handle("configure", () => {
      // Secrets are not accepted: the engine then sends plain values and marks the outputs of
      // the same names again, which is safer than doing it in each resource type.
      const response = new proto.ConfigureResponse();
      response.setSupportspreview(true);
      return response;
    });
    handle("cancel", () => {
      this.cancel();
      return new Empty();
    });
    handle("check", (request: proto.CheckRequest) => this.check(request));
    handle("diff", (request: proto.DiffRequest) => this.diff(request));
    handle("create", (request: proto.CreateRequest) => this.create(request));
    handle("update", (request: proto.UpdateRequest) => this.update(request));
    handle("delete", (request: proto.DeleteRequest) => this.delete(request));
    handle("read", (request: proto.ReadRequest) => this.read(request));
    return handlers;
  }

  private type(urn: string): ResourceType {
    const token = urn.split("::")[2]?.split("$").pop() ?? "";
    const type = this.types[token];
    if (!type) {
      throw new Error(
        `the lab's stand-in for the ${this.name} provider has no resource type ${token}, ` +
          `only ${Object.keys(this.types).join(", ")}; install the official provider to use it`,
      );
    }
    return type;
  }

  private async operate<T>(urn: string, run: (operation: Operation) => Promise<T>): Promise<T> {
    const log = this.log.forResource(urn);
    try {
      return await run({ urn, log, signal: this.cancelled.signal });
    } finally {
      await log.flushed();
    }
  }

  private check(request: proto.CheckRequest): proto.CheckResponse {
    const type = this.type(request.getUrn());
    const inputs = { ...type.defaults?.(fromStruct(request.getNews())), ...fromStruct(request.getNews()) };
    const response = new proto.CheckResponse();
    response.setInputs(toStruct(inputs));
    response.setFailuresList(
      (type.refuse?.(inputs) ?? []).map((refusal) => {
        const entry = new proto.CheckFailure();
        entry.setProperty(refusal.property);
        entry.setReason(refusal.reason);
        return entry;
      }),
    );
    return response;
  }

  private diff(request: proto.DiffRequest): proto.DiffResponse {
    const type = this.type(request.getUrn());
    const state = fromStruct(request.getOlds());
    // An engine too old to send the old inputs has them, by the same names, in the state.
    const old = request.hasOldInputs() ? fromStruct(request.getOldInputs()) : state;
    const inputs = fromStruct(request.getNews());
    const found = differences(type, old, inputs, state, request.getIgnorechangesList());
    return diffResponse(found);
  }

  private create(request: proto.CreateRequest): Promise<proto.CreateResponse> {
    const type = this.type(request.getUrn());
    const inputs = fromStruct(request.getProperties());
    return this.operate(request.getUrn(), async (operation) => {
      const made = request.getPreview()
        ? { id: "", state: previewState(type, inputs) }
        : await type.create(inputs, operation);
      const response = new proto.CreateResponse();
      response.setId(made.id);
      response.setProperties(toStruct(made.state, type.secrets));
      return response;
    });
  }

  private update(request: proto.UpdateRequest): Promise<proto.UpdateResponse> {
    const type = this.type(request.getUrn());
    const inputs = fromStruct(request.getNews());
    const old = fromStruct(request.getOlds());
    return this.operate(request.getUrn(), async (operation) => {
      const state = request.getPreview()
        ? previewState(type, inputs)
        : ((await type.update?.(old, inputs, operation)) ?? { ...old, ...inputs });
      const response = new proto.UpdateResponse();
      response.setProperties(toStruct(state, type.secrets));
      return response;
    });
  }

  private delete(request: proto.DeleteRequest): Promise<Empty> {
    const type = this.type(request.getUrn());
    return this.operate(request.getUrn(), async (operation) => {
      await type.delete?.(fromStruct(request.getProperties()), operation);
      return new Empty();
    });
  }

  private read(request: proto.ReadRequest): proto.ReadResponse {
    const type = this.type(request.getUrn());
    const state = fromStruct(request.getProperties());
    const response = new proto.ReadResponse();
    response.setId(request.getId());
    response.setProperties(toStruct(type.read?.(state) ?? state, type.secrets));
    response.setInputs(request.getInputs());
    return response;
  }
}

function previewState(type: ResourceType, inputs: Properties): Properties {
  return { ...inputs, ...Object.fromEntries(type.computed.map((name) => [name, UNKNOWN])) };
}

function diffResponse(found: readonly Difference[]): proto.DiffResponse {
  const { DiffChanges } = proto.DiffResponse;
  const { Kind } = proto.PropertyDiff;
  const response = new proto.DiffResponse();
  response.setChanges(found.length > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE);
  response.setDiffsList([...new Set(found.map((difference) => difference.property))]);
  response.setReplacesList([
    ...new Set(found.filter((difference) => difference.replace).map((difference) => difference.property)),
  ]);
  response.setHasdetaileddiff(true);
  for (const difference of found) {
    const entry = new proto.PropertyDiff();
    const kinds = {
      add: difference.replace ? Kind.ADD_REPLACE : Kind.ADD,
      delete: difference.replace ? Kind.DELETE_REPLACE : Kind.DELETE,
      update: difference.replace ? Kind.UPDATE_REPLACE : Kind.UPDATE,
    };
    entry.setKind(kinds[difference.kind]);
    // Compared by inputs: the preview then prints the old and the new input, line by line.
    entry.setInputdiff(difference.ofInput);
    response.getDetaileddiffMap().set(difference.path, entry);
  }
  return response;
}

/** Serves a provider until the engine ends this process. */
export async function serveProvider(name: string, version: string, types: ResourceTypes): Promise<void> {
  const handlers = new ProviderHandlers(name, version, types, new EngineLog(engineAddress(process.argv)));
  await servePlugin(ResourceProviderService as unknown as grpc.ServiceDefinition, handlers.all(), () =>
    handlers.cancel(),
  );
}
