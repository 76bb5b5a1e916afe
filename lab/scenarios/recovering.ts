import { labAddresses } from "../networks";
import { rebootMachine } from "../machine";
import type { Lab } from "./lab";
import type { Report, Scenario } from "./scenario";

async function bothConnected(lab: Lab): Promise<void> {
  await lab.connect(1, "l2tp", "alice");
  await lab.connect(2, "ikev2", "bob");
}

/** Waits for both clients to pass traffic again, dialling anew if they do not by themselves. */
async function bothBack(lab: Lab, { check, figure }: Report, after: string, byThemselves: number): Promise<void> {
  for (const [protocol, client, user] of [["l2tp", 1, "alice"], ["ikev2", 2, "bob"]] as const) {
    const alone = await lab.answersWithin(client, byThemselves);
    if (alone !== undefined) {
      check(`${protocol}: back by itself after ${after}`, true, `${alone.toFixed(1)} s`);
      continue;
    }
    const again = await lab.connectAgain(client, protocol, user, 60);
    const answers = again === undefined ? undefined : await lab.answersWithin(client, 10);
    check(`${protocol}: back by dialling again after ${after}`, answers !== undefined, again === undefined ? "not within 60 s" : `not by itself within ${byThemselves} s; dialled: ${again.toFixed(1)} s`);
    figure(`${protocol} after ${after}: dialled again`);
  }
}

/** Daemons die and machines restart; clients get back. */
export const recovering: Scenario[] = [
  {
    name: "daemons-killed",
    shows: "after kill -9 of charon or xl2tpd the unit is back and both clients pass traffic again",
    twin: "right after the kill of charon no SA is left",
    seconds: 120,
    async run(lab, report) {
      await bothConnected(lab);
      await lab.gateway.mustRun("systemctl kill -s KILL strongswan");
      const sas = await lab.gateway.run("sleep 3; swanctl --list-sas");
      report.check("twin: the new charon knows no SA at first", !sas.stdout.includes("ESTABLISHED"), sas.stdout);
      await bothBack(lab, report, "kill -9 of charon", 15);
      await lab.gateway.mustRun("systemctl kill -s KILL xl2tpd");
      await bothBack(lab, report, "kill -9 of xl2tpd", 15);
      const check = await lab.gateway.run("systemctl is-active strongswan xl2tpd && vpn-gateway check");
      report.check("both units run and `vpn-gateway check` finds nothing wrong", check.code === 0, check.stdout + check.stderr);
    },
  },
  {
    name: "reboot",
    shows: "after a power cut the gateway comes up as it was, from its own disk, and both clients pass traffic again",
    twin: "while it is off nothing answers",
    seconds: 110,
    async run(lab, report) {
      await bothConnected(lab);
      const booting = rebootMachine(lab.id, "gateway", () => undefined);
      const off = await lab.world.ping(2, labAddresses.insideHost, { count: 5, interval: 0.5 });
      report.check("twin: while it is off nothing answers", off.received === 0, `${off.received} of ${off.sent}`);
      const { bootSeconds } = await booting;
      report.figure(`the gateway booted in ${bootSeconds} s`);
      await bothBack(lab, report, "a power cut", 45);
      const check = await lab.gateway.run("vpn-gateway check");
      report.check("`vpn-gateway check` finds nothing wrong", check.code === 0, check.stdout + check.stderr);
    },
  },
];
