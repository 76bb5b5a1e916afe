import { espSuites, type EspSuiteName } from "../../gateway/cipherSuites";
import { ikev2InnerMtu, l2tpInnerMtu } from "../../gateway/mtu";
import { labAddresses } from "../networks";
import type { Scenario } from "./scenario";

/** The sizes that the formula gives are the sizes that pass. */
export const mtu: Scenario[] = [
  {
    name: "path-mtu",
    shows: "the largest unfragmented packet is the one that the formula gives, behind a NAT, for both protocols",
    twin: "one byte more does not pass",
    seconds: 60,
    async run(lab, { check }) {
      const configured = Number(/^mtu (\d+)/m.exec(await lab.gateway.mustRun("cat /etc/ppp/options.vpn-gateway /etc/ppp/options.xl2tpd 2>/dev/null || true"))?.[1]);
      const l2tp = await lab.connect(1, "l2tp", "alice");
      const measured = await lab.world.mtu(1, labAddresses.insideHost);
      const worst = Math.min(
        ...Object.values(espSuites)
          .filter(({ name }) => !/sha(384|512)/.test(name))
          .map((suite) => l2tpInnerMtu({ linkMtu: 1500, suite, natTraversal: true }, 8)),
      );
      check("L2TP: measured = configured = formula", l2tp.mtu === worst && measured.mtu === worst, `measured ${measured.mtu}, interface ${l2tp.mtu}, configured ${configured}, formula ${worst}`);
      check("L2TP: one byte more fails", measured.oneMoreFails === true);
      for (const suite of ["aes256gcm16", "aes128gcm16", "aes256-sha256"] as EspSuiteName[]) {
        const connected = await lab.connect(2, "ikev2", "bob", { espProposals: suite });
        const formula = ikev2InnerMtu({ linkMtu: 1500, suite: espSuites[suite], natTraversal: true });
        const result = await lab.world.mtu(2, labAddresses.insideHost);
        check(`IKEv2 ${suite}: measured = formula`, connected.connected && result.mtu === formula, `measured ${result.mtu}, formula ${formula}${connected.reason ?? ""}`);
        check(`IKEv2 ${suite}: one byte more fails`, result.oneMoreFails === true);
      }
      await lab.world.disconnect(2);
      const direct = await lab.connect("direct", "ikev2", "bob", { espProposals: "aes256gcm16" });
      const plain = ikev2InnerMtu({ linkMtu: 1500, suite: espSuites.aes256gcm16, natTraversal: false });
      const result = await lab.world.mtu("direct", labAddresses.insideHost);
      check("IKEv2 without NAT: measured = formula", direct.connected && result.mtu === plain, `measured ${result.mtu}, formula ${plain}`);
    },
  },
  {
    name: "small-path",
    shows: "TCP passes, both ways and by both protocols, over a middle link of 1400 bytes, told of it or not",
    twin: "IKEv2 as an ordinary article configures it (no clamp, DF copied) stalls on the same path",
    seconds: 130,
    async run(lab, { check }) {
      await lab.connect(1, "l2tp", "alice");
      await lab.connect(2, "ikev2", "bob");
      const passes = async (client: 1 | 2, reverse: boolean) => (await lab.world.iperf(client, labAddresses.insideHost, { seconds: 4, reverse })).megabitsPerSecond;
      const all = [["L2TP", 1, false], ["L2TP", 1, true], ["IKEv2", 2, true], ["IKEv2", 2, false]] as const;
      const checkAll = async (which: readonly (typeof all)[number][], where: string) => {
        for (const [name, client, reverse] of which) {
          const rate = await passes(client, reverse);
          check(`${name} ${reverse ? "down" : "up"}load passes ${where}`, rate > 1, `${rate.toFixed(1)} Mbit/s`);
        }
      };
      await lab.world.linkMtu(1400, true);
      await checkAll(all.slice(0, 3), "where nobody says that the link is small");
      // A Linux client copies DF: nothing but smaller segments helps its own large packets through such a link.
      const lost = await passes(2, false);
      check("twin: IKEv2 upload does not, the client's own packets being too large for 1400 bytes", lost < 0.5, `${lost.toFixed(2)} Mbit/s`);
      await lab.world.linkMtu(1400, false);
      await checkAll(all, "where the router says so");

      await lab.stack.set("outsideMtu", "1400");
      await lab.stack.up();
      await lab.connect(2, "ikev2", "bob");
      await lab.world.linkMtu(1400, true);
      await checkAll(all.slice(3), "where nobody says so, with outsideMtu: 1400");
      // The article: DF copied and nothing clamped.
      await lab.gateway.mustRun(
        "cp /etc/swanctl/conf.d/vpn-gateway.conf /root/ours.conf && sed -i 's/copy_df = no/copy_df = yes/' /etc/swanctl/conf.d/vpn-gateway.conf && " +
          "swanctl --load-conns && nft list table inet vpn_gateway > /root/ours.nft && nft -a list table inet vpn_gateway | " +
          `awk '/chain /{chain=$2} /maxseg/{print "delete rule inet vpn_gateway", chain, "handle", $NF}' | nft -f -`,
      );
      try {
        await lab.connect(2, "ikev2", "bob");
        const rate = await passes(2, true);
        check("twin: the article's configuration stalls", rate < 0.5, `${rate.toFixed(2)} Mbit/s`);
      } finally {
        await lab.gateway.mustRun(
          "cp /root/ours.conf /etc/swanctl/conf.d/vpn-gateway.conf && swanctl --load-conns && nft delete table inet vpn_gateway && nft -f /root/ours.nft && rm /root/ours.*",
        );
      }
    },
  },
];
