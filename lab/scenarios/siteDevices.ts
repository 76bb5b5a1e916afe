import { labClouds, labDevice } from "../networks";
import { Sites, sitesProgram } from "../sites";
import type { Scenario } from "./scenario";

const [office] = labClouds;
const connection = "office-to-branch";
const [theirs, ours] = [labDevice.network, office.network];
/** tcpdump's words for what belongs into the tunnel. */
const between = `ip and net ${ours} and net ${theirs}`;

/** Somebody's device that is told and tells by BGP. */
export const siteDevices: Scenario[] = [
  {
    name: "sites-device-bgp",
    shows: "Libreswan and FRR, configured from nothing but the text that the connection outputs, tell the gateway their network by BGP and are told the gateway's; hosts reach each other both ways; a dead link is noticed by BFD",
    twin: "a default route and somebody else's network that the device announces are refused and named by status; what it announces no more is unreachable and never in clear; another pre-shared key: no tunnel, no session",
    program: sitesProgram,
    seconds: 300,
    async run(lab, { check, figure }) {
      const sites = new Sites(lab);
      const session = async () => (await sites.routing(1)).sessions.find((one) => one.connection === connection);
      const up = async () => {
        const found = await session();
        return found?.stands === true && found.bfd === "up";
      };
      const announced = async () => (await session())?.learned.join(" ") ?? "";
      const vtysh = (...commands: string[]) =>
        lab.world.run(labDevice.namespace, ["vtysh --vty_socket /run/lab-world/frr --config_dir /etc/netns/device/frr", ...commands.map((one) => `-c '${one}'`)].join(" "));
      const told = (...commands: string[]) => vtysh("configure terminal", "router bgp 65010", "address-family ipv4 unicast", ...commands);
      const pings = async (when: string) => {
        for (const [from, target] of [[office.namespace, labDevice.host], ["branch", office.host]]) {
          const { sent, received } = await sites.ping(from, target);
          check(`${when}${from} reaches ${target}`, received === sent && sent > 0, `${received} of ${sent}`);
        }
      };

      await lab.stack.set("device", "true");
      await lab.stack.set("deviceRouting", "bgp");
      const refused = await lab.stack.up({ mayFail: true });
      check("twin: a device whose AS number nobody said is refused, and nothing is pushed", refused.code !== 0 && /device\.as.*is not given/.test(refused.stdout + refused.stderr) && (await sites.status(1)).length === 1, (refused.stdout + refused.stderr).slice(-600));
      await lab.stack.set("deviceAs", "65010");
      await lab.stack.up();
      await lab.read();
      const version = await lab.world.call<{ version: string }>(["device", "install"], undefined, 900);
      await lab.world.captureStart("all", between, office.card);
      const begun = await lab.world.call<{ said: string; frr: string }>(["device", "start"], { text: lab.deviceConfiguration }, 240);
      const tunnel = await sites.standsWithin(1, connection, 90);
      check(`${version.version} comes up`, tunnel !== undefined, tunnel === undefined ? `${await sites.reason(1, connection)} ${begun.said}` : `${tunnel.toFixed(0)} s`);
      const spoken = await sites.seconds(up, 60);
      check("BGP and BFD stand", spoken !== undefined, spoken === undefined ? `${JSON.stringify(await session())} ${begun.frr} ${(await vtysh("show bgp summary", "show interface brief")).stdout}` : `${spoken.toFixed(1)} s after the tunnel`);
      check("the gateway has learned the device's network", await sites.becomes(async () => (await announced()) === theirs, 15), JSON.stringify(await session()));
      const way = await sites.must(1, `ip route show ${theirs} proto bgp; ip -br link | grep ^st-`);
      check("and sends there by the tunnel's interface", /dev (st-\S+)/.test(way), way);
      const back = (await lab.world.run(labDevice.namespace, `ip route show ${ours}; ip -br addr`)).stdout;
      check("the device has learned the office's, and sends by its own", /dev ipsec\d+ proto bgp/.test(back), back);
      await lab.world.captureStart("wire", undefined, office.card);
      await pings("");
      await lab.world.captureStop("wire");
      const [clearly, within] = [await lab.world.captureCount("wire", between), await lab.world.captureCount("wire", "esp or udp port 4500")];
      check("every packet of theirs on the gateway's outer wire is within ESP", clearly.packets === 0 && within.packets >= 20, `${clearly.packets} in clear, ${within.packets} in ESP`);
      const [line] = (await sites.run(1, "vpn-gateway status")).stdout.split("\n").filter((text) => text.startsWith(`BGP ${connection}`));
      check("status: to whom, since when, and what is learned", line !== undefined && /to branch \(AS 65010, .*up since .*BFD up; learned 10\.40\.0\.0\/24, announced 1/.test(line), line);
      check("vpn-gateway check finds nothing", (await sites.run(1, "vpn-gateway check")).code === 0, (await sites.run(1, "vpn-gateway check")).stdout);

      // What nobody may say.
      const own = (JSON.parse(await sites.must(1, `cat /etc/vpn-gateway/sites/${connection}.json`)) as { bgp: { addresses: string[] } }).bgp.addresses[0].split("/")[0];
      const before = await sites.must(1, "ip route show default; ip route get 10.99.0.1; ip route get 10.20.0.130");
      await vtysh("configure terminal", "route-map everything permit 10");
      await told("network 0.0.0.0/0", "network 10.99.0.0/24", "network 10.20.0.128/25", `neighbor ${own} route-map everything out`);
      const named = await sites.becomes(async () => ((await session())?.refused ?? []).length >= 3, 30);
      const said = (await sites.run(1, "vpn-gateway status")).stdout;
      check("twin: a default route, somebody else's network and a part of ours are refused and named", named && /refused of it, since branch may not announce it: 0\.0\.0\.0\/0, 10\.20\.0\.128\/25, 10\.99\.0\.0\/24/.test(said), said.slice(-600));
      check("and no way of the gateway is another", (await sites.must(1, "ip route show default; ip route get 10.99.0.1; ip route get 10.20.0.130")) === before && (await announced()) === theirs, await announced());
      await pings("meanwhile ");

      await told(`no network ${theirs}`);
      const gone = await sites.becomes(async () => (await announced()) === "", 20);
      const unreachable = await lab.world.run(office.namespace, `ping -c 2 -W 2 ${labDevice.host}`);
      check("twin: what it announces no more is unreachable, and the host is told", gone && /[Uu]nreachable/.test(unreachable.stdout + unreachable.stderr), unreachable.stdout);
      await told(`network ${theirs}`);
      check("and comes back with its word", await sites.becomes(async () => (await sites.ping(office.namespace, labDevice.host, 1)).received > 0, 20));

      await lab.world.linkCut();
      const dead = await sites.seconds(async () => (await session())?.stands === false, 30);
      const reason = (await session())?.reason ?? "";
      check("a cut link ends the session by BFD", dead !== undefined && /BFD/.test(reason), reason);
      await lab.world.linkRestore();
      const again = await sites.seconds(up, 120);
      check("it comes back by itself", again !== undefined && (await sites.becomes(async () => (await sites.ping("branch", office.host, 1)).received > 0, 20)));
      figure(`session gone ${dead?.toFixed(1)} s after the cut (asked each 0.3 s and more), back ${again?.toFixed(1)} s after the link`);

      await lab.world.call(["device", "start"], { text: lab.deviceConfiguration.replace(/PSK "./, 'PSK "x') }, 240);
      const wrong = await sites.becomes(async () => /pre-shared key/.test(await sites.reason(1, connection)), 90);
      check("twin: with another key there is no tunnel, and status says that it is the key", wrong, await sites.reason(1, connection));
      check("and no session, and nobody answers", (await session())?.stands === false && (await sites.ping(office.namespace, labDevice.host, 2)).received === 0, JSON.stringify(await session()));
      const clear = await lab.world.captureStop("all");
      check("not one packet in clear on the gateway's outer wire in all this", clear.packets === 0, clear.first.join(" "));
      await lab.world.call(["device", "stop"]);
    },
  },
  {
    name: "sites-device-ikev1",
    shows: "Libreswan that is told IKEv1 alone, configured from nothing but the text that the connection outputs, reaches the office's hosts and is reached by them, through a renewal of all keys",
    twin: "a device that speaks IKEv2 alone: no tunnel, and status says that its version is another; one that drops IKEv1: no tunnel, and status says that, too; another key: no tunnel; certificates and BGP are refused before anything is touched",
    program: sitesProgram,
    seconds: 300,
    async run(lab, { check }) {
      const sites = new Sites(lab);
      const reason = () => sites.reason(1, connection);
      const start = (change: (text: string) => string) => lab.world.call<{ said: string }>(["device", "start"], { text: change(lab.deviceConfiguration) }, 240);
      await lab.stack.set("device", "true");
      await lab.stack.set("deviceIke", "1");
      await lab.stack.set("deviceKind", "cisco-ios");
      const refused = await lab.stack.up({ mayFail: true });
      const said = refused.stdout + refused.stderr;
      check("twin: a kind whose text has no IKEv1 is refused, and nothing is pushed", refused.code !== 0 && /device\.ike.*is not what the text for Cisco IOS XE speaks/.test(said) && (await sites.status(1)).length === 1, said.slice(-600));
      await lab.stack.set("deviceKind", "libreswan");
      await lab.stack.up();
      await lab.read();
      const version = await lab.world.call<{ version: string }>(["device", "install"], undefined, 900);
      await lab.world.captureStart("old", between, office.card);
      const begun = await start((text) => text);
      const up = await sites.standsWithin(1, connection, 90);
      check(`${version.version} comes up by IKEv1`, up !== undefined, up === undefined ? `${await reason()} ${begun.said}` : `${up.toFixed(0)} s`);
      const sas = await sites.must(1, `swanctl --list-sas --ike site-${connection}`);
      check("it is IKEv1", /IKEv1/.test(sas) && !/IKEv2/.test(sas), sas);
      const pings = async (when: string) => {
        for (const [from, target] of [[office.namespace, labDevice.host], ["branch", office.host]]) {
          const { sent, received } = await sites.ping(from, target);
          check(`${when}${from} reaches ${target}`, received === sent && sent > 0, `${received} of ${sent}`);
        }
      };
      await pings("");
      await sites.run(1, `swanctl --rekey --child ${connection}; swanctl --rekey --ike site-${connection}`);
      await sites.standsWithin(1, connection, 30);
      await pings("with new keys ");

      await start((text) => text.replace("ikev2=no", "ikev2=yes"));
      const newer = await sites.becomes(async () => /another version of IKE/.test(await reason()), 90);
      check("twin: a device that speaks IKEv2 alone is turned away, and status says that its version is another", newer && (await sites.ping(office.namespace, labDevice.host, 2)).received === 0, await reason());
      await start((text) => text.replace("ikev1-policy=accept", "ikev1-policy=drop").replace("auto=start", "auto=add"));
      const silent = await sites.becomes(async () => /IKEv1, which a device drops/.test(await reason()), 120);
      check("twin: one that drops IKEv1 is silent, and status says what that may be", silent, await reason());
      await start((text) => text.replace(/PSK "./, 'PSK "x'));
      const wrong = await sites.becomes(async () => /pre-shared key/.test(await reason()), 90);
      check("twin: with another key there is no tunnel, and status says that it is the key", wrong, await reason());
      const clear = await lab.world.captureStop("old");
      check("not one packet in clear on the gateway's outer wire in all this", clear.packets === 0, clear.first.join(" "));
      await lab.world.call(["device", "stop"]);
    },
  },
  {
    name: "sites-device-certificate",
    shows: "Libreswan with the certificate that the connection's authority made for it, from nothing but the text: the tunnel stands, and hosts reach each other both ways",
    twin: "revoked, it is cut off and not let in, and status says why; nobody comes in while the list is missing; a kind whose text has none is refused before anything is touched",
    program: sitesProgram,
    seconds: 300,
    async run(lab, { check, figure }) {
      const sites = new Sites(lab);
      const reason = () => sites.reason(1, connection);
      const answers = async () => (await sites.ping(office.namespace, labDevice.host, 1)).received > 0;
      const again = "swanctl --terminate --ike site-office-to-branch --force --timeout 3; true";
      await lab.stack.set("device", "true");
      await lab.stack.set("deviceKind", "cisco-ios");
      await lab.stack.set("deviceAuthentication", "certificate");
      const refused = await lab.stack.up({ mayFail: true });
      const said = refused.stdout + refused.stderr;
      check("twin: a kind whose text has no certificates is refused, and nothing is pushed", refused.code !== 0 && /is nothing that the text for Cisco IOS XE holds/.test(said) && (await sites.status(1)).length === 1, said.slice(-600));
      await lab.stack.set("deviceKind", "libreswan");
      await lab.stack.up();
      await lab.read();
      const version = await lab.world.call<{ version: string }>(["device", "install"], undefined, 900);
      await lab.world.captureStart("proof", between, office.card);
      const begun = await lab.world.call<{ said: string }>(["device", "start"], { text: lab.deviceConfiguration }, 240);
      const up = await sites.standsWithin(1, connection, 90);
      check(`${version.version} comes up with its certificate`, up !== undefined, up === undefined ? `${await reason()} ${begun.said}` : `${up.toFixed(0)} s`);
      for (const [from, target] of [[office.namespace, labDevice.host], ["branch", office.host]]) {
        const { sent, received } = await sites.ping(from, target);
        check(`${from} reaches ${target}`, received === sent && sent > 0, `${received} of ${sent}`);
      }
      const proof = await sites.must(1, "swanctl --list-conns | grep -A12 ^site-office-to-branch; swanctl --list-certs --type x509_crl; ls /etc/swanctl/conf.d");
      check("by certificates, a list, and no pre-shared key", /remote public key authentication/.test(proof) && /X\.509 CRL|serial:/.test(proof) && !/sitekey-office-to-branch/.test(proof), proof);

      await lab.stack.set("deviceRevoked", "true");
      const revoking = await lab.stack.up();
      const down = await sites.fallsWithin(1, connection, 40);
      const why = await sites.becomes(async () => /revoked/.test(await reason()), 60);
      check("twin: revoked, it is cut off and not let in, and status says that it is revoked", down !== undefined && why && !(await answers()), await reason());
      figure(`up ${revoking.seconds.toFixed(0)} s`);
      await lab.stack.set("deviceRevoked", "false");
      await lab.stack.up();
      check("no longer revoked it comes up by itself", (await sites.standsWithin(1, connection, 120)) !== undefined && (await sites.becomes(answers, 20)), await reason());

      await sites.must(1, `mv /etc/swanctl/x509crl/site-${connection}.pem /root/ && swanctl --load-creds --clear --noprompt && ${again}`);
      const unknown = await sites.becomes(async () => /list of its authority is missing/.test(await reason()), 60);
      check("twin: without the list nobody comes in, and status says so", unknown && !(await answers()), await reason());
      await sites.must(1, `mv /root/site-${connection}.pem /etc/swanctl/x509crl/ && swanctl --load-creds --clear --noprompt`);
      check("with it again it comes up by itself", (await sites.standsWithin(1, connection, 120)) !== undefined, await reason());
      const clear = await lab.world.captureStop("proof");
      check("not one packet in clear on the gateway's outer wire in all this", clear.packets === 0, clear.first.join(" "));
      await lab.world.call(["device", "stop"]);
    },
  },
];
