"""The vpn-gateway command: applies, verifies and reverts the parts of a VPN gateway's configuration."""

VERSION = "0.1.0"
