import { labAddresses } from "../networks";
import { sleep } from "../progress";
import type { BenchLab } from "./benchLab";
import { halfOpen } from "./forge";
import type { Functional } from "./functional";
import type { Ratios } from "./tuning";

interface Listed {
  name: string;
  shipped: boolean;
  remark?: string;
}

const charonFile = "/etc/strongswan.d/vpn-gateway.conf";
const offload: Listed = { name: "esp4_offload loaded", shipped: false, remark: "GRO for ESP; within UDP only where the daemon asks for it" };

async function restartCharon(bench: BenchLab, withoutLines?: string): Promise<void> {
  const edit = withoutLines === undefined ? `cp /run/charon.conf ${charonFile}` : `sed -i -E '/${withoutLines}/d' ${charonFile}`;
  await bench.gateway.mustRun(`[ -f /run/charon.conf ] || cp ${charonFile} /run/charon.conf; ${edit}; systemctl restart strongswan && swanctl --load-all --noprompt >/dev/null`, { timeoutSeconds: 120 });
  await sleep(1000);
}

/** ESP's offload module can only go when no SA uses it, so its clients connect anew each time. */
async function espOffload(bench: BenchLab, runs: number, ratios: Ratios, say: (line: string) => void): Promise<void> {
  const seconds = 3;
  const round = async (load: boolean) => {
    await bench.disconnect(1, 2, "direct");
    await bench.gateway.mustRun(load ? "modprobe esp4_offload" : "ip xfrm state flush; ip xfrm policy flush; rmmod esp4_offload 2>/dev/null; ! grep -q '^esp4_offload' /proc/modules");
    await bench.connect(1, "l2tp", { espProposals: "aes256gcm16" });
    await bench.connect(2, "ikev2", { espProposals: "aes256gcm16" });
    await bench.connect("direct", "ikev2", { espProposals: "aes256gcm16" });
    const rates: Record<string, number> = {};
    for (const [protocol, namespace] of [["l2tp", "c1"], ["ikev2", "c2"], ["ikev2 without NAT", "direct"]])
      rates[protocol] = (await bench.tcp(namespace, labAddresses.insideHost, { seconds, direction: "both" })).megabits;
    return rates;
  };
  for (let repeat = 0; repeat < runs; repeat++) {
    const first = await round(repeat % 2 === 0);
    const second = await round(repeat % 2 !== 0);
    const [withIt, without] = repeat % 2 === 0 ? [first, second] : [second, first];
    for (const protocol of Object.keys(withIt)) ratios.add(offload.name, protocol, without[protocol], withIt[protocol]);
    say(`repeat ${repeat + 1}: ${offload.name}: ${Object.keys(withIt).map((key) => `${key} ${(withIt[key] / without[key]).toFixed(2)}`).join(", ")} of ours`);
  }
  await bench.disconnect(1, 2, "direct");
  await bench.gateway.run("rmmod esp4_offload");
}

/** charon's own: how many half-open SAs one address may have. */
async function charon(bench: BenchLab): Promise<Functional[]> {
  const dialled = 30;
  const office = async () => {
    const said = (await bench.world.ssh.mustRun("ip netns exec c1 python3 -", { stdin: halfOpen(labAddresses.gatewayOutside, dialled), timeoutSeconds: 90 })).trim();
    return said.split(" ").map(Number);
  };
  const ours = await office();
  await restartCharon(bench, "^ *(block_threshold|cookie_threshold|cookie_threshold_ip) ");
  const without = await office();
  await restartCharon(bench);
  const words = ([answered, cookies, refused]: number[]) => `${answered} answered, ${cookies} asked for a cookie, ${dialled - answered - cookies} ignored${refused > 0 ? ` (${refused} refused)` : ""}`;
  return [
    {
      name: "charon: block_threshold, cookie_threshold_ip, cookie_threshold",
      shipped: true,
      effect: `${dialled} first messages from one address at once: ${words(ours)} with ours; ${words(without)} without`,
      acts: ours[0] > without[0],
    },
  ];
}

/** Goodput of L2TP outside of the kernel, to show what its module is worth. */
async function userspace(bench: BenchLab, say: (line: string) => void): Promise<Functional> {
  const file = "/etc/xl2tpd/xl2tpd.conf";
  const measure = async () => {
    await bench.connect(1, "l2tp", { espProposals: "aes256gcm16" });
    const { megabits } = await bench.tcp("c1", labAddresses.insideHost, { seconds: 3, direction: "both" });
    await bench.disconnect(1);
    return megabits;
  };
  const kernel = await measure();
  await bench.gateway.mustRun(`cp ${file} /run/xl2tpd.conf; sed -i 's/^port = .*/&\\nforce userspace = yes/' ${file}; systemctl restart xl2tpd`);
  const forced = await measure().catch(() => 0);
  await bench.gateway.mustRun(`cp /run/xl2tpd.conf ${file}; systemctl restart xl2tpd`);
  say(`L2TP: kernel ${kernel.toFixed(0)}, userspace ${forced.toFixed(0)} Mbit/s`);
  return {
    name: "L2TP in the kernel (l2tp_ppp)",
    shipped: true,
    effect: `${kernel.toFixed(0)} Mbit/s with it, ${forced.toFixed(0)} where xl2tpd is told not to use it`,
    acts: kernel > 2 * forced,
  };
}

/** What needs daemons or modules to start again: after everything that measures live sessions. */
export async function restartTunings(bench: BenchLab, runs: number, ratios: Ratios, say: (line: string) => void): Promise<{ listed: Listed[]; functional: Functional[] }> {
  await bench.disconnect(1, 2, 3, 4, 5, 6, 7, 8, "direct");
  const functional: Functional[] = [];
  const attempt = async (name: string, work: () => Promise<void>) => {
    await work().catch((error: Error) => functional.push({ name, shipped: true, effect: `not measured: ${error.message}`, acts: null }));
  };
  await attempt(offload.name, () => espOffload(bench, runs, ratios, say));
  await bench.disconnect(1, 2, "direct");
  await attempt("L2TP in the kernel", async () => void functional.push(await userspace(bench, say)));
  await attempt("charon", async () => void functional.push(...(await charon(bench))));
  functional.forEach(({ name, effect }) => say(`${name}: ${effect}`));
  return { listed: [offload], functional };
}
