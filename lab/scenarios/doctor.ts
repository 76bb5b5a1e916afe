import { labAddresses } from "../networks";
import { sleep } from "../progress";
import type { Lab } from "./lab";
import type { Report, Scenario } from "./scenario";

export interface Finding {
  cause: string;
  evidence: string;
  remedy: string;
}

/** What the doctor says of the machine and of the log since `began` (the gateway's own seconds). */
export async function findings(lab: Lab, began: number, more = ""): Promise<Finding[]> {
  const now = Number(await lab.gateway.mustRun("date +%s"));
  const minutes = Math.max(1, Math.ceil((now - began) / 60));
  const said = await lab.gateway.run(`vpn-gateway doctor --json --minutes ${minutes} ${more}`, { timeoutSeconds: 120 });
  return JSON.parse(said.stdout) as Finding[];
}

/** The gateway's own seconds, and a check that the doctor names a cause, with such evidence, of what was since some second of it. */
export function naming(lab: Lab, { check }: Report) {
  const clock = async () => Number(await lab.gateway.mustRun("date +%s"));
  const named = async (what: string, cause: string, evidence: RegExp, began: number, more = "") => {
    const all = await findings(lab, began, more);
    const found = all.find((one) => one.cause === cause && evidence.test(one.evidence));
    check(`${what}: ${cause}`, found !== undefined && found.remedy !== "", found?.evidence ?? all.map((one) => `${one.cause}: ${one.evidence}`).join("; "));
  };
  return { clock, named };
}

/** The log of what other scenarios did wrong on purpose is older than this. */
export async function forgetLog(lab: Lab): Promise<void> {
  await lab.gateway.mustRun("journalctl --rotate -q && journalctl --vacuum-time=1s -q");
}

/** Every fault is made on purpose, and the doctor must call it by its name. */
export const doctor: Scenario[] = [
  {
    name: "doctor",
    shows: "`vpn-gateway doctor` names the cause of each of a dozen faults that are made on purpose, with what helps",
    twin: "before, with clients that get in, it finds nothing",
    seconds: 300,
    async run(lab, report) {
      const { check } = report;
      const { clock, named } = naming(lab, report);
      await forgetLog(lab);
      let began = await clock();
      await lab.connect(1, "l2tp", "alice");
      await lab.connect(2, "ikev2", "bob");
      const healthy = await findings(lab, began);
      check("twin: with two good clients it finds nothing", healthy.length === 0, healthy.map(({ cause, evidence }) => `${cause}: ${evidence}`).join("; "));

      began = await clock();
      await lab.connect(2, "ikev2", "bob", { proposals: "3des-sha1-modp1024" });
      await lab.connect(2, "ikev2", "bob", { password: "wrong" });
      await lab.connect(2, "ikev2", "mallory", { password: "anything" });
      await lab.connect(3, "ikev2", "bob", { serverId: "other.example.com" });
      await lab.connect(3, "ikev2", "bob", { caCertificate: lab.strangersAuthority });
      await lab.connect(1, "l2tp", "alice", { psk: "quite another key than that", ikeTimeoutSeconds: 15 });
      await named("a weak proposal", "NO_PROPOSAL_CHOSEN", /3DES.*takes.*AES_GCM/, began);
      await named("a wrong password", "WRONG_PASSWORD", /"bob"/, began);
      await named("a stranger", "UNKNOWN_USER", /"mallory"/, began);
      await named("a client that asks for another gateway", "WRONG_GATEWAY_NAME", /other\.example\.com/, began);
      await named("a client that does not trust the gateway", "CLIENT_REFUSES_CERTIFICATE", /198\.51\.100\.2/, began);
      await named("a wrong pre-shared key", "WRONG_PRE_SHARED_KEY", /198\.51\.100\.2/, began);

      began = await clock();
      await lab.world.run("edge", "nft 'add table inet block; add chain inet block f { type filter hook forward priority 0; }; add rule inet block f udp dport 4500 drop'");
      await lab.connect(2, "ikev2", "bob", { ikeTimeoutSeconds: 15 });
      await lab.world.run("edge", "nft delete table inet block");
      await sleep(32_000); // charon gives a half-open SA 30 s
      await named("UDP 4500 shut on the way", "UDP_4500_BLOCKED", /198\.51\.100\.2/, began);

      began = await clock();
      await lab.gateway.mustRun("sysctl -qw net.ipv4.ip_forward=0");
      await named("forwarding off", "FORWARDING_OFF", /ip_forward is 0/, began);
      await lab.gateway.mustRun("sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.wan0.rp_filter=1");
      await lab.world.run("isp", `ip addr add 10.20.0.77/32 dev lo; ping -c 2 -W 1 -I 10.20.0.77 ${lab.settings.endpoint}; ip addr del 10.20.0.77/32 dev lo`);
      await named("strict reverse path filtering", "RP_FILTER", /wan0.*dropped [1-9]/, began);
      await lab.gateway.mustRun("sysctl -qw net.ipv4.conf.wan0.rp_filter=0; systemctl stop xl2tpd");
      await named("xl2tpd stopped", "DAEMON_DOWN", /xl2tpd/, began);
      await lab.gateway.mustRun("modprobe -r l2tp_ppp; echo 'install l2tp_ppp /bin/false' > /etc/modprobe.d/lab.conf");
      await named("no l2tp_ppp in the kernel", "NO_PPP_IN_KERNEL", /l2tp_ppp/, began);
      await lab.gateway.mustRun("rm /etc/modprobe.d/lab.conf; modprobe l2tp_ppp; systemctl start xl2tpd");
      const today = await clock();
      await lab.gateway.mustRun("date -qs 2020-01-01 2>/dev/null || date -s 2020-01-01");
      const wrong = await findings(lab, 1577836800);
      await lab.gateway.mustRun(`date -s @${today + 15}`);
      // The hardware's clock was not told.
      await lab.gateway.mustRun(`date -qs @${today + 20 + 3600 * 30} 2>/dev/null || date -s @${today + 20 + 3600 * 30}`);
      const ahead = await findings(lab, today + 3600 * 30);
      await lab.gateway.mustRun(`date -s @${today + 25}`);
      check("a clock of the day after tomorrow: CLOCK_WRONG", ahead.some((one) => one.cause === "CLOCK_WRONG" && /30\.\d hours ahead/.test(one.evidence)), ahead.map((one) => `${one.cause}: ${one.evidence}`).join("; "));
      const mended = await findings(lab, await clock());
      check("twin: with the clock mended it is silent of it", !mended.some((one) => one.cause === "CLOCK_WRONG"), mended.map((one) => one.cause).join(", "));
      check("a clock of years ago: CLOCK_WRONG and CERTIFICATE_NOT_VALID", ["CLOCK_WRONG", "CERTIFICATE_NOT_VALID"].every((cause) => wrong.some((one) => one.cause === cause)), wrong.map((one) => one.cause).join(", "));

      began = await clock();
      await lab.world.linkMtu(1400, true);
      await named("a path of 1400 bytes that says nothing", "MTU_BLACK_HOLE", /bytes of 1400|of 1400 bytes/, began, "--client 198.51.100.60");
      await lab.world.linkMtu(1500);
      const whole = await findings(lab, began, "--client 198.51.100.60");
      check("twin: with the path whole it is silent", !whole.some(({ cause }) => /MTU/.test(cause)), whole.map(({ cause }) => cause).join(", "));

      began = await clock();
      await lab.stack.set("ikev2Pool", "10.77.6.0/30");
      await lab.stack.up();
      for (const [client, user] of [[2, "alice"], [3, "bob"], [4, "alice"]] as const) await lab.connect(client, "ikev2", user);
      await named("three clients for two addresses", "POOL_EXHAUSTED", /ikev2-ipv4/, began);
      const { insideHost } = labAddresses;
      const served = await lab.world.ping(2, insideHost, { count: 2 });
      check("twin: who has one of the two goes on", served.received === 2, `${served.received} of 2`);
    },
  },
];
