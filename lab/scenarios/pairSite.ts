import { MeshLab } from "../mesh";
import { branch, branchGateway, movingAddress, office, otherMember as other, PairSiteLab, pairSiteProgram } from "../pairSite";
import type { Member } from "../pair";
import { sleep } from "../progress";
import { sharesLeft } from "../sites";
import type { Report, Scenario } from "./scenario";

const connection = "pair-to-branch";
const bothWays = [[office, branch.host], [branch, office.host]] as const;

async function reachEachOther(lab: PairSiteLab, { check }: Report, when: string): Promise<void> {
  for (const [from, target] of bothWays) {
    const { sent, received } = await lab.ping(from.namespace, target);
    check(`${when}${from.namespace} reaches ${target}`, sent === received && sent > 0, `${received} of ${sent}`);
  }
}

/** Cuts the links of the active machine, which does not know and believes to be it, and mends them; gives the one that is active then. */
async function cutAndMend(site: PairSiteLab, report: Report, active: Member): Promise<Member> {
  const { check, figure } = report;
  const { pair } = site;
  const cut = await site.outage(() => pair.cut(active));
  figure(`links of machine ${active} cut: no answer for ${cut.there} s and ${cut.back} s`);
  check(`the links of machine ${active}, the active one, are cut: the other has the tunnel within 6 s`, Math.max(cut.there, cut.back) <= 6, `${cut.there} s, ${cut.back} s`);
  check("the standby is the active one now", (await pair.active([other(active)])) === other(active));
  await reachEachOther(site, report, "by the other machine ");
  const healed = await site.outage(async () => {
    await pair.mend(active);
    await sleep(8000);
  }, 90);
  const now = await pair.active();
  figure(`links whole again: no answer for ${healed.there} s and ${healed.back} s; active: machine ${now}`);
  check("with the links whole again one machine has the tunnel, within 20 s", (await site.standsWithin(now, connection, 60)) !== undefined && Math.max(healed.there, healed.back) <= 20, `${healed.there} s, ${healed.back} s`);
  check("and it alone", await site.becomes(async () => (await site.associations(other(now), connection)).trim() === "", 10));
  return now;
}

/** A pair of gateways as one end of a site connection. */
export const pairSite: Scenario[] = [
  {
    name: "pair-site",
    program: pairSiteProgram,
    shows: "a tunnel by the address that moves between two machines: the active one has it, and whoever becomes active has it within seconds; nothing in clear",
    twin: "the standby has no SA and no route, and refuses who dials it; with another key the tunnel stays down; deleted, nothing of it is left on either machine",
    seconds: 480,
    async run(lab, report) {
      const { check, figure } = report;
      const site = new PairSiteLab(lab);
      const { pair } = site;
      const active = await pair.active();
      const standby = other(active);
      const up = await site.standsWithin(active, connection, 60);
      check("the tunnel stands by itself, on the active machine", up !== undefined, JSON.stringify(await site.status(active)));
      const outer = await site.associations(branchGateway, connection);
      check("its outer address is the one that moves", outer.includes(`@ ${movingAddress}[`), outer);
      for (const card of ["wan0", "wan1", "wan2"]) await lab.world.captureStart(`wire-${card}`, "esp or udp port 4500", card);
      await site.watch();
      await reachEachOther(site, report, "");
      const within = await Promise.all(["wan0", "wan1", "wan2"].map((card) => lab.world.captureStop(`wire-${card}`)));
      check("in ESP on the wires of the active machine and of the branch, and none on the standby's", within[active - 1].packets >= 20 && within[2].packets >= 20 && within[standby - 1].packets === 0, within.map(({ packets }) => packets).join(" "));

      check("twin: the standby has no SA", (await site.associations(standby, connection)).trim() === "");
      check("and says why", /standby/.test(await site.reason(standby, connection)), await site.reason(standby, connection));
      const routes = await site.must(standby, `ip route show ${branch.network}`);
      check("its only route for the branch refuses", routes.trim().split("\n").length === 1 && routes.startsWith("unreachable"), routes);
      const refused = await site.dialOwnAddress(standby, connection);
      check("twin: dialled at its own address, with the right key, it refuses", /NO_PROPOSAL_CHOSEN/.test(refused), refused);
      for (const gateway of [1, 2, branchGateway]) {
        const { code, stdout } = await site.run(gateway, "vpn-gateway check");
        check(`gateway ${gateway} is as its parts say`, code === 0, stdout);
      }

      const now = await cutAndMend(site, report, active);
      const planned = await site.outage(() => pair.handOver(now));
      figure(`handed over: no answer for ${planned.there} s and ${planned.back} s`);
      check("a planned move costs 4 s at most", Math.max(planned.there, planned.back) <= 4, `${planned.there} s, ${planned.back} s`);
      const third = await pair.active();
      check("the other machine is active", third === other(now));

      const dead = await site.outage(() => pair.powerOff(third));
      figure(`power of the active machine cut: no answer for ${dead.there} s and ${dead.back} s`);
      check("the active machine's power is cut: the other has the tunnel within 6 s", Math.max(dead.there, dead.back) <= 6, `${dead.there} s, ${dead.back} s`);
      await pair.powerOn(third);
      check("booted again, it is the standby and has no SA", await site.becomes(async () => (await site.run(third, "vpn-gateway check")).code === 0, 150) && (await site.associations(third, connection)).trim() === "" && (await pair.active()) === other(third));
      await reachEachOther(site, report, "meanwhile ");
      // Where the links are whole again, the first machine stays active and the second gives way.
      const last = await cutAndMend(site, report, other(third));
      const wrong = `sed -i 's/secret = .*/secret = 0sd3Jvbmdrd3JvbmdrZXkx/' /etc/swanctl/conf.d/sitekey-${connection}.conf && swanctl --load-creds --clear --noprompt && swanctl --terminate --ike site-${connection} --force --timeout 3; true`;
      await site.must(branchGateway, wrong);
      const said = await site.becomes(async () => /pre-shared key|proof of identity/.test(await site.reason(last, connection)), 60);
      check("twin: with another key it stays down, and status says so", said && (await site.ping(office.namespace, branch.host, 2)).received === 0, await site.reason(last, connection));
      await site.putBack(branchGateway, `sitekey-${connection}`);
      check("with the right one it comes up by itself", (await site.standsWithin(last, connection, 90)) !== undefined);
      const clear = await site.watched();
      check("not one packet in clear in all this", clear.packets === 0, clear.first.join(" "));

      const again = await lab.stack.previewUnchanged();
      check("a second up would change nothing", again.code === 0, again.code === 0 ? "" : again.stdout);
      await lab.stack.set("connection", "false");
      await lab.stack.up();
      for (const gateway of [1, 2, branchGateway]) {
        const left = await site.must(gateway, `ls /etc/vpn-gateway/sites /etc/swanctl/conf.d 2>/dev/null | grep -c site; ip -br link | grep -c ^st-; ip route show proto 201 | wc -l; ${sharesLeft}; swanctl --list-conns | grep -c site; true`);
        check(`deleted, gateway ${gateway} has nothing of it any more`, left.trim().split(/\s+/).every((count) => count === "0"), left.replaceAll("\n", " "));
      }
    },
  },
  {
    name: "pair-site-bgp",
    program: pairSiteProgram,
    shows: "a connection with BGP to each machine of a pair: both tunnels stand at once, and where a machine dies the other's is used",
    twin: "with both machines' links cut nobody answers, and nothing leaves in clear",
    seconds: 240,
    async run(lab, report) {
      const { check, figure } = report;
      const site = new PairSiteLab(lab);
      const mesh = new MeshLab(lab);
      const { pair } = site;
      await lab.stack.set("ends", "members");
      await lab.stack.up();
      check("both sessions are up at the branch, with BFD", await site.becomes(() => mesh.allUp([branchGateway], 2), 120), JSON.stringify(await mesh.routing(branchGateway)));
      const ways = async () => (await mesh.routing(branchGateway)).routes.find(({ network }) => network === office.network)?.ways.filter(({ used }) => used).length;
      check("and both ways are used at once", (await ways()) === 2, String(await ways()));
      await site.watch();
      await reachEachOther(site, report, "");
      const active = await pair.active();
      const cut = await site.outage(() => pair.cut(active));
      figure(`links of the active machine cut: no answer for ${cut.there} s and ${cut.back} s`);
      check("the active machine's links are cut: hosts reach each other again within 4 s", Math.max(cut.there, cut.back) <= 4, `${cut.there} s, ${cut.back} s`);
      await pair.cut(other(active));
      await sleep(3000);
      for (const [from, target] of bothWays) check(`twin: with both cut ${from.namespace} does not reach ${target}`, (await site.ping(from.namespace, target, 3)).received === 0);
      for (const member of [1, 2] as const) await pair.mend(member);
      check("whole again, both sessions come up", await site.becomes(() => mesh.allUp([branchGateway], 2), 120));
      await reachEachOther(site, report, "then ");
      const clear = await site.watched();
      check("not one packet in clear in all this", clear.packets === 0, clear.first.join(" "));
    },
  },
];
