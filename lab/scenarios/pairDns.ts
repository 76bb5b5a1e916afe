import { labAddresses, pairAddresses, pairName } from "../networks";
import { otherMember as other, Pair, type Member } from "../pair";
import { sleep } from "../progress";
import type { ClientName } from "../world";
import type { Lab } from "./lab";
import type { Scenario } from "./scenario";

/** The IKEv2 clients that find the pair by its name. */
const clients: ClientName[] = [2, 3, 4];
const l2tpClient = 1;

/** Which machine a client speaks to, by the address that its SA has at the other end. */
async function machineOf(lab: Lab, client: ClientName): Promise<Member | undefined> {
  const listed = (await lab.world.status(client)).securityAssociations ?? "";
  const index = pairAddresses.findIndex(({ outside }) => listed.includes(`@ ${outside}[`));
  return index < 0 ? undefined : ((index + 1) as Member);
}

/** Waits until the name has the addresses of these machines and no other. */
async function tells(lab: Lab, members: readonly Member[], seconds: number): Promise<string[]> {
  const wanted = members.map((member) => pairAddresses[member - 1].outside).join();
  let told: string[] = [];
  for (const until = Date.now() + seconds * 1000; Date.now() < until && told.join() !== wanted; await sleep(500)) told = (await lab.world.nameserverStatus()).told;
  return told;
}

/** Both machines active, found by one name. */
export const pairDns: Scenario[] = [
  {
    name: "pair-dns",
    program: "lab-pair",
    shows: "behind a DNS name both machines serve, each from its half of the pools; who loses one finds the other by itself, and nobody else notices",
    twin: "the name loses the dead machine's address and gets it back; who expects another name than the certificate's is refused",
    seconds: 300,
    async run(lab, { check, figure }) {
      await lab.stack.set("front", "dns");
      await lab.stack.up();
      await lab.read();
      const pair = new Pair(lab);
      await pair.nameserverStart();
      await pair.halvesRouted();
      check("both machines are active", (await pair.actives()).join() === "1,2");
      check("the name has both addresses", (await tells(lab, [1, 2], 40)).length === 2);

      const on = new Map<ClientName, Member | undefined>();
      for (const client of clients) {
        const { connected, reason, address } = await lab.connect(client, "ikev2", "bob", { fastDeadPeer: true });
        const member = connected ? await machineOf(lab, client) : undefined;
        on.set(client, member);
        const half = Number(String(address).split(".")[3]) >= 128 ? 2 : 1;
        check(`client ${client} connects by ${pairName.name}, and its address is of that machine's half`, connected && half === member, connected ? `${address} of machine ${member}` : reason);
      }
      check("each machine has some of them", new Set(on.values()).size === 2, [...on.values()].join());
      const l2tp = await lab.connect(l2tpClient, "l2tp", "alice");
      check("a client connects by L2TP", l2tp.connected, l2tp.reason ?? String(l2tp.address));
      for (const client of [l2tpClient, ...clients]) check(`the inside network answers client ${client}`, (await lab.answersWithin(client, 5)) !== undefined);
      const stranger = await lab.connect("direct", "ikev2", "alice", { serverId: pairAddresses[0].outside });
      check("twin: who expects a machine's own address in the certificate is refused", !stranger.connected, stranger.reason);

      const dying = on.get(clients[0]) ?? 1;
      const losing = clients.filter((client) => on.get(client) === dying);
      const staying = clients.filter((client) => on.get(client) === other(dying));
      for (const client of staying) await lab.world.pingStart(client, labAddresses.insideHost, 0.2, "staying");
      const outages = await pair.outage(losing, () => pair.cut(dying), 90);
      losing.forEach((client, index) => check(`client ${client} is back by itself within 60 s`, outages[index] !== undefined && outages[index] <= 60, `${outages[index]} s`));
      for (const client of losing) check(`and is on the other machine`, (await machineOf(lab, client)) === other(dying));
      for (const client of staying) {
        const { longestGapMs } = await lab.world.pingStop(client, "staying");
        check(`client ${client}, on the other machine, noticed nothing`, longestGapMs !== null && longestGapMs < 2000, `${longestGapMs} ms`);
      }
      check("twin: the name has lost the dead machine's address", (await tells(lab, [other(dying)], 40)).length === 1);
      const again = await lab.connect(l2tpClient, "l2tp", "alice");
      check("a client that dials by L2TP gets in", again.connected, again.reason);
      await pair.mend(dying);
      check("twin: and has it again", (await tells(lab, [1, 2], 60)).length === 2);

      const planned = await pair.outage(clients, () => pair.handOver(other(dying)), 60);
      planned.forEach((seconds, index) => check(`a machine that gives way: client ${clients[index]} without an answer for 10 s at most`, seconds !== undefined && seconds <= 10, `${seconds} s`));
      for (const client of clients) check(`client ${client} is on the machine that stays`, (await machineOf(lab, client)) === dying);
      figure(`the machine cut off: ${outages.join(" s, ")} s; giving way: ${planned.join(" s, ")} s`);
      check("and is told of again", (await tells(lab, [1, 2], 60)).length === 2);
    },
  },
];
