/** An SSH connection to a host that proves itself with a pinned host key. */
import { Client, utils, type ConnectConfig, type ServerHostKeyAlgorithm } from "ssh2";
import type { Operation, Refusal } from "./provider";
import { number, object, text, UNKNOWN, type Properties } from "./values";

const DEFAULT_DIAL_TRIES = 10;
const DEFAULT_DIAL_SECONDS = 15;
const LONGEST_PAUSE_SECONDS = 10;
/** A connection whose other end is gone is noticed after a minute. */
const KEEPALIVE = { keepaliveInterval: 10_000, keepaliveCountMax: 6 };

/** An error that trying again cannot heal. */
export class FinalError extends Error {}

/** A host key, as it stands in an authorized_keys or known_hosts line. */
export interface HostKey {
  readonly type: string;
  readonly blob: Buffer;
}

/** Reads `ssh-ed25519 AAAA… comment`; throws on anything else. */
export function parseHostKey(line: string): HostKey {
  const key = utils.parseKey(line.trim());
  if (key instanceof Error || key.isPrivateKey()) {
    throw new FinalError(
      "hostKey is not a public key line such as `ssh-ed25519 AAAA…` (the text of /etc/ssh/ssh_host_ed25519_key.pub)",
    );
  }
  return { type: key.type, blob: key.getPublicSSH() };
}

/** The signature algorithms by which a host may prove that it has a key of this type. */
export function hostKeyAlgorithms(type: string): ServerHostKeyAlgorithm[] {
  return type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [type as ServerHostKeyAlgorithm];
}

/** What is wrong with a connection's known inputs. */
export function refuseConnection(inputs: Properties): Refusal[] {
  const connection = object(inputs, "connection");
  if (!connection) {
    return inputs.connection === UNKNOWN ? [] : [{ property: "connection", reason: "is missing: say at least host" }];
  }
  const refusals: Refusal[] = [];
  if (connection.proxy !== undefined) {
    refusals.push({
      property: "connection.proxy",
      reason: "the lab's stand-in for the command provider dials no proxy; install the official provider to use one",
    });
  }
  if (text(connection, "host") === undefined) {
    refusals.push({ property: "connection.host", reason: "is missing: say the name or address of the host" });
  }
  const hostKey = text(connection, "hostKey");
  if (hostKey !== undefined && hostKey !== UNKNOWN) {
    try {
      parseHostKey(hostKey);
    } catch (error) {
      refusals.push({ property: "connection.hostKey", reason: (error as Error).message });
    }
  }
  return refusals;
}

/** Connects, trying again while the host may still be starting. The caller ends the client. */
export async function connect(connection: Properties, operation: Operation): Promise<Client> {
  const limit = number(connection, "dialErrorLimit") ?? DEFAULT_DIAL_TRIES;
  const where = `${text(connection, "user") ?? "root"}@${text(connection, "host")}:${number(connection, "port") ?? 22}`;
  if (text(connection, "hostKey") === undefined) {
    operation.log.warning(`no hostKey is pinned for ${where}: whoever answers there is believed`);
  }
  for (let tries = 1; ; tries++) {
    operation.signal.throwIfAborted();
    try {
      return await dial(connection, operation.signal);
    } catch (error) {
      const reason = (error as Error).message;
      if (error instanceof FinalError) {
        throw new Error(`SSH to ${where}: ${reason}`);
      }
      if (limit >= 0 && tries > limit) {
        throw new Error(`SSH to ${where}: no connection after ${tries} tries: ${reason}`);
      }
      operation.log.status(`SSH to ${where}: try ${tries} of ${limit < 0 ? "any number" : limit + 1} failed: ${reason}`);
      await pause(Math.min(1.5 ** (tries - 1), LONGEST_PAUSE_SECONDS), operation.signal);
    }
  }
}

function dial(connection: Properties, signal: AbortSignal): Promise<Client> {
  const client = new Client();
  let refused: FinalError | undefined;
  const configuration = sshConfiguration(connection, (error) => (refused = error));
  return new Promise<Client>((resolve, reject) => {
    const stop = (): void => {
      client.destroy();
      reject(new FinalError("cancelled"));
    };
    signal.addEventListener("abort", stop, { once: true });
    client.once("ready", () => {
      signal.removeEventListener("abort", stop);
      resolve(client);
    });
    client.on("error", (error) => {
      signal.removeEventListener("abort", stop);
      reject(refused ?? explain(error, connection));
    });
    client.connect(configuration);
  });
}

function sshConfiguration(connection: Properties, refuse: (error: FinalError) => void): ConnectConfig {
  const privateKey = text(connection, "privateKey");
  const password = text(connection, "password");
  const seconds = number(connection, "perDialTimeout") ?? DEFAULT_DIAL_SECONDS;
  const configuration: ConnectConfig = {
    ...KEEPALIVE,
    host: text(connection, "host"),
    port: number(connection, "port") ?? 22,
    username: text(connection, "user") ?? "root",
    // 0 means no limit, both here and in ssh2.
    readyTimeout: seconds * 1000,
    agent: text(connection, "agentSocketPath") ?? process.env.SSH_AUTH_SOCK,
    ...(privateKey === undefined ? {} : { privateKey, passphrase: text(connection, "privateKeyPassword") }),
    ...(password === undefined ? {} : { password }),
  };
  const hostKey = text(connection, "hostKey");
  if (hostKey !== undefined) {
    const pinned = parseHostKey(hostKey);
    configuration.algorithms = { serverHostKey: hostKeyAlgorithms(pinned.type) };
    configuration.hostVerifier = (presented: Buffer) => {
      const isPinned = presented.equals(pinned.blob);
      if (!isPinned) {
        refuse(
          new FinalError(
            `the host presented the key ${keyLine(presented)}, not the pinned ${pinned.type} ${pinned.blob.toString("base64")}. ` +
              "Either the machine was made anew, and hostKey must follow, or somebody stands in between. Nothing was sent.",
          ),
        );
      }
      return isPinned;
    };
  }
  return configuration;
}

function keyLine(blob: Buffer): string {
  const length = blob.readUInt32BE(0);
  return `${blob.subarray(4, 4 + length).toString("latin1")} ${blob.toString("base64")}`;
}

function explain(error: Error, connection: Properties): Error {
  if (/no matching host key/i.test(error.message)) {
    const { type } = parseHostKey(text(connection, "hostKey") ?? "");
    return new FinalError(`the host has no ${type} key, and only the pinned ${type} key is accepted`);
  }
  if (/Cannot parse privateKey|Encrypted private/i.test(error.message)) {
    return new FinalError(`privateKey cannot be used: ${error.message}`);
  }
  if (/authentication methods failed/i.test(error.message)) {
    // Tried again: on a first boot sshd may answer before the account has its keys.
    return new Error("the host refused the login (user, privateKey or password)");
  }
  return error;
}

function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, seconds * 1000);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done, { once: true });
  });
}
