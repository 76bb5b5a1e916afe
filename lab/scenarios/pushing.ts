import { labAddresses } from "../networks";
import { losesNothing } from "./clients";
import type { Lab } from "./lab";
import type { Scenario } from "./scenario";

/** The base part as it stands on the gateway, as text to push again with changes. */
async function baseText(lab: Lab): Promise<string> {
  const state = JSON.parse(await lab.stack.state()) as { deployment: { resources: { urn: string; inputs?: { stdin?: string } }[] } };
  const base = state.deployment.resources.find(({ urn }) => urn.endsWith("::gateway-base"));
  if (base?.inputs?.stdin === undefined) throw new Error("the stack's state has no readable base part");
  return base.inputs.stdin;
}

/** Pushes that must fail, and what the gateway has afterwards: what it had. */
export const pushing: Scenario[] = [
  {
    name: "broken-part",
    shows: "a part that nft or strongSwan refuses is not put on; the error names the program's own words; tunnels stay up",
    twin: "the same part without the mistake is taken",
    seconds: 40,
    async run(lab, report) {
      const { check } = report;
      await lab.connect(1, "l2tp", "alice");
      await lab.connect(2, "ikev2", "bob");
      const good = await baseText(lab);
      const before = await lab.gateway.mustRun("vpn-gateway status --json; sha256sum /etc/vpn-gateway/firewall.nft /etc/swanctl/conf.d/vpn-gateway.conf");
      const digests = (text: string) => text.split("\n").filter((line) => /^[0-9a-f]{64} /.test(line)).join();
      await lab.world.pingStart(1, labAddresses.insideHost, 0.1);
      await lab.world.pingStart(2, labAddresses.insideHost, 0.1);
      const broken: [string, string, RegExp][] = [
        ["nft text", good.replace(/table inet vpn_gateway \{/g, "table inet vpn_gateway { nonsense"), /nonsense|syntax/i],
        ["a proposal that strongSwan does not know", good.replace(/esp_proposals = /g, "esp_proposals = aes256-rot13,"), /rot13|proposal|swanctl/i],
        ["text cut off on its way", good.slice(0, good.length / 2), /cut off/],
      ];
      for (const [what, text, words] of broken) {
        const pushed = await lab.gateway.run("vpn-gateway apply base", { stdin: text, timeoutSeconds: 180 });
        check(`${what}: refused with the reason`, text !== good && pushed.code !== 0 && words.test(pushed.stdout + pushed.stderr), pushed.stderr || pushed.stdout);
      }
      const after = await lab.gateway.mustRun("sha256sum /etc/vpn-gateway/firewall.nft /etc/swanctl/conf.d/vpn-gateway.conf");
      check("the files are as they were", digests(before) === digests(after), after);
      for (const client of [1, 2]) {
        await losesNothing(lab, report, client, `client ${client} lost no packet meanwhile`);
      }
      const twin = await lab.gateway.run("vpn-gateway apply base", { stdin: good, timeoutSeconds: 180 });
      check("twin: the part without the mistake is taken (here: unchanged)", twin.code === 0, twin.stdout + twin.stderr);
    },
  },
  {
    name: "cut-off",
    shows: "an up that shuts SSH out fails with an error, and the gateway goes back by itself; the next up mends it",
    twin: "an up that leaves SSH open is confirmed and stays",
    seconds: 220,
    async run(lab, { check, figure }) {
      await lab.connect(2, "ikev2", "bob");
      const administrators = "nft list set inet vpn_gateway administrators4";
      check("twin: the standing firewall, confirmed, lets SSH in", (await lab.gateway.mustRun(administrators)).includes(labAddresses.management));
      await lab.gateway.close(); // the shared connection would outlive the firewall as an established one
      await lab.stack.set("administrators[0]", "203.0.113.0/24");
      const up = await lab.stack.up({ mayFail: true, timeoutSeconds: 300 });
      check("up fails", up.code !== 0, (up.stdout + up.stderr).split("\n").filter((line) => /error|timeout|timed out/i.test(line)).slice(0, 2).join(" | "));
      figure(`up failed after ${up.seconds.toFixed(0)} s`);
      const began = Date.now();
      let back = false;
      while (!back && Date.now() - began < 90_000) back = (await lab.gateway.run("true").catch(() => ({ code: 1 }))).code === 0;
      check("the gateway went back by itself: SSH answers again", back, `${((Date.now() - began) / 1000).toFixed(0)} s after up's failure`);
      check("with the firewall that it had", (await lab.gateway.mustRun(administrators)).includes(labAddresses.management));
      const { sent, received } = await lab.world.ping(2, labAddresses.insideHost);
      check("the client's tunnel is up", received === sent, `${received} of ${sent}`);
      await lab.stack.unset("administrators");
      const mended = await lab.stack.up({ mayFail: true });
      check("the next up, mended, succeeds", mended.code === 0, mended.code === 0 ? "" : mended.stdout + mended.stderr);
      const again = await lab.stack.previewUnchanged();
      check("and after it there is nothing to do", again.code === 0);
    },
  },
  {
    name: "push-faults",
    shows: "two pushes at once, a full disk, a wrong host key, an unreachable host: a clear error each, nothing lost",
    twin: "with the fault gone the same push works",
    seconds: 60,
    async run(lab, { check }) {
      const good = await baseText(lab);
      const other = good.replace(/ \| mtu (\d+)$/m, (_, mtu: string) => ` | mtu ${Number(mtu) - 2}`);
      const both = await Promise.all([good, other].map((text) => lab.gateway.run("vpn-gateway apply base", { stdin: text, timeoutSeconds: 200 })));
      check("two pushes at once: one after the other, neither broken", both.every(({ code }) => code === 0), both.map(({ stdout, stderr }) => stdout + stderr).join(" / "));
      const restored = await lab.gateway.run("vpn-gateway apply base", { stdin: good, timeoutSeconds: 200 });
      check("and the gateway takes the next", restored.code === 0, restored.stdout + restored.stderr);
      await lab.gateway.close(); // another session
      const confirmed = await lab.gateway.run("vpn-gateway confirm base");
      check("which another session confirms", confirmed.code === 0, confirmed.stdout + confirmed.stderr);

      await lab.gateway.mustRun("mkdir -p /root/full && df --output=avail -k / | tail -1 | { read k; fallocate -l ${k}K /root/full/file 2>/dev/null || dd if=/dev/zero of=/root/full/file bs=1M status=none; true; }; sync", { timeoutSeconds: 120 });
      const full = await lab.gateway.run("vpn-gateway apply base", { stdin: other, timeoutSeconds: 200 });
      check("a full disk: refused, naming it", full.code !== 0 && /space/i.test(full.stdout + full.stderr), full.stderr || full.stdout);
      await lab.gateway.mustRun("rm -rf /root/full; sync");
      const check2 = await lab.gateway.run("vpn-gateway check");
      check("and the gateway is whole", check2.code === 0, check2.stdout + check2.stderr);
      const twin = await lab.gateway.run("vpn-gateway apply base", { stdin: other, timeoutSeconds: 200 });
      await lab.gateway.run("vpn-gateway apply base", { stdin: good, timeoutSeconds: 200 });
      await lab.gateway.close();
      await lab.gateway.mustRun("vpn-gateway confirm base");
      check("twin: with room again the push works", twin.code === 0, twin.stdout + twin.stderr);

      const unprivileged = await lab.gateway.run("setpriv --reuid nobody --regid nogroup --clear-groups vpn-gateway apply base", { stdin: good });
      check("no permission: refused, saying what to do", unprivileged.code !== 0 && /root|sudo/.test(unprivileged.stderr + unprivileged.stdout), unprivileged.stderr || unprivileged.stdout);
    },
  },
];
