import { labAddresses } from "../networks";
import type { Scenario } from "./scenario";

/** A machine as a cloud gives it: what user data alone makes of it. */
export const bare: Scenario[] = [
  {
    name: "bare-debian",
    program: "lab-bare",
    shows: "user data alone turns a bare Debian with the cloud kernel into an L2TP and IKEv2 gateway, by way of another kernel",
    twin: "the kernel that it came with has no L2TP, none of the packages was there, and the host key of its user data opens nothing",
    seconds: 60,
    async run(lab, { check, figure }) {
      const { gateway } = lab;
      const running = (await gateway.mustRun("uname -r")).trim();
      check("it runs a kernel that is not the cloud's", !running.includes("cloud"), running);
      const cloud = (await gateway.mustRun("ls /lib/modules | grep cloud || true")).trim();
      const modules = async (kernel: string) => (await gateway.mustRun(`find /lib/modules/${kernel} -name 'l2tp_ppp.ko*' | wc -l`)).trim();
      check("twin: the cloud's kernel, which is still there, has no l2tp_ppp; the one that runs has", cloud !== "" && (await modules(cloud)) === "0" && (await modules(running)) === "1", cloud);
      const boots = (await gateway.mustRun("journalctl --list-boots --quiet | wc -l")).trim();
      check("it booted twice", boots === "2", boots);
      const installed = await gateway.mustRun("zgrep -h ' install ' /var/log/dpkg.log");
      const logged = (name: string) => new RegExp(` install ${name}(:\\S+)? <none>`).test(installed);
      const needed = ["charon-systemd", "strongswan-swanctl", "nftables", "xl2tpd", "ppp", "linux-image-amd64"];
      const times = installed.split("\n").filter((line) => / install (charon-systemd|linux-image-amd64)/.test(line)).map((line) => line.slice(0, 19));
      const born = (await gateway.mustRun("journalctl -b -1 -o short-iso -n 1 --no-pager -q --reverse 2>/dev/null; journalctl --list-boots --quiet | head -n 1")).trim();
      check("twin: the packages came on the first boot", needed.every(logged) && times.length === 2, `${times.join(", ")}; ${born.split("\n").pop()}`);

      for (const [protocol, client, user] of [["l2tp", 1, "alice"], ["ikev2", 2, "bob"]] as const) {
        const { connected, reason, kernelMode } = await lab.connect(client, protocol, user);
        check(`${user} connects by ${protocol}`, connected, reason);
        check("and reaches the inside host", (await lab.answersWithin(client, 10)) !== undefined);
        if (protocol === "l2tp") figure(`the client's L2TP is in its kernel: ${String(kernelMode)}`);
      }
      const sessions = await gateway.mustRun("cat /proc/net/pppol2tp");
      check("the gateway carries L2TP in its kernel", /SESSION/i.test(sessions) && sessions.trim().split("\n").length > 2);
      const wrong = await lab.connect(3, "l2tp", "alice", { psk: "not the one" });
      check("twin: another pre-shared key is refused", !wrong.connected, wrong.reason);

      const told = await lab.stack.state();
      const keys = [...told.matchAll(/"publicKeyOpenssh":\s*"(ssh-ed25519 [A-Za-z0-9+/=]+)/g)].map(([, key]) => key);
      const own = (await gateway.mustRun("cat /etc/ssh/ssh_host_ed25519_key.pub")).split(" ").slice(0, 2).join(" ");
      check("twin: its host key is its own, and none that the stack has minted", keys.length > 0 && !keys.includes(own), `${keys.length} minted`);
      const ways = await gateway.mustRun("ip -4 route show default; ip -4 route get 198.51.100.2");
      check("packages come by the host's network, clients by the lab's wires", /via 10\.0\.2\.2/.test(ways) && ways.includes(`via ${labAddresses.internetRouter}`), ways);
      const again = await lab.stack.previewUnchanged();
      check("a second up has nothing to do", again.code === 0, again.code === 0 ? "" : again.stdout);
    },
  },
];
