import { execFile } from "child_process";
import * as path from "path";
import { promisify } from "util";
import { rules } from "../../policies/rules";
import { plain, registered } from "./mocks";

/** What a preview said, and the names of what it registered. */
export interface Previewed {
  message: string;
  warned: string;
  registered: string[];
}

/** What previews of a cloud's component with each of these args say against it, in a process beside the tests. */
export async function previewsOf(cloud: string, component: string, changes: readonly object[]): Promise<Previewed[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [path.join(__dirname, "preview.js"), cloud, component, JSON.stringify(changes)]);
  return JSON.parse(stdout) as Previewed[];
}

/** What the policy pack says of all that was registered; it sees values as they are, secret or not. */
export function saidByPolicies(): string[] {
  return registered.flatMap(({ type, inputs }) => {
    const props = Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, isSecretInput(value) ? plain<unknown>(value) : value]));
    return rules.filter(({ types }) => types.includes(type)).flatMap(({ judge }) => judge(props, type));
  });
}

/** Is the input of a resource, as mocks see it, a secret? */
export function isSecretInput(value: unknown): boolean {
  const key = "4dabf18193072939515e22adb298388d";
  return value !== null && typeof value === "object" && (value as Record<string, unknown>)[key] === "1b47061264138c4ac30d75fd1eb44270";
}
