import * as fs from "node:fs";
import * as path from "node:path";
import { otherMember as other, Pair } from "../pair";
import type { ProfileOptions } from "../world";
import { linuxProfile, write } from "./clientProfiles";
import { backAfter } from "./pairs";
import type { Scenario } from "./scenario";

/** A pair's IKEv2 profile as that of a gateway by itself has it: test/gateway/clients/comingBack.test.ts holds it to what is rendered. */
export function asOfOneGateway({ files, ...profile }: ProfileOptions): ProfileOptions {
  const kept = Object.entries(files).filter(([file]) => !file.startsWith("/etc/strongswan.d/"));
  const plain = (text: string) => text.replace(/dpd_delay = 1s/, "dpd_delay = 30s").replace(/^ *#.*\n *close_action = start\n/m, "");
  return { ...profile, files: Object.fromEntries(kept.map(([file, text]) => [file, plain(text)])) };
}

/** Seconds after which the twin must not be back yet: it asks after 30 s of silence, and waits 165 s for the answer. */
const notBefore = 25;

export const pairProfile: Scenario[] = [
  {
    name: "pair-profile",
    program: "lab-pair",
    shows: "the Linux profiles that a pair hands out come back by themselves as they are, after a cut and after a planned move",
    twin: "the profile of a gateway that is no pair is still without an answer after 25 s",
    seconds: 240,
    async run(lab, report) {
      const { check, figure } = report;
      const directory = write(lab);
      try {
        const ikev2 = linuxProfile(path.join(directory, "bob"), "ikev2");
        const l2tp = linuxProfile(path.join(directory, "alice"), "l2tp");
        check("both bring charon's retransmissions", [ikev2, l2tp].every(({ files }) => Object.keys(files).some((file) => file.startsWith("/etc/strongswan.d/"))));
        const pair = new Pair(lab);
        const dial = async (first: ProfileOptions) => {
          for (const [name, client, profile] of [["IKEv2", 2, first], ["L2TP", 1, l2tp]] as const) {
            const { connected, address, reason } = await lab.world.connectProfile(client, profile);
            check(`the ${name} profile connects`, connected, reason ?? String(address));
          }
        };
        await dial(ikev2);
        const active = await pair.active();
        const cut = await backAfter(pair, report, { ikev2: 6, l2tp: 20 }, () => pair.cut(active));
        await pair.mend(active);
        const moved = await backAfter(pair, report, { ikev2: 2, l2tp: 20 }, async () => pair.handOver(await pair.active()));
        figure(`links cut: IKEv2 ${cut.ikev2} s, L2TP ${cut.l2tp} s; moved on purpose: IKEv2 ${moved.ikev2} s, L2TP ${moved.l2tp} s`);

        await dial(asOfOneGateway(ikev2));
        const again = await pair.active();
        const [slow] = await pair.outage([2], () => pair.cut(again), notBefore);
        check(`twin: the profile of a gateway by itself is not back within ${notBefore} s`, slow === undefined, `${slow} s`);
        check("though the other machine answers", (await pair.active([other(again)])) === other(again) && (await lab.answersWithin(1, 5)) !== undefined);
      } finally {
        fs.rmSync(directory, { recursive: true, force: true });
      }
    },
  },
];
