import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { labClouds } from "../networks";
import { betweenSites, Sites, sitesProgram } from "../sites";
import type { PingResult } from "../world";
import type { Lab } from "./lab";
import type { Scenario } from "./scenario";
import { authorityKey } from "./userCertificates";

const connection = "office-to-cloud";
/** Beside it, by IPv6 alone and with an authority of its own. */
const second = "office-to-cloud-six";
const [office, cloud] = labClouds;
const folder = "/etc/swanctl";
const files = { certificate: `${folder}/x509/site-${connection}.pem`, key: `${folder}/private/site-${connection}.pem`, list: `${folder}/x509crl/site-${connection}.pem` };
const again = `swanctl --load-all --clear --noprompt; swanctl --terminate --ike site-${connection} --force --timeout 3; true`;

/** `pulumi up` that makes these resources anew, as it does by itself in a certificate's last 90 days. */
async function upReplacing(lab: Lab, ...names: string[]) {
  const { deployment } = JSON.parse(await lab.stack.state()) as { deployment: { resources: { urn: string }[] } };
  const urns = names.map((name) => deployment.resources.find(({ urn }) => urn.endsWith(`::${name}`))!.urn);
  return lab.stack.call(["up", "--yes", "--skip-preview", "--non-interactive", "--color", "never", ...urns.flatMap((urn) => ["--replace", urn])], { timeoutSeconds: 1800 });
}

/** What somebody who has an authority's key signs by OpenSSL, for these names. */
function signedFor(authority: { certificate: string; privateKey: string }, names: readonly string[]): { certificate: string; key: string } {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "sites-revoked-"));
  try {
    const write = (file: string, text: string) => fs.writeFileSync(path.join(home, file), text, { mode: 0o600 });
    write("authority", authority.certificate);
    write("key", authority.privateKey);
    write("extensions", `subjectAltName=${names.map((name) => `DNS:${name}`).join()}\nauthorityKeyIdentifier=keyid\n`);
    const openssl = (...words: string[]) => spawnSync("openssl", words, { cwd: home, encoding: "utf8" });
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-subj", `/CN=${names[0]}`, "-keyout", "own", "-out", "request");
    openssl("x509", "-req", "-in", "request", "-CA", "authority", "-CAkey", "key", "-CAcreateserial", "-days", "30", "-extfile", "extensions", "-out", "certificate");
    return { certificate: fs.readFileSync(path.join(home, "certificate"), "utf8"), key: fs.readFileSync(path.join(home, "own"), "utf8") };
  } finally {
    fs.rmSync(home, { recursive: true });
  }
}

/** Certificates between two gateways that hold no longer. */
export const siteRevocation: Scenario[] = [
  {
    name: "sites-revoked",
    shows: "two gateways look at their authority's list: an end whose certificate is revoked is cut off within seconds and not let in, status says so, and with a new certificate it is back; certificates are renewed under traffic",
    twin: "the old certificate put back by hand is refused, one that its authority signs for another name, and anybody's while the list is missing; revoking is refused where nobody would look; a second connection between the same gateways stands all the time",
    program: sitesProgram,
    seconds: 600,
    async run(lab, { check, figure }) {
      const sites = new Sites(lab);
      const answers = async () => (await sites.ping(cloud.namespace, office.host, 1)).received > 0;
      const serial = async () => (await sites.must(2, `openssl x509 -noout -serial -in ${files.certificate}`)).trim().replace("serial=", "");
      const pings = (action: "ping-start" | "ping-stop", label: string, target: string, ...more: (string | number)[]) =>
        lab.world.call<PingResult>(["host", action, office.namespace, ...(action === "ping-start" ? [target, "--interval", 0.2] : []), "--label", label, ...more]);
      // Of the second connection: who it is in charon, which is another once it was made anew.
      const untouched = async () => (await sites.must(1, `swanctl --list-sas --ike site-${second} | grep -o "^site-.* #[0-9]*"`)).trim();

      await lab.stack.set("authentication", "certificate");
      await lab.stack.set("rightRevoked", "true");
      const refused = await lab.stack.up({ mayFail: true });
      const said = refused.stdout + refused.stderr;
      check("twin: where nobody looks at a list, revoking is refused, and nothing is pushed", refused.code !== 0 && /looks at no revocation list/.test(said) && (await sites.status(1)).length === 1, said.slice(-600));
      await lab.stack.set("rightRevoked", "false");
      await lab.stack.set("revocation", "true");
      await lab.stack.set("second", "true");
      await lab.stack.up();
      const up = await sites.standsWithin(1, connection, 90);
      check("both stand", up !== undefined && (await sites.standsWithin(1, second, 60)) !== undefined, JSON.stringify(await sites.status(1)));
      for (const gateway of [1, 2]) {
        const proof = await sites.must(gateway, `swanctl --list-conns | grep -A10 ^site-${connection}:; swanctl --list-certs --type x509_crl; journalctl -u strongswan --no-pager | grep -E "crl correctly signed|certificate status is" | tail -4`);
        check(`gateway ${gateway} has looked at the list, which its authority has signed by ECDSA`, new RegExp(`crl correctly signed by "CN=${connection} site authority"`).test(proof) && /certificate status is good/.test(proof), proof);
      }
      const same = await lab.stack.previewUnchanged();
      check("another up would change nothing", same.code === 0, same.stdout.slice(-400));
      const who = await untouched();
      await lab.world.captureStart("proof", betweenSites, office.card);
      await pings("ping-start", "second", cloud.host6);

      const first = await serial();
      await pings("ping-start", "renewal", cloud.host);
      const renewal = await upReplacing(lab, `${connection}-left-certificate`, `${connection}-right-certificate`);
      const renewed = await pings("ping-stop", "renewal", cloud.host);
      const now = await serial();
      check("certificates are renewed, and the tunnel stands", now !== first && (await sites.standsWithin(1, connection, 60)) !== undefined && (await sites.becomes(answers, 20)), `${first} ${now}`);
      const shown = (await sites.must(1, "swanctl --list-certs --type x509")).replaceAll(":", "").toUpperCase();
      check("the other end was shown the new one", shown.includes(now), `${now} ${shown}`);
      figure(`renewal: up ${renewal.seconds.toFixed(0)} s, ${renewed.sent - renewed.received} of ${renewed.sent} packets lost, longest silence ${renewed.longestGapMs} ms`);

      await lab.stack.set("rightRevoked", "true");
      const revoking = await lab.stack.up();
      const down = await sites.fallsWithin(1, connection, 40);
      const why = await sites.becomes(async () => /a certificate was revoked/.test(await sites.reason(1, connection)), 60);
      check("revoked, it is cut off, and status says why", down !== undefined && why, await sites.reason(1, connection));
      const [put, cut] = (await sites.must(1, `stat -c %Y ${files.list}; journalctl -u vpn-gateway-sites -o short-unix --no-pager | grep "${connection}: the tunnel is down" | tail -1 | cut -d. -f1`)).trim().split("\n").map(Number);
      check("within seconds of the list", cut - put >= 0 && cut - put <= 20, `${cut - put} s`);
      figure(`up ${revoking.seconds.toFixed(0)} s, down ${cut - put} s after the list was there`);
      const [line] = (await sites.run(1, "vpn-gateway status")).stdout.split("\n").filter((text) => text.startsWith(`site ${connection} `));
      check("in status' line, too", /down since .*: a certificate was revoked/.test(line ?? ""), line);
      const silent = await sites.ping(office.namespace, cloud.host, 20);
      check("and nobody answers while it goes on dialling", silent.received === 0 && silent.sent > 0, `${silent.received} of ${silent.sent}`);
      check("the other end says that it is not believed", await sites.becomes(async () => /refuses our proof of identity/.test(await sites.reason(2, connection)), 60), await sites.reason(2, connection));

      const old = await serial();
      await sites.must(2, `cp ${files.certificate} /root/old.pem; cp ${files.key} /root/old.key`);
      await lab.stack.set("rightRevoked", "false");
      await lab.stack.set("revokedSerials[0]", old);
      const replacing = await upReplacing(lab, `${connection}-right-key`);
      const back = await sites.seconds(answers, 120);
      check("with a new key and certificate it is up again", back !== undefined && (await serial()) !== old, `${old} ${await serial()} ${await sites.reason(1, connection)}`);
      figure(`new certificate: up ${replacing.seconds.toFixed(0)} s, and hosts reach each other ${back?.toFixed(1)} s later`);
      const after = await lab.stack.previewUnchanged();
      check("another up would change nothing", after.code === 0, after.stdout.slice(-400));

      await sites.must(2, `cp /root/old.pem ${files.certificate}; cp /root/old.key ${files.key}; ${again}`);
      await sites.must(1, `swanctl --terminate --ike site-${connection} --force --timeout 3; true`);
      const stolen = await sites.becomes(async () => /a certificate was revoked/.test(await sites.reason(1, connection)), 60);
      check("twin: whoever has the old key and certificate is refused, and status says so", stolen && (await sites.ping(office.namespace, cloud.host, 2)).received === 0, await sites.reason(1, connection));
      for (const part of [`sitekey-${connection}`, `site-${connection}`]) await sites.putBack(2, part);
      check("with the right one it comes up by itself", (await sites.standsWithin(1, connection, 90)) !== undefined && (await sites.becomes(answers, 30)));

      const authority = { certificate: await sites.must(2, `cat ${folder}/x509ca/site-${connection}.pem`), privateKey: await authorityKey(lab, connection) };
      const install = async (names: string[]) => {
        const own = signedFor(authority, names);
        await sites.must(2, `cat > ${files.certificate} <<"END"\n${own.certificate}END\ncat > ${files.key} <<"END"\n${own.key}END\n${again}`);
        await sites.must(1, `swanctl --terminate --ike site-${connection} --force --timeout 3; true`);
      };
      await install([`right.${connection}`, "vpn.example.com"]);
      const beyond = await sites.becomes(async () => /may not sign for/.test(await sites.reason(1, connection)), 60);
      check("twin: what its authority signs for another name, too, is refused, and status says so", beyond && !(await answers()), await sites.reason(1, connection));
      await install([`right.${connection}`]);
      check("for its own alone it would be let in", (await sites.standsWithin(1, connection, 90)) !== undefined, await sites.reason(1, connection));
      for (const part of [`sitekey-${connection}`, `site-${connection}`]) await sites.putBack(2, part);
      check("and with the pushed one again", (await sites.standsWithin(1, connection, 90)) !== undefined && (await sites.becomes(answers, 30)), await sites.reason(1, connection));

      await sites.must(1, `mv ${files.list} /root/list.pem && ${again}`);
      const unknown = await sites.becomes(async () => /list of its authority is missing/.test(await sites.reason(1, connection)), 60);
      check("twin: without the list nobody comes in, and status says so", unknown && !(await answers()), await sites.reason(1, connection));
      await sites.must(1, `mv /root/list.pem ${files.list} && swanctl --load-creds --clear --noprompt`);
      check("with it again it comes up by itself", (await sites.standsWithin(1, connection, 120)) !== undefined, await sites.reason(1, connection));

      const beside = await pings("ping-stop", "second", cloud.host6);
      check("twin: the second connection is the one that it was", (await untouched()) === who && who !== "" && beside.received > 0, `${who}, ${await untouched()}`);
      check("and it was never silent for long", beside.longestGapMs !== null && beside.longestGapMs < 1500, `${beside.longestGapMs} ms`);
      figure(`of the second ${beside.sent - beside.received} of ${beside.sent} packets lost, longest silence ${beside.longestGapMs} ms`);
      const clear = await lab.world.captureStop("proof");
      check("not one packet in clear on the office's outer wire in all this", clear.packets === 0, clear.first.join(" "));
    },
  },
];
