import { labClouds } from "../networks";
import { sleep } from "../progress";
import { betweenSites, Sites, sitesProgram } from "../sites";
import type { Scenario } from "./scenario";

const connection = "office-to-cloud";
const [office, cloud] = labClouds;
/** Seconds in which the journal's lines are counted: of two or three tries, late. */
const counted = { early: 60, late: 120 };

/** A peer that is gone for long. */
export const siteSilence: Scenario[] = [
  {
    name: "sites-silence",
    shows: "a peer that is silent for long is dialled ever more rarely, so that a gateway of many connections is not busy with those that are gone; once it is there again the tunnel stands within a minute or so",
    twin: "in its first two minutes it is dialled without a pause, and in all of them nothing leaves in clear",
    program: sitesProgram,
    seconds: 540,
    async run(lab, { check, figure }) {
      const sites = new Sites(lab);
      check("the tunnel stands", (await sites.standsWithin(1, connection, 60)) !== undefined, await sites.reason(1));
      const linesAMinute = async (seconds: number) => (60 / seconds) * Number(await sites.must(1, `journalctl -u strongswan --since -${seconds}s --output cat | grep -c .; true`));
      await lab.world.captureStart("silence", betweenSites, office.card);
      const seconds = 420;
      const cut = sites.flap(1, seconds, 0);
      await sleep(95_000);
      const early = await linesAMinute(counted.early);
      check("status says that nobody answers", /does not answer/.test(await sites.reason(1)), await sites.reason(1));
      check("twin: at first it is dialled without a pause", early > 40, `${early} lines of charon's a minute`);
      await sleep((seconds - 95 - 25) * 1000);
      const late = await linesAMinute(counted.late);
      check("silent for six minutes it is dialled less than half as often", late > 0 && late < early / 2, `${late} lines a minute`);
      const lost = await sites.ping(office.namespace, cloud.host, 2);
      check("twin: meanwhile nobody is reached", lost.received === 0, `${lost.received} of ${lost.sent}`);
      await cut;
      const back = await sites.seconds(async () => (await sites.ping(office.namespace, cloud.host, 1)).received > 0, 120);
      check("there again, it is reached within 80 s", back !== undefined && back < 80, back === undefined ? await sites.reason(1) : `${back.toFixed(1)} s`);
      const clear = await lab.world.captureStop("silence");
      check("not one packet in clear in all this", clear.packets === 0, clear.first.join(" "));
      figure(`charon's lines a minute: ${early} in the first two minutes, ${late} after six; back ${back?.toFixed(1)} s after the path was`);
    },
  },
];
