import { otherMember as other, Pair, pairClients, type Member } from "../pair";
import { sleep } from "../progress";
import type { Lab } from "./lab";
import { backAfter, bothConnected } from "./pairs";
import type { Report, Scenario } from "./scenario";

/** Seconds that a busy, emulated machine may take to boot, and a client to dial until it stands. */
const patience = 600;

/** What the world saw of the pair while something befell it. */
async function sampled(pair: Pair, work: () => Promise<unknown>): Promise<{ samples: number; longestTwo: number; longestNone: number }> {
  await pair.samplerStart();
  await work();
  return pair.lab.world.samplerStop();
}

/** Where both machines are off at once, nobody answers for longer than `none` seconds. */
function neverTwo({ check, figure }: Report, seen: { samples: number; longestTwo: number; longestNone: number }, none: number | "both were off" = 5): void {
  check("never two answered for more than 2 s", seen.longestTwo <= 2, `${seen.longestTwo} s of ${seen.samples} samples`);
  if (none === "both were off") figure(`none answered for ${seen.longestNone} s at the longest`);
  else check(`none answered for ${none} s at most`, seen.longestNone <= none, `${seen.longestNone} s`);
}

/** Both clients pass traffic, without anybody dialling for them. */
async function bothBack(lab: Lab, { check }: Report, seconds: number): Promise<void> {
  for (const { client, name } of pairClients) {
    const took = await lab.answersWithin(client, seconds);
    check(`the client by ${name} is back by itself`, took !== undefined, took === undefined ? `not within ${seconds} s` : `${took.toFixed(0)} s`);
  }
}

/** Sets a machine's clock forward or back. */
async function shiftClock(pair: Pair, member: Member, seconds: number): Promise<void> {
  await pair.ssh(member).mustRun(`date -s @$(($(date +%s) + ${seconds})) >/dev/null`);
}

/** What befalls a pair beyond one dead machine. */
export const pairFaults: Scenario[] = [
  {
    name: "pair-both-restarted",
    program: "lab-pair",
    shows: "both machines lose power at once and boot together: one becomes active, and both clients are back by themselves",
    twin: "meanwhile nobody answered for the pair, and nobody could connect",
    seconds: 240,
    async run(lab, report) {
      const { check } = report;
      const pair = new Pair(lab);
      await bothConnected(pair, report);
      const seen = await sampled(pair, async () => {
        await Promise.all([pair.powerOff(1), pair.powerOff(2)]);
        await sleep(5000);
        const { connected, reason } = await lab.connect(3, "ikev2", undefined, { ikeTimeoutSeconds: 5 });
        check("twin: without power nobody connects", !connected, reason);
        await Promise.all([pair.powerOn(1), pair.powerOn(2)]);
        await bothBack(lab, report, patience);
        await sleep(5000);
      });
      check("exactly one machine is active", (await pair.actives()).length === 1, `machine ${await pair.active()}`);
      neverTwo(report, seen, "both were off");
      check("twin: without power nobody answered", seen.longestNone >= 5, `${seen.longestNone} s`);
      for (const member of [1, 2] as const) {
        const { code, stdout, stderr } = await pair.ssh(member).run("vpn-gateway check", { timeoutSeconds: 60 });
        check(`machine ${member} is as its parts say`, code === 0, stdout + stderr);
      }
    },
  },
  {
    name: "pair-clocks",
    program: "lab-pair",
    shows: "clocks that differ by days move nothing by themselves, and neither delay a takeover nor spoil a planned move",
    twin: "the clocks really differed while all of it happened",
    seconds: 120,
    async run(lab, report) {
      const { check } = report;
      const pair = new Pair(lab);
      const active = await pair.active();
      const standby = other(active);
      await bothConnected(pair, report);
      const clients = pairClients.map(({ client }) => client);
      const day = 86_400;
      const ahead = async (): Promise<number> => {
        const [one, two] = await Promise.all([standby, active].map(async (member) => Number(await pair.ssh(member).mustRun("date +%s"))));
        return one - two;
      };
      try {
        const still = await sampled(pair, async () => {
          await shiftClock(pair, active, -day);
          await shiftClock(pair, standby, 2 * day);
          await sleep(10_000);
        });
        check("nothing moved", (await pair.active()) === active && still.longestNone <= 1 && still.longestTwo === 0, `none for ${still.longestNone} s, two for ${still.longestTwo} s`);
        check("both clients kept their tunnels", (await Promise.all(clients.map((client) => lab.answersWithin(client, 3)))).every((took) => took !== undefined));
        const seen = await sampled(pair, async () => {
          await backAfter(pair, report, { ikev2: 6, l2tp: 20 }, () => pair.cut(active));
          await pair.mend(active);
          await sleep(8000);
        });
        neverTwo(report, seen);
        const now = await pair.active();
        await pair.handOver(now);
        check("a planned move is one all the same", (await pair.active()) === other(now));
        await bothBack(lab, report, 30);
        const apart = await ahead();
        check("twin: the clocks are three days apart", Math.abs(apart - 3 * day) < 60, `${(apart / day).toFixed(2)} days`);
      } finally {
        const now = Math.floor(Date.now() / 1000);
        for (const member of [1, 2] as const) await pair.ssh(member).mustRun(`date -s @${now} >/dev/null`);
      }
    },
  },
  {
    name: "pair-stale",
    program: "lab-pair",
    shows: "an up that reaches one machine alone fails and says so; the other comes back as a standby with stale parts; the next up mends it",
    twin: "before that, a new user is let in by the machine that has heard of her, and refused by the stale one, which serves all others",
    seconds: 300,
    async run(lab, report) {
      const { check } = report;
      const pair = new Pair(lab);
      const password = "carols-own-pass-phrase";
      await bothConnected(pair, report);
      // The second machine is changed first: so it is the first one that misses the change.
      const seen = await sampled(pair, async () => {
        await pair.powerOff(1);
        await sleep(3000);
        await pair.active([2]);
        await lab.stack.set("users[2]", "carol");
        // An up that fails gives no outputs, where a password of its own would be.
        await lab.stack.set("passwords.carol", password, true);
        const failed = await lab.stack.up({ mayFail: true });
        check("an up that cannot reach the first machine fails, and names it", failed.code !== 0 && /gateway-1-(passwords|users)/.test(failed.stdout + failed.stderr), lastOf(failed.stdout, /error:/));
        const { connected, reason } = await lab.connect(3, "ikev2", "carol", { password });
        check("twin: the second machine lets carol in", connected, reason);
        await pair.powerOn(1);
        await sleep(8000);
      });
      neverTwo(report, seen);
      check("the first machine came back as the standby", (await pair.active()) === 2);
      check("twin: it has not heard of carol", !/carol/.test(await pair.ssh(1).mustRun("cat /etc/vpn-gateway/users* 2>/dev/null; cat /etc/ppp/chap-secrets")));
      await pair.handOver(2);
      check("and serves when it is asked to", (await pair.active()) === 1);
      await bothBack(lab, report, 40);
      const refused = await lab.connect(3, "ikev2", "carol", { password });
      check("twin: it refuses carol", !refused.connected, refused.reason);
      const mended = await lab.stack.up();
      check("the next up mends it", mended.code === 0, `${mended.seconds.toFixed(0)} s`);
      const let3 = await lab.connect(3, "ikev2", "carol", { password });
      check("then carol is let in there too, and nobody else was cut off", let3.connected && (await pair.active()) === 1, let3.reason);
      const again = await lab.stack.previewUnchanged();
      check("and one more has nothing to do", again.code === 0, again.code === 0 ? "" : again.stdout);
    },
  },
  ...([1, 2] as const).map((member): Scenario => ({
    name: `pair-frozen-${member}`,
    program: "lab-pair",
    shows: `machine ${member} stands still as the active one and wakes up after the other took over: one of them is active at once`,
    twin: "it did not know: until it woke it had not given way",
    seconds: 120,
    async run(lab, report) {
      const { check } = report;
      const pair = new Pair(lab);
      if ((await pair.active()) !== member) await pair.handOver(other(member));
      check(`machine ${member} is the active one`, (await pair.active()) === member);
      await bothConnected(pair, report);
      const aheadOfUs = Number(await pair.ssh(member).mustRun("date +%s")) - Date.now() / 1000;
      let woke = 0;
      const seen = await sampled(pair, async () => {
        await backAfter(pair, report, { ikev2: 6, l2tp: 20 }, () => pair.freeze(member));
        check("the other is active", (await pair.active([other(member)])) === other(member));
        woke = Date.now() / 1000;
        await pair.thaw(member);
        await sleep(15_000);
      });
      neverTwo(report, seen);
      const now = await pair.active();
      const changed = Number(await pair.ssh(member).mustRun("stat -c %Y /run/vpn-gateway/pair-state")) - aheadOfUs;
      check("twin: it gave way only when it woke, or the other did", now === member || changed >= woke - 2, `active: machine ${now}; its state changed ${(changed - woke).toFixed(0)} s after it woke`);
      await bothBack(lab, report, 60);
    },
  })),
];

function lastOf(text: string, wanted: RegExp): string {
  return text.split("\n").filter((line) => wanted.test(line)).at(-1)?.trim() ?? "";
}
