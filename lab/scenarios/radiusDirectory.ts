import { ntHash } from "../../gateway/ntHash";
import { labAddresses } from "../networks";
import { connectEach, losesNothing } from "./clients";
import type { Scenario } from "./scenario";
import { setUsers } from "./users";

const passwords = { rita: "rita's own password", tina: "tina's own password" };
const both = [["l2tp", 1], ["ikev2", 2]] as const;

/** Users whom a directory alone knows. */
export const radiusDirectory: Scenario[] = [
  {
    name: "radius-directory",
    shows: "a user whom an OpenLDAP of the inside network alone knows, by the NT hash of Samba's schema, comes in by L2TP and IKEv2 beside a user of the list",
    twin: "a wrong password, and a user whom the filter leaves out, are refused by both; while the directory stands still the list comes in, and nobody who is connected loses a packet",
    seconds: 300,
    async run(lab, report) {
      const { check, figure } = report;
      const secret = "canary of #{the} directory 7316";
      const host = "10.20.0.31";
      const { driver } = await lab.world.directoryInstall();
      // A gateway of the lab reaches no archive.
      await lab.gateway.mustRun("base64 -d > /tmp/driver.deb && dpkg -i /tmp/driver.deb", { stdin: driver, timeoutSeconds: 300 });
      const hash = (name: keyof typeof passwords) => ntHash(passwords[name]).toString("hex");
      const { authority, bindDn, base } = await lab.world.directoryStart({ address: host, password: secret, users: { rita: { hash: hash("rita"), kind: "vpn" }, tina: { hash: hash("tina"), kind: "other" } } });
      await setUsers(lab, ["alice"]);
      for (const [key, value] of Object.entries({ url: `ldaps://${host}`, bindDn, base, filter: "(employeeType=vpn)", authority })) await lab.stack.set(`radius.onGateway.directory.${key}`, value);
      await lab.stack.set("radius.onGateway.enabled", "true");
      await lab.stack.set("radiusDirectoryPassword", secret, true);
      const preview = await lab.stack.preview();
      check("no preview shows the password", !/canary/.test(preview.stdout) && /radiusd\.conf \| +ldap/.test(preview.stdout), preview.stdout.split("\n").filter((line) => line.includes("ldap")).slice(0, 3).join("; "));
      const { seconds } = await lab.stack.up();
      figure(`pulumi up that brings it: ${seconds.toFixed(0)} s`);
      await lab.read();
      const readable = await lab.gateway.run("grep -rlF 'canary of #' /etc /run /var/lib /var/log 2>/dev/null | xargs -r stat -c '%a %U %n'");
      check("the password is in files of root's or of FreeRADIUS' own alone", readable.stdout.trim() !== "" && readable.stdout.trim().split("\n").every((line) => /^(600 root|400 freerad) /.test(line)), readable.stdout);
      const rita = (client: number, protocol: "l2tp" | "ikev2", name: keyof typeof passwords = "rita", password: string = passwords[name]) => lab.connect(client, protocol, name, { password, redial: false });
      for (const [protocol, client] of both) {
        const found = await rita(client, protocol);
        check(`rita connects by ${protocol}`, found.connected, found.reason ?? `${found.seconds} s`);
        const { sent, received } = await lab.world.ping(client, labAddresses.insideHost, { count: 10 });
        check("and the inside host answers", received === sent, `${received} of ${sent}`);
      }
      await connectEach(lab, report, [["l2tp", 3, "alice"]], "of the list: ");
      for (const [protocol, client] of [["ikev2", 4], ["l2tp", 4]] as const) {
        const wrong = await rita(client, protocol, "rita", "not her password");
        check(`twin: a wrong password is refused by ${protocol}`, !wrong.connected, wrong.reason);
        const other = await rita(client, protocol, "tina");
        check(`twin: tina, whom the filter leaves out, is refused by ${protocol}`, !other.connected, other.reason);
      }
      const doctor = await lab.gateway.run("vpn-gateway doctor");
      check("for which `vpn-gateway doctor` has a name", /REFUSED_BY_DIRECTORY: "tina"/.test(doctor.stdout), doctor.stdout);
      check("`vpn-gateway check` finds nothing wrong", (await lab.gateway.run("vpn-gateway check")).code === 0);
      for (const [, client] of both) await lab.world.pingStart(client, labAddresses.insideHost, 0.2);
      await lab.world.directory("silence");
      const [waits, listed] = await Promise.all([rita(4, "ikev2"), lab.connect(3, "l2tp", "alice")]);
      check("the directory silent: rita does not come in", !waits.connected, `${waits.seconds} s: ${waits.reason}`);
      check("alice of the list does", listed.connected, listed.reason ?? `${listed.seconds} s`);
      figure(`doctor: ${(await lab.gateway.run("vpn-gateway doctor --minutes 1")).stdout.split("\n")[0]}`);
      for (const [protocol, client] of both) await losesNothing(lab, report, client, `rita by ${protocol} lost no packet meanwhile`, 10);
      await lab.world.directory("speak");
      const again = await rita(4, "ikev2");
      check("twin: once it answers she comes in", again.connected, again.reason ?? `${again.seconds} s`);
      await lab.world.directory("stop");
    },
  },
];
