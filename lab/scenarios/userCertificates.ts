import { createPublicKey, generateKeyPairSync, randomBytes, X509Certificate } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Authority } from "../../gateway/certificates/authority";
import { issueUserCertificate } from "../../gateway/certificates/userCertificate";
import { labAddresses } from "../networks";
import { privateKey as privateKeyType } from "../plugins/tlsKeys";
import { selfSignedCert } from "../plugins/tlsCertificates";
import type { ProfileOptions } from "../world";
import { changed, linuxProfile, write } from "./clientProfiles";
import { cutAfter } from "./clients";
import type { Lab } from "./lab";
import type { Scenario } from "./scenario";
import { setUsers } from "./users";

const { insideHost, internetHost } = labAddresses;
const conf = "/etc/swanctl/conf.d/gateway.conf";
const at = { certificate: "/etc/swanctl/x509/gateway.pem", key: "/etc/swanctl/private/gateway.pem" };
const day = 86_400_000;

/** The same profile by EAP-TLS. */
function byEapTls(profile: ProfileOptions, user: string): ProfileOptions {
  return changed(changed(profile, conf, "auth = pubkey", "auth = eap-tls"), conf, `id = ${user}`, `id = ${user}\n      eap_id = ${user}`);
}

/** The same as Windows does it: with the certificate's subject for an identity. */
function bySubject(profile: ProfileOptions, user: string): ProfileOptions {
  return changed(profile, conf, `id = ${user}`, "");
}

/** A new key and its certificate, by the library that the stack makes users' by. */
export function newCertificate(authority: Authority, user: string, notBefore: Date, notAfter: Date): { certificate: string; privateKey: string } {
  const pair = generateKeyPairSync("rsa", { modulusLength: 3072, publicKeyEncoding: { type: "spki", format: "pem" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } });
  const serialNumber = `0${randomBytes(15).toString("hex")}`;
  const certificate = issueUserCertificate(authority, { user, publicKey: createPublicKey(pair.publicKey), serialNumber, notBefore, notAfter });
  return { certificate, privateKey: pair.privateKey };
}

/** The same profile with another certificate and its key. */
function withCertificate(profile: ProfileOptions, authority: Authority, user: string, notBefore: Date, notAfter: Date): ProfileOptions {
  const { certificate, privateKey } = newCertificate(authority, user, notBefore, notAfter);
  return { ...profile, files: { ...profile.files, [at.certificate]: certificate, [at.key]: privateKey } };
}

/** An authority of the same name as the stack's, by the same library, that nobody trusts. */
export async function stranger(): Promise<Authority> {
  const context = {} as Parameters<typeof selfSignedCert.create>[1];
  const { state: made } = await privateKeyType.create({ algorithm: "RSA", rsaBits: 3072 }, context);
  const inputs = { privateKeyPem: made.privateKeyPemPkcs8, subject: { commonName: "gateway VPN authority" }, isCaCertificate: true, setSubjectKeyId: true, validityPeriodHours: 24, allowedUses: ["cert_signing", "crl_signing"] };
  const { state: signed } = await selfSignedCert.create(inputs, context);
  return { certificate: String(signed.certPem), privateKey: String(made.privateKeyPemPkcs8) };
}

/** The stack's own authority: its key is in the state alone. */
export async function ownAuthority(lab: Lab): Promise<Authority> {
  return { certificate: lab.settings.authority, privateKey: await authorityKey(lab, "gateway") };
}

/** The key of the authority of a gateway or a connection. */
export async function authorityKey(lab: Lab, of: string): Promise<string> {
  interface Resource { urn: string; outputs?: { privateKeyPemPkcs8?: unknown } }
  const { stdout } = await lab.stack.call(["stack", "export", "--show-secrets"]);
  const { resources } = (JSON.parse(stdout) as { deployment: { resources: Resource[] } }).deployment;
  const found = resources.find(({ urn }) => urn.endsWith(`::${of}-authority-key`))?.outputs?.privateKeyPemPkcs8;
  const text = typeof found === "string" ? found : (found as { plaintext?: string; value?: string } | undefined)?.plaintext ?? (found as { value?: string } | undefined)?.value;
  const privateKey = text?.startsWith('"') ? (JSON.parse(text) as string) : text;
  if (privateKey === undefined) throw new Error("no key of the authority in the state");
  return privateKey;
}

export const userCertificates: Scenario[] = [
  {
    name: "user-certificates",
    shows: "a user's certificate of the stack lets them in, by a signature and by EAP-TLS, with traffic; whoever is revoked is cut within 5 s and refused from then on",
    twin: "a stranger's, an expired, another's and a revoked certificate are refused, and any where the list is missing; others lose no packet; passwords go on",
    seconds: 300,
    async run(lab, { check, figure }) {
      const folders: string[] = [];
      const since = async () => Number(await lab.gateway.mustRun("date +%s"));
      const logged = (from: number) => lab.gateway.mustRun(`journalctl -q --no-pager -o cat -u strongswan --since=@${from}; true`);
      const refused = async (what: string, client: number, profile: ProfileOptions, why: RegExp) => {
        const from = await since();
        const { connected, reason } = await lab.world.connectProfile(client, profile);
        const log = await logged(from);
        check(`twin: ${what} is refused`, !connected && reason !== undefined, reason);
        check(`  and charon says why`, why.test(log), log.split("\n").filter((line) => /certif|crl|constraint|issuer|revoked|EAP/i.test(line)).slice(-6).join(" | "));
      };
      const reaches = async (who: string, client: number) => {
        for (const target of [insideHost, internetHost]) {
          const { sent, received } = await lab.world.ping(client, target);
          check(`${who} reaches ${target}`, sent > 0 && received === sent, `${received} of ${sent}`);
        }
      };
      try {
        await lab.stack.set("certificates", "true");
        const everybody = [{ name: "alice", authentication: "certificate" }, "bob", { name: "carol@example.com", authentication: "certificate" }];
        await setUsers(lab, everybody);
        figure(`pulumi up that makes certificates: ${(await lab.stack.up()).seconds.toFixed(1)} s`);
        await lab.read();
        const again = await lab.stack.preview();
        check("another up would change nothing", /\d+ unchanged/.test(again.stdout) && !/to (create|update|replace|delete)/.test(again.stdout), again.stdout.split("\n").slice(-6).join(" "));
        folders.push(write(lab));
        const carols = "carol@example.com";
        const [alice, carol] = ["alice", carols].map((user) => linuxProfile(path.join(folders[0], user), "ikev2"));
        check("a container of each form is there, and binary", fs.readFileSync(path.join(folders[0], "alice", "certificate", "gateway.p12"))[0] === 0x30);

        const bySignature = await lab.world.connectProfile(1, alice);
        check("alice's files connect as they are, by a signature", bySignature.connected, bySignature.reason ?? `${bySignature.address}, ${bySignature.seconds} s`);
        await reaches("alice", 1);
        const byTls = await lab.world.connectProfile(2, byEapTls(carol, carols));
        check("carol, whose name is an e-mail address, connects by EAP-TLS", byTls.connected, byTls.reason ?? `${byTls.address}, ${byTls.seconds} s`);
        await reaches("carol", 2);
        const bySubjects = await lab.world.connectProfile(4, bySubject(carol, carols));
        check("carol's second device, with the certificate's subject for an identity as Windows has it", bySubjects.connected, bySubjects.reason ?? `${bySubjects.address}`);
        await lab.world.disconnect(4);
        const bob = await lab.connect(3, "ikev2", "bob");
        check("twin: bob connects by IKEv2 with his password", bob.connected, bob.reason);
        await reaches("bob", 3);
        const rows = JSON.parse(await lab.gateway.mustRun("vpn-gateway sessions --json")) as { user: string; protocol: string; inside: string[] }[];
        check("the gateway knows whose tunnels they are", rows.map(({ user }) => user).sort().join() === `alice,bob,${carols}`, JSON.stringify(rows.map(({ user, inside }) => [user, inside])));
        const status = await lab.gateway.mustRun("vpn-gateway status");
        check("vpn-gateway status says until when certificates and list hold", /certificate: until .* 82\d days left[\s\S]*authority: until[\s\S]*revocation list: until .* 82\d days[\s\S]*clock: /.test(status), status.split("\n").filter((line) => /until|clock/.test(line)).join("; "));

        const now = Date.now();
        const other = await stranger();
        const own = await ownAuthority(lab);
        await refused("a certificate of a stranger's authority of the same name", 4, withCertificate(alice, other, "alice", new Date(now - day), new Date(now + day)), /no issuer certificate found|signature validation failed/);
        await refused("the same by EAP-TLS", 4, byEapTls(withCertificate(alice, other, "alice", new Date(now - day), new Date(now + day)), "alice"), /no trusted certificate found for 'alice' to verify TLS peer/);
        await refused("an expired one of the stack's own", 4, withCertificate(alice, own, "alice", new Date(now - 10 * day), new Date(now - day)), /certificate invalid \(valid from/);
        await refused("carol's certificate in alice's name", 4, changed({ ...alice, files: { ...alice.files, [at.certificate]: carol.files[at.certificate], [at.key]: carol.files[at.key] } }, conf, "id = alice", "id = fqdn:alice"), /signature validation failed|no trusted .* public key found for 'alice'/);
        await refused("one of the stack's for somebody who is on no list", 4, changed(withCertificate(alice, own, "mallory", new Date(now - day), new Date(now + day)), conf, "id = alice", "id = mallory"), /constraint|no matching peer config|unacceptable/);
        await refused("the same by EAP-TLS", 4, byEapTls(changed(withCertificate(alice, own, "mallory", new Date(now - day), new Date(now + day)), conf, "id = alice", "id = mallory"), "mallory"), /received EAP_NAK, sending EAP_FAILURE/);
        const password = await lab.connect(4, "ikev2", "alice");
        check("twin: alice's password, which is for L2TP, does not let her in by IKEv2", !password.connected, password.reason);
        const l2tp = await lab.connect(4, "l2tp", "alice");
        check("and does by L2TP", l2tp.connected, l2tp.reason);
        await lab.world.disconnect(4);

        await lab.gateway.mustRun("mv /etc/swanctl/x509crl/vpn-gateway.pem /root/list.pem && swanctl --load-creds --clear --noprompt");
        await refused("any where the list is missing (a signature)", 4, carol, /RULE_CRL_VALIDATION is SKIPPED/);
        await refused("the same by EAP-TLS", 4, byEapTls(carol, carols), /RULE_CRL_VALIDATION is SKIPPED/);
        const told = await lab.gateway.run("vpn-gateway check");
        check("vpn-gateway check tells of the missing list", told.code === 1 && /x509crl\/vpn-gateway.pem is missing/.test(told.stdout), told.stdout);
        await lab.gateway.mustRun("mv /root/list.pem /etc/swanctl/x509crl/vpn-gateway.pem && swanctl --load-creds --clear --noprompt");
        const second = await lab.world.connectProfile(4, carol);
        check("with the list there again carol's second device connects", second.connected, second.reason);
        await lab.world.disconnect(4);

        // carol's certificate alone goes on the list, as that of a lost device: her tunnel stays, the next handshake fails.
        const serial = new X509Certificate(carol.files[at.certificate]).serialNumber;
        await lab.stack.set("revokedSerials[0]", serial);
        await setUsers(lab, [{ name: "alice", authentication: "certificate", revoked: true }, ...everybody.slice(1)]);
        for (const client of [2, 3]) await lab.world.pingStart(client, insideHost, 0.1);
        let seconds = 0;
        const [late] = await cutAfter(lab, [1], async () => ({ seconds } = await lab.stack.up()));
        check("alice's last packet comes within 5 s of the new list's being in force", late <= 5, `${late.toFixed(1)} s`);
        const after = await lab.world.ping(1, insideHost, { count: 3 });
        check("and none after", after.received === 0, `${after.received} of 3`);
        figure(`pulumi up that revokes: ${seconds.toFixed(1)} s; last packet ${late.toFixed(1)} s after the list was there (to 1 s, and its clock's error)`);
        await refused("alice, revoked", 1, alice, /certificate was revoked/);
        await refused("the same by EAP-TLS", 1, byEapTls(alice, "alice"), /received EAP_NAK, sending EAP_FAILURE/);
        await refused("carol's second device, by a serial number on the list", 4, carol, /certificate was revoked/);
        await refused("the same by EAP-TLS", 4, byEapTls(carol, carols), /certificate was revoked/);
        for (const [who, client] of [["carol", 2], ["bob", 3]] as const) {
          const { sent, received } = await lab.world.pingStop(client);
          check(`twin: no packet of ${who}'s tunnel lost`, sent > 50 && received === sent, `${received} of ${sent}`);
        }
        const doctor = await lab.gateway.run("vpn-gateway doctor --minutes 20");
        check("the doctor names it", /CERTIFICATE_REVOKED: /.test(doctor.stdout), doctor.stdout.split("\n")[0]);

        await lab.stack.unset("revokedSerials");
        await setUsers(lab, [everybody[0], "bob"]);
        await lab.world.pingStart(3, insideHost, 0.1);
        await lab.stack.up();
        const gone = await lab.world.ping(2, insideHost, { count: 3 });
        check("carol, taken off the list, is cut", gone.received === 0, `${gone.received} of 3`);
        await refused("carol with a certificate that nobody revoked", 2, carol, /constraint|no matching peer config|unacceptable/);
        await refused("the same by EAP-TLS", 2, byEapTls(carol, carols), /received EAP_NAK, sending EAP_FAILURE/);
        const kept = await lab.world.pingStop(3);
        check("twin: no packet of bob's lost", kept.sent > 20 && kept.received === kept.sent, `${kept.received} of ${kept.sent}`);
        const back = await lab.world.connectProfile(1, alice);
        check("twin: alice, no longer revoked, connects with the same certificate", back.connected, back.reason);
      } finally {
        for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
      }
    },
  },
];
