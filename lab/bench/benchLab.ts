import { execFileSync } from "node:child_process";
import type { Ssh } from "../ssh";
import { labAddresses } from "../networks";
import { Lab } from "../scenarios/lab";
import { failuresAlone } from "../scenarios/scenario";
import { Stack } from "../stack";
import { prepareWorld, type ClientName, type Connected, type ConnectOptions, type World } from "../world";
import { bareEspCommands, encapsulationSocket, type BareEsp } from "./bareEsp";
import { firewallsOf, serverPorts, type Firewall } from "./firewalls";
import { hostOf, type Host } from "./host";
import { tcp, type TcpOptions } from "./iperf";

/** The NAT router's public address, by which the gateway knows whoever is behind it. */
const seenAs = "198.51.100.2";
/** Behind the NAT, unless a bench makes more. */
export const benchClients = 8;

/** A lab to measure on: more clients, iperf3 on the gateway, and a firewall that can be taken off. */
export class BenchLab {
  readonly lab: Lab;
  private ended = false;

  constructor(root: string, private readonly say: (line: string) => void, stack = "bench") {
    this.lab = new Lab(new Stack(stack, root, "lab"));
  }

  get gateway(): Ssh {
    return this.lab.gateway;
  }
  get world(): World {
    return this.lab.world;
  }

  async start(): Promise<void> {
    this.say("a lab of its own: one or two minutes where nothing runs beside");
    await this.lab.start();
    this.lab.world = await prepareWorld(this.lab.world.ssh, { clients: benchClients });
    await this.world.linkRestore();
    await this.disconnect(...Array.from({ length: benchClients }, (_, index) => index + 1), "direct");
    const servers = serverPorts
      .map((port) => `systemctl -q is-active bench-iperf-${port} || systemd-run -q --unit=bench-iperf-${port} -p Restart=always iperf3 -s -p ${port}`)
      .join("; ");
    const firewalls = firewallsOf(await this.gateway.mustRun("cat /etc/vpn-gateway/firewall.nft"));
    await this.gateway.mustRun("cp /etc/swanctl/conf.d/vpn-gateway.conf /etc/ppp/options.vpn-gateway /run/ && mkdir -p /run/bench && " + servers);
    for (const [name, text] of Object.entries(firewalls)) await this.gateway.writeFile(`/run/bench/${name}.nft`, text);
    await this.firewall("ours");
  }

  /** Destroys the lab, or with `keep` leaves it as `start` found it. */
  async end(keep: boolean): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    if (keep) {
      await this.gateway.run("nft flush ruleset; nft -f /etc/vpn-gateway/firewall.nft");
      await this.world.linkRestore();
      return;
    }
    await this.lab.end(failuresAlone((line) => this.say(`left behind: ${line}`)));
  }

  host(): Promise<Host> {
    return hostOf(this.gateway);
  }

  async firewall(which: Firewall): Promise<void> {
    await this.gateway.mustRun(`nft flush ruleset; nft -f /run/bench/${which}.nft`);
  }

  /** Connects, or ends the bench with the reason: without this client there is nothing to measure. */
  async connect(client: ClientName, protocol: "l2tp" | "ikev2", changes: Partial<ConnectOptions> = {}): Promise<Connected> {
    const connected = await this.lab.connect(client, protocol, protocol === "l2tp" ? "alice" : "bob", changes);
    if (!connected.connected) throw new Error(`client ${client} does not connect by ${protocol}: ${connected.reason}`);
    this.say(`client ${client} is connected by ${protocol}${changes.espProposals ? ` (${changes.espProposals})` : ""} in ${connected.seconds} s`);
    return connected;
  }
  async disconnect(...names: ClientName[]): Promise<void> {
    for (const name of names) await this.world.disconnect(name);
  }

  /**
   * Runs `work` with the article's settings for new connections on the gateway; sessions that begin in it keep them,
   * all others are as they were.
   */
  async withSettings<T>(edits: { swanctl?: string; ppp?: string }, work: () => Promise<T>): Promise<T> {
    const edit = (expression: string | undefined, file: string) => (expression === undefined ? "" : `sed -i '${expression}' ${file}; `);
    await this.gateway.mustRun(
      edit(edits.swanctl, "/etc/swanctl/conf.d/vpn-gateway.conf") + edit(edits.ppp, "/etc/ppp/options.vpn-gateway") + "swanctl --load-conns >/dev/null",
    );
    try {
      return await work();
    } finally {
      await this.gateway.mustRun(
        "cp /run/vpn-gateway.conf /etc/swanctl/conf.d/; cp /run/options.vpn-gateway /etc/ppp/; swanctl --load-conns >/dev/null",
      );
    }
  }

  /** An address for the client's end of a bare tunnel, and the way to the inside network with it. */
  async innerAddress(client: number, address: string): Promise<void> {
    await this.inside(`c${client}`, `ip addr replace ${address}/32 dev lo; ip route replace ${labAddresses.insideNetwork} via 10.9.0.1 src ${address}`);
  }

  /** Puts bare ESP on both ends, in place of any before. */
  async bareEsp(client: number, connections: Omit<BareEsp, "client" | "seenAs" | "gateway" | "port">[]): Promise<void> {
    const port = 4510 + client;
    const lines = connections.map((connection) =>
      bareEspCommands({ ...connection, client: `10.9.0.${10 + client}`, seenAs, gateway: labAddresses.gatewayOutside, port }),
    );
    const unit = `bench-encapsulation-${client}`;
    await this.world.ssh.mustRun(
      `systemctl -q is-active ${unit} || systemd-run -q --unit=${unit} -p NetworkNamespacePath=/run/netns/c${client} python3 -c '${encapsulationSocket(port)}'`,
    );
    const batch = (all: string[]) => all.map((line) => `ip ${line}`).join("\n");
    await this.inside(`c${client}`, `ip xfrm policy flush; ip xfrm state flush`);
    await this.world.ssh.mustRun(`ip netns exec c${client} sh -e`, { stdin: batch(lines.flatMap((each) => each.client)) });
    const gateway = lines.flatMap((each) => each.gateway);
    // The gateway has other tunnels, which stay: only what a run before left is taken away.
    const stale = connections.map(({ number }) => 50_000 + number).map((reqid) => `ip xfrm state deleteall reqid ${reqid}`);
    await this.gateway.run([...stale, ...gateway.filter((line) => line.includes("policy add")).map((line) => `ip ${line.replace("policy add", "policy delete").replace(/ priority.*/, "")}`)].join("; "));
    await this.gateway.mustRun("sh -e", { stdin: batch(gateway) });
  }

  async inside(namespace: string, command: string): Promise<string> {
    const { code, stdout, stderr } = await this.world.run(namespace, command);
    if (code !== 0) throw new Error(`in ${namespace}, ${command} failed: ${stderr || stdout}`);
    return stdout;
  }

  tcp(namespace: string, target: string, options: TcpOptions) {
    return tcp(this.world, namespace, target, options);
  }

  /** A counter of /proc/net/xfrm_stat on the gateway. */
  async counter(name: string): Promise<number> {
    return Number(/\s(\d+)/.exec(await this.gateway.mustRun(`grep -w ${name} /proc/net/xfrm_stat`))?.[1] ?? 0);
  }
}

/** The commit that was measured, where git knows it. */
export function revision(root: string): string | undefined {
  try {
    return execFileSync("git", ["-C", root, "rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
}
