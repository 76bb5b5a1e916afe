import { X509Certificate } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { labAddresses } from "../networks";
import { sleep } from "../progress";
import type { Connected, ProfileOptions } from "../world";
import { changed, linuxProfile, write } from "./clientProfiles";
import { cutAfter } from "./clients";
import type { Lab } from "./lab";
import type { Scenario } from "./scenario";
import { newCertificate, ownAuthority, stranger } from "./userCertificates";
import { setUsers } from "./users";

const { insideHost, internetHost } = labAddresses;
const at = {
  conf: "/etc/swanctl/conf.d/gateway-l2tp.conf",
  certificate: "/etc/swanctl/x509/gateway-l2tp.pem",
  key: "/etc/swanctl/private/gateway-l2tp.pem",
  ppp: "/etc/ppp/options.gateway-l2tp",
  dialling: "/etc/xl2tpd/xl2tpd.conf",
};
const day = 86_400_000;
const carols = "carol@example.com";

/** The same profile with another certificate and its key. */
function withCertificate(profile: ProfileOptions, { certificate, privateKey }: { certificate: string; privateKey: string }): ProfileOptions {
  return { ...profile, files: { ...profile.files, [at.certificate]: certificate, [at.key]: privateKey } };
}

/** The same profile, by which nobody dials again that was hung up on. */
function once(profile: ProfileOptions): ProfileOptions {
  return changed(profile, at.dialling, /^redial = yes$/m, "redial = no");
}

interface Row {
  user: string;
  protocol: string;
  connection: string;
}

async function sessions(lab: Lab): Promise<string> {
  const rows = JSON.parse(await lab.gateway.mustRun("vpn-gateway sessions --json")) as Row[];
  return rows.map(({ user, connection }) => `${user} by ${connection}`).sort().join(", ");
}

export const l2tpCertificates: Scenario[] = [
  {
    name: "l2tp-certificates",
    shows: "a user's certificate stands in for L2TP's pre-shared key, beside another who has the key, and where nobody needs the key the gateway has none",
    twin: "a stranger's, an expired, a revoked and another user's certificate are refused, and any without the list; another's password or the key in place of the certificate is cut off; others lose no packet",
    seconds: 420,
    async run(lab, { check, figure }) {
      const folders: string[] = [];
      const clock = async () => Number(await lab.gateway.mustRun("date +%s"));
      const logged = (from: number, unit = "strongswan") => lab.gateway.mustRun(`journalctl -q --no-pager -o cat -u ${unit} --since=@${from}; true`);
      const refused = async (what: string, dial: () => Promise<Connected>, why: RegExp) => {
        const from = await clock();
        const { connected, reason } = await dial();
        const log = await logged(from);
        check(`twin: ${what} is refused`, !connected && reason !== undefined, reason);
        check("  and charon says why", why.test(log), log.split("\n").filter((line) => /certif|crl|constraint|issuer|revoked|peer config|key found/i.test(line)).slice(-6).join(" | "));
        await lab.world.disconnect(4);
      };
      const profiled = (profile: ProfileOptions) => () => lab.world.connectProfile(4, profile);
      const reaches = async (who: string, client: number) => {
        for (const target of [insideHost, internetHost]) {
          const { sent, received } = await lab.world.ping(client, target);
          check(`${who} reaches ${target}`, sent > 0 && received === sent, `${received} of ${sent}`);
        }
      };
      const losesNothing = async (who: string, client: number) => {
        const { sent, received } = await lab.world.pingStop(client);
        check(`twin: no packet of ${who}'s lost`, sent > 20 && received === sent, `${received} of ${sent}`);
      };
      /** Who is let in by charon and by pppd, each by what is right, and must be cut nevertheless. */
      const cutOff = async (what: string, dial: () => Promise<Connected>, why: RegExp) => {
        const from = await clock();
        await dial();
        await sleep(4000);
        const after = await lab.world.ping(4, insideHost, { count: 4 });
        check(`twin: ${what}: nothing passes 4 s later`, after.received === 0, `${after.received} of ${after.sent}`);
        const said = await logged(from, "vpn-gateway-keeper");
        check("  and the keeper says why", why.test(said), said);
        await lab.world.disconnect(4);
      };
      try {
        await lab.stack.set("certificates", "true");
        await lab.stack.set("l2tpCertificates", "true");
        const [alice, carol] = [{ name: "alice", authentication: "certificate" }, { name: carols, authentication: "certificate" }];
        await setUsers(lab, [alice, "bob", carol]);
        figure(`pulumi up that brings certificates to L2TP: ${(await lab.stack.up()).seconds.toFixed(1)} s`);
        await lab.read();
        const again = await lab.stack.preview();
        check("another up would change nothing", /\d+ unchanged/.test(again.stdout) && !/to (create|update|replace|delete)/.test(again.stdout), again.stdout.split("\n").slice(-6).join(" "));
        const sharedKey = lab.settings.preSharedKey;
        check("bob still has a pre-shared key to come by", sharedKey.length >= 20);
        folders.push(write(lab));
        const [ofAlice, ofCarol] = ["alice", carols].map((user) => linuxProfile(path.join(folders[0], user), "l2tp"));
        check("the key is in no file of who has a certificate", !Object.values({ ...ofAlice.files, ...ofCarol.files }).some((text) => text.includes(sharedKey) || text.includes(Buffer.from(sharedKey).toString("base64"))));

        const first = await lab.world.connectProfile(1, ofAlice);
        check("alice's files connect as they are, by a signature under her name", first.connected, first.reason ?? `${first.address}, ${first.seconds} s`);
        check("with the kernel's L2TP", first.kernelMode === true);
        const second = await lab.world.connectProfile(2, changed(ofCarol, at.conf, /^ *id = "?carol@example\.com"?$/m, ""));
        check("carol's with the certificate's subject for an identity, as Windows has it", second.connected, second.reason ?? `${second.address}, ${second.seconds} s`);
        const third = await lab.connect(3, "l2tp", "bob");
        check("bob connects to the same gateway by the pre-shared key", third.connected, third.reason ?? `${third.address}, ${third.seconds} s`);
        for (const [who, client] of [["alice", 1], ["carol", 2], ["bob", 3]] as const) await reaches(who, client);
        const seen = await sessions(lab);
        check("the gateway knows by what each came", seen === `alice by l2tp-alice, bob by l2tp, ${carols} by l2tpdn-carol_40example_2ecom`, seen);
        const ikev2 = await lab.world.connectProfile(4, linuxProfile(path.join(folders[0], "alice"), "ikev2"));
        check("alice's certificate lets her in by IKEv2 meanwhile", ikev2.connected, ikev2.reason);
        await lab.world.disconnect(4);

        for (const client of [1, 2, 3]) await lab.world.pingStart(client, insideHost, 0.25);
        const now = Date.now();
        const own = await ownAuthority(lab);
        const valid = [new Date(now - day), new Date(now + day)] as const;
        const carolsOwn = { certificate: ofCarol.files[at.certificate], privateKey: ofCarol.files[at.key] };
        await refused("a certificate of a stranger's authority of the same name", profiled(withCertificate(ofAlice, newCertificate(await stranger(), "alice", ...valid))), /no issuer certificate found|signature validation failed/);
        await refused("an expired one of the stack's own", profiled(withCertificate(ofAlice, newCertificate(own, "alice", new Date(now - 10 * day), new Date(now - day)))), /certificate invalid \(valid from/);
        // carol's certificate in alice's name is not among these: by IKEv1 charon signs under no name that its certificate has not.
        await refused("one of the stack's for somebody who is on no list", profiled(changed(withCertificate(ofAlice, newCertificate(own, "mallory", ...valid)), at.conf, "id = alice", "id = mallory")), /none allows RSA signature|no peer config found/);
        await lab.gateway.mustRun("mv /etc/swanctl/x509crl/vpn-gateway.pem /root/list.pem && swanctl --load-creds --clear --noprompt");
        await refused("any where the list is missing", profiled(ofCarol), /RULE_CRL_VALIDATION is SKIPPED/);
        await lab.gateway.mustRun("mv /root/list.pem /etc/swanctl/x509crl/vpn-gateway.pem && swanctl --load-creds --clear --noprompt");

        const alicesPassword = ofAlice.files[at.ppp].split("\n").find((line) => line.startsWith("password "))!;
        const asAlice = changed(changed(ofCarol, at.ppp, /^password .*$/m, alicesPassword), at.ppp, /^user .*$/m, 'user "alice"');
        await cutOff("carol's certificate with alice's name and password", profiled(once(asAlice)), /ending the L2TP session of "alice", whose IPsec was proved by another's certificate, "l2tp-carol/);
        await cutOff("alice's password by the pre-shared key", () => lab.connect(4, "l2tp", "alice", { redial: false }), /ending the L2TP session of "alice", who has a certificate, and came by the pre-shared key/);
        const wrong = await lab.world.connectProfile(4, once(changed(ofAlice, at.ppp, /^password .*$/m, 'password "another one"')));
        check("twin: alice's certificate with another password is refused by PPP", !wrong.connected && wrong.reason !== undefined, wrong.reason);
        await lab.world.disconnect(4);
        for (const [who, client] of [["alice", 1], ["carol", 2], ["bob", 3]] as const) await losesNothing(who, client);
        const named = await lab.gateway.run("vpn-gateway doctor --minutes 20");
        for (const cause of ["CERTIFICATE_OF_A_STRANGER", "CLIENT_CERTIFICATE_NOT_VALID", "NO_REVOCATION_LIST", "CERTIFICATE_OF_ANOTHER", "CAME_BY_PRE_SHARED_KEY", "UNKNOWN_USER", "WRONG_PASSWORD"]) {
          check(`the doctor names ${cause}`, named.stdout.includes(`${cause}: `), named.stdout.split("\n").filter((line) => /^[A-Z_]+: /.test(line)).map((line) => line.split(":")[0]).join(" "));
        }

        // alice is revoked; carol's certificate alone goes on the list, as that of a lost device.
        await setUsers(lab, [{ ...alice, revoked: true }, "bob", carol]);
        await lab.stack.set("revokedSerials[0]", new X509Certificate(carolsOwn.certificate).serialNumber);
        for (const client of [2, 3]) await lab.world.pingStart(client, insideHost, 0.25);
        const [late] = await cutAfter(lab, [1], () => lab.stack.up());
        check("alice's last packet comes within 5 s of the new list's being in force", late <= 5, `${late.toFixed(1)} s`);
        const gone = await lab.world.ping(1, insideHost, { count: 3 });
        check("alice, revoked, is cut", gone.received === 0, `${gone.received} of 3`);
        await refused("alice, revoked, dialling again", profiled(ofAlice), /none allows RSA signature|no peer config found/);
        await refused("carol's second device, by a serial number on the list", profiled(ofCarol), /certificate was revoked/);
        for (const [who, client] of [["carol", 2], ["bob", 3]] as const) await losesNothing(who, client);
        const revoked = await lab.gateway.run("vpn-gateway doctor --minutes 3");
        for (const cause of ["CERTIFICATE_REVOKED", "USER_NOT_ADMITTED"]) check(`the doctor names ${cause}`, revoked.stdout.includes(`${cause}: `), revoked.stdout);

        // Nobody is left who would need the key.
        await lab.stack.unset("revokedSerials");
        await setUsers(lab, [alice, carol]);
        await lab.world.pingStart(2, insideHost, 0.25);
        figure(`pulumi up that takes the pre-shared key away: ${(await lab.stack.up()).seconds.toFixed(1)} s`);
        await lab.read();
        await losesNothing("carol", 2);
        check("nobody is told a pre-shared key any more", lab.settings.preSharedKey === "");
        const left = await lab.gateway.run("ls /etc/swanctl/conf.d; swanctl --list-conns");
        check("the gateway has neither the key nor its connection", !left.stdout.includes("psk") && !/^l2tp: /m.test(left.stdout) && /^l2tp-alice: /m.test(left.stdout), left.stdout.slice(0, 300));
        await refused("the pre-shared key that was right before", () => lab.connect(4, "l2tp", "alice", { psk: sharedKey, redial: false }), /no shared key found/);
        const back = await lab.world.connectProfile(1, ofAlice);
        check("twin: alice, no longer revoked, connects with the same certificate", back.connected, back.reason);
        await reaches("alice", 1);
        const last = await lab.gateway.run("vpn-gateway doctor --minutes 3; vpn-gateway check");
        check("the doctor names NO_PRE_SHARED_KEY, and check finds nothing wrong", last.stdout.includes("NO_PRE_SHARED_KEY: ") && last.code === 0, last.stdout);
        const unchanged = await lab.stack.preview();
        check("another up would change nothing", /\d+ unchanged/.test(unchanged.stdout) && !/to (create|update|replace|delete)/.test(unchanged.stdout), unchanged.stdout.split("\n").slice(-6).join(" "));
      } finally {
        for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
      }
    },
  },
];
