import { generateKeyPairSync } from "node:crypto";
import { connectEach } from "./clients";
import type { Lab } from "./lab";
import type { Scenario } from "./scenario";

/** What a gateway could change on a host: settings, rules, services, files. Without what changes by itself. */
const inventory = `
{
find /etc /usr/lib/vpn-gateway /usr/sbin/vpn-gateway /var/lib/vpn-gateway /var/log/vpn-gateway.log -xdev -type f \\
  -printf '%m %u ' -exec sha256sum {} \\;
find /etc -xdev -type l -printf '%p -> %l\\n'
} 2>/dev/null | sort
nft list ruleset | sed 's/packets [0-9]* bytes [0-9]*//'
sysctl -a 2>/dev/null | grep -E '^net\\.(ipv4|ipv6)\\.(ip_forward|conf\\.|ip_no_pmtu|tcp_)|^net\\.core\\.' | grep -vE 'stable_secret|dad_transmits'
systemctl list-unit-files --state=enabled --no-legend --no-pager
systemctl is-active strongswan xl2tpd vpn-gateway-firewall || true
`;

/** An sshd's public key that no machine has. */
function strangersKey(): string {
  const { publicKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  const part = (data: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, data.length]), data]);
  return `ssh-ed25519 ${Buffer.concat([part(Buffer.from("ssh-ed25519")), part(raw)]).toString("base64")}`;
}

async function refusedPush(lab: Lab, key: string, value: string): Promise<{ code: number; said: string; seconds: number }> {
  await lab.stack.set(key, value);
  const up = await lab.stack.up({ mayFail: true });
  await lab.stack.unset(key);
  return { code: up.code, said: up.stdout + up.stderr, seconds: up.seconds };
}

const errorLines = (said: string): string =>
  said.split("\n").filter((line) => /error|refused|not the pinned/i.test(line)).slice(0, 3).join(" | ");

/** Lines of one text that are not in the other. */
function without(text: string, other: string): string[] {
  const lines = other.split("\n");
  return text.split("\n").filter((line) => !lines.includes(line));
}

/** SshGateway: a host that somebody else made, and gets back. */
export const existing: Scenario[] = [
  {
    name: "existing-host",
    program: "existing-host",
    shows: "SshGateway turns a plain Debian host into a gateway, and takes itself away without a trace",
    twin: "a host with another key and a host that does not answer get an error that says so, and nothing changes",
    seconds: 240,
    async run(lab, report) {
      const { check, figure } = report;
      for (const [protocol, client, user] of [["l2tp", 1, "alice"], ["ikev2", 2, "bob"]] as const) {
        await connectEach(lab, report, [[protocol, client, user]]);
        check(`and reaches the inside host`, (await lab.answersWithin(client, 10)) !== undefined);
      }
      const generations = () => lab.gateway.mustRun("vpn-gateway status --json | tr -d ' ' | grep -o '\"generation\":[0-9]*' | tr '\\n' ' '");
      const before = await generations();
      const stranger = await refusedPush(lab, "hostKey", strangersKey());
      check("twin: another host key is refused", stranger.code !== 0 && stranger.said.includes("not the pinned"), errorLines(stranger.said));
      const closed = await refusedPush(lab, "port", "1");
      check("twin: a host that does not answer: an error that names it", closed.code !== 0 && closed.said.includes("127.0.0.1:1"), errorLines(closed.said));
      figure(`a host that does not answer: up fails after ${closed.seconds.toFixed(0)} s`);
      const mended = await lab.stack.up({ mayFail: true });
      check("with the right ones up succeeds again", mended.code === 0, mended.code === 0 ? "" : mended.stdout + mended.stderr);
      check("and changed no generation", before === (await generations()) && before !== "", before);

      await lab.stack.set("gateway", "false");
      await lab.stack.up();
      const bare = await lab.gateway.mustRun(inventory, { timeoutSeconds: 120 });
      check("taken away: nothing of ours is left", !/vpn.gateway/.test(bare), bare.split("\n").filter((line) => /vpn.gateway/.test(line)).join(" | "));
      await lab.stack.unset("gateway");
      const again = await lab.stack.up();
      figure(`the gateway on the bare host: ${again.seconds.toFixed(0)} s`);
      await lab.read();
      const { connected, reason } = await lab.connect(2, "ikev2", "bob");
      check("put there anew it works", connected, reason);
      await lab.stack.set("gateway", "false");
      await lab.stack.up();
      const bareAgain = await lab.gateway.mustRun(inventory, { timeoutSeconds: 120 });
      const differing = [without(bareAgain, bare), without(bare, bareAgain)].flat();
      check("taken away again: files, rules, sysctls and services are as before", differing.length === 0 && bare !== "", differing.join(" | "));
    },
  },
];
