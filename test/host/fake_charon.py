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


class FakeCharon:
    def __init__(self, root: str, path: str = "/run/charon.vici") -> None:
        self.root, self.path = root, root + path
        self.associations: dict[str, dict] = {}
        self.terminated: list[str] = []
        self.pools: dict[str, dict] = {}
        self.of_users: set[str] = set()
        self.refuses = ""  # why it takes nothing
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
                message = vici.decode(packet[2 + packet[1] :])
                for event in self.events(name, message):
                    label = {"list-conns": b"list-conn", "list-sas": b"list-sa"}[name]
                    self.send(client, bytes([vici.EVENT, len(label)]) + label + vici.encode(event))
                self.send(client, bytes([vici.RESPONSE]) + vici.encode(self.answer(name, message)))

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

    def answer(self, command: str, message: dict) -> dict:
        if command == "get-conns":
            return {"conns": self.connections()}
        if command in ("load-conn", "load-shared"):
            return {"success": "no", "errmsg": self.refuses} if self.refuses else {"success": "yes"}
        return self.pools if command == "get-pools" else {}

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
