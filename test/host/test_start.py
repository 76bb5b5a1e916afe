"""What every command loads before it does anything."""

import unittest

from machine import MachineTest


class Loading(MachineTest):
    def test_http_is_loaded_where_aws_or_a_public_ca_is_asked_alone(self) -> None:
        # An interpreter of its own, which tells what it loads.
        _, loaded = self.start("status", PYTHONVERBOSE="1").communicate()
        self.assertIn("import 'vpn_gateway.aws_move'", loaded)
        for module in ("vpn_gateway.aws_mover", "vpn_gateway.acme_attempt", "http.client", "ssl"):
            self.assertNotIn(f"import '{module}'", loaded)


if __name__ == "__main__":
    unittest.main()
