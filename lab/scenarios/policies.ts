import { labAddresses } from "../networks";
import { sleep } from "../progress";
import type { Lab } from "./lab";
import type { Scenario } from "./scenario";
import { setUsers } from "./users";

const { insideHost, internetHost } = labAddresses;

async function opens(lab: Lab, client: number, host: string, port: number): Promise<boolean> {
  return (await lab.world.run(`c${client}`, `nc -z -w 3 ${host} ${port}`)).code === 0;
}

async function answers(lab: Lab, client: number, host: string): Promise<number> {
  return (await lab.world.ping(client, host, { count: 3, interval: 0.2 })).received;
}

interface Row {
  user: string;
  protocol: string;
  outside: string;
  inside: string[];
  since: string;
  sent: number;
  received: number;
}

async function rows(lab: Lab): Promise<Row[]> {
  return JSON.parse(await lab.gateway.mustRun("vpn-gateway sessions --json")) as Row[];
}

/** What users may reach, and what is seen of them. */
export const policies: Scenario[] = [
  {
    name: "groups",
    shows: "a user of a group reaches the group's network and port and nothing else, by both protocols; each user's bytes are counted",
    twin: "a user of no group reaches all; the group's user gains nothing by taking the other's inner address; a changed group holds for what is under way",
    seconds: 150,
    async run(lab, { check, figure }) {
      await lab.stack.set("groups[0].name", "staff");
      await lab.stack.set("groups[0].reach[0].networks[0]", `${insideHost}/32`);
      await lab.stack.set("groups[0].reach[0].tcp[0]", "5201");
      await setUsers(lab, [{ name: "alice", groups: ["staff"] }, "bob"]);
      await lab.stack.up();
      await lab.read();
      const clients = [["l2tp", 1, "alice"], ["ikev2", 2, "alice"], ["l2tp", 3, "bob"], ["ikev2", 4, "bob"]] as const;
      const addresses = new Map<number, string>();
      for (const [protocol, client, user] of clients) {
        const { connected, reason, address } = await lab.connect(client, protocol, user);
        check(`${user} connects by ${protocol}`, connected, reason ?? String(address));
        addresses.set(client, String(address));
      }
      await sleep(2000);
      for (const [protocol, client] of clients.slice(0, 2)) {
        check(`alice by ${protocol} opens the group's port`, await opens(lab, client, insideHost, 5201));
        const pings = [await answers(lab, client, insideHost), await answers(lab, client, internetHost)];
        check(`alice by ${protocol} gets no other answer of that host, and none of the internet`, pings[0] === 0 && pings[1] === 0, pings.join(" and "));
      }
      for (const [protocol, client] of clients.slice(2)) {
        const pings = [await answers(lab, client, insideHost), await answers(lab, client, internetHost)];
        check(`twin: bob by ${protocol} reaches both`, pings[0] === 3 && pings[1] === 3, pings.join(" and "));
      }

      // alice takes bob's address of the same protocol, and of the other one.
      for (const [client, device, of] of [[1, "ppp0", 3], [1, "ppp0", 4], [2, "lo", 4], [2, "lo", 3]] as const) {
        const stolen = addresses.get(of)!;
        await lab.world.captureStart("spoof", `icmp and src host ${stolen}`, "lan0");
        await lab.world.run(`c${client}`, `ip addr add ${stolen}/32 dev ${device}; ping -c 3 -i 0.3 -W 1 -I ${stolen} ${insideHost}; ip addr del ${stolen}/32 dev ${device}`);
        const { packets } = await lab.world.captureStop("spoof");
        check(`alice as client ${client} with bob's ${stolen}: nothing comes through`, packets === 0, `${packets} packets`);
      }
      await lab.world.captureStart("spoof", `icmp and src host ${addresses.get(3)}`, "lan0");
      await answers(lab, 3, insideHost);
      const seen = await lab.world.captureStop("spoof");
      check("twin: the same capture sees bob's own", seen.packets > 0, `${seen.packets} packets`);

      const load = await lab.world.iperf(3, insideHost, { seconds: 4 });
      await sleep(17_000);
      const { bob } = JSON.parse(await lab.gateway.mustRun("cat /var/lib/vpn-gateway/accounting.json")) as Record<string, { sent: number; received: number }>;
      const expected = (load.megabitsPerSecond * 1e6 * 4) / 8;
      check("bob's bytes are counted", bob.sent > expected * 0.9 && bob.sent < expected * 1.5 + 200_000, `${bob.sent} sent, the load was about ${expected.toFixed(0)}`);

      for (const client of [1, 2]) await lab.world.pingStart(client, insideHost, 0.2);
      await lab.world.pingStart(4, insideHost, 0.1);
      await lab.stack.unset("groups[0].reach[0].tcp");
      const { seconds } = await lab.stack.up();
      for (const [protocol, client] of clients.slice(0, 2)) {
        check(`without the port alice by ${protocol} gets answers, her tunnel not dropped`, (await answers(lab, client, insideHost)) === 3);
        const { received } = await lab.world.pingStop(client);
        check(`also of the ping that was there before (${protocol})`, received > 0, `${received}`);
      }
      const bobs = await lab.world.pingStop(4);
      check("bob lost no packet by the change", bobs.sent > 20 && bobs.received === bobs.sent, `${bobs.received} of ${bobs.sent}`);
      figure(`pulumi up for a changed group: ${seconds.toFixed(1)} s`);
    },
  },
  {
    name: "sessions",
    shows: "`vpn-gateway sessions` tells who is connected from where with which address and how many bytes, also for Prometheus; `disconnect` ends one user's",
    twin: "the other user loses no packet; a user who is not connected is an error; the one who was cut dials again",
    seconds: 120,
    async run(lab, { check }) {
      check("twin: with nobody there it says so", (await lab.gateway.mustRun("vpn-gateway sessions")).trim() === "nobody is connected");
      const alice = await lab.connect(1, "l2tp", "alice");
      const bob = await lab.connect(2, "ikev2", "bob");
      const before = await rows(lab);
      const of = (all: Row[], user: string) => all.find((row) => row.user === user);
      for (const [user, protocol, address] of [["alice", "l2tp", alice.address], ["bob", "ikev2", bob.address]] as const) {
        const row = of(before, user);
        check(`${user}: ${protocol}, ${address}, from the NAT`, row?.protocol === protocol && row.inside[0] === address && row.outside.startsWith("198.51.100.2"), JSON.stringify(row));
        const age = Number(await lab.gateway.mustRun(`echo $(( $(date +%s) - $(date -d '${row?.since}' +%s) ))`));
        check(`${user}: since when`, age >= 0 && age < 120, `${age} s`);
      }
      for (const client of [1, 2]) await lab.world.iperf(client, insideHost, { seconds: 3 });
      const after = await rows(lab);
      for (const user of ["alice", "bob"]) {
        const grown = (of(after, user)?.sent ?? 0) - (of(before, user)?.sent ?? 0);
        check(`${user}: the bytes grow with the load`, grown > 500_000, `${grown}`);
      }
      const metrics = await lab.gateway.mustRun("vpn-gateway sessions --prometheus");
      check("Prometheus: one session each", /vpn_gateway_sessions\{protocol="ikev2"\} 1\nvpn_gateway_sessions\{protocol="l2tp"\} 1\n/.test(metrics), metrics.split("\n").slice(0, 4).join("; "));
      const table = await lab.gateway.mustRun("vpn-gateway sessions");
      check("the table has both", /alice +l2tp[^\n]*\n *bob +ikev2/.test(table), table);
      const stranger = await lab.gateway.run("vpn-gateway disconnect mallory");
      check("twin: who is not connected is an error", stranger.code === 1 && /"mallory" is not connected/.test(stranger.stderr), stranger.stderr);
      await lab.world.pingStart(1, insideHost, 0.1);
      const said = await lab.gateway.mustRun("vpn-gateway disconnect bob");
      check("disconnect says what it ended", said.includes('ended 1 session of "bob"'), said);
      check("bob is cut", (await answers(lab, 2, insideHost)) === 0);
      const { sent, received } = await lab.world.pingStop(1);
      check("twin: alice loses no packet", sent > 5 && received === sent, `${received} of ${sent}`);
      const again = await lab.connect(2, "ikev2", "bob");
      check("twin: bob dials again", again.connected, again.reason);
      await lab.gateway.mustRun("vpn-gateway disconnect alice");
      check("L2TP is cut the same way", (await answers(lab, 1, insideHost)) === 0);

      const folder = "/var/lib/prometheus/node-exporter";
      await lab.stack.set("metrics", "true");
      await lab.world.pingStart(2, insideHost, 0.1);
      await lab.stack.up();
      const bobs = await lab.world.pingStop(2);
      check("metrics turned on: bob's tunnel loses no packet", bobs.sent > 20 && bobs.received === bobs.sent, `${bobs.received} of ${bobs.sent}`);
      await sleep(11_000);
      const absent = await lab.gateway.run(`test -e ${folder}`);
      check("twin: where node_exporter's folder is not, the keeper makes none", absent.code !== 0);
      await lab.gateway.mustRun(`mkdir -p ${folder}; sleep 12`);
      const plain = await lab.gateway.mustRun(`cat ${folder}/vpn_gateway.prom; date +%s`);
      const age = Number(plain.trim().split("\n").at(-1)) - Number(/^vpn_gateway_metrics_timestamp_seconds (\d+)$/m.exec(plain)?.[1]);
      check("with a plain list it tells when it was written, of pools, and until when the certificate holds", age >= 0 && age < 20 && /pool_used_addresses\{pool="ikev2-ipv4"\} 1\n/.test(plain) && /pool_addresses\{pool="l2tp"\} 25\d\n/.test(plain) && /certificate_end_timestamp_seconds\{what="certificate"\} \d{10}\n/.test(plain), plain);
      await lab.stack.set("accounting", "true");
      await lab.stack.up();
      await lab.world.iperf(2, insideHost, { seconds: 3 });
      await sleep(27_000); // books each 15 s, the file each 10 s
      const file = await lab.gateway.mustRun(`cat ${folder}/vpn_gateway.prom`);
      const counted = Number(/^vpn_gateway_user_sent_bytes_total\{user="bob"\} (\d+)$/m.exec(file)?.[1]);
      check("with accounting the keeper writes sessions and totals for node_exporter", /vpn_gateway_sessions\{protocol="ikev2"\} 1\n/.test(file) && counted > 500_000, `bob: ${counted} bytes`);
      await lab.gateway.mustRun("vpn-gateway disconnect bob; sleep 3");
      const gone = await lab.gateway.mustRun(`cat ${folder}/vpn_gateway.prom; rm -r ${folder}`);
      check("within 3 s of his end it has nobody", /vpn_gateway_sessions\{protocol="ikev2"\} 0\n/.test(gone) && !gone.includes('session_sent_bytes{user="bob"'), gone.split("\n").slice(0, 4).join("; "));
    },
  },
];
