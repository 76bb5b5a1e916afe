import { X509Certificate } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { renderRevocationList } from "../../gateway/certificates/revocationList";
import { issueUserCertificate } from "../../gateway/certificates/userCertificate";
import { labAddresses } from "../networks";
import { linuxProfile, write } from "./clientProfiles";
import { findings, forgetLog, naming, type Finding } from "./doctor";
import type { Scenario } from "./scenario";
import { ownAuthority } from "./userCertificates";
import { setUsers } from "./users";

const { insideHost } = labAddresses;
const day = 86_400_000;
const causes = (found: Finding[]): string => found.map(({ cause, evidence }) => `${cause}: ${evidence}`).join("; ");
/** What a client's firewall drops of what it gets within IPsec: L2TP's control messages have a set first bit (RFC 2661, 3.1). */
const deaf = (what: string) => `nft 'add table inet deaf; add chain inet deaf f { type filter hook input priority 0; }; add rule inet deaf f udp sport 1701 ${what} drop'`;

/** Faults within L2TP and PPP, and of certificates' days: the doctor must call each by its name. */
export const doctorFaults: Scenario[] = [
  {
    name: "doctor-l2tp",
    shows: "`vpn-gateway doctor` names a client that is deaf to L2TP, one whose PPP is silent, one that insists on an address, and a pool of L2TP without a free address",
    twin: "with a good client before, and after each fault, it finds nothing",
    seconds: 300,
    async run(lab, report) {
      const { check } = report;
      const { clock, named } = naming(lab, report);
      const silent = async (when: string) => {
        await forgetLog(lab);
        const began = await clock();
        const good = await lab.connect(1, "l2tp", "alice");
        const found = await findings(lab, began);
        check(`twin: ${when} a good client gets in, and it finds nothing`, good.connected && found.length === 0, good.reason ?? causes(found));
        await lab.world.disconnect(1);
      };
      await silent("before");

      for (const [what, dropped, cause, evidence] of [
        ["a client that hears nothing of L2TP", "@th,64,1 1", "L2TP_CONTROL_TIMEOUT", /Maximum retries exceeded for tunnel/],
        ["a client whose PPP says nothing", "@th,64,1 0", "PPP_SILENT", /1 call of L2TP without a word of PPP from the client, the longest for [45]\d s/],
      ] as const) {
        const began = await clock();
        await lab.world.run("c3", deaf(dropped));
        const { connected, reason } = await lab.connect(3, "l2tp", "bob", { pppTimeoutSeconds: 50, redial: false });
        await lab.world.run("c3", "nft delete table inet deaf");
        check(`${what} does not get in`, !connected, reason);
        await named(what, cause, evidence, began);
        await silent(`after ${what}`);
      }

      let began = await clock();
      const own = await lab.connect(3, "l2tp", "bob", { pppAddress: "10.99.0.1", redial: false });
      check("a client that insists on 10.99.0.1 does not have it", own.address !== "10.99.0.1", own.reason ?? String(own.address));
      await named("a client that insists on an address of its own", "PPP_ADDRESS_REFUSED", /IP address/, began);
      await silent("after it");

      const [file, kept] = ["/etc/xl2tpd/xl2tpd.conf", "/run/xl2tpd.conf"];
      await lab.gateway.mustRun(`cp -p ${file} ${kept}; sed -i 's/^ip range = .*/ip range = 10.77.1.200-10.77.1.200/' ${file}; systemctl restart xl2tpd; sleep 2; systemctl is-active xl2tpd`);
      began = await clock();
      const first = await lab.connect(1, "l2tp", "alice", { redial: false });
      const second = await lab.connect(3, "l2tp", "bob", { redial: false });
      check("of two clients for one address the first has it, the second none", first.address === "10.77.1.200" && !second.connected, `${first.reason ?? first.address}; ${second.reason ?? second.address}`);
      await named("two clients for one address", "POOL_EXHAUSTED", /Out of IP addresses|No available IP address/, began);
      const served = await lab.world.ping(1, insideHost, { count: 2 });
      check("twin: who has it goes on", served.received === 2, `${served.received} of 2`);
      await lab.gateway.mustRun(`cp -p ${kept} ${file}; systemctl restart xl2tpd; sleep 2; systemctl is-active xl2tpd`);
      await lab.world.disconnect(3);
      await silent("with the whole pool");
    },
  },
  {
    name: "doctor-certificates",
    shows: "`vpn-gateway doctor` names a revocation list whose day is over, by itself and where a client is refused for it, and a server's certificate that has expired",
    twin: "with those that the stack pushed the same client gets in, and it finds nothing",
    seconds: 200,
    async run(lab, report) {
      const { check } = report;
      const { clock, named } = naming(lab, report);
      const folders: string[] = [];
      const [list, certificate] = ["/etc/swanctl/x509crl/vpn-gateway.pem", "/etc/swanctl/x509/vpn-gateway.pem"];
      const load = "swanctl --load-all --clear --noprompt >/dev/null";
      const put = async (file: string, text: string) => {
        await lab.gateway.mustRun(`cp -p ${file} /run/kept.pem`);
        await lab.gateway.writeFile(file, text);
        await lab.gateway.mustRun(load);
      };
      const back = (file: string) => lab.gateway.mustRun(`cp -p /run/kept.pem ${file}; ${load}`);
      try {
        await lab.stack.set("certificates", "true");
        await setUsers(lab, [{ name: "alice", authentication: "certificate" }, "bob"]);
        await lab.stack.up();
        await lab.read();
        folders.push(write(lab));
        const alice = linuxProfile(path.join(folders[0], "alice"), "ikev2");
        const whole = async (when: string) => {
          await forgetLog(lab);
          const began = await clock();
          const { connected, reason } = await lab.world.connectProfile(1, alice);
          const found = await findings(lab, began);
          check(`twin: ${when} alice gets in by her certificate, and it finds nothing`, connected && found.length === 0, reason ?? causes(found));
          await lab.world.disconnect(1);
        };
        await whole("before");
        const own = await ownAuthority(lab);
        const now = Date.now();

        await put(list, renderRevocationList(own, { serialNumbers: [], thisUpdate: new Date(now - 9 * day), nextUpdate: new Date(now - 2 * day) }));
        const itself = await findings(lab, await clock());
        check("a list of last week, nobody having dialled: NO_REVOCATION_LIST", itself.some((one) => one.cause === "NO_REVOCATION_LIST" && /holds from .* and not now/.test(one.evidence)), causes(itself));
        let began = await clock();
        const stale = await lab.world.connectProfile(1, alice);
        check("alice is refused for it", !stale.connected, stale.reason);
        await named("a client that comes by a certificate meanwhile", "NO_REVOCATION_LIST", /is stale/, began);
        await back(list);
        await whole("with the list of the stack");

        const { publicKey } = new X509Certificate(await lab.gateway.mustRun(`cat ${certificate}`));
        const expired = issueUserCertificate(own, { user: lab.settings.endpoint, publicKey, serialNumber: "0badc0ffee", notBefore: new Date(now - 10 * day), notAfter: new Date(now - day) });
        await put(certificate, expired);
        began = await clock();
        const refused = await lab.connect(2, "ikev2", "bob");
        check("bob does not take the gateway for what it says", !refused.connected, refused.reason);
        await named("a server's certificate that has expired", "CERTIFICATE_NOT_VALID", /expired/, began);
        await back(certificate);
        await whole("with the certificate of the stack");
      } finally {
        for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
      }
    },
  },
];
