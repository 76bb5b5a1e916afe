import { labAddresses } from "../networks";
import { sleep } from "../progress";
import type { Lab } from "./lab";
import type { Report, Scenario } from "./scenario";

const client = 1;
const options = "/etc/ppp/options.vpn-gateway";

/** L2TP's data, PPP that is, and none of its control messages: the first bit of UDP's payload tells them apart (RFC 2661, 3.1). */
const shut =
  "nft 'add table inet slow; add chain inet slow out { type filter hook output priority 0; }; add chain inet slow in { type filter hook input priority 0; }; " +
  "add rule inet slow out udp dport 1701 @th,64,1 0 counter drop; add rule inet slow in udp sport 1701 @th,64,1 0 counter drop'";
const open = "nft 'delete table inet slow'";
/** pppd asks ten times, each three seconds, if nobody tells it otherwise. */
const longerThanPppdAsks = 50;

/** Dials while no PPP passes either way, for longer than pppd asks by default; whether it passes packets within 60 s once PPP does. */
async function begunSlowly(lab: Lab, { check }: Report, prefix: string): Promise<number | undefined> {
  const { world } = lab;
  await world.run(`c${client}`, shut);
  try {
    // It waits for PPP no longer than this, and leaves xl2tpd as it is, which goes on.
    const dialling = lab.connect(client, "l2tp", "alice", { pppTimeoutSeconds: longerThanPppdAsks + 80 });
    await sleep(longerThanPppdAsks * 1000);
    const { stdout } = await world.run(`c${client}`, "ip l2tp show session | grep -c '^Session' || true");
    check(`${prefix}the call stands after ${longerThanPppdAsks} s without PPP`, stdout.trim() === "1", stdout);
    await world.run(`c${client}`, open);
    const began = Date.now();
    const { connected } = await dialling;
    const { received } = await world.ping(client, labAddresses.insideHost, { count: 3 });
    return connected && received > 0 ? (Date.now() - began) / 1000 : undefined;
  } finally {
    await world.run(`c${client}`, `${open} || true`);
    await world.disconnect(client);
  }
}

export const slowBeginning: Scenario[] = [
  {
    name: "l2tp-slow-beginning",
    shows: "an L2TP call that stands but whose PPP passes only after a minute, as when hundreds dial a gateway at once, comes up then",
    twin: "a gateway that asks as often as pppd does by default has it stand and never come up",
    seconds: 300,
    async run(lab, report) {
      const { check, figure } = report;
      const seconds = await begunSlowly(lab, report, "");
      check("once PPP passes the call comes up", seconds !== undefined, `${seconds?.toFixed(1)} s`);
      figure(`seconds from PPP passing until an answer through the tunnel: ${seconds?.toFixed(1)}`);
      await lab.gateway.mustRun(`sed -i.kept '/^lcp-max-configure/d' ${options}`);
      try {
        const never = await begunSlowly(lab, report, "twin: ");
        check("twin: without the gateway's asking on it does not, within 80 s", never === undefined, never === undefined ? "no answer" : `${never} s`);
      } finally {
        await lab.gateway.mustRun(`mv ${options}.kept ${options}`);
      }
      const { code, stdout } = await lab.gateway.run("vpn-gateway check");
      check("the gateway is as it was", code === 0, stdout);
    },
  },
];
