import { execFileSync } from "child_process";
import * as fs from "fs";
import * as path from "path";
import type { ClientSecrets } from "../../../gateway/clients/access";
import { renderClientProfiles, type ProfileFiles } from "../../../gateway/clients/clientProfiles";
import type { GatewaySpec } from "../../../gateway/spec";
import { exampleSecrets, exampleSpec } from "../specs";

/** A real certificate authority's, whose key was thrown away. */
export const authority = fs.readFileSync(path.join(__dirname, "authority.pem"), "utf8");

export function clientSecrets(spec: GatewaySpec, changes: Partial<ClientSecrets> = {}): ClientSecrets {
  const { preSharedKey, passwords } = exampleSecrets(spec);
  return { preSharedKey: spec.l2tp ? preSharedKey! : "", authority: spec.ikev2 ? authority : "", passwords, ...changes };
}

/** All files of one user of a spec with these changes. */
export function filesOf(changes: Partial<GatewaySpec> = {}, user = "alice", secrets: Partial<ClientSecrets> = {}): ProfileFiles {
  const spec = exampleSpec(changes);
  return renderClientProfiles(spec, clientSecrets(spec, secrets))[user];
}

export interface Page {
  elements: [tag: string, attributes: Record<string, string>][];
  texts: [within: string, text: string][];
}

/** Documents as Python's parsers read them: plistlib, json, html.parser. @throws Error for the first that they do not. */
export function readByPython<T>(kind: "plist" | "json" | "html", texts: readonly string[]): T[] {
  const input = JSON.stringify(texts.map((text) => ({ kind, text })));
  const answers = JSON.parse(execFileSync("python3", [path.join(__dirname, "read.py")], { input, encoding: "utf8", maxBuffer: 1 << 30 })) as { read?: T; error?: string }[];
  return answers.map(({ read, error }, index) => {
    if (error !== undefined) throw new Error(`${error}:\n${texts[index].slice(0, 400)}`);
    return read!;
  });
}
