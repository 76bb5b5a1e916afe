import * as fs from "node:fs";
import * as path from "node:path";
import { labAddresses } from "../networks";
import type { ProfileOptions } from "../world";
import { changed, linuxProfile, write } from "./clientProfiles";
import type { Scenario } from "./scenario";
import { setUsers } from "./users";

const { insideHost, internetHost, gatewayOutside } = labAddresses;
/** RFC 2606; the CA asks the lab's name server for it. */
const name = "vpn.example.com";
const conf = "/etc/swanctl/conf.d/gateway.conf";
/** Nothing listens there: the name server's health check is none of this scenario's. */
const healthPort = 9;

interface Served {
  public: boolean;
  issuer: string;
  serial: string;
  until: string;
  failures: number;
  failure: { kind: string; evidence: string; remedy: string } | null;
}

/** A client whose profile is as it is, but that it finds the gateway without a name server. */
const found = (profile: ProfileOptions): ProfileOptions => changed(profile, conf, `remote_addrs = ${name}`, `remote_addrs = ${gatewayOutside}`);

export const acme: Scenario[] = [
  {
    name: "acme",
    shows: "the gateway gets its certificate from a public CA (Pebble) by itself: a client that trusts that CA alone connects, and is not disturbed by a renewal; so do those who trust the stack's authority, and who have a certificate of it",
    twin: "before the certificate came that client is refused; with the name leading elsewhere, port 80 cut or the CA gone the old certificate is served on, and status, check and doctor say why; port 80 answers nothing outside of a challenge",
    seconds: 420,
    async run(lab, { check, figure }) {
      const folders: string[] = [];
      const served = async () => (JSON.parse(await lab.gateway.mustRun("vpn-gateway status --json")) as { acme: Served }).acme;
      const attempt = () => lab.gateway.run("vpn-gateway acme 2>&1", { timeoutSeconds: 600 });
      const leadsTo = (address: string) => lab.world.nameserverStart(name, internetHost, [address], healthPort);
      const port = async () => (await lab.world.run("internet", `curl --silent --output /dev/null --write-out '%{http_code}' --max-time 3 http://${gatewayOutside}/.well-known/acme-challenge/x`)).stdout.trim();
      const reaches = async (who: string, client: number) => {
        const { sent, received } = await lab.world.ping(client, insideHost, { count: 3 });
        check(`${who} reaches ${insideHost}`, sent > 0 && received === sent, `${received} of ${sent}`);
      };
      try {
        // At first the name leads to a host where nothing listens, as before a record is made.
        await leadsTo("203.0.113.77");
        const ca = await lab.world.acmeStart(internetHost, internetHost, 90);
        await lab.gateway.mustRun(`cp /etc/resolv.conf /etc/resolv.conf.lab && echo 'nameserver ${internetHost}' >/etc/resolv.conf`);
        await lab.stack.set("endpoint", name);
        await lab.stack.set("certificates", "true");
        await setUsers(lab, ["alice", "bob", { name: "carol@example.com", authentication: "certificate" }]);
        const settings = { termsAgreed: true, email: "admin@example.com", directory: ca.directory, directoryAuthority: ca.directoryAuthority, root: ca.root };
        // In plain text: to Pulumi a certificate looks like a secret.
        for (const [key, value] of Object.entries(settings)) await lab.stack.call(["config", "set", "--path", `acme.${key}`, "--plaintext"], {}, String(value));
        figure(`pulumi up that asks for a public CA's certificate: ${(await lab.stack.up()).seconds.toFixed(1)} s`);
        await lab.read();
        const again = await lab.stack.previewUnchanged();
        check("another up would change nothing", again.code === 0, again.stdout.split("\n").slice(-6).join(" "));

        // The timer begins by itself; this waits for its first attempt, which must fail.
        const began = Date.now();
        let first = await served();
        while (first.failure === null && Date.now() - began < 150_000) first = await served();
        check("before: the gateway serves with the stack's authority, and the timer's own attempt says why", !first.public && first.failure?.kind === "NAME_LEADS_ELSEWHERE", JSON.stringify(first));
        // By address: who dials is not to be led astray by the name.
        const dial = (client: number, user: string, caCertificate = lab.settings.authority) =>
          lab.connect(client, "ikev2", user, { gateway: gatewayOutside, serverId: name, nameServer: undefined, caCertificate });
        const publicOnly = () => dial(1, "alice", ca.root);
        const before = await publicOnly();
        check("twin: a client that trusts the public CA alone is refused, for that reason", !before.connected && /trusted|issuer|constraint/.test(before.reason ?? ""), before.reason);
        const old = await dial(2, "bob");
        check("one that trusts the stack's authority connects", old.connected, old.reason);
        check("twin: port 80 answers nothing", (await port()) === "000", await port());

        await leadsTo(gatewayOutside);
        let seen = "000";
        let going = true;
        const watching = (async () => {
          while (going) {
            const now = await port();
            if (now !== "000") seen = now;
          }
        })();
        // As when the failure is long ago: by the unit, within its sandbox.
        const came = await lab.gateway.run("rm /var/lib/vpn-gateway/acme/state.json && systemctl start vpn-gateway-acme.service; journalctl -q --no-pager -o cat -n 8 -u vpn-gateway-acme.service; systemctl is-failed vpn-gateway-acme.service", { timeoutSeconds: 600 });
        going = false;
        await watching;
        check("once the name leads here the timer's unit gets the certificate, within its sandbox", /certificate by /.test(came.stdout) && !/^failed$/m.test(came.stdout), came.stdout);
        const one = await served();
        check("status says by whom and until when", one.public && /Pebble/.test(one.issuer) && one.failure === null, JSON.stringify(one));
        const text = await lab.gateway.mustRun("vpn-gateway status");
        check("also to people", /served: the certificate of vpn\.example\.com by Pebble .*, until \d{4}-/.test(text), text.split("\n").filter((line) => /served|attempt/.test(line)).join("; "));
        check("while the CA asked, port 80 answered it and knew nothing else", seen === "404", seen);
        check("twin: afterwards it answers nothing", (await port()) === "000", await port());
        const modes = await lab.gateway.mustRun("stat -c '%a %n' /etc/swanctl/private/vpn-gateway-acme.pem /var/lib/vpn-gateway/acme /var/lib/vpn-gateway/acme/held.json");
        check("its key is root's alone", modes.split("\n").filter(Boolean).every((line) => /^[67]00 /.test(line)), modes);

        const alice = await publicOnly();
        check("the client that trusts the public CA alone connects", alice.connected, alice.reason ?? `${alice.address}, ${alice.seconds} s`);
        await reaches("alice", 1);
        await reaches("bob, connected before,", 2);
        folders.push(write(lab));
        const files = (user: string) => fs.readdirSync(path.join(folders[0], user), { recursive: true }).map(String);
        check("alice's profiles hold no authority of the stack's", !files("alice").includes("authority.crt") && !fs.readFileSync(path.join(folders[0], "alice", "apple", "gateway-ikev2.mobileconfig"), "utf8").includes("com.apple.security.root"));
        const bob = await lab.world.connectProfile(2, found(linuxProfile(path.join(folders[0], "bob"), "ikev2")));
        check("bob's new profile connects, which trusts the public root", bob.connected, bob.reason);
        const carol = await lab.world.connectProfile(3, found(linuxProfile(path.join(folders[0], "carol@example.com"), "ikev2")));
        check("carol's connects, with a certificate of the stack's authority", carol.connected, carol.reason);
        const enrolled = await dial(4, "bob");
        check("a device that was enrolled with the stack's authority connects as it is", enrolled.connected, enrolled.reason);
        const stranger = await dial(4, "bob", lab.strangersAuthority);
        check("twin: one that trusts another authority is refused", !stranger.connected, stranger.reason);
        await lab.world.disconnect(4);

        await lab.world.pingStart(1, insideHost, 0.1);
        await lab.world.pingStart(3, insideHost, 0.1);
        const renewed = await attempt();
        const two = await served();
        check("a renewal brings another serial number", renewed.code === 0 && two.public && two.serial !== one.serial, `${one.serial}, ${two.serial}; ${renewed.stdout}`);
        const fresh = await dial(4, "bob", ca.root);
        const shown = await lab.gateway.mustRun("swanctl --list-certs --type x509");
        check("charon serves with it, and has forgotten the former", fresh.connected && plain(shown).includes(plain(two.serial)) && !plain(shown).includes(plain(one.serial)), fresh.reason ?? shown);
        for (const [who, client] of [["alice", 1], ["carol", 3]] as const) {
          const { sent, received } = await lab.world.pingStop(client);
          check(`no packet of ${who}'s tunnel lost meanwhile`, sent > 20 && received === sent, `${received} of ${sent}`);
        }

        const fails = async (what: string, kind: string, evidence: RegExp) => {
          const failed = await attempt();
          const now = await served();
          check(`${what}: the attempt fails, and says so`, failed.code === 1 && now.failure?.kind === kind && evidence.test(now.failure.evidence), JSON.stringify(now.failure));
          check("  the certificate before is served on", now.public && now.serial === two.serial, now.serial);
          const doctor = await lab.gateway.run("vpn-gateway doctor");
          check("  doctor names it, with a remedy", new RegExp(`^ACME_FAILED: ${kind}: .*\\n  \\S`, "m").test(doctor.stdout), doctor.stdout);
          const checked = await lab.gateway.run("vpn-gateway check");
          check("  and check fails", checked.code === 1 && checked.stdout.includes(kind), checked.stdout);
          check("  port 80 is shut", (await port()) === "000");
        };
        await leadsTo("203.0.113.77");
        await fails("the name leads elsewhere", "NAME_LEADS_ELSEWHERE", /203\.0\.113\.77/);
        await leadsTo(gatewayOutside);
        await lab.world.run("isp", "nft add table inet cut; nft add chain inet cut forward '{ type filter hook forward priority -10; }'; nft add rule inet cut forward tcp dport 80 drop");
        await fails("TCP 80 cut on the way", "PORT_80_SHUT", /nobody came through to port 80/);
        await lab.world.run("isp", "nft delete table inet cut");
        await lab.world.acmeStop();
        await fails("the CA gone", "CA_UNREACHABLE", /does not answer/);
        const still = await publicOnly();
        check("after all that the client connects", still.connected, still.reason);

        const tries = (await served()).failures;
        const unit = await lab.gateway.run("systemctl start vpn-gateway-acme.service");
        check("the timer's unit makes no attempt so near to a failure", unit.code === 0 && (await served()).failures === tries, unit.stderr);

        await lab.stack.unset("acme");
        figure(`pulumi up that goes back to the stack's authority: ${(await lab.stack.up()).seconds.toFixed(1)} s`);
        await lab.read();
        const left = await lab.gateway.mustRun("ls /etc/swanctl/*/vpn-gateway-acme* 2>/dev/null; true");
        check("switched off, nothing of it is in /etc/swanctl", left.trim() === "", left);
        const off = await publicOnly();
        check("twin: and the client that trusts the public CA alone is refused again", !off.connected, off.reason);
        const back = await dial(2, "bob");
        check("the stack's authority serves", back.connected, back.reason);
      } finally {
        await lab.world.run("isp", "nft delete table inet cut");
        await lab.world.acmeStop();
        await lab.world.nameserverStop();
        await lab.gateway.run("[ ! -e /etc/resolv.conf.lab ] || mv /etc/resolv.conf.lab /etc/resolv.conf");
        for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
      }
    },
  },
];

/** Serial numbers as different programs write them. */
function plain(text: string): string {
  return text.toLowerCase().replaceAll(":", "");
}

