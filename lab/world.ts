/** The world machine: the networks, clients and measurements around a gateway. */

import * as fs from "node:fs";
import * as path from "node:path";
import { labSource } from "./image";
import type { Ssh } from "./ssh";

export interface Topology {
  /** Clients behind the NAT router, 10.9.0.11 and up. Default 4. */
  clients?: number;
  /** Several clouds and somebody's device, for site connections: 2 or 3. Default: the one. */
  clouds?: number;
  /** A pair of gateways in the first of several clouds. Default: one. */
  pair?: boolean;
}

/** A client's number (1 …) behind the NAT, or the one with a public address. */
export type ClientName = number | "direct";

export interface ConnectOptions {
  protocol: "l2tp" | "ikev2";
  /** The gateway's outside address, or with `nameServer` its name. */
  gateway: string;
  /** Who is asked for the gateway's address: by IKEv2 clients at each attempt, by L2TP clients when they are told to connect. */
  nameServer?: string;
  user: string;
  password: string;
  /** L2TP only. */
  psk?: string;
  /** IKEv2: PEM of the CA that the server's certificate is checked against. */
  caCertificate?: string;
  /** Whom the server must prove to be. Default: the gateway's address. */
  serverId?: string;
  /** IKEv2: the client's own IKE identity. Default: its address, as Windows does. */
  localId?: string;
  /** L2TP by kl2tpd, another code base than xl2tpd's, which must have been fetched: `foreignLacInstall`. Default false. */
  foreignLac?: boolean;
  /** L2TP's UDP port on the client. Default 1701 + its number, so that several work behind one NAT. */
  sourcePort?: number;
  /** strongSwan's words. Default aes256-sha256-modp2048 (L2TP), aes256gcm16-prfsha384-ecp384 (IKEv2). */
  proposals?: string;
  /** Default aes256-sha256 (L2TP), aes256gcm16 (IKEv2). */
  espProposals?: string;
  /** IKEv2: packets of the child SA's anti-replay window. Default: strongSwan's 32. */
  replayWindow?: number;
  /** IKEv2: by EAP-GTC, a question of the server's that the password is the answer to, and nothing else. Default: by EAP-MSCHAPv2. */
  answersQuestion?: boolean;
  /** IKEv2: so long before the end of a session that the gateway tells it (RFC 4478) the client proves itself anew. Default: strongSwan's 24 min. */
  overTimeSeconds?: number;
  /** Networks through the tunnel. Default: everything. */
  splitTunnel?: string[];
  /** L2TP: the client's own mtu and mru. Default 1500: the gateway decides. */
  pppMtu?: number;
  /** L2TP: an inner address that the client insists on. */
  pppAddress?: string;
  /** How long IKE may take. Default 25: a wrong PSK in IKEv1 shows only as this silence. */
  ikeTimeoutSeconds?: number;
  /** L2TP: how long PPP may take. Default 30. */
  pppTimeoutSeconds?: number;
  /** L2TP: after so many seconds the client asks whether the gateway lives, and gives up four times later. Default 5. */
  lcpEchoSeconds?: number;
  /** L2TP: dial again by itself. Default true. */
  redial?: boolean;
  /** Asks after each second of silence, gives a silent gateway up within 2 s more, and dials anew by itself. Default false. */
  fastDeadPeer?: boolean;
  /** IKEv2: says that it understands REDIRECT, and goes where it is sent. Default true. */
  followRedirects?: boolean;
}

/** What a person on Linux puts in place: the files of their profile, as they are. */
export interface ProfileOptions {
  protocol: "l2tp" | "ikev2";
  /** Of the child SA, and for L2TP of xl2tpd's LAC. */
  name: string;
  /** Text by absolute path under /etc. */
  files: Record<string, string>;
}

export interface Connected {
  connected: boolean;
  /** From the first packet to an address, or to the refusal. */
  seconds: number;
  address: string | null;
  address6?: string | null;
  /** L2TP: of the PPP interface. */
  mtu: number | null;
  /** L2TP: whether packets take the kernel's path. */
  kernelMode?: boolean | null;
  /** The program's own words when it is not connected. */
  reason?: string;
}

export interface RadiusOptions {
  number: number;
  /** Its own, in the inside network. */
  address: string;
  secret: string;
  /**
   * By name: the password, what is sent with an Access-Accept, and seconds that it waits before that, or where it is `denied`
   * before an Access-Reject. With `asks`: by EAP-GTC, what must be answered to a question.
   */
  users: Record<string, { password: string; reply?: Record<string, string | number>; delay?: number; denied?: boolean; asks?: boolean }>;
}

export interface PingResult {
  sent: number;
  received: number;
  rttMs: number | null;
  /** The longest silence between two replies, less the interval. */
  longestGapMs: number | null;
}

export interface PingOptions {
  /** Bytes of the whole IP packet. */
  size?: number;
  dontFragment?: boolean;
  /** Default 5. */
  count?: number;
  /** Seconds, default 0.2. */
  interval?: number;
}

export interface IperfOptions {
  /** Default 5. */
  seconds?: number;
  /** Towards the client. Default false. */
  reverse?: boolean;
  /** UDP at this rate instead of TCP. */
  udpMegabits?: number;
  /** Default 1. */
  streams?: number;
}

export interface IperfResult {
  megabitsPerSecond: number;
  retransmits?: number | null;
  lostPercent?: number | null;
  reason?: string;
}

export interface MtuResult {
  /** Bytes of the largest IP packet that passes unfragmented; null when nothing passes. */
  mtu: number | null;
  oneMoreFails?: boolean;
  confirmed?: boolean;
  reason?: string;
}

export interface CaptureResult {
  packets: number;
  /** The first three, as tcpdump prints them. */
  first: string[];
  droppedByKernel?: number | null;
}

const FOLDER = "/usr/local/lib/lab-world";
const COMMAND = "/usr/local/bin/lab-world";
const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

export class World {
  constructor(readonly ssh: Ssh) {}

  /** Any `lab-world` verb; secrets go by `input`, which becomes JSON on stdin. */
  async call<T>(words: (string | number)[], input?: unknown, timeoutSeconds = 120): Promise<T> {
    const text = await this.ssh.mustRun([COMMAND, ...words.map((word) => quote(String(word)))].join(" "), {
      stdin: input === undefined ? "" : JSON.stringify(input),
      timeoutSeconds,
    });
    return JSON.parse(text) as T;
  }

  connect(client: ClientName, options: ConnectOptions): Promise<Connected> {
    // A busy host: an emulated machine may take minutes for what takes it seconds otherwise.
    return this.call(["client", "connect", client], options, 300);
  }
  /** Sessions one after the other, each from its beginning to its end, in one call: to begin one costs an emulated machine seconds. */
  cycles(client: ClientName, cycles: { login: ConnectOptions; target: string; silently: boolean }[]): Promise<(Connected & { answered: boolean })[]> {
    return this.call(["client", "cycles", client], cycles, 120 * cycles.length);
  }
  connectProfile(client: ClientName, options: ProfileOptions): Promise<Connected> {
    return this.call(["client", "connect-profile", client], options);
  }
  async disconnect(client: ClientName): Promise<void> {
    await this.call(["client", "disconnect", client]);
  }
  /** All of them, in one call: each costs an emulated machine seconds. */
  async disconnectAll(): Promise<void> {
    await this.call(["client", "disconnect-all"]);
  }
  status(client: ClientName): Promise<Connected & { securityAssociations?: string }> {
    return this.call(["client", "status", client]);
  }
  /** What tells an L2TP session from its successor: the number, name and address of its PPP interface; "" where there is none. */
  async pppSession(client: number): Promise<string> {
    return (await this.run(`c${client}`, "ip -o -4 addr show | grep -o '^[0-9]*: ppp[0-9]* .*inet [0-9.]*'")).stdout.trim();
  }
  /** Ends the client's daemons without a word to the gateway. */
  async stop(client: ClientName): Promise<void> {
    await this.call(["client", "stop", client]);
  }

  /** New keys for the client's IKEv2 child SA, one renewal after the other. */
  rekey(client: ClientName, count: number): Promise<{ rekeys: number; seconds: number }> {
    return this.call(["client", "rekey", client, count], undefined, 60 + count * 5);
  }

  /** What the client's own swanctl says to these words. */
  swanctl(client: ClientName, ...words: string[]): Promise<{ code: number; output: string }> {
    return this.call(["client", "swanctl", client, "--", ...words]);
  }

  ping(client: ClientName, target: string, options: PingOptions = {}): Promise<PingResult> {
    const { size, dontFragment, count = 5, interval = 0.2 } = options;
    const words = ["client", "ping", client, target, "--count", count, "--interval", interval];
    if (size !== undefined) words.push("--size", size);
    if (dontFragment) words.push("--df");
    return this.call(words, undefined, count * Math.max(1, interval) + 60);
  }
  /** A ping that goes on until pingStop, to count what a change loses. */
  async pingStart(client: ClientName, target: string, interval = 0.2, label = "ping"): Promise<void> {
    await this.call(["client", "ping-start", client, target, "--interval", interval, "--label", label]);
  }
  pingStop(client: ClientName, label = "ping"): Promise<PingResult> {
    return this.call(["client", "ping-stop", client, "--label", label]);
  }

  iperf(client: ClientName, target: string, options: IperfOptions = {}): Promise<IperfResult> {
    const { seconds = 5, reverse, udpMegabits, streams = 1 } = options;
    const words = ["client", "iperf", client, target, "--seconds", seconds, "--streams", streams];
    if (reverse) words.push("--reverse");
    if (udpMegabits !== undefined) words.push("--udp", udpMegabits);
    return this.call(words, undefined, seconds + 90);
  }
  mtu(client: ClientName, target: string): Promise<MtuResult> {
    return this.call(["client", "mtu", client, target]);
  }

  /** The link between the two routers, 1500 at first. With `dropFragNeeded` it is a black hole. */
  async linkMtu(size: number, dropFragNeeded = false): Promise<void> {
    await this.call(["link", "mtu", size, ...(dropFragNeeded ? ["--drop-frag-needed"] : [])]);
  }
  /** Delay of the round trip in ms, and loss in percent each way. */
  async linkImpair(delayMilliseconds: number, lossPercent = 0): Promise<void> {
    await this.call(["link", "impair", "--delay", delayMilliseconds, "--loss", lossPercent]);
  }
  async linkCut(): Promise<void> {
    await this.call(["link", "cut"]);
  }
  /** The middle link as it was at first: not cut, 1500, no delay, no loss. */
  async linkRestore(): Promise<void> {
    await this.call(["link", "restore"]);
  }

  /** Writes down what passes the gateway's outer wire (card wan0; lan0 is the inner one). */
  async captureStart(label: string, filter?: string, card = "wan0"): Promise<void> {
    await this.call(["capture", "start", label, "--card", card, ...(filter ? [filter] : [])]);
  }
  captureStop(label: string): Promise<CaptureResult> {
    return this.call(["capture", "stop", label]);
  }
  captureCount(label: string, filter?: string): Promise<CaptureResult> {
    return this.call(["capture", "count", label, ...(filter ? [filter] : [])]);
  }

  /** So many sessions at once, which dial again by themselves; those of each protocol together. */
  async crowdDial(logins: readonly (readonly [user: string, password: string])[], options: Omit<ConnectOptions, "user" | "password">): Promise<void> {
    await this.call(["crowd", "dial"], { ...options, logins }, 600);
  }
  /** How many of them have an address. */
  async crowdCount(protocol: ConnectOptions["protocol"]): Promise<number> {
    return (await this.call<{ up: number }>(["crowd", "count"], { protocol }, 60)).up;
  }
  /** How many of those with an address get an answer through their tunnel: of `target`, or by L2TP of the gateway. */
  crowdAnswers(protocol: ConnectOptions["protocol"], target: string): Promise<{ asked: number; answered: number }> {
    return this.call(["crowd", "answers"], { protocol, target }, 900);
  }
  async crowdEnd(protocol: ConnectOptions["protocol"]): Promise<void> {
    await this.call(["crowd", "end"], { protocol }, 120);
  }

  /**
   * The load balancer in front of a pair: its address, the machines behind it, and where they are asked for health. It
   * chooses by a client's source address, for each port by itself; with one seed for both ports alike. With `keepsFlows` a
   * flow to a machine that died goes on until it is idle.
   */
  async balancerStart(address: string, targets: readonly string[], healthPort: number, seeds?: Readonly<Record<500 | 4500, number>>, keepsFlows = false): Promise<void> {
    await this.call(["balancer", "start"], { address, targets, healthPort, ...(seeds ? { seeds } : {}), ...(keepsFlows ? { keepsFlows } : {}) });
  }
  async balancerStop(): Promise<void> {
    await this.call(["balancer", "stop"]);
  }
  balancerStatus(): Promise<{ running: boolean; healthy: string[]; traffic: string[] }> {
    return this.call(["balancer", "status"]);
  }

  /** A name server on the internet: one name, the addresses of those that answer health checks. */
  async nameserverStart(name: string, address: string, targets: readonly string[], healthPort: number): Promise<void> {
    await this.call(["nameserver", "start"], { name, address, targets, healthPort });
  }
  async nameserverStop(): Promise<void> {
    await this.call(["nameserver", "stop"]);
  }
  nameserverStatus(): Promise<{ running: boolean; healthy: string[]; told: string[] }> {
    return this.call(["nameserver", "status"]);
  }

  /** A public CA on the internet (Pebble), of a new root: its directory, whom to trust its HTTPS by, and its root. */
  acmeStart(address: string, nameServer: string, days: number): Promise<{ directory: string; directoryAuthority: string; root: string }> {
    return this.call(["acme", "start"], { address, nameServer, days }, 420);
  }
  async acmeStop(): Promise<void> {
    await this.call(["acme", "stop"]);
  }
  acmeStatus(): Promise<{ running: boolean; log: string }> {
    return this.call(["acme", "status"]);
  }

  /** A FreeRADIUS of the inside network, which knows these users and no others. */
  async radiusStart(server: RadiusOptions): Promise<void> {
    await this.call(["radius", "start"], server);
  }
  /** `silence`: it hears and says nothing, until `speak`. */
  async radius(action: "stop" | "silence" | "speak", number: number): Promise<void> {
    await this.call(["radius", action, number]);
  }
  /** What it was told of sessions (its detail file), and what it says in its log. */
  async radiusTold(number: number): Promise<{ accounting: Record<string, string>[]; log: string }> {
    return { ...(await this.call<{ accounting: Record<string, string>[] }>(["radius", "told", number])), ...(await this.call<{ log: string }>(["radius", "said", number])) };
  }
  /** Sends a Disconnect-Request, or a CoA-Request, from a server's address to the gateway; gives what radclient says. */
  radiusDisconnect(wanted: { from: string; to: string; secret: string; attributes: Record<string, string>; request?: "coa" }): Promise<{ code: number; output: string }> {
    return this.call(["radius", "disconnect"], wanted);
  }

  /** kl2tpd of go-l2tp, fetched from Debian's archive; gives its version. */
  foreignLacInstall(): Promise<{ version: string }> {
    return this.call(["foreign-lac", "install"], undefined, 1200);
  }

  /** An OpenLDAP of the inside network; fetched from Debian's archive, as FreeRADIUS' driver (base64 of its package). */
  async directoryInstall(): Promise<{ driver: string }> {
    return this.call(["directory", "install"], undefined, 1200);
  }
  /** A new one with TLS: who may read it, and users with the NT hash of their password in hexadecimal. */
  directoryStart(wanted: { address: string; password: string; users: Record<string, { hash: string; kind: string }> }): Promise<{ authority: string; bindDn: string; base: string }> {
    return this.call(["directory", "start"], wanted, 300);
  }
  async directory(action: "silence" | "speak" | "stop"): Promise<void> {
    await this.call(["directory", action]);
  }

  /** A PostgreSQL of the inside network; fetched from Debian's archive. */
  async postgresInstall(): Promise<void> {
    await this.call(["postgres", "install"], undefined, 1200);
  }
  /** Gives the certificate that it shows, of nobody's authority but its own. `schema` is run in the database. */
  postgresStart(wanted: { address: string; adminPassword: string; database: string; user: string; password: string; schema: string }): Promise<{ certificate: string }> {
    return this.call(["postgres", "start"], wanted, 400);
  }
  /** `silence`: its processes stand still, until `speak`. */
  async postgres(action: "silence" | "speak" | "stop"): Promise<void> {
    await this.call(["postgres", action]);
  }
  /** What a query gives, as its administrator. */
  async postgresAsk(database: string, sql: string): Promise<string[][]> {
    return (await this.call<{ rows: string[][] }>(["postgres", "ask"], { database, sql })).rows;
  }

  /** Asks the machines of a pair, each 0.2 s, whether they answer for it. */
  async samplerStart(addresses: readonly string[], port: number): Promise<void> {
    await this.call(["sampler", "start"], { addresses, port });
  }
  /** Seconds for which two answered, and for which none did, at the longest. */
  samplerStop(): Promise<{ samples: number; longestTwo: number; longestNone: number }> {
    return this.call(["sampler", "stop"]);
  }

  /** A shell command in a namespace: isp, edge, nat, direct, internet, inside, c1 … */
  run(namespace: string, command: string, timeoutSeconds = 60): ReturnType<Ssh["run"]> {
    return this.ssh.run(`${COMMAND} run ${quote(namespace)} -- sh -c ${quote(command)}`, { timeoutSeconds });
  }
}

/** Puts the programs on a machine and makes the networks; nothing changes where all is there. */
export async function prepareWorld(ssh: Ssh, topology: Topology = {}): Promise<World> {
  const source = labSource("world");
  const names = fs.readdirSync(source).filter((name) => name.endsWith(".py") || name === "lab-world");
  const files = Object.fromEntries(names.map((name) => [name, fs.readFileSync(path.join(source, name), "utf8")]));
  const unpack = [
    "import json, os, sys",
    `os.makedirs(${JSON.stringify(FOLDER)}, exist_ok=True)`,
    "for name, text in json.load(sys.stdin).items():",
    `    open(os.path.join(${JSON.stringify(FOLDER)}, name), "w").write(text)`,
  ].join("\n");
  await ssh.mustRun(`python3 -c ${quote(unpack)} && chmod 755 ${FOLDER}/lab-world && ln -sf ${FOLDER}/lab-world ${COMMAND}`, { stdin: JSON.stringify(files) });
  const world = new World(ssh);
  await world.call(["setup"], topology, 180);
  return world;
}
