import { booksSchema } from "../../gateway/render/radiusBooks";
import { rebootMachine } from "../machine";
import { labAddresses } from "../networks";
import { sleep } from "../progress";
import { connectEach, losesNothing, type Caller } from "./clients";
import type { Lab } from "./lab";
import type { Scenario } from "./scenario";
import { setUsers } from "./users";

/** The gateway's own FreeRADIUS, by the list of users. */
const fixed = { l2tp: "10.77.3.50", ikev2: "10.77.4.50" } as const;
const alice = { name: "alice", l2tpAddress: fixed.l2tp, ikev2Address: fixed.ikev2 };
const both = [["l2tp", 1, "alice"], ["ikev2", 2, "alice"]] as const satisfies readonly Caller[];
const unit = "freeradius.service";

interface Session {
  user: string;
  session: string;
  protocol: string;
  inside: string;
  outside: string;
  ended: number | null;
  seconds: number;
  sent: number;
  received: number;
  cause: string;
  state: string;
}

export async function books(lab: Lab): Promise<Session[]> {
  return JSON.parse(await lab.gateway.mustRun("vpn-gateway accounting --json")) as Session[];
}

const mainPid = async (lab: Lab) => (await lab.gateway.mustRun(`systemctl show --property=MainPID --value ${unit}`)).trim();

export const radiusOwn: Scenario[] = [
  {
    name: "radius-own",
    shows: "FreeRADIUS on the gateway lets users of the list in by L2TP and IKEv2 with their fixed addresses; its books have begin, end and bytes; one user more starts nothing anew",
    twin: "a wrong password, a suspended user and whoever asks it from outside are refused; killed, it ends nobody's session and is back by itself",
    seconds: 300,
    async run(lab, report) {
      const { check, figure } = report;
      await setUsers(lab, [alice, "bob", { name: "carol", suspended: true }]);
      for (const [key, value] of Object.entries({ "radius.onGateway.enabled": "true", l2tpFixedPool: "10.77.3.0/24", ikev2FixedPool: "10.77.4.0/24" })) await lab.stack.set(key, value);
      const preview = await lab.stack.preview();
      check("the preview shows its configuration", /radiusd\.conf \| +ipaddr = "127\.0\.0\.1"/.test(preview.stdout), preview.stdout.split("\n").filter((line) => line.includes("radius")).slice(0, 3).join("; "));
      const first = await lab.stack.up();
      await lab.read();
      figure(`pulumi up that brings it: ${first.seconds.toFixed(0)} s`);
      const secret = (await lab.gateway.mustRun("sed -nE 's/^ *secret = \"(.*)\"/\\1/p' /etc/vpn-gateway/radius/client.conf")).trim();
      check("the secret was minted, and no preview shows it", /^[A-Za-z0-9]{40}$/.test(secret) && !preview.stdout.includes(secret), `${secret.length} letters and digits`);
      const readable = await lab.gateway.run(`grep -rlF ${secret} /etc /run /var/lib /var/log 2>/dev/null | xargs -r stat -c '%a %U %n'`);
      check("it is in files of root's or of FreeRADIUS' own alone", readable.stdout.trim().split("\n").every((line) => /^(600 root|400 freerad) /.test(line)), readable.stdout);
      const runs = await lab.gateway.mustRun(`ps -o user=,args= -p ${await mainPid(lab)}; ss -Hlnu | awk '{print $4}' | grep -E ':181[23]$'`);
      check("it is not root, and hears the machine itself alone", /^freerad /m.test(runs) && runs.match(/127\.0\.0\.1:181[23]/g)?.length === 2 && !/(\*|0\.0\.0\.0|\]):181[23]/.test(runs), runs);

      await connectEach(lab, report, both);
      for (const [protocol, client] of both) {
        const { sent, received } = await lab.world.ping(client, labAddresses.insideHost, { count: 10 });
        check(`alice's ${protocol}: the inside host answers`, received === sent, `${received} of ${sent}`);
      }
      const sessions = await lab.gateway.mustRun("vpn-gateway sessions");
      check("she has the address that is hers by either", Object.values(fixed).every((address) => sessions.includes(address)), sessions);
      for (const [protocol, client] of [["l2tp", 3], ["ikev2", 4]] as const) {
        const wrong = await lab.connect(client, protocol, "bob", { password: "not his password" });
        check(`twin: a wrong password is refused by ${protocol}`, !wrong.connected, wrong.reason);
        const suspended = await lab.connect(client, protocol, "carol");
        check(`twin: a suspended user is refused by ${protocol}`, !suspended.connected, suspended.reason);
      }
      const doctor = (await lab.gateway.run("vpn-gateway doctor")).stdout;
      check("`vpn-gateway doctor` names both causes", /WRONG_PASSWORD: "bob"/.test(doctor) && /USER_NOT_ADMITTED: "carol"/.test(doctor), doctor);
      // By the right secret, so that silence has no other reason than where the question comes from.
      const ask = (to: string) => `printf 'User-Name = "bob", User-Password = "x"\\n' | timeout 20 radclient -x -r 2 -t 2 ${to}:1812 auth ${secret} 2>&1; true`;
      for (const [from, to] of [["c4", labAddresses.gatewayOutside], ["inside", labAddresses.gatewayInside]] as const) {
        const { stdout } = await lab.world.run(from, ask(to));
        check(`twin: asked from ${from} with its own secret, it does not answer`, /No reply/.test(stdout) && !/Access-/.test(stdout.replace(/Sent Access-Request/g, "")), stdout);
      }
      const here = await lab.gateway.run(ask("127.0.0.1"));
      check("asked from the machine itself it does", /Access-Reject/.test(here.stdout), here.stdout);

      figure(`its memory: ${(Number((await lab.gateway.mustRun(`systemctl show --property=MemoryCurrent --value ${unit}`)).trim()) / 2 ** 20).toFixed(1)} MB`);
      const before = await mainPid(lab);
      for (const [, client] of both) await lab.world.pingStart(client, labAddresses.insideHost, 0.2);
      await setUsers(lab, [alice, "bob", { name: "carol", suspended: true }, "dave"]);
      const more = await lab.stack.up();
      await lab.read();
      figure(`pulumi up with one user more: ${more.seconds.toFixed(0)} s`);
      check("one user more: it is the same process", (await mainPid(lab)) === before, before);
      await connectEach(lab, report, [["l2tp", 3, "dave"], ["ikev2", 4, "dave"]], "who is new: ");
      await lab.gateway.mustRun(`systemctl kill --signal=KILL ${unit}`);
      await sleep(6000);
      check("killed, it is back by itself", (await mainPid(lab)) !== before && /^active/.test((await lab.gateway.run(`systemctl is-active ${unit}`)).stdout), before);
      for (const [protocol, client] of both) await losesNothing(lab, report, client, `of alice's ${protocol} no packet was lost meanwhile`);
      const checked = await lab.gateway.run("vpn-gateway check");
      check("`vpn-gateway check` finds nothing wrong", checked.code === 0, checked.stdout);

      await setUsers(lab, [alice, "bob", { name: "carol", suspended: true }, { name: "dave", suspended: true }]);
      await lab.stack.up();
      await lab.read();
      for (const [protocol, client] of [["l2tp", 3], ["ikev2", 4]] as const) {
        const { received } = await lab.world.ping(client, labAddresses.insideHost, { count: 3, interval: 0.2 });
        const again = await lab.connect(client, protocol, "dave");
        check(`suspended while connected, dave is out by ${protocol}, and stays out`, received === 0 && !again.connected, `${received} of 3; ${again.reason}`);
      }
      const open = (await books(lab)).filter(({ user }) => user === "alice");
      check("the books have alice's two sessions as open", open.length === 2 && open.every(({ state }) => state === "open"), JSON.stringify(open));
      for (const [, client] of both) await lab.world.disconnect(client);
      await sleep(5000);
      const all = await books(lab);
      for (const [protocol] of both) {
        const found = all.filter((one) => one.user === "alice" && one.protocol === protocol);
        const [session] = found;
        check(`the books have the end of her ${protocol} session, and its bytes`, found.length === 1 && session.state === "ended" && session.inside === fixed[protocol] && session.outside.startsWith("198.51.100.2[") && session.seconds > 20 && session.sent >= 840 && session.received >= 840, JSON.stringify(found));
      }
      check("and dave's two, ended", all.filter(({ user, state }) => user === "dave" && state === "ended").length === 2, JSON.stringify(all.filter(({ user }) => user === "dave")));
      check("twin: and none of who was refused", !all.some(({ user }) => user === "bob" || user === "carol"), all.map(({ user }) => user).join(", "));
      const size = await lab.gateway.mustRun("stat -c '%a %U %s' /var/lib/vpn-gateway-radius /var/lib/vpn-gateway-radius/books.db; vpn-gateway accounting --user alice");
      check("the books are FreeRADIUS' own to read", /^700 freerad /.test(size) && !/^[0-7]{2}[1-7] /m.test(size), size);
      await lab.stack.unset("radius");
      await lab.stack.up();
      await lab.read();
      const gone = await lab.gateway.run(`systemctl is-active ${unit}; systemctl is-enabled ${unit}; ss -Hlnu | grep -c ':1812 '; ls /etc/vpn-gateway/radius /run/vpn-gateway-radius 2>&1`);
      check("taken away, it neither runs nor starts at the next boot, and no secret of it is left", /^inactive\ndisabled\n0\n/.test(gone.stdout) && (gone.stdout.match(/No such file/g) ?? []).length === 2, gone.stdout);
      await connectEach(lab, report, both, "by the daemons' own list again: ");
      const log = await lab.gateway.run(`journalctl -u ${unit} -o cat -p warning -n 20`);
      figure(`its warnings: ${log.stdout.trim().split("\n").slice(-4).join(" | ") || "none"}`);
    },
  },
  {
    name: "radius-interim",
    shows: "the books hear of sessions while they are up, by L2TP and IKEv2, and keep what they heard when the gateway's power goes",
    twin: "before the interval is over they know of no bytes",
    seconds: 500,
    async run(lab, report) {
      const { check, figure } = report;
      await lab.stack.set("radius.onGateway.enabled", "true");
      await lab.stack.up();
      await lab.read();
      // The books of a lab that ran before know of earlier sessions.
      const former = new Set((await books(lab)).map(({ session }) => session));
      await connectEach(lab, report, both);
      const began = Date.now();
      for (const [, client] of both) await lab.world.ping(client, labAddresses.insideHost, { count: 20 });
      const ofAlice = async () => (await books(lab)).filter(({ user, session }) => user === "alice" && !former.has(session));
      const early = await ofAlice();
      check("twin: at first the books have two open sessions, and no bytes", early.length === 2 && early.every(({ state, sent }) => state === "open" && sent === 0), JSON.stringify(early));
      let heard: Session[] = [];
      while (Date.now() - began < 400_000 && !(heard.length === 2 && heard.every(({ sent }) => sent > 0))) {
        await sleep(10_000);
        heard = await ofAlice();
      }
      figure(`both told of anew after ${((Date.now() - began) / 1000).toFixed(0)} s`);
      check("after the interval they have the bytes of both, still open", heard.length === 2 && heard.every(({ state, sent, received, seconds }) => state === "open" && sent >= 1680 && received >= 1680 && seconds >= 290), JSON.stringify(heard));
      await rebootMachine(lab.id, "gateway", () => undefined);
      await lab.read();
      const after = await ofAlice();
      check("after a power cut the books are whole, and have what they had heard", after.length === 2 && after.every(({ sent, ended }) => sent >= 1680 && ended === null), JSON.stringify(after));
      const again = await lab.connect(2, "ikev2", "alice");
      check("and the gateway lets in again", again.connected, again.reason);
      const checked = await lab.gateway.run("vpn-gateway check");
      check("`vpn-gateway check` finds nothing wrong", checked.code === 0, checked.stdout + checked.stderr);
    },
  },
  {
    name: "radius-postgres",
    shows: "the books are in a PostgreSQL of the inside network, over TLS, with begin, end and bytes of sessions by L2TP and IKEv2",
    twin: "while it is silent, or refuses the password, users come in as fast as ever and nobody's session ends; what waited is there afterwards, with its own moments",
    seconds: 420,
    async run(lab, report) {
      const { check, figure } = report;
      const host = "10.20.0.30";
      const own = { host, database: "vpn", user: "vpn" };
      const password = "canary: of \\ the database's 'password' 7316";
      await lab.world.postgresInstall();
      const schema = booksSchema({ radius: { servers: [], onGateway: { postgresql: own } } });
      const { certificate } = await lab.world.postgresStart({ address: host, adminPassword: "of-the-administrator-7316", database: own.database, user: own.user, password, schema });
      await setUsers(lab, ["alice", "bob"]);
      for (const [key, value] of Object.entries({ ...own, authority: certificate })) await lab.stack.set(`radius.onGateway.postgresql.${key}`, value);
      await lab.stack.set("radius.onGateway.enabled", "true");
      await lab.stack.set("radiusDatabasePassword", password, true);
      const preview = await lab.stack.preview();
      check("no preview shows the password", !/canary/.test(preview.stdout), preview.stdout.split("\n").filter((line) => line.includes("radius_db")).join("; "));
      const first = await lab.stack.up();
      await lab.read();
      figure(`pulumi up that brings it: ${first.seconds.toFixed(0)} s`);
      const readable = await lab.gateway.run("grep -rlE 'canary.*of ' /etc /run /var/lib /var/log 2>/dev/null | xargs -r stat -c '%a %U %n'");
      check("the password is in files of root's or of FreeRADIUS' own alone", readable.stdout.trim() !== "" && readable.stdout.trim().split("\n").every((line) => /^(600 root|400 freerad) /.test(line)), readable.stdout);

      const seconds: number[] = [];
      const comeAndGo = async (who: string, stay = 2000): Promise<void> => {
        for (const [protocol, client] of both) {
          const found = await lab.connect(client, protocol, "alice");
          check(`${who}, alice connects by ${protocol}`, found.connected, found.reason ?? `${found.seconds} s`);
          seconds.push(found.seconds);
          const { sent, received } = await lab.world.ping(client, labAddresses.insideHost, { count: 10 });
          check("and the inside host answers", received === sent, `${received} of ${sent}`);
        }
        await sleep(stay);
        for (const [, client] of both) await lab.world.disconnect(client);
      };
      const rows = () => lab.world.postgresAsk(own.database, "SELECT protocol, username, gateway, inside, extract(epoch FROM began)::bigint, extract(epoch FROM ended)::bigint, sent, received, cause FROM vpn_sessions WHERE username = 'alice' ORDER BY began");
      const ended = async (count: number, patience: number): Promise<string[][]> => {
        for (const until = Date.now() + 1000 * patience; ; await sleep(2000)) {
          const found = (await rows()).filter((row) => row[5] !== "");
          if (found.length >= count || Date.now() > until) return found;
        }
      };
      await comeAndGo("the database answering");
      const whole = await ended(2, 40);
      check("the database has begin, end and bytes of both", whole.length === 2 && whole.every(([, user, gateway, , began, end, sent, received]) => user === "alice" && gateway === "gateway" && Number(end) > Number(began) && Number(sent) >= 840 && Number(received) >= 840) && new Set(whole.map(([protocol]) => protocol)).size === 2, JSON.stringify(whole));
      const encrypted = await lab.world.postgresAsk("postgres", "SELECT DISTINCT ssl, version FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'vpn'");
      check("and was told over TLS", JSON.stringify(encrypted) === '[["t","TLSv1.3"]]', JSON.stringify(encrypted));

      await connectEach(lab, report, [["ikev2", 3, "bob"], ["l2tp", 4, "bob"]], "who stays: ");
      for (const client of [3, 4]) await lab.world.pingStart(client, labAddresses.insideHost, 0.2);
      await lab.world.postgres("silence");
      const began = Math.floor(Date.now() / 1000);
      await comeAndGo("the database silent", 30_000);
      figure(`from the first packet to an address: ${seconds.slice(0, 2).join(" and ")} s, the database silent ${seconds.slice(2).join(" and ")} s`);
      check("nobody waits for the database", seconds[2] < seconds[0] + 4 && seconds[3] < seconds[1] + 4, seconds.join(", "));
      const waits = await lab.gateway.run("vpn-gateway accounting");
      check("`vpn-gateway accounting` says where the books are, and that something waits", /10\.20\.0\.30:5432\/vpn/.test(waits.stderr) && Number(/(\d+) bytes wait/.exec(waits.stderr)?.[1]) > 0, waits.stderr);
      const doctor = await lab.gateway.run("vpn-gateway doctor --minutes 3");
      check("and `vpn-gateway doctor` that they are not written", /SESSIONS_NOT_IN_BOOKS/.test(doctor.stdout), doctor.stdout);
      const restart = Date.now();
      await lab.gateway.mustRun(`systemctl restart ${unit}`);
      figure(`FreeRADIUS started anew while it waits for the database: ${((Date.now() - restart) / 1000).toFixed(1)} s`);
      await lab.world.postgres("speak");
      const late = (await ended(4, 60)).slice(2);
      check("twin: once it answers it has what waited, with the moments at which it was", late.length === 2 && late.every((row) => Math.abs(Number(row[4]) - began) < 120 && Number(row[5]) > Number(row[4])), JSON.stringify(late));
      await lab.stack.set("radiusDatabasePassword", "another than the database has", true);
      await lab.stack.up();
      await comeAndGo("the password wrong");
      await sleep(15_000);
      const refused = await lab.gateway.run("vpn-gateway doctor --minutes 1");
      check("twin: another password is pushed: doctor shows the database's own words", /SESSIONS_NOT_IN_BOOKS.*password authentication failed/.test(refused.stdout), refused.stdout);
      check("and nothing of it is in the database", (await ended(5, 0)).length === 4);
      for (const [who, client] of [["IKEv2", 3], ["L2TP", 4]] as const) await losesNothing(lab, report, client, `of bob's ${who} no packet was lost in all that time`, 100);
      await lab.stack.set("radiusDatabasePassword", password, true);
      await lab.stack.up();
      check("twin: with the right one it comes after all", (await ended(6, 60)).length === 6);
      await lab.world.postgres("stop");
    },
  },
];
