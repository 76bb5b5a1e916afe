"""A charon that speaks VICI: its connections are those of the files, its SAs those that a test gives it."""

from __future__ import annotations

import glob
import os
import socket
import struct
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "host"))
from vpn_gateway import strongswan_conf, vici  # noqa: E402


def encode(data: dict) -> bytes:
    """A message of sections and values."""
    text = b""
    for name, value in data.items():
        key = bytes([len(name)]) + name.encode()
        if isinstance(value, dict):
            text += bytes([vici.SECTION_START]) + key + encode(value) + bytes([vici.SECTION_END])
        elif isinstance(value, list):
            items = b"".join(bytes([vici.LIST_ITEM]) + struct.pack("!H", len(item.encode())) + item.encode() for item in value)
            text += bytes([vici.LIST_START]) + key + items + bytes([vici.LIST_END])
        else:
            text += bytes([vici.KEY_VALUE]) + key + struct.pack("!H", len(value.encode())) + value.encode()
    return text


class FakeCharon:
    def __init__(self, root: str, path: str = "/run/charon.vici") -> None:
        self.root, self.path = root, root + path
        self.associations: dict[str, dict] = {}
        self.terminated: list[str] = []
        self.pools: dict[str, dict] = {}
        self.of_users: set[str] = set()
        self.asked: list[tuple[str, dict]] = []  # every request, in its order
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(5)
        self.accepting = threading.Thread(target=self.accept, daemon=True)
        self.accepting.start()

    def stop(self) -> None:
        # Or the thread, about to accept by this number of a descriptor, would answer for the next test's, which gets the same.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.accepting.join()
        self.listener.close()
        os.unlink(self.path)

    def accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client: socket.socket) -> None:
        with client:
            while header := client.recv(4, socket.MSG_WAITALL):
                packet = client.recv(struct.unpack("!I", header)[0], socket.MSG_WAITALL)
                name = packet[2 : 2 + packet[1]].decode()
                if packet[0] == vici.REGISTER:
                    self.send(client, bytes([vici.CONFIRM]))
                    continue
                for event in self.events(name, vici.decode(packet[2 + packet[1] :])):
                    label = {"list-conns": b"list-conn", "list-sas": b"list-sa"}[name]
                    self.send(client, bytes([vici.EVENT, len(label)]) + label + encode(event))
                self.send(client, bytes([vici.RESPONSE]) + encode(self.pools if name == "get-pools" else {}))

    def events(self, command: str, arguments: dict) -> list[dict]:
        self.asked.append((command, arguments))
        if command == "list-conns":
            rounds = {name: "EAP" if name in self.of_users else "public key" for name in self.connections()}
            return [{name: {"version": "IKEv2", "remote-1": {"class": kind}}} for name, kind in rounds.items()]
        if command == "list-sas":
            return [{data["connection"]: data} for data in self.associations.values()]
        if command == "terminate":
            self.terminated.append(arguments["ike-id"])
            self.associations.pop(arguments["ike-id"], None)
        return []

    def connections(self) -> list[str]:
        names: list[str] = []
        for path in glob.glob(f"{self.root}/etc/swanctl/conf.d/*.conf") + glob.glob(f"{self.root}/etc/strongswan/swanctl/conf.d/*.conf"):
            with open(path) as file:
                names += strongswan_conf.connections(file.read())
        return names

    def add(self, unique_id: str, connection: str, user: str | None = None, identity: str = "10.0.0.9") -> None:
        """As the real one: the user is told apart only where it is not the IKE identity."""
        data = {"uniqueid": unique_id, "connection": connection, "state": "ESTABLISHED", "remote-id": identity}
        if user and user != identity:
            data["remote-eap-id"] = user
        self.associations[unique_id] = data

    @staticmethod
    def send(client: socket.socket, packet: bytes) -> None:
        client.sendall(struct.pack("!I", len(packet)) + packet)
