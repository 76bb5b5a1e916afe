import { labAddresses } from "../networks";
import { sleep } from "../progress";
import type { ClientName, ConnectOptions, RadiusOptions } from "../world";
import { losesNothing } from "./clients";
import type { Lab } from "./lab";
import type { Scenario } from "./scenario";
import { setUsers } from "./users";

/** Two FreeRADIUS servers of the inside network, with the same users, none of whom is on the gateway's list. */
export const secret = "canary-of-the-radius-secret-7316";
const passwords = { rita: 'ri"ta \\ # {pass} word', fred: "fred's own password", tina: "tina's own password" } as const;
type Name = keyof typeof passwords;
export const hosts = ["10.20.0.21", "10.20.0.22"];
const framed = { l2tp: "10.77.3.60", ikev2: "10.77.4.60" } as const;

export function server(number: number, reply: Partial<Record<Name, Record<string, string | number>>> = {}, delay: Partial<Record<Name, number>> = {}): RadiusOptions {
  const users = Object.entries(passwords).map(([name, password]) => [name, { password, reply: reply[name as Name], delay: delay[name as Name] }]);
  return { number, address: hosts[number - 1], secret, users: Object.fromEntries(users) as RadiusOptions["users"] };
}

export async function useRadius(lab: Lab, settings: Record<string, string> = {}): Promise<void> {
  for (const number of [1, 2]) await lab.world.radiusStart(server(number));
  await setUsers(lab, []);
  for (const [index, host] of hosts.entries()) await lab.stack.set(`radius.servers[${index}].host`, host);
  await lab.stack.set("radiusSecrets", JSON.stringify([secret, secret]), true);
  for (const [key, value] of Object.entries(settings)) await lab.stack.set(key, value);
}

export const connect = (lab: Lab, client: ClientName, protocol: "l2tp" | "ikev2", name: Name, password: string = passwords[name], changes: Partial<ConnectOptions> = {}) =>
  lab.connect(client, protocol, name, { password, redial: false, ...changes });
const both = [["l2tp", 1], ["ikev2", 2]] as const;

/** RADIUS servers of the user's own. */
export const radius: Scenario[] = [
  {
    name: "radius",
    shows: "users whom the RADIUS servers alone know connect by L2TP and IKEv2 with traffic; Framed-IP-Address and Session-Timeout are honoured, begin and end of sessions are told",
    twin: "a wrong password, a user of nobody and a wrong shared secret are refused, the latter with its cause named",
    seconds: 240,
    async run(lab, { check, figure }) {
      await useRadius(lab, { l2tpFixedPool: "10.77.3.0/24", ikev2FixedPool: "10.77.4.0/24" });
      const preview = await lab.stack.preview();
      check("the preview shows that the servers are asked, and no secret", /plugin radius\.so/.test(preview.stdout) && /auth = eap-radius/.test(preview.stdout) && !preview.stdout.includes(secret), preview.stdout.split("\n").filter((line) => line.includes("radius")).slice(0, 4).join("; "));
      await lab.stack.up();
      await lab.read();
      const readable = await lab.gateway.run(`grep -rlF ${secret} /etc /var/lib /run /var/log 2>/dev/null | xargs -r stat -c '%a %n'`);
      check("the secret is in files of root's alone", readable.stdout.trim() !== "" && readable.stdout.trim().split("\n").every((line) => line.startsWith("600 ")), readable.stdout);
      for (const [protocol, client] of both) {
        const found = await connect(lab, client, protocol, "rita");
        check(`rita connects by ${protocol}`, found.connected && found.address?.startsWith(protocol === "l2tp" ? "10.77.1." : "10.77.2.") === true, found.reason ?? `${found.address}, ${found.seconds} s`);
        const { sent, received } = await lab.world.ping(client, labAddresses.insideHost, { count: 10 });
        check("and the inside host answers", received === sent, `${received} of ${sent}`);
      }
      const sessions = await lab.gateway.mustRun("vpn-gateway sessions");
      check("`vpn-gateway sessions` names her twice", (sessions.match(/^rita /gm) ?? []).length === 2, sessions);
      for (const [, client] of both) await lab.world.disconnect(client);
      await sleep(2000);
      const { accounting, log } = await lab.world.radiusTold(1);
      for (const [protocol, address] of [["l2tp", "10.77.1."], ["ikev2", "10.77.2."]] as const) {
        const own = accounting.filter((one) => one["Framed-IP-Address"]?.startsWith(address));
        const [begin, end] = ["Start", "Stop"].map((type) => own.find((one) => one["Acct-Status-Type"] === type));
        check(`${protocol}: the server was told of begin and end, of one session of rita's`, begin?.["User-Name"] === "rita" && begin["Acct-Session-Id"] === end?.["Acct-Session-Id"] && begin["NAS-Identifier"] === "gateway", JSON.stringify(begin));
        check(`${protocol}: and of its bytes`, Number(end?.["Acct-Input-Octets"]) >= 840 && Number(end?.["Acct-Output-Octets"]) >= 840, JSON.stringify(end));
      }
      if (accounting.length === 0) figure(log.trim().split("\n").slice(-12).join(" | "));
      for (const [protocol, client] of both) {
        const wrong = await connect(lab, client, protocol, "rita", "not her password");
        check(`twin: a wrong password is refused by ${protocol}`, !wrong.connected, wrong.reason);
        const stranger = await lab.connect(client, protocol, "alice", { password: "whatever it is", redial: false });
        check(`twin: a name that no server knows is refused by ${protocol}`, !stranger.connected, stranger.reason);
      }
      for (const [protocol, client] of both) {
        await lab.world.radiusStart(server(1, { fred: { "Framed-IP-Address": framed[protocol] }, tina: { "Session-Timeout": 15 } }));
        const found = await connect(lab, client, protocol, "fred");
        check(`${protocol}: fred gets the address that the server has for him`, found.address === framed[protocol], found.reason ?? String(found.address));
        const { sent, received } = await lab.world.ping(client, labAddresses.insideHost);
        check("and the inside host answers", received === sent, `${received} of ${sent}`);
        const servers = (await lab.world.run(`c${client}`, `cat /etc/netns/c${client}/ppp/resolv.conf /etc/netns/c${client}/resolv.conf 2>/dev/null; true`)).stdout;
        check("and is told the name server", servers.includes(labAddresses.internetHost), servers);
      }
      const tina = await connect(lab, 3, "l2tp", "tina");
      check("tina, with a Session-Timeout of 15 s, connects by l2tp", tina.connected, tina.reason);
      const answered = await lab.world.ping(3, labAddresses.insideHost, { count: 3 });
      await sleep(25_000);
      const after = await lab.world.ping(3, labAddresses.insideHost, { count: 3 });
      check("and is out when that is over", answered.received === 3 && after.received === 0, `${answered.received} of 3, then ${after.received} of 3`);
      await lab.stack.set("radiusSecrets", JSON.stringify(["another-secret-than-theirs-1", "another-secret-than-theirs-2"]), true);
      for (const client of [1, 2]) await lab.world.pingStart(client, labAddresses.insideHost, 0.1);
      const { seconds } = await lab.stack.up();
      for (const [protocol, client] of both) {
        const { sent, received } = await lab.world.pingStop(client);
        check(`another secret is pushed: fred's ${protocol} loses no packet`, sent > 20 && received === sent, `${received} of ${sent}, up ${seconds.toFixed(0)} s`);
      }
      for (const [protocol, client] of [["l2tp", 3], ["ikev2", 4]] as const) {
        const wrong = await connect(lab, client, protocol, "rita");
        check(`twin: with a wrong shared secret nobody comes in by ${protocol}`, !wrong.connected, wrong.reason);
      }
      const doctor = await lab.gateway.run("vpn-gateway doctor");
      check("and `vpn-gateway doctor` names the cause", /RADIUS_SECRET_WRONG/.test(doctor.stdout) && /RADIUS_SERVER_SILENT/.test(doctor.stdout), doctor.stdout);
      for (const number of [1, 2]) await lab.world.radius("stop", number);
    },
  },
  {
    name: "radius-fails-over",
    shows: "where the first RADIUS server is silent the second one is asked, and the user gets in by either protocol",
    twin: "where both are silent nobody new gets in, while who is connected loses no packet, and new keys are made as ever",
    seconds: 240,
    async run(lab, report) {
      const { check, figure } = report;
      await useRadius(lab);
      await lab.stack.up();
      await lab.read();
      await lab.world.radius("silence", 1);
      const l2tp = await connect(lab, 1, "l2tp", "rita");
      check("the first server silent: rita gets in by l2tp at once", l2tp.connected, l2tp.reason ?? `${l2tp.seconds} s`);
      // charon does not ask another server within one log-in: the first one that meets the silence fails.
      const first = await connect(lab, 2, "ikev2", "rita");
      figure(`IKEv2, the first log-in that meets the silence: ${first.connected ? "in" : `refused (${first.reason})`} after ${first.seconds} s`);
      const second = first.connected ? first : await connect(lab, 2, "ikev2", "rita");
      check("and by ikev2, at the second try at the latest", second.connected, second.reason ?? `${second.seconds} s`);
      const third = await connect(lab, 3, "ikev2", "fred");
      check("and whoever comes after her at once", third.connected && third.seconds < 5 + l2tp.seconds, third.reason ?? `${third.seconds} s`);
      const told = (await lab.world.radiusTold(2)).accounting;
      check("twin: it was the second one that was told of them", told.some((one) => one["User-Name"] === "rita") && told.some((one) => one["User-Name"] === "fred"), `${told.length} records`);
      await lab.world.radius("silence", 2);
      for (const client of [1, 2, 3]) await lab.world.pingStart(client, labAddresses.insideHost, 0.2);
      const began = Date.now();
      const refused = await Promise.all([connect(lab, 4, "ikev2", "tina"), lab.world.rekey(3, 5)]);
      check("both silent: nobody new gets in by ikev2", !refused[0].connected, `${refused[0].seconds} s: ${refused[0].reason}`);
      check("while fred's tunnel gets new keys", refused[1].rekeys === 5 && refused[1].seconds < 15, `${refused[1].rekeys} in ${refused[1].seconds} s`);
      const byL2tp = await connect(lab, 4, "l2tp", "tina");
      check("both silent: nor by l2tp", !byL2tp.connected, `${byL2tp.seconds} s: ${byL2tp.reason}`);
      // Longer than the 30 s after which the gateway asks a silent peer whether it lives.
      await sleep(Math.max(0, 75_000 - (Date.now() - began)));
      for (const [who, client] of [["rita by l2tp", 1], ["rita by ikev2", 2], ["fred by ikev2", 3]] as const) {
        await losesNothing(lab, report, client, `${who} lost no packet meanwhile`, 100);
      }
      for (const number of [1, 2]) await lab.world.radius("speak", number);
      const back = await lab.world.radiusTold(1);
      figure(`the first server's last words: ${back.log.trim().split("\n").slice(-1).join("")}`);
      let again = await connect(lab, 4, "ikev2", "tina");
      if (!again.connected) again = await connect(lab, 4, "ikev2", "tina");
      check("twin: once they answer again, tina gets in", again.connected, again.reason ?? `${again.seconds} s`);
      for (const number of [1, 2]) await lab.world.radius("stop", number);
    },
  },
  {
    name: "radius-disconnect",
    shows: "a Disconnect-Request of a RADIUS server (FreeRADIUS' radclient) ends a user's sessions by both protocols, or the one of an inner address",
    twin: "signed with another secret, from elsewhere, for somebody who is not there, or told again later, it ends nothing; another user loses no packet",
    seconds: 120,
    async run(lab, report) {
      const { check, figure } = report;
      await useRadius(lab, { "radius.disconnect": "true" });
      await lab.stack.up();
      await lab.read();
      const addresses: (string | null)[] = [];
      for (const [protocol, client, name] of [["l2tp", 1, "rita"], ["ikev2", 2, "rita"], ["l2tp", 3, "fred"], ["ikev2", 4, "fred"]] as const) {
        const found = await connect(lab, client, protocol, name);
        check(`${name} connects by ${protocol}`, found.connected, found.reason);
        addresses.push(found.address);
      }
      for (const client of [3, 4]) await lab.world.pingStart(client, labAddresses.insideHost, 0.2);
      const to = labAddresses.gatewayInside;
      const ask = (changes: Partial<{ from: string; secret: string }>, attributes: Record<string, string>) => lab.world.radiusDisconnect({ from: hosts[0], to, secret, attributes, ...changes });
      const refusals: [string, RegExp, () => ReturnType<typeof ask>][] = [
        ["signed with another secret", /No reply/i, () => ask({ secret: "another-secret-than-theirs" }, { "User-Name": "rita" })],
        ["from an address that is no server's", /No reply/i, () => ask({ from: labAddresses.insideHost }, { "User-Name": "rita" })],
        ["for somebody who is not there", /Disconnect-NAK[\s\S]*Session-Context-Not-Found/, () => ask({}, { "User-Name": "tina" })],
        ["for another gateway's user", /Disconnect-NAK[\s\S]*NAS-Identification-Mismatch/, () => ask({}, { "User-Name": "rita", "NAS-Identifier": '"elsewhere"' })],
        ["for nobody named", /Disconnect-NAK[\s\S]*Invalid-Request/, () => ask({}, { "NAS-Port": "1" })],
        ["of ten minutes ago", /No reply/i, () => ask({}, { "User-Name": "rita", "Event-Timestamp": String(Math.floor(Date.now() / 1000) - 600) })],
      ];
      for (const [what, said, request] of refusals) {
        const { output } = await request();
        check(`twin: a request ${what} is ${said.source.startsWith("No") ? "not answered" : "answered with a NAK"}`, said.test(output), output.split("\n").slice(-8).join("; "));
      }
      const still = await Promise.all([1, 2].map((client) => lab.world.ping(client, labAddresses.insideHost, { count: 3 })));
      check("twin: and rita is still connected by both", still.every(({ received }) => received === 3), still.map(({ received }) => `${received} of 3`).join(", "));
      const began = Date.now();
      const done = await ask({ from: hosts[1] }, { "User-Name": "rita" });
      figure(`the answer came after ${((Date.now() - began) / 1000).toFixed(1)} s`);
      check("the second server's request for rita gets an ACK", /Disconnect-ACK/.test(done.output), done.output.split("\n").slice(-6).join("; "));
      const after = await Promise.all([1, 2].map((client) => lab.world.ping(client, labAddresses.insideHost, { count: 3 })));
      check("and her sessions are over", after.every(({ received }) => received === 0), after.map(({ received }) => `${received} of 3`).join(", "));
      for (const [who, client] of [["l2tp", 3], ["ikev2", 4]] as const) {
        await losesNothing(lab, report, client, `twin: fred's ${who} lost no packet`);
      }
      const one = await ask({}, { "User-Name": "fred", "Framed-IP-Address": String(addresses[2]) });
      const left = await Promise.all([3, 4].map((client) => lab.world.ping(client, labAddresses.insideHost, { count: 3 })));
      check("by name and inner address one of fred's two sessions ends", /Disconnect-ACK/.test(one.output) && left[0].received === 0 && left[1].received === 3, left.map(({ received }) => `${received} of 3`).join(", "));
      const again = await connect(lab, 1, "l2tp", "rita");
      check("twin: rita may dial again", again.connected, again.reason);
      for (const number of [1, 2]) await lab.world.radius("stop", number);
    },
  },
];
