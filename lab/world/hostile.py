"""
Packets that nobody should send: what L2TP, PPP and IKE are made of, with bytes turned, cut off, lengthened and lied about,
by a seed. Run in a client's namespace; one line of JSON tells how many were sent and answered.

  hostile.py l2tp GATEWAY PORT COUNT SEED    within a transport SA from this source port, by one who knows the PSK alone
  hostile.py ike GATEWAY COUNT SEED          from anywhere, with no key at all
  hostile.py flood GATEWAY SECONDS RATE VERSION   first messages of IKE that are in order, each of another session
"""

import json
import os
import random
import select
import socket
import struct
import sys
import time

# RFC 2661, 3.2: the types of control messages; 4.4.x: their attributes.
MESSAGES = [1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16]
SCCRQ, SCCRP, SCCCN, ICRQ, ICCN = 1, 2, 3, 10, 12
BASES = 4000
ANSWERS_KEPT = 16
NOTIFY, COOKIE = 41, 16390


def avp(number, value, mandatory=True):
    return struct.pack("!HHH", (0x8000 if mandatory else 0) | (6 + len(value)), 0, number) + value


def control(chance, message, tunnel=0, session=0, sent=0, received=0):
    """A control message with what belongs in it, and at times with what does not."""
    parts = [avp(0, struct.pack("!H", message))]
    if message in (SCCRQ, SCCRP):
        parts += [avp(2, b"\1\0"), avp(3, b"\0\0\0\3"), avp(4, b"\0\0\0\0", False), avp(7, b"hostile"), avp(9, struct.pack("!H", chance.randrange(1, 65536))), avp(10, b"\0\4")]
    elif message in (ICRQ, 11, 7, 8):
        parts += [avp(14, struct.pack("!H", chance.randrange(1, 65536))), avp(15, struct.pack("!I", chance.getrandbits(32)))]
    elif message in (ICCN, 9):
        parts += [avp(24, struct.pack("!I", 10_000_000)), avp(19, b"\0\0\0\3")]
    elif message in (4, 14):
        parts += [avp(9 if message == 4 else 14, struct.pack("!H", chance.randrange(0, 64))), avp(1, struct.pack("!HH", chance.randrange(0, 12), 0) + b"bye")]
    for _each in range(chance.randrange(0, 3)):
        parts.append(avp(chance.randrange(0, 45), chance.randbytes(chance.choice([0, 1, 2, 4, 8, 16, 64, 255])), chance.random() < 0.5))
    body = b"".join(parts)
    return struct.pack("!HHHHHH", 0xC802, 12 + len(body), tunnel, session, sent, received) + body


def ppp(chance):
    """LCP, CHAP, IPCP, IP and what else a frame may say that it is."""
    protocol = chance.choice([0xC021, 0xC223, 0xC023, 0x8021, 0x8057, 0x80FD, 0x0021, 0x0057, chance.getrandbits(16)])
    data = chance.randbytes(chance.choice([0, 1, 4, 16, 64, 300]))
    return b"\xff\x03" + struct.pack("!HBBH", protocol, chance.randrange(0, 16), chance.randrange(0, 256), 4 + len(data)) + data


def frame(chance):
    """A data message, to a session that somebody else may have."""
    return struct.pack("!HHH", chance.choice([0x0002, 0x4002, 0x0202, 0x0802]), chance.randrange(0, 65536), chance.randrange(0, 65536)) + ppp(chance)


def twisted(chance, packet):
    """With up to four faults."""
    data = bytearray(packet)
    for _each in range(chance.randrange(0, 5)):
        if not data:
            return bytes(data)
        at, kind = chance.randrange(len(data)), chance.randrange(7)
        if kind == 0:
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            data[at] = chance.choice([0, 1, 0x7F, 0x80, 0xFE, 0xFF])
        elif kind == 2:
            del data[at:]
        elif kind == 3:
            data += chance.randbytes(chance.choice([1, 7, 64, 700]))
        elif kind == 4 and len(data) > at + 2:
            data[at:at + 2] = struct.pack("!H", chance.choice([0, 1, 5, 6, 0x3FF, 0x7FFF, 0xFFFF, len(data) - at]))
        elif kind == 5:
            data[at:at] = data[at:at + chance.randrange(1, 40)]
        else:
            del data[at:at + chance.randrange(1, 9)]
    return bytes(data[:1400])


def turned(chance, packet):
    """The same with one more byte turned: making each anew takes an emulated machine too long."""
    if not packet:
        return packet
    data = bytearray(packet)
    data[chance.randrange(len(data))] = chance.getrandbits(8)
    return data


def late(wire):
    """How many answers come after the last packet, until there is none for a second."""
    count = 0
    while select.select([wire], [], [], 1)[0]:
        count += len(list(heard(wire)))
    return count


def l2tp(gateway, port, count, seed, pace=None):
    """
    Answers tell the numbers of tunnels that stand by now: the next messages go into those as well as beside them. `pace` is
    called after each 32 packets: a server that is slower than its sender drops what it has no room for.
    """
    chance = random.Random(seed)
    bases = [twisted(chance, control(chance, chance.choice(MESSAGES), chance.choice([0, 0, chance.randrange(1, 65536)]), chance.choice([0, chance.randrange(1, 65536)]), chance.randrange(0, 4), chance.randrange(0, 4)) if chance.random() < 0.6 else frame(chance)) for _each in range(BASES)]
    tunnels, answered, begun = [], 0, time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind(("", port))
        wire.connect((gateway, 1701))
        wire.setblocking(False)
        for number in range(count):
            if number % 500 == 0:
                # One that is in order: it is answered as long as there is somebody to answer.
                packet = control(random.Random(number), SCCRQ)
            else:
                packet = turned(chance, bases[number % BASES])
                if tunnels and len(packet) > 6 and number % 3 == 0:
                    packet[4:6] = struct.pack("!H", chance.choice(tunnels))
            send(wire, packet)
            if pace is not None and number % 32 == 31:
                pace()
            if number % 16 == 0:
                for said in heard(wire):
                    answered += 1
                    if len(said) > 20 and said[0] & 0x80:
                        at = said.find(struct.pack("!HHH", 0x8008, 0, 9))
                        if at > 0:
                            tunnels = [*tunnels, struct.unpack_from("!H", said, at + 6)[0]][-ANSWERS_KEPT:]
        answered += late(wire)
    return {"sent": count, "answered": answered, "tunnels": len(tunnels), "seconds": round(time.monotonic() - begun, 1)}


def transform(last, kind, number, *bits):
    attributes = b"".join(struct.pack("!HH", 0x800E, each) for each in bits)
    return struct.pack("!BBHBBH", 0 if last else 3, 0, 8 + len(attributes), kind, 0, number) + attributes


def payload(following, body):
    return struct.pack("!BBH", following, 0, 4 + len(body)) + body


def ike_first(chance, version):
    """IKE_SA_INIT (RFC 7296), or the first message of IKEv1's main mode (RFC 2409): in order, of a session of its own."""
    if version == 2:
        proposal = transform(False, 1, 12, 256) + transform(False, 2, 5) + transform(False, 3, 12) + transform(True, 4, 14)
        body = payload(34, struct.pack("!BBHBBBB", 0, 0, 8 + len(proposal), 1, 1, 0, 4) + proposal)
        body += payload(40, struct.pack("!HH", 14, 0) + b"\2" + chance.randbytes(255)) + payload(0, chance.randbytes(32))
        return chance.randbytes(8) + bytes(8) + struct.pack("!BBBBII", 33, 0x20, 34, 0x08, 0, 28 + len(body)) + body
    attributes = b"".join(struct.pack("!HH", 0x8000 | kind, number) for kind, number in ((1, 7), (14, 256), (2, 4), (3, 1), (4, 14), (11, 1), (12, 28800)))
    one = struct.pack("!BBHBBH", 0, 0, 8 + len(attributes), 1, 1, 0) + attributes
    body = payload(0, struct.pack("!II", 1, 1) + struct.pack("!BBHBBBB", 0, 0, 8 + len(one), 1, 1, 0, 1) + one)
    return chance.randbytes(8) + bytes(8) + struct.pack("!BBBBII", 1, 0x10, 2, 0, 0, 28 + len(body)) + body


def ike(gateway, count, seed):
    chance = random.Random(seed)
    bases = []
    for _each in range(BASES):
        first = ike_first(chance, chance.choice([1, 2]))
        if chance.random() < 0.5:
            # Of another exchange, or of payloads that do not belong there.
            first = first[:16] + bytes([chance.choice([1, 33, 41, 46, 47, 48, 53, 132]), first[17], chance.choice([2, 4, 5, 32, 34, 35, 36, 37, 43])]) + first[19:]
        bases.append(twisted(chance, first))
    answered, begun = 0, time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as natted:
        for one, port in ((wire, 500), (natted, 4500)):
            one.connect((gateway, port))
            one.setblocking(False)
        for number in range(count):
            packet = turned(chance, bases[number % BASES])
            if number % 4 == 0:
                # Behind the marker of port 4500, or with none, where it is taken for ESP.
                send(natted, bytes(4) + bytes(packet) if number % 8 else packet)
            else:
                send(wire, packet)
            if number % 16 == 0:
                answered += len(list(heard(wire))) + len(list(heard(natted)))
        answered += late(wire) + late(natted)
    return {"sent": count, "answered": answered, "seconds": round(time.monotonic() - begun, 1)}


def is_cookie(said):
    """Of IKEv2 (RFC 7296, 2.6): the answer to IKE_SA_INIT has a notify payload first, and that is COOKIE."""
    return len(said) >= 36 and said[16:18] == bytes([NOTIFY, 0x20]) and struct.unpack_from("!H", said, 34)[0] == COOKIE


def flood(gateway, seconds, rate, version):
    """Each from a port of its own, as a NAT's many clients; nothing is ever answered back, and so every session stays half open."""
    chance = random.Random()
    sent, answered, cookies, begun = 0, 0, 0, time.monotonic()
    wires = []
    for _each in range(64):
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.connect((gateway, 500))
        one.setblocking(False)
        wires.append(one)
    while (passed := time.monotonic() - begun) < seconds:
        while sent < passed * rate:
            send(wires[sent % len(wires)], ike_first(chance, version))
            sent += 1
        for said in (said for one in wires for said in heard(one)):
            answered += 1
            cookies += is_cookie(said)
        time.sleep(0.01)
    return {"sent": sent, "answered": answered, "cookies": cookies, "seconds": round(time.monotonic() - begun, 1)}


def send(wire, packet):
    while True:
        try:
            wire.send(packet)
            return
        except BlockingIOError:
            select.select([], [wire], [], 1)
        except OSError:
            # What an ICMP message said of an earlier one.
            return


def heard(wire):
    while True:
        try:
            yield wire.recv(2000)
        except OSError:
            return


if __name__ == "__main__":
    kind, gateway, *numbers = sys.argv[1:]
    os.nice(5)
    print(json.dumps({"l2tp": l2tp, "ike": ike, "flood": flood}[kind](gateway, *map(int, numbers))))
