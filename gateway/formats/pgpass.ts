import { refuseUnprintable } from "./text";

/** One line of libpq's password file. */
export interface DatabasePassword {
  host: string;
  port: number;
  database: string;
  user: string;
  password: string;
}

/**
 * libpq's password file: five fields between colons, in which a colon and a backslash stand behind a backslash, and a whole field
 * `*` is any value (PostgreSQL's documentation, 32.16). There is no other escaping: the password ends with the line.
 *
 * @throws Error for a line end, an empty field and a `*`; never with the password.
 */
export function renderPgpass({ host, port, database, user, password }: DatabasePassword): string {
  const fields = { host, port: String(port), database, user, password };
  const escaped = Object.entries(fields).map(([name, value]) => {
    refuseUnprintable("pgpass", value);
    if (value === "") throw new Error(`pgpass: an empty ${name}`);
    if (name !== "password" && (value === "*" || value.startsWith("#"))) throw new Error(`pgpass: ${name} would mean something else`);
    return value.replace(/[\\:]/g, "\\$&");
  });
  return `${escaped.join(":")}\n`;
}
