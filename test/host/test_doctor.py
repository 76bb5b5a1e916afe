"""The doctor names causes. Log lines are strongSwan's, xl2tpd's and pppd's own, as a gateway of the lab logged them."""

import json
import os
import re
import sys
import time
import unittest
import unittest.mock

from machine import HOST, MachineTest, part_text

sys.path.insert(0, HOST)
from vpn_gateway import certificates, clock, doctor, symptoms  # noqa: E402
from vpn_gateway.admitted import ANYBODY, User  # noqa: E402
from vpn_gateway.gateway import Gateway  # noqa: E402

START = "1790000000.1 gateway charon-systemd[801]: "
CAME = f"{START}received packet: from 198.51.100.2[500] to 192.0.2.11[500] (332 bytes)\n"
ANSWERED = f"{START}generating IKE_SA_INIT response 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) ]\n"
MOVED = f"{START}received packet: from 198.51.100.2[15142] to 192.0.2.11[4500] (342 bytes)\n"
HALF_OPEN = f"{START}deleting half open IKE_SA with 198.51.100.2 after timeout\n"


def causes(text: str, *users: User) -> list[tuple[str, str]]:
    known = {user.name: user for user in users}
    return [(finding.cause, finding.evidence) for finding in symptoms.of_log(text.splitlines(), known, 1000.0)]


PPPD = "1790000000.1 gateway pppd[9]: "
XL2TPD = "1790000000.1 gateway xl2tpd[9]: "
KEEPER = "1790000000.1 gateway vpn-gateway[7]: "
BOB = User("bob")
EVERYBODY = User(ANYBODY, protocols=frozenset({"l2tp", "ikev2"}))
DIRECTORY = User(ANYBODY, protocols=frozenset({"l2tp", "ikev2"}), own=True)
OFFERED = MOVED + f"{START}looking for RSA signature peer configs matching 192.0.2.11...198.51.100.2[CN=bob]\n"
# By cause: a log that shows it, who is known, and what clients show for it. Words of strongSwan 6.0, xl2tpd 1.3.18 and pppd 2.5.
SHOWN = {
    "NO_PROPOSAL_CHOSEN": (f"{START}received proposals: IKE:3DES_CBC\n{START}received proposals unacceptable\n", [], ("13868", "789")),
    "WRONG_PRE_SHARED_KEY": (MOVED + f"{START}message parsing failed\n{START}ID_PROT request with message ID 0 processing failed; message parsing failed\n", [], ("789",)),
    "NO_PRE_SHARED_KEY": (f"{START}no shared key found for 192.0.2.11[192.0.2.11] - 198.51.100.2[10.9.0.13]\n", [], ("789",)),
    "NO_CERTIFICATE_BY_L2TP": (OFFERED + f"{START}no peer config found\n", [BOB], ("789",)),
    "UNKNOWN_USER": (f"{PPPD}Peer eve failed CHAP authentication\n", [BOB], ("691",)),
    "WRONG_PASSWORD": (f"{PPPD}Peer bob failed CHAP authentication\n", [BOB], ("691",)),
    "USER_NOT_ADMITTED": (f"{PPPD}No CHAP secret found for authenticating bob\n", [User("bob", suspended=True)], ("691",)),
    "USER_WITHOUT_PASSWORD": (MOVED + f"{START}received EAP identity 'bob'\n{START}no EAP key found for hosts '192.0.2.11' - 'bob'\n", [BOB], ("691",)),
    "WRONG_GATEWAY_NAME": (MOVED + f"{START}looking for peer configs matching 192.0.2.11[other.example.com]...198.51.100.2[10.9.0.13]\n{START}no matching peer config found\n", [], ("authentication failed",)),
    "CLIENT_REFUSES_CERTIFICATE": (MOVED + f"{START}parsed INFORMATIONAL request 2 [ N(AUTH_FAILED) ]\n", [], ("13801",)),
    "CERTIFICATE_REVOKED": (f"{START}certificate was revoked on Nov 22 02:00:00 UTC 2026, reason: unspecified\n", [], ("13801",)),
    "CLIENT_CERTIFICATE_NOT_VALID": (f"{START}subject certificate invalid (valid from Nov 01 02:00:00 2026 to Nov 02 02:00:00 2026)\n", [], ("13801",)),
    "CERTIFICATE_OF_A_STRANGER": (f'{START}no issuer certificate found for "CN=ann"\n', [], ("13801",)),
    "NO_REVOCATION_LIST": (f"{START}constraint check failed: RULE_CRL_VALIDATION is STALE, but requires at least GOOD\n", [], ("13801",)),
    "UDP_4500_BLOCKED": (CAME + ANSWERED + HALF_OPEN, [], ("809",)),
    "POOL_EXHAUSTED": (f"{XL2TPD}check_control: Out of IP addresses on tunnel 3!\n", [], ("L2TP",)),
    "L2TP_CONTROL_TIMEOUT": (f"{XL2TPD}Maximum retries exceeded for tunnel 5.  Closing.\n", [], ("Maximum retries exceeded", "L2TP_CONTROL_TIMEOUT")),
    "PPP_SILENT": (f"{PPPD}LCP: timeout sending Config-Requests\n", [], ("718", "734")),
    "PPP_ADDRESS_REFUSED": (f"{PPPD}Peer is not authorized to use remote address 10.99.0.1\n", [], ("720", "733")),
    "NO_PPP_IN_KERNEL": (f"{PPPD}Couldn't open the /dev/ppp device: No such device\n", [], ("720",)),
    "TOO_MANY_HALF_OPEN": (f"{START}ignoring IKE_SA setup from 198.51.100.2, per-IP half-open IKE_SA limit of 64 reached\n", [], ("809",)),
    "TOO_BUSY_FOR_NEW_CLIENTS": (f"{START}ignoring IKE_SA setup from 198.51.100.2, job load of 65 exceeds limit of 64\n", [], ("809",)),
    "CERTIFICATE_OF_ANOTHER": (f'{KEEPER}ending the L2TP session of "bob", whose IPsec is of "ann"\n', [BOB], ()),
    "CAME_BY_PRE_SHARED_KEY": (f'{KEEPER}ending the L2TP session of "bob", who has a certificate and came by the key\n', [BOB], ()),
    "IPSEC_NOT_KNOWN": (f'{KEEPER}ending the L2TP session of "bob", of whose IPsec nothing is known\n', [BOB], ()),
    "REFUSED_BY_RADIUS": (f"{START}RADIUS authentication of 'rita' failed\n", [EVERYBODY], ("691",)),
    "REFUSED_BY_DIRECTORY": (f"{START}RADIUS authentication of 'rita' failed\n", [DIRECTORY], ("691",)),
    "RADIUS_SECRET_WRONG": (f"{PPPD}rc_check_reply: received invalid reply digest from RADIUS server\n", [EVERYBODY], ("691",)),
    "RADIUS_SERVER_SILENT": (f"{PPPD}rc_send_server: no reply from RADIUS server 10.20.0.21:1812\n", [EVERYBODY], ("691", "718")),
    "DIRECTORY_NOT_ASKED": (f"{START}rlm_ldap (ldap): Could not start TLS: Connect error\n", [DIRECTORY], ("691",)),
    **{
        cause: (f"{START}Auth: (16) Login incorrect (one-time code: {said}): [bob] (from client gateway port 0)\n{PPPD}Peer bob failed CHAP authentication\n", [User("bob", one_time_code=True)], ("691",))
        for cause, said in (("ONE_TIME_CODE_MISSING", "the password alone"), ("ONE_TIME_CODE_USED", "used already"), ("ONE_TIME_CODE_OFF", "off by -90 seconds"), ("TOO_MANY_WRONG_CODES", "too many wrong ones"))
    },
    "IKE_DAEMON_HUNG": ("1790000000.1 gateway vpn-gateway[7]: vpn-gateway: the IKE daemon hangs: it has not answered for 60 s, and none of its threads works. It is killed, and started again\n", [], ("809",)),
    "SESSIONS_NOT_IN_BOOKS": (f"{START}(1) sql: ERROR: rlm_sql_sqlite: database is locked\n", [BOB], ()),
}


class LogTest(unittest.TestCase):
    def test_each_cause_has_a_log_that_shows_it_and_what_clients_show(self) -> None:
        for cause, (text, users, also) in SHOWN.items():
            with self.subTest(cause):
                found = symptoms.of_log(text.splitlines(), {user.name: user for user in users}, 1000.0)
                self.assertEqual([finding.cause for finding in found], [cause])
                self.assertGreater(len(found[0].remedy), 20)
                for word in also:
                    self.assertIn(word, found[0].also)

    def test_no_cause_is_without_such_a_log(self) -> None:
        written = set()
        for module in (symptoms, symptoms.radius_symptoms):
            with open(module.__file__) as file:
                written |= set(re.findall(r"self\.add\(\s*\"([A-Z_0-9]+)\"", file.read()))
        self.assertGreater(len(written), 25)
        self.assertEqual(written - SHOWN.keys(), set())

    def test_what_pppd_says_of_addresses(self) -> None:
        for words in ("Peer refused to agree to his IP address", "IPCP terminated by peer (Refused our IP address)", "Could not determine remote IP address: defaulting to 10.64.64.64"):
            self.one("PPP_ADDRESS_REFUSED", words, f"{PPPD}{words}\n")
        self.assertEqual(causes(f"{PPPD}IPCP terminated by peer (Administrative action)\n{PPPD}remote IP address 10.77.1.2\n"), [])


    def test_a_call_whose_ppp_says_nothing(self) -> None:
        opening = "".join(
            f"1000.{index} gateway pppd[9]: {said}\n"
            for index, said in enumerate(("Plugin pppol2tp.so loaded.", "pppd 2.5.2 started by root, uid 0", "Using interface ppp0", "Connect: ppp0 <--> ", "Overriding mtu 1500 to 1402"))
        )
        of = lambda text, now: [(each.cause, each.evidence) for each in symptoms.of_log(text.splitlines(), {}, now)]  # noqa: E731
        self.assertEqual(of(opening, 1020.0), [], "it may come yet")
        said = "1 call of L2TP without a word of PPP from the client, the longest for 50 s"
        self.assertEqual(of(opening, 1050.1), [("PPP_SILENT", said)], "it stands still")
        ended = f"{opening}1050.1 gateway pppd[9]: Terminating on signal 15\n1050.2 gateway pppd[9]: Connection terminated.\n"
        self.assertEqual(of(ended, 2000.0), [("PPP_SILENT", said)], "its client hung up")
        soon = f"{opening}1005.1 gateway pppd[9]: Terminating on signal 15\n"
        self.assertEqual(of(soon, 2000.0), [], "hung up before one could know")
        came = f"{opening}1040.1 gateway pppd[9]: local  IP address 10.77.1.1\n1041.0 gateway pppd[9]: remote IP address 10.77.1.2\n"
        self.assertEqual(of(came, 2000.0), [], "late, but there")
        self.assertEqual(of(f"{came}{opening.replace('[9]', '[10]')}", 1050.1), [("PPP_SILENT", said)], "beside one that is well")
        self.assertEqual(of("1000.1 gateway pppd[9]: Connect: ppp0 <--> \n", 2000.0), [], "whose beginning is before what was read")

    def one(self, cause: str, evidence: str, text: str, *users: User) -> None:
        found = causes(text, *users)
        self.assertEqual([name for name, _evidence in found], [cause])
        self.assertIn(evidence, found[0][1])

    def test_both_lists_of_proposals(self) -> None:
        text = CAME + f"{START}received proposals: IKE:3DES_CBC/HMAC_SHA1_96\n{START}configured proposals: IKE:AES_GCM_16_256\n"
        self.assertEqual(causes(text + f"{START}no matching proposal found, trying alternative config\n"), [])
        text += f"{START}received proposals unacceptable\n"
        self.one("NO_PROPOSAL_CHOSEN", "198.51.100.2 proposed IKE:3DES_CBC/HMAC_SHA1_96; the gateway takes IKE:AES_GCM_16_256", text + text)

    def test_what_radius_servers_say_and_do_not_say(self) -> None:
        anybody = User(ANYBODY, protocols=frozenset({"l2tp", "ikev2"}))
        asked = f"{START}sending RADIUS Access-Request to server 'server-2'\n"
        self.one("REFUSED_BY_RADIUS", '"rita"', asked + f"{START}RADIUS authentication of 'rita' failed\n", anybody)
        self.one("REFUSED_BY_RADIUS", '"rita"', "1790000000.1 gateway pppd[1397]: Peer rita failed CHAP authentication\n", anybody)
        silent = asked + f"{START}retransmit 1 of RADIUS Access-Request (timeout: 2.0s)\n"
        self.assertEqual(causes(silent, anybody), [])
        self.one("RADIUS_SERVER_SILENT", "server-2", silent + f"{START}RADIUS Access-Request timed out after 3 attempts\n", anybody)
        self.one("RADIUS_SERVER_SILENT", "10.20.0.21:1812", "1790000000.1 gateway pppd[1397]: rc_send_server: no reply from RADIUS server 10.20.0.21:1812\n", anybody)
        self.one("RADIUS_SECRET_WRONG", "invalid reply digest", "1790000000.1 gateway pppd[1397]: rc_check_reply: received invalid reply digest from RADIUS server\n", anybody)

    def test_what_the_gateways_own_radius_server_refuses_is_judged_by_the_list(self) -> None:
        failed = MOVED + f"{START}RADIUS authentication of 'bob' failed\n"
        self.one("WRONG_PASSWORD", '"bob" from 198.51.100.2, by IKEv2', failed, User("bob"))
        self.one("USER_NOT_ADMITTED", "who is suspended", failed, User("bob", suspended=True))
        self.one("USER_NOT_ADMITTED", "not admitted by ikev2", failed, User("bob", protocols=frozenset({"l2tp"})))
        self.one("UNKNOWN_USER", '"bob"', failed, User("alice"))
        silent = f"{START}sending RADIUS Access-Request to server 'server-1'\n{START}RADIUS Access-Request timed out after 3 attempts\n"
        self.one("RADIUS_SERVER_SILENT", "the gateway's own", silent, User("bob"))

    def test_a_directory_beside_the_list(self) -> None:
        beside = User(ANYBODY, protocols=frozenset({"l2tp", "ikev2"}), own=True)
        failed = MOVED + f"{START}RADIUS authentication of 'rita' failed\n"
        self.one("REFUSED_BY_DIRECTORY", '"rita"', failed, beside)
        self.one("WRONG_PASSWORD", '"rita"', failed, beside, User("rita"))
        self.one("REFUSED_BY_DIRECTORY", '"rita"', "1790000000.1 gateway pppd[1397]: Peer rita failed CHAP authentication\n", beside)
        own = "1790000000.1 gateway freeradius[901]: "
        self.one("DIRECTORY_NOT_ASKED", "Can't contact LDAP server", f"{own}rlm_ldap (ldap): Bind with cn=vpn,dc=example,dc=com to ldaps://10.20.0.30:636 failed: Can't contact LDAP server\n", beside)
        self.assertEqual(causes(f"{own}rlm_ldap (ldap): Opening additional connection (1), 1 of 7 pending slots used\n", beside), [])
        silent = f"{START}sending RADIUS Access-Request to server 'server-1'\n{START}RADIUS Access-Request timed out after 3 attempts\n"
        self.one("RADIUS_SERVER_SILENT", "the gateway's own", silent, beside)

    def test_books_that_are_not_written(self) -> None:
        own = "1790000000.1 gateway freeradius[901]: "
        self.assertEqual(causes(f"{own}rlm_sql_sqlite: Opening SQLite database \"/var/lib/vpn-gateway-radius/books.db\"\n"), [])
        self.one("SESSIONS_NOT_IN_BOOKS", "database is locked", f"{own}(1) sql: ERROR: rlm_sql_sqlite: database is locked\n")
        self.one("SESSIONS_NOT_IN_BOOKS", "password authentication failed", f'{own}rlm_sql_postgresql: Connection failed: connection to server at "db" failed: FATAL:  password authentication failed for user "vpn"\n')
        self.one("SESSIONS_NOT_IN_BOOKS", "Unresponsive", f"{own}Unresponsive child for request 8, in component accounting module sql\n")
        self.one("SESSIONS_NOT_IN_BOOKS", "Opening connection failed", f"{own}rlm_sql (sql): Opening connection failed (0)\n")

    def test_a_stranger_a_suspended_user_and_a_wrong_password_are_told_apart(self) -> None:
        def dialled(name: str, key: bool) -> str:
            missing = "" if key else f"{START}no EAP key found for hosts '192.0.2.11' - '{name}'\n"
            return MOVED + f"{START}received EAP identity '{name}'\n{missing}{START}EAP-MS-CHAPv2 verification failed, retry (1)\n"

        self.one("UNKNOWN_USER", '"mallory"', dialled("mallory", False), User("bob"))
        self.one("USER_NOT_ADMITTED", "who is suspended", dialled("bob", False), User("bob", suspended=True))
        self.one("USER_NOT_ADMITTED", "until 1970-01-01T00:15:00Z", dialled("bob", False), User("bob", until=900.0))
        self.one("WRONG_PASSWORD", '"bob" from 198.51.100.2, by IKEv2', dialled("bob", True), User("bob"))

    def test_a_client_that_asks_for_another_gateway(self) -> None:
        asked = MOVED + f"{START}looking for peer configs matching 192.0.2.11[other.example.com]...198.51.100.2[10.9.0.13]\n"
        self.one("WRONG_GATEWAY_NAME", '198.51.100.2 asked for a gateway by the name "other.example.com"', asked + f"{START}no matching peer config found\n")
        self.assertEqual(causes(asked + f"{START}selected peer config 'ikev2'\n"), [])
        nobody = asked.replace("other.example.com", "%any")
        self.assertEqual(causes(nobody + f"{START}no matching peer config found\n"), [])

    def test_udp_4500_that_is_blocked(self) -> None:
        self.one("UDP_4500_BLOCKED", "198.51.100.2", CAME + ANSWERED + HALF_OPEN)
        self.assertEqual(causes(CAME + ANSWERED + MOVED + HALF_OPEN), [])

    def test_a_client_that_trusts_nobody_of_ours(self) -> None:
        self.one("CLIENT_REFUSES_CERTIFICATE", "198.51.100.2", MOVED + f"{START}parsed INFORMATIONAL request 2 [ N(AUTH_FAILED) ]\n")

    def test_who_had_a_wrong_password_before_hides_nobody_after(self) -> None:
        before = f"{START}received EAP identity 'bob'\n{START}EAP-MS-CHAPv2 verification failed, retry (1)\n"
        after = f"{START}parsed IKE_SA_INIT request 0 [ SA KE No ]\n" + MOVED + f"{START}parsed INFORMATIONAL request 2 [ N(AUTH_FAILED) ]\n"
        self.assertEqual([cause for cause, _evidence in causes(MOVED + before + after, User("bob"))], ["WRONG_PASSWORD", "CLIENT_REFUSES_CERTIFICATE"])

    def test_certificates_of_users(self) -> None:
        looked = MOVED + f'{START}checking certificate status of "CN=ann"\n'
        self.one("CERTIFICATE_REVOKED", "CN=ann, from 198.51.100.2, was revoked on Nov 22 02:00:00 UTC 2026", looked + f"{START}certificate was revoked on Nov 22 02:00:00 UTC 2026, reason: unspecified\n")
        self.assertEqual(causes(looked + f"{START}certificate status is good\n"), [])
        self.one("CLIENT_CERTIFICATE_NOT_VALID", "to Nov 02", MOVED + f"{START}subject certificate invalid (valid from Nov 01 02:00:00 2026 to Nov 02 02:00:00 2026)\n")
        self.one("CERTIFICATE_OF_A_STRANGER", "CN=ann", MOVED + f'{START}no issuer certificate found for "CN=ann"\n')
        self.one("NO_REVOCATION_LIST", "stale", f"{START}constraint check failed: RULE_CRL_VALIDATION is STALE, but requires at least GOOD\n")

    def test_pools_l2tp_and_ppp(self) -> None:
        self.one("POOL_EXHAUSTED", "No available IP address", "1.0 gateway xl2tpd[9]: control_finish: No available IP address\n")
        self.assertEqual(causes("1.0 gateway xl2tpd[9]: Listening on IP address 0.0.0.0, port 1701\n"), [])
        self.one("POOL_EXHAUSTED", "ikev2-ipv4", f"{START}pool 'ikev2-ipv4' is full, unable to assign address\n")
        self.one("L2TP_CONTROL_TIMEOUT", "Maximum retries", "1.0 gateway xl2tpd[9]: Maximum retries exceeded for tunnel 5. Closing.\n")
        self.one("WRONG_PASSWORD", '"bob" by L2TP', "1.0 gateway pppd[9]: Peer bob failed CHAP authentication\n", User("bob"))
        self.one("UNKNOWN_USER", '"eve" by L2TP', "1.0 gateway pppd[9]: Peer eve failed CHAP authentication\n", User("bob"))
        self.one("NO_PPP_IN_KERNEL", "/dev/ppp", "1.0 gateway pppd[9]: Couldn't open the /dev/ppp device: No such device\n")

    def test_one_time_codes(self) -> None:
        def dialled(said: str, name: str = "bob", protocol: str = "l2tp") -> str:
            refused = f"1.0 gateway pppd[9]: Peer {name} failed CHAP authentication" if protocol == "l2tp" else f"{START}RADIUS authentication of '{name}' failed"
            return MOVED + f"1.0 gateway freeradius[7]: Sat Nov 28 03:37:13 2026 : Auth: (16) Login incorrect ({said}): [{name}] (from client gateway port 0 cli 198.51.100.2[4500])\n{refused}\n"

        bob = User("bob", one_time_code=True)
        for said, cause, evidence in (
            ("one-time code: the password alone", "ONE_TIME_CODE_MISSING", '"bob" by L2TP: the password was right, without a code behind it'),
            ("one-time code: used already", "ONE_TIME_CODE_USED", "the code was used before"),
            ("one-time code: off by -90 seconds", "ONE_TIME_CODE_OFF", "one of 90 s ago"),
            ("one-time code: off by 120 seconds", "ONE_TIME_CODE_OFF", "one of 120 s from now"),
            ("one-time code: too many wrong ones", "TOO_MANY_WRONG_CODES", "after ten wrong log-ins"),
            ("one-time code: wrong password or code", "WRONG_PASSWORD", '"bob" by L2TP'),
        ):
            self.one(cause, evidence, dialled(said), bob)
        self.one("ONE_TIME_CODE_USED", '"bob" from 198.51.100.2, by IKEv2', dialled("one-time code: used already", protocol="ikev2"), bob)
        self.one("WRONG_PASSWORD", '"ann" by L2TP', dialled("mschap: MS-CHAP2-Response is incorrect", "ann"), User("ann"))
        # What one log-in was refused for is not said of the next.
        twice = dialled("one-time code: used already") + dialled("one-time code: wrong password or code")
        self.assertEqual([cause for cause, _evidence in causes(twice, bob)], ["ONE_TIME_CODE_USED", "WRONG_PASSWORD"])
        self.one("USER_NOT_ADMITTED", "who is suspended", dialled("one-time code: used already"), User("bob", suspended=True, one_time_code=True))

    def test_limits_of_a_flood_and_of_a_crowd(self) -> None:
        ignored = f"{START}ignoring IKE_SA setup from 198.51.100.2, "
        # receiver.c of strongSwan 6.0 and of 5.9
        for words in ("per-IP half-open IKE_SA limit of 1014 reached", "peer too aggressive"):
            self.one("TOO_MANY_HALF_OPEN", f"198.51.100.2, {words}", f"{ignored}{words}\n" * 2)
        for words in ("half-open IKE_SA limit of 4056 reached", "half open IKE_SA count of 4056 exceeds limit of 4056"):
            self.one("TOO_MANY_HALF_OPEN", words, f"{ignored}{words}\n" + f"{START}ignoring IKE_SA setup from 203.0.113.9, {words}\n")
        self.one("TOO_BUSY_FOR_NEW_CLIENTS", "job load of 65 exceeds limit of 64", f"{ignored}job load of 65 exceeds limit of 64\n" * 2)
        # Of an address, of all, and of work to do: three causes with three remedies.
        whole = f"{ignored}per-IP half-open IKE_SA limit of 12 reached\n{ignored}half-open IKE_SA limit of 12 reached\n{ignored}job load of 9 exceeds limit of 1\n"
        found = symptoms.of_log(whole.splitlines(), {}, 0.0)
        self.assertEqual(len({finding.remedy for finding in found}), 3)
        self.assertEqual(causes(f"{START}increasing block threshold to 51 due to per-IP cookie threshold of 50\n"), [])

    def test_a_good_log_has_no_finding(self) -> None:
        good = CAME + ANSWERED + MOVED + f"{START}received EAP identity 'bob'\n{START}EAP method EAP_MSCHAPV2 succeeded, MSK established\n"
        self.assertEqual(causes(good, User("bob")), [])


class MachineDoctorTest(MachineTest):
    def setUp(self) -> None:
        super().setUp()
        self.write("/proc/sys/net/ipv4/ip_forward", "1\n")
        self.apply(part_text("base", {"/etc/sysctl.d/60-v.conf": "net.ipv4.ip_forward = 1\n"}))

    def found(self, *words: str) -> dict[str, str]:
        done = self.run_command("doctor", "--json", *words)
        entries = json.loads(done.stdout)
        self.assertEqual(done.returncode, 1 if entries else 0)
        return {entry["cause"]: entry["evidence"] for entry in entries}

    def program(self, name: str, script: str) -> None:
        """In place of the fake one."""
        path = f"{self.state}/bin/{name}"
        if os.path.lexists(path):
            os.unlink(path)
        with open(path, "w") as file:
            file.write(f"#!/bin/sh\n{script}\n")
        os.chmod(path, 0o755)

    def test_a_machine_as_it_should_be(self) -> None:
        self.assertEqual(self.found(), {})
        self.assertIn("nothing found wrong", self.run_command("doctor").stdout)

    def test_forwarding_and_reverse_path(self) -> None:
        self.write("/proc/sys/net/ipv4/ip_forward", "0\n")
        self.write("/proc/sys/net/ipv4/conf/wan0/rp_filter", "1\n")
        self.write("/proc/net/netstat", "TcpExt: A B\nTcpExt: 1 2\nIpExt: X\nIpExt: 1\n")
        self.assertEqual(list(self.found()), ["FORWARDING_OFF"])
        self.write("/proc/net/netstat", "TcpExt: A IPReversePathFilter\nTcpExt: 1 7\n")
        self.assertIn("dropped 7 packets", self.found()["RP_FILTER"])

    def test_handshakes_that_are_begun_and_not_ended(self) -> None:
        self.start_charon()
        self.apply(part_text("limits", {"/etc/strongswan.d/vpn-gateway.conf": "charon-systemd {\n  cookie_threshold_ip = 100\n}\n"}))
        for count, causes_then in (("3", []), ("89", []), ("100", ["TOO_MANY_HALF_OPEN"]), ("4000", ["TOO_MANY_HALF_OPEN"])):
            self.program("swanctl", f"case $1 in --stats) printf 'uptime: 3 minutes\nIKE_SAs: 4001 total, {count} half-open\n' ;; esac")
            found = self.found()
            self.assertEqual(list(found), causes_then)
            self.assertTrue(not found or found["TOO_MANY_HALF_OPEN"].startswith(f"{count} handshakes"))

    def test_changed_files_and_packets_too_big(self) -> None:
        self.write("/etc/sysctl.d/60-v.conf", "# by hand\n")
        self.write("/proc/net/xfrm_stat", "XfrmInError 0\nXfrmOutStateModeError 12\n")
        self.assertEqual(set(self.found()), {"NOT_AS_PUSHED", "PACKETS_TOO_BIG_FOR_TUNNEL"})

    def test_a_clock_that_nobody_keeps_where_codes_go_by_it(self) -> None:
        gateway = Gateway(self.root, "test")
        with unittest.mock.patch.object(clock, "kept", return_value=False) as kept:
            self.write("/etc/vpn-gateway/users", '"bob"\n')
            self.assertEqual(doctor._clock_kept(gateway), [])
            self.write("/etc/vpn-gateway/users", '{"name":"bob","oneTimeCode":true}\n')
            self.assertIn("half a minute", doctor._clock_kept(gateway)[0].evidence)
            for other in (True, None):
                kept.return_value = other
                self.assertEqual(doctor._clock_kept(gateway), [])

    def test_packets_that_come_twice(self) -> None:
        self.write("/proc/net/xfrm_stat", "XfrmInError 0\nXfrmInStateSeqError 100\n")
        self.assertEqual(self.found(), {})
        self.write("/proc/net/xfrm_stat", "XfrmInError 0\nXfrmInStateSeqError 101\n")
        self.assertIn("101 packets", self.found()["REPLAYED_PACKETS"])

    @unittest.mock.patch.object(clock, "kept", return_value=False)
    def test_a_clock_that_is_behind_or_ahead(self, kept: unittest.mock.Mock) -> None:
        def found() -> dict[str, str]:
            return {each.cause: each.evidence for each in doctor._clock(Gateway(self.root, "test"))}

        hardware = "/sys/class/rtc/rtc0/since_epoch"
        for ahead, evidence in ((0, ""), (200, ""), (7200, "2.0 hours ahead of"), (-7200, "2.0 hours behind")):
            self.write(hardware, f"{int(time.time() - ahead)}\n")
            self.assertIn(evidence, found().get("CLOCK_WRONG", ""))
            self.assertEqual(evidence != "", "CLOCK_WRONG" in found())
        self.write("/etc/adjtime", "0.0 0 0.0\n0\nLOCAL\n")
        self.assertEqual(found(), {}, "a hardware clock of local time says nothing")
        os.unlink(f"{self.root}/etc/adjtime")
        kept.return_value = True
        self.assertEqual(found(), {}, "NTP is right")
        kept.return_value = False
        self.assertIn("not kept by NTP", found()["CLOCK_WRONG"])
        self.write(hardware, f"{int(time.time())}\n")
        installed = f"{self.root}/usr/sbin/vpn-gateway"
        self.write("/usr/sbin/vpn-gateway", "")
        os.utime(installed, (time.time() + 7200,) * 2)
        self.assertIn("before the moment", found()["CLOCK_WRONG"])
        os.utime(installed, (time.time() - 7200,) * 2)
        self.assertEqual(found(), {})

    def test_certificates_whose_day_is_over(self) -> None:
        self.start_charon()
        listed = "  validity:  not before Nov 18 02:00:00 2026, ok\\n             not after  {0}\\n"
        self.program("swanctl", "case $1 in --list-certs) printf '" + listed.format("Nov 27 02:00:00 2026, expired (26 hours ago)") + "' ;; esac")
        self.assertIn("expired: not after Nov 27", self.found()["CERTIFICATE_NOT_VALID"])
        self.program("swanctl", "case $1 in --list-certs) printf '" + listed.format("Nov 27 02:00:00 2036, ok (expires in 10 years)") + "' ;; esac")
        self.assertEqual(self.found(), {})

    def test_a_revocation_list_whose_day_is_over(self) -> None:
        path = "/etc/swanctl/x509crl/vpn-gateway.pem"
        for until, over in ((-60, True), (3600, False)):
            with unittest.mock.patch.object(certificates, "validity", return_value=(time.time() - 9000, time.time() + until)):
                self.write(path, "-----BEGIN X509 CRL-----\n-----END X509 CRL-----\n")
                found = doctor.of_machine(Gateway(self.root, "test"))
            self.assertEqual([one.cause for one in found], ["NO_REVOCATION_LIST"] if over else [])
            self.assertTrue(not over or ("13801" in found[0].also and "until" in found[0].evidence))

    def test_a_daemon_that_does_not_run(self) -> None:
        self.apply(part_text("users", {"/etc/vpn-gateway/users": '"bob"\n'}, "service xl2tpd.service"))
        self.assertEqual(self.found(), {})
        self.unmark("active/xl2tpd.service")
        found = json.loads(self.run_command("doctor", "--json").stdout)
        self.assertEqual([(one["cause"], "xl2tpd.service" in one["evidence"], "809" in one["also"]) for one in found], [("DAEMON_DOWN", True, True)])

    def test_a_path_that_cannot_be_tested(self) -> None:
        self.program("ping", "exit 1")
        self.assertEqual(list(self.found("--client", "198.51.100.60")), ["PATH_NOT_TESTED"])

    def test_a_small_path_that_says_so(self) -> None:
        self.program("ping", "while [ \"$1\" != -s ]; do shift; done; [ \"$2\" -le 1372 ] || { echo 'From 192.0.2.1 icmp_seq=1 Frag needed and DF set (mtu = 1400)'; exit 1; }")
        self.assertIn("carries packets of 1400 bytes and no larger ones", self.found("--client", "198.51.100.60")["PATH_MTU_SMALL"])

    def test_the_path_to_a_client(self) -> None:
        ping = f"{self.state}/bin/ping"
        with open(ping, "w") as file:
            file.write('#!/bin/sh\nwhile [ "$1" != -s ]; do shift; done\n[ "$2" -le "$(cat "$FAKE_STATE/carries")" ]\n')
        os.chmod(ping, 0o755)
        self.mark("carries", "1372")
        self.assertIn("carries packets of 1400 bytes", self.found("--client", "198.51.100.60")["MTU_BLACK_HOLE"])
        self.mark("carries", "1472")
        self.assertEqual(self.found("--client", "198.51.100.60"), {})
        self.assertEqual(self.run_command("doctor", "--client", "x; reboot").returncode, 2)
