import { betweenOfficeAndHead, labForeignLns, lacProgram } from "../lac";
import { lacMtu } from "../../gateway/lac/mtu";
import { lacInterface, lacNames, lacPort } from "../../gateway/lac/names";
import { lacProposals } from "../../gateway/lac/proposals";
import { labClouds, labDevice } from "../networks";
import { sleep } from "../progress";
import { Sites } from "../sites";
import type { Lab } from "./lab";
import type { Scenario } from "./scenario";

const [office, cloud] = labClouds;

function lns(lab: Lab, action: "install" | "start" | "stop", what: "all" | "l2tp" = "all", changes: Partial<Record<keyof typeof labForeignLns, string>> = {}) {
  // The server's files are written by hand: a quote and a backslash as pppd wants them.
  const settings = { ...labForeignLns, ...changes };
  const password = settings.password.replace(/["\\]/g, "\\$&");
  return lab.world.call<{ version?: string }>(["lns", action, what], action === "start" ? { ...settings, password } : undefined, action === "install" ? 900 : 180);
}

/** What status says of a connection. */
async function statusLine(sites: Sites, name: string): Promise<string> {
  return (await sites.run(1, "vpn-gateway status")).stdout.split("\n").find((text) => text.startsWith(`lac ${name} `)) ?? "";
}

/** The gateway as access concentrator (LAC) of somebody's L2TP server (LNS). */
export const lac: Scenario[] = [
  {
    name: "lac-foreign",
    shows: "the gateway dials out to an L2TP server of Libreswan and xl2tpd, hosts reach what is behind it, and it is back by itself after the server was away; its own L2TP server goes on meanwhile",
    twin: "another password and another pre-shared key are refused and named by status; without the server not one packet leaves in clear, and without the connection's firewall and routes they do",
    program: lacProgram,
    seconds: 400,
    async run(lab, { check, figure }) {
      const name = "office-to-head";
      const sites = new Sites(lab);
      const own = lacInterface(name);
      const passes = async () => (await sites.ping(office.namespace, labDevice.host, 1)).received > 0;
      const line = () => statusLine(sites, name);
      const { version } = await lns(lab, "install");
      await lns(lab, "start");
      await lab.stack.set("foreign", "true");
      const made = await lab.stack.up();
      const up = await sites.standsWithin(1, name, 90);
      check(`${version} and xl2tpd: the session stands`, up !== undefined, await line());
      figure(`pulumi up ${made.seconds.toFixed(0)} s, stands ${up?.toFixed(1)} s later`);

      await lab.world.captureStart("lac", undefined, office.card);
      const { sent, received } = await sites.ping(office.namespace, labDevice.host);
      check("a host of the office reaches one behind the server", received === sent && sent > 0, `${received} of ${sent}`);
      const gateway = await sites.run(1, `ping -c 2 -W 2 ${labDevice.host}`);
      check("and so does the gateway itself", gateway.code === 0, gateway.stdout.split("\n").at(-3));
      const all = await lab.world.captureStop("lac");
      const clear = await lab.world.captureCount("lac", `(${betweenOfficeAndHead}) or udp port 1701 or udp port ${lacPort(name)}`);
      const esp = await lab.world.captureCount("lac", "esp");
      check("on the outer wire all of it is within ESP", clear.packets === 0 && esp.packets >= 10, `${clear.packets} in clear, ${esp.packets} in ESP of ${all.packets}; ${clear.first.join(" ")}`);
      const back = await sites.ping("branch", "10.41.0.10", 1);
      check("who is behind the server reaches the address that it gave", back.received === 1);
      const began = await lab.world.run("branch", `ip route add ${office.network} via 10.40.0.1; ping -c 2 -W 1 ${office.host}; ip route del ${office.network}`);
      check("and no host of the office", / 0 received/.test(began.stdout), began.stdout.split("\n").at(-3));
      const formula = lacMtu({ gateway: { name: "", room: true, endpoint: "", pools: [], outsideMtu: 1500 }, proposals: lacProposals });
      const found = await sites.largest(office.namespace, labDevice.host);
      check("the largest packet is what the formula gives, and one byte more does not pass", found.mtu === formula && found.oneMoreFails === true && (await sites.mtuOf(1, own)) === formula, `${found.mtu}, interface ${await sites.mtuOf(1, own)}, formula ${formula}`);
      const transfer = await lab.world.run("branch", "iperf3 -s -1 -D; sleep 1");
      const carried = transfer.code === 0 ? await sites.transfer(office.namespace, labDevice.host) : { megabitsPerSecond: 0 };
      check("TCP passes", carried.megabitsPerSecond > 0.5, `${carried.megabitsPerSecond} Mbit/s`);

      const alice = await lab.connect(1, "l2tp", "alice");
      check("the gateway's own L2TP server serves alice at the same time", alice.connected, alice.reason);
      const inside = await lab.world.ping(1, office.host);
      check("who reaches the office, and the connection still stands", inside.received > 0 && (await passes()), `${inside.received} of ${inside.sent}`);
      const one = await sites.must(1, "vpn-gateway sessions; vpn-gateway check");
      check("sessions shows her alone, and check finds nothing", /alice/.test(one) && !/office@head/.test(one) && /as they should be/.test(one), one);

      // The server's L2TP alone starts anew: IPsec stands all the while.
      await lab.world.captureStart("away", betweenOfficeAndHead, office.card);
      await lab.world.call(["host", "ping-start", office.namespace, labDevice.host, "--interval", 0.2, "--label", "restart"]);
      await lns(lab, "start", "l2tp");
      await sleep(3000);
      const restarted = await sites.seconds(passes, 120);
      const { longestGapMs } = await lab.world.call<{ longestGapMs: number | null }>(["host", "ping-stop", office.namespace, "--label", "restart"]);
      check("the server's xl2tpd restarted: it is back by itself", restarted !== undefined && longestGapMs !== null, await line());
      figure(`the server's xl2tpd restarted: ${((longestGapMs ?? 0) / 1000).toFixed(1)} s without an answer`);

      await lns(lab, "stop");
      const fell = await sites.fallsWithin(1, name, 90);
      const refused = await sites.ping(office.namespace, labDevice.host, 4);
      const told = await lab.world.run(office.namespace, `ping -c 2 -W 2 ${labDevice.host}`);
      check("the whole server away: a host is told that the far network is unreachable", fell !== undefined && refused.received === 0 && /[Uu]nreachable/.test(told.stdout + told.stderr), told.stdout.split("\n")[1]);
      check("and status says why", await sites.becomes(async () => /does not answer/.test(await sites.reason(1, name)), 90), await line());
      await lns(lab, "start");
      const again = await sites.seconds(passes, 120);
      check("with the server back so is the session, by itself", again !== undefined, await line());
      figure(`noticed after ${fell?.toFixed(1)} s, back ${again?.toFixed(1)} s after the server was`);
      const away = await lab.world.captureStop("away");
      check("not one packet in clear meanwhile", away.packets === 0, away.first.join(" "));

      await lns(lab, "start", "all", { preSharedKey: "quite-another-key-4711" });
      const differ = await sites.becomes(async () => /pre-shared keys differ/.test(await sites.reason(1, name)), 120);
      check("twin: another pre-shared key is refused, and status names it", differ && !(await passes()), await line());

      // All that keeps its packets in, taken away by hand.
      await lns(lab, "stop");
      const fromInside = `ping -c 2 -W 1 -I ${office.gatewayInside} ${labDevice.host} || true`;
      const names = lacNames(name);
      await sites.must(1, `systemctl stop vpn-gateway-sites ${names.unit}; ip route del unreachable ${labDevice.network} metric 4278198272; ip route get ${labDevice.host} | grep -q wan0`);
      await lab.world.captureStart("bare", betweenOfficeAndHead, office.card);
      await sites.must(1, fromInside);
      const held = await lab.world.captureStop("bare");
      check("without its route the firewall alone refuses", held.packets === 0, held.first.join(" "));
      await lab.world.captureStart("twin", betweenOfficeAndHead, office.card);
      await sites.must(1, `nft delete table inet ${names.table}; ${fromInside}`);
      const leaked = await lab.world.captureStop("twin");
      check("twin: without route and firewall the wire sees them in clear", leaked.packets > 0, `${leaked.packets} packets`);
      const drift = await sites.run(1, "vpn-gateway check");
      check("which vpn-gateway check names", drift.code === 1 && /no route refuses/.test(drift.stdout) && /is not in the kernel/.test(drift.stdout) && /does not run/.test(drift.stdout), drift.stdout);
      await sites.must(1, "systemctl start vpn-gateway-sites");
      await sites.putBack(1, names.part);
      await lns(lab, "start");
      check("the same part again puts all of it back", (await sites.seconds(passes, 120)) !== undefined && (await sites.run(1, "vpn-gateway check")).code === 0, await line());

      await lab.stack.set("password", "wrong");
      await lab.stack.up();
      const refusal = await sites.becomes(async () => /refuses the user "office@head" or its password/.test(await sites.reason(1, name)), 90);
      check("twin: another password is refused, and status names it", refusal && !(await passes()), await line());
      await lab.stack.unset("password");
      await lab.stack.up();
      check("with the right one it comes up by itself", (await sites.standsWithin(1, name, 90)) !== undefined, await line());
      const still = await lab.world.ping(1, office.host);
      check("alice's session has been up all the while", still.received > 0, `${still.received} of ${still.sent}`);
      const second = await lab.stack.up();
      check("a second up changes nothing", /(\d+) unchanged/.test(second.stdout) && !/\b(created|updated|replaced|deleted)\b/.test(second.stdout), second.stdout.split("\n").filter((text) => /unchanged|created|updated/.test(text)).join(" "));

      await lab.stack.set("foreign", "false");
      await lab.stack.up();
      const left = await sites.must(1, `ls /etc/vpn-gateway/sites /etc/vpn-gateway/lac /etc/vpn-gateway/firewall.d /etc/swanctl/conf.d /etc/ppp /etc/systemd/system 2>/dev/null | grep -cE 'lac-|${name}'; ip -br link | grep -c ^lac-; ip route show proto 201 | wc -l; nft list tables | grep -c lac; swanctl --list-conns | grep -c lac-; systemctl list-units --all | grep -c lac-; pgrep -fc [x]l2tpd.*lac; ls /run | grep -c lac; true`);
      check("deleted, it leaves nothing behind", left.trim().split(/\s+/).every((count) => count === "0"), left.replaceAll("\n", " "));
      await lab.world.disconnect(1);
      await lns(lab, "stop");
    },
  },
  {
    name: "lac-own",
    shows: "one gateway of ours dials out to another of ours, which is behind a 1:1 NAT, and is back by itself after the other's daemons were killed and after a cut link",
    twin: "another password is refused, and status says so; nothing leaves in clear meanwhile",
    program: lacProgram,
    seconds: 300,
    async run(lab, { check, figure }) {
      const name = "office-to-cloud";
      const sites = new Sites(lab);
      const passes = async () => (await sites.ping(office.namespace, cloud.host, 1)).received > 0;
      const between = `ip and net ${cloud.network}`;
      await lab.stack.set("own", "true");
      await lab.stack.up();
      const up = await sites.standsWithin(1, name, 90);
      check("the session stands", up !== undefined, await statusLine(sites, name));
      await lab.world.captureStart("lac", undefined, office.card);
      await lab.world.captureStart("beyond", "icmp", "lan1");
      const { sent, received } = await sites.ping(office.namespace, cloud.host);
      check("a host of the office reaches one of the cloud", received === sent && sent > 0, `${received} of ${sent}`);
      const all = await lab.world.captureStop("lac");
      const clear = await lab.world.captureCount("lac", `(${between}) or udp port 1701 or udp port ${lacPort(name)}`);
      const within = await lab.world.captureCount("lac", "udp port 4500");
      check("on the outer wire all of it is within ESP", clear.packets === 0 && within.packets >= 10, `${clear.packets} in clear, ${within.packets} within UDP 4500 of ${all.packets}`);
      const beyond = await lab.world.captureStop("beyond");
      const masked = await lab.world.captureCount("beyond", "src net 10.78.1.0/24");
      check("which sees the address that the other gateway gave, and no other", beyond.packets > 0 && masked.packets > 0 && (await lab.world.captureCount("beyond", `net ${office.network}`)).packets === 0, `${masked.packets} of ${beyond.packets}`);
      const sessions = await sites.must(2, "vpn-gateway sessions");
      check("the other gateway shows the session", /office .*l2tp/.test(sessions), sessions);

      await lab.world.captureStart("away", between, office.card);
      // What is killed says nothing to the other end, which has to find out.
      const lost = async (what: string, command: string) => {
        await lab.world.call(["host", "ping-start", office.namespace, cloud.host, "--interval", 0.2, "--label", "lost"]);
        await sites.must(2, command);
        await sleep(5000);
        const came = await sites.seconds(passes, 120);
        const { longestGapMs } = await lab.world.call<{ longestGapMs: number | null }>(["host", "ping-stop", office.namespace, "--label", "lost"]);
        check(`${what}: it is back by itself`, came !== undefined && longestGapMs !== null, await sites.reason(1, name));
        figure(`${what}: ${((longestGapMs ?? 0) / 1000).toFixed(1)} s without an answer`);
      };
      await lost("the other's xl2tpd killed", "systemctl kill -s KILL xl2tpd");
      await lost("the other's IKE daemon killed", "systemctl kill -s KILL strongswan");
      await lab.world.linkCut();
      const down = await sites.fallsWithin(1, name, 60);
      await lab.world.linkRestore();
      const again = await sites.seconds(passes, 120);
      check("a cut link: it is back by itself", down !== undefined && again !== undefined, `down after ${down?.toFixed(1)} s, back ${again?.toFixed(1)} s after the link`);

      await lab.stack.set("password", "wrong");
      await lab.stack.up();
      const refusal = await sites.becomes(async () => /refuses the user "office" or its password/.test(await sites.reason(1, name)), 90);
      check("twin: another password is refused, and status says so", refusal && !(await passes()), await sites.reason(1, name));
      const away = await lab.world.captureStop("away");
      check("not one packet in clear in all this", away.packets === 0, away.first.join(" "));
      await lab.stack.unset("password");
      await lab.stack.up();
      check("with the right one it comes up by itself", (await sites.standsWithin(1, name, 90)) !== undefined);
    },
  },
];
