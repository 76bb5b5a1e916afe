"""
RADIUS servers of the inside network: Debian's FreeRADIUS, each with an address of its own, and with a configuration that
holds what the lab needs and no more: MS-CHAPv2 bare (PPP) and within EAP (IKEv2), EAP-GTC, a file of users, a file of accounting.
"""

import json
import os
import re
import shutil

from shell import STATE, Failure, in_namespace, ip_in, is_active, read_json_input, run, signal_unit, start_unit, stop_unit, write

NAMESPACE = "inside"
LIBRARIES = "/usr/lib/freeradius"


def unit(number):
    return f"lab-radius-{number}"


def folder(number):
    return f"{STATE}/radius-{number}"


def radiusd_conf(number, address, secret):
    own = folder(number)
    return f"""prefix = /usr
name = radiusd
confdir = {own}
raddbdir = {own}
libdir = {LIBRARIES}
logdir = {own}
run_dir = {own}
max_request_time = 120
cleanup_delay = 5
max_requests = 1024
hostname_lookups = no
log {{
  destination = stdout
  auth = yes
}}
security {{
  max_attributes = 200
  reject_delay = 0
  status_server = yes
  allow_vulnerable_openssl = yes
}}
thread pool {{
  start_servers = 8
  max_servers = 8
  min_spare_servers = 1
  max_spare_servers = 8
  max_requests_per_server = 0
}}
client gateways {{
  ipaddr = 10.20.0.0/24
  secret = {quoted(secret)}
}}
modules {{
  files {{
    usersfile = {own}/users
  }}
  mschap {{
    use_mppe = yes
    require_encryption = no
  }}
  eap {{
    default_eap_type = mschapv2
    timer_expire = 60
    max_sessions = 256
    mschapv2 {{
    }}
    gtc {{
      challenge = "Code: "
      auth_type = PAP
    }}
  }}
  pap {{
  }}
  always reject {{
    rcode = reject
  }}
  exec slow {{
    wait = yes
    program = "/bin/sleep %{{control:Tmp-Integer-0}}"
    timeout = 100
  }}
  detail {{
    filename = {own}/detail
    permissions = 0600
  }}
}}
server default {{
  listen {{
    type = auth
    ipaddr = {address}
    port = 1812
  }}
  listen {{
    type = acct
    ipaddr = {address}
    port = 1813
  }}
  authorize {{
    files
    mschap
    eap {{
      ok = return
    }}
  }}
  authenticate {{
    Auth-Type MS-CHAP {{
      mschap
    }}
    Auth-Type PAP {{
      pap
    }}
    eap
  }}
  post-auth {{
    if (&control:Tmp-Integer-0) {{
      slow
    }}
    if (&control:Tmp-Integer-1) {{
      reject
    }}
  }}
  accounting {{
    detail
  }}
}}
"""


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("%", "%%") + '"'


def users_file(users):
    lines = []
    for name, user in users.items():
        # As one that waits for a person to press a button: seconds before what lets them in, or does not.
        checks = f", Tmp-Integer-0 := {int(user['delay'])}" if user.get("delay") else ""
        checks += ", Tmp-Integer-1 := 1" if user.get("denied") else ""
        checks += ", EAP-Type := GTC" if user.get("asks") else ""
        lines.append(f"{name} Cleartext-Password := {quoted(user['password'])}{checks}")
        reply = user.get("reply") or {}
        lines += [f"    {key} = {value}" + ("," if index < len(reply) - 1 else "") for index, (key, value) in enumerate(reply.items())]
    return "\n".join(lines) + "\n"


def start(wanted):
    number, address = int(wanted["number"]), wanted["address"]
    stop(number)
    shutil.rmtree(folder(number), ignore_errors=True)
    os.makedirs(folder(number), mode=0o700)
    ip_in(NAMESPACE, "addr", "replace", f"{address}/24", "dev", "eth0")
    write(f"{folder(number)}/radiusd.conf", radiusd_conf(number, address, wanted["secret"]), 0o600)
    write(f"{folder(number)}/users", users_file(wanted["users"]), 0o600)
    write(f"{folder(number)}/dictionary", "", 0o600)
    checked = in_namespace(NAMESPACE, "freeradius", "-C", "-l", "stdout", "-d", folder(number), check=False, timeout=60)
    if checked.returncode != 0:
        raise Failure("freeradius: " + " / ".join((checked.stdout + checked.stderr).strip().splitlines()[-5:]))
    start_unit(unit(number), NAMESPACE, "/usr/sbin/freeradius", "-f", "-l", "stdout", "-d", folder(number), properties=["Type=exec"])
    return {"running": is_active(unit(number))}


def stop(number):
    signal_unit(unit(number), "CONT")
    stop_unit(unit(number))


def told(number):
    """Its detail file: a record an empty line, in each a line an attribute."""
    try:
        with open(f"{folder(number)}/detail") as file:
            records = file.read().strip().split("\n\n")
    except FileNotFoundError:
        records = []
    found = []
    for record in records:
        pairs = re.findall(r"^\t([A-Za-z0-9-]+) = (.*)$", record, re.M)
        if pairs:
            found.append({key: value.strip('"') for key, value in pairs})
    return {"accounting": found}


def said(number):
    return {"log": run("journalctl", "-u", unit(number), "-o", "cat", "-n", "60", check=False).stdout}


def disconnect(wanted):
    """A Disconnect-Request, or what `request` says (`coa`): by FreeRADIUS' own client, from the address of a server."""
    attributes = {"Packet-Src-IP-Address": wanted["from"], **wanted["attributes"]}
    text = ", ".join(f"{key} = {json.dumps(value) if key == 'User-Name' else value}" for key, value in attributes.items()) + "\n"
    write(f"{STATE}/radclient-secret", wanted["secret"] + "\n", 0o600)
    done = in_namespace(NAMESPACE, "radclient", "-x", "-r", "2", "-t", "3", "-S", f"{STATE}/radclient-secret", f"{wanted['to']}:3799", wanted.get("request", "disconnect"), check=False, stdin=text, timeout=60)
    return {"code": done.returncode, "output": done.stdout + done.stderr}


def act(action, number):
    if action == "start":
        return start(read_json_input())
    if action == "disconnect":
        return disconnect(read_json_input())
    if action == "told":
        return told(number)
    if action == "said":
        return said(number)
    if action == "stop":
        stop(number)
    else:
        signal_unit(unit(number), "STOP" if action == "silence" else "CONT", check=True)
    return {"done": True}
