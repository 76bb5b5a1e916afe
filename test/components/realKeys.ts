import * as pulumi from "@pulumi/pulumi";
import { tlsTypes } from "../../lab/plugins/tls";
import type { Properties } from "../../lab/plugins/values";
import { plain, record } from "./mocks";

/** Inputs without the wrapping of secrets, at every depth of these. */
const bare = (inputs: Record<string, unknown>): Properties => Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, plain(value)])) as Properties;

/** What was made of which inputs, by name and inputs. */
export const state = new Map<string, Record<string, unknown>>();

/** As `record`, but tls' resources are those that the lab's own provider makes; nothing is made twice. */
export async function recordWithRealKeys(): Promise<void> {
  await record();
  const mocks = (pulumi.runtime as unknown as { getMonitor(): { mocks: pulumi.runtime.Mocks } }).getMonitor().mocks;
  const { newResource } = mocks;
  mocks.newResource = async (asked) => {
    const plainly = newResource.call(mocks, asked);
    const type = tlsTypes[asked.type];
    if (type === undefined) return plainly;
    const key = JSON.stringify([asked.name, asked.inputs]);
    if (!state.has(key)) state.set(key, (await type.create({ ...type.defaults?.(bare(asked.inputs)), ...bare(asked.inputs) }, {} as never)).state);
    return { id: `${asked.name}-id`, state: { ...asked.inputs, ...state.get(key) } };
  };
}
