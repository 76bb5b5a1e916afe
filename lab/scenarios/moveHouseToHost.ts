import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { labAddresses } from "../networks";
import { Stack } from "../stack";
import type { ProfileOptions } from "../world";
import { linuxProfile, write } from "./clientProfiles";
import { Lab } from "./lab";
import { identity } from "./moveHouse";
import type { Report, Scenario } from "./scenario";
import { setUsers } from "./users";

/** Who is enrolled: by a password with each protocol, and by a certificate. */
const users = ["alice", "bob", { name: "carol", authentication: "certificate" }];

async function setUp(lab: Lab): Promise<void> {
  await setUsers(lab, users);
  await lab.stack.set("certificates", "true");
  await lab.stack.up();
  await lab.read();
}

/** Each with the very files of its profile. */
async function connect(lab: Lab, { check }: Report, devices: Readonly<Record<string, ProfileOptions>>, gets: boolean, when: string): Promise<void> {
  for (const [index, [what, profile]] of Object.entries(devices).entries()) {
    const client = index + 1;
    const { connected, reason } = await lab.world.connectProfile(client, profile);
    const { received, sent } = connected ? await lab.world.ping(client, labAddresses.insideHost, { count: 3 }) : { received: 0, sent: 3 };
    check(`${when} ${what} ${gets ? "connects with the files that it has and reaches the inside" : "is refused"}`, gets ? connected && received === sent : !connected, reason ?? `${received} of ${sent}`);
    await lab.world.disconnect(client);
  }
}

/** The components of a stack, by type. */
async function has(stack: Stack, component: string): Promise<boolean> {
  return (await stack.state()).includes(`pulumi-vpn-gateway:index:${component}::`);
}

/** To another target, by another program: nothing but the backup goes from the one to the other. */
export const moveHouseToHost: Scenario[] = [
  {
    name: "move-house-to-host",
    shows: "from a machine that the stack makes (cloud-init) to a host that somebody else made (SshGateway, another program, a stack that knows nothing of the first): devices by password and by certificate connect with the files that they have",
    twin: "without the restored identity that host refuses each of them",
    seconds: 1000,
    async run(lab, report) {
      const { check, figure } = report;
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "move-house-"));
      const [file, passphrase] = ["identity.gpg", "passphrase"].map((name) => path.join(folder, name));
      fs.writeFileSync(passphrase, "a passphrase of some length", { mode: 0o600 });
      const config = fs.readFileSync(lab.stack.configFile, "utf8");
      const there = new Lab(new Stack(lab.stack.name, lab.stack.root, "existing-host"));
      let profiles: string | undefined;
      let moved = false;
      try {
        await setUp(lab);
        profiles = write(lab);
        const of = (user: string, protocol: "l2tp" | "ikev2") => linuxProfile(path.join(profiles!, user), protocol);
        const devices = { "alice's IKEv2 device": of("alice", "ikev2"), "bob's L2TP device": of("bob", "l2tp"), "carol's device, by her certificate,": of("carol", "ikev2") };
        await connect(lab, report, devices, true, "at first");
        const { code, said } = identity(lab, "backup", file, passphrase);
        check("the identity is written to a file", code === 0, said);
        const { preSharedKey, authority } = lab.settings;

        await Promise.all([lab.gateway.close(), lab.world.ssh.close()]);
        await lab.stack.destroy();
        await lab.stack.remove();
        moved = true;
        await there.stack.init();
        await setUp(there);
        check("the new stack has a host and an SshGateway, and no gateway of our making", (await has(there.stack, "SshGateway")) && !(await has(there.stack, "LabGateway")));
        check("and minted another key and another authority", there.settings.preSharedKey !== preSharedKey && there.settings.authority !== authority);
        await connect(there, report, devices, false, "twin: of that host");
        const restored = identity(there, "restore", file, passphrase);
        check("the backup is restored into its config, encrypted", restored.code === 0 && !fs.readFileSync(there.stack.configFile, "utf8").includes(preSharedKey), restored.said);
        const { seconds } = await there.stack.up();
        await there.read();
        figure(`pulumi up with the identity: ${seconds.toFixed(0)} s`);
        check("it tells what the first gateway told", there.settings.preSharedKey === preSharedKey && there.settings.authority === authority);
        await connect(there, report, devices, true, "restored");
        const again = await there.stack.previewUnchanged();
        check("a preview after it has no changes", again.code === 0, again.code === 0 ? "" : again.stdout);
      } finally {
        for (const one of [folder, profiles]) if (one !== undefined) fs.rmSync(one, { recursive: true, force: true });
        // The lab as it was, for whatever comes next.
        if (moved) {
          await Promise.all([there.gateway?.close(), there.world?.ssh.close()]);
          await there.stack.destroy();
          await there.stack.remove();
          fs.writeFileSync(lab.stack.configFile, config);
          await lab.stack.init();
          await lab.stack.up();
          await lab.read();
        }
      }
    },
  },
];
