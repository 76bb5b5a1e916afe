import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Scenario } from "./scenario";

/** Secrets stay where they belong. */
export const keeping: Scenario[] = [
  {
    name: "secrets",
    shows: "no password and no pre-shared key is in user data, state, logs, command lines, environments or readable files",
    twin: "the same search finds them in the files of mode 0600 where they belong",
    seconds: 60,
    async run(lab, { check }) {
      await lab.connect(1, "l2tp", "alice");
      await lab.connect(2, "ikev2", "bob");
      const { passwords, preSharedKey } = lab.settings;
      const canaries = [...Object.values(passwords), preSharedKey].flatMap((secret) => [secret, Buffer.from(secret).toString("base64").replace(/=+$/, "")]);
      const state = await lab.stack.state();
      check("the state holds none in clear", !canaries.some((canary) => state.includes(canary)));
      const up = await lab.stack.up();
      check("an up prints none", !canaries.some((canary) => (up.stdout + up.stderr).includes(canary)));
      const preview = await lab.stack.preview();
      check("a preview prints none", !canaries.some((canary) => (preview.stdout + preview.stderr).includes(canary)));

      // The patterns go by standard input and stay in a file of root's, so that the search does not find itself.
      const search = (where: string) =>
        lab.gateway.mustRun(`umask 077; cat > /root/.canaries; ${where}; rm -f /root/.canaries`, { stdin: canaries.join("\n") + "\n", timeoutSeconds: 120 });
      const places: [string, string][] = [
        ["user data", "grep -rlaFf /root/.canaries /var/lib/cloud /run/cloud-init 2>/dev/null || true"],
        ["the journal", "journalctl -b --no-pager | grep -cFf /root/.canaries | grep -v '^0$' || true"],
        ["logs", "grep -rlaFf /root/.canaries /var/log 2>/dev/null || true"],
        ["command lines", "for f in /proc/[0-9]*/cmdline; do tr '\\0' '\\n' <$f 2>/dev/null | grep -qFf /root/.canaries && echo $f; done; true"],
        ["environments", "for f in /proc/[0-9]*/environ; do tr '\\0' '\\n' <$f 2>/dev/null | grep -qFf /root/.canaries && echo $f; done; true"],
        ["files that others than root can read", "find / -xdev -type f -perm /044 -size -4M -print0 2>/dev/null | xargs -0 grep -laFf /root/.canaries 2>/dev/null | while read -r f; do d=$(dirname \"$f\"); setpriv --reuid nobody --regid nogroup --clear-groups test -r \"$f\" && echo \"$f\"; done; true"],
      ];
      for (const [what, where] of places) {
        const found = (await search(where)).trim();
        check(`none in ${what}`, found === "", found);
      }
      const own = await search("find /etc -type f -perm 0600 -print0 | xargs -0 grep -laFf /root/.canaries | sort");
      check("twin: the same search finds them where they belong", own.includes("/etc/ppp/chap-secrets") && own.includes("/etc/swanctl/conf.d/vpn-gateway-passwords.conf"), own);

      const logs = path.join(lab.stack.root, ".lab");
      const here = spawnSync("grep", ["-rlaF", "-f", "-", logs], { input: canaries.join("\n") + "\n", encoding: "utf8" });
      const elsewhere = here.stdout.split("\n").filter((file) => file !== "" && (fs.statSync(file).mode & 0o044) !== 0);
      check("none in a readable file of this checkout's lab folder", elsewhere.length === 0, elsewhere.join(", "));
    },
  },
];
