import type { ServiceError } from "@grpc/grpc-js";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { EngineLog } from "../../../lab/plugins/engineLog";
import { ProviderHandlers, type ResourceType } from "../../../lab/plugins/provider";
import { fromStruct, toStruct, UNKNOWN, type Properties } from "../../../lab/plugins/values";

const URN = "urn:pulumi:stack::project::parent:component:Parent$test:index:Thing::name";

function provider(type: Partial<ResourceType> = {}) {
  const create = jest.fn(() => Promise.resolve({ id: "made", state: { given: "x", made: "y" } as Properties }));
  const handlers = new ProviderHandlers(
    "test",
    "1.0.0",
    { "test:index:Thing": { computed: ["made"], create, ...type } },
    new EngineLog(),
  ).all() as Record<string, (call: unknown, reply: (error: ServiceError | null, response?: unknown) => void) => void>;
  const ask = <Response>(method: string, request?: unknown): Promise<Response> =>
    new Promise((resolve, reject) =>
      handlers[method]({ request }, (error, response) => (error ? reject(error) : resolve(response as Response))),
    );
  return { ask, create };
}

function createRequest(properties: Properties, preview: boolean): proto.CreateRequest {
  const request = new proto.CreateRequest();
  request.setUrn(URN);
  request.setProperties(toStruct(properties));
  request.setPreview(preview);
  return request;
}

describe("a provider", () => {
  it("does not ask for secrets, so that the engine marks the outputs again", async () => {
    const response = await provider().ask<proto.ConfigureResponse>("configure", new proto.ConfigureRequest());
    expect(response.getAcceptsecrets()).toBe(false);
    expect(response.getSupportspreview()).toBe(true);
  });

  it("makes nothing in a preview, and says which outputs are not yet known", async () => {
    const { ask, create } = provider();
    const response = await ask<proto.CreateResponse>("create", createRequest({ given: "x" }, true));
    expect(create).not.toHaveBeenCalled();
    expect(fromStruct(response.getProperties())).toEqual({ given: "x", made: UNKNOWN });
  });

  it("wraps the outputs that are secret in themselves", async () => {
    const { ask } = provider({ secrets: ["made"] });
    const response = await ask<proto.CreateResponse>("create", createRequest({ given: "x" }, false));
    expect(response.getId()).toBe("made");
    expect(response.getProperties()?.toJavaScript()).toMatchObject({
      given: "x",
      made: { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value: "y" },
    });
  });

  it("fills in defaults and passes refusals on", async () => {
    const { ask } = provider({
      defaults: () => ({ size: 3, given: "default" }),
      refuse: () => [{ property: "size", reason: "is too small" }],
    });
    const request = new proto.CheckRequest();
    request.setUrn(URN);
    request.setNews(toStruct({ given: "x" }));
    const response = await ask<proto.CheckResponse>("check", request);
    expect(fromStruct(response.getInputs())).toEqual({ size: 3, given: "x" });
    expect(response.getFailuresList().map((entry) => entry.toObject())).toEqual([
      { property: "size", reason: "is too small" },
    ]);
  });

  it("names the types that it has when it is asked for another", async () => {
    const request = createRequest({}, false);
    request.setUrn("urn:pulumi:stack::project::test:index:Other::name");
    await expect(provider().ask("create", request)).rejects.toThrow(
      /no resource type test:index:Other, only test:index:Thing; install the official provider/,
    );
  });

  it("answers what it does not do as unimplemented", async () => {
    await expect(provider().ask("parameterize")).rejects.toMatchObject({ code: 12 });
  });
});
