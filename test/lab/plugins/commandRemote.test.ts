import type { AddressInfo } from "node:net";
import { Server, utils, type Connection } from "ssh2";
import { remoteCommand } from "../../../lab/plugins/commandRemote";
import { hostKeyAlgorithms, parseHostKey } from "../../../lab/plugins/sshConnection";
import { operation } from "./helpers";

/** ssh2 leaves a leading zero out: about one of its keys in 128 has 31 bytes, and is none. */
function ed25519(comment?: string): ReturnType<typeof utils.generateKeyPairSync> {
  for (;;) {
    const made = utils.generateKeyPairSync("ed25519", { comment });
    if (/ AAAAC3NzaC1lZDI1NTE5AAAAI/.test(` ${made.public.split(" ")[1]}`)) return made;
  }
}

const hostKeys = {
  ed25519: ed25519("host"),
  rsa: utils.generateKeyPairSync("rsa", { bits: 2048 }),
};
const strange = ed25519();
const login = ed25519();

let server: Server;
let port: number;
let clients: Connection[];
let received: { commands: string[]; stdin: string; passwords: string[] };

beforeEach(async () => {
  received = { commands: [], stdin: "", passwords: [] };
  clients = [];
  server = new Server({ hostKeys: [hostKeys.ed25519.private, hostKeys.rsa.private] }, (client) => {
    clients.push(client);
    client.on("error", () => undefined);
    client.on("authentication", (attempt) => {
      if (attempt.method === "publickey") {
        attempt.accept();
      } else if (attempt.method === "password") {
        received.passwords.push(attempt.password);
        if (attempt.password === "right") {
          attempt.accept();
        } else {
          attempt.reject();
        }
      } else {
        attempt.reject(["publickey", "password"]);
      }
    });
    client.on("session", (accept) => {
      accept().on("exec", (acceptExec, _reject, { command }) => {
        received.commands.push(command);
        const channel = acceptExec();
        channel.on("data", (chunk: Buffer) => (received.stdin += chunk.toString()));
        channel.on("end", () => {
          if (command === "cut") {
            client.end();
            return;
          }
          channel.write("printed\nunfinished");
          channel.stderr.write("complained\n");
          channel.exit(command === "fail" ? 4 : 0);
          channel.end();
        });
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});

afterEach(async () => {
  clients.forEach((client) => client.end());
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

const connection = (more: Record<string, string | number>) => ({
  host: "127.0.0.1",
  port,
  user: "admin",
  privateKey: login.private,
  dialErrorLimit: 0,
  ...more,
});

describe("command:remote:Command", () => {
  it.each(["ed25519", "rsa"] as const)("believes the host that has the pinned %s key", async (kind) => {
    const context = operation();
    const { state } = await remoteCommand.create(
      { create: "do it", stdin: "files\n", connection: connection({ hostKey: hostKeys[kind].public }) },
      context,
    );
    expect(received).toMatchObject({ commands: ["do it"], stdin: "files\n" });
    expect(state).toMatchObject({ stdout: "printed\nunfinished", stderr: "complained" });
    expect([...context.lines].sort()).toEqual(["complained", "printed", "unfinished"]);
  });

  it("refuses a host that has another key, states both, and sends it nothing", async () => {
    const failed = remoteCommand.create(
      {
        create: "do it",
        stdin: "CANARY-1",
        connection: connection({ hostKey: strange.public, password: "CANARY-2", dialErrorLimit: 10 }),
      },
      operation(),
    );
    const { blob } = parseHostKey(hostKeys.ed25519.public);
    await expect(failed).rejects.toThrow(
      `the host presented the key ssh-ed25519 ${blob.toString("base64")}, not the pinned ${strange.public.trim()}`,
    );
    await expect(failed).rejects.not.toThrow(/CANARY/);
    expect(received).toEqual({ commands: [], stdin: "", passwords: [] });
  });

  it("refuses a host that has no key of the pinned type", async () => {
    const ecdsa = utils.generateKeyPairSync("ecdsa", { bits: 256 });
    const failed = remoteCommand.create(
      { create: "do it", connection: connection({ hostKey: ecdsa.public, dialErrorLimit: 10 }) },
      operation(),
    );
    await expect(failed).rejects.toThrow("the host has no ecdsa-sha2-nistp256 key");
  });

  it("warns when no key is pinned", async () => {
    const context = operation();
    await remoteCommand.create({ create: "do it", connection: connection({}) }, context);
    expect(context.lines[0]).toMatch(/^no hostKey is pinned for admin@127\.0\.0\.1:\d+/);
  });

  it("fails with the status and the output, without what the command was given", async () => {
    const failed = remoteCommand.create(
      { create: "fail", stdin: "CANARY", connection: connection({ hostKey: hostKeys.ed25519.public }) },
      operation(),
    );
    await expect(failed).rejects.toThrow('Process exited with status 4: running "fail":\n');
    await expect(failed).rejects.toThrow("complained");
    await expect(failed).rejects.not.toThrow(/CANARY/);
  });

  it("fails when the connection is cut before the command has ended", async () => {
    const failed = remoteCommand.create(
      { create: "cut", connection: connection({ hostKey: hostKeys.ed25519.public }) },
      operation(),
    );
    await expect(failed).rejects.toThrow("Process ended in a way that nobody saw");
  });

  it("says that the login was refused, not with what", async () => {
    const failed = remoteCommand.create(
      {
        create: "do it",
        connection: { host: "127.0.0.1", port, user: "admin", password: "CANARY", dialErrorLimit: 0, hostKey: hostKeys.rsa.public },
      },
      operation(),
    );
    await expect(failed).rejects.toThrow("the host refused the login");
    await expect(failed).rejects.not.toThrow(/CANARY/);
  });

  it("tries again as often as it is told, showing each try, and then gives up", async () => {
    await new Promise<void>((resolve) => server.close(() => resolve()));
    const context = operation();
    const failed = remoteCommand.create(
      { create: "do it", connection: connection({ hostKey: hostKeys.rsa.public, dialErrorLimit: 1 }) },
      context,
    );
    await expect(failed).rejects.toThrow(/no connection after 2 tries: .*ECONNREFUSED/);
    expect(context.lines).toEqual([expect.stringContaining("try 1 of 2 failed")]);
  });

  it("refuses bad connections before anything is dialled", () => {
    const refused = (inputs: Parameters<NonNullable<typeof remoteCommand.refuse>>[0]) =>
      remoteCommand.refuse?.(inputs).map(({ property }) => property);
    expect(refused({})).toEqual(["connection"]);
    expect(refused({ connection: { hostKey: "garbage", proxy: {} } })).toEqual([
      "connection.proxy",
      "connection.host",
      "connection.hostKey",
    ]);
    expect(refused({ connection: { host: "h", hostKey: login.private } })).toEqual(["connection.hostKey"]);
    expect(refused({ connection: { host: "h", hostKey: hostKeys.rsa.public } })).toEqual([]);
  });
});

test("an RSA host key never proves itself by SHA-1", () => {
  expect(hostKeyAlgorithms("ssh-rsa")).toEqual(["rsa-sha2-512", "rsa-sha2-256"]);
});
