import { LabGatewayPair } from "../../components/labGatewayPair";
import { LabWorld } from "../../components/labWorld";
import { ofType, plain, record, registered, settled, textOf, valueOf } from "./mocks";

const remote = "command:remote:Command";

async function made(front?: string): Promise<LabGatewayPair> {
  await record();
  const world = new LabWorld("world", { lab: "test", pair: true });
  const gateway = new LabGatewayPair("office", {
    world,
    ...(front === undefined ? {} : { front }),
    users: [{ name: "alice" }, { name: "bob", password: "hunter2-canary" }],
    l2tp: { enabled: true },
    administrators: ["10.0.2.0/24"],
  });
  await valueOf(gateway.clientSettings);
  await settled();
  return gateway;
}

describe("LabGatewayPair", () => {
  test("two machines, each with all parts, and one of every secret", async () => {
    await made();
    const names = registered.filter(({ name }) => !name.startsWith("world")).map(({ type, name }) => `${type.split(":").at(-1)} ${name}`);
    const machine = (own: string) => [
      `Command ${own}-machine`, `PrivateKey ${own}-host-key`,
      ...["host-command", "identity", "base", "base-confirm", "base-settle", "passwords", "users"].map((part) => `Command ${own}-${part}`),
    ];
    expect(names.sort()).toEqual(
      [
        ...machine("office-1"), ...machine("office-2"), "LabGatewayPair office", "RandomPassword office-password-alice",
        "RandomPassword office-pre-shared-key", "CertRequest office-server-request", "LocallySignedCert office-server",
        "PrivateKey office-authority-key", "PrivateKey office-server-key", "SelfSignedCert office-authority",
      ].sort(),
    );
  });

  test("the two have the same secrets, users and certificate", async () => {
    await made();
    const parts = ofType(remote);
    for (const part of ["identity", "passwords", "users"]) {
      const [one, two] = [1, 2].map((member) => textOf(parts.get(`office-${member}-${part}`)?.stdin));
      expect(one).not.toBe("");
      // Each hands out its own half of the pools, and that stands in `base` alone.
      expect([part, two]).toEqual([part, one]);
    }
    expect(textOf(parts.get("office-1-base")?.stdin)).toContain("addrs = 10.77.2.0/25");
    expect(textOf(parts.get("office-2-base")?.stdin)).toContain("addrs = 10.77.2.128/25");
  });

  test("the password is in the secret parts alone", async () => {
    await made();
    const canary = ["hunter2-canary", Buffer.from("hunter2-canary").toString("base64")];
    for (const [name, inputs] of ofType(remote)) {
      const seen = JSON.stringify({ ...inputs, stdin: name.endsWith("-passwords") ? "" : inputs.stdin });
      for (const word of canary) expect([name, seen.includes(word)]).toEqual([name, false]);
    }
    expect(textOf(ofType(remote).get("office-2-passwords")?.stdin)).toContain("hunter2-canary");
  });

  test("the machines' wires are their own, and the world has an end for each", async () => {
    await made();
    const sockets = [...ofType("command:local:Command")].map(([name, inputs]) => {
      const { links } = JSON.parse(plain<string>(inputs.stdin)) as { links: { socket: string; role: string }[] };
      return [name, links.map(({ socket }) => socket)];
    });
    expect(Object.fromEntries(sockets)).toEqual({
      "office-1-machine": ["outside-1", "inside-1"],
      "office-2-machine": ["outside-2", "inside-2"],
      "world-machine": ["outside-1", "inside-1", "outside-2", "inside-2"],
    });
  });

  test("behind a DNS name nothing moves, and clients get the name", async () => {
    const gateway = await made("dns");
    expect(await valueOf(gateway.address)).toBe("gateway.example.com");
    for (const member of [1, 2]) {
      const base = textOf(ofType(remote).get(`office-${member}-base`)?.stdin);
      expect(base).not.toMatch(/keepalived|192\.0\.2\.11/);
      expect(base).toContain(`"peerEndpoint": "192.0.2.${member === 1 ? 13 : 12}"`);
    }
    expect(ofType("tls:index/certRequest:CertRequest").get("office-server-request")?.dnsNames).toEqual(["gateway.example.com"]);
  });

  test("behind a load balancer the outer address does not move, and ESP is in UDP", async () => {
    await made("loadBalancer");
    const base = textOf(ofType(remote).get("office-1-base")?.stdin);
    expect(base).not.toContain("192.0.2.11/24 dev wan0");
    expect(base).toContain("encap = yes");
    await made();
    expect(textOf(ofType(remote).get("office-1-base")?.stdin)).toContain("192.0.2.11/24 dev wan0");
  });
});
