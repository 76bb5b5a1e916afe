import { labAddresses, pairAddresses } from "../networks";
import { otherMember as other, Pair, type Member } from "../pair";
import { sleep } from "../progress";
import type { Lab } from "./lab";
import { bothConnected } from "./pairs";
import type { Scenario } from "./scenario";

/** Seconds: 20 moves had 0.65 at the 95th percentile and 1.21 at most (docs/benchmarks.md). */
const ikev2Within = 2;

/** How often a client's charon has followed a redirect. */
async function redirects(lab: Lab, client: number): Promise<number> {
  const { stdout } = await lab.world.ssh.run(`journalctl -q -o cat -u lab-charon-c${client} | grep -c 'redirected to ${labAddresses.gatewayOutside}'`);
  return Number(stdout.trim());
}

/** Seconds until a machine is silent, and which boot it is on afterwards. */
async function reboots(pair: Pair, member: Member, patience: number): Promise<{ silentAfter?: number; booted: boolean }> {
  const boot = "cat /proc/sys/kernel/random/boot_id";
  const was = await pair.ssh(member).mustRun(boot);
  const began = Date.now();
  const since = () => (Date.now() - began) / 1000;
  await pair.ssh(member).run("systemctl reboot", { timeoutSeconds: 10 }).catch(() => undefined);
  let silentAfter: number | undefined;
  for (; silentAfter === undefined && since() < 60; await sleep(500)) {
    const { code } = await pair.lab.world.run("isp", `ping -n -c 1 -W 1 ${pairAddresses[member - 1].outside}`);
    if (code !== 0) silentAfter = since();
  }
  await pair.ssh(member).close();
  for (; since() < patience; await sleep(2000)) {
    const now = await pair.ssh(member).run(boot, { timeoutSeconds: 15 }).catch(() => undefined);
    if (now?.code === 0 && now.stdout !== was) return { silentAfter, booted: true };
  }
  return { silentAfter, booted: false };
}

/** Waits until a machine that has just booted is that, and its units run. */
const becomes = (state: string): string =>
  `for i in $(seq 60); do [ "$(cat /run/vpn-gateway/pair-state)" = ${state} ] && systemctl is-active -q vpn-gateway-hand-over strongswan && exit 0; sleep 1; done; exit 1`;

/** What is done to a pair on purpose, of which its clients are told. */
export const pairPlanned: Scenario[] = [
  {
    name: "pair-planned",
    program: "lab-pair",
    shows: "a planned move: the other takes over, an IKEv2 client is redirected and L2TP dials anew",
    twin: "a client that follows no redirect is told by a delete message; with the other machine's IKE daemon dead the move is refused, and nothing changes",
    seconds: 100,
    async run(lab, report) {
      const { check, figure } = report;
      const pair = new Pair(lab);
      const active = await pair.active();
      await bothConnected(pair, report);
      const before = await redirects(lab, 2);
      const [l2tp, ikev2] = await pair.outage([1, 2], () => pair.handOver(active));
      check(`IKEv2 lost ${ikev2Within} s at most`, ikev2 !== undefined && ikev2 <= ikev2Within, `${ikev2} s`);
      check("L2TP is back by itself within 20 s", l2tp !== undefined && l2tp <= 20, `${l2tp} s`);
      const after = await redirects(lab, 2);
      check("the IKEv2 client was redirected, once", after === before + 1, `${before} → ${after}`);
      const now = await pair.active();
      check("the other machine is active, and stays it", now === other(active));

      const deaf = await lab.connect(2, "ikev2", Object.keys(lab.settings.passwords)[1], { fastDeadPeer: true, followRedirects: false });
      check("a client that follows no redirect connects", deaf.connected, deaf.reason);
      const [told] = await pair.outage([2], () => pair.handOver(now));
      check("twin: it is not redirected", (await redirects(lab, 2)) === after);
      check("twin: and is back within 5 s, told by a delete message", told !== undefined && told <= 5, `${told} s`);
      figure(`moved on purpose: IKEv2 by redirect ${ikev2} s, by delete ${told} s; L2TP ${l2tp} s`);

      const last = await pair.active();
      await pair.ssh(other(last)).mustRun("pkill -STOP -x charon-systemd");
      const refused = await pair.ssh(last).run("vpn-gateway hand-over", { timeoutSeconds: 60 });
      await pair.ssh(other(last)).mustRun("pkill -CONT -x charon-systemd");
      check("twin: a move to a machine whose IKE hangs is refused", refused.code === 1 && /does not answer: nothing was changed/.test(refused.stderr), refused.stderr);
      check("and clients keep their tunnels", (await lab.answersWithin(2, 3)) !== undefined && (await pair.active()) === last);
    },
  },
  {
    name: "pair-reboot",
    program: "lab-pair",
    shows: "the active machine is told to reboot: it gives way first, its clients are told, and it comes back as a standby that can be chosen",
    twin: "with the other machine dead it reboots in time all the same, and is the active one again",
    seconds: 300,
    async run(lab, report) {
      const { check, figure } = report;
      const pair = new Pair(lab);
      const active = await pair.active();
      await bothConnected(pair, report);
      let rebooted: { silentAfter?: number; booted: boolean } = { booted: false };
      const [l2tp, ikev2] = await pair.outage([1, 2], async () => {
        rebooted = await reboots(pair, active, 300);
      });
      check("IKEv2 lost 3 s at most", ikev2 !== undefined && ikev2 <= 3, `${ikev2} s`);
      check("L2TP was back within 20 s", l2tp !== undefined && l2tp <= 20, `${l2tp} s`);
      check("the machine booted anew", rebooted.booted);
      check("the other is active, and stays it", (await pair.active()) === other(active));
      const standby = pair.ssh(active);
      const ready = await standby.run(becomes("BACKUP"), { timeoutSeconds: 90 });
      check("it is a standby that runs", ready.code === 0, ready.stderr);
      const restarted = await pair.ssh(other(active)).run("systemctl restart vpn-gateway-hand-over && cat /run/vpn-gateway/pair-state");
      check("twin: the unit restarted by itself moves nothing", restarted.stdout.trim() === "MASTER", restarted.stdout + restarted.stderr);
      await pair.handOver(other(active));
      check("and can be chosen again", (await pair.active()) === active);

      await pair.powerOff(other(active));
      const alone = await reboots(pair, active, 300);
      check("twin: the other dead, it is down within 30 s all the same", alone.booted && alone.silentAfter !== undefined && alone.silentAfter <= 30, `${alone.silentAfter} s`);
      const again = await pair.ssh(active).run(becomes("MASTER"), { timeoutSeconds: 90 });
      check("twin: and is active again once it has booted", again.code === 0, again.stderr);
      figure(`told to reboot: IKEv2 ${ikev2} s, L2TP ${l2tp} s; silent after ${rebooted.silentAfter} s, with nobody to hand over to ${alone.silentAfter} s`);
      await pair.powerOn(other(active));
    },
  },
];
