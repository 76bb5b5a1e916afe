import { parseAddress } from "../addressing";
import { renderPgpass } from "../formats/pgpass";
import { block, call, pair, template, type RadiusdEntry } from "../formats/radiusd";
import { paths } from "../platforms";
import type { GatewaySecrets, GatewaySpec, PostgresqlSpec } from "../spec";

/** Where FreeRADIUS finds its files and where it writes (render/freeradius.ts). */
const folders = { run: "/run/vpn-gateway-radius", state: "/var/lib/vpn-gateway-radius" } as const;

/** Read by `vpn-gateway accounting`. */
const booksFile = `${folders.state}/books.db`;
/** What waits for PostgreSQL. */
const waitingFile = `${folders.state}/waiting/detail`;

/** The user's database that has the books; undefined: they are in SQLite. */
export function database(spec: Pick<GatewaySpec, "radius">): PostgresqlSpec | undefined {
  return spec.radius?.onGateway?.postgresql;
}

export function databasePort({ port }: PostgresqlSpec): number {
  return port ?? 5432;
}

/** The type of a moment and of a count in either. */
const types = { sqlite: { moment: "INTEGER", count: "INTEGER" }, postgresql: { moment: "timestamptz", count: "bigint" } } as const;
type Dialect = keyof typeof types;

/**
 * One row a session, whichever of its news comes first or twice. `told` is when the last news came; `sent` and `received` are
 * bytes as the user sees them. Moments are Unix time in SQLite.
 */
function table(dialect: Dialect): string {
  const { moment, count } = types[dialect];
  const texts = ["gateway", "protocol", "session", "username", "outside", "inside"].map((name) => `${name} TEXT NOT NULL`);
  const counted = ["seconds", "sent", "received"].map((name) => `${name} ${count} NOT NULL DEFAULT 0`);
  const columns = [...texts, `began ${moment} NOT NULL`, `told ${moment} NOT NULL`, `ended ${moment}`, ...counted, "cause TEXT NOT NULL DEFAULT ''", "PRIMARY KEY (gateway, protocol, session)"];
  return `CREATE TABLE vpn_sessions (${columns.join(", ")});`;
}

/** A statement a line, as rlm_sql_sqlite reads them where there are no books yet; of PostgreSQL its administrator runs them. */
export function booksSchema(spec: Pick<GatewaySpec, "radius">): string {
  const own = database(spec);
  const indices = ["CREATE INDEX vpn_sessions_told ON vpn_sessions (told);", "CREATE INDEX vpn_sessions_username ON vpn_sessions (username, began);"];
  return own === undefined
    ? // Whoever reads does not keep FreeRADIUS from writing.
      ["PRAGMA journal_mode = WAL;", table("sqlite"), ...indices, "PRAGMA user_version = 1;", ""].join("\n")
    : [table("postgresql"), ...indices, `GRANT SELECT, INSERT, UPDATE ON vpn_sessions TO "${own.user}";`, ""].join("\n");
}

/** The password, for libpq alone: FreeRADIUS' own configuration, which it shows when it is asked to, does not have it. */
export function renderDatabasePassword(own: PostgresqlSpec, { radiusDatabase }: Pick<GatewaySecrets, "radiusDatabase">): string {
  if (radiusDatabase === undefined || radiusDatabase === "") throw new Error("radius: no password of the database");
  return renderPgpass({ host: own.host, port: databasePort(own), database: own.database, user: own.user, password: radiusDatabase });
}

/** The modules: rlm_sql for accounting alone, and before PostgreSQL a file in which news wait. */
export function booksModules(spec: GatewaySpec): RadiusdEntry[] {
  const own = database(spec);
  return own === undefined
    ? [sqlModule("sqlite", [block("sqlite", [pair("filename", booksFile), pair("busy_timeout", 1000, "Milliseconds."), pair("bootstrap", `${folders.run}/books.sql`)]), pair("open_query", "PRAGMA synchronous = FULL", "Each news is on the disk before it is answered. With NORMAL that is so at a checkpoint alone, which a quiet gateway reaches in days.")])]
    : [
        sqlModule("postgresql", [block("postgresql", [pair("send_application_name", true)]), pair("radius_db", connection(own))]),
        block("detail", [pair("filename", waitingFile), pair("permissions", 0o600.toString(8).padStart(4, "0")), pair("locking", true)]),
      ];
}

/** In the server that hears of sessions. The answer never waits for the books to be right: charon would end a session of which nobody wants to hear. */
export function toBooks(spec: GatewaySpec): RadiusdEntry[] {
  const name = database(spec) === undefined ? "sql" : "detail";
  return [...(name === "sql" ? protocolOfSession : []), block(name, [pair("fail", 1)]), call("ok")];
}

/** A further server, which takes to PostgreSQL what waits, one after the other: while that is silent one thread waits with it. */
export function booksServers(spec: GatewaySpec): RadiusdEntry[] {
  if (database(spec) === undefined) return [];
  return [
    block("server books", [
      block("listen", [
        pair("type", "detail"),
        pair("filename", waitingFile),
        pair("load_factor", 90),
        pair("poll_interval", 1, "Seconds."),
        pair("retry_interval", 10, "Seconds, until PostgreSQL has taken it."),
        pair("track", true, "What it has taken it is not given again, also after a new start."),
      ]),
      block("accounting", [...protocolOfSession, call("sql"), call("ok")]),
    ]),
  ];
}

const protocolOfSession = [
  block("if (&Framed-Protocol == PPP)", [block("update request", [pair("&Tmp-String-0", "l2tp")])]),
  block("else", [block("update request", [pair("&Tmp-String-0", "ikev2")])]),
];

/**
 * libpq's connection string. A server that vanishes is given up after 10 s, a question after 5.
 * `sslrootcert=system` needs libpq 16.
 */
function connection(own: PostgresqlSpec): string {
  const tls = own.tls === false ? ["sslmode=disable"] : ["sslmode=verify-full", `sslrootcert=${own.authority === undefined ? "system" : `${folders.run}/database-authority.pem`}`];
  return [
    `host=${own.host}`, `port=${databasePort(own)}`, `dbname=${own.database}`, `user=${own.user}`, `passfile=${folders.run}/pgpass`, ...tls,
    "connect_timeout=5", "tcp_user_timeout=10000", "keepalives_idle=20", "keepalives_interval=5", "keepalives_count=3", "options='-c statement_timeout=5000'",
  ].join(" ");
}

/** Which of root's files FreeRADIUS needs for its books. */
export function booksFiles(spec: GatewaySpec): string[] {
  const own = database(spec);
  return [paths.radiusdSchema, ...(own === undefined ? [] : [paths.radiusdDatabase]), ...(own?.authority === undefined ? [] : [paths.radiusdAuthority])];
}

/** With whom FreeRADIUS may speak beside the machine itself; undefined: with anybody, for a name's address is not known here. */
export function booksPeers(spec: GatewaySpec): string[] | undefined {
  const own = database(spec);
  if (own === undefined) return [];
  return parseAddress(own.host) === undefined ? undefined : [own.host];
}

/** rlm_sql, for accounting alone. */
function sqlModule(dialect: Dialect, entries: RadiusdEntry[]): RadiusdEntry {
  const moment = (text: string) => (dialect === "sqlite" ? text : `to_timestamp(${text})`);
  const duration = "%{%{Acct-Session-Time}:-0}";
  const bytes = (way: "Input" | "Output") => `%{%{Acct-${way}-Gigawords}:-0} * 4294967296 + %{%{Acct-${way}-Octets}:-0}`;
  const heard = "%l - %{%{Acct-Delay-Time}:-0}";
  const counts = { seconds: duration, sent: bytes("Input"), received: bytes("Output") };
  const end = { ended: moment(heard), cause: "'%{Acct-Terminate-Cause}'" };
  const common = {
    gateway: "'%{NAS-Identifier}'",
    protocol: "'%{Tmp-String-0}'",
    session: "'%{Acct-Session-Id}'",
    username: "'%{User-Name}'",
    outside: "'%{Calling-Station-Id}'",
    inside: "'%{Framed-IP-Address}'",
    began: moment(`${heard} - ${duration}`),
    told: moment(heard),
  };
  return block("sql", [
    pair("driver", `rlm_sql_${dialect}`),
    pair("dialect", dialect),
    ...entries,
    pair("read_clients", false),
    pair("safe_characters", safeCharacters, "Any other is written as `=` and two hexadecimal digits, which `vpn-gateway accounting` reads back."),
    block("pool", [pair("start", 0, "It starts whether there are books or not."), pair("min", 0), pair("max", 4), pair("spare", 1), pair("uses", 0), pair("lifetime", 0), pair("idle_timeout", 0), pair("retry_delay", 5)]),
    block("accounting", [
      template("reference", "%{tolower:type.%{Acct-Status-Type}.query}"),
      block("type", [
        block("start", [template("query", insert(common, "DO NOTHING"))]),
        block("interim-update", [template("query", insert({ ...common, ...counts }, `DO UPDATE SET ${taken(["told", ...Object.keys(counts)])} WHERE vpn_sessions.ended IS NULL`))]),
        block("stop", [template("query", insert({ ...common, ...counts, ...end }, `DO UPDATE SET ${taken(["told", ...Object.keys({ ...counts, ...end })])}`))]),
      ]),
    ]),
  ]);
}

/** Letters, digits and what no dialect of SQL takes for more than itself; never a quote, a backslash, `%` or the `=` of the escaping. */
const safeCharacters = "@abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_: /+,()[]!#&*?~|^<>;";

/** News of a session: what is in quotes FreeRADIUS escapes, the rest are attributes that are numbers by their type. */
function insert(values: Record<string, string>, otherwise: string): string {
  return `INSERT INTO vpn_sessions (${Object.keys(values).join(", ")}) VALUES (${Object.values(values).join(", ")}) ON CONFLICT (gateway, protocol, session) ${otherwise}`;
}

function taken(names: string[]): string {
  return names.map((name) => `${name} = excluded.${name}`).join(", ");
}
