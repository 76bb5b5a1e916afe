"""
Renews the keys of a client's child SA again and again, over charon's own control protocol (VICI), each once the one before
is done. Runs within the client's namespaces: rekey.py COUNT. Prints one JSON line.
"""

import json
import socket
import struct
import sys
import time

REQUEST, RESPONSE, REGISTER, CONFIRM, EVENT = 0, 1, 3, 5, 7
KEY_VALUE = 3
SOCKET = "/run/charon.vici"
PATIENCE = 20.0  # seconds for one renewal


def key_value(key, value):
    return bytes([KEY_VALUE, len(key)]) + key.encode() + struct.pack("!H", len(value)) + value.encode()


def named(kind, name, body=b""):
    packet = bytes([kind, len(name)]) + name.encode() + body
    return struct.pack("!I", len(packet)) + packet


class Charon:
    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(SOCKET)
        self.socket.sendall(named(REGISTER, "child-rekey"))
        self.until(CONFIRM)

    def exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise ConnectionError("charon closed the control connection")
            data += more
        return data

    def packet(self):
        return self.exactly(struct.unpack("!I", self.exactly(4))[0])

    def until(self, kind):
        while True:
            packet = self.packet()
            if packet[0] == kind:
                return packet

    def rekey(self):
        """The answer and the event come in either order."""
        self.socket.sendall(named(REQUEST, "rekey", key_value("child", "vpn")))
        wanted = {RESPONSE, EVENT}
        while wanted:
            wanted.discard(self.packet()[0])


def main(count):
    charon = Charon()
    began = time.monotonic()
    for _ in range(count):
        charon.rekey()
    print(json.dumps({"rekeys": count, "seconds": round(time.monotonic() - began, 1)}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
