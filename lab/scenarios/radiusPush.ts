import { labAddresses } from "../networks";
import { sleep } from "../progress";
import type { ConnectOptions } from "../world";
import { losesNothing } from "./clients";
import type { Lab } from "./lab";
import { connect, secret, server, useRadius } from "./radius";
import type { Scenario } from "./scenario";

/** Seconds until a person has pressed a button, and those that the gateway gives a server: three times this. */
const delay = 15;
const timeout = 8;
/** Users whom this server alone knows: one who presses No, and one who is asked for a code. */
const nora = { password: "nora's own password", delay, denied: true };
const gil = { password: "287082", asks: true };
const patient: Partial<ConnectOptions> = { ikeTimeoutSeconds: 60, pppTimeoutSeconds: 60, lcpEchoSeconds: 30 };

async function handles(lab: Lab, user: string): Promise<string> {
  const rows = JSON.parse(await lab.gateway.mustRun("vpn-gateway sessions --json")) as { user: string; handle: string }[];
  return rows.filter((row) => row.user === user).map((row) => row.handle).sort().join(" ");
}

/** A second factor of the user's own RADIUS server: a push to a phone, or a question. */
export const radiusPush: Scenario[] = [
  {
    name: "radius-push",
    shows: "a server that answers once a person has pressed Yes, 15 s later, lets a user in by both protocols; meanwhile the gateway answers another's dead-peer questions each second, their keys are renewed and a third comes in; a client that knows EAP-GTC is asked for a code and comes in by it",
    twin: "who presses No is refused by both, after as long; a wrong code, and a client that knows no question, are refused",
    seconds: 240,
    async run(lab, report) {
      const { check, figure } = report;
      await useRadius(lab, { "radius.timeout": String(timeout) });
      await lab.stack.unset("radius.servers[1]");
      await lab.stack.set("radiusSecrets", JSON.stringify([secret]), true);
      const known = server(1, {}, { rita: delay });
      await lab.world.radiusStart({ ...known, users: { ...known.users, nora, gil } });
      await lab.world.radius("stop", 2);
      await lab.stack.up();
      await lab.read();
      const answers = async (client: number) => (await lab.world.ping(client, labAddresses.insideHost, { count: 3, interval: 0.3 })).received === 3;
      const asNora = (client: number, protocol: "l2tp" | "ikev2") => lab.connect(client, protocol, "nora", { ...patient, password: nora.password, redial: false });

      // Gives the gateway up after 2 s of silence, and would dial anew: another session.
      const fred = await connect(lab, 3, "ikev2", "fred", undefined, { fastDeadPeer: true });
      const before = await handles(lab, "fred");
      check("fred, whose client asks each second whether the gateway lives, connects", fred.connected && before !== "", fred.reason);
      await lab.world.pingStart(3, labAddresses.insideHost, 0.2);

      const ritas = [["l2tp", 1], ["ikev2", 2]] as const;
      const waiting = Promise.all([...ritas.map(([protocol, client]) => connect(lab, client, protocol, "rita", undefined, patient)), asNora(4, "ikev2")]);
      await sleep(4000);
      const tina = await connect(lab, "direct", "ikev2", "tina");
      check("while they wait tina comes in at once", tina.connected && tina.seconds < delay - 5, tina.reason ?? `${tina.seconds} s`);
      const renewed = await lab.world.rekey(3, 5);
      check("and fred's tunnel gets new keys", renewed.rekeys === 5 && renewed.seconds < 10, `${renewed.rekeys} in ${renewed.seconds} s`);
      const late = await waiting;
      for (const [index, [protocol, client]] of ritas.entries()) {
        const { connected, seconds, reason } = late[index];
        check(`rita pressed Yes: she comes in by ${protocol}, and the inside host answers`, connected && seconds >= delay && (await answers(client)), reason ?? `${seconds} s`);
      }
      const refused = [late[2], await asNora(4, "l2tp")];
      for (const [index, protocol] of ["ikev2", "l2tp"].entries()) {
        const { connected, seconds, reason } = refused[index];
        check(`twin: nora pressed No: by ${protocol} she is refused, by that answer and no sooner`, !connected && seconds >= delay && seconds < delay + timeout, `${seconds} s: ${reason}`);
      }
      await losesNothing(lab, report, 3, "fred lost no packet meanwhile", 60);
      check("and is there by the same session", (await handles(lab, "fred")) === before, before);

      const asGil = (password: string, answersQuestion: boolean) => lab.connect(4, "ikev2", "gil", { password, answersQuestion });
      const asked = await asGil(gil.password, true);
      check("a client that knows EAP-GTC comes in by ikev2 with the code that the server asks for", asked.connected && (await answers(4)), asked.reason ?? `${asked.seconds} s`);
      const wrong = await asGil("287083", true);
      check("twin: another code is refused", !wrong.connected, wrong.reason);
      const deaf = await asGil(gil.password, false);
      check("twin: and a client that knows EAP-MSCHAPv2 alone", !deaf.connected, deaf.reason);
      figure((await lab.world.radiusTold(1)).log.trim().split("\n").slice(-3).join(" | "));
      await lab.world.radius("stop", 1);
    },
  },
];
