"""What Prometheus is told: read back by the rules of its text format 0.0.4, as strictly as its own parser and linter do."""

from __future__ import annotations

import os
import re
import sys
import time
import unittest
import unittest.mock

from machine import HOST, part_text
from test_sessions import ConnectedTest

sys.path.insert(0, HOST)
from vpn_gateway import certificates, keeper, metrics, sessions  # noqa: E402
from vpn_gateway.gateway import Gateway  # noqa: E402

LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'
SAMPLE = re.compile(rf"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{{({LABEL}(?:,{LABEL})*)\}})? (-?\d+(?:\.\d+)?)")


def parse(text: str) -> dict[str, float]:
    """Value by series; an error for whatever is not as it must be."""
    if not text.endswith("\n"):
        raise ValueError("the last line has no end")
    found: dict[str, float] = {}
    families: list[str] = []
    kind = helped = ""
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            helped = line.split(" ")[2]
            if helped in families or not line.split(" ", 3)[3]:
                raise ValueError(f"a family twice, or without help: {line}")
        elif line.startswith("# TYPE "):
            _hash, _type, name, kind = line.split(" ")
            if name != helped or kind not in ("gauge", "counter") or (kind == "counter") != name.endswith("_total"):
                raise ValueError(f"not what was helped, or no type for that name: {line}")
            families.append(name)
        else:
            match = SAMPLE.fullmatch(line)
            if not match or not families or match[1] != families[-1]:
                raise ValueError(f"no sample of the family: {line}")
            names = re.findall(r"([a-zA-Z0-9_]+)=\"", re.sub(r'\\.', "", match[2] or ""))
            series = f"{match[1]}{{{match[2] or ''}}}"
            if series in found or len(set(names)) != len(names):
                raise ValueError(f"twice: {line}")
            found[series] = float(match[3])
    if any(not any(series.startswith(f"{name}{{") for series in found) for name in families):
        raise ValueError("a family without a sample")
    return found


class ParserTest(unittest.TestCase):
    def test_it_refuses_what_prometheus_would(self) -> None:
        head = "# HELP a_total A.\n# TYPE a_total counter\n"
        self.assertEqual(parse(f'{head}a_total{{x="1\\"\\\\"}} 5\n'), {'a_total{x="1\\"\\\\"}': 5.0})
        for bad in (head + "a_total 1", "a_total 1\n", f"{head}b 1\n", f"{head}a_total x\n", f'{head}a_total{{x="\\q"}} 1\n', f'{head}a_total{{x="1"y="2"}} 1\n', f"{head}a_total 1\na_total 2\n", head, head.replace("counter", "gauge") + "a_total 1\n", f"{head}a_total 1\n{head}a_total 2\n", f"{head}\na_total 1\n"):
            with self.subTest(bad), self.assertRaises(ValueError):
                parse(bad)


class MetricsTest(ConnectedTest):
    def setUp(self) -> None:
        super().setUp()
        self.connect()
        self.charon.pools = {
            "ikev2-ipv4": {"base": "10.0.2.0", "size": "254", "online": "1", "offline": "0"},
            "user4-ann-1": {"base": "10.0.4.5", "size": "1", "online": "0", "offline": "0"},
        }
        self.write("/etc/xl2tpd/xl2tpd.conf", "[lns default]\nip range = 10.0.1.2-10.0.1.254\nlocal ip = 10.0.1.1\n")
        self.gateway = Gateway(self.root, "test")

    def text(self, now: float = 1000.9) -> str:
        return metrics.text(self.gateway, sessions.collect(self.gateway), {'bo"b\\': {"sent": 7, "received": 8}}, now)

    def test_all_of_it_is_in_order(self) -> None:
        found = parse(self.text())
        self.assertEqual(found["vpn_gateway_metrics_timestamp_seconds{}"], 1000.0)
        self.assertEqual(found['vpn_gateway_sessions{protocol="l2tp"}'], 1.0)
        self.assertEqual(found['vpn_gateway_user_sent_bytes_total{user="bo\\"b\\\\"}'], 7.0)

    def test_pools(self) -> None:
        found = parse(self.text())
        sizes = {series: value for series, value in found.items() if "_pool_" in series}
        self.assertEqual(
            sizes,
            {
                'vpn_gateway_pool_addresses{pool="ikev2-ipv4"}': 254.0,
                'vpn_gateway_pool_addresses{pool="l2tp"}': 253.0,
                'vpn_gateway_pool_used_addresses{pool="ikev2-ipv4"}': 1.0,
                'vpn_gateway_pool_used_addresses{pool="l2tp"}': 1.0,
            },
        )
        self.write("/etc/xl2tpd/xl2tpd.conf", "[lns default]\nip range = 10.0.9.2-10.0.9.4\n")
        self.assertEqual(parse(self.text())['vpn_gateway_pool_used_addresses{pool="l2tp"}'], 0.0, "a fixed address is none of the pool's")
        os.unlink(f"{self.root}/etc/xl2tpd/xl2tpd.conf")
        with unittest.mock.patch.object(metrics, "Vici", side_effect=OSError("charon hangs")):
            self.assertFalse([series for series in parse(self.text()) if "_pool_" in series])

    def test_until_when_certificates_hold(self) -> None:
        self.write("/etc/swanctl/x509/vpn-gateway.pem", "x")
        self.write("/etc/swanctl/x509crl/vpn-gateway.pem", "x")
        with unittest.mock.patch.object(certificates, "validity", return_value=(0.0, 1900000000.0)):
            found = parse(self.text())
        name = "vpn_gateway_certificate_end_timestamp_seconds"
        self.assertEqual({series: value for series, value in found.items() if "certificate" in series}, {f'{name}{{what="certificate"}}': 1900000000.0, f'{name}{{what="revocation list"}}': 1900000000.0})
        self.assertFalse([series for series in parse(self.text()) if "certificate" in series], "a file that says nothing")

    def test_of_a_plain_list_the_keeper_writes_and_the_command_says_the_same(self) -> None:
        self.apply(part_text("users", {"/etc/vpn-gateway/users": '"ann"\n"bo\\"b"\n'}))
        folder = f"{self.root}{keeper.TEXTFILES}"
        os.makedirs(folder)
        keeper.Keeper(self.gateway).look(time.time())
        with open(f"{folder}/vpn_gateway.prom") as file:
            written = file.read()
        self.assertAlmostEqual(parse(written)["vpn_gateway_metrics_timestamp_seconds{}"], time.time(), delta=60)
        said = self.run_command("sessions", "--prometheus").stdout
        same = lambda text: {series for series in parse(text) if not series.startswith("vpn_gateway_metrics")}  # noqa: E731
        self.assertEqual(same(written), same(said))

    def test_a_disk_that_is_full_keeps_the_keeper_from_nothing_else(self) -> None:
        self.apply(part_text("users", {"/etc/vpn-gateway/users": '"ann"\n"bo\\"b"\n'}))
        os.makedirs(f"{self.root}{keeper.TEXTFILES}")
        kept = keeper.Keeper(self.gateway)
        with unittest.mock.patch.object(keeper.files, "write_now", side_effect=OSError(28, "No space left on device")), unittest.mock.patch.object(keeper.rates, "follow") as follow:
            kept.try_to_look(True)
        self.assertTrue(follow.called)
        self.assertIn("No space left", kept.failed)
