import * as path from "path";
import * as pulumi from "@pulumi/pulumi";
import { LacConnection, SshGateway, type LacConnectionArgs } from "../../index";
import { ofType, plain, record, registered, settled, textOf, valueOf } from "./mocks";
import { isSecretInput } from "./previews";
import { expectContract, listing } from "./promises";

const remote = "command:remote:Command";
const secrets = { preSharedKey: "canary-of-the-lac-key-8431", password: "canary-of-the-password" };

function gateway(room = true): SshGateway {
  return new SshGateway("office", {
    connection: { host: "198.51.100.7", privateKey: "PRIVATE", hostKey: "ssh-ed25519 AAAAhost" },
    users: [], ikev2: { enabled: false }, sites: { enabled: true, lac: room }, administrators: ["203.0.113.0/24"], insideNetworks: ["10.20.0.0/24", "fd20::/64"],
  });
}

async function made(changes: Partial<LacConnectionArgs> = {}): Promise<LacConnection> {
  await record();
  const connection = new LacConnection("head", { gateway: gateway().site, lns: "198.51.100.70", user: "office", networks: ["10.40.0.0/24"], ...secrets, ...changes });
  await valueOf(connection.port);
  await settled();
  return connection;
}

const pushes = () => [...ofType(remote)].filter(([name]) => name.startsWith("head-"));

describe("LacConnection", () => {
  test("its resources are a contract", async () => {
    await made();
    expectContract(path.join(__dirname, "lacConnection.contract.txt"), [listing("a gateway, and a connection to an LNS")]);
  });

  test("pushes a secret part and then a readable one, with the host key pinned, and takes them away with it", async () => {
    await made();
    expect(pushes().map(([name]) => name)).toEqual(["head-lackey-head", "head-lac-head"]);
    for (const [name, inputs] of pushes()) {
      expect(plain<{ host: string; hostKey: string }>(inputs.connection)).toMatchObject({ host: "198.51.100.7", hostKey: "ssh-ed25519 AAAAhost" });
      const part = name.slice("head-".length);
      expect(textOf(inputs.create)).toMatch(new RegExp(`^vpn-gateway apply ${part} --owner [0-9a-f]{12}$`));
      expect(textOf(inputs.delete)).toMatch(new RegExp(`^vpn-gateway remove ${part} --owner [0-9a-f]{12}$`));
    }
    const [, readable] = pushes().find(([name]) => name === "head-lac-head")!;
    expect(isSecretInput(readable.stdin)).toBe(false);
  });

  test("its secrets are in the secret part alone, given in the open or not", async () => {
    for (const given of [secrets, { preSharedKey: pulumi.secret(secrets.preSharedKey), password: pulumi.secret(secrets.password) }]) {
      await made(given);
      const forms = Object.values(secrets).flatMap((secret) => [secret, Buffer.from(secret).toString("base64")]);
      for (const { name, inputs } of registered) {
        const holds = Object.values(inputs).filter((value) => forms.some((form) => JSON.stringify(value ?? null).includes(form)));
        expect([name, holds.length > 0, holds.every(isSecretInput)]).toEqual([name, name === "head-lackey-head", true]);
      }
    }
  });

  test("by default the gateway's IPv4 networks go through it, behind the address that is given, to whom is dialled", async () => {
    await made();
    const text = textOf(ofType(remote).get("head-lac-head")!.stdin);
    for (const line of ["elements = { 10.20.0.0/24 }", "masquerade", "id = 198.51.100.70", "redial timeout = 5"]) expect(text).toContain(line);
    expect(text).not.toContain("fd20::");
    await made({ masquerade: false, identity: "lns.example.com", redial: 30, port: 20_000 });
    const other = textOf(ofType(remote).get("head-lac-head")!.stdin);
    for (const line of ["id = lns.example.com", "redial timeout = 30", "port = 20000", "local_ts = dynamic[udp/20000]"]) expect(other).toContain(line);
    expect(other).not.toContain("masquerade");
  });

  test("what is not its account's is neither an output nor a secret", async () => {
    const connection = await made();
    expect([await valueOf(connection.interfaceName), await pulumi.isSecret(connection.port)]).toEqual(["lac-head", false]);
  });
});
