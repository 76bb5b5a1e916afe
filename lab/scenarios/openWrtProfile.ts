import * as fs from "node:fs";
import * as path from "node:path";
import { labAddresses } from "../networks";
import type { ProfileOptions } from "../world";
import { changed, write } from "./clientProfiles";
import type { Lab } from "./lab";
import type { Scenario } from "./scenario";

/** A host behind the client c1, which is made a router with OpenWrt's own masquerading. It is there for as long as its sleep. */
const network = [
  "nohup unshare -n sleep 600 </dev/null >/dev/null 2>&1 & pid=$!; echo $pid >/run/lab-lan.pid; sleep 1",
  "ip link add lan0 type veth peer name eth0 netns $pid && ip addr add 192.168.88.1/24 dev lan0 && ip link set lan0 up",
  "nsenter -t $pid -n sh -c 'ip addr add 192.168.88.10/24 dev eth0 && ip link set eth0 up && ip route add default via 192.168.88.1'",
  "sysctl -qw net.ipv4.ip_forward=1",
  "nft 'table ip masquerading { chain out { type nat hook postrouting priority srcnat; oifname \"eth0\" masquerade; }; }'",
].join("; ");

const away = "kill $(cat /run/lab-lan.pid); ip link del lan0; nft delete table ip masquerading; sysctl -qw net.ipv4.ip_forward=0; rm -f /run/lab-lan.pid";

function openWrtProfile(folder: string): ProfileOptions {
  const root = path.join(folder, "openwrt");
  const names = fs.readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = names.map((entry) => {
    const file = path.join(entry.parentPath, entry.name);
    return [`/${path.relative(root, file)}`, fs.readFileSync(file, "utf8")];
  });
  return { protocol: "ikev2", name: "gateway", files: Object.fromEntries(files) as Record<string, string> };
}

export const openWrtProfiles: Scenario[] = [
  {
    name: "openwrt-profile",
    shows: "OpenWrt's files of scripts/clients take what is behind a router through the tunnel, by Debian's swanctl, nft and ip",
    twin: "without the script's table nothing behind the router is answered; without its rule the router loses its own LAN",
    seconds: 60,
    async run(lab: Lab, { check, figure }) {
      const folder = write(lab, ["--user", "alice"]);
      const router = (command: string) => lab.world.run("c1", command);
      const pings = async (command: string) => Number(/(\d+) received/.exec((await router(`${command}; true`)).stdout)?.[1] ?? -1);
      const behind = (target: string) => pings(`nsenter -t $(cat /run/lab-lan.pid) -n ping -c 4 -i 0.3 -W 3 ${target}`);
      try {
        await router(network);
        check("the host behind the router reaches the internet by it", (await behind(labAddresses.internetHost)) === 4);
        check("and not what is inside", (await behind(labAddresses.insideHost)) === 0);

        // The world's client dials by itself; a router's swanctl does, when it is loaded.
        const profile = changed(openWrtProfile(path.join(folder, "alice")), "/etc/swanctl/conf.d/gateway.conf", "start_action = start", "start_action = none");
        const { connected, reason, seconds, address } = await lab.world.connectProfile(1, profile);
        check("the router connects", connected, reason ?? `${address}, ${seconds} s`);
        figure(`seconds to connect: ${seconds}`);
        for (const target of [labAddresses.insideHost, labAddresses.internetHost]) check(`the host behind it reaches ${target}`, (await behind(target)) === 4);
        check("the router reaches its LAN", (await pings("ping -c 3 -i 0.3 -W 2 192.168.88.10")) === 3);

        await router("ip -4 rule del pref 219");
        check("twin: without the rule the router does not reach its LAN", (await pings("ping -c 2 -i 0.3 -W 2 192.168.88.10")) === 0);
        await router("ip -4 rule add pref 219 lookup main suppress_prefixlength 0");
        await router("nft delete table ip vpn-gateway");
        check("twin: without the table nothing inside answers who is behind the router", (await behind(labAddresses.insideHost)) === 0);

        const again = await lab.world.connectProfile(1, profile);
        check("the router connects again, and what is behind it reaches the inside", again.connected && (await behind(labAddresses.insideHost)) === 4, again.reason);
        await lab.world.disconnect(1);
        const left = (await router("nft list tables; ip -4 rule")).stdout;
        check("disconnected, neither table nor rule is left", !/vpn-gateway|219:/.test(left), left);
      } finally {
        await router(away);
        fs.rmSync(folder, { recursive: true, force: true });
      }
    },
  },
];
