import { sleep } from "./progress";
import { Sites } from "./sites";
import type { Lab } from "./scenarios/lab";

/** The program that makes two gateways in two clouds, a connection between them, and a VLAN that both share. */
export const layerTwoProgram = "lab-layer2";

/** The segment of both sites, and one host of it in each: VLANs of the inside networks' hosts (lab/world/topology.py). */
export const labSegment = {
  name: "stretched",
  connection: "office-to-cloud",
  vlan: 100,
  network: "10.90.0.0/24",
  network6: "fd90::/64",
  hosts: [
    { namespace: "inside", address: "10.90.0.1", address6: "fd90::1" },
    { namespace: "inside2", address: "10.90.0.2", address6: "fd90::2" },
  ],
  /** Both sites' hosts have it as their default gateway, each its own. */
  localGateway: "10.90.0.254",
  /** Few enough for an emulated machine to exceed. */
  stormLimit: 50,
} as const;

/** tcpdump's words for anything of the segment, or what carries it, in clear. */
export const ofSegment = `(ip and net ${labSegment.network}) or (ip6 and net ${labSegment.network6}) or arp net ${labSegment.network} or (ip and udp port 4789) or (ip and proto 47) or vlan`;

/** What `vpn-gateway status --json` says of an extension. */
export interface ExtensionStatus {
  name: string;
  stands: boolean;
  reason: string | null;
  mtu: number | null;
  framesIn: number;
  framesOut: number;
  dropped: Record<"control" | "loop" | "neighbour" | "gateway" | "storm" | "stations", number>;
  learned: { here: number; beyond: number };
}

/** Hosts of both sites in the segment, and frames of theirs. */
export class Segment {
  readonly sites: Sites;

  constructor(readonly lab: Lab) {
    this.sites = new Sites(lab);
  }

  /** Gives a VLAN of the inside network to a host of each site. */
  async join(vlan: number = labSegment.vlan, third = 90): Promise<void> {
    for (const [index, { namespace }] of labSegment.hosts.entries()) {
      const card = `eth0.${vlan}`;
      await this.must(namespace, `modprobe 8021q; ip link del ${card} 2>/dev/null; ip link add link eth0 name ${card} type vlan id ${vlan} && ip link set ${card} up && ip addr add 10.${third}.0.${index + 1}/24 dev ${card} && ip addr add fd${third}::${index + 1}/64 dev ${card} nodad`);
    }
  }
  /** Gives a host of one site a VLAN. */
  async card(host: 1 | 2, vlan: number, address?: string): Promise<void> {
    const card = `eth0.${vlan}`;
    await this.must(labSegment.hosts[host - 1].namespace, `modprobe 8021q; ip link del ${card} 2>/dev/null; ip link add link eth0 name ${card} type vlan id ${vlan} && ip link set ${card} up${address === undefined ? "" : ` && ip addr add ${address} dev ${card}`}`);
  }
  async leave(vlan: number = labSegment.vlan): Promise<void> {
    for (const { namespace } of labSegment.hosts) await this.lab.world.run(namespace, `ip link del eth0.${vlan}`);
  }

  async must(namespace: string, command: string): Promise<string> {
    const { code, stdout, stderr } = await this.lab.world.run(namespace, command);
    if (code !== 0) throw new Error(`${namespace}: ${command}: ${stdout}${stderr}`);
    return stdout;
  }

  /** Sends frames from a host's card (lab/world/frames.py). */
  send(host: 1 | 2, kind: string, options: Record<string, string | number> = {}, vlan: number = labSegment.vlan): Promise<string> {
    const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    return this.must(labSegment.hosts[host - 1].namespace, ["lab-world", "frames", `eth0.${vlan}`, kind, ...words].join(" "));
  }

  /** How many frames that fit tcpdump's words pass a card of the world while something is done. */
  async passing(card: string, filter: string, what: () => Promise<unknown>): Promise<number> {
    await this.lab.world.captureStart("frames", filter, card);
    await what();
    // tcpdump has what the kernel gives it, by blocks of a second.
    await sleep(1500);
    return (await this.lab.world.captureStop("frames")).packets;
  }

  async status(gateway: number): Promise<ExtensionStatus> {
    const { layer2 } = JSON.parse((await this.sites.run(gateway, "vpn-gateway status --json")).stdout) as { layer2: ExtensionStatus[] };
    return layer2[0];
  }
  async line(gateway: number): Promise<string> {
    return (await this.sites.run(gateway, "vpn-gateway status")).stdout.split("\n").find((text) => text.startsWith("layer2 ")) ?? "";
  }
  stands(gateway: number, within = 60): Promise<number | undefined> {
    return this.sites.seconds(async () => (await this.status(gateway))?.stands === true, within);
  }
  async reaches(from: 1 | 2 = 1, target: string = labSegment.hosts[2 - from].address, count = 3): Promise<number> {
    return (await this.sites.ping(labSegment.hosts[from - 1].namespace, target, count)).received;
  }
}
