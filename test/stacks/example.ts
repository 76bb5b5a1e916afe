import * as fs from "fs";
import * as path from "path";
import { parse } from "yaml";

/** An example's config as the CLI hands it to a program: texts, and JSON for what is none. */
export function example(stack: string, changes: Record<string, unknown> = {}): Record<string, string> {
  const file = path.join(__dirname, "..", "..", "stacks", `${stack}.config.yaml`);
  const { config } = parse(fs.readFileSync(file, "utf8")) as { config: Record<string, unknown> };
  const ours = Object.fromEntries(Object.entries(changes).map(([key, value]) => [`pulumi-vpn-gateway:${key}`, value]));
  // The mocks' project is called "project".
  return Object.fromEntries(
    Object.entries({ ...config, ...ours }).map(([key, value]) => [
      key.replace(/^pulumi-vpn-gateway:/, "project:"),
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}
