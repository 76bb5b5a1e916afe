import { healthPort } from "../gateway/pair";
import { freezeMachine, machineStatus, powerOffMachine, powerOnMachine } from "./machine";
import { labAddresses, pairAddresses, pairName } from "./networks";
import { sleep } from "./progress";
import type { Lab } from "./scenarios/lab";
import type { ClientName, Connected } from "./world";

/** A machine of a pair, counted as its component does. */
export type Member = 1 | 2;

/** Who a failover happens to. */
export const pairClients = [
  { client: 1, protocol: "l2tp", name: "L2TP/IPsec" },
  { client: 2, protocol: "ikev2", name: "IKEv2" },
] as const;

/** The machines' own addresses. */
const own = pairAddresses.map(({ outside }) => outside);
const state = "cat /run/vpn-gateway/pair-state";

export function otherMember(member: Member): Member {
  return member === 1 ? 2 : 1;
}

/** A pair in the lab, and what can befall it. */
export class Pair {
  constructor(readonly lab: Lab) {}

  ssh(member: Member) {
    return this.lab.gateways[member - 1];
  }

  /** Which machines say that they are active; `among` those that can be asked. */
  async actives(among: readonly Member[] = [1, 2]): Promise<Member[]> {
    const said = await Promise.all(among.map(async (member) => (await this.ssh(member).run(state, { timeoutSeconds: 20 })).stdout.trim()));
    return among.filter((_, index) => said[index] === "MASTER");
  }

  /** The one active machine. @throws Error where there is none or two for 20 s. */
  async active(among: readonly Member[] = [1, 2]): Promise<Member> {
    let found: Member[] = [];
    for (const until = Date.now() + 20_000; Date.now() < until; await sleep(300)) {
      found = await this.actives(among);
      if (found.length === 1) return found[0];
    }
    throw new Error(`${found.length} machines of the pair are active for 20 s`);
  }

  /** Connects both of {@link pairClients}, which notice a dead gateway soon and dial anew by themselves. */
  async connect(): Promise<((typeof pairClients)[number] & Connected)[]> {
    const users = Object.keys(this.lab.settings.passwords);
    const connected: ((typeof pairClients)[number] & Connected)[] = [];
    for (const [index, one] of pairClients.entries())
      connected.push({ ...one, ...(await this.lab.connect(one.client, one.protocol, users[index % users.length], { fastDeadPeer: true })) });
    return connected;
  }

  /** The active machine gives way on purpose, and may be chosen again. */
  async handOver(active: Member): Promise<void> {
    await this.ssh(active).mustRun("vpn-gateway hand-over && vpn-gateway rejoin", { timeoutSeconds: 150 });
  }

  /** Does the health port of this machine answer, asked from where a load balancer would ask? */
  async healthy(member: Member): Promise<boolean> {
    return (await this.lab.world.run("isp", `nc -z -w 2 ${own[member - 1]} ${healthPort}`)).code === 0;
  }

  /** Begins to count how many machines answer for the pair: the world's `samplerStop` tells. */
  async samplerStart(): Promise<void> {
    await this.lab.world.samplerStart(own, healthPort);
  }

  /** Puts a load balancer before the two. */
  async balancerStart(seeds?: Readonly<Record<500 | 4500, number>>, keepsFlows = false): Promise<void> {
    await this.lab.world.balancerStart(labAddresses.gatewayOutside, own, healthPort, seeds, keepsFlows);
  }

  /** Gives the two machines' name its addresses. */
  async nameserverStart(): Promise<void> {
    await this.lab.world.nameserverStart(pairName.name, labAddresses.internetHost, own, healthPort);
  }

  /** Gives the inside network a way back to each half of the pools. */
  async halvesRouted(): Promise<void> {
    const routes = pairAddresses.flatMap(({ inside }, index) => ["10.77.1.", "10.77.2."].map((pool) => `ip route replace ${pool}${index * 128}/25 via ${inside}`));
    await this.lab.world.run("inside", routes.join(" && "));
  }

  /** A power cut, and power again: the machine boots. */
  powerOff(member: Member): Promise<void> {
    return powerOffMachine(this.lab.id, `gateway-${member}`);
  }
  async powerOn(member: Member): Promise<void> {
    await powerOnMachine(this.lab.id, `gateway-${member}`, () => undefined);
    await this.ssh(member).close();
  }

  /** Both wired and under power, as at first. */
  async whole(): Promise<void> {
    for (const member of [1, 2] as const) {
      if (machineStatus(this.lab.id, `gateway-${member}`).state === "off") await this.powerOn(member);
      await this.mend(member);
    }
  }

  /** The machine stands still, cut off, until `thaw`, and then knows nothing of what happened meanwhile. */
  async freeze(member: Member): Promise<void> {
    await this.cut(member);
    await this.ssh(member).close();
    freezeMachine(this.lab.id, `gateway-${member}`, true);
  }
  async thaw(member: Member): Promise<void> {
    freezeMachine(this.lab.id, `gateway-${member}`, false);
    await this.mend(member);
  }

  /** The machine's wires out of the world's bridges, and in again: its own cards notice nothing. */
  async cut(member: Member): Promise<void> {
    await this.lab.world.ssh.mustRun(`ip link set wan${member - 1} nomaster; ip link set lan${member - 1} nomaster`);
  }
  async mend(member: Member): Promise<void> {
    await this.lab.world.ssh.mustRun(`ip link set wan${member - 1} master outside; ip link set lan${member - 1} master insidenet`);
  }

  /**
   * How long each client had no answer because of `fault`: seconds, by the longest silence of a ping each 0.1 s; undefined
   * where it did not come back within `patience`.
   */
  async outage(clients: readonly ClientName[], fault: () => Promise<unknown>, patience = 60): Promise<(number | undefined)[]> {
    for (const client of clients) await this.lab.world.pingStart(client, labAddresses.insideHost, 0.1, "outage");
    await sleep(1500);
    await fault();
    // The kernel forwards on by itself for a while where only a daemon died: the outage may not have begun.
    await sleep(6000);
    // A ping that began before an address was lost keeps asking from the old one: others see whether the client is back.
    const back = await Promise.all(clients.map((client) => this.lab.answersWithin(client, patience)));
    await sleep(500);
    const seen: (number | undefined)[] = [];
    for (const [index, client] of clients.entries()) {
      const { longestGapMs } = await this.lab.world.pingStop(client, "outage");
      seen.push(back[index] === undefined || longestGapMs === null ? undefined : longestGapMs / 1000);
    }
    return seen;
  }
}
