"""
Somebody's L2TP/IPsec server in the device's namespace, as an article would have it: Libreswan for IKE, which is none of
the gateway's programs, and xl2tpd. The network of `branch` is behind it.
"""

import os
import shutil

import device
from shell import STATE, read_json_input, start_unit, stop_unit, write

UNIT = "lab-lns"
ADDRESS = "198.51.100.70"
ETC = "/etc/netns/lns"

# Libreswan 5 refuses IKEv1 unless it is told to take it.
IKEV1 = "    ikev1-policy=accept\n"


def ipsec(key):
    return f"""### /etc/ipsec.d/lns.conf
conn lns
    ikev2=no
    authby=secret
    pfs=no
    auto=add
    rekey=no
    type=transport
    left={ADDRESS}
    leftprotoport=17/1701
    right=%any
    rightprotoport=17/%any
    ike=aes256-sha2_256-dh14,aes256-sha2_256-dh19
    esp=aes256-sha2_256
    dpddelay=10
    dpdtimeout=30
### /etc/ipsec.d/lns.secrets
{ADDRESS} %any : PSK "{key}"
"""


XL2TPD = """[global]
port = 1701
access control = no

[lns default]
ip range = 10.41.0.10-10.41.0.20
local ip = 10.41.0.1
require chap = yes
refuse pap = yes
require authentication = yes
name = lns
length bit = yes
pppoptfile = /etc/ppp/options.lns
"""
OPTIONS = """require-mschap-v2
mtu 1500
mru 1500
noccp
nodefaultroute
lcp-echo-interval 10
lcp-echo-failure 4
"""


def l2tp(wanted):
    stop_unit(UNIT)
    shutil.rmtree(f"{STATE}/lns", ignore_errors=True)
    os.makedirs(f"{STATE}/lns", mode=0o700)
    os.makedirs("/run/xl2tpd", exist_ok=True)
    if not os.path.isdir(f"{ETC}/ppp"):
        shutil.copytree("/etc/ppp", f"{ETC}/ppp", symlinks=True)
    write(f"{ETC}/xl2tpd/xl2tpd.conf", XL2TPD)
    write(f"{ETC}/ppp/options.lns", OPTIONS)
    write(f"{ETC}/ppp/chap-secrets", f'"{wanted["user"]}" lns "{wanted["password"]}" *\n', 0o600)
    binds = f"BindPaths=/run/systemd {ETC}/ppp:/etc/ppp {ETC}/xl2tpd:/etc/xl2tpd {STATE}/lns:/run/xl2tpd"
    start_unit(UNIT, device.NAMESPACE, "/usr/sbin/xl2tpd", "-D", properties=["TemporaryFileSystem=/run", binds, "TimeoutStopSec=5"])


def start(what):
    wanted = read_json_input()
    if what == "all":
        device.pluto(ipsec(wanted["preSharedKey"]), IKEV1)
    l2tp(wanted)
    return {"started": True}


def stop(what):
    stop_unit(UNIT)
    if what == "all":
        device.stop()
    return {"done": True}


def act(action, what):
    if action == "install":
        return device.install()
    return start(what) if action == "start" else stop(what)
