import { sitesTable } from "../../gateway/site/names";
import { MeshLab, meshPlain, meshProgram as program } from "../mesh";
import { labClouds, labShared } from "../networks";
import { sleep } from "../progress";
import { sharesLeft } from "../sites";
import type { Scenario } from "./scenario";

const [first, second, third] = labClouds;
const all = [1, 2, 3] as const;
/** What one gateway has of connections, in numbers, none of which may be another than 0 once it has none. */
const left = `ls /etc/vpn-gateway/sites /etc/vpn-gateway/bgp.d /etc/swanctl/conf.d 2>/dev/null | grep -c mesh; ip -br link | grep -c ^st-; ip route show proto 201 | wc -l; ip -6 route show proto 201 | wc -l; ip route show proto bgp | wc -l; ${sharesLeft}; swanctl --list-conns | grep -c site; vtysh -c "show bgp summary" | grep -c 169.254; true`;

/** What is in one list and not in the other. */
const missing = (these: readonly string[], among: readonly string[]) => these.filter((line) => !among.includes(line));
/** What an `up` says of the resources that it touched. */
const touched = (stdout: string) => stdout.split("\n").filter((line) => /^\s*[-+~]+ .*\b(created|updated|replaced|deleted)\b/.test(line) && line.includes(":"));

/** Who is in a mesh, and who is joined to whom. */
export const meshMembers: Scenario[] = [
  {
    name: "mesh-hub",
    shows: "a hub and two spokes: the spokes' hosts reach each other by way of the hub by IPv4 and IPv6, through tunnels alone, and not a packet passes between the two gateways themselves",
    twin: "with the hub dead the spokes' hosts are told that there is no way and nothing leaves in clear; without routes and firewall the wire sees them in clear; with the hub back all is as it was",
    program,
    seconds: 300,
    async run(lab, { check, figure }) {
      const mesh = new MeshLab(lab);
      await lab.stack.set("hubs[0]", "gateway-1");
      const made = await lab.stack.up();
      await lab.read();
      const [two, three] = [MeshLab.connection(1, 2), MeshLab.connection(1, 3)];
      check("the spokes are joined to the hub alone", lab.connections.map(({ name }) => name).sort().join(" ") === `${two} ${three}`, JSON.stringify(lab.connections));
      const exactly = async (gateway: number, sessions: number) => (await mesh.routing(gateway)).sessions.length === sessions && (await mesh.allUp([gateway], sessions));
      const whole = async () => (await exactly(1, 2)) && (await exactly(2, 1)) && (await exactly(3, 1));
      check("two sessions at the hub and one at each spoke are up, with BFD", await mesh.becomes(whole, 120), JSON.stringify(await Promise.all(all.map(async (gateway) => (await mesh.routing(gateway)).sessions.map(({ connection, reason }) => [connection, reason])))));
      figure(`up from a full mesh ${made.seconds.toFixed(0)} s`);
      const device = MeshLab.device(1, 2);
      const known = await mesh.becomes(async () => (await mesh.way(2, third.host)) === device && (await mesh.way(3, second.host)) === MeshLab.device(1, 3), 30);
      const path = (await mesh.routing(2)).routes.find(({ network }) => network === third.network)?.ways.map(({ path: by }) => by).join("; ");
      check("each spoke has learned the other's network of the hub: two AS numbers on the way", known && path?.split(" ").length === 2, path ?? "no way");

      for (const gateway of all) await lab.world.captureStart(`hub${gateway}`, undefined, labClouds[gateway - 1].card);
      for (const [from, to] of [[second, third], [third, second], [first, third], [second, first]]) {
        for (const target of [to.host, to.host6]) {
          const { sent, received } = await mesh.ping(from.namespace, target, 3);
          check(`a host of ${from.network} reaches ${target}`, sent === received && sent > 0, `${received} of ${sent}`);
        }
      }
      for (const gateway of all) {
        const clear = await lab.world.captureStop(`hub${gateway}`).then(() => lab.world.captureCount(`hub${gateway}`, meshPlain));
        // Of 12 questions between spokes each passes the hub's wire twice, and so does its answer.
        const within = await lab.world.captureCount(`hub${gateway}`, "esp or udp port 4500");
        check(`on the outer wire of gateway ${gateway} all of it is within ESP`, clear.packets === 0 && within.packets >= (gateway === 1 ? 48 : 24), `${clear.packets} in clear, ${within.packets} in ESP; ${clear.first.join(" ")}`);
      }
      const direct = await lab.world.captureCount("hub2", `host ${third.endpoint}`);
      check("and between the two spokes themselves passes nothing", direct.packets === 0 && (await lab.world.captureCount("hub2", `host ${first.endpoint}`)).packets > 0, direct.first.join(" "));
      for (const gateway of all) {
        const said = await mesh.run(gateway, "vpn-gateway check");
        check(`vpn-gateway check finds nothing on gateway ${gateway}`, said.code === 0, said.stdout);
      }

      for (const gateway of [2, 3]) await lab.world.captureStart(`dead${gateway}`, meshPlain, labClouds[gateway - 1].card);
      await mesh.pingStart(second.namespace, third.host, 0.2, "dead");
      await mesh.powerOff(1);
      const gone = await mesh.seconds(async () => (await mesh.way(2, third.host)) !== device && (await mesh.way(3, second.host)) !== MeshLab.device(1, 3), 30);
      const forgotten = await mesh.becomes(async () => (await mesh.routing(2)).routes.length === 0, 15);
      check("the hub is dead: the spokes know no way any more", gone !== undefined && forgotten, JSON.stringify((await mesh.routing(2)).routes));
      figure(`seen ${gone?.toFixed(1)} s after the power was cut (by asking)`);
      const reason = async () => (await mesh.routing(2)).sessions[0].reason ?? "it stands";
      check("status says that the link is dead", await mesh.becomes(async () => (await reason()) === "the link is dead (BFD)", 15), await reason());
      await mesh.pingStop(second.namespace, "dead");
      // The kernel tells one host once a second (icmp_ratelimit), six times at once at most.
      await sleep(6000);
      for (const [from, target] of [[second, third.host], [second, third.host6], [third, second.host], [second, first.host]] as const) {
        const said = await lab.world.run(from.namespace, `ping -c 2 -W 2 ${target}`);
        check(`a host of ${from.network} is told that there is no way to ${target}`, said.code !== 0 && /[Uu]nreachable|No route/.test(said.stdout + said.stderr), said.stdout.split("\n")[1]);
      }
      for (const gateway of [2, 3]) {
        const clear = await lab.world.captureStop(`dead${gateway}`);
        check(`and nothing leaves spoke ${gateway} in clear`, clear.packets === 0, clear.first.join(" "));
      }
      await lab.world.captureStart("twin", meshPlain, second.card);
      await mesh.must(2, `nft delete table inet ${sitesTable}; nft delete table inet vpn_gateway`);
      await mesh.ping(second.namespace, third.host, 3);
      const leaked = await lab.world.captureStop("twin");
      check("twin: without routes and firewall the wire sees them in clear", leaked.packets > 0, `${leaked.packets} packets`);
      await mesh.must(2, "systemctl restart vpn-gateway-firewall; systemctl restart vpn-gateway-sites");

      await mesh.powerOn(1);
      const booted = await mesh.seconds(whole, 240);
      check("the hub boots, and all sessions come back by themselves", booted !== undefined, `${booted?.toFixed(0)} s`);
      const again = await mesh.becomes(async () => (await mesh.ping(second.namespace, third.host, 1)).received > 0 && (await mesh.ping(third.namespace, second.host6, 1)).received > 0, 60);
      check("and the spokes' hosts reach each other", again);
      check("all is as it should be on the spoke", await mesh.becomes(async () => (await mesh.run(2, "vpn-gateway check")).code === 0, 30), (await mesh.run(2, "vpn-gateway check")).stdout);
    },
  },
  {
    name: "mesh-one-more",
    shows: "a third gateway joins a mesh of two by `up`, which makes its connections and touches nothing else: session, child SA, IKE SA and files of the first connection are the ones that they were, and its hosts lose no packet; taken away again, exactly its parts are gone",
    twin: "before and after it is in the mesh its hosts reach nobody and nobody reaches them, by nothing in clear",
    program,
    seconds: 240,
    async run(lab, { check, figure }) {
      const mesh = new MeshLab(lab);
      const two = MeshLab.connection(1, 2);
      await lab.stack.set("joined", "2");
      await lab.stack.up();
      check("the first two are joined", await mesh.becomes(() => mesh.allUp([1, 2], 1), 120), JSON.stringify(await mesh.routing(1)));
      const standing = () => Promise.all(all.map((gateway) => mesh.standing(gateway)));
      const identities = async () => (await Promise.all([1, 2].map((gateway) => mesh.identity(gateway, two)))).join("; ");
      const alone = async (when: string) => {
        await lab.world.captureStart("alone", meshPlain, first.card);
        const [out, back] = [await lab.world.run(first.namespace, `ping -c 2 -W 2 ${third.host}`), await mesh.ping(third.namespace, first.host, 2)];
        const clear = await lab.world.captureStop("alone");
        check(`twin: ${when} its hosts and the first one's do not reach each other, and nothing leaves the first one in clear`, out.code !== 0 && /[Uu]nreachable/.test(out.stdout) && back.received === 0 && clear.packets === 0, `${out.stdout.split("\n")[1]} ${clear.first.join(" ")}`);
        const counts = (await mesh.must(3, left)).trim().split(/\s+/);
        check("and it has nothing of a mesh", counts.every((count) => count === "0"), counts.join(" "));
      };
      await alone("before");
      const [before, who] = [await standing(), await identities()];
      await mesh.pingStart(first.namespace, second.host, 0.1, "one-more");

      await lab.stack.set("joined", "3");
      const grown = await lab.stack.up();
      check("the up made what is of the third, and touched nothing else", touched(grown.stdout).length > 0 && touched(grown.stdout).every((line) => / created/.test(line) && /gateway-3/.test(line)), touched(grown.stdout).join(" | "));
      check("all six ends are up", await mesh.becomes(() => mesh.allUp(), 120), JSON.stringify(await mesh.routing(3)));
      const ways = async () => (await mesh.routing(1)).routes.find(({ network }) => network === third.network)?.ways.map(({ connection, used }) => `${connection} ${used ? "used" : "in reserve"}`).join(", ");
      check("the third's network is reached by its own gateway, and by way of the second in reserve", await mesh.becomes(async () => (await ways()) === `${MeshLab.connection(1, 3)} used, ${two} in reserve`, 30), await ways());
      for (const target of [third.host, third.host6]) check(`its hosts are reached: ${target}`, (await mesh.ping(first.namespace, target)).received > 0 && (await mesh.ping(second.namespace, target)).received > 0);
      check("for the network that the second has as well the second is used on", (await mesh.way(1, labShared.host)) === MeshLab.device(1, 2), await mesh.way(1, labShared.host));
      check("the first connection is the one that it was: tunnels and session", (await identities()) === who && who.includes("#"), `${who} | ${await identities()}`);
      const grownStanding = await standing();
      const changed = [0, 1].flatMap((index) => missing(before[index], grownStanding[index]));
      check("and no file, route or table of it is another", changed.length === 0 && grownStanding[0].length > before[0].length, changed.join(" | "));

      await lab.stack.set("joined", "2");
      const shrunk = await lab.stack.up();
      check("taken away: the up deleted what is of the third, and touched nothing else", touched(shrunk.stdout).length > 0 && touched(shrunk.stdout).every((line) => / deleted/.test(line) && /gateway-3/.test(line)), touched(shrunk.stdout).join(" | "));
      const { sent, received, longestGapMs } = await mesh.pingStop(first.namespace, "one-more");
      check("its coming and going lost the first connection no packet", sent > 50 && received === sent, `${received} of ${sent}, longest silence ${longestGapMs} ms`);
      check("which is the one that it was still", (await identities()) === who, `${who} | ${await identities()}`);
      const after = await standing();
      for (const [index, lines] of after.entries()) {
        const differs = [...missing(before[index], lines), ...missing(lines, before[index])];
        check(`gateway ${index + 1} has exactly what it had before`, differs.length === 0, differs.join(" | "));
        check("and is as it should be", (await mesh.run(index + 1, "vpn-gateway check")).code === 0);
      }
      await alone("afterwards");
      figure(`up with one gateway more ${grown.seconds.toFixed(0)} s, with one less ${shrunk.seconds.toFixed(0)} s`);
    },
  },
  {
    name: "mesh-revoked",
    shows: "a gateway whose name is among a mesh's `revoked` is cut off by both others and not let in; status says why, and what is between the others goes on with the same tunnel and session and without a packet lost",
    twin: "a name that is none, revoking without certificates, and where nobody would look are refused at preview; with its name taken out the gateway is let in again",
    program,
    seconds: 300,
    async run(lab, { check, figure }) {
      const mesh = new MeshLab(lab);
      const two = MeshLab.connection(1, 2);
      const preview = async () => {
        const { code, stdout, stderr } = await lab.stack.preview({ mayFail: true });
        return code === 0 ? "" : stdout + stderr;
      };
      await lab.stack.set("revoked[0]", "gateway-9");
      const nobody = await preview();
      check("twin: a name that is none and keys in place of certificates are refused, at once", /revoked\[0\] \("gateway-9"\): is no gateway of this mesh/.test(nobody) && /is about certificates/.test(nobody), nobody.slice(-600));
      await lab.stack.set("revoked[0]", "gateway-3");
      await lab.stack.set("authentication", "certificate");
      const blind = await preview();
      check("twin: where nobody would look it is refused, and both are named", [0, 1].every((index) => new RegExp(`gateways\\[${index}\\] .*looks at no revocation list`).test(blind)), blind.slice(-600));
      await lab.stack.unset("revoked");
      await lab.stack.set("revocation", "true");
      await lab.stack.up();
      check("all six ends are up by certificates", await mesh.becomes(() => mesh.allUp(), 180), JSON.stringify(await mesh.routing(1)));

      // Both ends dialled at once, it may be: within 10 s the older of two tunnels ends.
      await sleep(15_000);
      const who = await mesh.identity(1, two);
      for (const gateway of all) await lab.world.captureStart(`revoked${gateway}`, meshPlain, labClouds[gateway - 1].card);
      await mesh.pingStart(first.namespace, second.host, 0.1, "revoked");
      await lab.stack.set("revoked[0]", "gateway-3");
      const revoking = await lab.stack.up();
      for (const gateway of [1, 2]) {
        const name = MeshLab.connection(gateway, 3);
        check(`gateway ${gateway} has cut it off`, (await mesh.fallsWithin(gateway, name, 40)) !== undefined);
        check("and says why", await mesh.becomes(async () => /a certificate was revoked/.test(await mesh.reason(gateway, name)), 60), await mesh.reason(gateway, name));
        check("no way to its network is known, by way of the other neither", await mesh.becomes(async () => !(await mesh.routing(gateway)).routes.some(({ network }) => network === third.network), 30), JSON.stringify((await mesh.routing(gateway)).routes));
      }
      for (const { namespace } of [first, second]) {
        const { sent, received } = await mesh.ping(namespace, third.host, 10);
        check("nobody of it answers while it goes on dialling", received === 0 && sent > 0, `${received} of ${sent}`);
      }
      const { sent, received, longestGapMs } = await mesh.pingStop(first.namespace, "revoked");
      check("between the others no packet is lost", sent > 50 && received === sent, `${received} of ${sent}, longest silence ${longestGapMs} ms`);
      check("and tunnel and session are the ones that they were", (await mesh.identity(1, two)) === who && who.includes("#"), `${who} | ${await mesh.identity(1, two)}`);
      figure(`up ${revoking.seconds.toFixed(0)} s`);

      await lab.stack.unset("revoked");
      await lab.stack.up();
      check("twin: with its name taken out it is let in again", await mesh.becomes(() => mesh.allUp(), 120), await mesh.reason(1, MeshLab.connection(1, 3)));
      check("twin: and its hosts answer", await mesh.becomes(async () => (await mesh.ping(first.namespace, third.host, 1)).received > 0, 30));
      for (const gateway of all) {
        const clear = await lab.world.captureStop(`revoked${gateway}`);
        check(`not one packet in clear in all this on the wire of gateway ${gateway}`, clear.packets === 0, clear.first.join(" "));
      }
    },
  },
];
