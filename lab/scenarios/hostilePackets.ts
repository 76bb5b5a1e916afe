import { labAddresses } from "../networks";
import { sleep } from "../progress";
import type { Lab } from "./lab";
import type { Report, Scenario } from "./scenario";
import { connectEach, losesNothing } from "./clients";

const program = "python3 /usr/local/lib/lab-world/hostile.py";
const daemons = ["charon-systemd", "xl2tpd"] as const;

interface Sent {
  sent: number;
  /** How often the gateway said something to it. */
  answered: number;
  /** Of a flood: answers that ask for a cookie. */
  cookies?: number;
  seconds: number;
}

async function send(lab: Lab, namespace: string, words: string, timeoutSeconds: number): Promise<Sent> {
  const { code, stdout, stderr } = await lab.world.run(namespace, `${program} ${words}`, timeoutSeconds);
  if (code !== 0) throw new Error(`hostile.py ${words}: ${stderr}`);
  return JSON.parse(stdout) as Sent;
}

/** The daemons' processes: a daemon that died is another. */
const processes = (lab: Lab) => lab.gateway.mustRun(daemons.map((daemon) => `pgrep -ox ${daemon}`).join("; "));

/** Megabytes that each daemon has of memory. */
async function memory(lab: Lab): Promise<number[]> {
  const said = await lab.gateway.mustRun(daemons.map((daemon) => `awk '/^VmRSS/{print int($2/1024)}' /proc/$(pgrep -ox ${daemon})/status`).join("; "));
  return said.trim().split("\n").map(Number);
}

/** UDP port that a client dials from, as its SA has it. */
async function portOf(lab: Lab, client: number): Promise<number> {
  const said = (await lab.world.status(client)).securityAssociations ?? "";
  const port = /local +\S+\[udp\/(\w+)\]/.exec(said)?.[1];
  return port === "l2f" ? 1701 : Number(port);
}

async function getsIn(lab: Lab, { check }: Report, what: string): Promise<void> {
  for (const protocol of ["l2tp", "ikev2"] as const) {
    const seconds = await lab.connectAgain(4, protocol, "alice", 60);
    check(`${what} a new client gets in by ${protocol} within 60 s`, seconds !== undefined, `${seconds?.toFixed(1)} s`);
  }
}

/** What is sent on purpose to bring a gateway down. */
export const hostilePackets: Scenario[] = [
  {
    name: "hostile-packets",
    shows: "a million broken L2TP, PPP and IKE packets, by one who knows the pre-shared key and by one who knows nothing, end no daemon and nobody's session",
    twin: "they do arrive: those in order among them are answered to the end; outside of IPsec not one of L2TP is",
    seconds: 420,
    async run(lab, report) {
      const { check, figure } = report;
      await connectEach(lab, report, [["l2tp", 1, "alice"], ["ikev2", 2, "bob"]]);
      // An insider: its SA stands, and what dials within it is stopped.
      await lab.connect(3, "l2tp", "bob");
      const port = await portOf(lab, 3);
      await lab.world.run("c3", "systemctl stop lab-xl2tpd-c3");
      await sleep(3000);
      const [before, session, held] = [await processes(lab), await lab.world.pppSession(1), await memory(lab)];
      const gateway = labAddresses.gatewayOutside;

      for (const client of [1, 2]) await lab.world.pingStart(client, labAddresses.insideHost, 1);
      const inside = await send(lab, "c3", `l2tp ${gateway} ${port} 700000 20261122`, 1800);
      check("700,000 broken packets of L2TP and PPP within IPsec: those in order among them are answered", inside.answered > 100, `${inside.answered} answers, ${inside.seconds} s`);
      const outside = await send(lab, "internet", `ike ${gateway} 300000 20261122`, 1800);
      check("300,000 broken packets of IKE from anywhere: some are answered", outside.answered > 0, `${outside.answered} answers, ${outside.seconds} s`);
      const lost = await Promise.all([1, 2].map((client) => lab.world.pingStop(client)));

      check("no daemon has died", (await processes(lab)) === before && before.trim().split("\n").length === 2, before.trim().replace("\n", ", "));
      check("no kernel has complained", (await lab.gateway.run("dmesg | grep -E 'segfault|BUG:|general protection|Oops'")).stdout === "");
      check("the L2TP session is the one of before", session !== "" && (await lab.world.pppSession(1)) === session, session);
      for (const client of [1, 2]) check(`client ${client} passes traffic`, (await lab.answersWithin(client, 10)) !== undefined);
      const now = await memory(lab);
      check("memory did not grow by more than 64 MB", now.every((megabytes, index) => megabytes - held[index] < 64), daemons.map((daemon, index) => `${daemon} ${held[index]} → ${now[index]} MB`).join(", "));
      figure(`meanwhile ${lost.map(({ sent, received }, index) => `client ${index + 1} had ${received} of ${sent} answers`).join(", ")}`);
      const still = await send(lab, "c3", `l2tp ${gateway} ${port} 1000 7`, 300);
      check("twin: xl2tpd answers to the end", still.answered > 0, `${still.answered} answers`);
      const bare = await send(lab, "internet", `l2tp ${gateway} 1701 2000 7`, 300);
      check("twin: outside of IPsec it answers nobody", bare.answered === 0, `${bare.answered} answers to ${bare.sent}`);
      await getsIn(lab, report, "afterwards");
    },
  },
  {
    name: "hostile-flood",
    shows: "while an address floods the gateway with the first messages of IKE, an office behind that address goes on working, and its people get in; the doctor names the flood, and each limit that it meets",
    twin: "the flood arrives: hundreds of IKEv2's answers ask for a cookie, none of IKEv1's does; before it and after it the doctor names none",
    seconds: 420,
    async run(lab, report) {
      const { check, figure } = report;
      await lab.gateway.mustRun("journalctl --rotate -q && journalctl --vacuum-time=1s -q");
      const named = async () => {
        const said = await lab.gateway.run("vpn-gateway doctor --json --minutes 1", { timeoutSeconds: 120 });
        return (JSON.parse(said.stdout) as { cause: string; evidence: string }[]).filter(({ cause }) => ["TOO_MANY_HALF_OPEN", "TOO_BUSY_FOR_NEW_CLIENTS"].includes(cause));
      };
      const told = (found: Awaited<ReturnType<typeof named>>) => found.map(({ cause, evidence }) => `${cause}: ${evidence}`).join("; ");
      await connectEach(lab, report, [["l2tp", 1, "alice"], ["ikev2", 2, "bob"]]);
      const before = await named();
      check("twin: before it the doctor names no flood", before.length === 0, told(before));
      for (const version of [2, 1]) {
        for (const client of [1, 2]) await lab.world.pingStart(client, labAddresses.insideHost, 0.5);
        const flood = send(lab, "c3", `flood ${labAddresses.gatewayOutside} 90 100 ${version}`, 300);
        flood.catch(() => undefined);
        await sleep(10_000);
        await getsIn(lab, report, `flooded by IKEv${version},`);
        if (version === 2) {
          const found = await named();
          // Where charon has little of a processor its threads are what gives out first.
          check("the doctor names it while it lasts", found.some(({ cause, evidence }) => (cause === "TOO_MANY_HALF_OPEN" && /^\d+ handshakes/.test(evidence)) || (cause === "TOO_BUSY_FOR_NEW_CLIENTS" && /job load of \d+ exceeds/.test(evidence))), told(found));
        }
        const { sent, answered, cookies = 0, seconds } = await flood;
        const right = version === 2 ? cookies > 100 : cookies === 0;
        check(`twin: the flood of IKEv${version} arrives, and is answered, ${version === 2 ? "with hundreds of cookies" : "without any"}`, sent > 1000 && answered > 0 && right, `${sent} in ${seconds} s, ${answered} answers, ${cookies} cookies`);
        for (const client of [1, 2]) await losesNothing(lab, report, client, `flooded by IKEv${version}, client ${client} lost no packet`);
        await lab.world.disconnect(4);
      }
      const found = await lab.gateway.mustRun("swanctl --stats | grep -i 'half-open\\|IKE_SAs'");
      figure(found.trim());

      // The limits themselves, lower than they ship: each is met, and told.
      const file = "/etc/strongswan.d/vpn-gateway.conf";
      const limits = async (edits: string) => lab.gateway.mustRun(`cp ${file} /run/limits.conf; sed -i '${edits}' ${file}; systemctl restart strongswan; sleep 3; systemctl is-active strongswan`);
      const asShipped = () => lab.gateway.mustRun(`cp /run/limits.conf ${file}; systemctl restart strongswan; sleep 3; systemctl is-active strongswan`);
      for (const [what, edits, flooded, cause, evidence] of [
        ["too many half-open of one address", "s/block_threshold = .*/block_threshold = 12/; s/cookie_threshold_ip = .*/cookie_threshold_ip = 10/", "1 100", "TOO_MANY_HALF_OPEN", /per-IP half-open|too aggressive/],
        ["too many half-open of all", "s/init_limit_half_open = .*/init_limit_half_open = 12/", "1 100", "TOO_MANY_HALF_OPEN", /half-open IKE_SA limit of 12|half open IKE_SA count/],
        ["too many messages that wait", "s/init_limit_job_load = .*/init_limit_job_load = 1\\n  threads = 8/", "2 300", "TOO_BUSY_FOR_NEW_CLIENTS", /job load of \d+ exceeds limit of 1/],
      ] as const) {
        await limits(edits);
        await lab.gateway.mustRun("journalctl --rotate -q && journalctl --vacuum-time=1s -q");
        const [version, rate] = flooded.split(" ");
        await send(lab, "c3", `flood ${labAddresses.gatewayOutside} 5 ${rate} ${version}`, 120);
        const limited = await named();
        check(`${what}: ${cause}`, limited.some((one) => one.cause === cause && evidence.test(one.evidence)), told(limited));
        await asShipped();
      }
      await lab.gateway.mustRun("journalctl --rotate -q && journalctl --vacuum-time=1s -q");
      await sleep(5000);
      const after = await named();
      check("twin: with the limits that ship, and no flood, it names none", after.length === 0, told(after));
    },
  },
];
