import { renderKeyContainer, type ContainerForm } from "../certificates/keyContainer";
import { certified, type ClientAccess } from "./access";

/** Where a user's key and certificate stand among their files. A container is binary: its text there is its base64. */
export const containerPath = ({ spec }: ClientAccess, form: ContainerForm): string => `certificate/${spec.name}${form === "legacy" ? "-legacy" : ""}.p12`;

/** A .p12 with the user's key and certificate, in base64. @throws Error if the user has none. */
export function container({ spec, ...access }: ClientAccess, form: ContainerForm): string {
  const found = certified(access);
  if (found === undefined) throw new Error("client profiles: no certificate");
  const { certificate, privateKey, containerPassword } = found.credential;
  return renderKeyContainer({ certificate, privateKey, authority: found.authority, password: containerPassword, name: `${spec.name} VPN` }, form).toString("base64");
}

/** What is written to disk for one of a user's files. */
export function fileContent(path: string, text: string): Buffer {
  return path.endsWith(".p12") ? Buffer.from(text, "base64") : Buffer.from(text, "utf8");
}
