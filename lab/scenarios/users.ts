import { labAddresses } from "../networks";
import { sleep } from "../progress";
import { connectEach, cutAfter, losesNothing } from "./clients";
import type { Lab } from "./lab";
import type { Scenario } from "./scenario";

/** The list of users as the stack's config has it. */
export async function setUsers(lab: Lab, users: (string | Record<string, unknown>)[]): Promise<void> {
  await lab.stack.unset("users");
  for (const [index, user] of users.entries()) {
    if (typeof user === "string") await lab.stack.set(`users[${index}]`, user);
    else for (const [key, value] of Object.entries(user)) for (const [path, text] of leaves(key, value)) await lab.stack.set(`users[${index}].${path}`, text);
  }
}

function leaves(path: string, value: unknown): [string, string][] {
  return Array.isArray(value) ? value.flatMap((one, index) => leaves(`${path}[${index}]`, one)) : [[path, String(value)]];
}

async function up(lab: Lab): Promise<number> {
  const { seconds } = await lab.stack.up();
  await lab.read();
  return seconds;
}

/** Seconds after `began` at which the client's last answered packet came; asks five times a second. */
async function lastPacket(lab: Lab, client: number, began: number, withinSeconds: number): Promise<number> {
  let last = 0;
  while ((Date.now() - began) / 1000 < withinSeconds) {
    const { received } = await lab.world.ping(client, labAddresses.insideHost, { count: 1 });
    if (received > 0) last = (Date.now() - began) / 1000;
    else if ((Date.now() - began) / 1000 - last > 4) break;
  }
  return last;
}

const both = [["l2tp", 1, "alice"], ["ikev2", 2, "alice"]] as const;
const everybody = [...both, ["l2tp", 3, "bob"], ["ikev2", 4, "bob"]] as const;

/** Who may come in, until when, and with which address. */
export const users: Scenario[] = [
  {
    name: "user-suspended",
    shows: "a suspended user's tunnels end within 5 s of the push and dialling again is refused, by both protocols",
    twin: "another user's tunnels lose no packet meanwhile; no longer suspended, the same password opens again",
    seconds: 150,
    async run(lab, report) {
      const { check, figure } = report;
      await connectEach(lab, report, everybody);
      await setUsers(lab, [{ name: "alice", suspended: true }, "bob"]);
      const preview = await lab.stack.preview();
      check("preview shows one line of one file", /\+\s+\/etc\/vpn-gateway\/users \| \{"name":"alice","suspended":true\}/.test(preview.stdout), preview.stdout.split("\n").filter((line) => line.includes("/etc/vpn-gateway/users |")).join("; "));
      check("and touches no password", !/gateway-passwords/.test(preview.stdout));
      for (const client of [3, 4]) await lab.world.pingStart(client, labAddresses.insideHost, 0.1);
      const late = await cutAfter(lab, [1, 2, 3], () => up(lab));
      both.forEach(([protocol], index) => check(`alice's last packet by ${protocol} comes within 5 s of the new list's being in force`, late[index] <= 5, `${late[index].toFixed(1)} s`));
      check("twin: by the same measure bob is not cut", late[2] > 5, `${late[2].toFixed(1)} s`);
      for (const [protocol, client] of both) {
        const { received } = await lab.world.ping(client, labAddresses.insideHost, { count: 3, interval: 0.2 });
        check(`alice's ${protocol} tunnel is cut when the up is through`, received === 0, `${received} of 3`);
        const again = await lab.connect(client, protocol, "alice");
        check(`alice is refused by ${protocol}`, !again.connected, again.reason);
      }
      for (const [protocol, client] of [["L2TP", 3], ["IKEv2", 4]] as const) {
        await losesNothing(lab, report, client, `twin: no packet of bob's ${protocol} lost`);
      }
      const said = await lab.gateway.mustRun("grep -c 'who is suspended' /var/log/vpn-gateway.log; vpn-gateway check");
      check("`vpn-gateway check` finds nothing wrong with that", /as they should be/.test(said), said);
      await lab.stack.unset("users[0].suspended");
      figure(`pulumi up that lets alice in again: ${(await up(lab)).toFixed(1)} s`);
      for (const [protocol, client] of both) {
        const again = await lab.connect(client, protocol, "alice");
        check(`twin: no longer suspended, alice connects by ${protocol} with the same password`, again.connected, again.reason);
      }
    },
  },
  {
    name: "user-narrowed",
    shows: "a user who may come by IKEv2 alone from now on has no L2TP session within 5 s, and none when dialling again; of their own `routes` the tunnel carries those and nothing else",
    twin: "their IKEv2 tunnel, and another's of either protocol, lose no packet by the narrowing; another's tunnel carries all; with both protocols again L2TP works",
    seconds: 180,
    async run(lab, report) {
      const { check, figure } = report;
      await connectEach(lab, report, everybody);
      await setUsers(lab, [{ name: "alice", protocols: ["ikev2"] }, "bob"]);
      for (const client of [2, 3, 4]) await lab.world.pingStart(client, labAddresses.insideHost, 0.1);
      const [late] = await cutAfter(lab, [1], () => up(lab));
      check("the last packet of alice's L2TP comes within 5 s of the new list's being in force", late <= 5, `${late.toFixed(1)} s`);
      const again = await lab.connect(1, "l2tp", "alice");
      check("alice is refused by L2TP", !again.connected, again.reason);
      for (const [who, client] of [["alice's IKEv2", 2], ["bob's L2TP", 3], ["bob's IKEv2", 4]] as const) await losesNothing(lab, report, client, `twin: no packet of ${who} lost`);

      await lab.stack.set("ikev2FixedPool", "10.77.4.0/24");
      await setUsers(lab, [{ name: "alice", ikev2Address: "10.77.4.50", routes: [labAddresses.insideNetwork] }, "bob"]);
      figure(`pulumi up that gives alice routes of her own: ${(await up(lab)).toFixed(1)} s`);
      const l2tp = await lab.connect(1, "l2tp", "alice");
      check("twin: with both protocols again she connects by L2TP", l2tp.connected, l2tp.reason);
      const narrow = await lab.connect(2, "ikev2", "alice");
      check("alice connects by IKEv2 with her address", narrow.address === "10.77.4.50", narrow.reason ?? String(narrow.address));
      const selectors = async (client: number) => /remote +(\S.*)/.exec(((await lab.world.status(client)).securityAssociations ?? "").split("INSTALLED")[1] ?? "")?.[1] ?? "none";
      const [hers, his] = [await selectors(2), await selectors(4)];
      check("her tunnel, who asked for everything, carries her routes alone", hers.trim() === labAddresses.insideNetwork, hers);
      check("twin: bob's carries everything", his.includes("0.0.0.0/0"), his);
      const { sent, received } = await lab.world.ping(2, labAddresses.insideHost);
      check("she reaches the inside host", sent > 0 && received === sent, `${received} of ${sent}`);
      const way = async (client: number) => (await lab.world.run(`c${client}`, `ip route get ${labAddresses.internetHost}`)).stdout;
      const [past, through] = [await way(2), await way(4)];
      check("what she sends to the internet goes past her tunnel", past.includes(" src ") && !past.includes("10.77."), past);
      check("twin: what bob sends goes through his", / src 10\.77\.2\./.test(through), through);
    },
  },
  {
    name: "user-expires",
    shows: "a user's time ends while connected: out within 5 s and refused from then on, by the gateway itself, with no push",
    twin: "before that moment the same user connects; one without an end stays, and loses no packet",
    seconds: 150,
    async run(lab, report) {
      const { check, figure } = report;
      const gatewayNow = async () => Number(await lab.gateway.mustRun("date +%s"));
      const until = new Date(((await gatewayNow()) + 240) * 1000);
      await setUsers(lab, [{ name: "alice", validUntil: `${until.toISOString().slice(0, 19)}Z` }, "bob"]);
      await up(lab);
      await connectEach(lab, report, both, "twin: before the end ");
      await lab.connect(3, "l2tp", "bob");
      await lab.connect(4, "ikev2", "bob");
      const left = until.getTime() / 1000 - (await gatewayNow());
      check("all are connected before the end", left > 0, `${left} s left`);
      await sleep(Math.max(0, left - 6) * 1000);
      for (const client of [3, 4]) await lab.world.pingStart(client, labAddresses.insideHost, 0.1);
      const clock = await gatewayNow();
      const end = Date.now() + (until.getTime() - clock * 1000);
      const lasts = await Promise.all(both.map(([, client]) => lastPacket(lab, client, end, 20)));
      both.forEach(([protocol], index) => check(`${protocol}: the last packet comes within 5 s of the end`, lasts[index] <= 5, `${lasts[index].toFixed(1)} s`));
      await sleep(2000);
      for (const [protocol, client] of both) {
        const again = await lab.connect(client, protocol, "alice");
        check(`alice is refused by ${protocol}`, !again.connected, again.reason);
      }
      for (const [protocol, client] of [["L2TP", 3], ["IKEv2", 4]] as const) {
        await losesNothing(lab, report, client, `twin: no packet of bob's ${protocol} lost`);
      }
      const kept = await lab.gateway.mustRun("grep -c alice /etc/ppp/chap-secrets /etc/swanctl/conf.d/vpn-gateway-passwords.conf; vpn-gateway check");
      check("her secrets are out of the daemons' files, and that is as it should be", /chap-secrets:0[\s\S]*passwords.conf:0[\s\S]*as they should be/.test(kept), kept);
      figure(`last packet after the end: L2TP ${lasts[0].toFixed(1)} s, IKEv2 ${lasts[1].toFixed(1)} s`);
    },
  },
  {
    name: "fixed-address",
    shows: "a user gets the same address always, by L2TP and by IKEv2, with name servers of their own; a device that comes back unheard gets it again",
    twin: "another user gets one of the pool; two devices at once: the older gives way",
    seconds: 150,
    async run(lab, { check }) {
      const free = await lab.connect(2, "ikev2", "alice");
      check("twin: before, alice has one of the pool", free.address?.startsWith("10.77.2.") === true, String(free.address));
      await lab.stack.set("l2tpFixedPool", "10.77.3.0/24");
      await lab.stack.set("ikev2FixedPool", "10.77.4.0/24");
      const alice = { name: "alice", l2tpAddress: "10.77.3.50", ikev2Address: "10.77.4.50", dns: [labAddresses.insideHost] };
      await setUsers(lab, [alice, "bob"]);
      await lab.connect(4, "ikev2", "bob");
      await lab.world.pingStart(4, labAddresses.insideHost, 0.1);
      await up(lab);
      const bobs = await lab.world.pingStop(4);
      check("bob's tunnel loses no packet by the change", bobs.sent > 20 && bobs.received === bobs.sent, `${bobs.received} of ${bobs.sent}`);
      for (const [protocol, client, address] of [["l2tp", 1, "10.77.3.50"], ["ikev2", 2, "10.77.4.50"]] as const) {
        for (const time of ["first", "second"]) {
          // As Windows and phones do: one that dials again by itself would take the address back.
          const found = await lab.connect(client, protocol, "alice", { redial: false });
          check(`${protocol}, the ${time} time: ${address}`, found.address === address, found.reason ?? String(found.address));
        }
        const { sent, received } = await lab.world.ping(client, labAddresses.insideHost);
        check(`${protocol}: the inside host answers that address`, received === sent, `${received} of ${sent}`);
        const servers = (await lab.world.run(`c${client}`, "cat /etc/ppp/resolv.conf /etc/netns/c$0/ppp/resolv.conf /etc/resolv.conf 2>/dev/null; true".replace("$0", String(client)))).stdout;
        check(`${protocol}: alice is told her own name server`, servers.includes(labAddresses.insideHost), servers);
      }
      for (const [protocol, client] of [["l2tp", 3], ["ikev2", 4]] as const) {
        const found = await lab.connect(client, protocol, "bob");
        check(`twin: bob gets one of the pool by ${protocol}`, found.address?.startsWith(protocol === "l2tp" ? "10.77.1." : "10.77.2.") === true, found.reason ?? String(found.address));
      }
      // Unheard: the client's daemons end without a word, and dial from another place.
      await lab.world.stop(2);
      const back = await lab.connect("direct", "ikev2", "alice");
      check("IKEv2: back from elsewhere, the old SA not known to be dead: the same address", back.address === "10.77.4.50", back.reason ?? String(back.address));
      const answered = await lab.world.ping("direct", labAddresses.insideHost);
      check("and it works", answered.received === answered.sent, `${answered.received} of ${answered.sent}`);
      const second = await lab.connect(3, "l2tp", "alice");
      check("L2TP: a second device gets the address too", second.address === "10.77.3.50", second.reason ?? String(second.address));
      await sleep(4000);
      const after = await lab.world.ping(3, labAddresses.insideHost);
      check("and it works", after.received === after.sent, `${after.received} of ${after.sent}`);
      check("twin: the older one's session is gone", !(await lab.world.status(1)).address, String((await lab.world.status(1)).address));
      await setUsers(lab, [alice, { name: "bob", ikev2Address: "10.77.4.50", l2tpAddress: "10.99.0.1", validUntil: "next week" }]);
      const bad = await lab.stack.call(["preview", "--non-interactive", "--color", "never"], { mayFail: true });
      const all = [/users\[1\]\.ikev2Address \("10\.77\.4\.50"\): is users\[0\]\.ikev2Address already/, /users\[1\]\.l2tpAddress .*is outside of l2tp\.fixedPool/, /users\[1\]\.validUntil .*is not a date and time/];
      check("twin: one address for two, one outside and no date: the preview says all three", bad.code !== 0 && all.every((one) => one.test(bad.stdout + bad.stderr)), (bad.stdout + bad.stderr).split("\n").filter((line) => line.includes("users[1]")).join(" "));
    },
  },
];
