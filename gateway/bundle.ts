/** A configuration file as it shall stand on the gateway. Owner is root. */
export interface ConfigFile {
  /** Absolute path. */
  path: string;
  /** Permission bits, e.g. 0o644. */
  mode: number;
  /** UTF-8 text; ends with a line feed. */
  content: string;
}

/** Names of the parts of a remote-access gateway, in the order in which they are pushed. `host` is the `vpn-gateway` command itself. */
export const partNames = ["host", "identity", "base", "passwords", "users"] as const;
/** A connection's parts are named after it: `site-NAME`, `lac-NAME` or `layer2-NAME` to be read, `sitekey-NAME` or `lackey-NAME` secret. */
export type PartName = (typeof partNames)[number] | `${"site" | "sitekey" | "lac" | "lackey" | "layer2"}-${string}`;

/**
 * A set of files that is applied, verified and reverted as one.
 * A part is either readable (its text is an ordinary input, so that a preview shows the lines that change)
 * or secret (its whole text is a Pulumi secret).
 */
export interface Part {
  name: PartName;
  secret: boolean;
  /** Distribution packages that the part's files are for; missing ones are installed before it is applied. */
  packages: string[];
  /** Kernel modules without which the part is refused. */
  modules: string[];
  /** Units that must run once the part is applied. */
  services: string[];
  /**
   * Seconds within which a second session must confirm the part, or the gateway goes back to what it had.
   * 0: no confirmation; only for a part that cannot cut the session that pushes it.
   */
  confirmWithin: number;
  files: ConfigFile[];
}

/** All that makes a machine the gateway that a spec describes. */
export interface Bundle {
  parts: Part[];
}

/** A part with nothing in it yet, and no need of a confirmation. */
export function emptyPart(name: PartName, isSecret: boolean): Part {
  return { name, secret: isSecret, packages: [], modules: [], services: [], confirmWithin: 0, files: [] };
}

/** A file that anybody on the gateway may read. */
export function readable(path: string, content: string): ConfigFile {
  return { path, mode: 0o644, content };
}

/** A file that root alone may read. */
export function secret(path: string, content: string): ConfigFile {
  return { path, mode: 0o600, content };
}

/** PEM with the line ends of a file. */
export function pem(text: string): string {
  return text.replace(/\r\n/g, "\n").trimEnd() + "\n";
}
