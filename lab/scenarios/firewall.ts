import { labAddresses } from "../networks";
import type { Scenario } from "./scenario";

/** An L2TP control message (start of a tunnel), as anybody could send it in clear. */
const startControlConnection =
  "c8020066000000000000000080080000000000018008000000020100800a000000030000000380080000000600000690800900000007636c69656e74" +
  "8008000000080000800800000009000180080000000a0004";

/** Only what belongs out there is let in, and nothing leaves in clear. */
export const firewall: Scenario[] = [
  {
    name: "plain-l2tp",
    shows: "UDP 1701 is not served outside an SA",
    twin: "the same port answers within one; IKE answers outside",
    seconds: 20,
    async run(lab, { check }) {
      const send = (port: number, hex: string) =>
        `python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(2); s.sendto(bytes.fromhex("${hex}"), ("${lab.settings.endpoint}", ${port})); print(len(s.recvfrom(2000)[0]))'`;
      const plain = await lab.world.run("direct", send(1701, startControlConnection));
      check("an L2TP message in clear gets no answer", plain.code !== 0 && plain.stderr.includes("timed out"), plain.stdout || plain.stderr.split("\n").slice(-2)[0]);
      const dropped = await lab.gateway.mustRun("journalctl -u xl2tpd --since '1 min ago' -o cat; ss -lun 'sport = 1701'");
      check("though xl2tpd listens there, it never saw it", dropped.includes(":1701") && !dropped.includes("198.51.100.60"), dropped);
      // An IKE_SA_INIT request with nothing in it: any answer at all (here INVALID_SYNTAX) shows the port open.
      const ike = await lab.world.run("direct", send(500, "0102030405060708000000000000000021202208000000000000001c"));
      check("twin: IKE answers the same sender", ike.code === 0, ike.stdout || ike.stderr);
      const client = await lab.connect("direct", "l2tp", "alice");
      check("twin: within an SA the same host gets its L2TP session", client.connected, client.reason);
      const ssh = await lab.world.run("direct", `python3 -c 'import socket; socket.create_connection(("${lab.settings.endpoint}", 22), 3)'`);
      check("SSH is not open to the outside", ssh.code !== 0, ssh.stdout + ssh.stderr.split("\n").slice(-2)[0]);
    },
  },
  {
    name: "nothing-in-clear",
    shows: "no packet of a client or to a client crosses the outer wire in clear, tunnel up or gone",
    twin: "the same traffic is there as ESP, and a clear packet is counted when it is sent on purpose",
    seconds: 35,
    async run(lab, { check }) {
      await lab.connect(1, "l2tp", "alice");
      await lab.connect(2, "ikev2", "bob");
      const clear = "net 10.77.0.0/16 or net 10.20.0.0/24 or udp port 1701";
      await lab.world.captureStart("clear", clear);
      await lab.world.captureStart("esp", "udp port 4500 or esp");
      for (const client of [1, 2]) {
        await lab.world.ping(client, labAddresses.insideHost, { count: 10, interval: 0.1 });
        await lab.world.iperf(client, labAddresses.insideHost, { seconds: 3 });
      }
      const address = (await lab.world.status(2)).address;
      // The client vanishes without a word: what still comes for it from the inside must not leave in clear.
      await lab.world.run("inside", `ping -c 50 -i 0.1 ${address} >/dev/null 2>&1 &`);
      await lab.gateway.mustRun("swanctl --terminate --ike ikev2 --force --timeout 5 || true");
      await lab.world.run("inside", `ping -c 10 -i 0.1 -W 1 ${address}`);
      await lab.world.run("inside", `ping -c 10 -i 0.1 -W 1 10.77.2.200`);
      const seen = await lab.world.captureStop("clear");
      check("0 packets in clear on the outer wire", seen.packets === 0, `${seen.packets} ${seen.first.join("; ")}`);
      const encrypted = await lab.world.captureStop("esp");
      check("twin: the traffic was there as ESP", encrypted.packets > 100, `${encrypted.packets} packets`);
      await lab.world.captureStart("twin", clear);
      await lab.world.run("isp", `ip route add 10.20.0.0/24 via ${lab.settings.endpoint}; ping -c 3 -i 0.2 -W 1 ${labAddresses.insideHost}; ip route del 10.20.0.0/24`);
      const twin = await lab.world.captureStop("twin");
      check("twin: a clear packet sent on purpose is seen by the same capture", twin.packets >= 3, `${twin.packets}`);
      await lab.world.captureStart("inner", "icmp and src net 192.0.2.0/24", "lan0");
      await lab.world.run("isp", `ip route add 10.20.0.0/24 via ${lab.settings.endpoint}; ping -c 3 -i 0.2 -W 1 ${labAddresses.insideHost}; ip route del 10.20.0.0/24`);
      const inner = await lab.world.captureStop("inner");
      check("and the gateway does not forward it to the inside network", inner.packets === 0, `${inner.packets}`);
    },
  },
  {
    name: "client-to-client",
    shows: "one client does not reach another unless the spec allows it",
    twin: "with clientToClient the same ping passes",
    seconds: 60,
    async run(lab, { check }) {
      const connect = async () => {
        const one = await lab.connect(1, "l2tp", "alice");
        const two = await lab.connect(2, "ikev2", "bob");
        return [one.address, two.address] as const;
      };
      const [one, two] = await connect();
      for (const [from, to] of [[1, two], [2, one]] as const) {
        const { sent, received } = await lab.world.ping(from, String(to), { count: 3 });
        check(`client ${from} does not reach ${to}`, received === 0, `${received} of ${sent}`);
      }
      await lab.stack.set("clientToClient", "true");
      await lab.stack.up();
      for (const [from, to] of [[1, two], [2, one]] as const) {
        const { sent, received } = await lab.world.ping(from, String(to), { count: 3 });
        check(`twin: with clientToClient client ${from} reaches ${to}, its tunnel not dropped by the change`, received === sent, `${received} of ${sent}`);
      }
    },
  },
];
