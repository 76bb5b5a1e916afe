import { espSuites, type EspSuiteName } from "../../gateway/cipherSuites";
import { ikev2InnerMtu } from "../../gateway/mtu";
import { siteInterface, sitesTable } from "../../gateway/site/names";
import { labClouds, labDevice } from "../networks";
import { betweenSites, sharesLeft, Sites, sitesProgram } from "../sites";
import type { Scenario } from "./scenario";

const [office, cloud] = labClouds;

/** Two gateways in two clouds, a NAT before the second, and one connection between them. */
export const sites: Scenario[] = [
  {
    name: "sites-connect",
    shows: "two sites' hosts reach each other through a tunnel that comes up by itself, IPv4 and IPv6, both ways",
    twin: "with another pre-shared key it does not come up, and status says why at both ends; without a tunnel nothing leaves in clear",
    program: sitesProgram,
    seconds: 150,
    async run(lab, { check, figure }) {
      const sites = new Sites(lab);
      const up = await sites.standsWithin(1, "office-to-cloud", 30);
      check("the tunnel stands by itself", up !== undefined, JSON.stringify(await sites.status(1)));
      await lab.world.captureStart("wire1", undefined, office.card);
      await lab.world.captureStart("wire2", undefined, cloud.card);
      for (const [from, to, target] of [[office, cloud, cloud.host], [cloud, office, office.host], [office, cloud, cloud.host6], [cloud, office, office.host6]] as const) {
        const { sent, received } = await sites.ping(from.namespace, target);
        check(`${from.namespace} reaches ${to.namespace} at ${target}`, sent === received && sent > 0, `${received} of ${sent}`);
      }
      for (const [name, card] of [["wire1", office.card], ["wire2", cloud.card]] as const) {
        const all = await lab.world.captureStop(name);
        const clear = await lab.world.captureCount(name, betweenSites);
        const within = await lab.world.captureCount(name, "esp or udp port 4500");
        check(`on ${card} every packet of theirs is within ESP`, clear.packets === 0 && within.packets >= 20, `${clear.packets} in clear, ${within.packets} in ESP of ${all.packets}; ${clear.first.join(" ")}`);
      }
      const own = await sites.run(1, `ping -c 3 -W 2 ${cloud.host}`);
      check("the gateway itself reaches the other site's host, from its inside address", own.code === 0, own.stdout.split("\n").at(-3));
      const [line] = (await sites.run(1, "vpn-gateway status")).stdout.split("\n").filter((text) => text.startsWith("site "));
      check("status: since when, how many bytes, which suite", /up since .*Z; [1-9]\d+ bytes in, [1-9]\d+ out; AES_GCM_16 256.*ESP within UDP.*1438 bytes fit/.test(line ?? ""), line);
      check("vpn-gateway check finds nothing", (await sites.run(1, "vpn-gateway check")).code === 0, (await sites.run(1, "vpn-gateway check")).stdout);

      // The tunnel goes; nobody may notice but the hosts.
      await lab.world.captureStart("cut1", betweenSites, office.card);
      await lab.world.linkCut();
      const down = await sites.fallsWithin(1, "office-to-cloud", 40);
      check("a cut link is noticed", down !== undefined, `${down?.toFixed(1)} s`);
      const refused = await sites.ping(office.namespace, cloud.host, 4);
      const said = await lab.world.run(office.namespace, `ping -c 2 -W 2 ${cloud.host}`);
      check("a host is told that the other site is unreachable", refused.received === 0 && /[Uu]nreachable/.test(said.stdout + said.stderr), said.stdout.split("\n")[1]);
      check("status says that the other end does not answer", (await sites.reason(1)) === "the other end does not answer", await sites.reason(1));
      await lab.world.linkRestore();
      const again = await sites.standsWithin(1, "office-to-cloud", 60);
      check("it comes back by itself", again !== undefined && (await sites.ping(office.namespace, cloud.host)).received > 0, `${again?.toFixed(1)} s`);
      figure(`noticed after ${down?.toFixed(1)} s, back ${again?.toFixed(1)} s after the link was`);
      const clear = await lab.world.captureStop("cut1");
      check("not one packet in clear meanwhile", clear.packets === 0, clear.first.join(" "));

      // Everything that the connection has put between: taken away by hand, the firewall alone must hold.
      await lab.world.captureStart("bare", betweenSites, office.card);
      const fromInside = `ping -c 2 -W 1 -I ${office.gatewayInside} ${cloud.host} || true`;
      await sites.must(1, `systemctl stop vpn-gateway-sites; ip route del unreachable ${cloud.network} metric 4278198272; ip route del ${cloud.network} metric 100; ip route get ${cloud.host} | grep -q wan0`);
      await sites.ping(office.namespace, cloud.host, 3);
      await sites.must(1, fromInside);
      const held = await lab.world.captureStop("bare");
      check("with its routes gone the firewall refuses the other site's traffic on any other interface", held.packets === 0, held.first.join(" "));
      await lab.world.captureStart("twin", betweenSites, office.card);
      await sites.must(1, `nft delete table inet ${sitesTable}`);
      await sites.must(1, fromInside);
      const leaked = await lab.world.captureStop("twin");
      check("twin: without routes and firewall the wire sees them in clear", leaked.packets > 0, `${leaked.packets} packets`);
      const drift = await sites.run(1, "vpn-gateway check");
      check("vpn-gateway check names both", drift.code === 1 && /no route refuses/.test(drift.stdout) && /is not in the kernel/.test(drift.stdout), drift.stdout);
      await sites.must(1, "systemctl start vpn-gateway-sites");
      await sites.putBack(1, "site-office-to-cloud");
      check("and the same part again puts them back", (await sites.becomes(async () => (await sites.ping(office.namespace, cloud.host, 1)).received > 0, 30)) && (await sites.run(1, "vpn-gateway check")).code === 0);

      // Another key at one end.
      await sites.must(2, "sed -i 's/secret = .*/secret = 0sd3Jvbmdrd3JvbmdrZXkx/' /etc/swanctl/conf.d/sitekey-office-to-cloud.conf && swanctl --load-creds --clear --noprompt && swanctl --terminate --ike site-office-to-cloud --force --timeout 3; true");
      await sites.must(1, "swanctl --terminate --ike site-office-to-cloud --force --timeout 3; true");
      const wrong = await sites.becomes(async () => /pre-shared key/.test(await sites.reason(1)) && /pre-shared key/.test(await sites.reason(2)), 60);
      check("twin: with a wrong key it stays down", (await sites.ping(office.namespace, cloud.host, 2)).received === 0);
      check("and status at both ends says that it is the key", wrong, `${await sites.reason(1)} | ${await sites.reason(2)}`);
      await sites.putBack(2, "sitekey-office-to-cloud");
      check("with the right one it comes up by itself", (await sites.standsWithin(2, "office-to-cloud", 90)) !== undefined);
    },
  },
  {
    name: "sites-mtu",
    shows: "the largest unfragmented packet between sites is the one that the formula gives, and so is the interface's MTU: behind a NAT and over IPv6 outside, for GCM and CBC",
    twin: "one byte more does not pass; a connection whose two ends have no ESP suite in common is refused before either is touched",
    program: sitesProgram,
    seconds: 240,
    async run(lab, { check }) {
      const sites = new Sites(lab);
      const device = siteInterface("office-to-cloud");
      const cases: [EspSuiteName, boolean][] = [["aes256gcm16", false], ["aes256gcm16", true], ["aes256-sha256", true], ["aes256-sha256", false]];
      for (const [suite, outside6] of cases) {
        for (const key of ["leftEsp", "rightEsp"]) await lab.stack.set(`${key}[0]`, `${suite}-ecp256`);
        await lab.stack.set("outside6", String(outside6));
        await lab.stack.up();
        await sites.standsWithin(1, "office-to-cloud", 60);
        const formula = ikev2InnerMtu({ linkMtu: 1500, suite: espSuites[suite], natTraversal: !outside6, outer: outside6 ? 6 : 4 });
        const what = `${suite} over ${outside6 ? "IPv6, no NAT" : "IPv4 behind a NAT"}`;
        await sites.becomes(async () => (await sites.mtuOf(1, device)) === formula && (await sites.mtuOf(2, device)) === formula, 20);
        for (const target of [cloud.host, cloud.host6]) {
          const found = await sites.largest(office.namespace, target);
          check(`${what}, to ${target}: found = interface = formula`, found.mtu === formula && (await sites.mtuOf(1, device)) === formula, `found ${found.mtu}, interface ${await sites.mtuOf(1, device)}, formula ${formula}`);
          check(`${what}: one byte more does not pass`, found.oneMoreFails === true);
        }
      }
      await lab.stack.set("leftEsp[0]", "aes256gcm16-ecp256");
      const before = await sites.must(1, "cat /etc/swanctl/conf.d/site-office-to-cloud.conf");
      const refused = await lab.stack.up({ mayFail: true });
      const said = refused.stdout + refused.stderr;
      check("twin: no ESP suite in common is refused, with both lists and what both could use", refused.code !== 0 && /no ESP proposal in common: gateway-1 has aes256gcm16-ecp256; gateway-2 has aes256-sha256-ecp256/.test(said) && /Both could use aes256-sha256-ecp256/.test(said), said.slice(-600));
      check("and nothing was touched", (await sites.must(1, "cat /etc/swanctl/conf.d/site-office-to-cloud.conf")) === before);
    },
  },
  {
    name: "sites-change",
    shows: "a second up changes nothing; another connection comes and goes without a word to the first; one that is deleted takes exactly its own files, interface, routes and firewall with it",
    twin: "where one end alone is deleted, the other says why its tunnel is down, and refuses the traffic",
    program: sitesProgram,
    seconds: 240,
    async run(lab, { check, figure }) {
      const sites = new Sites(lab);
      await sites.standsWithin(1, "office-to-cloud", 60);
      const again = await lab.stack.up();
      check("second up: no change", /(\d+) unchanged/.test(again.stdout) && !/\b(created|updated|replaced|deleted)\b/.test(again.stdout), again.stdout.split("\n").filter((line) => /unchanged|created|updated/.test(line)).join(" "));

      const before = await sites.files(1);
      const spi = await sites.must(1, "swanctl --list-sas --ike site-office-to-cloud | grep -oE '(in|out) +[0-9a-f]{8}'");
      await lab.world.call(["host", "ping-start", office.namespace, cloud.host, "--interval", 0.1, "--label", "change"]);
      await lab.stack.set("device", "true");
      const second = await lab.stack.up();
      check("a second connection is on the gateway", (await sites.status(1)).map(({ name }) => name).join(" ") === "office-to-branch office-to-cloud");
      await lab.stack.set("device", "false");
      const gone = await lab.stack.up();
      const { sent, received } = await lab.world.call<{ sent: number; received: number }>(["host", "ping-stop", office.namespace, "--label", "change"]);
      check("its coming and going lost the first one no packet", sent > 50 && received === sent, `${received} of ${sent}`);
      check("nor did it make its tunnel anew", (await sites.must(1, "swanctl --list-sas --ike site-office-to-cloud | grep -oE '(in|out) +[0-9a-f]{8}'")) === spi);
      check("and left nothing behind", (await sites.files(1)) === before, await sites.files(1));
      figure(`up with one connection more ${second.seconds.toFixed(0)} s, with one less ${gone.seconds.toFixed(0)} s`);

      // One end alone.
      await sites.must(2, "vpn-gateway remove site-office-to-cloud && vpn-gateway remove sitekey-office-to-cloud");
      const down = await sites.fallsWithin(1, "office-to-cloud", 40);
      const said = await sites.becomes(async () => /knows no connection with us|refuses our proof/.test(await sites.reason(1)), 60);
      check("twin: with one end deleted the other is down and says why", down !== undefined && said, await sites.reason(1));
      await lab.world.captureStart("asymmetric", betweenSites, office.card);
      await sites.ping(office.namespace, cloud.host, 3);
      const clear = await lab.world.captureStop("asymmetric");
      check("and sends nothing in clear", clear.packets === 0, clear.first.join(" "));

      await lab.stack.set("connection", "false");
      const deleted = await lab.stack.up();
      check("deleting a connection of which one end is gone already succeeds", deleted.code === 0);
      for (const gateway of [1, 2] as const) {
        const left = await sites.must(gateway, `ls /etc/vpn-gateway/sites /etc/swanctl/conf.d 2>/dev/null | grep -c site; ip -br link | grep -c ^st-; ip route show proto 201 | wc -l; ip -6 route show proto 201 | wc -l; ${sharesLeft}; swanctl --list-conns | grep -c site; true`);
        check(`gateway ${gateway} has nothing of it any more`, left.trim().split(/\s+/).every((count) => count === "0"), left.replaceAll("\n", " "));
        check(`and is as it should be`, (await sites.run(gateway, "vpn-gateway check")).code === 0);
      }
    },
  },
  {
    name: "sites-device",
    shows: "Libreswan, configured from nothing but the text that the connection outputs, reaches the office's hosts and is reached by them",
    twin: "with another pre-shared key in its file it is refused, and the gateway's status says so",
    program: sitesProgram,
    seconds: 240,
    async run(lab, { check }) {
      const sites = new Sites(lab);
      await lab.stack.set("device", "true");
      await lab.stack.set("deviceKind", "cisco-ios");
      await lab.stack.set("deviceProfile", "libreswan");
      const refused = await lab.stack.up({ mayFail: true });
      const said = refused.stdout + refused.stderr;
      check("twin: what the device's text cannot say is refused, all at once, and nothing is pushed", refused.code !== 0 && /agrees on the networks, and Cisco IOS XE on all traffic/.test(said) && /right\.proposals\.esp.*is a choice/.test(said) && (await sites.status(1)).length === 1, said.slice(-900));
      // Of a kind alone: its profile comes with it.
      await lab.stack.set("deviceKind", "libreswan");
      await lab.stack.unset("deviceProfile");
      await lab.stack.up();
      await lab.read();
      const version = await lab.world.call<{ version: string }>(["device", "install"], undefined, 900);
      await lab.world.call(["device", "start"], { text: lab.deviceConfiguration }, 180);
      const up = await sites.standsWithin(1, "office-to-branch", 90);
      check(`${version.version} comes up`, up !== undefined, up === undefined ? await sites.reason(1, "office-to-branch") : `${up.toFixed(0)} s`);
      await lab.world.captureStart("device", "ip and net 10.20.0.0/24 and net 10.40.0.0/24", office.card);
      for (const [from, target] of [[office.namespace, labDevice.host], ["branch", office.host]]) {
        const { sent, received } = await sites.ping(from, target);
        check(`${from} reaches ${target}`, received === sent && sent > 0, `${received} of ${sent}`);
      }
      const clear = await lab.world.captureStop("device");
      check("nothing in clear on the gateway's outer wire", clear.packets === 0, clear.first.join(" "));
      await lab.world.call(["device", "start"], { text: lab.deviceConfiguration.replace(/PSK "./, 'PSK "x') }, 180);
      const wrong = await sites.becomes(async () => /pre-shared key/.test(await sites.reason(1, "office-to-branch")), 60);
      check("twin: with another key it is refused, and status says that it is the key", wrong, await sites.reason(1, "office-to-branch"));
      await lab.world.call(["device", "stop"]);
    },
  },
];
