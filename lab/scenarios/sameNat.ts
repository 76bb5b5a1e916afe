import { labAddresses } from "../networks";
import { sleep } from "../progress";
import type { ClientName, ConnectOptions } from "../world";
import type { Lab } from "./lab";
import type { Report, Scenario } from "./scenario";

/** As Windows does: L2TP from UDP 1701 to UDP 1701, so that all clients behind a NAT look the same once decrypted. */
const likeWindows: Partial<ConnectOptions> = { sourcePort: 1701, proposals: "aes256-sha1-ecp384", espProposals: "aes256-sha1" };
/** As macOS: from a port of its own. */
const likeMacOs: Partial<ConnectOptions> = { sourcePort: 52_345 };
const target = labAddresses.insideHost;
const label = "together";

async function dial(lab: Lab, { check }: Report, clients: readonly ClientName[], how = likeWindows): Promise<void> {
  for (const client of clients) {
    const { connected, reason, address, kernelMode, seconds } = await lab.connect(client, "l2tp", client === 2 ? "bob" : "alice", how);
    check(`client ${client} connects from port ${how.sourcePort}, in the kernel's L2TP`, connected && kernelMode === true, connected ? `${address}, ${seconds} s` : reason);
  }
}

async function startPings(lab: Lab, clients: readonly ClientName[]): Promise<void> {
  for (const client of clients) await lab.world.pingStart(client, target, 0.2, label);
}

/** Every ping answered? A busy host may lose one in hundreds by itself, so the bound is said with each check. */
async function stopPings(lab: Lab, { check }: Report, clients: readonly ClientName[], what: string, most = 0): Promise<void> {
  for (const client of clients) {
    const { sent, received, longestGapMs } = await lab.world.pingStop(client, label);
    check(`client ${client}: ${most === 0 ? "no ping" : `at most ${most} pings`} lost ${what}`, sent > 10 && sent - received <= most, `${received} of ${sent}, at most ${longestGapMs} ms without one`);
  }
}

/** What each knows: the mark of its SA, by its address behind the NAT. */
async function marks(lab: Lab): Promise<Record<string, number>> {
  const said = await lab.gateway.mustRun("swanctl --list-sas --raw");
  return Object.fromEntries(
    [...said.matchAll(/remote-id=(\S+).*?mark-in=([0-9a-f]+)/g)].map(([, who, mark]) => [who, parseInt(mark, 16)]),
  );
}

/**
 * Packets that came for an SA which its receiver had not installed yet, at both ends. IKEv1 has this gap by itself: who
 * begins a Quick Mode sends by the new SA at once, and the other has it once it has read the third message (RFC 2409, 5.5).
 */
async function notYet(lab: Lab): Promise<number> {
  const ask = "cat /proc/net/xfrm_stat";
  const said = [await lab.gateway.mustRun(ask), (await lab.world.run("c1", ask)).stdout, (await lab.world.run("c2", ask)).stdout];
  return [...said.join("\n").matchAll(/^(?:XfrmAcquireError|XfrmInNoStates)\s+(\d+)/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Of those, pings that one renewal may cost: a second's worth. A lasting hole is no gap of Quick Mode's. */
const mostTooEarly = 5;

/** The conntrack zone of each L2TP client's SA, by its mark. */
async function zones(lab: Lab): Promise<string> {
  const said = await lab.gateway.mustRun("grep 'dport=1701' /proc/net/nf_conntrack");
  const numbers = said.split("\n").map((line) => [/ mark=([1-9]\d*)/, / zone-orig=(\d+)/].map((pattern) => pattern.exec(line)?.[1]));
  return numbers.flatMap(([mark, zone]) => (mark !== undefined && zone !== undefined ? [`${mark} in ${zone}`] : [])).sort().join(", ");
}

const behind = (client: number): string => `10.9.0.${10 + client}`;

/**
 * Asks for a tunnel with a number of the sender's choosing (SCCRQ, RFC 2661, 6.1), goes through with it where it is granted,
 * and tells whether it was. What else still comes for the tunnels of a client that was there before is passed over.
 */
function askForTunnel(gateway: string, tunnel: number): string {
  return `
import socket, struct
def avp(kind, body): return struct.pack("!HHH", 0x8000 | 6 + len(body), 0, kind) + body
def message(to, ns, nr, avps): return struct.pack("!HHHHHH", 0xc802, 12 + len(avps), to, 0, ns, nr) + avps
def avps_of(data):
    found, at = {}, 12
    while at + 6 <= len(data):
        flags, _vendor, kind = struct.unpack_from("!HHH", data, at)
        found.setdefault(kind, data[at + 6 : at + (flags & 0x3ff)])
        at += max(6, flags & 0x3ff)
    return found
number = struct.pack("!H", ${tunnel})
request = message(0, 0, 0, avp(0, b"\\0\\x01") + avp(2, b"\\x01\\0") + avp(3, bytes(3) + b"\\x03") + avp(4, bytes(4)) + avp(7, b"office") + avp(9, number) + avp(10, b"\\0\\x04"))
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 1701)); s.settimeout(1.5)
def ask():
    for _ in range(4):
        s.sendto(request, ("${gateway}", 1701))
        try:
            while True:
                data = s.recv(2000)
                found = avps_of(data)
                if data[4:6] == number and found.get(0) == b"\\0\\x02" and 9 in found:
                    # SCCCN, or the reply would be sent again to whoever asks next.
                    s.sendto(message(struct.unpack("!H", found[9])[0], 1, 1, avp(0, b"\\0\\x03")), ("${gateway}", 1701))
                    return "accepted"
        except OSError: pass
    return "ignored"
print(ask())
`;
}

/** Several stock Windows behind one NAT. */
export const sameNat: Scenario[] = [
  {
    name: "same-nat",
    shows: "three L2TP clients behind one NAT, all from UDP 1701 as Windows, work at once; so do two with one tunnel number",
    twin: "with sharedNat off only the last one works",
    seconds: 200,
    async run(lab, report) {
      const { check } = report;
      await dial(lab, report, [1, 2, 3]);
      await startPings(lab, [1, 2, 3]);
      await sleep(5000);
      const rates = [];
      for (const reverse of [false, true]) rates.push(await lab.world.iperf(2, target, { seconds: 3, reverse }));
      check("one of them moves data both ways meanwhile", rates.every(({ megabitsPerSecond }) => megabitsPerSecond > 0.5), rates.map((rate) => `${rate.megabitsPerSecond} Mbit/s`).join(", "));
      await stopPings(lab, report, [1, 2, 3], "with all three up", 1);
      const found = await marks(lab);
      const numbers = [1, 2, 3].map((client) => found[behind(client)]);
      check("each SA has a mark of its own", new Set(numbers).size === 3 && numbers.every((number) => number > 0), numbers.join(", "));

      // Windows counts its tunnels from 1, so two of them soon ask for the same number.
      const asked = [];
      await lab.world.ssh.mustRun("systemctl stop lab-xl2tpd-c1 lab-xl2tpd-c2");
      for (const [client, tunnel] of [[1, 7], [2, 7], [2, 7]] as const) {
        asked.push((await lab.world.ssh.mustRun(`ip netns exec c${client} python3 -`, { stdin: askForTunnel(lab.settings.endpoint, tunnel) })).trim());
      }
      check("two clients get a tunnel of the same number each", asked[0] === "accepted" && asked[1] === "accepted", asked.join(", "));
      check("twin: one client that asks twice is refused the second time", asked[2] === "ignored", asked[2]);

      await lab.world.disconnectAll();
      await lab.stack.set("sharedNat", "false");
      await lab.stack.up();
      await dial(lab, report, [1, 2]);
      await startPings(lab, [1, 2]);
      await sleep(5000);
      const first = await lab.world.pingStop(1, label);
      const last = await lab.world.pingStop(2, label);
      check("twin: with sharedNat off the first client is dead once the second is up", first.received === 0 && last.received > 3, `${first.received} of ${first.sent}, ${last.received} of ${last.sent}`);
    },
  },
  {
    name: "same-nat-leaving",
    shows: "one client disconnects and connects 5 times, another leaves for good: the third loses nothing",
    twin: "the one that comes and goes does lose pings meanwhile",
    seconds: 150,
    async run(lab, report) {
      const { check, figure } = report;
      await dial(lab, report, [1, 2, 3]);
      await startPings(lab, [1, 2]);
      const seconds: string[] = [];
      for (let time = 0; time < 5; time++) {
        await lab.world.disconnect(2);
        const again = await lab.connect(2, "l2tp", "bob", likeWindows);
        seconds.push(again.connected ? `${again.seconds} s` : String(again.reason));
        check(`client 2 is connected for the ${time + 2}. time`, again.connected, seconds.at(-1));
      }
      await lab.world.stop(3); // without a word, as a laptop that is shut
      await sleep(3000);
      const twin = await lab.world.pingStop(2, label);
      await stopPings(lab, report, [1], "while the others came and went", 1);
      check("twin: client 2 did lose some", twin.received < twin.sent, `${twin.received} of ${twin.sent}`);
      figure(`to connect again: ${seconds.join(", ")}`);
    },
  },
  {
    name: "same-nat-rekeys",
    shows: "new keys of child SA and IKE SA, begun by either side, keep each client's mark and sessions",
    twin: "an SA that is ended instead of renewed does lose packets, and its successor has another mark",
    seconds: 120,
    async run(lab, report) {
      const { check } = report;
      await dial(lab, report, [1, 2]);
      const before = await marks(lab);
      const sessions = async () => JSON.stringify([await lab.world.pppSession(1), await lab.world.pppSession(2)]);
      const session = await sessions();
      const inbound = async () => (await lab.gateway.mustRun("swanctl --list-sas --raw")).match(/spi-in=\w+/g)?.sort().join();
      const renewals: [string, number[], () => Promise<unknown>][] = [
        ["a child rekey by the client", [1], () => lab.world.swanctl(1, "--rekey", "--child", "vpn")],
        ["a child rekey by the gateway", [1, 2], () => lab.gateway.mustRun("swanctl --rekey --child l2tp")],
        ["a reauthentication by the client", [2], () => lab.world.swanctl(2, "--rekey", "--ike", "vpn", "--reauth")],
        ["a reauthentication by the gateway", [1, 2], () => lab.gateway.mustRun("swanctl --rekey --ike l2tp --reauth")],
        ["one more child rekey by the client", [2], () => lab.world.swanctl(2, "--rekey", "--child", "vpn")],
      ];
      for (const [what, whose, renew] of renewals) {
        await startPings(lab, [1, 2]);
        const spis = await inbound();
        const early = await notYet(lab);
        await sleep(1500);
        await renew();
        await sleep(5000);
        const dropped = (await notYet(lab)) - early;
        await stopPings(lab, report, whose, `over ${what}, of which ${dropped} packets came before their new SA`, 1 + Math.min(dropped, mostTooEarly));
        const others = [1, 2].filter((client) => !whose.includes(client));
        await stopPings(lab, report, others, `over ${what} of another`, 1);
        if (!what.includes("reauthentication")) check(`${what} brought new SAs`, (await inbound()) !== spis);
      }
      const after = await marks(lab);
      check("the PPP sessions are those of the beginning", session.includes("ppp") && (await sessions()) === session, session);
      check("the marks are what they were", [1, 2].every((client) => after[behind(client)] === before[behind(client)]), JSON.stringify([before, after]));
      await startPings(lab, [1, 2]);
      await sleep(1500);
      await lab.world.swanctl(1, "--terminate", "--ike", "vpn");
      await sleep(2000);
      const twin = await lab.world.pingStop(1, label);
      await stopPings(lab, report, [2], "while client 1's SA ended", 1);
      check("twin: an SA that ends does lose some", twin.received < twin.sent, `${twin.received} of ${twin.sent}`);
      const again = await lab.connect(1, "l2tp", "alice", likeWindows);
      const successor = (await marks(lab))[behind(1)];
      check("twin: its successor has another mark", again.connected && successor !== before[behind(1)], `${before[behind(1)]} → ${successor}`);
    },
  },
  {
    name: "same-nat-firewall",
    shows: "the firewall loaded anew, by hand and by an `up` that changes it, under traffic: no L2TP session is lost and hardly a ping",
    twin: "without the hash's seed every load moves each mark to another zone and silences the sessions; with it again they go on",
    seconds: 120,
    async run(lab, report) {
      const { check, figure } = report;
      await dial(lab, report, [1, 2]);
      const other = await lab.connect(3, "ikev2", "bob");
      check("client 3 connects by IKEv2", other.connected, other.reason);
      const all = [1, 2, 3];
      const sessions = async () => JSON.stringify([await lab.world.pppSession(1), await lab.world.pppSession(2)]);
      const before = await sessions();
      const [file, withoutSeed] = ["/etc/vpn-gateway/firewall.nft", "/run/without-seed.nft"];

      await startPings(lab, all);
      await sleep(2000);
      const found = await zones(lab);
      for (let time = 0; time < 5; time++) await lab.gateway.mustRun(`nft -f ${file}; sleep 1`);
      await stopPings(lab, report, all, "while the firewall was loaded 5 times", 1);
      const then = await zones(lab);
      // What an earlier client left behind may be over meanwhile.
      const kept = then.split(", ").filter((one) => found.split(", ").includes(one));
      check("each mark has the zone that it had", kept.length >= 2 && kept.join(", ") === then, `${found}; then ${then}`);

      await startPings(lab, all);
      await lab.stack.set("clientToClient", "true");
      const { seconds } = await lab.stack.up();
      await stopPings(lab, report, all, "over an up that changes the firewall", 1);
      const reached = await lab.world.ping(1, String(other.address), { count: 3 });
      check("the change is there: client 1 reaches client 3", reached.received === 3, `${reached.received} of 3`);
      figure(`pulumi up: ${seconds.toFixed(1)} s`);
      const after = await sessions();
      check("the PPP sessions are those of the beginning", after === before, `${before}; then ${after}`);

      await lab.gateway.mustRun(`sed 's/ seed 0x[0-9a-f]*//' ${file} > ${withoutSeed}; ! grep -q 'jhash.* seed ' ${withoutSeed}; nft -f ${withoutSeed}`);
      const dead: string[] = [];
      try {
        for (const client of [1, 2]) dead.push(String((await lab.world.ping(client, target, { count: 3 })).received));
      } finally {
        await lab.gateway.mustRun(`nft -f ${file}; rm ${withoutSeed}`);
      }
      check("twin: with a seed that the kernel draws nobody gets an answer", dead.every((received) => received === "0"), dead.map((received) => `${received} of 3`).join(", "));
      await startPings(lab, all);
      await sleep(4000);
      await stopPings(lab, report, all, "with the firewall as it was", 1);
    },
  },
  {
    name: "same-nat-rebinding",
    shows: "the NAT forgets its mappings and takes other ports: both clients' sessions go on by themselves",
    twin: "the gateway really sees other ports afterwards, and while the NAT is cut nothing passes",
    seconds: 90,
    async run(lab, report) {
      const { check } = report;
      await dial(lab, report, [1, 2]);
      const ports = async () => [...(await lab.gateway.mustRun("ip xfrm state")).matchAll(/encap type espinudp sport (\d+) dport 4500/g)].map(([, port]) => port).sort();
      const before = await ports();
      await startPings(lab, [1, 2]);
      await sleep(2000);
      await lab.world.ssh.mustRun(
        "ip netns exec nat sh -c 'nft flush chain ip nat out; nft add rule ip nat out oifname public0 meta l4proto udp masquerade to :30000-39999; nft add rule ip nat out oifname public0 masquerade; conntrack -F'",
      );
      await sleep(8000);
      const after = await ports();
      check("twin: the gateway sends to other ports now", after.length === 2 && after.every((port) => Number(port) >= 30_000 && !before.includes(port)), `${before.join(", ")} → ${after.join(", ")}`);
      await stopPings(lab, report, [1, 2], "but for what was on its way", 10);
      await startPings(lab, [1, 2]);
      await sleep(4000);
      await stopPings(lab, report, [1, 2], "afterwards", 1);
      await startPings(lab, [1]);
      await sleep(2000);
      await lab.world.ssh.mustRun("ip -n nat link set public0 down; sleep 1; ip -n nat link set public0 up; ip -n nat route replace default via 198.51.100.1");
      await sleep(4000);
      const twin = await lab.world.pingStop(1, label);
      check("twin: with the NAT's link cut pings are lost, and the session goes on", twin.received < twin.sent && (await lab.answersWithin(1, 10)) !== undefined, `${twin.received} of ${twin.sent}`);
      await lab.world.ssh.mustRun("ip netns exec nat sh -c 'nft flush chain ip nat out; nft add rule ip nat out oifname public0 masquerade; conntrack -F'");
    },
  },
  {
    name: "same-nat-daemons",
    shows: "charon killed, then xl2tpd killed: each time both clients dial again and work at once",
    twin: "marks begin anew: a new SA gets a mark that the killed charon had given to another, and so meets whatever that left",
    seconds: 200,
    async run(lab, report) {
      const { check, figure } = report;
      const up = "systemctl -q is-active strongswan && systemctl -q is-active xl2tpd";
      const bothUp = `for i in $(seq 30); do ${up} && break; sleep 1; done; ${up}`;
      // From the first mark on, whatever ran before: so it is known which marks the killed one leaves.
      await lab.gateway.mustRun(`systemctl restart strongswan; ${bothUp}`);
      const once = { ...likeWindows, redial: false };
      await dial(lab, report, [3, 4, 1, 2], once);
      for (const unit of ["strongswan", "xl2tpd"]) {
        const before = await marks(lab);
        // xl2tpd is started after charon, which on a busy host takes some seconds.
        await lab.gateway.mustRun(`systemctl kill -s KILL ${unit}; sleep 3; ${bothUp}`);
        await dial(lab, report, [2, 1], once);
        const after = await marks(lab);
        figure(`marks before ${unit} was killed: ${JSON.stringify(before)}, after: ${JSON.stringify(after)}`);
        const again = [1, 2].map((client) => after[behind(client)]).filter((mark) => Object.values(before).includes(mark));
        if (unit === "strongswan") check("twin: marks begin anew, with some that the killed one had given", again.length > 0, `${Object.values(before).join(", ")} → ${Object.values(after).join(", ")}`);
        await startPings(lab, [1, 2]);
        await sleep(4000);
        await stopPings(lab, report, [1, 2], `after ${unit} was killed`, 1);
      }
      const found = await lab.gateway.run("vpn-gateway check");
      check("`vpn-gateway check` finds nothing wrong", found.code === 0, found.stdout + found.stderr);
    },
  },
  {
    name: "same-nat-office",
    shows: "behind one NAT: two L2TP clients from 1701, one from another port, one IKEv2; beside them one without a NAT. All at once",
    twin: "nobody takes another's inner address, and nothing of L2TP is seen in clear",
    seconds: 150,
    async run(lab, report) {
      const { check } = report;
      await lab.world.captureStart("clear", "udp port 1701 or net 240.0.0.0/4");
      await dial(lab, report, [1, 2]);
      await dial(lab, report, [3], likeMacOs);
      await dial(lab, report, ["direct"]);
      const ikev2 = await lab.connect(4, "ikev2", "bob");
      check("client 4 connects by IKEv2", ikev2.connected, ikev2.reason ?? String(ikev2.address));
      const all: ClientName[] = [1, 2, 3, 4, "direct"];
      await startPings(lab, all);
      await sleep(5000);
      await stopPings(lab, report, all, "with all five up", 1);
      const addresses = [];
      for (const client of all) addresses.push(String((await lab.world.status(client)).address));
      check("each has an inner address of its own", new Set(addresses).size === 5, addresses.join(", "));

      // Client 1 takes client 2's inner address on its own PPP interface.
      await lab.world.captureStart("inside", `icmp and src host ${addresses[1]}`, "lan0");
      const [own, other] = addresses;
      const ping = `ping -n -c 5 -i 0.2 -W 1 -I`;
      await lab.world.run("c1", `ip addr add ${other}/32 dev ppp0; ${ping} ${other} ${target}; ip addr del ${other}/32 dev ppp0`);
      const spoofed = await lab.world.captureStop("inside");
      check("no packet of client 1 with client 2's inner address reaches the inside", spoofed.packets === 0, `${spoofed.packets}`);
      await lab.world.captureStart("own", `icmp and src host ${own}`, "lan0");
      await lab.world.run("c1", `${ping} ${own} ${target}`);
      const honest = await lab.world.captureStop("own");
      check("twin: with its own they do", honest.packets >= 5, `${honest.packets}`);

      // A stand-in address from outside, and L2TP from outside: neither gets to xl2tpd.
      const counted = async () => Number(/udp dport 1701 meta ipsec missing counter packets (\d+)/.exec(await lab.gateway.mustRun("nft list chain inet vpn_gateway input"))?.[1]);
      const before = await counted();
      await lab.world.run("direct", `python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); [s.sendto(b"x" * 40, ("${lab.settings.endpoint}", 1701)) for _ in range(5)]'; true`);
      const seen = await lab.world.captureStop("clear");
      // The direct client's own policy puts its packets from port 1701 into its SA; these have another port and go in clear.
      check("twin: L2TP in clear is dropped and counted, and is all that the wire shows in clear", (await counted()) - before === 5 && seen.packets === 5, `${(await counted()) - before} dropped, ${seen.packets} seen: ${seen.first[0] ?? ""}`);
      await startPings(lab, [1, 2]);
      await sleep(3000);
      await stopPings(lab, report, [1, 2], "after all that", 1);
    },
  },
];
