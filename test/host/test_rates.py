"""Users' rates: which queues there shall be, and that only what is not there is made."""

import json
import os
import sys
import unittest.mock

from machine import HOST, part_text
from test_sessions import ConnectedTest

sys.path.insert(0, HOST)
from vpn_gateway import admitted, keeper, rates, sessions  # noqa: E402
from vpn_gateway.gateway import Gateway  # noqa: E402

TABLE = "table inet vpn_gateway_rates {\n}\n"
POOLS = ["10.0.1.0/24", "10.0.2.0/24"]


class RatesTest(ConnectedTest):
    """ann is connected by IKEv2 with 10.0.2.5, bo"b by L2TP with 10.0.1.5."""

    def setUp(self) -> None:
        super().setUp()
        for name in ("lo", "wan0", "lan0", "st-berlin"):
            os.makedirs(f"{self.root}/sys/class/net/{name}")
        self.settings = {"pools": POOLS}

    def part(self, *users: object) -> str:
        listed = "".join(f"{json.dumps(user)}\n" for user in users)
        return part_text("users", {admitted.PATH: listed, rates.PATH: TABLE, rates.SETTINGS: json.dumps(self.settings)})

    def put(self, *users: object) -> None:
        """The same without `apply`."""
        self.write(admitted.PATH, "".join(f"{json.dumps(user)}\n" for user in users))
        self.write(rates.SETTINGS, json.dumps(self.settings))
        with open(f"{self.state}/loaded.nft", "w") as file:
            file.write(TABLE)

    def now(self) -> list[str]:
        gateway = Gateway(self.root, "test")
        return rates.missing(gateway, sessions.collect(gateway), admitted.load(gateway) or {})

    def rated(self, kilobits: int, name: str = "ann") -> dict:
        return {"name": name, "rate": {"down": kilobits, "up": 1000}}

    def test_queues_are_for_users_with_a_rate_who_are_connected(self) -> None:
        self.connect()
        self.put(self.rated(4000), 'bo"b', self.rated(9000, "absent"))
        number = f"5240:{rates.numbers(admitted.load(Gateway(self.root, 'test')))['ann']:x}"
        lines = self.now()
        plain = int(number[5:], 16)
        self.assertIn(f"class replace dev vpn-rate-down parent 5240: classid 5240:{plain | 0x4000:x} htb rate 4000kbit ceil 4000kbit burst 20000 cburst 20000 quantum 1514 prio 0", lines)
        self.assertIn(f"class replace dev vpn-rate-down parent 5240:{plain | 0x4000:x} classid 5240:{plain | 0x8000:x} htb rate 1000kbit ceil 4000kbit burst 20000 cburst 20000 quantum 1514 prio 0", lines)
        self.assertIn(f"class replace dev vpn-rate-down parent 5240:{plain | 0x4000:x} classid {number} htb rate 2000kbit ceil 4000kbit burst 20000 cburst 20000 quantum 1514 prio 1", lines)
        self.assertEqual(sum(line.startswith("class ") for line in lines), 6)
        self.assertEqual(sum(" flower ip_tos " in line and line.endswith("action skbedit mark 0x8000/0x8000 continue") for line in lines), 8)
        cakes = [line for line in lines if " cake " in line]
        self.assertEqual(len(cakes), 2)
        self.assertTrue(all("unlimited diffserv4 flows nat split-gso" in line for line in cakes))

    def test_packets_are_handed_over_where_they_are_in_clear(self) -> None:
        self.connect()
        self.put(self.rated(4000))
        attached = {line.split(" dev ")[1].split()[0] for line in self.now() if line.startswith("filter") and "vpn-rate" not in line.split()[3]}
        self.assertEqual(attached, {"lan0", "wan0"})
        ingress = [line for line in self.now() if line.startswith("filter add dev wan0 ingress")]
        self.assertEqual([line.split("prio ")[1].split()[0] for line in ingress], ["5240", "5240", "5242", "5244", "5245"])
        self.settings["pools"].append("fd77::/64")
        self.put(self.rated(4000))
        self.assertTrue(any("prio 5241 protocol ipv6 flower src_ip fd77::/64 action ok" in line for line in self.now()))
        del self.settings["pools"][-1]

    def kernel(self, down: int, number: str) -> None:
        """What tc shows once all of it is there, as iproute2 6.15 words it."""
        queues = ["qdisc noqueue 0: dev lo root refcnt 2"]
        plain = int(number, 16)
        for device, rate in (("vpn-rate-down", down), ("vpn-rate-up", 1000)):
            queues += [
                f"qdisc htb 5240: dev {device} root refcnt 2 r2q 10 default 0 direct_packets_stat 0 direct_qlen 32",
                f"qdisc cake {number}: dev {device} parent 5240:{number} bandwidth unlimited diffserv4 flows nat nowash no-ack-filter split-gso rtt 100ms raw overhead 0 memlimit 256Kb",
                f"qdisc fq_codel {plain | 0x8000:x}: dev {device} parent 5240:{plain | 0x8000:x} limit 300p flows 64 quantum 1514",
            ]
            shown_rate = lambda kilobits: f"{kilobits // 1000}Mbit" if kilobits % 1000 == 0 else f"{kilobits}Kbit"  # noqa: E731
            classes = [
                f"class htb 5240:{plain | 0x4000:x} root rate {shown_rate(rate)} ceil {shown_rate(rate)} burst 20000b cburst 20000b",
                f"class htb 5240:{plain | 0x8000:x} parent 5240:{plain | 0x4000:x} leaf {plain | 0x8000:x}: prio 0 rate {shown_rate(rate // 4)} ceil {shown_rate(rate)} burst 20000b",
                f"class htb 5240:{number} parent 5240:{plain | 0x4000:x} leaf {number}: prio 1 rate {shown_rate(rate // 2)} ceil {shown_rate(rate)} burst 20000b",
            ]
            self.mark(f"tc-class-{device}", "\n".join(classes) + "\n")
        shown = {
            "ingress": [("ip", 5240, "flower"), ("ip", 5240, "flower"), ("ip", 5242, "matchall"), ("all", 5244, "fw"), ("all", 5245, "matchall")],
            "egress": [("all", 5244, "fw")],
        }
        for device in ("wan0", "lan0"):
            queues.append(f"qdisc clsact ffff: dev {device} parent ffff:fff1")
            for direction, filters in shown.items():
                lines = []
                for protocol, preference, kind in filters:
                    lines.append(f"filter protocol {protocol} pref {preference} {kind} chain 0")
                    lines.append(f"filter protocol {protocol} pref {preference} {kind} chain 0 handle 0x1")
                self.mark(f"tc-filter-{device}-{direction}", "\n".join(lines) + "\n")
        self.mark("tc-qdisc", "\n".join(queues) + "\n")

    def test_what_is_there_is_left_alone_and_another_rate_changes_one_class(self) -> None:
        self.connect()
        self.put(self.rated(4000), 'bo"b')
        number = f"{rates.numbers(admitted.load(Gateway(self.root, 'test')))['ann']:x}"
        self.kernel(4000, number)
        self.assertEqual(self.now(), [])
        self.put(self.rated(2500), 'bo"b')
        changed = self.now()
        self.assertEqual(len(changed), 3)
        self.assertTrue(all(line.startswith("class replace dev vpn-rate-down ") and " ceil 2500kbit burst 12500 " in line for line in changed))
        self.kernel(2500, number)
        self.assertEqual(self.now(), [])
        del self.charon.associations["7"]
        plain = int(number, 16)
        below_first = [plain, plain | 0x8000, plain | 0x4000]
        self.assertEqual(self.now(), [f"class del dev {device} classid 5240:{each:x}" for device in ("vpn-rate-down", "vpn-rate-up") for each in below_first])

    def test_check_says_what_somebody_took_away(self) -> None:
        self.connect()
        self.put(self.rated(4000))
        number = f"{rates.numbers(admitted.load(Gateway(self.root, 'test')))['ann']:x}"
        self.kernel(4000, number)
        gateway = Gateway(self.root, "test")
        self.assertEqual(rates.problems(gateway), [])
        self.mark("tc-filter-wan0-egress")
        self.assertRegex(rates.problems(gateway)[0], "users' rates are not held: the kernel lacks filter add dev wan0 egress")

    def test_with_an_uplink_those_without_a_rate_share_a_queue_below_it(self) -> None:
        self.connect()
        self.settings["uplink"] = {"down": 8000}
        self.put(self.rated(4000), 'bo"b')
        down = [line for line in self.now() if " dev vpn-rate-down " in line and line.startswith("class")]
        self.assertEqual([line.split("classid ")[1].split(" burst")[0].split(" ", 1)[1] for line in down][0], "htb rate 8000kbit ceil 8000kbit")
        # 8000 by 12000 of what they may each: the rest is lent.
        self.assertIn("parent 5240:fffe classid 5240:4001 htb rate 5333kbit ceil 8000kbit", "\n".join(down))
        self.assertEqual(sum("parent 5240:fffe" in line for line in down), 2)
        self.assertIn("dual-dsthost", next(line for line in self.now() if "parent 5240:1 handle" in line))

    def test_an_ingress_qdisc_of_somebody_elses_is_named(self) -> None:
        self.connect()
        self.put(self.rated(4000))
        self.mark("tc-qdisc", "qdisc ingress ffff: dev wan0 parent ffff:fff1 ----------------\n")
        with self.assertRaisesRegex(Exception, "wan0 has an ingress qdisc"):
            self.now()

    def test_where_queues_cannot_be_had_who_must_go_goes_nevertheless(self) -> None:
        self.connect()
        self.put(self.rated(4000), {"name": 'bo"b', "rate": {"down": 9}})
        self.mark("tc-qdisc", "qdisc ingress ffff: dev wan0 parent ffff:fff1 ----------------\n")
        kept = keeper.Keeper(Gateway(self.root, "test"))
        kept.look(1000.0)
        self.assertIn("wan0 has an ingress qdisc", kept.unrated)
        self.put({"name": "ann", "suspended": True, "rate": {"down": 9}}, 'bo"b')
        with unittest.mock.patch.object(keeper.ppp, "hang_up"):
            kept.look(1001.0)
        self.assertEqual(self.charon.terminated, ["7"])

    def test_numbers_stay_whoever_comes(self) -> None:
        few = {name: admitted.User(name, rate={"down": 1}) for name in ("ann", "bob")}
        many = few | {f"u{number}": admitted.User(f"u{number}", rate={"down": 1}) for number in range(500)}
        numbers = rates.numbers(many)
        self.assertEqual(len(set(numbers.values())), 502)
        self.assertTrue(all(rates.FIRST <= number <= rates.LAST for number in numbers.values()))
        self.assertEqual({name: numbers[name] for name in few}, rates.numbers(few))
        self.assertNotIn("carol", rates.numbers({"carol": admitted.User("carol")}))

    def test_a_push_makes_the_queues_itself_and_takes_them_away(self) -> None:
        self.connect()
        self.apply(self.part(self.rated(4000), 'bo"b'), expect=1)
        # The fake kernel never has what was made: the push says so, and goes back.
        self.assertTrue(self.calls("tc -batch -"))
        os.makedirs(f"{self.root}/sys/class/net/vpn-rate-down", exist_ok=True)
        number = f"{rates.numbers({'ann': admitted.User('ann', rate={'down': 4000})})['ann']:x}"
        os.makedirs(f"{self.root}/sys/class/net/vpn-rate-up", exist_ok=True)
        self.kernel(4000, number)
        self.apply(self.part(self.rated(4000), 'bo"b'))
        self.assertIn("Mbit/s down/up", self.run_command("sessions").stdout)
        self.assertRegex(self.run_command("sessions").stdout, r"ann .* 4/1\n")
        self.forget_calls()
        self.apply(part_text("users", {admitted.PATH: '"ann"\n"bo\\"b"\n'}))
        self.assertIn("ip link del dev vpn-rate-down", self.calls())
        self.assertIn("tc filter del dev wan0 ingress prio 5244", self.calls())

    def test_the_keeper_gives_a_newcomer_their_queue(self) -> None:
        self.connect()
        self.put(self.rated(4000), 'bo"b')
        del self.charon.associations["7"]
        given: list[str] = []
        kept = keeper.Keeper(Gateway(self.root, "test"))
        run = kept.gateway.programs.run

        def watched(*words: str, **more):
            if words[0] == "tc" and words[1] == "-batch":
                given.append(more["stdin"])
            return run(*words, **more)

        with unittest.mock.patch.object(kept.gateway.programs, "run", watched):
            kept.look(1000.0)
            self.assertNotIn("class replace", given[-1])
            self.charon.add("8", "remote", "ann", "ann")
            self.charon.associations["8"]["remote-vips"] = ["10.0.2.9"]
            kept.look(1000.5, told=True)
        self.assertEqual(given[-1].count("class replace"), 6)
        with open(f"{self.state}/rated.nft") as file:
            self.assertRegex(file.read(), r"add element inet vpn_gateway_rates rated4 \{ 10\.0\.2\.9 : 0x5240[0-9a-f]{4} \}")

