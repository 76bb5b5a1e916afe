import { espSuites } from "../../gateway/cipherSuites";
import { ikev2InnerMtu } from "../../gateway/mtu";
import { siteNames, sitesTable } from "../../gateway/site/names";
import { labAddresses, labClouds } from "../networks";
import { betweenSites, Sites, sitesProgram } from "../sites";
import type { Scenario } from "./scenario";

const connection = "office-to-cloud";
const [office, cloud] = labClouds;
const names = siteNames(connection);
/** A host of the other site's network that is none: whoever forges it is on the outside. */
const forged = "10.30.0.99";

/** A connection whose packets the kernel's IPsec policies choose. */
export const sitePolicy: Scenario[] = [
  {
    name: "sites-policy",
    shows: "`mode: \"policy\"`: no interface, and the kernel's policies carry both sites' packets, IPv4 and IPv6, both ways, and TCP; what is larger is answered with the size that fits; a cut link is survived",
    twin: "plain packets with the other site's addresses are dropped, and none leaves in clear without tunnel, policies or routes, but by taking the firewall away; an end that agrees on half of a network is named by status at both ends, and one with another network has no tunnel and is named",
    program: sitesProgram,
    seconds: 260,
    async run(lab, { check, figure }) {
      const sites = new Sites(lab);
      await lab.stack.set("mode", "policy");
      await lab.stack.up();
      check("the tunnel stands", (await sites.standsWithin(1, connection, 60)) !== undefined, await sites.reason(1));
      const kernel = await sites.must(1, "ip -br link show type xfrm; echo --; ip xfrm policy; ip xfrm state");
      check("with policies for the networks, and no interface", kernel.startsWith("--") && kernel.includes(`src ${office.network} dst ${cloud.network}`) && !/if_id/.test(kernel), kernel);
      for (const [label, card] of [["policy1", office.card], ["policy2", cloud.card]] as const) await lab.world.captureStart(label, undefined, card);
      for (const [from, to, target] of [[office, cloud, cloud.host], [cloud, office, office.host], [office, cloud, cloud.host6], [cloud, office, office.host6]] as const) {
        const { sent, received } = await sites.ping(from.namespace, target);
        check(`${from.namespace} reaches ${to.namespace} at ${target}`, sent === received && sent > 0, `${received} of ${sent}`);
      }
      const own = await sites.run(1, `ping -c 3 -W 2 -I ${office.gatewayInside} ${cloud.host}`);
      check("the gateway itself does, from its inside address", own.code === 0, own.stdout.split("\n").at(-3));
      const formula = ikev2InnerMtu({ linkMtu: 1500, suite: espSuites.aes256gcm16, natTraversal: true });
      const crossing = await sites.cross({ from: office.namespace, to: cloud.namespace, targets: [cloud.host, cloud.host6], size: formula, transfer: "unheard" });
      check(`packets of the formula's ${formula} bytes pass, and one byte more is answered with them`, crossing.every(({ passes, oneMore }) => passes && !oneMore.passes && oneMore.told?.mtu === formula), JSON.stringify(crossing));
      check("TCP passes, although its hosts hear of no size", crossing.every(({ transfer }) => (transfer?.bytes ?? 0) > 100_000), JSON.stringify(crossing));
      for (const label of ["policy1", "policy2"]) {
        const all = await lab.world.captureStop(label);
        const clear = await lab.world.captureCount(label, betweenSites);
        const within = await lab.world.captureCount(label, "esp or udp port 4500");
        check("every packet of theirs on the outer wires is within ESP", clear.packets === 0 && within.packets >= 20, `${clear.packets} in clear, ${within.packets} in ESP of ${all.packets}; ${clear.first.join(" ")}`);
      }
      check("vpn-gateway check finds nothing", (await sites.run(1, "vpn-gateway check")).code === 0, (await sites.run(1, "vpn-gateway check")).stdout);

      // From outside, in clear, with an address of the other site.
      const dropped = async () => Number(/ip saddr @policy_far4 meta ipsec missing .*counter packets (\d+)/.exec(await sites.must(1, `nft list chain inet ${sitesTable} prerouting`))?.[1]);
      const before = await dropped();
      await lab.world.captureStart("forged", `src ${forged}`, "lan0");
      try {
        await lab.world.run("isp", `ip addr add ${forged}/32 dev lo; ip route add ${office.network} via ${labAddresses.gatewayOutside} src ${forged}`);
        await lab.world.run("isp", `ping -c 3 -W 1 -I ${forged} ${office.host}`);
      } finally {
        await lab.world.run("isp", `ip route del ${office.network}; ip addr del ${forged}/32 dev lo`);
      }
      const reached = await lab.world.captureStop("forged");
      check("plain packets with an address of the other site are dropped by the connection's firewall", reached.packets === 0 && (await dropped()) >= before + 3, `${reached.packets} on the inner wire, ${before} then ${await dropped()} dropped`);

      await lab.world.captureStart("cut", betweenSites, office.card);
      await lab.world.linkCut();
      const down = await sites.fallsWithin(1, connection, 40);
      const silent = await sites.ping(office.namespace, cloud.host, 3);
      check("a cut link is noticed, and nobody answers", down !== undefined && silent.received === 0, `${down?.toFixed(1)} s`);
      await lab.world.linkRestore();
      const again = await sites.seconds(async () => (await sites.ping(office.namespace, cloud.host, 1)).received > 0, 60);
      check("it comes back by itself", again !== undefined, await sites.reason(1));
      figure(`noticed after ${down?.toFixed(1)} s, back ${again?.toFixed(1)} s after the link was`);

      // The other end has less, or something else, as a device would whose owner entered it so.
      const anew = `swanctl --terminate --ike ${names.connection} --force --timeout 3; true`;
      const withNetworks = async (networks: string) => {
        const file = "/etc/swanctl/other-networks.conf";
        await sites.must(2, `sed "s|local_ts = .*|local_ts = ${networks}|" /etc/swanctl/conf.d/${names.connection}.conf > ${file}; swanctl --load-conns --file ${file}; rm ${file}; ${anew}`);
        await sites.must(1, anew);
      };
      const status = async (gateway: number) => (await sites.status(gateway)).find(({ name }) => name === connection)!;
      check("twin: status says nothing of networks that both ends have", (await status(1)).narrowed === null && (await status(2)).narrowed === null);
      const half = cloud.network.replace("/24", "/25");
      await withNetworks(`${half}, ${cloud.network6}`);
      const named = await sites.becomes(async () => [await status(1), await status(2)].every(({ stands, narrowed }) => stands && narrowed?.missing.join() === cloud.network && narrowed.carried.includes(half)), 60);
      const said = (await sites.run(1, "vpn-gateway status")).stdout;
      check("an end that agrees on half of its network is named at both ends, with what the tunnel has", named && said.includes(`the other end agreed on less: ${cloud.network} not`), `${said.slice(0, 500)} ${JSON.stringify(await status(2))}`);
      check("and what both agreed on passes", (await sites.ping(office.namespace, cloud.host)).received > 0 && (await sites.ping(office.namespace, cloud.host6)).received > 0);
      await withNetworks("10.31.0.0/24, fd31::/64");
      const other = await sites.becomes(async () => /has other networks than ours/.test(await sites.reason(1)) && /asks for other networks/.test(await sites.reason(2)), 60);
      check("twin: with another network there is no tunnel, and both ends say why", other && (await sites.ping(office.namespace, cloud.host, 2)).received === 0, `${await sites.reason(1)} | ${await sites.reason(2)}`);
      await sites.must(2, `swanctl --load-conns; ${anew}`);
      await sites.must(1, anew);
      const mended = await sites.becomes(async () => (await status(1)).stands && (await status(1)).narrowed === null && (await sites.ping(office.namespace, cloud.host, 1)).received > 0, 90);
      check("with the same networks again it stands, and status has no more to say", mended, JSON.stringify(await status(1)));
      const clear = await lab.world.captureStop("cut");
      check("not one packet in clear in all this", clear.packets === 0, clear.first.join(" "));

      // Policies, and what refuses beneath them, taken away: the firewall alone must hold.
      const fromInside = `ping -c 2 -W 1 -I ${office.gatewayInside} ${cloud.host} || true`;
      try {
        await sites.must(1, `systemctl stop vpn-gateway-sites strongswan; ip route del unreachable ${cloud.network} metric 4278198272; ip route get ${cloud.host} | grep -q wan0; test -z "$(ip xfrm policy | grep ${cloud.network})"`);
        await lab.world.captureStart("bare", betweenSites, office.card);
        await sites.ping(office.namespace, cloud.host, 3);
        await sites.must(1, fromInside);
        const held = await lab.world.captureStop("bare");
        check("with policies and routes gone the firewall refuses what belongs into the tunnel", held.packets === 0, held.first.join(" "));
        await lab.world.captureStart("leak", betweenSites, office.card);
        await sites.must(1, `nft delete table inet ${sitesTable}`);
        await sites.must(1, fromInside);
        const leaked = await lab.world.captureStop("leak");
        check("twin: without the firewall, too, the wire sees it in clear", leaked.packets > 0, `${leaked.packets} packets`);
      } finally {
        await sites.must(1, "systemctl start strongswan vpn-gateway-sites");
        await sites.putBack(1, names.part);
      }
      check("the same part again puts all back", (await sites.becomes(async () => (await sites.ping(office.namespace, cloud.host, 1)).received > 0, 60)) && (await sites.run(1, "vpn-gateway check")).code === 0, (await sites.run(1, "vpn-gateway check")).stdout);
    },
  },
];
