"""
An authoritative name server with the manners of AWS Route 53's multivalue answers: one name, which has the addresses of
those machines that answer a TCP health check from the internet, in another order each time; where none answers, all of
them. Each is asked every 10 s, and two answers or silences in a row decide (Route 53's fast interval).
"""

import json
import os
import socket
import struct
import threading
import time

from shell import STATE, Failure, answers, is_active, lab_world, start_unit, stop_unit, write

NAMESPACE = "internet"
UNIT = "lab-nameserver"
FILE = os.path.join(STATE, "nameserver.json")
SEEN = os.path.join(STATE, "nameserver-targets.json")
INTERVAL = 10.0
THRESHOLD = 2
TIME_TO_LIVE = 5
A, ANY, INTERNET = 1, 255, 1
NO_ERROR, FORMAT_ERROR, NO_SUCH_NAME, NOT_IMPLEMENTED, REFUSED = 0, 1, 3, 4, 5


class Target:
    """One machine's health, as Route 53 sees it: at first it is taken for healthy."""

    def __init__(self, address):
        self.address = address
        self.healthy = True
        self.streak = 0

    def saw(self, answered):
        self.streak = 0 if answered == self.healthy else self.streak + 1
        if self.streak >= THRESHOLD:
            self.healthy, self.streak = answered, 0


def told(targets):
    return [one.address for one in targets if one.healthy] or [one.address for one in targets]


def question(packet):
    """Name, type and end of the one question of a query. Raises ValueError where it is none."""
    if len(packet) < 12 or packet[2] & 0x80:
        raise ValueError("no query")
    if struct.unpack("!H", packet[4:6])[0] != 1:
        raise ValueError("not one question")
    labels, at = [], 12
    while True:
        length = packet[at] if at < len(packet) else 64
        if length > 63:
            raise ValueError("no name")
        at += 1
        if length == 0:
            break
        labels.append(packet[at:at + length].decode("ascii", "replace").lower())
        at += length
    if len(packet) < at + 4:
        raise ValueError("cut off")
    kind, of = struct.unpack("!HH", packet[at:at + 4])
    return ".".join(labels), kind, of, at + 4


def reply(packet, name, addresses):
    """The answer to a query (RFC 1035, 4.1), or None where there is nothing to answer."""
    if len(packet) < 12 or packet[2] & 0x80:
        return None
    opcode, recursion = packet[2] >> 3 & 15, packet[2] & 1

    def header(code, count, asked=b""):
        flags = 0x8400 | opcode << 11 | recursion << 8 | code
        return packet[:2] + struct.pack("!HHHHH", flags, 1 if asked else 0, count, 0, 0) + asked

    if opcode != 0:
        return header(NOT_IMPLEMENTED, 0)
    try:
        wanted, kind, of, end = question(packet)
    except ValueError:
        return header(FORMAT_ERROR, 0)
    asked = packet[12:end]
    if of != INTERNET:
        return header(REFUSED, 0, asked)
    if wanted != name.lower():
        return header(NO_SUCH_NAME, 0, asked)
    found = addresses if kind in (A, ANY) else []
    pointer = 0xC00C
    records = b"".join(struct.pack("!HHHIH", pointer, A, INTERNET, TIME_TO_LIVE, 4) + socket.inet_aton(one) for one in found)
    return header(NO_ERROR, len(found), asked) + records


def watch(targets, port):
    while True:
        began = time.monotonic()
        for one in targets:
            one.saw(answers(one.address, port, 4.0))
        write(SEEN, json.dumps({"healthy": [one.address for one in targets if one.healthy], "told": told(targets)}))
        time.sleep(max(0.0, INTERVAL - (time.monotonic() - began)))


def serve():
    """The server itself; runs in the namespace."""
    with open(FILE) as file:
        wanted = json.load(file)
    targets = [Target(address) for address in wanted["targets"]]
    threading.Thread(target=watch, args=(targets, wanted["healthPort"]), daemon=True).start()
    turn = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.bind((wanted["address"], 53))
        while True:
            packet, source = asked.recvfrom(4096)
            addresses = told(targets)
            at = turn % len(addresses)
            answer = reply(packet, wanted["name"], addresses[at:] + addresses[:at])
            if answer is not None:
                # Who asks for IPv6 too, and gets none of it, would see one order always.
                turn += answer[7] > 0
                asked.sendto(answer, source)


def start(wanted):
    for key in ("name", "address", "targets", "healthPort"):
        if not wanted.get(key):
            raise Failure(f"{key} is missing")
    stop()
    write(FILE, json.dumps(wanted))
    start_unit(UNIT, NAMESPACE, *lab_world("nameserver", "serve"), properties=["Restart=always"])
    return {"started": True}


def stop():
    stop_unit(UNIT)
    for file in (SEEN, FILE):
        if os.path.exists(file):
            os.remove(file)


def status():
    seen = {"healthy": [], "told": []}
    if os.path.exists(SEEN):
        with open(SEEN) as file:
            seen = json.load(file)
    return {"running": is_active(UNIT), **seen}
