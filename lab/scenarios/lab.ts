import * as fs from "node:fs";
import { isIP } from "node:net";
import * as path from "node:path";
import { lacProgram } from "../lac";
import { layerTwoProgram } from "../layerTwo";
import { labAddresses } from "../networks";
import { Pair } from "../pair";
import { pairSiteProgram } from "../pairSite";
import { sitesProgram } from "../sites";
import { Ssh } from "../ssh";
import type { Stack } from "../stack";
import { prepareWorld, type ClientName, type Connected, type ConnectOptions, type World } from "../world";
import type { Report } from "./scenario";

interface Connection {
  host: string;
  port: number;
  user: string;
  privateKey: string;
  hostKey: string;
}

interface Outputs {
  lab: string;
  address: string;
  machineId: string;
  worldConnection: Connection;
  gatewayConnection: Connection;
  /** Of a pair, in the order of its machines. */
  gatewayConnections?: Connection[];
  /** Of a mesh: who is joined to whom. */
  connections?: { name: string; left: string; right: string }[];
  /** Of site connections: what the device's owner enters. */
  deviceConfiguration?: string;
  clientSettings: { endpoint: string; preSharedKey: string; authority: string; passwords: Record<string, string>; oneTimeCodes?: Record<string, { uri: string; seed: string }> };
}

/** What is around the gateways of a program with several clouds. */
const cloudsOf: Record<string, { clouds: number; pair?: boolean }> = {
  [sitesProgram]: { clouds: 2 }, [lacProgram]: { clouds: 2 }, [layerTwoProgram]: { clouds: 2 }, "lab-mesh": { clouds: 3 }, [pairSiteProgram]: { clouds: 2, pair: true },
};

/** A lab that runs: the stack it came from, the gateway and the world, and what its clients were told. */
export class Lab {
  private outputs!: Outputs;
  private config = "";
  /** The gateway, or the first machine of a pair. */
  gateway!: Ssh;
  /** Both machines of a pair. */
  gateways: Ssh[] = [];
  world!: World;

  constructor(readonly stack: Stack) {}

  get settings(): Outputs["clientSettings"] {
    return this.outputs.clientSettings;
  }
  get deviceConfiguration(): string {
    return this.outputs.deviceConfiguration ?? "";
  }
  get connections(): NonNullable<Outputs["connections"]> {
    return this.outputs.connections ?? [];
  }
  /** The certificate of an authority that no gateway has anything of. */
  get strangersAuthority(): string {
    return fs.readFileSync(path.join(this.stack.root, "test", "gateway", "clients", "authority.pem"), "utf8");
  }
  get machineId(): string {
    return this.outputs.machineId;
  }
  get id(): string {
    return this.outputs.lab;
  }
  get gatewayConnection(): Connection {
    return this.outputs.gatewayConnection;
  }

  /** Brings the stack up where it is not, and the world around it. */
  async start(): Promise<void> {
    await this.stack.init();
    await this.stack.up({ show: true });
    this.config = fs.readFileSync(this.stack.configFile, "utf8");
    await this.read();
  }

  /** Reads the stack's outputs again, as after an `up` that changed them. */
  async read(): Promise<void> {
    this.outputs = await this.stack.outputs<Outputs>();
    const { gatewayConnections } = this.outputs;
    if (gatewayConnections === undefined) {
      this.gateway = this.ssh("gateway", this.outputs.gatewayConnection);
    } else {
      this.gateways = gatewayConnections.map((connection, index) => this.ssh(`gateway-${index + 1}`, connection));
      this.gateway = this.gateways[0];
    }
    const { worldConnection } = this.outputs;
    if (this.world?.ssh.target.hostPublicKey !== worldConnection.hostKey)
      this.world = await prepareWorld(this.ssh("world", worldConnection), this.stack.program in cloudsOf ? { clients: 1, ...cloudsOf[this.stack.program] } : {});
  }

  /** SSH to a machine with the key of the stack, which stands in a private file as long as the lab does. */
  ssh(name: string, connection: Connection): Ssh {
    const directory = path.join(this.stack.root, ".lab", "ssh", this.stack.name);
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    const keyFile = path.join(directory, name);
    fs.writeFileSync(keyFile, connection.privateKey.trimEnd() + "\n", { mode: 0o600 });
    const { host, port, user, hostKey } = connection;
    // Its sockets need a short path.
    return new Ssh({ host, port, user, hostPublicKey: hostKey, keyFile, directory: `/tmp/vpnlab-ssh-${process.pid}` });
  }

  /** Between two scenarios: nobody connected, the link whole, the config as it was at first. */
  async fresh(): Promise<void> {
    await this.world.linkRestore();
    if (this.gateways.length > 0) {
      if (cloudsOf[this.stack.program]?.pair === true) await new Pair(this).whole();
      if (this.stack.program in cloudsOf) return this.asAtFirst();
      await this.world.balancerStop();
      await this.world.nameserverStop();
      await this.world.run("inside", "ip route flush root 10.77.0.0/16");
      await new Pair(this).whole();
    }
    await this.world.disconnectAll();
    await this.asAtFirst();
  }

  /** The config as it was at first. */
  private async asAtFirst(): Promise<void> {
    const now = fs.readFileSync(this.stack.configFile, "utf8");
    if (now !== this.config) {
      // Networks that the second of two connections has, the first gets back once it is gone: two connections lead to no address both.
      if (this.stack.program === "lab-sites" && /:second: "?true/.test(now)) {
        await this.stack.set("connection", "false");
        await this.stack.set("second", "false");
        await this.stack.up();
      }
      fs.writeFileSync(this.stack.configFile, this.config);
      await this.stack.up();
      await this.read();
    }
  }

  /** What a client of this gateway needs to connect; `changes` make it another. */
  login(protocol: "l2tp" | "ikev2", user = "alice", changes: Partial<ConnectOptions> = {}): ConnectOptions {
    const { endpoint, preSharedKey, authority, passwords } = this.settings;
    return {
      protocol,
      gateway: endpoint,
      user,
      password: passwords[user] ?? "no such user",
      ...(isIP(endpoint) === 0 ? { nameServer: labAddresses.internetHost } : {}),
      ...(protocol === "l2tp" ? { psk: preSharedKey } : { caCertificate: authority }),
      ...changes,
    };
  }

  /** Connects, or says why not. */
  async connect(client: ClientName, protocol: "l2tp" | "ikev2", user?: string, changes?: Partial<ConnectOptions>): Promise<Connected> {
    return this.world.connect(client, this.login(protocol, user, changes));
  }

  /** Connects until it works or the time is over, as a person who dials again would; gives the seconds it took. */
  async connectAgain(client: ClientName, protocol: "l2tp" | "ikev2", user: string, withinSeconds: number): Promise<number | undefined> {
    const began = Date.now();
    while ((Date.now() - began) / 1000 < withinSeconds) {
      const { connected } = await this.connect(client, protocol, user);
      if (connected) return (Date.now() - began) / 1000;
    }
    return undefined;
  }

  /** Does `target` answer this client within the given time? Gives the seconds it took. */
  async answersWithin(client: ClientName, seconds: number, target: string = labAddresses.insideHost): Promise<number | undefined> {
    const began = Date.now();
    while ((Date.now() - began) / 1000 < seconds) {
      const { received } = await this.world.ping(client, target, { count: 1 });
      if (received > 0) return (Date.now() - began) / 1000;
    }
    return undefined;
  }

  /** Destroys the stack and checks that nothing of the lab is left. */
  async end(report: Report): Promise<void> {
    report.heading("destroy: the lab leaves nothing behind");
    await Promise.all([this.gateway, ...this.gateways, this.world?.ssh].map((connection) => connection?.close()));
    const destroyed = await this.stack.destroy({ mayFail: true });
    report.check("pulumi destroy succeeds", destroyed.code === 0, destroyed.code === 0 ? `${destroyed.seconds.toFixed(0)} s` : destroyed.stdout + destroyed.stderr);
    // An `up` that failed left no outputs that would name the lab.
    const left = leftOf(this.stack.labId);
    report.check("no process and no file of the lab is left", left.length === 0, left.join(", "));
    await this.stack.remove();
    fs.rmSync(path.join(this.stack.root, ".lab", "ssh", this.stack.name), { recursive: true, force: true });
    fs.rmSync(`/tmp/vpnlab-ssh-${process.pid}`, { recursive: true, force: true });
  }
}

/** Processes whose command line names the lab's folder, and that folder. */
export function leftOf(lab: string): string[] {
  const folder = `/${lab}/`;
  const processes = fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(folder);
      } catch {
        return false; // ended meanwhile
      }
    });
  const directory = path.join(process.env.TMPDIR ?? "/tmp", `vpnlab-${process.getuid?.() ?? 0}`, lab);
  return [...processes.map((pid) => `process ${pid}`), ...(fs.existsSync(directory) ? [directory] : [])];
}
