import { codeAt, codeSeconds, fromBase32, wrongCodes } from "../../gateway/oneTimeCode";
import { labAddresses } from "../networks";
import { sleep } from "../progress";
import { connectEach, losesNothing } from "./clients";
import type { Lab } from "./lab";
import type { Scenario } from "./scenario";
import { setUsers } from "./users";

const unit = "freeradius.service";
const alice = { name: "alice", oneTimeCode: true };
const carol = { name: "carol", oneTimeCode: true };

const seedOf = (lab: Lab, user: string): Buffer => fromBase32(lab.settings.oneTimeCodes?.[user]?.seed ?? "") ?? Buffer.alloc(0);

/** What the user types: the code by the gateway's clock, `steps` half minutes from now, and with time enough left of this one. */
async function typed(lab: Lab, user: string, steps = 0, seedsOwner = user): Promise<string> {
  const now = async () => Number((await lab.gateway.mustRun("date +%s")).trim());
  const left = codeSeconds - ((await now()) % codeSeconds);
  if (left < 10) await sleep(left * 1000);
  return lab.settings.passwords[user] + codeAt(seedOf(lab, seedsOwner), (await now()) + steps * codeSeconds);
}

const comes = (lab: Lab, client: number, protocol: "l2tp" | "ikev2", user: string, password: string) => lab.connect(client, protocol, user, { password, redial: false });

/** A second factor of the gateway's own FreeRADIUS: the code of the minute behind the password. */
export const oneTimeCodes: Scenario[] = [
  {
    name: "one-time-codes",
    shows: "a user with one-time codes comes in by L2TP and IKEv2 with the code of the minute behind the password, and one more such user starts nothing anew",
    twin: "without a code, with an old one, with another user's or with one that was used before (by the other protocol, too) the right password is refused by both; after ten wrong ones the right one as well, and bob without codes comes in all the while",
    seconds: 500,
    async run(lab, report) {
      const { check, figure } = report;
      await setUsers(lab, [alice, carol, "bob"]);
      await lab.stack.set("radius.onGateway.enabled", "true");
      const { seconds } = await lab.stack.up();
      await lab.read();
      figure(`pulumi up that brings it: ${seconds.toFixed(0)} s`);
      const secrets = [alice, carol].flatMap(({ name }) => [seedOf(lab, name).toString("hex"), lab.settings.oneTimeCodes?.[name]?.seed ?? "", Buffer.from(lab.settings.passwords[name], "utf16le").toString("hex"), lab.settings.passwords[name]]);
      check("each has a seed of 160 bits, and what an app scans", [alice, carol].every(({ name }) => seedOf(lab, name).length === 20 && lab.settings.oneTimeCodes?.[name]?.uri.startsWith(`otpauth://totp/gateway%20VPN:${name}?secret=`)), lab.settings.oneTimeCodes?.alice?.uri.replace(/secret=\w+/, "secret=…"));
      const readable = await lab.gateway.run(`grep -rlE '${secrets.join("|")}' /etc /run /var/lib /var/log 2>/dev/null | xargs -r stat -c '%a %U %n'`);
      check("seed and password are in files of root's or of FreeRADIUS' own alone", /radius\/users/.test(readable.stdout) && readable.stdout.trim().split("\n").every((line) => /^(600 root|400 freerad) /.test(line)), readable.stdout);

      for (const [protocol, client] of [["l2tp", 1], ["ikev2", 2]] as const) {
        for (const [what, password] of [["without a code", () => lab.settings.passwords.alice], ["with a code of two minutes ago", () => typed(lab, "alice", -4)], ["with carol's code", () => typed(lab, "alice", 0, "carol")]] as const) {
          const found = await comes(lab, client, protocol, "alice", await password());
          check(`twin: alice's password ${what} is refused by ${protocol}`, !found.connected, found.reason);
        }
      }
      const first = await typed(lab, "alice");
      const comesIn = async (client: number, protocol: "l2tp" | "ikev2", user: string, password: string) => {
        const found = await comes(lab, client, protocol, user, password);
        const { sent, received } = found.connected ? await lab.world.ping(client, labAddresses.insideHost, { count: 10 }) : { sent: 10, received: 0 };
        check(`with the code behind it ${user} comes in by ${protocol}, and the inside host answers`, found.connected && received === sent, found.reason ?? `${found.seconds} s, ${received} of ${sent}`);
      };
      await comesIn(1, "l2tp", "alice", first);
      for (const [protocol, client] of [["ikev2", 2], ["l2tp", 3]] as const) {
        const again = await comes(lab, client, protocol, "alice", first);
        check(`twin: the same code a second time is refused by ${protocol}`, !again.connected, again.reason);
      }
      await sleep(codeSeconds * 1000);
      const next = await typed(lab, "alice");
      await comesIn(2, "ikev2", "alice", next);
      for (const [protocol, client] of [["ikev2", 4], ["l2tp", 3]] as const) {
        const again = await comes(lab, client, protocol, "alice", next);
        check(`twin: nor does that one let in twice by ${protocol}`, !again.connected, again.reason);
      }
      const doctor = (await lab.gateway.run("vpn-gateway doctor --minutes 15")).stdout;
      check("`vpn-gateway doctor` names each: no code, an old one, a wrong one, one that was used", ["ONE_TIME_CODE_MISSING", "ONE_TIME_CODE_OFF", "WRONG_PASSWORD", "ONE_TIME_CODE_USED"].every((cause) => doctor.includes(`${cause}: "alice"`)), doctor);

      await connectEach(lab, report, [["l2tp", 3, "bob"], ["ikev2", 4, "bob"]], "without codes: ");
      for (const client of [1, 2, 3, 4]) await lab.world.pingStart(client, labAddresses.insideHost, 0.2);
      await setUsers(lab, [alice, carol, "bob", { name: "dave", oneTimeCode: true }]);
      const process = () => lab.gateway.mustRun(`systemctl show --property=MainPID --value ${unit}`);
      const before = await process();
      const preview = await lab.stack.preview();
      check("no preview shows a seed or a password", secrets.every((text) => !preview.stdout.includes(text)) && /"name":"dave","oneTimeCode":true/.test(preview.stdout), preview.stdout.split("\n").filter((line) => line.includes("dave")).join("; "));
      await lab.stack.up();
      await lab.read();
      check("one more such user: it is the same process", (await process()) === before, before);
      for (const [who, client] of [["alice's L2TP", 1], ["alice's IKEv2", 2], ["bob's L2TP", 3], ["bob's IKEv2", 4]] as const) await losesNothing(lab, report, client, `of ${who} no packet was lost meanwhile`);
      await comesIn(2, "ikev2", "dave", await typed(lab, "dave"));

      const began = Date.now();
      for (let wrong = 0; wrong < wrongCodes.most; wrong++) await comes(lab, 3, "ikev2", "carol", `${lab.settings.passwords.carol}${String(wrong).padStart(6, "0")}`);
      const kept = await comes(lab, 3, "ikev2", "carol", await typed(lab, "carol"));
      const took = (Date.now() - began) / 1000;
      check("after ten wrong codes the right one is refused, too", !kept.connected && took < wrongCodes.seconds, `${took.toFixed(0)} s; ${kept.reason}`);
      const guessed = (await lab.gateway.run("vpn-gateway doctor --minutes 5")).stdout;
      check("which `vpn-gateway doctor` names", guessed.includes('TOO_MANY_WRONG_CODES: "carol"'), guessed);
      await connectEach(lab, report, [["l2tp", 4, "bob"]], "meanwhile: ");
      await comesIn(1, "l2tp", "dave", await typed(lab, "dave", 1));
      await sleep(Math.max(0, began + (wrongCodes.seconds + 20) * 1000 - Date.now()));
      await comesIn(3, "l2tp", "carol", await typed(lab, "carol"));
      const journal = await lab.gateway.mustRun(`journalctl -u ${unit} -u xl2tpd -u strongswan -o cat`);
      check("no log has a seed or such a user's password", secrets.every((text) => !journal.includes(text)), journal.split("\n").filter((line) => line.includes("one-time code")).slice(-3).join(" | "));
      const checked = await lab.gateway.run("vpn-gateway check");
      check("`vpn-gateway check` finds nothing wrong", checked.code === 0, checked.stdout);
    },
  },
];
