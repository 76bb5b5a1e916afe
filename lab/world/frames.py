"""
Single frames of Ethernet, as a station of a segment would send them, or as none should: for what a bridge between sites lets
through. Sent by a socket of a namespace, from its card.
"""

import ipaddress
import socket
import struct
import time

from shell import Failure

BROADCAST = "ff:ff:ff:ff:ff:ff"
# IEEE 802: for local experiments.
EXPERIMENT = 0x88B5
# To whom a control frame goes, and what tells it from others behind the addresses: LLC or SNAP, or a type.
CONTROL = {
    "bpdu": ("01:80:c2:00:00:00", struct.pack("!H", 38) + bytes.fromhex("424203") + bytes(35)),
    "pvst": ("01:00:0c:cc:cc:cd", struct.pack("!H", 50) + bytes.fromhex("aaaa0300000c010b") + bytes(42)),
    "lacp": ("01:80:c2:00:00:02", bytes.fromhex("8809") + bytes(110)),
    "lldp": ("01:80:c2:00:00:0e", bytes.fromhex("88cc") + bytes(46)),
}


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def frame(kind, source, address=None, target=None, number=0):
    """One frame as bytes. `address`: whom an ARP or a neighbour advertisement speaks for, `target`: whom a frame goes to."""
    if kind in CONTROL:
        to, rest = CONTROL[kind]
        return mac(to) + mac(source) + rest
    if kind == "data":
        return mac(target or BROADCAST) + mac(source) + struct.pack("!HI", EXPERIMENT, number) + bytes(42)
    if kind == "arp":
        own = ipaddress.IPv4Address(address).packed
        return mac(BROADCAST) + mac(source) + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 2) + mac(source) + own + mac(BROADCAST) + own + bytes(18)
    if kind == "neighbour":
        whom = ipaddress.IPv6Address(address).packed
        return _icmpv6(source, address, struct.pack("!BBHI", 136, 0, 0, 0x20000000) + whom + b"\x02\x01" + mac(source))
    if kind == "router":
        return _icmpv6(source, address or "fe80::bad", struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) + b"\x01\x01" + mac(source))
    raise Failure(f"no kind of frame is called {kind}")


def _icmpv6(source, address, message):
    """To all nodes (ff02::1), with its checksum (RFC 4443, 2.3)."""
    ends = ipaddress.IPv6Address(address).packed + ipaddress.IPv6Address("ff02::1").packed
    pseudo = ends + struct.pack("!II", len(message), 58) + message
    total = sum(struct.unpack(f"!{len(pseudo) // 2}H", pseudo))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    message = message[:2] + struct.pack("!H", ~total & 0xFFFF) + message[4:]
    header = struct.pack("!IHBB", 6 << 28, len(message), 58, 255) + ends
    return mac("33:33:00:00:00:01") + mac(source) + struct.pack("!H", 0x86DD) + header + message


def send(card, kind, count=1, rate=0.0, source=None, address=None, target=None):
    """Sends `count` frames from a card of this namespace, `rate` a second (0: at once); gives how long it took."""
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sender.bind((card, 0))
    own = source or ":".join(f"{byte:02x}" for byte in sender.getsockname()[4][:6])
    began = time.monotonic()
    for number in range(count):
        if rate:
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
        sender.send(frame(kind, own, address, target, number))
    return {"sent": count, "seconds": round(time.monotonic() - began, 3)}
