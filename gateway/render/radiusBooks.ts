import { block, pair, template, type RadiusdEntry } from "../formats/radiusd";

/** Beside FreeRADIUS' other state (render/freeradius.ts); read by `vpn-gateway accounting`. */
export const booksFile = "/var/lib/vpn-gateway-radius/books.db";
const schemaFile = "/run/vpn-gateway-radius/books.sql";

/**
 * One row a session, whichever of its news comes first or twice: `began`, `told` (the last news) and `ended` are Unix time;
 * `sent` and `received` are bytes as the user sees them.
 */
const columns = [
  "gateway TEXT NOT NULL", "protocol TEXT NOT NULL", "session TEXT NOT NULL", "username TEXT NOT NULL", "outside TEXT NOT NULL", "inside TEXT NOT NULL",
  "began INTEGER NOT NULL", "told INTEGER NOT NULL", "ended INTEGER", "seconds INTEGER NOT NULL DEFAULT 0", "sent INTEGER NOT NULL DEFAULT 0", "received INTEGER NOT NULL DEFAULT 0",
  "cause TEXT NOT NULL DEFAULT ''", "PRIMARY KEY (gateway, protocol, session)",
];

/** What FreeRADIUS makes its books by where there are none: a statement a line, as rlm_sql_sqlite reads them. */
export function sqliteSchema(): string {
  return [
    // Whoever reads does not keep FreeRADIUS from writing.
    "PRAGMA journal_mode = WAL;",
    `CREATE TABLE vpn_sessions (${columns.join(", ")});`,
    "CREATE INDEX vpn_sessions_told ON vpn_sessions (told);",
    "CREATE INDEX vpn_sessions_username ON vpn_sessions (username, began);",
    "PRAGMA user_version = 1;",
    "",
  ].join("\n");
}

/** rlm_sql, for accounting alone. */
export function booksModule(): RadiusdEntry {
  return block("sql", [
    pair("driver", "rlm_sql_sqlite"),
    pair("dialect", "sqlite"),
    block("sqlite", [pair("filename", booksFile), pair("busy_timeout", 1000, "Milliseconds."), pair("bootstrap", schemaFile)]),
    pair("read_clients", false),
    pair("safe_characters", safeCharacters, "Any other is written as `=` and two hexadecimal digits, which `vpn-gateway accounting` reads back."),
    pair("open_query", "PRAGMA synchronous = NORMAL", "A power cut may cost the last seconds of the books, and never the books."),
    block("pool", [pair("start", 0), pair("min", 0), pair("max", 4), pair("spare", 1), pair("uses", 0), pair("lifetime", 0), pair("idle_timeout", 0), pair("retry_delay", 5)]),
    block("accounting", [
      template("reference", "%{tolower:type.%{Acct-Status-Type}.query}"),
      block("type", [
        block("start", [template("query", insert({}, "DO NOTHING"))]),
        block("interim-update", [template("query", insert(counts, `DO UPDATE SET ${taken(["told", ...Object.keys(counts)])} WHERE vpn_sessions.ended IS NULL`))]),
        block("stop", [template("query", insert({ ...counts, ...end }, `DO UPDATE SET ${taken(["told", ...Object.keys({ ...counts, ...end })])}`))]),
      ]),
    ]),
  ]);
}

/** Letters, digits and what no dialect of SQL takes for more than itself; never a quote, a backslash, `%` or the `=` of the escaping. */
const safeCharacters = "@abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_: /+,()[]!#&*?~|^<>;";

const now = "%l - %{%{Acct-Delay-Time}:-0}";
const duration = "%{%{Acct-Session-Time}:-0}";
const bytes = (way: "Input" | "Output") => `%{%{Acct-${way}-Gigawords}:-0} * 4294967296 + %{%{Acct-${way}-Octets}:-0}`;

const counts: Record<string, string> = { seconds: duration, sent: bytes("Input"), received: bytes("Output") };
const end: Record<string, string> = { ended: now, cause: "'%{Acct-Terminate-Cause}'" };

/** News of a session: what is in quotes FreeRADIUS escapes, the rest are attributes that are numbers by their type. */
function insert(more: Record<string, string>, otherwise: string): string {
  const values: Record<string, string> = {
    gateway: "'%{NAS-Identifier}'",
    protocol: "'%{Tmp-String-0}'",
    session: "'%{Acct-Session-Id}'",
    username: "'%{User-Name}'",
    outside: "'%{Calling-Station-Id}'",
    inside: "'%{Framed-IP-Address}'",
    began: `${now} - ${duration}`,
    told: now,
    ...more,
  };
  return `INSERT INTO vpn_sessions (${Object.keys(values).join(", ")}) VALUES (${Object.values(values).join(", ")}) ON CONFLICT (gateway, protocol, session) ${otherwise}`;
}

function taken(names: string[]): string {
  return names.map((name) => `${name} = excluded.${name}`).join(", ");
}
