"""Until when certificates and the revocation list hold: read from what openssl makes."""

import json
import subprocess
import sys
import tempfile
import unittest

from machine import HOST, MachineTest

sys.path.insert(0, HOST)
from vpn_gateway import certificates  # noqa: E402

CONFIG = """[ca]
default_ca = a
[a]
database = {folder}/index
serial = {folder}/serial
crlnumber = {folder}/number
default_md = sha256
crl_extensions = e
[e]
authorityKeyIdentifier = keyid
"""


def made(days: int = 30) -> tuple[str, str]:
    """A certificate and its revocation list, by openssl."""
    with tempfile.TemporaryDirectory() as folder:

        def openssl(*words: str) -> None:
            subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=folder)

        for name, text in (("index", ""), ("number", "01\n"), ("config", CONFIG.format(folder=folder))):
            with open(f"{folder}/{name}", "w") as file:
                file.write(text)
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key", "-out", "cert", "-subj", "/CN=a", "-days", str(days))
        openssl("ca", "-config", "config", "-gencrl", "-keyfile", "key", "-cert", "cert", "-crldays", "7", "-out", "list")
        with open(f"{folder}/cert") as cert, open(f"{folder}/list") as listed:
            return cert.read(), listed.read()


class CertificatesTest(MachineTest):
    def test_what_stands_on_the_gateway_and_until_when(self) -> None:
        cert, listed = made()
        self.assertEqual(self.status()["certificates"], [])
        self.write("/etc/swanctl/x509/vpn-gateway.pem", cert)
        self.write("/etc/swanctl/x509crl/vpn-gateway.pem", listed)
        found = {each["what"]: each for each in self.status()["certificates"]}
        self.assertEqual(sorted(found), ["certificate", "revocation list"])
        self.assertTrue(all(each["holds"] for each in found.values()))
        for text, days in ((cert, 30), (listed, 7)):
            begin, end = certificates.validity(text.encode())
            self.assertEqual(end - begin, days * 86400)
        shown = self.run_command("status").stdout
        self.assertRegex(shown, r"certificate: until 20\d\d-\S+Z, (29|30) days left\nrevocation list: until \S+, [67] days left\nclock: 20")

    def test_those_of_site_connections_by_name(self) -> None:
        cert, listed = made()
        self.write("/etc/swanctl/x509/site-office-to-branch.pem", cert)
        self.write("/etc/swanctl/x509crl/site-office-to-branch.pem", listed)
        self.write("/etc/swanctl/x509crl/other.pem", listed)
        self.assertRegex(self.run_command("status").stdout, r"certificate of office-to-branch: until \S+, \d+ days left\nrevocation list of office-to-branch: until ")
        self.assertEqual([each["path"] for each in self.status()["certificates"]], ["/etc/swanctl/x509/site-office-to-branch.pem", "/etc/swanctl/x509crl/site-office-to-branch.pem"])

    def test_one_that_is_over_and_one_that_is_none(self) -> None:
        path = "/etc/swanctl/x509/vpn-gateway.pem"
        certificate = {"what": "certificate", "path": path, "from": "2020-01-01T00:00:00Z", "until": "2020-01-02T00:00:00Z", "holds": False}
        self.assertIn("DOES NOT HOLD: from 2020-01-01", certificates.lines([certificate])[0])
        for broken in ("", "nothing", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "-----BEGIN X-----\n!\n-----END X-----\n"):
            self.assertIsNone(certificates.validity(broken.encode()))
        self.write(path, "nothing")
        self.assertEqual([each["holds"] for each in json.loads(self.run_command("status", "--json").stdout)["certificates"]], [False])


if __name__ == "__main__":
    unittest.main()
