import { labAddresses } from "../networks";
import { sleep } from "../progress";
import { arrived, type Way } from "../rates";
import { losesNothing } from "./clients";
import type { Lab } from "./lab";
import { connect, hosts, secret, server, useRadius } from "./radius";
import type { Report, Scenario } from "./scenario";

const { insideHost, internetHost, gatewayInside } = labAddresses;
/** Mbit/s; well below what emulated machines carry that share their processors with others. */
const down = 2;
const up = 1;
const ritas = [["l2tp", 1], ["ikev2", 2]] as const;

async function answers(lab: Lab, client: number, host: string): Promise<number> {
  return (await lab.world.ping(client, host, { count: 3, interval: 0.3 })).received;
}

/** Does the client reach the inside host and the internet as it shall? */
async function reaches(lab: Lab, { check }: Report, client: number, what: string, inside: boolean, internet: boolean): Promise<void> {
  const found = [await answers(lab, client, insideHost), await answers(lab, client, internetHost)];
  check(what, found[0] === (inside ? 3 : 0) && found[1] === (internet ? 3 : 0), `${found[0]} of 3 from inside, ${found[1]} of 3 from the internet`);
}

/** Of twice as much in UDP, so much arrives. */
async function isHeldTo(lab: Lab, { check }: Report, client: number, what: string, way: Way, megabits: number, host: string): Promise<void> {
  const found = await arrived(lab.world, client, host, { way, megabits: 2 * megabits, seconds: 6 });
  check(`${what}, ${way}: of ${2 * megabits} Mbit/s ${megabits} arrive`, Math.abs(found - megabits) <= megabits * 0.08, found.toFixed(2));
}

async function numbers(lab: Lab): Promise<string> {
  const rows = JSON.parse(await lab.gateway.mustRun("vpn-gateway sessions --json")) as { user: string; protocol: string; handle: string }[];
  return rows.filter(({ user }) => user === "rita").map(({ protocol, handle }) => `${protocol} ${handle}`).sort().join(", ");
}

/** What RADIUS servers grant, and servers that take their time. */
export const radiusAttributes: Scenario[] = [
  {
    name: "radius-attributes",
    shows: "Filter-Id and WISPr-Bandwidth-Max-Up and -Down of an Access-Accept hold by both protocols; a CoA-Request changes both on sessions that are up, which keep what they were given over new IKE keys, a killed relay and a new keeper",
    twin: "a Filter-Id that no group has reaches nothing and is named; who is given none reaches all, and loses no packet; a CoA-Request that cannot be followed gets a NAK with its cause and changes nothing",
    seconds: 300,
    async run(lab, report) {
      const { check, figure } = report;
      const groups = { office: `${insideHost}/32`, internet: `${internetHost}/32` };
      const settings = Object.entries(groups).flatMap(([name, network], index) => [[`groups[${index}].name`, name], [`groups[${index}].reach[0].networks[0]`, network]]);
      await useRadius(lab, { "radius.attributes": "true", "radius.disconnect": "true", ...(Object.fromEntries(settings) as Record<string, string>) });
      const grants = { rita: { "Filter-Id": '"office"', "WISPr-Bandwidth-Max-Down": down * 1e6, "WISPr-Bandwidth-Max-Up": up * 1e6 }, tina: { "Filter-Id": '"nonsense"' } };
      for (const number of [1, 2]) await lab.world.radiusStart(server(number, grants));
      await lab.stack.up();
      await lab.read();
      for (const [protocol, client] of ritas) {
        const { connected, reason } = await connect(lab, client, protocol, "rita");
        check(`rita connects by ${protocol}`, connected, reason);
      }
      const fred = await connect(lab, 3, "l2tp", "fred");
      const tina = await connect(lab, 4, "ikev2", "tina");
      check("fred, of whom the server says no more, and tina, whose Filter-Id is nonsense, connect", fred.connected && tina.connected, fred.reason ?? tina.reason);
      await sleep(3000);
      for (const [protocol, client] of ritas) await reaches(lab, report, client, `rita by ${protocol} reaches what her Filter-Id says, and nothing else`, true, false);
      await reaches(lab, report, 3, "twin: fred reaches both", true, true);
      await reaches(lab, report, 4, "twin: tina reaches nothing", false, false);
      const doctor = await lab.gateway.run("vpn-gateway doctor");
      const table = await lab.gateway.mustRun("vpn-gateway sessions");
      check("and `vpn-gateway doctor` and `sessions` name her Filter-Id", /RADIUS_FILTER_UNKNOWN: "tina"[^\n]*"nonsense"/.test(doctor.stdout) && /tina .*no group nonsense/.test(table), table);
      check("`vpn-gateway check` finds nothing wrong", (await lab.gateway.run("vpn-gateway check")).code === 0);
      for (const [protocol, client] of ritas) {
        await isHeldTo(lab, report, client, `rita by ${protocol}`, "down", down, insideHost);
        await isHeldTo(lab, report, client, `rita by ${protocol}`, "up", up, insideHost);
      }
      const free = await arrived(lab.world, 3, insideHost, { way: "down", megabits: 2 * down, seconds: 4 });
      check("twin: fred has all of it", free > down * 1.3, `${free.toFixed(2)} of ${2 * down}`);

      const ask = async (attributes: Record<string, string>) => (await lab.world.radiusDisconnect({ request: "coa", from: hosts[0], to: gatewayInside, secret, attributes })).output;
      const before = await numbers(lab);
      for (const [what, cause, attributes] of [
        ["with an attribute that it cannot change", "Unsupported-Attribute", { "User-Name": "rita", "Filter-Id": '"internet"', "Session-Timeout": "60" }],
        ["with a Filter-Id that no group has", "Invalid-Attribute-Value", { "User-Name": "rita", "Filter-Id": '"nonsense"' }],
        ["for somebody who is not there", "Session-Context-Not-Found", { "User-Name": "nobody", "Filter-Id": '"internet"' }],
        ["that changes nothing", "Missing-Attribute", { "User-Name": "rita" }],
      ] as const) {
        const said = await ask(attributes);
        check(`twin: a CoA-Request ${what} gets a NAK: ${cause}`, /CoA-NAK/.test(said) && said.includes(cause), said.split("\n").slice(-6).join("; "));
      }
      await reaches(lab, report, 1, "twin: and rita reaches what she did", true, false);
      await lab.world.pingStart(3, insideHost, 0.2);
      for (const [, client] of ritas) await lab.world.pingStart(client, internetHost, 0.2);
      const began = Date.now();
      const changed = await ask({ "User-Name": "rita", "Filter-Id": '"internet"', "WISPr-Bandwidth-Max-Down": String((down / 2) * 1e6) });
      check("a CoA-Request for rita gets an ACK", /CoA-ACK/.test(changed), changed.split("\n").slice(-6).join("; "));
      figure(`the answer came after ${((Date.now() - began) / 1000).toFixed(1)} s`);
      for (const [protocol, client] of ritas) {
        await reaches(lab, report, client, `by ${protocol} she reaches what it says, and what she did no more`, false, true);
        const { received } = await lab.world.pingStop(client);
        check("and so does the ping that began before", received > 0, `${received}`);
      }
      await losesNothing(lab, report, 3, "twin: fred lost no packet by it");
      for (const [protocol, client] of ritas) {
        await isHeldTo(lab, report, client, `by ${protocol} the new rate holds`, "down", down / 2, internetHost);
        await isHeldTo(lab, report, client, `by ${protocol} the rate of which it says nothing stays`, "up", up, internetHost);
      }
      check("her sessions are those of before", before !== "" && (await numbers(lab)) === before, before);

      await lab.world.pingStart(3, insideHost, 0.2);
      const rekeyed = await lab.world.swanctl(2, "--rekey", "--ike", "vpn");
      await sleep(6000);
      const after = await numbers(lab);
      check("her IKE SA gets new keys and another number", rekeyed.code === 0 && after !== before, after);
      await reaches(lab, report, 2, "and she reaches what she did before", false, true);
      await lab.gateway.mustRun("systemctl kill -s KILL vpn-gateway-relay vpn-gateway-keeper; sleep 6");
      for (const [protocol, client] of ritas) await reaches(lab, report, client, `relay and keeper killed: by ${protocol} still`, false, true);
      await losesNothing(lab, report, 3, "twin: fred lost no packet meanwhile");
      const mended = await ask({ "User-Name": "tina", "Filter-Id": '"office"' });
      check("a CoA-Request that gives tina a group that there is gets an ACK", /CoA-ACK/.test(mended), mended.split("\n").slice(-6).join("; "));
      await reaches(lab, report, 4, "and she reaches that", true, false);
      await lab.world.disconnect(1);
      const again = await connect(lab, 1, "l2tp", "rita");
      await sleep(2000);
      check("rita dials again", again.connected, again.reason);
      await reaches(lab, report, 1, "and has what the server's answer says, not the CoA-Request", true, false);
      for (const number of [1, 2]) await lab.world.radius("stop", number);
    },
  },
  {
    name: "radius-slow",
    shows: "where a server answers after 35 s (a person presses a button) and `radius.timeout` allows for it, a user gets in by both protocols; others come in at once meanwhile, get new keys and lose no packet",
    twin: "with the timeout of 2 s nobody gets in by that answer",
    seconds: 240,
    async run(lab, report) {
      const { check, figure } = report;
      await useRadius(lab);
      const delay = 35;
      const slow = server(1, {}, { rita: delay });
      await lab.stack.unset("radius.servers[1]");
      await lab.stack.set("radiusSecrets", JSON.stringify([secret]), true);
      await lab.world.radiusStart(slow);
      await lab.stack.up();
      await lab.read();
      const patient = { ikeTimeoutSeconds: 90, pppTimeoutSeconds: 90, lcpEchoSeconds: 30 };
      const refused = await Promise.all(ritas.map(([protocol, client]) => connect(lab, client, protocol, "rita", undefined, patient)));
      refused.forEach(({ connected, seconds, reason }, index) => check(`twin: with a timeout of 2 s rita is refused by ${ritas[index][0]}`, !connected, `${seconds} s: ${reason}`));
      await lab.stack.set("radius.timeout", "20");
      const { seconds: pushed } = await lab.stack.up();
      figure(`pulumi up for another timeout: ${pushed.toFixed(0)} s`);
      await lab.read();
      const first = await connect(lab, 3, "ikev2", "fred");
      check("fred, for whom the server does not wait, connects", first.connected, first.reason ?? `${first.seconds} s`);
      await lab.world.pingStart(3, insideHost, 0.2);
      const waiting = Promise.all(ritas.map(([protocol, client]) => connect(lab, client, protocol, "rita", undefined, patient)));
      await sleep(10_000);
      const tina = await connect(lab, 4, "ikev2", "tina");
      check("while rita waits, tina comes in by ikev2 at once", tina.connected && tina.seconds < delay - 10, tina.reason ?? `${tina.seconds} s`);
      const rekeyed = await lab.world.rekey(3, 5);
      check("and fred's tunnel gets new keys", rekeyed.rekeys === 5 && rekeyed.seconds < 15, `${rekeyed.rekeys} in ${rekeyed.seconds} s`);
      const late = await waiting;
      for (const [index, [protocol, client]] of ritas.entries()) {
        const { connected, seconds, reason } = late[index];
        check(`rita gets in by ${protocol} once the server answers`, connected && seconds >= delay, reason ?? `${seconds} s`);
        check("and the inside host answers her", (await answers(lab, client, insideHost)) === 3);
      }
      await losesNothing(lab, report, 3, "fred lost no packet meanwhile", 60);
      for (const number of [1, 2]) await lab.world.radius("stop", number);
    },
  },
];
