import * as fs from "node:fs";
import * as path from "node:path";
import { MeshLab, meshPlain } from "../mesh";
import { siteInterface } from "../../gateway/site/names";
import { labClouds, labShared } from "../networks";
import type { Say } from "../progress";
import type { Lab } from "../scenarios/lab";
import { meshPicture } from "./meshPicture";
import { table } from "./table";

/** What a person is shown after `scripts/up --stack lab-mesh`: what each gateway learned, and who takes over when, with the seconds counted. */
export async function demonstrateMesh(lab: Lab, say: Say): Promise<{ text: string; good: boolean }> {
  await lab.fresh();
  const mesh = new MeshLab(lab);
  say("waiting for three BGP sessions (usually 10 to 40 s)");
  if (!(await mesh.becomes(() => mesh.allUp(), 240))) return { text: `not all sessions are up: ${JSON.stringify(await mesh.routing(1))}`, good: false };
  const learned: string[][] = [];
  for (const gateway of [1, 2, 3]) {
    for (const { network, ways } of (await mesh.routing(gateway)).routes) {
      const by = (used: boolean) => ways.filter((way) => way.used === used).map(({ connection }) => connection).join(", ");
      learned.push([`gateway-${gateway}`, network, by(true), by(false)]);
    }
  }
  const whole = await picture(mesh);
  const file = path.join(lab.stack.root, ".lab", "mesh.svg");

  const [first, second] = labClouds;
  const rows: string[][] = [];
  await lab.world.captureStart("demonstration", meshPlain, first.card);
  const way = async (target: string) => {
    const device = await mesh.way(1, target);
    return lab.connections.find(({ name }) => siteInterface(name) === device)?.name ?? (device || "none");
  };
  const show = async (what: string, target: string, strike: () => Promise<unknown>) => {
    const before = await way(target);
    say(`${what}: counting what a host of site 1 loses on its way to ${target} (about 15 s)`);
    const { gapSeconds, sent, received } = await mesh.lost(first.namespace, target, 8, strike);
    rows.push([what, gapSeconds.toFixed(2), `${sent - received} of ${sent}`, before, await way(target)]);
    return gapSeconds;
  };
  const gaps = [await show("the direct path is dead", second.host, () => mesh.cutBetween(1, 2))];
  const cut = await picture(mesh);
  await mesh.mendBetween(1, 2);
  await mesh.becomes(() => mesh.allUp(), 90);
  gaps.push(await show("the second machine loses its power", labShared.host, () => mesh.powerOff(2)));
  const clear = await lab.world.captureStop("demonstration");
  say("the second machine boots again (usually 60 to 120 s)");
  await mesh.powerOn(2);
  const again = await mesh.becomes(() => mesh.allUp(), 300);
  fs.writeFileSync(file, whole);
  fs.writeFileSync(file.replace(".svg", "-cut.svg"), cut);
  const text = [
    table([["gateway", "network", "by", "in reserve"], ...learned]),
    table([["what happened", "seconds without an answer", "packets lost", "way before", "way after"], ...rows]),
    `In clear on the first gateway's outer wire meanwhile: ${clear.packets} packets. All sessions are up again: ${again ? "yes" : "NO"}.`,
    `Pictures: ${path.relative(lab.stack.root, file)}, and as it was while the path was dead: ${path.relative(lab.stack.root, file.replace(".svg", "-cut.svg"))}`,
  ].join("\n\n");
  return { text, good: again && clear.packets === 0 && gaps.every((gap) => gap < 10) };
}

/** As each gateway sees its sessions now. */
async function picture(mesh: MeshLab): Promise<string> {
  const gateways = await Promise.all(labClouds.map(async ({ network }, index) => ({ name: `gateway-${index + 1}`, networks: [network], status: await mesh.routing(index + 1) })));
  return meshPicture(
    gateways.map(({ name, networks, status }) => ({ name, lines: [`AS ${status.as}`, ...networks] })),
    mesh.lab.connections.map(({ name, left, right }) => ({
      left,
      right,
      stands: gateways.filter((one) => one.name === left || one.name === right).every(({ status }) => status.sessions.find(({ connection }) => connection === name)?.stands === true),
    })),
  );
}
