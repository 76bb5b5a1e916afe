"""
The files of one client, as text: swanctl, xl2tpd, pppd. Pure, so that tests can feed them anything.
"""

import base64
import ipaddress

L2TP_PROPOSALS = "aes256-sha256-modp2048"
L2TP_ESP_PROPOSALS = "aes256-sha256"
IKEV2_PROPOSALS = "aes256gcm16-prfsha384-ecp384,aes256gcm16-prfsha256-x25519"
IKEV2_ESP_PROPOSALS = "aes256gcm16"
# The second of L2TP's two ends is always 1701; ours is unique, so that several Linux clients
# behind one NAT are different to the gateway.
FIRST_SOURCE_PORT = 1701


def quoted(text):
    """A value in strongSwan's settings syntax: in quotes, where only \\ and " are special."""
    if "\0" in text:
        raise ValueError("a NUL character cannot be written to a configuration")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def secret(text):
    """A secret as base64: no character of it means anything, and no 0x or 0s at its start either."""
    return "0s" + base64.b64encode(text.encode()).decode()


def ppp_word(text):
    """A word of pppd's option and secret files."""
    if any(character in text for character in "\0\n\r"):
        raise ValueError("pppd cannot read a word with a line break")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def source_port(number, wanted):
    return wanted.get("sourcePort") or FIRST_SOURCE_PORT + number


def strongswan_conf(wanted):
    """strongswan.conf of the client's charon, as Debian's. With `fastDeadPeer` a silent gateway is given
    up 1.8 s after the first unanswered question; with `nameServer` charon leaves the client's own name server in place."""
    fast = "  retransmit_tries = 2\n  retransmit_timeout = 0.6\n  retransmit_base = 1.0\n" if wanted.get("fastDeadPeer") else ""
    deaf = "  follow_redirects = no\n" if wanted.get("followRedirects") is False else ""
    keeping = "    resolve {\n      load = no\n    }\n" if wanted.get("nameServer") else ""
    return (
        f"charon {{\n  load_modular = yes\n  plugins {{\n    include strongswan.d/charon/*.conf\n{keeping}  }}\n"
        f"{fast}{deaf}}}\ninclude strongswan.d/*.conf\n"
    )


def trying(wanted):
    """By default charon gives up for good where the first attempt to dial anew meets a gateway that is not there yet."""
    return "0" if wanted.get("fastDeadPeer") or wanted.get("persistent") else "1"


def closing(wanted):
    return "start" if wanted.get("fastDeadPeer") or wanted.get("persistent") else "none"


def starting(wanted):
    """By itself as soon as it is loaded, where there are too many to be told one by one; L2TP does not leave in clear meanwhile."""
    how = "trap|start" if wanted["protocol"] == "l2tp" else "start"
    return f"\n        start_action = {how}" if wanted.get("persistent") else ""


def dead_peer_delay(wanted):
    if wanted.get("persistent"):
        return "60s"
    return "1s" if wanted.get("fastDeadPeer") else "10s"


def dead_peer_timeout(wanted):
    """IKEv1 alone: counted from what was last heard, so one that is no longer than the delay gives a living gateway up with the first question."""
    if wanted.get("persistent"):
        return "180s"
    return "3s" if wanted.get("fastDeadPeer") else "30s"


def local_addresses(wanted):
    """With `localAddress`, that one of several of the same machine."""
    return f'\n    local_addrs = {wanted["localAddress"]}' if wanted.get("localAddress") else ""


def l2tp_swanctl(number, wanted, name="vpn"):
    proposals = wanted.get("proposals") or L2TP_PROPOSALS
    esp = wanted.get("espProposals") or L2TP_ESP_PROPOSALS
    gateway_id = wanted.get("serverId") or wanted["gateway"]
    return f"""connections {{
  {name} {{
    version = 1
    remote_addrs = {wanted["gateway"]}{local_addresses(wanted)}
    proposals = {quoted(proposals)}
    rekey_time = 0
    reauth_time = 0
    keyingtries = {trying(wanted)}
    dpd_delay = {dead_peer_delay(wanted)}
    dpd_timeout = {dead_peer_timeout(wanted)}
    local {{
      auth = psk
    }}
    remote {{
      auth = psk
      id = {quoted(gateway_id)}
    }}
    children {{
      {name} {{
        mode = transport
        local_ts = dynamic[udp/{source_port(number, wanted)}]
        remote_ts = dynamic[udp/1701]
        esp_proposals = {quoted(esp)}
        rekey_time = 0
        dpd_action = restart
        close_action = {closing(wanted)}{starting(wanted)}
      }}
    }}
  }}
}}
secrets {{
  ike-1 {{
    secret = {secret(wanted["psk"])}
  }}
}}
"""


def ikev2_swanctl(wanted, name="vpn"):
    proposals = wanted.get("proposals") or IKEV2_PROPOSALS
    esp = wanted.get("espProposals") or IKEV2_ESP_PROPOSALS
    remote_ts = ",".join(wanted.get("splitTunnel") or ["0.0.0.0/0", "::/0"])
    local_id = f'\n      id = {quoted(wanted["localId"])}' if wanted.get("localId") else ""
    # So long before the gateway's end of a session it proves itself anew (RFC 4478).
    over_time = f'\n    over_time = {int(wanted["overTimeSeconds"])}s' if wanted.get("overTimeSeconds") is not None else ""
    return f"""connections {{
  {name} {{
    version = 2
    remote_addrs = {wanted["gateway"]}
    vips = 0.0.0.0,::
    proposals = {quoted(proposals)}
    keyingtries = {trying(wanted)}
    dpd_delay = {dead_peer_delay(wanted)}{over_time}
    local {{
      auth = {"eap-gtc" if wanted.get("answersQuestion") else "eap-mschapv2"}{local_id}
      eap_id = {quoted(wanted["user"])}
    }}
    remote {{
      auth = pubkey
      id = {quoted(wanted.get("serverId") or wanted["gateway"])}
    }}
    children {{
      {name} {{
        remote_ts = {remote_ts}
        esp_proposals = {quoted(esp)}
        replay_window = {int(wanted.get("replayWindow") or 32)}
        dpd_action = restart
        close_action = {closing(wanted)}{starting(wanted)}
      }}
    }}
  }}
}}
secrets {{
  eap-{name} {{
    id = {quoted(wanted["user"])}
    secret = {secret(wanted["password"])}
  }}
}}
"""


def xl2tpd_conf(number, wanted, options="/etc/ppp/options.lab"):
    pause = 1 if wanted.get("fastDeadPeer") else 3
    redial = f"redial = yes\nredial timeout = {pause}\nmax redials = 1000\n" if wanted.get("redial", True) else ""
    # Redialling first asks over the tunnel that is dead: by default that takes half a minute to be seen.
    retries = "max retries = 1\n" if wanted.get("fastDeadPeer") else ""
    listen = f"listen-addr = {wanted['localAddress']}\n" if wanted.get("localAddress") else ""
    return f"""[global]
port = {source_port(number, wanted)}
{listen}access control = no
{retries}
[lac vpn]
lns = {wanted["gateway"]}
require authentication = no
pppoptfile = {options}
length bit = yes
{redial}"""


def ppp_options(wanted):
    """The gateway decides the MTU by the MRU it asks for, unless `pppMtu` says otherwise."""
    mtu = wanted.get("pppMtu") or 1500
    insists = f"{ipaddress.ip_address(wanted['pppAddress'])}:\n" if wanted.get("pppAddress") else ""
    impatience = "lcp-restart 1\nlcp-max-terminate 1\n" if wanted.get("fastDeadPeer") else ""
    return f"""user {ppp_word(wanted["user"])}
password {ppp_word(wanted["password"])}
noauth
mtu {mtu}
mru {mtu}
nodefaultroute
usepeerdns
noccp
refuse-eap
refuse-pap
lcp-echo-interval {1 if wanted.get("fastDeadPeer") else int(wanted.get("lcpEchoSeconds") or 5)}
lcp-echo-failure {3 if wanted.get("fastDeadPeer") else 4}
{insists}{impatience}logfile /var/log/lab-ppp.log
"""


def ip_up(wanted):
    """pppd runs this in the client's namespace when the tunnel is up: the routes of the tunnel."""
    networks = wanted.get("splitTunnel") or ["0.0.0.0/1", "128.0.0.0/1"]
    lines = ["#!/bin/sh", "# The gateway itself stays reachable outside the tunnel.", f'ip route replace {wanted["gateway"]} via "$(ip route show default | sed -n "s/.*via \\([^ ]*\\).*/\\1/p")"']
    lines += [f'ip route replace {network} dev "$1"' for network in networks if ":" not in network]
    return "\n".join(lines) + "\n"
