import { otherMember as other, Pair, type Member } from "../pair";
import { labAddresses } from "../networks";
import { sleep } from "../progress";
import type { ClientName } from "../world";
import { losesNothing } from "./clients";
import type { Lab } from "./lab";
import type { Scenario } from "./scenario";

/** Two behind one NAT, by both protocols, and one with a public address of its own. */
const natted = [["ikev2", 2, "bob"], ["l2tp", 1, "alice"]] as const;
const alone: ClientName = "direct";

/** Which machine has given a client its address. */
const machineOf = (address: string | null | undefined): Member => (Number(String(address).split(".")[3]) >= 128 ? 2 : 1);

async function healthy(lab: Lab, machines: number, seconds: number): Promise<number> {
  let found = 0;
  for (const until = Date.now() + seconds * 1000; Date.now() < until && found !== machines; await sleep(500)) found = (await lab.world.balancerStatus()).healthy.length;
  return found;
}

/** Both machines active, behind one load balancer. */
export const pairSharing: Scenario[] = [
  {
    name: "pair-load-sharing",
    program: "lab-pair",
    shows: "behind a load balancer that chooses by source address both machines serve; who loses one is back by the other, and nobody else notices",
    twin: "one that chooses for each port by itself leads a client's two ports to two machines, and it does not get in",
    seconds: 300,
    async run(lab, report) {
      const { check, figure } = report;
      await lab.stack.set("front", "loadSharing");
      await lab.stack.up();
      await lab.read();
      const pair = new Pair(lab);
      await pair.halvesRouted();
      check("both machines are active", (await pair.actives()).join() === "1,2");

      // Which seed leads whom where is the hash's business: one is looked for that parts the two sources.
      const choice = new Map<Member, number>();
      let members: Partial<Record<"natted" | "alone", Member>> = {};
      for (let seed = 1; seed <= 12 && (choice.size < 2 || members.natted === members.alone); seed += 1) {
        await pair.balancerStart({ 500: seed, 4500: seed });
        if ((await healthy(lab, 2, 40)) !== 2) throw new Error("the load balancer does not find both machines healthy");
        const [first, second] = [await lab.connect(2, "ikev2", "bob", { fastDeadPeer: true }), await lab.connect(alone, "ikev2", "alice", { fastDeadPeer: true })];
        if (!first.connected || !second.connected) throw new Error(`nobody connects behind the load balancer: ${first.reason ?? ""} ${second.reason ?? ""}`);
        members = { natted: machineOf(first.address), alone: machineOf(second.address) };
        choice.set(members.natted!, seed);
      }
      check("each machine has clients", members.natted !== members.alone && choice.size === 2, `behind the NAT machine ${members.natted}, alone machine ${members.alone}`);
      const l2tp = await lab.connect(1, "l2tp", "alice", { fastDeadPeer: true });
      check("who comes from one address is on one machine, by either protocol", l2tp.connected && machineOf(l2tp.address) === members.natted, l2tp.connected ? String(l2tp.address) : l2tp.reason);
      for (const client of [1, 2, alone] as ClientName[]) check(`the inside network answers client ${client}`, (await lab.answersWithin(client, 5)) !== undefined);

      const dying = members.natted!;
      await lab.world.pingStart(alone, labAddresses.insideHost, 0.2);
      const outages = await pair.outage([2, 1], () => pair.cut(dying), 90);
      for (const [index, [protocol]] of natted.entries()) check(`${protocol} is back by itself within 40 s`, outages[index] !== undefined && outages[index] <= 40, `${outages[index]} s`);
      const moved = await Promise.all([2, 1].map(async (client) => (await lab.world.status(client as ClientName)).address));
      check("on the other machine", moved.every((address) => machineOf(address) === other(dying)), moved.join());
      await losesNothing(lab, report, alone, "a client of the other machine lost no packet");

      for (const client of [1, 2, alone] as ClientName[]) await lab.world.pingStart(client, labAddresses.insideHost, 0.2);
      await pair.mend(dying);
      check("mended, it is among those that get traffic", (await healthy(lab, 2, 60)) === 2);
      await sleep(3000);
      for (const client of [1, 2, alone] as ClientName[]) await losesNothing(lab, report, client, `and client ${client} keeps its tunnel where it is`);

      const planned = await pair.outage([2, 1, alone], () => pair.handOver(other(dying)), 90);
      for (const [index, name] of ["IKEv2", "L2TP", "IKEv2 without NAT"].entries()) check(`the machine gives way: ${name} is back within 30 s`, planned[index] !== undefined && planned[index] <= 30, `${planned[index]} s`);
      figure(`the machine cut off: IKEv2 ${outages[0]} s, L2TP ${outages[1]} s; giving way: IKEv2 ${planned[0]} s and ${planned[2]} s, L2TP ${planned[1]} s`);

      if ((await healthy(lab, 2, 60)) !== 2) throw new Error("the load balancer does not find both machines healthy again");
      await pair.balancerStart({ 500: choice.get(1)!, 4500: choice.get(2)! });
      await healthy(lab, 2, 40);
      const split = await lab.connect(3, "ikev2", "bob");
      check("twin: where each port has a machine of its own nobody gets in", !split.connected, split.reason);
    },
  },
];
