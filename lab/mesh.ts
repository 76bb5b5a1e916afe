import { siteInterface } from "../gateway/site/names";
import { freezeMachine, powerOffMachine, powerOnMachine } from "./machine";
import { labClouds } from "./networks";
import { sleep } from "./progress";
import { Sites } from "./sites";
import type { PingResult } from "./world";

export const meshProgram = "lab-mesh";

/** tcpdump's words for what belongs into the tunnels of a mesh: between any two inside networks. */
export const meshPlain = (() => {
  const sides = ["10.20.0.0/24", "10.30.0.0/24", "10.50.0.0/24", "10.60.0.0/24"];
  const any = (word: string, networks: readonly string[]) => networks.map((network) => `${word} net ${network}`).join(" or ");
  const six = labClouds.map(({ network6 }) => network6);
  return `(ip and (${any("src", sides)}) and (${any("dst", sides)})) or (ip6 and (${any("src", six)}) and (${any("dst", six)}))`;
})();

/** Three gateways of the lab, each joined to each, counted from 1. */
export class MeshLab extends Sites {
  /** The connection of two gateways. */
  static connection(one: number, other: number): string {
    return `mesh-gateway-${Math.min(one, other)}-to-gateway-${Math.max(one, other)}`;
  }
  static device(one: number, other: number): string {
    return siteInterface(MeshLab.connection(one, other));
  }

  /** All that a gateway has of its connections: a line for each file, interface, route and table. */
  async standing(gateway: number): Promise<string[]> {
    return [...(await this.files(gateway)).trim().split("\n"), ...(await this.must(gateway, "cat /etc/frr/frr.conf")).trim().split("\n")];
  }

  /** What no tunnel and no session has twice: a connection's child SA, IKE SA, and how often BGP's session fell (bgpd's own moment of its rise differs by a second from one question to the next). */
  async identity(gateway: number, name: string): Promise<string> {
    const keys = await this.must(gateway, `swanctl --list-sas --ike site-${name} | grep -oE "^site-[^,]*|(in|out) +[0-9a-f]{8}"`);
    return `${keys.trim().replaceAll("\n", " ")} ${(await this.routing(gateway)).sessions.find(({ connection }) => connection === name)?.falls.count} falls`;
  }

  /** Are all sessions of these gateways up? */
  async allUp(gateways: readonly number[] = [1, 2, 3], sessions = 2): Promise<boolean> {
    for (const gateway of gateways) {
      const up = (await this.routing(gateway)).sessions.filter(({ stands, bfd }) => stands && (bfd === null || bfd === "up"));
      if (up.length < sessions) return false;
    }
    return true;
  }

  /** By which connection a gateway sends to an address now; the kernel's word. */
  async way(gateway: number, target: string): Promise<string> {
    return /dev (\S+)/.exec((await this.run(gateway, `ip route get ${target} from ${labClouds[gateway - 1].host} iif lan0 2>/dev/null || ip route get ${target}`)).stdout)?.[1] ?? "";
  }

  /** The direct path between two gateways swallows every packet, both ways, and tells nobody. */
  async cutBetween(one: number, other: number): Promise<void> {
    const [near, far] = [one, other].sort((a, b) => a - b);
    const peer = labClouds[near - 1].endpoint;
    const rules = `table inet lab_cut_${near} { chain through { type filter hook forward priority -300; ip saddr ${peer} drop; ip daddr ${peer} drop; }\n}`;
    const done = await this.lab.world.run(`isp${far}`, `echo '${rules}' | nft -f -`);
    if (done.code !== 0) throw new Error(`the path between ${one} and ${other} could not be cut: ${done.stderr}`);
  }
  async mendBetween(one: number, other: number): Promise<void> {
    const [near, far] = [one, other].sort((a, b) => a - b);
    await this.lab.world.run(`isp${far}`, `nft delete table inet lab_cut_${near}`);
  }

  async powerOff(gateway: number): Promise<void> {
    await powerOffMachine(this.lab.id, `gateway-${gateway}`);
  }
  /** Stands still at once, and says nothing to anybody; `false`: goes on as if nothing had been. */
  freeze(gateway: number, frozen: boolean): void {
    freezeMachine(this.lab.id, `gateway-${gateway}`, frozen);
  }
  async powerOn(gateway: number): Promise<void> {
    await powerOnMachine(this.lab.id, `gateway-${gateway}`, () => undefined);
  }

  /** What a host loses while something happens: pings each 50 ms until some seconds after it. */
  async lost(namespace: string, target: string, seconds: number, event: () => Promise<unknown>): Promise<PingResult & { gapSeconds: number }> {
    const { world } = this.lab;
    await world.call(["host", "ping-start", namespace, target, "--interval", 0.05, "--label", "mesh"]);
    await sleep(2000);
    await event();
    await sleep(seconds * 1000);
    const result = await world.call<PingResult>(["host", "ping-stop", namespace, "--label", "mesh"]);
    // A figure of nothing would pass for one.
    if (result.longestGapMs === null || result.longestGapMs === undefined) throw new Error(`no ping from ${namespace} to ${target} was answered`);
    return { ...result, gapSeconds: result.longestGapMs / 1000 };
  }

  /** Makes FRR what its file says again: it starts a vtysh for each line that goes. */
  async putRoutingBack(gateway: number): Promise<void> {
    await this.must(gateway, "/usr/lib/frr/frr-reload.py --reload --stdout /etc/frr/frr.conf >/dev/null", 300);
  }
}
