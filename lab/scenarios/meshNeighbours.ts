import { MeshLab, meshProgram as program } from "../mesh";
import { labClouds } from "../networks";
import { sleep } from "../progress";
import type { Scenario } from "./scenario";

const [first, second, third] = labClouds;
const [two, three, between] = [MeshLab.connection(1, 2), MeshLab.connection(1, 3), MeshLab.connection(2, 3)];

/** Makes bgpd of a gateway another than its file says, as a person who types would. */
const typed = (mesh: MeshLab, gateway: number, lines: readonly string[]) =>
  mesh.must(gateway, `vtysh >/dev/null <<"END"\nconfigure terminal\n${lines.join("\n")}\nEND\n`);
const inRouter = (as: number, lines: readonly string[]) => [`router bgp ${as}`, "address-family ipv4 unicast", ...lines, "exit-address-family", "exit"];

/** Neighbours that do what they should not. */
export const meshNeighbours: Scenario[] = [
  {
    name: "mesh-same-as",
    shows: "an AS number that two gateways of a mesh have is refused before anything is pushed; of one that a gateway beyond a neighbour has, status names what is dropped because of it",
    twin: "with a number of its own the preview has nothing against it; the same network without our AS number in its path is taken",
    program,
    seconds: 90,
    async run(lab, { check }) {
      const mesh = new MeshLab(lab);
      check("all sessions are up", await mesh.becomes(() => mesh.allUp(), 120));
      const { as } = await mesh.routing(1);
      const before = await mesh.standing(3);
      await lab.stack.set("thirdAs", String(as));
      const refused = await lab.stack.up({ mayFail: true });
      const said = refused.stdout + refused.stderr;
      check("the same AS number at two gateways is refused, by their names", refused.code !== 0 && new RegExp(`gateways\\[2\\]\\.as \\(${as}\\): is the AS number of gateway-1, too`).test(said), said.slice(-600));
      check("and nothing was pushed", (await mesh.standing(3)).join() === before.join() && (await mesh.allUp()));
      await lab.stack.set("thirdAs", "4200000777");
      const other = await lab.stack.preview({ mayFail: true });
      check("twin: nothing is said against a number of its own", other.code === 0, (other.stdout + other.stderr).slice(-600));
      await lab.stack.unset("thirdAs");

      // As if a gateway beyond the third had the first one's number, and this network behind it.
      const network = `${third.network.replace(/0\/24$/, "77")}/32`;
      const session = async () => (await mesh.routing(1)).sessions.find(({ connection }) => connection === three)!;
      const { as: liar } = await mesh.routing(3);
      const map = [`route-map site-${three}-out4 permit 5`, "match ip address prefix-list lab-namesake"];
      await typed(mesh, 3, [`ip prefix-list lab-namesake seq 5 permit ${network}`, ...map, `set as-path prepend ${as}`, "exit", ...inRouter(liar, [`network ${network}`])]);
      const told = await mesh.becomes(async () => (await session()).ofOurAs.join() === network, 40);
      check("what begins at our own AS number is dropped, and status names it", told && !(await session()).learned.includes(network), JSON.stringify(await session()));
      const line = (await mesh.run(1, "vpn-gateway status")).stdout.split("\n").find((text) => /begins at our own AS/.test(text));
      check("in words, with what to do", new RegExp(`begins at our own AS ${as} .*${network.replaceAll(".", "\\.")}; another gateway has the same AS number: give one of the two another`).test(line ?? ""), line);
      await typed(mesh, 3, [`no ${map[0]}`, ...map, "exit"]);
      check("twin: without it in the path the same network is taken, and nothing is said", await mesh.becomes(async () => (await session()).learned.includes(network) && (await session()).ofOurAs.length === 0, 40), JSON.stringify(await session()));
      await mesh.putRoutingBack(3);
      check("all is as it was", await mesh.becomes(async () => !(await session()).learned.includes(network) && (await mesh.allUp()), 40));
    },
  },
  {
    name: "mesh-too-many",
    shows: "a neighbour that announces more networks than it may (`mostPrefixes`; 20 are typed here) is shut out, and status at both ends says so and whose fault it is; its hosts are reached by way of the third gateway meanwhile; silent about them it is back by itself",
    twin: "nobody else's session is shut; dialled anew while it goes on announcing it is shut out again",
    program,
    seconds: 480,
    async run(lab, { check, figure }) {
      const mesh = new MeshLab(lab);
      check("all sessions are up", await mesh.becomes(() => mesh.allUp(), 120));
      const session = async (gateway: number, name: string) => (await mesh.routing(gateway)).sessions.find(({ connection }) => connection === name)!;
      const shut = () => mesh.becomes(async () => /^the other end announces too many prefixes, more than 1000 of a family/.test((await session(1, three)).reason ?? ""), 60);
      const { as: talker } = await mesh.routing(3);
      const direct = MeshLab.device(1, 3);
      check("at first hosts speak directly", (await mesh.way(1, third.host)) === direct, await mesh.way(1, third.host));
      const fell = async () => JSON.stringify([(await session(1, two)).falls.count, (await session(2, between)).falls.count]);
      const before = await fell();

      // status names the stack's number, which is 1000: as many would take minutes to type.
      // Parts of its own network, which nobody refuses, told to the first gateway alone. That tells the second, whose bound they do not reach.
      const { as: host, sessions } = await mesh.routing(1);
      await typed(mesh, 1, inRouter(host, [`neighbor ${sessions.find(({ connection }) => connection === three)!.neighbor} maximum-prefix 20 restart 5`]));
      const part = (last: number) => `network ${third.network.replace(/0\/24$/, String(last))}/32`;
      await typed(mesh, 3, [
        `ip prefix-list lab-many seq 5 permit ${third.network} ge 32`,
        `route-map site-${between}-out4 deny 5`, "match ip address prefix-list lab-many", "exit",
        `route-map site-${three}-out4 permit 5`, "exit",
        ...inRouter(talker, Array.from({ length: 40 }, (_, index) => part(index + 100))),
      ]);
      await sleep(3000);
      // bgpd looks how many there were when it takes one: what came in one message is let through until the next.
      const further = (last: number) => typed(mesh, 3, inRouter(talker, [part(last)]));
      await further(200);
      check("too many prefixes: the session is shut, and status says why", await shut(), (await session(1, three)).reason ?? "it stands");
      const line = (await mesh.run(1, "vpn-gateway status")).stdout.split("\n").find((text) => text.startsWith(`BGP ${three} `));
      check("in words", /down: the other end announces too many prefixes, more than 1000 of a family \(`mostPrefixes`\): it is shut out for 5 minutes each time/.test(line ?? ""), line);
      const told = await mesh.becomes(async () => /^this gateway announces more prefixes than the other end takes/.test((await session(3, three)).reason ?? ""), 20);
      check("at the other end, too, whose fault it is", told, (await session(3, three)).reason ?? "it stands");
      const around = await mesh.becomes(async () => (await mesh.way(1, third.host)) === MeshLab.device(1, 2), 20);
      check("its hosts are reached by way of the second gateway", around && (await mesh.ping(first.namespace, third.host)).received > 0, await mesh.way(1, third.host));
      check("twin: nobody else's session is shut", (await fell()) === before && (await mesh.ping(first.namespace, second.host)).received > 0, `${before} ${await fell()}`);

      const { falls, neighbor } = await session(1, three);
      await mesh.must(1, `vtysh -c "clear bgp ${neighbor}"`);
      await mesh.becomes(async () => (await session(1, three)).stands, 30);
      await further(201);
      check("twin: dialled anew it is shut out again, since it goes on announcing", await mesh.becomes(async () => (await session(1, three)).falls.count > falls.count, 60) && (await shut()), JSON.stringify(await session(1, three)));

      await mesh.putRoutingBack(3);
      check("silent about them it is not back before its time", !(await session(1, three)).stands, (await session(1, three)).since ?? "");
      const back = await mesh.seconds(() => mesh.allUp(), 360);
      check("and after it by itself", back !== undefined, (await session(1, three)).reason ?? "");
      check("hosts speak directly again", await mesh.becomes(async () => (await mesh.way(1, third.host)) === direct && (await mesh.ping(first.namespace, third.host, 1)).received > 0, 30), await mesh.way(1, third.host));
      await mesh.putRoutingBack(1);
      figure(`back ${back?.toFixed(0)} s after it was silent about them`);
    },
  },
];
