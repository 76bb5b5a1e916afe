"""FreeRADIUS on the gateway: what is suspended is taken out, what changed is read and nothing else, and books are kept."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
import unittest

from machine import HOST, MachineTest, part_text

sys.path.insert(0, HOST)
from vpn_gateway import accounting_books, admitted, keeper, own_radius  # noqa: E402
from vpn_gateway.gateway import Gateway  # noqa: E402
from vpn_gateway.redact import Redactor  # noqa: E402
from vpn_gateway.sessions import Session  # noqa: E402

FOLDER = "/etc/vpn-gateway/radius"
UNIT_FILE = f"/etc/systemd/system/{own_radius.UNIT}"
HASH = "0123456789abcdef0123456789abcdef"


def entry(protocol: str, name: str, *reply: str) -> str:
    key = admitted.radius_key(protocol, name)
    return "\n".join([f"# {name}", f"{key} NT-Password := 0x{HASH}", *(f"  {line}" for line in reply)]) + "\n"


HEADING = "# Users of office. Written by pulumi-vpn-gateway.\n"
ANN = entry("l2tp", "ann", "Framed-IP-Address := 10.77.3.50,", "MS-Primary-DNS-Server := 10.20.0.54") + entry("ikev2", "ann")
BOB = entry("ikev2", "bob")


class OwnRadiusTest(MachineTest):
    def setUp(self) -> None:
        super().setUp()
        os.symlink(f"{os.path.dirname(os.path.abspath(__file__))}/fakes/program", f"{self.state}/bin/freeradius")

    def gateway(self) -> Gateway:
        os.environ.update(self.environment)
        return Gateway(self.root, "test")

    def client(self, secret: str = "minted") -> str:
        return part_text("identity", {f"{FOLDER}/client.conf": f'client gateway {{\n  secret = "{secret}"\n}}\n'}, secret=True)

    def base(self, text: str = "name = radiusd\n", copies: str = "radiusd.conf client.conf users") -> str:
        unit = "[Service]\n" + "".join(f"ExecStartPre=+/usr/bin/install {FOLDER}/{name} {own_radius.RUN}/{name}\n" for name in copies.split())
        books = '{"keepDays": 90, "interimSeconds": 300}\n'
        return part_text("base", {f"{FOLDER}/radiusd.conf": text, f"{FOLDER}/books.json": books, UNIT_FILE: unit}, f"service {own_radius.UNIT}")

    def passwords(self, users: str) -> str:
        return part_text("passwords", {f"{FOLDER}/users": HEADING + users}, secret=True)

    def stand(self) -> None:
        self.mark("radius-takes", "client.conf radiusd.conf users")  # the fake systemctl copies as the unit does
        for text in (self.client(), self.base()):
            self.apply(text)

    def test_a_user_more_is_read_and_nothing_starts_anew(self) -> None:
        self.stand()
        self.forget_calls()
        self.apply(self.passwords(ANN))
        self.assertEqual(self.calls("systemctl reload"), [f"systemctl reload -- {own_radius.UNIT}"])
        self.assertEqual(self.calls("systemctl restart"), [])

    def test_another_secret_starts_it_anew_and_no_other(self) -> None:
        self.stand()
        self.forget_calls()
        self.apply(self.client("another"))
        self.assertEqual(self.calls("systemctl restart"), [f"systemctl restart -- {own_radius.UNIT}"])
        self.assertEqual(self.calls("systemctl reload"), [])

    def test_a_secret_that_goes_away_is_no_reason_to_start_anew(self) -> None:
        self.assertEqual(own_radius.restart_reasons({f"{FOLDER}/client.conf": False, f"{FOLDER}/users": True, own_radius.BOOKS: True}), [])
        self.assertEqual(own_radius.restart_reasons({f"{FOLDER}/radiusd.conf": True}), [f"{FOLDER}/radiusd.conf"])

    def test_what_freeradius_does_not_take_is_refused_in_its_own_words(self) -> None:
        self.stand()
        done = self.apply(self.base("name = BOGUS\n"), expect=1)
        self.assertIn("Unknown thing BOGUS", done.stderr)
        self.assertIn("nothing was changed", done.stderr)
        self.assertEqual(self.read(f"{FOLDER}/radiusd.conf"), "name = radiusd\n")
        # And what it says of users does not show what stands there.
        done = self.apply(self.passwords(entry("ikev2", "BOGUS")), expect=1)
        self.assertNotIn(HASH, done.stderr + done.stdout)

    def test_check_says_what_it_has_not_read(self) -> None:
        self.stand()
        self.apply(self.passwords(ANN))
        self.assertEqual(self.run_command("check").returncode, 0, self.run_command("check").stdout)
        self.write(f"{own_radius.RUN}/users", HEADING)
        done = self.run_command("check")
        self.assertEqual(done.returncode, 1)
        self.assertIn("FreeRADIUS has not read it", done.stdout)

    def test_a_secret_may_come_before_the_unit_that_makes_use_of_it(self) -> None:
        self.stand()
        text = self.client().replace("end\n", f"file {FOLDER}/pgpass 0600\n{FOLDER}/pgpass | db:5432:vpn:vpn:x\nend\n")
        self.mark("radius-takes", "client.conf radiusd.conf")
        self.apply(text)
        self.mark("radius-takes", "client.conf radiusd.conf pgpass")
        self.apply(self.base(copies="radiusd.conf client.conf users pgpass"))
        self.assertEqual(self.run_command("check").returncode, 0, self.run_command("check").stdout)
        # The twin: once the unit copies it, it must be there.
        os.unlink(f"{self.root}{own_radius.RUN}/pgpass")
        self.assertIn("pgpass: FreeRADIUS has not read it", self.run_command("check").stdout)

    def test_who_is_suspended_or_not_of_the_protocol_is_taken_out_and_comes_back(self) -> None:
        self.stand()
        self.apply(self.passwords(ANN + BOB))
        self.apply(part_text("users", {admitted.PATH: '{"name":"ann","suspended":true}\n"bob"\n'}))
        self.assertEqual(self.read(f"{FOLDER}/users"), HEADING + BOB)
        self.apply(part_text("users", {admitted.PATH: '{"name":"ann","protocols":["ikev2"]}\n"bob"\n'}))
        self.assertEqual(self.read(f"{FOLDER}/users"), HEADING + entry("ikev2", "ann") + BOB)
        self.apply(part_text("users", {admitted.PATH: '"ann"\n{"name":"bob","validUntil":"2020-01-01T00:00:00Z"}\n'}))
        self.assertEqual(self.read(f"{FOLDER}/users"), HEADING + ANN)
        self.assertEqual(self.run_command("check").returncode, 0)


class KeeperTest(MachineTest):
    def test_the_newest_tunnel_keeps_a_fixed_address(self) -> None:
        charon = self.start_charon()
        os.environ.update(self.environment)
        self.write("/etc/swanctl/conf.d/r.conf", "connections {\n remote {\n }\n}\n")
        charon.of_users = {"remote"}
        self.write(admitted.PATH, '{"name":"ann","ikev2Address":"10.77.4.50"}\n"bob"\n')
        for unique_id, user, inside in (("9", "ann", "10.77.4.50"), ("10", "ann", "10.77.4.50"), ("11", "bob", "10.77.2.2"), ("12", "bob", "10.77.2.2")):
            charon.add(unique_id, "remote", user)
            charon.associations[unique_id]["remote-vips"] = [inside]
        keeper.Keeper(Gateway(self.root, "test")).look(time.time())
        self.assertEqual(charon.terminated, ["9"])


    def test_books_that_are_broken_keep_the_keeper_from_nothing(self) -> None:
        charon = self.start_charon()
        os.environ.update(self.environment)
        self.write("/etc/swanctl/conf.d/r.conf", "connections {\n remote {\n }\n}\n")
        charon.of_users = {"remote"}
        self.write(admitted.PATH, '{"name":"ann","suspended":true}\n')
        self.write(own_radius.BOOKS, json.dumps({"keepDays": 30, "interimSeconds": 300}))
        self.write(accounting_books.FILE, "no database\n" * 100)
        charon.add("9", "remote", "ann")
        keeper.Keeper(Gateway(self.root, "test")).look(time.time())
        self.assertEqual(charon.terminated, ["9"])


class AbsentTest(MachineTest):
    def test_a_service_that_comes_with_a_package_of_ours_does_not_stay_when_we_go(self) -> None:
        text = part_text("base", {"/etc/vpn-gateway/something": "x\n"}, "package freeradius", f"service {own_radius.UNIT}")
        self.mark("not-installed/freeradius")
        self.mark(f"absent/{own_radius.UNIT}")
        self.mark("brings-freeradius", own_radius.UNIT)
        self.apply(text)
        self.assertEqual(self.run_command("remove", "base").returncode, 0)
        self.assertIn(f"systemctl stop -- {own_radius.UNIT}", self.calls())
        self.assertIn(f"systemctl disable -- {own_radius.UNIT}", self.calls())

    def test_the_twin_what_ran_before_us_goes_on(self) -> None:
        self.mark(f"active/{own_radius.UNIT}")
        self.mark(f"enabled/{own_radius.UNIT}")
        self.mark("not-installed/freeradius")
        self.apply(part_text("base", {"/etc/vpn-gateway/something": "x\n"}, "package freeradius", f"service {own_radius.UNIT}"))
        self.assertEqual(self.run_command("remove", "base").returncode, 0)
        self.assertEqual([call for call in self.calls("systemctl") if call.endswith(own_radius.UNIT) and ("stop" in call or "disable" in call)], [])


class BooksTest(MachineTest):
    def setUp(self) -> None:
        super().setUp()
        os.environ.update(self.environment)
        self.gateway = Gateway(self.root, "test")
        self.write(own_radius.BOOKS, json.dumps({"keepDays": 30, "interimSeconds": 300}))
        os.makedirs(f"{self.root}{own_radius.STATE}")
        self.books = sqlite3.connect(self.root + accounting_books.FILE)
        self.addCleanup(self.books.close)
        self.books.executescript(
            "CREATE TABLE vpn_sessions (gateway TEXT, protocol TEXT, session TEXT, username TEXT, outside TEXT, inside TEXT, began INTEGER,"
            " told INTEGER, ended INTEGER, seconds INTEGER DEFAULT 0, sent INTEGER DEFAULT 0, received INTEGER DEFAULT 0, cause TEXT DEFAULT '')"
        )

    def note(self, user: str, began: float, told: float, ended: float | None = None, session: str = "s") -> None:
        self.books.execute(
            "INSERT INTO vpn_sessions (gateway, protocol, session, username, outside, inside, began, told, ended) VALUES ('office','ikev2',?,?,'198.51.100.9','10.77.2.2',?,?,?)",
            (session, user, began, told, ended),
        )
        self.books.commit()

    def test_sessions_are_open_ended_or_lost(self) -> None:
        now = int(time.time())
        self.note("ann", now - 5000, now - 100)
        self.note("ann", now - 4000, now - 3000, now - 3000)
        self.note("o=27neil =3D", now - 6000, now - 2000)
        states = [(each["user"], each["state"]) for each in accounting_books.collect(self.gateway, None, None)]
        self.assertEqual(states, [("ann", "ended"), ("ann", "open"), ("o'neil =", "lost")])
        self.assertEqual([each["state"] for each in accounting_books.collect(self.gateway, "o'neil =", None)], ["lost"])
        shown = self.run_command("accounting", "--user", "o'neil =", "--json")
        self.assertEqual([each["user"] for each in json.loads(shown.stdout)], ["o'neil ="])
        self.assertIn("o'neil", self.run_command("accounting").stdout)

    def test_where_an_l2tp_session_comes_from_is_written_once_it_is_in_the_books(self) -> None:
        at = Session("ann", "l2tp", "198.51.100.2:4500", ("10.77.1.2",), 0, 0, 0, "801")
        other = Session("bob", "l2tp", "198.51.100.3:4500", ("10.77.1.3",), 0, 0, 0, "802")
        self.assertEqual(accounting_books.place(self.gateway, [at]), set())
        now = int(time.time())
        for ended, began in ((now - 50, now - 90), (None, now - 10)):
            self.books.execute("INSERT INTO vpn_sessions (gateway, protocol, session, username, outside, inside, began, told, ended) VALUES ('office','l2tp',?,'ann','','10.77.1.2',?,?,?)", (str(began), began, now, ended))
        self.books.commit()
        self.assertEqual(accounting_books.place(self.gateway, [at, other]), {"801"})
        self.assertEqual([(each["state"], each["outside"]) for each in accounting_books.collect(self.gateway, "ann", None)], [("open", "198.51.100.2[4500]"), ("ended", "")])

    def test_what_is_written_for_sql_is_read_back(self) -> None:
        for name in ("o'neil", 'a"b', "100%", "a=27", "é漢😀", "\\", "a b", "x$y"):
            self.assertEqual(accounting_books._decoded(accounting_books._encoded(name)), name)
            self.assertNotRegex(accounting_books._encoded(name), r"['\"\\%]")

    def test_the_books_do_not_grow_for_ever(self) -> None:
        now = time.time()
        day = 86_400
        for number in range(accounting_books.AT_ONCE + 10):
            self.note("old", now - 40 * day, now - 31 * day, now - 31 * day, str(number))
        self.note("ann", now - 40 * day, now - 29 * day)
        self.assertEqual(accounting_books.trim(self.gateway, now), accounting_books.AT_ONCE)
        self.assertEqual(accounting_books.trim(self.gateway, now), 10)
        self.assertEqual(accounting_books.trim(self.gateway, now), 0)
        self.assertEqual([each["user"] for each in accounting_books.collect(self.gateway, None, None)], ["ann"])

    def test_of_too_many_the_oldest_go(self) -> None:
        now = time.time()
        for number in range(8):
            self.note(f"user-{number}", now - 100 + number, now - 100 + number, None, str(number))
        before, accounting_books.MOST_ROWS = accounting_books.MOST_ROWS, 5
        try:
            self.assertEqual(accounting_books.trim(self.gateway, now), 3)
        finally:
            accounting_books.MOST_ROWS = before
        self.assertEqual([each["user"] for each in accounting_books.collect(self.gateway, None, None)][-1], "user-3")

    def test_books_in_a_database_are_asked_for_there(self) -> None:
        self.write(own_radius.BOOKS, json.dumps({"postgresql": "db.example.com:5432/vpn", "interimSeconds": 300}))
        os.makedirs(self.root + accounting_books.WAITING)
        self.write(f"{accounting_books.WAITING}/detail", "x" * 120)
        done = self.run_command("accounting")
        self.assertEqual(done.returncode, 1)
        self.assertIn("PostgreSQL, db.example.com:5432/vpn, table vpn_sessions: ask there; 120 bytes wait", done.stderr)

    def test_what_waits_for_a_database_does_not_fill_the_disk(self) -> None:
        self.write(own_radius.BOOKS, json.dumps({"postgresql": "db.example.com:5432/vpn", "interimSeconds": 300}))
        os.makedirs(self.root + accounting_books.WAITING)
        self.write(f"{accounting_books.WAITING}/detail", "new" * 50)
        self.write(f"{accounting_books.WAITING}/detail.work", "old")
        self.assertEqual((accounting_books.trim(self.gateway, time.time()), accounting_books.waiting(self.gateway)), (0, 153))
        before, accounting_books.MOST_WAITING = accounting_books.MOST_WAITING, 100
        try:
            accounting_books.trim(self.gateway, time.time())
        finally:
            accounting_books.MOST_WAITING = before
        self.assertEqual((self.read(f"{accounting_books.WAITING}/detail"), self.read(f"{accounting_books.WAITING}/detail.work")), ("", "old"))

    def test_of_a_directory_its_password_is_hidden_and_nothing_that_an_error_is_about(self) -> None:
        redactor = Redactor()
        redactor.learn(f"{FOLDER}/directory.conf", b'ldap {\n  server = "ldaps://10.20.0.30:636"\n  identity = "cn=vpn,dc=example"\n  password = "canary #{of} it"\n}\n')
        self.assertEqual(redactor.clean("Bind with cn=vpn,dc=example to ldaps://10.20.0.30:636: canary #{of} it"), "Bind with cn=vpn,dc=example to ldaps://10.20.0.30:636: [secret]")

    def test_the_databases_password_is_never_shown(self) -> None:
        redactor = Redactor()
        redactor.learn(f"{FOLDER}/pgpass", b"db.example.com:5432:vpn:vpn:of\\:the\\\\base = x\n")
        self.assertEqual(redactor.clean("db.example.com vpn of:the\\base = x"), "db.example.com vpn [secret]")

    def test_without_books_it_says_so(self) -> None:
        os.unlink(self.root + own_radius.BOOKS)
        done = self.run_command("accounting")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no books are kept here", done.stderr)
        self.assertEqual(accounting_books.trim(self.gateway, time.time()), 0)


if __name__ == "__main__":
    unittest.main()
