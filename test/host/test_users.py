"""Whoever is no longer a user loses the tunnel at once; everybody else keeps theirs."""

import json
import os
import shutil
import struct
import subprocess
import sys
import time
import unittest.mock

from machine import HOST, MachineTest, part_text

sys.path.insert(0, HOST)
from vpn_gateway import admitted, keeper  # noqa: E402
from vpn_gateway.gateway import Gateway  # noqa: E402


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
    def gateway(self) -> Gateway:
        """The machine as the command sees it, within this process."""
        patch = unittest.mock.patch.dict(os.environ, self.environment)
        patch.start()
        self.addCleanup(patch.stop)
        return Gateway(self.root, "test")

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
        self.assertEqual(sorted(charon.terminated), ["2", "5"])  # at once, in any order
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

    def listed(self, *users: object) -> str:
        return part_text("users", {"/etc/vpn-gateway/users": "".join(f"{json.dumps(user)}\n" for user in users)})

    def secrets(self) -> str:
        eap = "secrets {\n  eap-ann {\n    id = ann\n    secret = 0sYW5uYW5uYW5u\n  }\n  eap-b_c3_bc {\n    id = b\n    secret = 0sYm9iYm9iYm9i\n  }\n}\n"
        chap = '"ann" office "annannann" 10.0.0.0/24\n"b\\"c" office "bobbobbob" 10.0.0.0/24\n'
        return part_text("passwords", {admitted.EAP_SECRETS: eap, admitted.CHAP_SECRETS: chap}, secret=True)

    def test_a_suspended_user_is_out_and_back(self) -> None:
        charon = self.start_charon()
        self.write("/etc/swanctl/conf.d/r.conf", "connections {\n remote {\n }\n}\n")
        charon.of_users = {"remote"}
        self.apply(self.secrets())
        self.apply(self.listed("ann", 'b"c'))
        charon.add("1", "remote", "ann", "ann")
        charon.add("2", "remote", 'b"c')
        whole = self.read(admitted.CHAP_SECRETS)
        done = self.apply(self.listed({"name": "ann", "suspended": True}, 'b"c'))
        self.assertEqual(charon.terminated, ["1"])
        self.assertIn('ending the IKEv2 tunnel of "ann", who is suspended', done.stderr)
        self.assertEqual(self.read(admitted.CHAP_SECRETS), whole.split("\n", 1)[1])
        self.assertNotIn("ann", self.read(admitted.EAP_SECRETS))
        self.assertIn("eap-b_c3_bc", self.read(admitted.EAP_SECRETS))
        self.assertEqual(self.run_command("check").returncode, 0, self.run_command("check").stdout)
        self.assertTrue(self.calls("swanctl --load-all"))
        # A new password for somebody else does not let the suspended one in.
        self.apply(self.secrets().replace("bobbobbob", "bobbobbo2"))
        self.assertEqual(self.read(admitted.CHAP_SECRETS), whole.split("\n", 1)[1].replace("bobbobbob", "bobbobbo2"))
        self.apply(self.listed("ann", 'b"c'))
        self.assertEqual(self.read(admitted.CHAP_SECRETS), whole.replace("bobbobbob", "bobbobbo2"))
        self.assertIn("eap-ann", self.read(admitted.EAP_SECRETS))

    def with_connections(self, *users: object) -> str:
        """The list, and connections as `render/userConnections.ts` writes them: of ann's certificate and bob's address."""
        names = ("ikev2-ann", "ikev2dn-ann", "ikev2tls-ann", "ikev2-bob")
        conf = "connections {\n" + "".join(f"  {name} {{\n    version = 2\n    remote {{\n      auth = pubkey\n    }}\n  }}\n" for name in names) + "}\n"
        listed = "".join(f"{json.dumps(user)}\n" for user in users)
        return part_text("users", {admitted.CONNECTIONS: conf, "/etc/vpn-gateway/users": listed})

    def test_whoever_signs_with_a_certificate_is_out_with_their_connections_and_back(self) -> None:
        charon = self.start_charon()
        ann = {"name": "ann", "authentication": "certificate"}
        bob = {"name": "bob", "ikev2Address": "10.0.0.7"}
        self.apply(self.with_connections(ann, bob))
        charon.of_users = {"ikev2-bob", "ikev2tls-ann"}
        charon.add("1", "ikev2-ann", identity="ann")  # signed: charon tells an IKE identity alone
        charon.add("2", "ikev2-bob", "bob")
        charon.add("3", "ikev2tls-ann", "ann")
        charon.add("4", "site-ann", identity="ann")
        charon.add("5", "ikev2dn-ann", identity="CN=ann")
        whole = self.read(admitted.CONNECTIONS)
        done = self.apply(self.with_connections({**ann, "suspended": True}, {**bob, "suspended": True}))
        self.assertEqual(sorted(charon.terminated), ["1", "2", "3", "5"])
        self.assertIn('ending the IKEv2 tunnel of "ann", who is suspended', done.stderr)
        # bob's password is taken away elsewhere, and his connection stays: SAs of a connection end where it changes.
        self.assertEqual(self.connections(), ["ikev2-bob"])
        check = self.run_command("check")
        self.assertEqual(check.returncode, 0, check.stdout)
        self.apply(self.with_connections(ann, bob))
        self.assertEqual(self.read(admitted.CONNECTIONS), whole)

    def connections(self) -> list[str]:
        return [line.split()[0] for line in self.read(admitted.CONNECTIONS).split("\n") if line.startswith("  ikev2")]

    def test_whose_certificate_is_revoked_is_cut_and_nobody_else(self) -> None:
        charon = self.start_charon()
        ann, eve = ({"name": name, "authentication": "certificate"} for name in ("ann", "eve"))
        conf = "connections {\n  ikev2-other {\n    version = 2\n  }\n}\n"
        self.write("/etc/swanctl/conf.d/r.conf", conf.replace("other", "ann").replace("}\n}", "}\n  ikev2-eve {\n  }\n}"))
        self.apply(self.listed(ann, eve))
        charon.add("1", "ikev2-ann", identity="ann")
        charon.add("2", "ikev2-eve", identity="eve")
        done = self.apply(self.listed({**ann, "revoked": True}, eve))
        self.assertEqual(charon.terminated, ["1"])
        self.assertIn('"ann", whose certificate is revoked', done.stderr)

    def test_a_certificates_end_of_validity_takes_its_connections_away_without_a_push(self) -> None:
        charon = self.start_charon()
        self.apply(self.with_connections({"name": "ann", "authentication": "certificate", "validUntil": "2100-01-01T00:00:00Z"}, "bob"))
        charon.add("1", "ikev2-ann", identity="ann")
        known = keeper.Keeper(self.gateway())
        known.look(time.time())
        self.assertEqual((charon.terminated, len(self.connections())), ([], 4))
        with unittest.mock.patch("time.time", return_value=4102444800.0):
            known.look(time.time())
            self.assertEqual((charon.terminated, self.connections()), (["1"], ["ikev2-bob"]))

    def test_quoted_names_are_taken_out_too(self) -> None:
        self.apply(self.secrets())
        self.apply(self.listed("ann", {"name": 'b"c', "suspended": True}))
        self.assertNotIn("bobbobbob", self.read(admitted.CHAP_SECRETS))
        self.assertIn("annannann", self.read(admitted.CHAP_SECRETS))

    def test_only_a_protocol_that_is_not_the_users_ends(self) -> None:
        charon = self.start_charon()
        self.write("/etc/swanctl/conf.d/r.conf", "connections {\n remote {\n }\n}\n")
        charon.of_users = {"remote"}
        self.apply(self.listed("ann"))
        charon.add("1", "remote", "ann", "ann")
        ann = self.pppd()
        with open(f"{self.root}/run/pppd2.tdb", "wb") as file:
            file.write(tdb({f"pppd{ann.pid}": f"PEERNAME=ann;IFNAME=ppp0;IPREMOTE=10.0.0.9"}))
        self.apply(self.listed({"name": "ann", "protocols": ["ikev2"]}))
        self.assertEqual(charon.terminated, [])
        self.assertEqual(ann.wait(5), -15)

    def test_the_keeper_ends_what_has_had_its_time_and_nothing_before(self) -> None:
        charon = self.start_charon()
        self.write("/etc/swanctl/conf.d/r.conf", "connections {\n remote {\n }\n}\n")
        charon.of_users = {"remote"}
        self.apply(self.secrets())
        self.apply(self.listed({"name": "ann", "validUntil": "2100-01-01T00:00:00Z"}, 'b"c'))
        charon.add("1", "remote", "ann", "ann")
        charon.add("2", "remote", 'b"c')
        whole = self.read(admitted.CHAP_SECRETS)
        gateway = self.gateway()
        known = keeper.Keeper(gateway)
        known.look(time.time())
        self.assertEqual((charon.terminated, self.read(admitted.CHAP_SECRETS)), ([], whole))
        with unittest.mock.patch("time.time", return_value=4102444800.0):
            known.look(time.time())
            self.assertEqual(charon.terminated, ["1"])
            self.assertNotIn("annannann", self.read(admitted.CHAP_SECRETS))
            self.assertIn("bobbobbob", self.read(admitted.CHAP_SECRETS))
        known.look(time.time())  # the clock was wrong
        self.assertEqual(self.read(admitted.CHAP_SECRETS), whole)

    def test_the_newest_session_keeps_a_fixed_address(self) -> None:
        self.apply(self.listed({"name": "ann", "l2tpAddress": "10.0.3.5"}))
        older, newer = self.pppd(), self.pppd()
        rows = {}
        for start, process in ((100, older), (900, newer)):
            self.write(f"/proc/{process.pid}/stat", f"{process.pid} (pp p) d) S " + "0 " * 18 + f"{start} 0\n")
            rows[f"pppd{process.pid}"] = f"PEERNAME=ann;IFNAME=ppp{start};IPREMOTE=10.0.3.5"
        with open(f"{self.root}/run/pppd2.tdb", "wb") as file:
            file.write(tdb(rows))
        keeper.Keeper(self.gateway()).look(time.time())
        self.assertEqual(older.wait(5), -15)
        self.assertIsNone(newer.poll())

    def test_a_list_that_is_none_is_refused(self) -> None:
        done = self.apply(self.listed({"suspended": True}), expect=1)
        self.assertIn("line 1: not a user as JSON", done.stderr)

    def test_sas_of_a_users_own_connection_end_before_it_changes(self) -> None:
        charon = self.start_charon()

        def conf(address: str) -> str:
            return f"connections {{\n  ikev2-a-b {{\n    version = 2\n  }}\n  ikev2-c {{\n    version = 2\n  }}\n}}\npools {{\n  user4-a-b-1 {{\n    addrs = {address}\n  }}\n  user4-c-1 {{\n    addrs = 10.0.0.7/32\n  }}\n}}\n"

        path = "/etc/swanctl/conf.d/vpn-gateway.users.conf"
        self.apply(part_text("users", {path: conf("10.0.0.5/32")}))
        charon.add("1", "ikev2-a-b")
        charon.add("2", "ikev2-c")
        self.apply(part_text("users", {path: conf("10.0.0.6/32")}))
        self.assertEqual(charon.terminated, ["1"])

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
