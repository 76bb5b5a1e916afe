import { labAddresses } from "../networks";
import { sleep } from "../progress";
import { losesNothing } from "./clients";
import type { Scenario } from "./scenario";

/** The gateway's L2TP server, called by another code base than its own. */
export const lnsForeignLac: Scenario[] = [
  {
    name: "lns-foreign-lac",
    shows: "kl2tpd (go-l2tp, in Go) dials the gateway's L2TP server within IPsec: traffic both ways, the gateway's questions whether it lives answered for 80 s, and its good-bye ends the session at once; a client with xl2tpd behind the same NAT beside it",
    twin: "another password, another pre-shared key and L2TP without IPsec are refused; nothing of it is in clear on the wire",
    seconds: 200,
    async run(lab, report) {
      const { check, figure } = report;
      const { version } = await lab.world.foreignLacInstall();
      const foreign = { foreignLac: true, redial: false };
      await lab.world.captureStart("clear", "udp port 1701");
      await lab.world.captureStart("esp", "udp port 4500 or esp");
      const alice = await lab.connect(1, "l2tp", "alice", foreign);
      check(`alice connects by kl2tpd ${version}`, alice.connected && alice.address?.startsWith("10.77.1.") === true, alice.reason ?? `${alice.address}, ${alice.seconds} s, MTU ${alice.mtu}`);
      const programs = (await lab.world.run("c1", "ip netns pids c1 | xargs -r ps -o comm= -p")).stdout.trim().split(/\s+/);
      check("twin: it is that program, and no xl2tpd", programs.includes("kl2tpd") && programs.includes("pppd") && !programs.includes("xl2tpd"), programs.join(" "));
      const bob = await lab.connect(2, "l2tp", "bob");
      check("bob connects by xl2tpd, behind the same NAT", bob.connected && bob.address !== alice.address, bob.reason ?? String(bob.address));

      const outside = await lab.world.ping(1, labAddresses.internetHost);
      check("alice reaches the internet, too", outside.sent > 0 && outside.received === outside.sent, `${outside.received} of ${outside.sent}`);
      const [clear, within] = [await lab.world.captureStop("clear"), await lab.world.captureStop("esp")];
      check("on the outer wire all of it is within ESP", clear.packets === 0 && within.packets > 20, `${clear.packets} in clear, ${within.packets} within ESP; ${clear.first.join(" ")}`);
      const { megabitsPerSecond } = await lab.world.iperf(1, labAddresses.insideHost);
      check("TCP passes", megabitsPerSecond > 0.5, `${megabitsPerSecond} Mbit/s`);
      for (const client of [1, 2]) await lab.world.pingStart(client, labAddresses.insideHost, 0.2);
      // xl2tpd asks each 60 s, and ends a tunnel whose questions nobody answers.
      await sleep(80_000);
      for (const [who, client] of [["alice", 1], ["bob", 2]] as const) await losesNothing(lab, report, client, `${who} lost no packet in all that time`, 200);
      const sessions = await lab.gateway.mustRun("vpn-gateway sessions");
      check("the gateway has both sessions", /^alice .*l2tp/m.test(sessions) && /^bob .*l2tp/m.test(sessions), sessions);

      await lab.world.disconnect(1);
      await sleep(2000);
      const left = await lab.gateway.mustRun("vpn-gateway sessions");
      check("it says good-bye: alice's session is gone, bob's is there", !/^alice /m.test(left) && /^bob /m.test(left), left);
      const wrong = await lab.connect(1, "l2tp", "alice", { ...foreign, password: "not hers" });
      check("twin: another password is refused", !wrong.connected, wrong.reason);
      const stranger = await lab.connect(1, "l2tp", "alice", { ...foreign, psk: "not the one" });
      check("twin: another pre-shared key is refused", !stranger.connected, stranger.reason);
      // The configuration is there; IPsec is not.
      const { stdout: bare } = await lab.world.run("c1", "timeout -k 2 8 /usr/sbin/kl2tpd -config /etc/netns/c1/kl2tpd/kl2tpd.toml -verbose 2>&1; true");
      check("twin: without IPsec the gateway does not answer it", /isRetransmit=true/.test(bare) && !/control plane established/.test(bare), bare.split("\n").at(-2));
      const again = await lab.connect(1, "l2tp", "alice", foreign);
      check("and with all that is right it comes in again", again.connected, again.reason);
      figure(`seconds to connect: kl2tpd ${alice.seconds} and ${again.seconds}, xl2tpd ${bob.seconds}`);
    },
  },
];
