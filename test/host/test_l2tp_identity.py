"""Whoever comes by L2TP with a certificate comes as that certificate's user, or is cut; who has a certificate comes by nothing else."""

from __future__ import annotations

import json
import sys
import time
import unittest
import unittest.mock

import test_users
from machine import HOST, part_text
from test_users import tdb

sys.path.insert(0, HOST)
from vpn_gateway import admitted, keeper, l2tp_identity, sessions, symptoms  # noqa: E402
from vpn_gateway.admitted import User  # noqa: E402
from vpn_gateway.sessions import Session  # noqa: E402

ANN = {"name": "ann@x.org", "authentication": "certificate", "l2tpCertificate": True}
ANNS = "ann_40x_2eorg"
TRACKED = "ipv4     2 udp      17 118 src=198.51.100.2 dst=192.0.2.11 sport=1701 dport=1701 zone-orig=9 src=192.0.2.11 dst={0} sport=1701 dport=1701 [ASSURED] mark={1} use=2\n"


def session(user: str, connection: str, handle: str = "1", protocol: str = "l2tp") -> Session:
    return Session(user, protocol, "?", ("10.0.1.5",), 0, 0, 0, handle, connection=connection)


class MismatchTest(unittest.TestCase):
    known = {"ann@x.org": User("ann@x.org", certificate=True, l2tp_certificate=True), "bob": User("bob"), "eve": User("eve", certificate=True)}

    def why(self, user: str, connection: str, protocol: str = "l2tp") -> str | None:
        return l2tp_identity.mismatch(session(user, connection, protocol=protocol), self.known.get(user))

    def test_a_certificate_is_its_users_alone(self) -> None:
        for prefix in ("l2tp-", "l2tpdn-"):
            self.assertIsNone(self.why("ann@x.org", prefix + ANNS))
            for other in ("bob", "eve", "ann", "ann_40x_2eorg", "nobody"):
                self.assertIn("another's certificate", self.why(other, prefix + ANNS) or "")

    def test_who_has_a_certificate_for_l2tp_does_not_come_by_the_shared_key_and_everybody_else_does(self) -> None:
        self.assertIn("pre-shared key", self.why("ann@x.org", "l2tp") or "")
        for other in ("bob", "eve", "nobody"):
            self.assertIsNone(self.why(other, "l2tp"))

    def test_ikev2_is_none_of_its_business(self) -> None:
        self.assertIsNone(self.why("bob", "ikev2-" + ANNS, "ikev2"))

    def test_where_the_way_is_not_known_there_is_patience_for_whom_a_certificate_is_asked(self) -> None:
        watch = l2tp_identity.Watch()
        found = [session("ann@x.org", "", "1"), session("bob", "", "2"), session("eve", "", "3")]
        self.assertEqual(watch.strangers(found, self.known, 100.0), {})
        self.assertEqual(watch.strangers(found, self.known, 109.9), {})
        self.assertEqual(watch.strangers(found, self.known, 110.0), {"1": "of whose IPsec nothing is known"})
        self.assertEqual(watch.strangers([session("ann@x.org", "l2tp-" + ANNS)], self.known, 111.0), {})
        self.assertEqual(watch.strangers(found, self.known, 112.0), {}, "known meanwhile: patience begins anew")
        self.assertEqual(watch.strangers(found, self.known, 50.0), {}, "a clock that was put back")
        self.assertEqual(watch.strangers(found, self.known, 60.0), {"1": "of whose IPsec nothing is known"})


class L2tpIdentityTest(test_users.UsersTest):
    # Its own tests run where they stand.
    for _name in [name for name in dir(test_users.UsersTest) if name.startswith("test_")]:
        locals()[_name] = None
    del _name

    def dialled(self, user: str, *marks: int):
        """A session of `user` whose stand-in is of these marks; charon's SAs: mark 10 by ann's certificate, 11 by the key."""
        self.charon = self.start_charon()
        for number, (connection, mark) in {"8": (f"l2tp-{ANNS}", "a"), "9": ("l2tp", "b")}.items():
            self.charon.add(number, connection, identity="ann@x.org")
            self.charon.associations[number] |= {"remote-host": "198.51.100.2", "remote-port": "4500", "child-sas": {"c": {"mark-in": mark}}}
        self.mark("l2tp-peer", "251.41.80.58")
        self.write("/proc/net/nf_conntrack", "".join(TRACKED.format("251.41.80.58", mark) for mark in marks))
        process = self.pppd()
        self.write(f"/proc/{process.pid}/cmdline", "pppd\0pppol2tp_tunnel_id\x0055448\0auth\0")
        with open(f"{self.root}/run/pppd2.tdb", "wb") as file:
            file.write(tdb({f"pppd{process.pid}": f"PEERNAME={user};IFNAME=ppp0;IPREMOTE=10.0.1.5"}))
        return process

    def looked(self, *moments: float) -> keeper.Keeper:
        kept = keeper.Keeper(self.gateway())
        for moment in moments:
            kept.look(moment)
        return kept

    def test_the_certificates_user_stays(self) -> None:
        self.apply(self.listed(ANN, "bob"))
        process = self.dialled("ann@x.org", 10)
        self.looked(1000.0, 1011.0, 1022.0)
        self.assertIsNone(process.poll())
        row = json.loads(self.run_command("sessions", "--json").stdout)[0]
        self.assertEqual((row["connection"], row["outside"]), (f"l2tp-{ANNS}", "198.51.100.2:4500"))
        self.assertIn("l2tp (certificate)", self.run_command("sessions").stdout)

    def test_another_users_name_and_password_by_that_certificate_are_cut_at_the_first_look(self) -> None:
        self.apply(self.listed(ANN, "bob"))
        process = self.dialled("bob", 10)
        self.looked(1000.0)
        self.assertEqual(process.wait(5), -15)
        self.assertEqual(self.charon.terminated, [], "the SA is its own user's")

    def test_who_has_a_certificate_is_cut_where_they_come_by_the_shared_key_and_who_has_none_is_not(self) -> None:
        self.apply(self.listed(ANN, "bob"))
        process = self.dialled("ann@x.org", 11)
        self.looked(1000.0)
        self.assertEqual(process.wait(5), -15)

    def test_by_the_shared_key_everybody_else_stays(self) -> None:
        self.apply(self.listed(ANN, "bob"))
        process = self.dialled("bob", 11)
        self.looked(1000.0, 1011.0, 1022.0)
        self.assertIsNone(process.poll())
        self.assertNotIn("(certificate)", self.run_command("sessions").stdout)

    def test_two_sas_of_one_stand_in_tell_nothing_and_a_certificates_user_is_cut_after_a_while(self) -> None:
        self.apply(self.listed(ANN))
        process = self.dialled("ann@x.org", 10, 11)
        kept = self.looked(1000.0, 1005.0)
        self.assertIsNone(process.poll())
        kept.look(1010.5)
        self.assertEqual(process.wait(5), -15)

    def test_policies_let_nothing_of_a_stranger_through(self) -> None:
        self.apply(self.listed(ANN, "bob"))
        self.dialled("bob", 10)
        given = []
        kept = keeper.Keeper(self.gateway())
        kept._fill = lambda found, *_more: given.append([each.user for each in found])  # type: ignore[method-assign]
        kept.look(1000.0)
        self.assertEqual(given, [[]])

    def connections_of(self, *users: object) -> str:
        names = (f"l2tp-{ANNS}", f"l2tpdn-{ANNS}", "l2tp-bob")
        conf = "connections {\n" + "".join(f"  {name} {{\n    version = 1\n    remote {{\n      auth = pubkey\n    }}\n  }}\n" for name in names) + "}\n"
        return part_text("users", {admitted.L2TP_CONNECTIONS: conf, "/etc/vpn-gateway/users": "".join(f"{json.dumps(user)}\n" for user in users)})

    def loaded(self) -> list[str]:
        return [line.split()[0] for line in self.read(admitted.L2TP_CONNECTIONS).split("\n") if line.startswith("  l2tp")]

    def test_who_is_suspended_has_no_connection_and_no_sa_and_gets_them_back(self) -> None:
        charon = self.start_charon()
        bob = {"name": "bob", "authentication": "certificate", "l2tpCertificate": True}
        self.apply(self.connections_of(ANN, bob))
        for number, connection in enumerate((f"l2tp-{ANNS}", f"l2tpdn-{ANNS}", "l2tp-bob", "l2tp")):
            charon.add(str(number), connection, identity="CN=ann@x.org")
        whole = self.read(admitted.L2TP_CONNECTIONS)
        done = self.apply(self.connections_of({**ANN, "suspended": True}, bob))
        self.assertEqual(sorted(charon.terminated), ["0", "1"])
        self.assertIn('ending the IPsec under L2TP of "ann@x.org", who is suspended', done.stderr)
        self.assertEqual(self.loaded(), ["l2tp-bob"])
        self.assertEqual(self.run_command("check").returncode, 0, self.run_command("check").stdout)
        self.apply(self.connections_of(ANN, bob))
        self.assertEqual(self.read(admitted.L2TP_CONNECTIONS), whole)

    def test_the_end_of_validity_takes_the_connections_away_without_a_push(self) -> None:
        charon = self.start_charon()
        self.apply(self.connections_of({**ANN, "validUntil": "2100-01-01T00:00:00Z"}, "bob"))
        charon.add("1", f"l2tpdn-{ANNS}", identity="CN=ann@x.org")
        kept = keeper.Keeper(self.gateway())
        kept.look(time.time())
        self.assertEqual((charon.terminated, len(self.loaded())), ([], 3))
        with unittest.mock.patch("time.time", return_value=4102444800.0):
            kept.look(time.time())
            self.assertEqual(self.loaded(), ["l2tp-bob"])

    def test_check_tells_of_a_connection_that_charon_has_not(self) -> None:
        charon = self.start_charon()
        self.apply(self.connections_of(ANN, "bob"))
        charon.connections = lambda: ["l2tp-bob"]
        self.assertIn(f"charon has not loaded the connection l2tp-{ANNS}", self.run_command("check").stdout)


class LogTest(unittest.TestCase):
    """Lines of charon 6.0.1 (phase1.c) and of the keeper."""

    start = "1790000000.1 gateway charon-systemd[801]: "
    came = f"{start}received packet: from 198.51.100.2[15142] to 192.0.2.11[4500] (1342 bytes)\n"

    def causes(self, text: str, *users: User) -> list[str]:
        return [f"{finding.cause}: {finding.evidence}" for finding in symptoms.of_log((self.came + text).splitlines(), {user.name: user for user in users}, 1000.0)]

    def asked(self, method: str, name: str) -> str:
        return f"{self.start}looking for {method} peer configs matching 192.0.2.11...198.51.100.2[{name}]\n{self.start}found 1 matching config, but none allows {method} authentication using Main Mode\n"

    def test_a_certificate_of_whom_the_gateway_does_not_admit_by_l2tp(self) -> None:
        signed = lambda name, *users: self.causes(self.asked("RSA signature", name), *users)  # noqa: E731
        self.assertEqual(signed("mallory"), ['UNKNOWN_USER: 198.51.100.2 gave the name "mallory" by L2TP, with a certificate'])
        self.assertEqual(signed("CN=ann", User("ann", revoked=True)), ['USER_NOT_ADMITTED: "ann", whose certificate is revoked'])
        self.assertIn("NO_CERTIFICATE_BY_L2TP", signed("ann", User("ann"))[0])
        self.assertEqual(self.causes(self.asked("pre-shared key", "10.9.0.13")), [])
        selected = f"{self.start}looking for RSA signature peer configs matching 192.0.2.11...198.51.100.2[ann]\n{self.start}selected peer config \"l2tp-ann\"\n"
        self.assertEqual(self.causes(selected, User("ann")), [])

    def test_a_key_where_there_is_none_any_more(self) -> None:
        text = f"{self.start}no shared key found for '192.0.2.11'[192.0.2.11] - 'ann'[198.51.100.2]\n"
        self.assertEqual(self.causes(text), [], "it tries on")
        found = self.causes(text + f"{self.start}no shared key found for 192.0.2.11 - 198.51.100.2\n")
        self.assertEqual(found, ["NO_PRE_SHARED_KEY: 198.51.100.2 offered a pre-shared key, and the gateway has none for it"])

    def test_what_the_keeper_ended(self) -> None:
        said = lambda reason: self.causes(f"1790000000.1 gateway vpn-gateway[912]: vpn-gateway: ending the L2TP session of \"a\\\"b\", {reason}\n")  # noqa: E731
        self.assertEqual(said("whose IPsec was proved by another's certificate, \"l2tp-eve\""), ["CERTIFICATE_OF_ANOTHER: \"a\\\"b\" by L2TP, whose IPsec was proved by another's certificate, \"l2tp-eve\""])
        self.assertIn("CAME_BY_PRE_SHARED_KEY", said("who has a certificate, and came by the pre-shared key")[0])
        self.assertIn("IPSEC_NOT_KNOWN", said("of whose IPsec nothing is known")[0])
        self.assertEqual(said("who is suspended"), [])


if __name__ == "__main__":
    unittest.main()
