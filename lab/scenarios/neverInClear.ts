import * as fs from "node:fs";
import * as path from "node:path";
import { sleep, until } from "../progress";
import type { ProfileOptions } from "../world";
import { changed, gatewayName, linuxProfile, write } from "./clientProfiles";
import type { Lab } from "./lab";
import type { Report, Scenario } from "./scenario";

const client = 2;
const connection = `${gatewayName}-l2tp`;
const file = `/etc/swanctl/conf.d/${connection}.conf`;

/** IKE and ESP are kept from the gateway, as somebody on the way can. */
const shut = "nft 'add table inet block; add chain inet block f { type filter hook forward priority 0; }; add rule inet block f udp dport { 500, 4500 } drop'";
const open = "nft 'delete table inet block'";

/** Its child SA, and not the shunt. */
const states = "ip xfrm state | grep -c '^src' || true";

/** Connects, has IKE shut on the way until the client gave its SAs up and dialled L2TP again, and tells what went out in clear. */
async function besieged(lab: Lab, { check }: Report, profile: ProfileOptions, prefix: string): Promise<{ clear: number; dialled: number }> {
  const { world } = lab;
  const found = await world.connectProfile(client, profile);
  check(`${prefix}bob's L2TP profile connects`, found.connected, found.reason);
  const calls = async () => Number((await world.run(`c${client}`, `journalctl -u lab-xl2tpd-c${client} -o cat | grep -c 'Connecting to host' || true`)).stdout.trim());
  const before = await calls();
  await world.captureStart("clear", "udp port 1701");
  await world.run("edge", shut);
  try {
    const gone = await until(async () => (await world.run(`c${client}`, states)).stdout.trim() === "0", 120);
    check(`${prefix}the client gives its SAs up`, gone);
    await until(async () => (await calls()) > before, 120);
    // xl2tpd asks five times.
    await sleep(20_000);
    const { packets } = await world.captureCount("clear");
    return { clear: packets, dialled: (await calls()) - before };
  } finally {
    await world.run("edge", open);
    await world.captureStop("clear");
  }
}

export const neverInClear: Scenario[] = [
  {
    name: "l2tp-never-in-clear",
    shows: "a Linux client by our files whose IKE somebody keeps from the gateway dials on, nothing of it leaves in clear, and it comes back by itself",
    twin: "without the shunt policy of its file its L2TP leaves in clear, for whoever sits on the way to answer",
    seconds: 200,
    async run(lab, report) {
      const { check, figure } = report;
      const folder = write(lab, ["--user", "bob"]);
      try {
        const whole = linuxProfile(path.join(folder, "bob"), "l2tp");
        // Given up sooner than after the profile's two minutes, and dialled anew as it says.
        const hasty = changed(changed(whole, file, /dpd_delay = .*/, "dpd_delay = 3s"), file, /dpd_timeout = .*/, "dpd_timeout = 12s");
        const profile = changed(hasty, `/etc/ppp/options.${connection}`, /^lcp-echo-interval .*/m, "lcp-echo-interval 4");
        const guarded = await besieged(lab, report, profile, "");
        check("nothing of L2TP left in clear", guarded.clear === 0, `${guarded.clear} packets`);
        check("though xl2tpd dialled", guarded.dialled > 0, `${guarded.dialled} times`);
        const back = await lab.answersWithin(client, 180);
        check("once IKE passes again the client comes back by itself", back !== undefined, `${back?.toFixed(1)} s`);

        const bare = await besieged(lab, report, changed(profile, file, /start_action = trap/, "start_action = none"), "twin: ");
        check("twin: without the shunt policy its L2TP leaves in clear", bare.clear > 0, `${bare.clear} packets`);
        figure(`packets of L2TP in clear while IKE was shut: ${guarded.clear}, and ${bare.clear} without the policy`);
      } finally {
        fs.rmSync(folder, { recursive: true, force: true });
      }
    },
  },
];
