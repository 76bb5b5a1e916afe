import { espSuites } from "../../gateway/cipherSuites";
import { ikev2InnerMtu } from "../../gateway/mtu";
import { labAddresses } from "../networks";
import type { Lab } from "../scenarios/lab";
import type { Say } from "../progress";
import { table } from "./table";

/** One client's line: who, and what was seen of it. */
interface Row {
  client: string;
  seconds: number;
  address: string;
  mtuFound: number | null;
  mtuComputed: number;
  down: number;
  up: number;
}

/** What somebody tries who must not get in. */
type Attempt = [what: string, protocol: "l2tp" | "ikev2", changes: Parameters<Lab["connect"]>[3]];

/** What a person is shown after `scripts/up`: two clients behind a NAT, measured, and who was refused. */
export async function demonstrate(lab: Lab, say: Say): Promise<{ text: string; good: boolean }> {
  await lab.fresh();
  const rows: Row[] = [];
  const users = Object.keys(lab.settings.passwords);
  let good = true;
  for (const [protocol, client] of [["l2tp", 1], ["ikev2", 2]] as const) {
    const user = users[(client - 1) % users.length];
    say(`client ${client} behind the NAT connects as ${user} by ${names[protocol]} and measures (about 20 s)`);
    const connected = await lab.connect(client, protocol, user);
    if (!connected.connected) {
      say(`  it did not connect: ${connected.reason}`);
      good = false;
      continue;
    }
    const { mtu } = await lab.world.mtu(client, labAddresses.insideHost);
    // L2TP's is what the gateway computed for the worst suite it accepts and told the client; IKEv2's that of the suite.
    const computed = protocol === "l2tp" ? Number(connected.mtu) : ikev2InnerMtu({ linkMtu: 1500, suite: espSuites.aes256gcm16, natTraversal: true });
    const down = await lab.world.iperf(client, labAddresses.insideHost, { seconds: 3, reverse: true });
    const up = await lab.world.iperf(client, labAddresses.insideHost, { seconds: 3 });
    if (mtu !== computed) good = false;
    rows.push({
      client: `${user}, ${names[protocol]}`,
      seconds: connected.seconds,
      address: String(connected.address),
      mtuFound: mtu,
      mtuComputed: computed,
      down: down.megabitsPerSecond,
      up: up.megabitsPerSecond,
    });
  }

  say("clients that must be refused try (about 20 s)");
  // Each client tries one thing after another, both at once: what takes long is the waiting for a refusal.
  const attempts: [number, Attempt[]][] = [
    [3, [["wrong password", "ikev2", { password: "not this one" }], ["3des-sha1-modp1024", "l2tp", { proposals: "3des-sha1-modp1024" }]]],
    [4, [["wrong password", "l2tp", { password: "not this one" }]]],
  ];
  const tried = await Promise.all(
    attempts.map(async ([client, each]) => {
      const seen: string[][] = [];
      for (const [what, protocol, changes] of each) {
        const { connected, reason } = await lab.connect(client, protocol, users[0], changes);
        if (connected) good = false;
        seen.push([`${what}, ${names[protocol]}`, connected ? "LET IN" : "refused", shortened(reason ?? "")]);
      }
      return seen;
    }),
  );
  const refusals = tried.flat();

  const text = [
    table([
      ["who connected", "seconds", "address", "path MTU found", "computed", "Mbit/s down", "up"],
      ...rows.map((row) => [
        row.client,
        row.seconds.toFixed(1),
        row.address,
        String(row.mtuFound),
        String(row.mtuComputed),
        row.down.toFixed(1),
        row.up.toFixed(1),
      ]),
    ]),
    table([["who must not", "", "in the program's own words"], ...refusals]),
  ].join("\n\n");
  return { text, good };
}

const names = { l2tp: "L2TP/IPsec", ikev2: "IKEv2" };

function shortened(text: string): string {
  const first = text.split(" / ")[0];
  return first.length > 80 ? `${first.slice(0, 79)}…` : first;
}
