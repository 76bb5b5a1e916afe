"""
PPP that nobody should send, into sessions that stand: L2TP is spoken in order until there is a pppd, which is led into a
phase and told what is broken there. What it was sent counts as read where it answers what was sent behind that. Run in a
client's namespace; one line of JSON tells what was sent, read and answered. Who it is comes as JSON on stdin: `user`, and
`hash`, the NT hash of their password in hexadecimal.

  hostile_ppp.py GATEWAY PORT COUNT SEED     within a transport SA from this source port
"""

import collections
import hashlib
import json
import os
import random
import select
import socket
import struct
import sys
import time
import warnings

from hostile import ICCN, ICRQ, SCCCN, SCCRP, SCCRQ, avp, twisted

ICRP, CDN, HELLO = 11, 14, 6
LCP, PAP, CHAP, EAP, IPCP, IPV6CP, CCP = 0xC021, 0xC023, 0xC223, 0xC227, 0x8021, 0x8057, 0x80FD
NAMES = {LCP: "LCP", CHAP: "CHAP", IPCP: "IPCP", IPV6CP: "IPV6CP", CCP: "CCP"}
REQUEST, ACK, NAK, REJECT, TERMINATE, CODE_REJECT, PROTOCOL_REJECT, ECHO, ECHO_REPLY = 1, 2, 3, 4, 5, 7, 8, 9, 10
CODES = {1: "Configure-Request", 2: "Configure-Ack", 3: "Configure-Nak", 4: "Configure-Reject", 5: "Terminate-Request", 6: "Terminate-Ack", 7: "Code-Reject", 8: "Protocol-Reject", 10: "Echo-Reply"}
# LCP asked for, the challenge unanswered, IPCP asked for, all of it agreed upon.
PHASES = ("link", "authentication", "network", "open")
# Nobody's code (RFC 1661, 5): pppd rejects it in every state, and gives it back.
UNKNOWN = 0x7E
# The kernel keeps 32 frames for a pppd, and drops what comes then.
BATCH = 16
BURST = 400


class Gone(Exception):
    """The session, or the tunnel: hung up, or silent."""


class Tunnel:
    """An L2TP control connection (RFC 2661), with one session at a time."""

    def __init__(self, gateway, port, number, patience=5):
        self.wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.wire.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.wire.bind(("", port))
        self.wire.connect((gateway, 1701))
        self.patience, self.ours, self.theirs, self.sent, self.received = patience, number, 0, 0, 0
        self.calls, self.session = 0, 0
        told = self.ask(SCCRP, SCCRQ, avp(2, b"\1\0"), avp(3, b"\0\0\0\3"), avp(4, b"\0\0\0\0", False), avp(7, b"hostile"), avp(9, struct.pack("!H", number)), avp(10, b"\0\4"))
        self.theirs = struct.unpack("!H", told[9])[0]

    def tell(self, message, *parts):
        body = b"".join([avp(0, struct.pack("!H", message)), *parts]) if message else b""
        self.send(struct.pack("!HHHHHH", 0xC802, 12 + len(body), self.theirs, self.session, self.sent, self.received) + body)
        self.sent += 1 if message else 0

    def ask(self, wanted, message, *parts):
        """Tells, and gives the attributes of the answer; the network may lose either."""
        until, number = time.monotonic() + self.patience, self.sent
        while time.monotonic() < until:
            self.sent = number
            self.tell(message, *parts)
            again = min(until, time.monotonic() + 1)
            while time.monotonic() < again:
                kind, said = self.take(again - time.monotonic())
                if kind == wanted:
                    return said
        raise Gone(f"no answer to L2TP's message {message}")

    def call(self):
        """A session, for which the gateway starts a pppd."""
        self.calls, self.session = self.calls + 1, 0
        told = self.ask(ICRP, ICRQ, avp(14, struct.pack("!H", self.calls)), avp(15, struct.pack("!I", self.calls)))
        self.session = struct.unpack("!H", told[14])[0]
        self.tell(ICCN, avp(24, struct.pack("!I", 10_000_000)), avp(19, b"\0\0\0\3"))

    def hang_up(self):
        self.tell(CDN, avp(14, struct.pack("!H", self.calls)), avp(1, struct.pack("!HH", 3, 0)))
        self.session = 0

    def lives(self):
        """Whether xl2tpd acknowledges a HELLO, and so has read what was sent to its socket before."""
        self.tell(HELLO)
        until = time.monotonic() + self.patience
        while time.monotonic() < until:
            if self.take(until - time.monotonic()) == (0, self.sent):
                return True
        return False

    def take(self, seconds):
        """(message, attributes) of L2TP, (0, number that is next) of its acknowledgements, ("ppp", (protocol, frame)), or (None, None)."""
        if not select.select([self.wire], [], [], max(0, seconds))[0]:
            return None, None
        try:
            said = self.wire.recv(2000)
        except OSError:
            return None, None
        flags, at = struct.unpack_from("!H", said)[0], 2
        at += 2 if flags & 0x4000 else 0
        session = struct.unpack_from("!H", said, at + 2)[0]
        at += 4
        if not flags & 0x8000:
            at += 4 if flags & 0x0800 else 0
            if session != self.calls:
                return None, None
            at += 2 if said[at:at + 2] == b"\xff\3" else 0
            return "ppp", (struct.unpack_from("!H", said, at)[0], said[at + 2:])
        number, acknowledged = struct.unpack_from("!HH", said, at)
        at += 4
        if at >= len(said):
            return 0, acknowledged
        parts = {}
        while at + 6 <= len(said):
            length, _vendor, kind = struct.unpack_from("!HHH", said, at)
            parts[kind] = said[at + 6:at + (length & 0x3FF)]
            at += max(6, length & 0x3FF)
        self.received = number + 1
        self.tell(0)
        message = struct.unpack("!H", parts[0])[0]
        if message == 4 or (message == CDN and session == self.calls and self.session):
            raise Gone("hung up")
        return message, parts

    def send(self, packet):
        try:
            self.wire.send(packet)
        except OSError:
            # What an ICMP message said of an earlier one.
            pass

    def frame(self, protocol, frame, header=0x0002):
        self.data(b"\xff\3" + struct.pack("!H", protocol) + frame, header)

    def data(self, frame, header=0x0002):
        more = (struct.pack("!H", 8 + len(frame)) if header & 0x4000 else b"", b"\0\1\0\0" if header & 0x0800 else b"")
        self.send(struct.pack("!H", header) + more[0] + struct.pack("!HH", self.theirs, self.session) + more[1] + frame)


def packet(code, number, body=b""):
    return struct.pack("!BBH", code, number, 4 + len(body)) + body


def nt_response(digest, challenge):
    """RFC 2759, 8.5: three times DES, which is triple DES with one key."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from cryptography.hazmat.primitives.ciphers import Cipher, modes
        from cryptography.hazmat.primitives.ciphers.algorithms import TripleDES

        key, answer = digest + bytes(5), b""
        for at in (0, 7, 14):
            bits = int.from_bytes(key[at:at + 7], "big")
            one = bytes((bits >> (49 - 7 * each) & 0x7F) << 1 for each in range(8))
            answer += Cipher(TripleDES(one * 3), modes.ECB()).encryptor().update(challenge)
    return answer


def ms_chap_v2(user, digest, challenge, own=b"0123456789abcdef"):
    """The value of a response: RFC 2759, 4."""
    hashed = hashlib.sha1(own + challenge + user.encode()).digest()[:8]
    return own + bytes(8) + nt_response(bytes.fromhex(digest), hashed) + b"\0"


class Session:
    """PPP's other end, in order as long as it is meant to be."""

    def __init__(self, tunnel, who):
        self.tunnel, self.who, self.marks, self.ids = tunnel, who, 0, {}
        self.answers = collections.Counter()
        tunnel.call()

    def take(self, until):
        """(protocol, code, number, body) of the next frame."""
        while True:
            kind, said = self.tunnel.take(until - time.monotonic())
            if kind == "ppp" and len(said[1]) >= 4:
                protocol, frame = said
                if frame[0] == REQUEST:
                    self.ids[protocol] = frame[1]
                return protocol, frame[0], frame[1], frame[4:]
            if time.monotonic() >= until:
                raise Gone("silent")

    def reach(self, phase):
        """Leads pppd into a phase. Its own first message shows that it is there."""
        until, asked, agreed = time.monotonic() + 3 * self.tunnel.patience, False, set()
        while True:
            protocol, code, number, body = self.take(until)
            if (protocol, code) == (LCP, REQUEST):
                if phase == "link":
                    return
                self.tunnel.frame(LCP, packet(ACK, number, body))
                if not asked:
                    self.tunnel.frame(LCP, packet(REQUEST, 1, b"\5\6hex!"))
                    asked = True
            elif (protocol, code) == (CHAP, 1):
                if phase == "authentication":
                    return
                value = ms_chap_v2(self.who["user"], self.who["hash"], body[1:1 + body[0]])
                self.tunnel.frame(CHAP, packet(2, number, bytes([len(value)]) + value + self.who["user"].encode()))
            elif (protocol, code) == (CHAP, 4):
                raise Gone("not let in")
            elif (protocol, code) == (IPCP, REQUEST):
                if phase == "network":
                    return
                self.tunnel.frame(IPCP, packet(ACK, number, body))
                self.tunnel.frame(IPCP, packet(REQUEST, 1, b"\3\6\0\0\0\0"))
                agreed.add(REQUEST)
            elif (protocol, code) == (IPCP, NAK):
                self.tunnel.frame(IPCP, packet(REQUEST, 2, body))
            elif (protocol, code) == (IPCP, ACK):
                agreed.add(ACK)
            if len(agreed) == 2:
                return

    def lives(self):
        """Whether pppd gives back what it does not know, and so has read what was sent before."""
        self.marks += 1
        mark = struct.pack("!I", 0x4D000000 + self.marks)
        self.tunnel.frame(LCP, packet(UNKNOWN, self.marks & 0xFF, mark))
        until = time.monotonic() + self.tunnel.patience
        while True:
            protocol, code, _number, body = self.take(until)
            if (protocol, code) == (LCP, CODE_REJECT) and body[4:8] == mark:
                return
            self.answers[f"{NAMES.get(protocol, f'{protocol:04x}')} {CODES.get(code, code) if protocol != CHAP else code}"] += 1
            if (protocol, code) == (LCP, TERMINATE):
                raise Gone("terminated")


def options(chance, protocol):
    """Of Configure-Request and its answers: those that there are, and others; with the right length and a wrong one."""
    kinds = {LCP: [1, 2, 3, 4, 5, 7, 8, 13, 17, 18, 19, 23], IPCP: [1, 2, 3, 129, 130, 131, 132], IPV6CP: [1, 2], CCP: [17, 18, 21, 26]}.get(protocol, [1, 2, 3])
    made = b""
    for _each in range(chance.randrange(0, 7)):
        data = chance.randbytes(chance.choice([0, 1, 2, 3, 4, 4, 6, 8, 16, 60]))
        length = 2 + len(data) if chance.random() < 0.85 else chance.choice([0, 1, 2, 3, 6, 255])
        made += bytes([chance.choice(kinds) if chance.random() < 0.8 else chance.randrange(256), length]) + data
    return made


def broken(chance, ids, phase):
    """A frame, from its protocol on, mostly of the phase and with faults."""
    most = {"link": LCP, "authentication": CHAP}.get(phase, IPCP)
    protocol = most if chance.random() < 0.6 else chance.choice([LCP, LCP, CHAP, IPCP, IPV6CP, CCP, PAP, EAP, chance.getrandbits(15) | 0x8000])
    code = chance.choice([REQUEST, REQUEST, ACK, NAK, REJECT, CODE_REJECT, ECHO, ECHO_REPLY, 11, 12, 13, chance.randrange(256)])
    # What ends the phase, as it should, and so the burst, is rare.
    if chance.random() < 0.95:
        if code in (TERMINATE, CODE_REJECT, PROTOCOL_REJECT):
            code = REQUEST
        if protocol == LCP != most and code < ECHO:
            code = ECHO
    if protocol == CHAP:
        value = chance.randbytes(chance.choice([0, 8, 16, 24, 48, 49, 50, 255]))
        code, body = chance.choice([1, 2, 2, 3, 4, 5, chance.randrange(256)]), bytes([chance.choice([len(value), len(value), 0, 49, 255])]) + value + chance.randbytes(chance.choice([0, 5, 64, 300]))
        if code == 2 and chance.random() < 0.97:
            # To another challenge than there is: a wrong answer to it ends the session.
            return struct.pack("!H", protocol) + packet(code, ids.get(protocol, 0) ^ 0x55, body)
    else:
        body = options(chance, protocol) if code <= REJECT else chance.randbytes(chance.choice([0, 1, 4, 8, 64, 300, 1200]))
    number = ids.get(protocol, 0) if chance.random() < 0.7 else chance.randrange(256)
    made = packet(code, number, body)
    if chance.random() < 0.3:
        # A length that is none of it.
        made = made[:2] + struct.pack("!H", chance.choice([0, 3, 4, 5, len(made) - 1 & 0xFFFF, len(made) + 1, 1500, 0xFFFF])) + made[4:]
    if chance.random() < 0.5:
        made = twisted(chance, made)
    return struct.pack("!H", protocol) + made


def burst(session, chance, phase, count):
    """Sends until enough or until pppd is gone; gives (sent, read by pppd)."""
    sent = read = 0
    try:
        while sent < count:
            for _each in range(BATCH):
                header = 0x0002 if chance.random() < 0.9 else chance.choice([0x4002, 0x0802, 0x4802])
                session.tunnel.data(b"\xff\3" + broken(chance, session.ids, phase), header)
            sent += BATCH
            session.lives()
            read += BATCH
    except Gone:
        pass
    return sent, read


def run(gateway, port, count, seed, who, beside=lambda sent: None):
    """`beside` is called after each session, with how many were sent into it, before it is hung up."""
    chance = random.Random(seed)
    numbers = {name: collections.Counter() for name in ("sessions", "sent in", "read")}
    answers, failed, begun, tunnel, sent, missed = collections.Counter(), collections.Counter(), time.monotonic(), None, 0, 0
    # So many in a row: there is nobody any more.
    while sent < count and missed < 3:
        phase = chance.choice(PHASES)
        try:
            if tunnel is None:
                tunnel = Tunnel(gateway, port, chance.randrange(1, 0x8000))
                tunnel.tell(SCCCN)
            session = Session(tunnel, who)
            session.reach(phase)
        except Gone as why:
            failed[f"{phase}: {why}"] += 1
            missed += 1
            if tunnel is not None:
                tunnel.wire.close()
            tunnel = None
            continue
        missed = 0
        here, read = burst(session, chance, phase, min(BURST, count - sent))
        sent += here
        for name, number in (("sessions", 1), ("sent in", here), ("read", read)):
            numbers[name][phase] += number
        answers += session.answers
        beside(here)
        tunnel.hang_up()
    return {"sent": sent, **{name: dict(one) for name, one in numbers.items()}, "answers": dict(answers.most_common()), "failed": dict(failed), "seconds": round(time.monotonic() - begun, 1)}


if __name__ == "__main__":
    gateway, *numbers = sys.argv[1:]
    os.nice(5)
    print(json.dumps(run(gateway, *map(int, numbers), json.load(sys.stdin))))
