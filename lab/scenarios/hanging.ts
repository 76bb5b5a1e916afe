import { labAddresses } from "../networks";
import { sleep, until } from "../progress";
import { connectEach } from "./clients";
import { findings, forgetLog, naming } from "./doctor";
import type { Lab } from "./lab";
import type { Scenario } from "./scenario";

const daemon = "charon-systemd";
const processOf = async (lab: Lab): Promise<string> => (await lab.gateway.run(`pgrep -ox ${daemon}`)).stdout.trim();
const signal = (lab: Lab, name: string) => lab.gateway.mustRun(`kill -${name} $(pgrep -ox ${daemon})`);
const quota = (lab: Lab, percent: string) => lab.gateway.mustRun(`systemctl set-property --runtime strongswan.service CPUQuota=${percent}`);
/** Seconds in which the watchdog must have seen a minute of silence and the daemon be back, with what a look takes. */
const soon = 120;

/** A daemon that hangs: the process is there, and systemd is content. */
export const hanging: Scenario[] = [
  {
    name: "ike-daemon-hangs",
    shows: "an IKE daemon that hangs is started again by itself within two minutes, what is connected passes traffic meanwhile, clients get in again, and the doctor names it",
    twin: "without the watchdog it hangs on; one that does not answer because it is too busy is left alone",
    seconds: 600,
    async run(lab, report) {
      const { check, figure } = report;
      const { clock, named } = naming(lab, report);
      await connectEach(lab, report, [["l2tp", 1, "alice"], ["ikev2", 2, "bob"]]);
      await forgetLog(lab);
      const [before, began] = [await processOf(lab), await clock()];
      const stopped = Date.now();
      await signal(lab, "STOP");
      for (const client of [1, 2]) {
        const { received } = await lab.world.ping(client, labAddresses.insideHost, { count: 3 });
        check(`client ${client}, which is connected, passes traffic while it hangs`, received === 3, `${received} of 3`);
      }
      const refused = await lab.connect(4, "ikev2", "alice");
      check("twin: nobody new gets in meanwhile", !refused.connected, refused.reason);
      const another = await until(async () => ![before, ""].includes(await processOf(lab)), soon - (Date.now() - stopped) / 1000);
      const seconds = (Date.now() - stopped) / 1000;
      check(`another runs within ${soon} s`, another, `${seconds.toFixed(0)} s`);
      figure(`seconds from its last work until another runs: ${seconds.toFixed(0)}`);
      for (const [protocol, client, user] of [["l2tp", 1, "alice"], ["ikev2", 2, "bob"]] as const) {
        const again = await lab.connectAgain(client, protocol, user, 60);
        check(`${user} gets in again by ${protocol}`, again !== undefined && (await lab.answersWithin(client, 10)) !== undefined, `${again?.toFixed(1)} s`);
      }
      await named("the doctor", "IKE_DAEMON_HUNG", /has not answered for \d+ s/, began);

      const alone = await processOf(lab);
      await lab.gateway.mustRun("systemctl stop vpn-gateway-watchdog");
      await signal(lab, "STOP");
      await sleep(soon * 1000);
      const late = await lab.connect(4, "ikev2", "alice");
      check(`twin: without the watchdog it still hangs after ${soon} s`, (await processOf(lab)) === alone && !late.connected, late.reason);
      await signal(lab, "CONT");
      await lab.gateway.mustRun("systemctl start vpn-gateway-watchdog");
      const woken = await lab.connectAgain(4, "ikev2", "alice", 60);
      check("twin: what hung was no more than that", woken !== undefined && (await processOf(lab)) === alone, `${woken?.toFixed(1)} s`);

      // Far too little of a processor for what comes: it answers nobody, and works all the time.
      await forgetLog(lab);
      const since = await clock();
      await quota(lab, "1%");
      const flood = lab.world.run("c3", `python3 /usr/local/lib/lab-world/hostile.py flood ${labAddresses.gatewayOutside} ${soon} 100 2`, soon + 120);
      flood.catch(() => undefined);
      const answers: number[] = [];
      for (const end = Date.now() + soon * 1000; Date.now() < end; await sleep(10_000)) answers.push((await lab.gateway.run("timeout 5 swanctl --stats >/dev/null")).code);
      await flood;
      check("twin: one that is too busy answers nobody for long", answers.filter((code) => code !== 0).length >= 6, `${answers.filter((code) => code !== 0).length} of ${answers.length} questions went without an answer`);
      check("and is left alone", (await processOf(lab)) === alone, await processOf(lab));
      await quota(lab, "");
      const free = await until(async () => (await lab.gateway.run("timeout 5 swanctl --stats")).code === 0, 120);
      const found = await findings(lab, since);
      check("it answers again, and the doctor knows of none that hung", free && !found.some(({ cause }) => cause === "IKE_DAEMON_HUNG"), found.map(({ cause, evidence }) => `${cause}: ${evidence}`).join("; "));
    },
  },
];
