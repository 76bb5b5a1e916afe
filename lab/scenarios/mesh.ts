import { sitesTable } from "../../gateway/site/names";
import { labClouds, labShared } from "../networks";
import { MeshLab, meshPlain, meshProgram as program } from "../mesh";
import type { Scenario } from "./scenario";

const [first, second, third] = labClouds;
const all = [1, 2, 3] as const;
const unchanged = (stdout: string) => /(\d+) unchanged/.test(stdout) && !/\b(created|updated|replaced|deleted)\b/.test(stdout);

/** Three gateways in three clouds, each joined to each by a `Mesh`; the second and the third have one network in common. */
export const mesh: Scenario[] = [
  {
    name: "mesh-routes",
    shows: "three gateways learn each other's networks by BGP, and their hosts reach each other by IPv4 and IPv6 through tunnels alone",
    twin: "a peer that announces a default route, our own network or somebody else's is refused, and status says so; without routes nothing leaves in clear",
    program,
    seconds: 240,
    async run(lab, { check, figure }) {
      const mesh = new MeshLab(lab);
      const up = await mesh.seconds(() => mesh.allUp(), 120);
      check("all six ends of three sessions are up, with BFD", up !== undefined, JSON.stringify(await mesh.routing(1)));
      const { sessions, routes } = await mesh.routing(1);
      const [two, three] = [MeshLab.connection(1, 2), MeshLab.connection(1, 3)];
      const ways = (network: string) => routes.find((route) => route.network === network)?.ways.map(({ connection, used }) => `${used ? "" : "("}${connection}${used ? "" : ")"}`).join(" ");
      check("each network is reached by its own gateway, with the way through the other in reserve", ways(second.network) === `${two} (${three})` && ways(third.network6) === `${three} (${two})`, `${ways(second.network)}; ${ways(third.network6)}`);
      check("of two regions with the same network the one that is liked more is used", ways(labShared.network) === `${two} (${three})`, ways(labShared.network));
      check("nothing was refused", sessions.every(({ refused }) => refused.length === 0), JSON.stringify(sessions.map(({ refused }) => refused)));
      const lines = (await mesh.run(1, "vpn-gateway status")).stdout.split("\n").filter((line) => /^(BGP|route)/.test(line));
      check("status says it in words", lines.length >= 7 && lines.some((line) => /^BGP mesh-gateway-1-to-gateway-2 to gateway-2 \(AS 42\d{8}, 169\.254\.\d+\.\d+\): up since .*, BFD up; learned /.test(line)), lines.join(" | "));
      for (const line of lines) figure(line);

      for (const gateway of all) await lab.world.captureStart(`wire${gateway}`, undefined, labClouds[gateway - 1].card);
      for (const from of all) {
        for (const to of all) {
          if (from === to) continue;
          for (const target of [labClouds[to - 1].host, labClouds[to - 1].host6]) {
            const { sent, received } = await mesh.ping(labClouds[from - 1].namespace, target, 3);
            check(`a host of site ${from} reaches ${target}`, sent === received && sent > 0, `${received} of ${sent}`);
          }
        }
      }
      for (const gateway of all) {
        const clear = await lab.world.captureStop(`wire${gateway}`).then(() => lab.world.captureCount(`wire${gateway}`, meshPlain));
        const within = await lab.world.captureCount(`wire${gateway}`, "esp or udp port 4500");
        check(`on the outer wire of gateway ${gateway} all of it is within ESP`, clear.packets === 0 && within.packets >= 24, `${clear.packets} in clear, ${within.packets} in ESP; ${clear.first.join(" ")}`);
        const said = await mesh.run(gateway, "vpn-gateway check");
        check(`vpn-gateway check finds nothing on gateway ${gateway}`, said.code === 0, said.stdout);
      }
      const again = await lab.stack.up();
      check("a second up changes nothing", unchanged(again.stdout), again.stdout.split("\n").filter((line) => /unchanged|created|updated/.test(line)).join(" "));

      // Whom BGP is not for.
      const bgp = await lab.world.run(first.namespace, `nc -z -w 2 ${first.gatewayInside} 179; echo $?; nc -z -w 2 ${second.gatewayInside} 179; echo $?`);
      check("twin: hosts reach BGP neither of their own gateway nor of another", bgp.stdout.trim() === "1\n1", bgp.stdout);

      // A neighbour that says what it has no right to.
      const before = await mesh.must(1, "ip route show proto bgp; ip -6 route show proto bgp");
      const liar = (await mesh.routing(3)).as;
      await mesh.must(3, `vtysh -c "configure terminal" -c "route-map site-${three}-out4 permit 5" -c exit -c "router bgp ${liar}" -c "address-family ipv4 unicast" -c "network 0.0.0.0/0" -c "network ${first.network}" -c "network ${second.network}" -c "network 8.8.8.0/24"`);
      const refused = async () => (await mesh.routing(1)).sessions.find(({ connection }) => connection === three)?.refused ?? [];
      const told = await mesh.becomes(async () => (await refused()).length === 4, 40);
      check("twin: a default route, our own network, another's and the internet's are refused, each by name", told, (await refused()).join(" "));
      check("and no route is another", (await mesh.must(1, "ip route show proto bgp; ip -6 route show proto bgp")) === before, await mesh.must(1, "ip route show proto bgp"));
      const line = (await mesh.run(1, "vpn-gateway status")).stdout.split("\n").find((text) => /refused of it/.test(text));
      check("status says who announced what it may not", /gateway-3 may not announce it: 0\.0\.0\.0\/0, 10\.20\.0\.0\/24/.test(line ?? ""), line);
      await mesh.putRoutingBack(3);
      check("once it is silent about them nothing is refused", await mesh.becomes(async () => (await refused()).length === 0, 40));

      // No routes at all.
      await lab.world.captureStart("bare", meshPlain, first.card);
      await mesh.must(1, "systemctl stop frr");
      const gone = await mesh.ping(first.namespace, second.host, 3);
      const said = await lab.world.run(first.namespace, `ping -c 2 -W 2 ${second.host}`);
      check("without FRR there is no way, and hosts are told", gone.received === 0 && /[Uu]nreachable/.test(said.stdout + said.stderr), said.stdout.split("\n")[1]);
      const bare = await lab.world.captureStop("bare");
      check("and nothing leaves in clear", bare.packets === 0, bare.first.join(" "));
      await lab.world.captureStart("twin", meshPlain, first.card);
      await mesh.must(1, `for text in ${second.network} ${labShared.network}; do ip route del unreachable $text metric 4278198272; done; nft delete table inet ${sitesTable}; nft delete table inet vpn_gateway`);
      await mesh.ping(first.namespace, second.host, 3);
      const leaked = await lab.world.captureStop("twin");
      check("twin: without routes and firewall the wire sees them in clear", leaked.packets > 0, `${leaked.packets} packets`);
      await mesh.must(1, "systemctl restart vpn-gateway-firewall; systemctl restart vpn-gateway-sites; systemctl start frr");
      check("all is as it was after a start", await mesh.becomes(async () => (await mesh.allUp()) && (await mesh.run(1, "vpn-gateway check")).code === 0, 60), (await mesh.run(1, "vpn-gateway check")).stdout);
    },
  },
  {
    name: "mesh-dead",
    shows: "a path between two gateways dies and their hosts reach each other by way of the third; a machine dies and another region takes over; each gap counted",
    twin: "meanwhile not one packet leaves in clear; without BFD the gap is that of BGP's own hold time",
    program,
    seconds: 300,
    async run(lab, { check, figure }) {
      const mesh = new MeshLab(lab);
      check("all sessions are up", await mesh.becomes(() => mesh.allUp(), 120));
      for (const gateway of all) await lab.world.captureStart(`dead${gateway}`, meshPlain, labClouds[gateway - 1].card);
      const direct = MeshLab.device(1, 2);
      const around = MeshLab.device(1, 3);
      check("at first they speak directly", (await mesh.way(1, second.host)) === direct, await mesh.way(1, second.host));
      const cut = await mesh.lost(first.namespace, second.host, 8, () => mesh.cutBetween(1, 2));
      check("a dead path: the longest silence is at most 3 s", cut.gapSeconds <= 3, `${cut.gapSeconds.toFixed(2)} s, ${cut.received} of ${cut.sent}`);
      figure(`path dead: ${cut.gapSeconds.toFixed(2)} s without an answer`);
      check("now by way of the third gateway", (await mesh.way(1, second.host)) === around, await mesh.way(1, second.host));
      const reason = (await mesh.routing(1)).sessions.find(({ connection }) => connection === MeshLab.connection(1, 2))?.reason;
      check("status says that the link is dead", reason === "the link is dead (BFD)", reason ?? "");
      await mesh.mendBetween(1, 2);
      const back = await mesh.seconds(async () => (await mesh.way(1, second.host)) === direct, 90);
      check("the direct way comes back by itself", back !== undefined, `${back?.toFixed(1)} s`);

      check("the region that is liked more answers", (await mesh.way(1, labShared.host)) === direct, await mesh.way(1, labShared.host));
      await mesh.becomes(() => mesh.allUp(), 60);
      const dead = await mesh.lost(first.namespace, labShared.host, 8, () => mesh.powerOff(2));
      check("a dead machine: the longest silence is at most 3 s", dead.gapSeconds <= 3, `${dead.gapSeconds.toFixed(2)} s, ${dead.received} of ${dead.sent}`);
      figure(`machine dead: ${dead.gapSeconds.toFixed(2)} s without an answer`);
      check("and the other region has taken over", (await mesh.way(1, labShared.host)) === around, await mesh.way(1, labShared.host));
      await mesh.powerOn(2);
      const booted = await mesh.seconds(() => mesh.allUp(), 240);
      check("the machine boots, and all sessions come back by themselves", booted !== undefined, `${booted?.toFixed(0)} s`);
      for (const gateway of all) {
        const clear = await lab.world.captureStop(`dead${gateway}`);
        check(`not one packet in clear meanwhile on the wire of gateway ${gateway}`, clear.packets === 0, clear.first.join(" "));
      }

      // The same without BFD: only BGP's own keepalives.
      for (const gateway of [1, 2]) {
        const own = await mesh.routing(gateway);
        const neighbor = own.sessions.find(({ connection }) => connection === MeshLab.connection(1, 2))!.neighbor;
        await mesh.must(gateway, `vtysh -c "configure terminal" -c "router bgp ${own.as}" -c "no neighbor ${neighbor} bfd"`);
      }
      await mesh.becomes(async () => (await mesh.way(1, second.host)) === direct, 60);
      const plain = await mesh.lost(first.namespace, second.host, 20, () => mesh.cutBetween(1, 2));
      check("twin: without BFD it takes longer, and no longer than 10 s and a moment", plain.gapSeconds > cut.gapSeconds && plain.gapSeconds <= 11, `${plain.gapSeconds.toFixed(2)} s`);
      figure(`path dead, without BFD: ${plain.gapSeconds.toFixed(2)} s without an answer`);
      await mesh.mendBetween(1, 2);
      for (const gateway of [1, 2]) await mesh.putRoutingBack(gateway);
      check("and all is as it was", await mesh.becomes(() => mesh.allUp(), 90));
    },
  },
  {
    name: "mesh-bgpd",
    shows: "bgpd of one gateway is killed and starts anew: its neighbours keep its routes meanwhile and hosts lose no packet",
    twin: "without graceful restart the same death takes the routes away",
    program,
    seconds: 240,
    async run(lab, { check, figure }) {
      const mesh = new MeshLab(lab);
      check("all sessions are up", await mesh.becomes(() => mesh.allUp(), 120));
      const [direct, two] = [MeshLab.device(1, 2), MeshLab.connection(1, 2)];
      const session = async (gateway: number, name: string) => (await mesh.routing(gateway)).sessions.find(({ connection }) => connection === name)!;
      /** What the first gateway's kernel did with its routes by BGP until all sessions are up again. */
      const killed = async () => {
        await mesh.must(1, "(timeout 120 ip monitor route > /run/lab-routes 2>&1 < /dev/null & echo $! > /run/lab-monitor)");
        const reasons = new Set<string>();
        const lost = await mesh.lost(first.namespace, second.host, 2, async () => {
          await mesh.must(2, "pkill -KILL -x bgpd");
          for (const until = Date.now() + 60_000; Date.now() < until; ) {
            const { stands, reason } = await session(1, two);
            if (!stands && reason !== null) reasons.add(reason);
            if (stands && (reasons.size > 0 || Date.now() > until - 40_000) && (await mesh.allUp())) break;
          }
        });
        await mesh.must(1, "kill $(cat /run/lab-monitor); true");
        const routes = (await mesh.must(1, `grep ${second.network.split("/")[0]} /run/lab-routes; true`)).trim();
        return { lost, routes, reasons: [...reasons] };
      };
      const gentle = await killed();
      check("bgpd killed under traffic: no packet lost", gentle.lost.sent > 60 && gentle.lost.received === gentle.lost.sent, `${gentle.lost.received} of ${gentle.lost.sent}`);
      check("the neighbour's kernel kept its route", !/Deleted/.test(gentle.routes) && (await mesh.way(1, second.host)) === direct, gentle.routes);
      check("status said meanwhile that it was starting anew", gentle.reasons.some((reason) => /graceful restart/.test(reason)), gentle.reasons.join("; "));
      figure(`bgpd killed: ${gentle.lost.received} of ${gentle.lost.sent} packets, ${gentle.lost.gapSeconds.toFixed(2)} s`);

      for (const gateway of all) await mesh.must(gateway, `vtysh -c "configure terminal" -c "router bgp ${(await mesh.routing(gateway)).as}" -c "no bgp graceful-restart" -c "bgp graceful-restart-disable" -c end -c "clear bgp *"`);
      await mesh.becomes(async () => (await mesh.allUp()) && (await mesh.way(1, second.host)) === direct, 90);
      const rough = await killed();
      check("twin: without graceful restart the route goes with it", new RegExp(`Deleted|dev ${MeshLab.device(1, 3)}`).test(rough.routes), rough.routes);
      figure(`the same without graceful restart: ${rough.lost.received} of ${rough.lost.sent} packets, ${rough.lost.gapSeconds.toFixed(2)} s; ${rough.reasons.join("; ")}`);
      for (const gateway of all) await mesh.must(gateway, "/usr/lib/frr/frr-reload.py --reload --stdout /etc/frr/frr.conf >/dev/null; vtysh -c 'clear bgp *'");
      check("all is as it was", await mesh.becomes(async () => (await mesh.allUp()) && (await mesh.way(1, second.host)) === direct, 90), JSON.stringify(await mesh.routing(1)));
    },
  },
  {
    name: "mesh-grow",
    shows: "a second tunnel between two gateways comes and goes: both are used at once while it is there, and no other session or tunnel is made anew",
    twin: "one with another AS number than the gateway has is refused by the gateway, and nothing of it is left",
    program,
    seconds: 240,
    async run(lab, { check, figure }) {
      const mesh = new MeshLab(lab);
      check("all sessions are up", await mesh.becomes(() => mesh.allUp(), 120));
      const fell = async () => JSON.stringify((await mesh.routing(1)).sessions.filter(({ connection }) => connection.startsWith("mesh-")).map(({ connection, falls, stands }) => [connection, falls.count, stands]));
      const spi = () => mesh.must(1, "swanctl --list-sas | grep -oE '^site-mesh[^:]*|(in|out) +[0-9a-f]{8}'");
      const [sessions, keys] = [await fell(), await spi()];
      await lab.world.call(["host", "ping-start", first.namespace, third.host, "--interval", 0.1, "--label", "grow"]);
      await lab.stack.set("second", "true");
      const grown = await lab.stack.up();
      const both = await mesh.becomes(async () => (await mesh.routing(1)).routes.find(({ network }) => network === second.network)?.ways.filter(({ used }) => used).length === 2, 60);
      check("both tunnels to the same gateway are used at once", both, JSON.stringify((await mesh.routing(1)).routes[0]));
      const said = await mesh.must(1, `ip route show ${second.network} proto bgp`);
      check("by the kernel, too", (said.match(/nexthop/g) ?? []).length === 2, said);
      await lab.stack.set("second", "false");
      const shrunk = await lab.stack.up();
      const { sent, received } = await lab.world.call<{ sent: number; received: number }>(["host", "ping-stop", first.namespace, "--label", "grow"]);
      check("its coming and going lost the others no packet", sent > 50 && received === sent, `${received} of ${sent}`);
      check("no session of theirs is another", (await fell()) === sessions, `${sessions} ${await fell()}`);
      check("and no tunnel", (await spi()) === keys);
      figure(`up with one connection more ${grown.seconds.toFixed(0)} s, with one less ${shrunk.seconds.toFixed(0)} s`);

      const left = () => mesh.must(1, "ls /etc/vpn-gateway/bgp.d; md5sum < /etc/frr/frr.conf; md5sum < /etc/vpn-gateway/firewall.d/sites.nft");
      const before = await left();
      const part = ["part site-wrong", "file /etc/vpn-gateway/bgp.d/wrong.conf 0644", "/etc/vpn-gateway/bgp.d/wrong.conf | router bgp 4200000099", "/etc/vpn-gateway/bgp.d/wrong.conf |  neighbor 169.254.99.1 remote-as 4200000098", "end", ""].join("\n");
      const refused = await mesh.lab.gateways[0].run("vpn-gateway apply site-wrong", { stdin: part });
      check("twin: another AS number is refused", refused.code !== 0 && /it has one/.test(refused.stdout + refused.stderr), refused.stdout + refused.stderr);
      const broken = await mesh.lab.gateways[0].run("vpn-gateway apply site-wrong", { stdin: part.replace("router bgp 4200000099", "rooter bgp") });
      check("twin: what vtysh does not know is refused", broken.code !== 0 && /Unknown command/.test(broken.stdout + broken.stderr), broken.stdout + broken.stderr);
      check("and nothing of them is left", (await left()) === before);
    },
  },
];
