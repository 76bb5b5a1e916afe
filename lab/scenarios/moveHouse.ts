import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { labAddresses } from "../networks";
import type { ConnectOptions } from "../world";
import type { Lab } from "./lab";
import type { Report, Scenario } from "./scenario";

/** Two devices that were enrolled once, and are told nothing new. */
type Devices = readonly { client: number; options: ConnectOptions }[];

async function connect(lab: Lab, { check }: Report, devices: Devices, gets: boolean, when: string): Promise<void> {
  for (const { client, options } of devices) {
    const { connected, reason } = await lab.world.connect(client, { ...options, ikeTimeoutSeconds: gets ? undefined : 20 });
    const { received, sent } = connected ? await lab.world.ping(client, labAddresses.insideHost, { count: 3 }) : { received: 0, sent: 3 };
    check(`${when} the ${options.protocol} device ${gets ? "connects with what it has and reaches the inside" : "is refused"}`, gets ? connected && received === sent : !connected, reason ?? `${received} of ${sent}`);
    await lab.world.disconnect(client);
  }
}

/** The tool as a person calls it. */
export function identity(lab: Lab, action: "backup" | "restore", file: string, passphraseFile: string) {
  const { status, stderr, stdout } = spawnSync(path.join(lab.stack.root, "scripts", "identity"), [action, file, "--stack", lab.stack.name, "--passphrase-file", passphraseFile], { encoding: "utf8" });
  return { code: status, said: stdout + stderr };
}

export const moveHouse: Scenario[] = [
  {
    name: "move-house",
    shows: "the machine replaced, then everything destroyed and made anew by another stack with the identity restored from an encrypted backup: enrolled devices connect with nothing changed on them",
    twin: "a new stack without it refuses the same devices; another passphrase restores nothing",
    seconds: 900,
    async run(lab, report) {
      const { check, figure } = report;
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "move-house-"));
      const [file, right, wrong] = ["identity.gpg", "right", "wrong"].map((name) => path.join(folder, name));
      fs.writeFileSync(right, "a passphrase of some length", { mode: 0o600 });
      fs.writeFileSync(wrong, "another", { mode: 0o600 });
      const devices: Devices = [
        { client: 1, options: lab.login("l2tp", "alice") },
        { client: 2, options: lab.login("ikev2", "bob") },
      ];
      const machine = async () => (await lab.gateway.mustRun("cat /etc/ssh/ssh_host_ed25519_key.pub /proc/sys/kernel/random/boot_id")).trim();
      try {
        await connect(lab, report, devices, true, "at first");
        const { code, said } = identity(lab, "backup", file, right);
        check("the identity is written to a file that its owner alone reads", code === 0 && (fs.statSync(file).mode & 0o777) === 0o600, said);
        const written = fs.readFileSync(file, "latin1");
        const { preSharedKey, passwords, authority } = lab.settings;
        check("with nothing of it in clear", [preSharedKey, ...Object.values(passwords), authority.split("\n")[1]].every((text) => text.length > 10 && !written.includes(text)));
        check("a backup does not overwrite one", identity(lab, "backup", file, right).code === 1);

        const before = await machine();
        const state = JSON.parse(await lab.stack.state()) as { deployment: { resources: { urn: string }[] } };
        const urn = state.deployment.resources.find((one) => one.urn.endsWith("::gateway-machine"))!.urn;
        const replaced = await lab.stack.call(["up", "--yes", "--skip-preview", "--non-interactive", "--color", "never", "--replace", urn], { timeoutSeconds: 1800 });
        await lab.read();
        check("the machine is another one", (await machine()) !== before, replaced.stdout.split("\n").filter((line) => line.includes("gateway-machine")).at(-1));
        await connect(lab, report, devices, true, "on the new machine");

        const config = fs.readFileSync(lab.stack.configFile, "utf8");
        await Promise.all([lab.gateway.close(), lab.world.ssh.close()]);
        await lab.stack.destroy();
        await lab.stack.remove();
        fs.writeFileSync(lab.stack.configFile, config);
        await lab.stack.init();
        await lab.stack.up();
        await lab.read();
        check("a new stack mints another key", lab.settings.preSharedKey !== preSharedKey && lab.settings.authority !== authority);
        await connect(lab, report, devices, false, "twin: of a new stack");
        const unopened = identity(lab, "restore", file, wrong);
        check("twin: another passphrase restores nothing, and says so", unopened.code === 1 && /nothing was changed/.test(unopened.said) && !fs.readFileSync(lab.stack.configFile, "utf8").includes("identity"), unopened.said);
        const restored = identity(lab, "restore", file, right);
        check("with the right one the config has it, encrypted", restored.code === 0 && !fs.readFileSync(lab.stack.configFile, "utf8").includes(preSharedKey), restored.said);
        const { seconds } = await lab.stack.up();
        await lab.read();
        figure(`pulumi up with the identity: ${seconds.toFixed(0)} s`);
        await connect(lab, report, devices, true, "restored");
        const again = await lab.stack.previewUnchanged();
        check("a preview after it has no changes", again.code === 0, again.code === 0 ? "" : again.stdout);
      } finally {
        fs.rmSync(folder, { recursive: true, force: true });
      }
    },
  },
];
