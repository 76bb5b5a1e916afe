import { labAddresses } from "../networks";
import { sleep } from "../progress";
import { losesNothing } from "./clients";
import type { Lab } from "./lab";
import { connect, server, useRadius } from "./radius";
import type { Scenario } from "./scenario";

const seconds = 60;
const grants = { tina: { "Session-Timeout": seconds }, rita: { "Session-Timeout": seconds } };

/** What tells a user's session by a protocol from its successor; "" where there is none. */
async function handle(lab: Lab, user: string, protocol: "l2tp" | "ikev2"): Promise<string> {
  const rows = JSON.parse(await lab.gateway.mustRun("vpn-gateway sessions --json")) as { user: string; protocol: string; handle: string }[];
  return rows.filter((row) => row.user === user && row.protocol === protocol).map((row) => row.handle).join(" ");
}

async function answers(lab: Lab, client: number): Promise<number> {
  return (await lab.world.ping(client, labAddresses.insideHost, { count: 3, interval: 0.3 })).received;
}

/** How long a session may be, as the RADIUS servers say. */
export const radiusSessionTimeout: Scenario[] = [
  {
    name: "radius-session-timeout",
    shows: "a Session-Timeout ends a session by L2TP and by IKEv2; an IKEv2 client that proves itself anew before (RFC 4478) goes on if the server still lets it in",
    twin: "one whom the server no longer lets in is out when the time is over; who was given no Session-Timeout has the same sessions and lost no packet",
    seconds: 240,
    async run(lab, report) {
      const { check, figure } = report;
      await useRadius(lab);
      for (const number of [1, 2]) await lab.world.radiusStart(server(number, grants));
      await lab.stack.up();
      await lab.read();
      const freds = [["l2tp", "direct"], ["ikev2", 4]] as const;
      for (const [protocol, client] of freds) {
        const { connected, reason } = await connect(lab, client, protocol, "fred");
        check(`fred, who is given no Session-Timeout, connects by ${protocol}`, connected, reason);
        await lab.world.pingStart(client, labAddresses.insideHost, 0.2);
      }
      const before = await Promise.all(freds.map(([protocol]) => handle(lab, "fred", protocol)));

      const tinas = [["l2tp", 1], ["ikev2", 2]] as const;
      for (const [protocol, client] of tinas) {
        const { connected, reason } = await connect(lab, client, protocol, "tina", undefined, { overTimeSeconds: 0 });
        check(`tina, with ${seconds} s, connects by ${protocol}, and the inside host answers`, connected && (await answers(lab, client)) === 3, reason);
      }
      const began = Date.now();
      // The servers know another password of hers now: whoever is in stays, and proves nothing anew.
      for (const number of [1, 2]) {
        const other = server(number, grants);
        await lab.world.radiusStart({ ...other, users: { ...other.users, tina: { ...other.users.tina, password: "another than hers" } } });
      }
      // She is told when her time is over, and proves herself anew half of it before.
      const rita = await connect(lab, 3, "ikev2", "rita", undefined, { overTimeSeconds: seconds / 2 });
      check("rita, with as much, whose client proves itself anew before, connects by ikev2", rita.connected, rita.reason);
      const first = await handle(lab, "rita", "ikev2");
      await lab.world.pingStart(3, labAddresses.insideHost, 0.2);
      await sleep(Math.max(0, began + (seconds + 25) * 1000 - Date.now()));

      for (const [protocol, client] of tinas) {
        const left = [await answers(lab, client), await handle(lab, "tina", protocol)];
        check(`by ${protocol} tina is out when they are over`, left[0] === 0 && left[1] === "", `${left[0]} of 3, session "${left[1]}"`);
      }
      const later = await handle(lab, "rita", "ikev2");
      const { sent, received, longestGapMs } = await lab.world.pingStop(3);
      check("twin: rita is connected by another session, and nearly all was answered", first !== "" && later !== "" && later !== first && received > sent * 0.9, `${first} → ${later}; ${received} of ${sent}`);
      figure(`rita's longest silence: ${longestGapMs} ms`);
      for (const [index, [protocol, client]] of freds.entries()) {
        await losesNothing(lab, report, client, `twin: fred's ${protocol} lost no packet`, 100);
        check("and it is the same session", before[index] !== "" && (await handle(lab, "fred", protocol)) === before[index], before[index]);
      }
      const told = (await Promise.all([1, 2].map((number) => lab.world.radiusTold(number)))).flatMap(({ accounting }) => accounting);
      const causes = told.filter((one) => one["User-Name"] === "tina" && one["Acct-Status-Type"] === "Stop").map((one) => one["Acct-Terminate-Cause"]);
      check("the servers are told why tina's two sessions ended", causes.length === 2 && causes.every((cause) => cause === "Session-Timeout"), causes.join(", "));
      const begins = told.filter((one) => one["User-Name"] === "rita" && one["Acct-Status-Type"] === "Start");
      check("and that rita began more than once", begins.length > 1, String(begins.length));
      for (const number of [1, 2]) await lab.world.radius("stop", number);
    },
  },
];
