import { readFileSync } from "node:fs";

/** The version of an installed Pulumi package: a stand-in answers for the provider of that version. */
export function packageVersion(name: string): string {
  const file = require.resolve(`@pulumi/${name}/package.json`);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
