import { labAddresses } from "../networks";
import { otherMember, Pair, pairClients } from "../pair";
import { sleep, type Say } from "../progress";
import type { Lab } from "../scenarios/lab";
import { table } from "./table";

/** What a person is shown after `scripts/up --stack lab-pair`: who takes over when, with the seconds counted. */
export async function demonstrateFailover(lab: Lab, say: Say): Promise<{ text: string; good: boolean }> {
  await lab.fresh();
  const pair = new Pair(lab);
  say("two clients behind the NAT connect (about 20 s)");
  for (const { client, name, connected, reason, address } of await pair.connect()) {
    if (!connected) return { text: `${name} does not connect: ${reason}`, good: false };
    say(`client ${client} is connected by ${name}: ${address}`);
  }
  const rows: string[][] = [];
  let good = true;
  const show = async (what: string, strike: (active: 1 | 2) => Promise<unknown>): Promise<void> => {
    const active = await pair.active();
    say(`${what}: machine ${active} is active now; counting`);
    const counting = countAloud(say);
    const outages = await pair.outage(pairClients.map(({ client }) => client), () => strike(active));
    counting.stop();
    await pair.mend(active);
    await sleep(4000);
    const now = await pair.active();
    pairClients.forEach(({ name }, index) => {
      const seconds = outages[index];
      if (seconds === undefined) good = false;
      rows.push([what, name, seconds === undefined ? "did not come back" : seconds.toFixed(1), `${active} → ${otherMember(active)}`, String(now)]);
    });
  };
  await show("a move on purpose", (active) => pair.handOver(active));
  await show("the active machine's links are cut", (active) => pair.cut(active));
  const text = table([["what happened", "client", "seconds without an answer", "machine", "active afterwards"], ...rows]);
  return { text: `${text}\n\nAddress of the pair: ${labAddresses.gatewayOutside}`, good };
}

function countAloud(say: Say): { stop(): void } {
  const began = Date.now();
  const timer = setInterval(() => say(`  ${((Date.now() - began) / 1000).toFixed(0)} s`), 2000);
  return { stop: () => clearInterval(timer) };
}
