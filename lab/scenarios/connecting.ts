import { labAddresses } from "../networks";
import { sleep } from "../progress";
import type { Scenario } from "./scenario";

/** Packets in a thousand renewals; one in a hundred of those costs one. */
const mostDropped = 20;

/** The main thing: both protocols from behind a NAT, and who must not get in. */
export const connecting: Scenario[] = [
  {
    name: "remote-access",
    shows: "an L2TP and an IKEv2 client behind one NAT connect, and reach the inside host and the internet",
    twin: "without a tunnel the inside host does not answer them",
    seconds: 25,
    async run(lab, { check, figure }) {
      const before = await lab.world.ping(1, labAddresses.insideHost, { count: 3 });
      check("before: the inside host does not answer", before.received === 0, `${before.received} of ${before.sent}`);
      const l2tp = await lab.connect(1, "l2tp", "alice");
      check("alice connects by L2TP/IPsec", l2tp.connected, l2tp.reason ?? `${l2tp.address}, ${l2tp.seconds} s`);
      check("its packets take the kernel's L2TP", l2tp.kernelMode === true);
      const ikev2 = await lab.connect(2, "ikev2", "bob");
      check("bob connects by IKEv2", ikev2.connected, ikev2.reason ?? `${ikev2.address}, ${ikev2.seconds} s`);
      for (const [who, client] of [["alice", 1], ["bob", 2]] as const)
        for (const target of [labAddresses.insideHost, labAddresses.internetHost]) {
          const { sent, received } = await lab.world.ping(client, target);
          check(`${who} reaches ${target} through the tunnel`, received === sent, `${received} of ${sent}`);
        }
      await lab.world.captureStart("inner", `icmp and src host ${l2tp.address}`, "lan0");
      await lab.world.captureStart("outer", `icmp and src host ${l2tp.address}`, "wan0");
      await lab.world.ping(1, labAddresses.insideHost, { count: 3 });
      await lab.world.ping(1, labAddresses.internetHost, { count: 3 });
      const inner = await lab.world.captureStop("inner");
      check("the inside network sees alice's own address (routed)", inner.packets >= 3, `${inner.packets} packets`);
      const outer = await lab.world.captureStop("outer");
      check("the internet does not (masqueraded)", outer.packets === 0, `${outer.packets} packets`);
      const back = await lab.world.run("inside", `ping -c 2 -i 0.3 -W 1 ${l2tp.address}`);
      check("twin: the inside network does not begin a connection to a client", back.code !== 0);
      figure(`seconds to connect: L2TP ${l2tp.seconds}, IKEv2 ${ikev2.seconds}`);
    },
  },
  {
    name: "refused",
    shows: "a wrong pre-shared key, a wrong password, a stranger and a weak proposal are refused, by either protocol",
    twin: "the same clients with the right ones get in",
    seconds: 60,
    async run(lab, { check }) {
      const refusals: [string, () => Promise<{ connected: boolean; reason?: string }>][] = [
        ["L2TP with a wrong pre-shared key", () => lab.connect(1, "l2tp", "alice", { psk: "not the right key at all" })],
        ["L2TP with a wrong password", () => lab.connect(1, "l2tp", "alice", { password: "wrong" })],
        ["L2TP of a user whom nobody listed", () => lab.connect(1, "l2tp", "mallory", { password: lab.settings.passwords.alice })],
        ["IKEv2 with a wrong password", () => lab.connect(2, "ikev2", "bob", { password: "wrong" })],
        ["IKEv2 of a user whom nobody listed", () => lab.connect(2, "ikev2", "mallory", { password: lab.settings.passwords.bob })],
        ["IKEv1 by 3des-sha1-modp1024", () => lab.connect(1, "l2tp", "alice", { proposals: "3des-sha1-modp1024" })],
        ["IKEv2 by 3des-sha1-modp1024", () => lab.connect(2, "ikev2", "bob", { proposals: "3des-sha1-modp1024" })],
        ["ESP by 3des-md5", () => lab.connect(2, "ikev2", "bob", { espProposals: "3des-md5" })],
      ];
      for (const [what, attempt] of refusals) {
        const { connected, reason } = await attempt();
        check(`${what} is refused`, !connected && reason !== undefined, reason);
      }
      const l2tp = await lab.connect(1, "l2tp", "alice");
      check("twin: the same L2TP client with the right ones gets in", l2tp.connected, l2tp.reason);
      const ikev2 = await lab.connect(2, "ikev2", "bob");
      check("twin: the same IKEv2 client with the right ones gets in", ikev2.connected, ikev2.reason);
      const windows = await lab.connect(1, "l2tp", "alice", { proposals: "aes256-sha1-ecp384", espProposals: "aes256-sha1" });
      check("a stock Windows proposal gets in by L2TP", windows.connected, windows.reason);
    },
  },
  {
    name: "rekeys",
    shows: "a thousand renewals of an IKEv2 child SA's keys under load: the gateway drops no packet",
    twin: "the SA at the end is another than the first, and a tunnel that is cut meanwhile does lose some",
    seconds: 240,
    async run(lab, { check, figure }) {
      // With strongSwan's window of 32 a client of two CPUs takes what they reorder for replayed, whatever keys do.
      await lab.connect(2, "ikev2", "bob", { replayWindow: 1024 });
      const inbound = async () => /in\s+([0-9a-f]{8})/.exec((await lab.world.status(2)).securityAssociations ?? "")?.[1];
      const first = await inbound();
      // What the kernel drops for want of an SA, or for one that does not fit: RFC 4303's side of a renewal that went wrong.
      const dropped = async () => {
        const said = { gateway: await lab.gateway.mustRun("cat /proc/net/xfrm_stat"), client: (await lab.world.run("c2", "cat /proc/net/xfrm_stat")).stdout };
        return new Map(Object.entries(said).flatMap(([end, text]) => text.trim().split("\n").map((line) => line.split(/\s+/)).map(([what, count]) => [`${end} ${what}`, Number(count)] as const)));
      };
      const before = await dropped();
      const load = async (seconds: number) => lab.world.iperf(2, labAddresses.insideHost, { seconds, udpMegabits: 2 });
      await lab.world.pingStart(2, labAddresses.insideHost, 0.05, "rekeys");
      let renewing = true;
      const loads: number[] = [];
      const loading = (async () => {
        while (renewing) loads.push((await load(15)).lostPercent ?? 100);
      })();
      const { rekeys, seconds } = await lab.world.rekey(2, 1000);
      renewing = false;
      await loading;
      const { sent, received } = await lab.world.pingStop(2, "rekeys");
      const after = await dropped();
      const more = (end: string) => [...after].filter(([what, count]) => what.startsWith(end) && count !== before.get(what)).map(([what, count]): [string, number] => [what, count - (before.get(what) ?? 0)]);
      check("the gateway's kernel dropped no packet", more("gateway").length === 0, more("gateway").join(", "));
      // The end that renews takes its old outbound SA away while a packet is on its way through it: Linux then drops that one
      // (XfrmOutStateInvalid), about once in a hundred renewals on a machine whose CPUs are taken from it at any moment.
      const own = more("client").reduce((sum, [, count]) => sum + count, 0);
      check(`the client's own kernel dropped at most ${mostDropped}`, own <= mostDropped, more("client").join(", "));
      check(`${rekeys} renewals: no ping lost but what the client's own kernel dropped`, rekeys === 1000 && sent > 100 && sent - received <= Math.min(own, mostDropped), `${received} of ${sent}; ${more("client").join(", ")}`);
      // An emulated machine loses some of them elsewhere when its host is busy.
      figure(`2 Mbit/s of UDP beside it lost, in 15 s each: ${loads.map((lost) => `${lost.toFixed(2)} %`).join(", ")}`);
      figure(`a renewal each ${((1000 * seconds) / rekeys).toFixed(0)} ms`);
      check("twin: the SA is another by now", first !== undefined && (await inbound()) !== first);
      await lab.world.pingStart(2, labAddresses.insideHost, 0.05, "twin");
      await lab.world.linkCut();
      await sleep(1000);
      await lab.world.linkRestore();
      const twin = await lab.world.pingStop(2, "twin");
      check("twin: with the link cut for a second the same ping loses some", twin.received < twin.sent, `${twin.received} of ${twin.sent}`);
    },
  },
];
