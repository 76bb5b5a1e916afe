import { espSuites } from "../../gateway/cipherSuites";
import { layerTwoOverhead } from "../../gateway/layer2/mtu";
import { bridgeInterface, insidePorts, layerTwoNames, tunnelPorts } from "../../gateway/layer2/names";
import { ikev2InnerMtu } from "../../gateway/mtu";
import { siteInterface } from "../../gateway/site/names";
import { labSegment, layerTwoProgram, ofSegment, Segment } from "../layerTwo";
import { rebootMachine } from "../machine";
import { labClouds } from "../networks";
import { sleep } from "../progress";
import type { Scenario } from "./scenario";

const [office, cloud] = labClouds;
const [here, there] = labSegment.hosts;
const { name, connection, vlan, stormLimit, localGateway } = labSegment;
const names = layerTwoNames(name);
/** The tunnel of the lab: AES-GCM behind a NAT. */
const tunnelMtu = ikev2InnerMtu({ linkMtu: 1500, suite: espSuites.aes256gcm16, natTraversal: true, outer: 4 });
const experiment = "ether proto 0x88b5";
/** Everything of the library's on a gateway that an extension might leave behind. */
const traces = `ls /etc/vpn-gateway/layer2 /etc/vpn-gateway/firewall.d /etc/modules-load.d 2>/dev/null | grep -c layer2; ip -br link | grep -cE "^l2"; nft list tables | grep -c layer2; ip route show proto 201 | grep -c 169.254; true`;

/** One segment of Ethernet in two sites. */
export const layerTwo: Scenario[] = [
  {
    name: "layer2",
    shows: "hosts of two sites in one VLAN reach each other by ARP, IPv4 and IPv6 through the tunnel of a site connection; the largest packet is what the formula gives; nothing of the segment is in clear outside",
    twin: "another VLAN, BPDUs, router advertisements, somebody else's address and a site's own gateway do not pass, a storm is held to its limit and a loop is cut, where the same frames without the guard pass; without a tunnel there is no way, and without firewall and route it leaks",
    program: layerTwoProgram,
    seconds: 600,
    async run(lab, { check, figure, heading }) {
      const segment = new Segment(lab);
      const { sites } = segment;
      const { world } = lab;
      await segment.join();
      const up = await segment.stands(1, 60);
      check("frames cross once the tunnel stands, at both ends", up !== undefined && (await segment.stands(2, 30)) !== undefined, `${await segment.line(1)} | ${await segment.line(2)}`);

      heading("who reaches whom");
      await world.captureStart("wire1", undefined, office.card);
      await world.captureStart("wire2", undefined, cloud.card);
      for (const [from, target] of [[1, there.address], [2, here.address], [1, there.address6], [2, here.address6]] as const) {
        const { sent, received } = await sites.ping(labSegment.hosts[from - 1].namespace, target);
        check(`host ${from} reaches ${target}`, received === sent && sent > 0, `${received} of ${sent}`);
      }
      const known = await segment.must(here.namespace, `ip neigh show ${there.address}; ip neigh show ${there.address6}`);
      const theirs = (await segment.must(there.namespace, `cat /sys/class/net/eth0.${vlan}/address`)).trim();
      check("by each other's own Ethernet address, learned by ARP and neighbour discovery", known.split(theirs).length === 3, known);
      const transfer = await sites.transfer(here.namespace, there.address);
      check("TCP passes", transfer.megabitsPerSecond > 0.5, `${transfer.megabitsPerSecond} Mbit/s ${transfer.reason ?? ""}`);
      for (const [label, card] of [["wire1", office.card], ["wire2", cloud.card]] as const) {
        const all = await world.captureStop(label);
        const clear = await world.captureCount(label, ofSegment);
        const within = await world.captureCount(label, "esp or udp port 4500");
        check(`on ${card} not one frame of the segment is in clear`, clear.packets === 0 && within.packets >= 20, `${clear.packets} in clear, ${within.packets} in ESP of ${all.packets}; ${clear.first.join(" ")}`);
      }
      figure(`TCP ${transfer.megabitsPerSecond} Mbit/s`);

      heading("how large");
      const formula = tunnelMtu - layerTwoOverhead({ fragment: false });
      for (const target of [there.address, there.address6]) {
        const found = await sites.largest(here.namespace, target);
        check(`to ${target}: the largest packet is what the formula gives, one byte more does not pass`, found.mtu === formula && found.oneMoreFails === true, `${found.mtu}, formula ${formula}`);
        const told = await world.run(here.namespace, `ip route flush cache; ip -6 route flush cache; ping -n -c 2 -W 2 -M do -s ${formula + 1 - (target.includes(":") ? 48 : 28)} ${target}`);
        check("and who sends more is told how much fits", new RegExp(`mtu ?= ?${formula}`).test(told.stdout + told.stderr), (told.stdout + told.stderr).split("\n").slice(1, 3).join(" "));
      }
      const whole = await world.run(here.namespace, `ping -n -c 3 -W 2 -M dont -s 1472 ${there.address}`);
      check("what may be cut in pieces crosses in two", / 0% packet loss/.test(whole.stdout), whole.stdout.split("\n").at(-3));
      check("status says the same figure", (await segment.status(1)).mtu === formula && (await segment.line(1)).includes(`hosts' MTU ${formula}`), await segment.line(1));

      heading("what does not cross");
      const lan = "lan1";
      // Hosts there speak, too, and the card sees both directions.
      const ours = (await segment.must(here.namespace, "cat /sys/class/net/eth0/address")).trim();
      const data = (count = 5) => segment.passing(lan, `vlan ${vlan} and ${experiment}`, () => segment.send(1, "data", { count }));
      check("an ordinary frame crosses: what follows could have failed", (await data()) >= 5);
      await segment.join(300, 93);
      const other = await segment.passing(lan, `vlan 300 and ether src ${ours}`, async () => {
        await segment.send(1, "data", { count: 5 }, 300);
        await sites.ping(here.namespace, "10.93.0.2", 3);
      });
      check("another VLAN's do not, nor does it as a tag within ours", other === 0 && (await segment.passing(lan, experiment, () => segment.send(1, "data", { count: 5 }, 300))) === 0, `${other} frames`);
      await segment.leave(300);
      // The world's own bridge keeps LLDP to itself otherwise.
      await world.ssh.mustRun("ip link set insidenet type bridge group_fwd_mask 0x4000", { timeoutSeconds: 60 });
      for (const [kind, group] of [["bpdu", "01:80:c2:00:00:00"], ["pvst", "01:00:0c:cc:cc:cd"], ["lldp", "01:80:c2:00:00:0e"]]) {
        const arrived = async () => Number(await sites.must(1, `cat /sys/class/net/${insidePorts(name)}${vlan}/statistics/rx_packets`));
        const seen = await arrived();
        const passed = await segment.passing(lan, `vlan ${vlan} and ether dst ${group}`, () => segment.send(1, kind, { count: 3 }));
        const came = (await arrived()) - seen;
        check(`${kind}: no frame of it crosses, though they come to the first port`, passed === 0 && came >= 3, `${passed} crossed, ${came} came of 3`);
      }
      const routers = await segment.passing(lan, `vlan ${vlan} and ether src ${ours} and ip6 and icmp6`, () => segment.send(1, "router", { count: 3 }));
      check("router advertisements do not cross", routers === 0, `${routers} of 3`);
      // Both speak, so that both are at home.
      await segment.reaches(1);
      await segment.reaches(2, here.address6);
      const claims = (address: string, kind = "arp") => segment.passing(lan, `vlan ${vlan} and ether src ${ours} and ${kind === "arp" ? `arp src host ${address}` : `ip6 src host ${address} and icmp6`}`, () => segment.send(1, kind, { address, count: 3 }));
      const [stolen, free, foreign] = [await claims(there.address), await claims("10.90.0.77"), await claims("10.66.0.1")];
      check("nobody claims by ARP an address that is at home on the other side, or is not of the segment", stolen === 0 && foreign === 0, `${stolen} and ${foreign} of 3`);
      check("twin: an address that nobody has there is claimed", free === 3, `${free} of 3`);
      const [stolen6, free6] = [await claims(there.address6, "neighbour"), await claims("fd90::77", "neighbour")];
      check("nor by neighbour discovery; twin: a free one is", stolen6 === 0 && free6 === 3, `${stolen6} and ${free6} of 3`);
      for (const { namespace } of labSegment.hosts.slice(1)) await segment.must(namespace, `ip addr add ${localGateway}/24 dev eth0.${vlan}; ip addr add 10.90.0.253/24 dev eth0.${vlan}`);
      const gateways = [await segment.reaches(1, localGateway), await segment.reaches(1, "10.90.0.253")];
      check("a site's own gateway is not heard of beyond; twin: another address of the same host is", gateways[0] === 0 && gateways[1] === 3, gateways.join(" and "));
      const dropped = (await segment.status(1)).dropped;
      check("status counts what was dropped, and why", dropped.control >= 6 && dropped.neighbour >= 12 && dropped.gateway > 0, JSON.stringify(dropped));
      // The first gateway's guard is taken away.
      await sites.must(1, `nft flush chain bridge ${names.table} from_here; nft add rule bridge ${names.table} from_here update @here "{ ether saddr }"`);
      await segment.reaches(2, here.address);
      const second2 = [await claims(there.address), (await segment.status(2)).dropped.neighbour];
      check("without the first gateway's guard the second one's holds", second2[0] === 0 && second2[1] >= 3, second2.join(" crossed, dropped "));
      await sites.putBack(1, names.part);

      heading("storm and loop");
      const seconds = 6;
      const slow = await segment.passing(lan, `vlan ${vlan} and ${experiment}`, () => segment.send(1, "data", { count: 60, rate: 20 }));
      check("20 broadcasts a second cross, all of them", slow >= 60, `${slow} of 60`);
      let sent = { sent: 0, seconds: 0 };
      const storm = await segment.passing(lan, `vlan ${vlan} and ${experiment}`, async () => {
        sent = JSON.parse(await segment.send(1, "data", { count: seconds * 400, rate: 400 })) as typeof sent;
      });
      const most = stormLimit * (sent.seconds + 1) + stormLimit;
      check(`a storm of ${sent.sent} in ${sent.seconds} s is held to ${stormLimit} a second`, sent.sent / sent.seconds > 2 * stormLimit && storm <= most && storm >= stormLimit, `${storm} crossed, at most ${most.toFixed(0)} may`);
      const unknown = await segment.passing(lan, `vlan ${vlan} and ${experiment}`, async () => {
        sent = JSON.parse(await segment.send(1, "data", { count: seconds * 400, rate: 400, target: "02:00:00:00:00:99" })) as typeof sent;
      });
      check("and so are frames for a station that nobody knows", unknown <= stormLimit * (sent.seconds + 2) && unknown > 0, `${unknown} of ${sent.sent}`);
      await segment.reaches(1);
      const direct = await segment.passing(lan, `vlan ${vlan} and ${experiment}`, () => segment.send(1, "data", { count: 800, rate: 400, target: theirs }));
      check("twin: frames for one that is known are not", direct >= 790, `${direct} of 800`);
      // The two inside networks joined by another way.
      const join = `ip link add loop0 type veth peer name loop1 && ip link set loop0 master insidenet up && ip link set loop1 master insidenet2 up`;
      const looped = async () => {
        await world.ssh.mustRun(`bash -c '${join}'`, { timeoutSeconds: 60 });
        // Counted from the first: the storm limit ends a frame that goes round too often.
        const seen = await segment.passing(lan, `vlan ${vlan} and ${experiment}`, async () => {
          await segment.send(1, "data", { count: 1 });
          await sleep(3000);
        });
        await world.ssh.mustRun("ip link del loop0", { timeoutSeconds: 60 });
        return seen;
      };
      const cut = await looped();
      check("a loop by another way between the sites is cut", cut > 0 && cut < 10, `${cut} frames of one that was sent`);
      check("and status names it", (await segment.status(1)).dropped.loop + (await segment.status(2)).dropped.loop > 0, await segment.line(2));

      await lab.stack.set("homeSeconds", "0");
      await lab.stack.up();
      await segment.stands(1);
      await segment.stands(2);
      await segment.reaches(1);
      const round = await looped();
      check("twin: without that guard it goes round, until the storm limit ends it", round >= stormLimit && round <= 4 * (5 * stormLimit + stormLimit), `${round} frames`);
      await lab.stack.unset("homeSeconds");
      await lab.stack.up();
      await segment.stands(1);
      await segment.stands(2);

      heading("only while the tunnel stands");
      await world.captureStart("cut", ofSegment, office.card);
      await world.captureStart("cut2", ofSegment, cloud.card);
      await world.linkCut();
      const fell = await sites.fallsWithin(1, connection, 60);
      check("the tunnel down: no frame crosses, and status says so", (await sites.becomes(async () => /the tunnel .* is down/.test(await segment.line(1)), 20)) && (await segment.reaches(1)) === 0, `${fell?.toFixed(1)} s: ${await segment.line(1)}`);
      await world.linkRestore();
      const tunnel = await sites.standsWithin(1, connection, 90);
      const again = await sites.seconds(async () => (await segment.reaches(1, there.address, 1)) > 0, 30);
      check("it is back by itself", again !== undefined, await segment.line(1));
      figure(`noticed after ${fell?.toFixed(1)} s; the tunnel is back ${tunnel?.toFixed(1)} s after the link was, the segment ${again?.toFixed(1)} s after that`);
      for (const label of ["cut", "cut2"]) {
        const clear = await world.captureStop(label);
        check("not one frame in clear meanwhile", clear.packets === 0, clear.first.join(" "));
      }
      const own = siteInterface(connection);
      const tunnelPort = `${tunnelPorts(name)}${vlan}`;
      const { near, far, link } = JSON.parse(await sites.must(1, `cat ${names.description}`)) as Record<"near" | "far" | "link", string>;
      await sites.must(1, `systemctl stop vpn-gateway-sites; ip route del unreachable ${link} metric 4278198272; ip addr del ${near}/31 dev ${own}; ip addr add ${near}/32 dev lo; ip link set ${tunnelPort} up; ip route get ${far} | grep -q wan0`);
      const held = await segment.passing(office.card, "udp port 4789", () => segment.send(1, "data", { count: 5 }));
      check("without its route the firewall alone refuses", held === 0, `${held} frames`);
      await sites.must(1, `nft delete table inet ${names.table}`);
      const leaked = await segment.passing(office.card, "udp port 4789", () => segment.send(1, "data", { count: 5 }));
      check("twin: without route and firewall the wire sees them in clear", leaked > 0, `${leaked} frames`);
      const drift = await sites.run(1, "vpn-gateway check");
      check("which vpn-gateway check names", drift.code === 1 && /is not in the kernel/.test(drift.stdout) && /has not the address/.test(drift.stdout), drift.stdout);
      await sites.must(1, `ip addr del ${near}/32 dev lo; systemctl start vpn-gateway-sites`);
      const guarded = await sites.becomes(async () => /firewall is not in the kernel/.test(await segment.line(1)), 30);
      check("and without its firewall the follower lets no frame cross", guarded && (await segment.reaches(1)) === 0, await segment.line(1));
      await sites.putBack(1, `site-${connection}`);
      await sites.putBack(1, names.part);
      check("the same parts again put all of it back", (await sites.becomes(async () => (await segment.reaches(1, there.address, 1)) > 0, 60)) && (await sites.run(1, "vpn-gateway check")).code === 0, (await sites.run(1, "vpn-gateway check")).stdout);

      heading("taken away, and booted");
      await sites.must(1, `ip link del ${bridgeInterface(name)}; ip link del ${tunnelPort}; ip link del ${insidePorts(name)}${vlan}`);
      check("bridge and ports taken away by hand: the follower makes them again", (await sites.becomes(async () => (await segment.reaches(1, there.address, 1)) > 0, 30)) && (await sites.run(1, "vpn-gateway check")).code === 0, await segment.line(1));
      await rebootMachine(lab.id, "gateway-2", () => undefined);
      const booted = await sites.seconds(async () => (await segment.reaches(1, there.address, 1)) > 0, 180);
      check("the other gateway's power cut: the segment is back by itself", booted !== undefined && (await segment.stands(2, 30)) !== undefined && (await sites.run(2, "vpn-gateway check")).code === 0, await segment.line(2));
      figure(`back ${booted?.toFixed(1)} s after the machine had booted`);

      heading("coming and going");
      const second = await lab.stack.up();
      check("a second up changes nothing", /(\d+) unchanged/.test(second.stdout) && !/\b(created|updated|replaced|deleted)\b/.test(second.stdout), second.stdout.split("\n").filter((text) => /unchanged|created|updated/.test(text)).join(" "));
      await lab.stack.set("interface", "wan0");
      const outside = await lab.stack.up({ mayFail: true });
      check("twin: the outside interface is refused, with its reason, and what stood stands", outside.code !== 0 && /wan0 is the way to the outside/.test(outside.stdout + outside.stderr) && (await segment.reaches(1)) > 0, (outside.stdout + outside.stderr).slice(-700));
      await lab.stack.set("interface", "lan7");
      await lab.stack.set("vlans[0]", "100");
      await lab.stack.set("vlans[1]", "100");
      const wrong = await lab.stack.up({ mayFail: true });
      check("twin: a VLAN that is there twice is refused before either gateway is touched", wrong.code !== 0 && /vlans\[1\].*is there twice/.test(wrong.stdout + wrong.stderr), (wrong.stdout + wrong.stderr).slice(-500));
      await lab.stack.unset("vlans");
      await lab.stack.unset("interface");
      const spi = await sites.must(1, `swanctl --list-sas --ike site-${connection} | grep -oE "(in|out) +[0-9a-f]{8}"`);
      await lab.stack.set("extension", "false");
      const gone = await lab.stack.up();
      figure(`up with the extension gone ${gone.seconds.toFixed(0)} s`);
      for (const gateway of [1, 2] as const) {
        const left = await sites.must(gateway, traces);
        check(`gateway ${gateway}: deleted, it leaves nothing behind`, left.trim().split(/\s+/).every((count) => count === "0") && (await sites.run(gateway, "vpn-gateway check")).code === 0, left.replaceAll("\n", " "));
      }
      check("the connection beneath has noticed nothing", (await sites.must(1, `swanctl --list-sas --ike site-${connection} | grep -oE "(in|out) +[0-9a-f]{8}"`)) === spi);
      check("and the hosts do not reach each other", (await segment.reaches(1)) === 0);
      await segment.leave();
    },
  },
  {
    name: "layer2-vlans",
    shows: "two VLANs cross beside each other, of which one has another number at the other site; and the frames without a tag of an interface, which are a VLAN at the other site",
    twin: "hosts of one do not hear those of the other, nor does a tagged frame pass where there are none",
    program: layerTwoProgram,
    seconds: 200,
    async run(lab, { check }) {
      const segment = new Segment(lab);
      const { sites } = segment;
      const far = "lan1";
      const ours = (await segment.must(here.namespace, "cat /sys/class/net/eth0/address")).trim();
      const reaches = () => sites.becomes(async () => (await segment.reaches(1, there.address, 1)) > 0, 15);
      /** How many of five frames from a VLAN of ours come out in each VLAN there. */
      const crossing = async (from: number, to: readonly number[]) => {
        await segment.passing(far, `ether src ${ours}`, () => segment.send(1, "data", { count: 5 }, from));
        return Promise.all(to.map(async (number) => (await lab.world.captureCount("frames", `vlan ${number} and ${experiment}`)).packets));
      };
      await segment.card(1, 100);
      await segment.card(2, 100);
      await segment.card(1, 200, `${here.address}/24`);
      await segment.card(2, 300, `${there.address}/24`);
      for (const [key, value] of [["leftVlans[0]", "100"], ["leftVlans[1]", "200"], ["rightVlans[0]", "100"], ["rightVlans[1]", "300"]]) await lab.stack.set(key, value);
      await lab.stack.up();
      await segment.stands(1);
      await segment.stands(2);
      check("a host in VLAN 200 reaches one in the other site's 300", await reaches());
      const [from100, from200] = [await crossing(100, [100, 300]), await crossing(200, [100, 300])];
      check("frames of VLAN 100 come out in 100, and those of 200 in 300", from100[0] === 5 && from200[1] === 5, `${from100.join(" ")} | ${from200.join(" ")}`);
      check("twin: none of either in the other's", from100[1] === 0 && from200[0] === 0);
      const line = await segment.line(1);
      check("status names both", line.includes("VLANs 100, 200 of lan0"), line);
      check("each port of the bridge is in its own VLAN", (await sites.must(1, `bridge vlan show | grep -c "PVID Egress Untagged"`)).trim() === "4" && (await sites.run(1, "vpn-gateway check")).code === 0, await sites.must(1, "bridge vlan show"));

      // An interface as a whole, as an administrator has made one. Its frames have no tag.
      await segment.leave(200);
      await segment.leave(300);
      await segment.card(1, 400, `${here.address}/24`);
      await segment.card(2, 500, `${there.address}/24`);
      await sites.must(1, "ip link add link lan0 name seg0 type vlan id 400; ip addr add 10.66.6.6/24 dev seg0; ip link set seg0 up");
      for (const [key, value] of [["interface", "seg0"], ["leftVlans[0]", "0"], ["rightVlans[0]", "500"]]) await lab.stack.set(key, value);
      for (const key of ["leftVlans[1]", "rightVlans[1]"]) await lab.stack.unset(key);
      const refused = await lab.stack.up({ mayFail: true });
      check("twin: as a whole an interface with an address is refused", refused.code !== 0 && /seg0 has the address 10\.66\.6\.6/.test(refused.stdout + refused.stderr), (refused.stdout + refused.stderr).slice(-400));
      await sites.must(1, "ip addr del 10.66.6.6/24 dev seg0");
      await lab.stack.up();
      await segment.stands(1);
      await segment.stands(2);
      check("frames without a tag come out in the other site's VLAN 500", (await reaches()) && (await crossing(400, [500]))[0] === 5, await segment.line(1));
      const stale = await crossing(100, [100, 300, 500]);
      check("and those of VLANs from before cross no more", stale.every((count) => count === 0), stale.join(" "));
      // A tag behind that of VLAN 400: at the port it is the frame's own.
      const inner = `ip link add link eth0.400 name inner type vlan id 7 && ip link set inner up`;
      await segment.must(here.namespace, inner);
      const arrived = async () => Number(await sites.must(1, "cat /sys/class/net/seg0/statistics/rx_packets"));
      const before = await arrived();
      const tagged = await segment.passing(far, `ether src ${ours}`, () => segment.must(here.namespace, "lab-world frames inner data --count 5"));
      check("twin: a tagged frame does not pass, though it comes to the port", tagged === 0 && (await arrived()) - before >= 5, `${tagged} of 5`);
      await segment.must(here.namespace, "ip link del inner");
      await lab.stack.set("extension", "false");
      await lab.stack.up();
      const kept = await sites.must(1, "ip -br link show dev seg0; ip link del seg0");
      check("deleted, the interface is what it was, and nothing is left behind", /seg0/.test(kept) && (await sites.must(1, traces)).trim().split(/\s+/).every((count) => count === "0"), await sites.must(1, traces));
      for (const number of [100, 400, 500]) await segment.leave(number);
    },
  },
  {
    name: "layer2-fragment",
    shows: "with `fragment: true` packets of the hosts' whole 1500 bytes cross, unfragmented to the hosts and in whole packets of ESP",
    twin: "without it they do not, and the host is told",
    program: layerTwoProgram,
    seconds: 200,
    async run(lab, { check }) {
      const segment = new Segment(lab);
      const { sites } = segment;
      const { world } = lab;
      await segment.join();
      await segment.stands(1, 60);
      const before = await sites.largest(here.namespace, there.address);
      check("twin: without it less than 1500 bytes pass", before.mtu !== null && before.mtu < 1500, `${before.mtu}`);
      await lab.stack.set("fragment", "true");
      await lab.stack.up();
      const up = (await segment.stands(1, 60)) !== undefined && (await segment.stands(2, 60)) !== undefined;
      check("it stands", up, await segment.line(1));
      await world.captureStart("whole", undefined, office.card);
      for (const target of [there.address, there.address6]) {
        const found = await sites.largest(here.namespace, target);
        check(`to ${target}: 1500 bytes pass unfragmented`, found.mtu === 1500, `${found.mtu}`);
      }
      const transfer = await sites.transfer(here.namespace, there.address);
      check("TCP passes", transfer.megabitsPerSecond > 0.5, `${transfer.megabitsPerSecond} Mbit/s ${transfer.reason ?? ""}`);
      const all = await world.captureStop("whole");
      const clear = await world.captureCount("whole", ofSegment);
      const pieces = await world.captureCount("whole", "ip and ip[6:2] & 0x3fff != 0");
      check("outside there is ESP alone, each packet of it whole", clear.packets === 0 && pieces.packets === 0 && all.packets > 50, `${clear.packets} in clear, ${pieces.packets} in pieces, of ${all.packets}`);
      const line = await segment.line(1);
      check("status says from which size on packets cross in two", line.includes(`more than ${tunnelMtu - layerTwoOverhead({ fragment: true })} bytes cross in two`), line);
      const bridge = bridgeInterface(name);
      check("vpn-gateway check finds nothing", (await sites.run(1, "vpn-gateway check")).code === 0, `${(await sites.run(1, "vpn-gateway check")).stdout} ${await sites.must(1, `bridge vlan show; ip -br link show master ${bridge}`)}`);
      await lab.stack.set("fragment", "false");
      await lab.stack.set("extension", "false");
      await lab.stack.up();
      const left = await sites.must(1, traces);
      check("deleted, it leaves nothing behind", left.trim().split(/\s+/).every((count) => count === "0"), left.replaceAll("\n", " "));
      await segment.leave();
    },
  },
];
