import { X509Certificate } from "node:crypto";
import { issueUserCertificate } from "../../gateway/certificates/userCertificate";
import { labClouds } from "../networks";
import { betweenSites, Sites, sitesProgram } from "../sites";
import type { Finding } from "./doctor";
import type { Scenario } from "./scenario";
import { authorityKey } from "./userCertificates";

const connection = "office-to-cloud";
const [office, cloud] = labClouds;
const certificate = `/etc/swanctl/x509/site-${connection}.pem`;
const day = 86_400_000;
const again = `swanctl --terminate --ike site-${connection} --force --timeout 3; true`;
const aboutDays = ["CERTIFICATE_NOT_VALID", "CLOCK_WRONG"];

/** Certificates whose days are not today, and clocks that make them so. */
export const siteCertificateDays: Scenario[] = [
  {
    name: "sites-certificate-days",
    shows: "the far end's certificate is over, or of next month, or its clock is 900 days ahead or behind: the tunnel is down, status says which and what helps at the end that judges, status and doctor at the end whose it is; each comes back once it is mended",
    twin: "before, and after each, hosts reach each other and neither has a word of certificates or clocks",
    program: sitesProgram,
    seconds: 330,
    async run(lab, { check }) {
      const sites = new Sites(lab);
      const found = async (gateway: number) => (JSON.parse((await sites.run(gateway, "vpn-gateway doctor --json --minutes 1", 120)).stdout) as Finding[]).filter(({ cause }) => aboutDays.includes(cause));
      const said = (all: Finding[]) => all.map(({ cause, evidence, remedy }) => `${cause}: ${evidence} (${remedy})`).join("; ");
      const down = async () => (await sites.ping(office.namespace, cloud.host, 2)).received === 0;
      const whole = async (when: string) => {
        const up = await sites.becomes(async () => (await sites.ping(office.namespace, cloud.host, 1)).received > 0, 90);
        // A tunnel that has just fallen often is said to flap, and by what; that is history.
        const lines = (await sites.run(2, "vpn-gateway status")).stdout.split("\n").filter((line) => !/it flaps: look at/.test(line)).join("\n");
        const all = await found(2);
        check(`${when} hosts reach each other, and nothing is said of certificates or clocks`, up && all.length === 0 && !/DOES NOT HOLD|WRONG|not valid/.test(lines), `${await sites.reason(1)} ${said(all)} ${lines}`);
      };

      await lab.stack.set("authentication", "certificate");
      await lab.stack.up();
      await whole("twin: with certificates of today");
      await lab.world.captureStart("days", betweenSites, office.card);

      // The key stays, and with it the part that is secret.
      const authority = { certificate: await sites.must(2, `cat /etc/swanctl/x509ca/site-${connection}.pem`), privateKey: await authorityKey(lab, connection) };
      const { publicKey } = new X509Certificate(await sites.must(2, `cat ${certificate}`));
      const now = Date.now();
      for (const [what, from, until, judged, listed] of [
        ["is over", -60, -30, /not valid now: from .* to .*; its days are over: `pulumi up` makes a connection's own anew/, "expired"],
        ["is of next month", 30, 60, /not valid now: from .* to .*; its days are to come: it was made by a clock that was ahead, or this one is behind/, "not valid yet"],
      ] as const) {
        const made = issueUserCertificate(authority, { user: `right.${connection}`, publicKey, serialNumber: "0badc0ffee", notBefore: new Date(now + from * day), notAfter: new Date(now + until * day) });
        await lab.gateways[1].writeFile(certificate, made);
        await sites.must(2, `swanctl --load-all --clear --noprompt >/dev/null; ${again}`);
        // charon takes a peer's certificate that it has seen and that holds, whichever of the same key it is shown.
        await sites.must(1, `swanctl --flush-certs >/dev/null; ${again}`);
        const named = await sites.becomes(async () => judged.test(await sites.reason(1)), 60);
        check(`a certificate that ${what} is refused, and status says that, and what helps`, named && (await down()), await sites.reason(1));
        const other = await sites.becomes(async () => /refuses our proof of identity.*our certificate holds no longer there/.test(await sites.reason(2)), 60);
        const lines = (await sites.run(2, "vpn-gateway status")).stdout;
        check("at the end whose it is status says that it is refused, and that its certificate does not hold", other && new RegExp(`certificate of ${connection}: DOES NOT HOLD`).test(lines), `${await sites.reason(2)} ${lines}`);
        const all = await found(2);
        check("and doctor whose certificate it is, and what helps", all.some(({ cause, evidence, remedy }) => cause === "CERTIFICATE_NOT_VALID" && evidence.includes(listed) && evidence.includes(`certificate of ${connection}`) && remedy.includes("`pulumi up` for a site connection's")), said(all));
        await sites.putBack(2, `site-${connection}`);
        await sites.must(2, `swanctl --load-all --clear --noprompt >/dev/null; ${again}`);
        await whole("with the certificate that the stack made");
      }

      for (const [what, days, judged] of [
        ["ahead", 900, /not valid now.*its days are over.*mind this gateway's own clock first: it says 20.*nothing keeps it right \(`timedatectl set-ntp true`\)/],
        ["behind", -900, /not valid now.*its days are to come.*mind this gateway's own clock first: it says 20.*, \d{3} days before its .* was made/],
      ] as const) {
        try {
          await sites.must(2, `date -s "@$(( $(date +%s) + ${days * 86_400} ))" >/dev/null; ${again}`);
          await sites.must(1, again);
          const named = await sites.becomes(async () => judged.test(await sites.reason(2)), 60);
          check(`a clock that is 900 days ${what} takes good certificates for bad, and status says to mind it`, named && (await down()), await sites.reason(2));
          const all = await found(2);
          check("and doctor names clock and certificate, each with what helps", aboutDays.every((cause) => all.some((one) => one.cause === cause && one.remedy !== "")), said(all));
        } finally {
          await sites.must(2, `date -s "@${Math.round(Date.now() / 1000)}" >/dev/null`);
        }
        await whole(`with a clock that is no longer ${what}`);
      }
      const clear = await lab.world.captureStop("days");
      check("not one packet in clear in all this", clear.packets === 0, clear.first.join(" "));
    },
  },
];
