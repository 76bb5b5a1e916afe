"""Whoever is no longer a user loses the tunnel at once; everybody else keeps theirs."""

import json
import os
import shutil
import struct
import subprocess

from machine import MachineTest, part_text


def tdb(records: dict[str, str]) -> bytes:
    """A TDB file as far as a reader of its records can tell."""
    text = b"TDB file\n".ljust(168, b"\0")
    for key, value in records.items():
        body = (key + value).encode()
        body = body.ljust(len(body) + 8, b"\0")
        text += struct.pack("=6I", 0, len(body), len(key), len(value.encode()), 0, 0x26011999) + body
    dead = b"pppd1" + b"PEERNAME=gone"
    return text + struct.pack("=6I", 0, len(dead), 5, len(dead) - 5, 0, 0xD9FEE666) + dead


class UsersTest(MachineTest):
    def users(self, *names: str) -> str:
        return part_text("users", {"/etc/vpn-gateway/users": "".join(f"{json.dumps(name)}\n" for name in names) or "\n"})

    def pppd(self) -> subprocess.Popen:
        """A process that is called pppd."""
        path = f"{self.state}/bin/pppd.real/pppd"
        subprocess.run(["mkdir", "-p", f"{self.state}/bin/pppd.real"], check=True)
        if not os.path.exists(path):
            shutil.copy("/bin/sleep", path)
        process = subprocess.Popen([path, "60"])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.write(f"/proc/{process.pid}/comm", "pppd\n")
        return process

    def test_ikev2_tunnels_of_removed_users_end(self) -> None:
        charon = self.start_charon()
        self.write("/etc/swanctl/conf.d/r.conf", "connections {\n remote {\n }\n site-berlin {\n }\n}\n")
        charon.of_users = {"remote"}
        self.apply(self.users("ann", "bob", 'quo"te {x = y}', "jürgen"))
        charon.add("1", "remote", "ann", "ann")
        charon.add("2", "remote", "bob", "bob")
        charon.add("5", "remote", "cat")
        charon.add("6", "remote", "j??rgen")
        charon.add("3", "remote", 'quo"te {x = y}')
        charon.add("4", "site-berlin")
        done = self.apply(self.users("ann", 'quo"te {x = y}', "jürgen"))
        self.assertEqual(charon.terminated, ["2", "5"])
        self.assertIn('ending the IKEv2 tunnel of "bob"', done.stderr)

    def test_l2tp_sessions_of_removed_users_end(self) -> None:
        self.apply(self.users("ann", "bob;x"))
        ann, bob = self.pppd(), self.pppd()
        dead = {"pppd999999": "DEVICE=x;PEERNAME=bob;IFNAME=ppp9"}
        rows = {f"pppd{ann.pid}": f"PPPD_PID={ann.pid};PEERNAME=ann;IFNAME=ppp0", **dead}
        rows[f"pppd{bob.pid}"] = f"PPPD_PID={bob.pid};IFNAME=ppp1;PEERNAME=bob;x"
        with open(f"{self.root}/run/pppd2.tdb", "wb") as file:
            file.write(tdb(rows))
        self.assertEqual(self.status()["l2tp"]["sessions"], 2)
        self.apply(self.users("ann", "bob;x", "new"))
        self.assertIsNone(bob.poll())
        self.apply(self.users("ann"))
        self.assertEqual(bob.wait(5), -15)
        self.assertIsNone(ann.poll())

    def test_sas_of_a_removed_connection_end(self) -> None:
        charon = self.start_charon()

        def conf(*names: str) -> str:
            sections = "".join(f"  {name} {{\n    version = 2\n  }}\n" for name in names)
            return f"connections {{\n{sections}}}\n"

        self.apply(part_text("site-a", {"/etc/swanctl/conf.d/a.conf": conf("a", "a2")}))
        self.apply(part_text("site-b", {"/etc/swanctl/conf.d/b.conf": conf("b")}))
        for number, name in enumerate(("a", "a2", "b")):
            charon.add(str(number), name)
        self.apply(part_text("site-a", {"/etc/swanctl/conf.d/a.conf": conf("a")}))
        self.assertEqual(charon.terminated, ["1"])
        self.run_command("remove", "site-a")
        self.assertEqual(charon.terminated, ["1", "0"])
        self.assertEqual(list(charon.associations), ["2"])
