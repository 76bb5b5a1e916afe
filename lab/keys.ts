/** SSH key pairs for a lab, and the user data that puts them on a machine. */

import * as fs from "node:fs";
import * as path from "node:path";
import { mustRun } from "./process";

export interface KeyPair {
  /** OpenSSH format, ed25519. */
  privateKey: string;
  publicKey: string;
  /** Where the private key is, mode 0600. */
  file: string;
}

/** The key pair `<directory>/<name>`, made at the first call. */
export async function keyPair(directory: string, name: string): Promise<KeyPair> {
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = path.join(directory, name);
  if (!fs.existsSync(file)) await mustRun(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", `lab-${name}`, "-f", file]);
  return { privateKey: fs.readFileSync(file, "utf8"), publicKey: fs.readFileSync(`${file}.pub`, "utf8").trim(), file };
}

export interface MachineKeys {
  /** The machine's own host key, OpenSSH format, ed25519. */
  hostPrivateKey: string;
  hostPublicKey: string;
  /** Who gets in as root. */
  authorizedKeys: string[];
}

/** cloud-init user data of a machine that has nothing but its keys, such as the world. JSON is YAML. */
export function keysUserData(keys: MachineKeys, more: Record<string, unknown> = {}): string {
  const data = {
    disable_root: false,
    ssh_keys: { ed25519_private: keys.hostPrivateKey, ed25519_public: keys.hostPublicKey },
    ssh_authorized_keys: keys.authorizedKeys,
    ...more,
  };
  return `#cloud-config\n${JSON.stringify(data, null, 1)}\n`;
}
