import { labAddresses, pairAddresses } from "../networks";
import { otherMember as other, type Member, type Pair } from "../pair";
import { sleep } from "../progress";
import type { Report } from "./scenario";

/** The router between the machines and the world, which is on their link. */
const stranger = "192.0.2.1";

/** Sends what the pair's other machine would (VRRPv3, RFC 5798, 5.2), of the highest priority, whoever it says that it comes from. */
const forge = (from: string, to: string): string =>
  [
    "import socket, struct, time",
    `source, target = socket.inet_aton(${JSON.stringify(from)}), socket.inet_aton(${JSON.stringify(to)})`,
    `moving = ${JSON.stringify([labAddresses.gatewayOutside, labAddresses.gatewayInside])}`,
    "def total(data):",
    "    words = sum(struct.unpack('!%dH' % (len(data) // 2), data))",
    "    while words >> 16:",
    "        words = (words & 0xffff) + (words >> 16)",
    "    return ~words & 0xffff",
    "def body(checksum):",
    "    return struct.pack('!BBBBHH', 0x31, 51, 255, len(moving), 30, checksum) + b''.join(map(socket.inet_aton, moving))",
    "pseudo = source + target + struct.pack('!BBH', 0, 112, len(body(0)))",
    "packet = body(total(pseudo + body(0)))",
    "header = struct.pack('!BBHHHBBH4s4s', 0x45, 0xc0, 20 + len(packet), 1, 0, 255, 112, 0, source, target)",
    "s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)",
    "for _ in range(20):",
    "    s.sendto(header + packet, (socket.inet_ntoa(target), 0))",
    "    time.sleep(0.05)",
  ].join("\n");

/**
 * A stranger on the link says that it is the active machine: the firewall stops it, and without the firewall keepalived, which
 * knows its peer. The same bytes from the other machine's address are believed, so that it is not for the bytes that they were not.
 */
export async function forgedVrrp(pair: Pair, active: Member, { check }: Report): Promise<void> {
  const gateway = pair.ssh(active);
  const to = pairAddresses[active - 1].outside;
  const gaveWay = async () => Number(await gateway.mustRun("journalctl -q -b -o cat -u keepalived | grep -c 'Entering BACKUP STATE' || true"));
  const before = await gaveWay();
  const forged = async (from: string): Promise<boolean> => {
    await pair.lab.world.ssh.mustRun("ip netns exec isp python3 -", { stdin: forge(from, to) });
    await sleep(2000);
    return (await gaveWay()) > before;
  };
  check("twin: forged VRRP from a stranger on the link is not believed", !(await forged(stranger)) && (await pair.active()) === active && (await pair.lab.answersWithin(2, 5)) !== undefined);
  await gateway.mustRun(`nft insert rule inet vpn_gateway input ip saddr ${stranger} meta l4proto 112 counter accept`);
  const believed = await forged(stranger);
  const counted = await gateway.mustRun("nft list chain inet vpn_gateway input");
  await gateway.mustRun("systemctl reload vpn-gateway-firewall");
  check("twin: nor where the firewall lets it in", !believed && (await pair.active()) === active, `${believed}`);
  check("though it came in", new RegExp(`${stranger.replaceAll(".", "\\.")} .*counter packets [1-9]`).test(counted), counted.split("\n").find((line) => line.includes(stranger)));
  check("control: the same from the other machine's address makes it give way", await forged(pairAddresses[other(active) - 1].outside));
  await pair.active();
}
