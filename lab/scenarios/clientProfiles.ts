import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { labAddresses } from "../networks";
import type { ClientName, ProfileOptions } from "../world";
import type { Lab } from "./lab";
import type { Scenario } from "./scenario";

export const gatewayName = "gateway";

/** The files of a user that `scripts/clients` wrote, as they go to a Linux machine's /etc. */
export function linuxProfile(folder: string, protocol: "ikev2" | "l2tp"): ProfileOptions {
  const root = path.join(folder, "linux", protocol);
  const names = fs.readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = names.map((entry) => {
    const file = path.join(entry.parentPath, entry.name);
    return [`/${path.relative(root, file)}`, fs.readFileSync(file, "utf8")];
  });
  return { protocol, name: protocol === "l2tp" ? `${gatewayName}-l2tp` : gatewayName, files: Object.fromEntries(files) as Record<string, string> };
}

/** The same with another text in one place of one of its files. */
export function changed(profile: ProfileOptions, file: string, from: string | RegExp, to: string): ProfileOptions {
  const text = profile.files[file].replace(from, to);
  if (text === profile.files[file]) throw new Error(`nothing to change in ${file}`);
  return { ...profile, files: { ...profile.files, [file]: text } };
}

/** Runs `scripts/clients` as a person would, into a new folder. */
export function write(lab: Lab, words: string[] = []): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "client-profiles-"));
  execFileSync(path.join(lab.stack.root, "scripts", "clients"), ["--stack", lab.stack.name, ...words, directory], { stdio: ["ignore", "pipe", "inherit"] });
  return directory;
}

/** What others may read under a folder. */
function readableByOthers(folder: string): string[] {
  return fs.readdirSync(folder, { recursive: true }).map(String).concat(".").filter((name) => (fs.statSync(path.join(folder, name)).mode & 0o077) !== 0);
}

export const clientProfiles: Scenario[] = [
  {
    name: "client-profiles",
    shows: "the Linux files that scripts/clients writes connect as they are, by swanctl and by xl2tpd, full and split tunnel",
    twin: "a profile with another's authority, another pre-shared key or another password is refused",
    seconds: 150,
    async run(lab, { check, figure }) {
      const directories: string[] = [];
      const written = (words?: string[]) => directories[directories.push(write(lab, words)) - 1];
      const reaches = async (who: string, client: ClientName, target: string) => {
        const { sent, received } = await lab.world.ping(client, target);
        check(`${who} reaches ${target}`, received === sent && sent > 0, `${received} of ${sent}`);
      };
      try {
        const all = written();
        check("a folder for each user", fs.readdirSync(all).sort().join() === "alice,bob", fs.readdirSync(all).join());
        check("nobody else may read any of it", readableByOthers(all).length === 0, readableByOthers(all).join());
        check("--user writes that user's alone", fs.readdirSync(written(["--user", "bob"])).join() === "bob");

        const ikev2 = linuxProfile(path.join(all, "alice"), "ikev2");
        const alice = await lab.world.connectProfile(1, ikev2);
        check("alice's swanctl files connect", alice.connected, alice.reason ?? `${alice.address}, ${alice.seconds} s`);
        const l2tp = linuxProfile(path.join(all, "bob"), "l2tp");
        const bob = await lab.world.connectProfile(2, l2tp);
        check("bob's swanctl, xl2tpd and pppd files connect", bob.connected, bob.reason ?? `${bob.address}, ${bob.seconds} s, MTU ${bob.mtu}`);
        check("with the kernel's L2TP", bob.kernelMode === true);
        for (const target of [labAddresses.insideHost, labAddresses.internetHost]) {
          await reaches("alice", 1, target);
          await reaches("bob", 2, target);
        }
        const route = await lab.world.run("c2", `ip route get ${labAddresses.internetHost}`);
        check("bob's way to the internet is the tunnel, by ip-up.d", route.stdout.includes(" dev ppp"), route.stdout);
        figure(`seconds to connect: swanctl ${alice.seconds}, xl2tpd ${bob.seconds}`);

        const twins: [string, ClientName, ProfileOptions][] = [
          ["alice's profile with another's authority", 1, changed(ikev2, `/etc/swanctl/x509ca/${gatewayName}.pem`, /[\s\S]+/, lab.strangersAuthority)],
          ["alice's profile with another password", 1, changed(ikev2, `/etc/swanctl/conf.d/${gatewayName}.conf`, /secret = .*/, 'secret = "another one"')],
          ["bob's profile with another pre-shared key", 2, changed(l2tp, `/etc/swanctl/conf.d/${gatewayName}-l2tp.conf`, /secret = .*/, 'secret = "not the right key at all"')],
          ["bob's profile with another password", 2, changed(l2tp, `/etc/ppp/options.${gatewayName}-l2tp`, /^password .*/m, 'password "another one"')],
        ];
        for (const [what, client, profile] of twins) {
          const { connected, reason } = await lab.world.connectProfile(client, profile);
          check(`twin: ${what} is refused`, !connected && reason !== undefined, reason);
        }

        await lab.stack.set("tunnel", "split");
        await lab.stack.up();
        await lab.read();
        const split = written();
        for (const [who, client, protocol] of [["alice", 1, "ikev2"], ["bob", 2, "l2tp"]] as const) {
          const { connected, reason } = await lab.world.connectProfile(client, linuxProfile(path.join(split, who), protocol));
          check(`split tunnel: ${who}'s ${protocol} files connect`, connected, reason);
          await reaches(who, client, labAddresses.insideHost);
        }
        const policies = await lab.world.run("c1", "ip xfrm policy");
        check("alice's tunnel holds the inside network and not everything", policies.stdout.includes(`dst ${labAddresses.insideNetwork}`) && !policies.stdout.includes("0.0.0.0/0 dir out"), policies.stdout);
        const ways = await lab.world.run("c2", `ip route get ${labAddresses.insideHost}; ip route get 198.51.100.1`);
        const [inside, elsewhere] = ways.stdout.split("\n").filter((line) => / dev /.test(line));
        check("bob's way inside is the tunnel, and elsewhere is not", inside.includes(" dev ppp") && !elsewhere.includes(" dev ppp"), ways.stdout);
      } finally {
        for (const directory of directories) fs.rmSync(directory, { recursive: true, force: true });
      }
    },
  },
];
