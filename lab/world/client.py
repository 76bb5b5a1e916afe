"""The clients: each has its own charon and, for L2TP, its own xl2tpd, in its own namespace."""

import glob
import ipaddress
import json
import os
import re
import shutil
import time

import client_files
import foreign_lac
from shell import STATE, Failure, in_namespace, ip_in, processes, run, signal_unit, start_unit, stop_unit, write

IKE_TIMEOUT_SECONDS = 25
PPP_TIMEOUT_SECONDS = 30
# Where charon puts the routes of its tunnels (strongswan.conf, charon.routing_table).
CHARON_TABLE = "220"
# What a program says when something went wrong.
WRONG = re.compile(r"NO_PROPOSAL|AUTH|fail|error|no .* found|reject|timeout|giving up|denied|refus|mismatch|not match|unable|terminated|establishing .* failed|INVALID|peer not responding", re.I)
NOISE = re.compile(r"loaded plugins|AUTHENTICATION of .* with|sending|generating|parsed|EAP method .* succeeded|authentication of .* successful", re.I)


class Client:
    def __init__(self, name):
        # A number for a client behind the NAT, or `direct`.
        self.namespace = name if name == "direct" else f"c{int(name)}"
        self.number = 0 if name == "direct" else int(name)
        if not os.path.exists(f"/run/netns/{self.namespace}"):
            raise Failure(f"no client {name}: there are {', '.join(all_names()) or 'none, run lab-world setup'}")
        self.charon = f"lab-charon-{self.namespace}"
        self.xl2tpd = f"lab-xl2tpd-{self.namespace}"
        self.etc = f"/etc/netns/{self.namespace}"
        self.state = f"{STATE}/{self.namespace}"
        self.ppp_log = f"{self.state}/ppp.log"

    def unit(self, unit, *command, bind, kind="exec"):
        binds = " ".join(f"{source}:{target}" for source, target in bind.items())
        stop_unit(unit)
        start_unit(unit, self.namespace, *command,
                   properties=[f"Type={kind}", "TemporaryFileSystem=/run", f"BindPaths=/run/systemd {binds}", "TimeoutStopSec=5"])

    def start(self):
        """Its charon, with nothing configured yet."""
        if processes(self.charon):
            return
        for folder in ("swanctl", "ppp", "xl2tpd", "strongswan.d"):
            if not os.path.isdir(f"{self.etc}/{folder}"):
                shutil.copytree(f"/etc/{folder}", f"{self.etc}/{folder}", symlinks=True)
        os.makedirs(f"{self.state}/xl2tpd", mode=0o700, exist_ok=True)
        # Daemons of all clients see one /var: each pppd gets a log of its own.
        write(self.ppp_log, "", 0o600)
        if not os.path.exists(f"{self.etc}/strongswan.conf"):
            write(f"{self.etc}/strongswan.conf", client_files.strongswan_conf({}))
        # Its own: else one client's pppd waits for the name server that another's tunnel brought.
        if not os.path.exists(f"{self.etc}/resolv.conf"):
            write(f"{self.etc}/resolv.conf", "")
        self.unit(self.charon, "/usr/sbin/charon-systemd", kind="notify", bind={
            f"{self.etc}/swanctl": "/etc/swanctl", f"{self.etc}/strongswan.conf": "/etc/strongswan.conf",
            f"{self.etc}/strongswan.d": "/etc/strongswan.d", f"{self.etc}/resolv.conf": "/etc/resolv.conf"})

    def stop(self):
        stop_unit(self.xl2tpd)
        stop_unit(self.charon)

    def die(self):
        """Ends without a word to the gateway, as a machine does whose power is cut."""
        for unit in (self.xl2tpd, self.charon):
            signal_unit(unit, "KILL")
        quietly_wait_for(lambda: not processes(self.xl2tpd) and not processes(self.charon), 5)
        # What its kernel held would be gone with it.
        for what in (("xfrm", "state"), ("xfrm", "policy"), ("route",), ("-6", "route")):
            ip_in(self.namespace, *what, "flush", *(("table", CHARON_TABLE) if "route" in what else ()), check=False)
        for device, address in self.virtual_addresses():
            ip_in(self.namespace, "addr", "del", address, "dev", device)

    def as_charon(self, *command, check=False, timeout=60):
        """A command that sees the files and the network which the client's charon does."""
        running = processes(self.charon)
        if not running:
            raise Failure(f"the IKE daemon of client {self.namespace} is not running")
        return run("nsenter", "-t", str(min(running)), "-n", "-m", *command, check=check, timeout=timeout)

    def swanctl(self, *words, check=False, timeout=60):
        return self.as_charon("swanctl", *words, check=check, timeout=timeout)

    def ask(self, words):
        """swanctl's words to its charon, such as to renew keys; gives what it says."""
        done = self.swanctl(*words)
        return {"code": done.returncode, "output": done.stdout + done.stderr}

    def rekey(self, count):
        """New keys for its child SA, `count` times."""
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rekey.py")
        return json.loads(self.as_charon("python3", script, str(count), check=True, timeout=None).stdout)

    def charon_settings(self, wanted):
        """Its strongswan.conf, and of strongswan.d what every machine has, without what a profile brought."""
        # In place, not by another file in its stead: the unit sees the one that it was started with.
        with open(f"{self.etc}/strongswan.conf", "w") as file:
            file.write(client_files.strongswan_conf(wanted))
        for file in glob.glob(f"{self.etc}/strongswan.d/*.conf"):
            if not os.path.exists(f"/etc/strongswan.d/{os.path.basename(file)}"):
                os.remove(file)

    def configure(self, wanted):
        self.charon_settings(wanted)
        for file in glob.glob(f"{self.etc}/swanctl/conf.d/*"):
            os.remove(file)
        for file in [path for kind in ("x509ca", "x509", "private") for path in glob.glob(f"{self.etc}/swanctl/{kind}/*")]:
            os.remove(file)
        if wanted["protocol"] == "l2tp":
            write(f"{self.etc}/swanctl/conf.d/vpn.conf", client_files.l2tp_swanctl(self.number, wanted), 0o600)
            write(f"{self.etc}/xl2tpd/xl2tpd.conf", client_files.xl2tpd_conf(self.number, wanted))
            write(f"{self.etc}/ppp/options.lab", client_files.ppp_options(wanted), 0o600)
            write(f"{self.etc}/ppp/ip-up", client_files.ip_up(wanted), 0o755)
        else:
            write(f"{self.etc}/swanctl/conf.d/vpn.conf", client_files.ikev2_swanctl(wanted), 0o600)
            if wanted.get("caCertificate"):
                write(f"{self.etc}/swanctl/x509ca/gateway.pem", wanted["caCertificate"])

    def connect(self, wanted):
        check(wanted)
        started_at = time.monotonic()
        return self.prepare(wanted, started_at) or self.call(wanted)

    def prepare(self, wanted, started_at):
        """Its daemons with this configuration and no tunnel; what was refused of it, else None."""
        self.disconnect()
        self.start()
        if wanted.get("nameServer"):
            # What it reads at its start: not to put the gateway's name servers in place of the client's own, which it could
            # not put back (the file is bound into its place), and so would find no gateway any more.
            self.stop()
            self.configure(wanted)
            self.start()
            with open(f"{self.etc}/resolv.conf", "w") as file:
                file.write(f"nameserver {wanted['nameServer']}\n")
            if wanted["protocol"] == "l2tp":
                wanted.update(resolved(self.namespace, wanted))
        self.configure(wanted)
        self.swanctl("--reload-settings")
        loaded = self.swanctl("--load-all", "--clear", "--noprompt")
        if loaded.returncode != 0:
            return refused(started_at, reasons(loaded.stdout + loaded.stderr))
        return None

    def call(self, wanted):
        """Dials with the configuration that it has."""
        begun = time.monotonic()
        timeout = wanted.get("ikeTimeoutSeconds") or IKE_TIMEOUT_SECONDS
        initiated = self.swanctl("--initiate", "--child", "vpn", "--timeout", str(timeout), timeout=timeout + 20)
        if initiated.returncode != 0:
            reason = reasons(initiated.stdout + initiated.stderr)
            self.swanctl("--terminate", "--ike", "vpn", "--force", "--timeout", "3")
            return refused(begun, reason)
        if wanted["protocol"] == "l2tp":
            foreign = foreign_lac.command(self.etc, wanted["gateway"], client_files.source_port(self.number, wanted)) if wanted.get("foreignLac") else None
            failed = self.dial(seconds=wanted.get("pppTimeoutSeconds") or PPP_TIMEOUT_SECONDS, foreign=foreign)
            if failed:
                self.disconnect()
                return refused(begun, failed)
        found = self.addresses()
        seconds = round(time.monotonic() - begun, 2)
        if not found["address"] and not found["address6"]:
            return refused(begun, "the gateway gave no address")
        return {"connected": True, "seconds": seconds, **found}

    def dial(self, lac="vpn", seconds=PPP_TIMEOUT_SECONDS, foreign=None):
        """Calls the gateway, by xl2tpd, which may run already, or by the `foreign` command; gives the reason if no PPP interface comes up."""
        if processes(self.xl2tpd):
            # In place, not by another file in its stead: its pppds see the one that it was started with.
            open(self.ppp_log, "w").close()
        else:
            self.start_xl2tpd(foreign)
        if foreign is None:
            self.tell_xl2tpd(f"c {lac}")
        return self.wait_for_ppp(seconds, foreign)

    def start_xl2tpd(self, foreign=None):
        """Its xl2tpd, or the `foreign` command in its place, before any call."""
        shutil.rmtree(f"{self.state}/xl2tpd", ignore_errors=True)
        os.makedirs(f"{self.state}/xl2tpd", mode=0o700)
        os.makedirs("/run/xl2tpd", exist_ok=True)
        write(self.ppp_log, "", 0o600)
        write("/var/log/lab-ppp.log", "")
        self.unit(self.xl2tpd, *(foreign or ("/usr/sbin/xl2tpd", "-D", "-p", "/run/xl2tpd/pid")), bind={
            f"{self.etc}/swanctl": "/etc/swanctl", f"{self.etc}/ppp": "/etc/ppp", f"{self.etc}/xl2tpd": "/etc/xl2tpd",
            f"{self.state}/xl2tpd": "/run/xl2tpd", self.ppp_log: "/var/log/lab-ppp.log", f"{self.etc}/resolv.conf": "/etc/resolv.conf"})
        if foreign is None:
            wait_for(lambda: os.path.exists(self.control()), 10, "xl2tpd did not start")

    def control(self):
        return f"{self.state}/xl2tpd/l2tp-control"

    def tell_xl2tpd(self, words):
        with open(self.control(), "w") as pipe:
            pipe.write(f"{words}\n")

    def wait_for_ppp(self, seconds, foreign=None):
        """The reason if no PPP interface comes up within `seconds`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with open(self.ppp_log, errors="replace") as log:
                said = log.read()
            if (foreign or not said or "IP address" in said) and self.ppp_interface():
                return None
            if re.search(r"authentication failed|Connection terminated|LCP terminated|peer refused", said, re.I):
                return reasons(said)
            time.sleep(0.05)
        with open(self.ppp_log, errors="replace") as log:
            said = log.read()
        journal = run("journalctl", "-u", self.xl2tpd, "-o", "cat", "-n", "20", check=False).stdout
        return reasons(said) if said.strip() else f"no PPP within {seconds} s: {reasons(journal)}"

    def ppp_interface(self):
        for link in json.loads(ip_in(self.namespace, "-j", "-4", "addr").stdout or "[]"):
            if link.get("ifname", "").startswith("ppp") and link.get("addr_info"):
                return link
        return None

    def virtual_addresses(self):
        """With their devices, those that charon set: of one host each."""
        for link in json.loads(ip_in(self.namespace, "-j", "addr").stdout or "[]"):
            for info in link.get("addr_info", []):
                if link["ifname"] != "lo" and not link["ifname"].startswith("ppp") and info["scope"] == "global" and info["prefixlen"] in (32, 128):
                    yield link["ifname"], f"{info['local']}/{info['prefixlen']}"

    def addresses(self):
        """The addresses that the gateway gave: of the PPP interface, or virtual ones of /32 and /128."""
        found = {"address": None, "address6": None, "mtu": None, "kernelMode": None}
        for link in json.loads(ip_in(self.namespace, "-j", "addr").stdout or "[]"):
            name = link.get("ifname", "")
            if name == "lo":
                continue
            for info in link.get("addr_info", []):
                family = info["family"]
                virtual = info["prefixlen"] == (32 if family == "inet" else 128) and info["scope"] == "global"
                if name.startswith("ppp"):
                    virtual = info["scope"] == "global"
                if virtual:
                    found["address" if family == "inet" else "address6"] = info["local"]
            if name.startswith("ppp"):
                found["mtu"] = link["mtu"]
                sessions = in_namespace(self.namespace, "cat", "/proc/net/pppol2tp", check=False).stdout
                found["kernelMode"] = "SESSION" in sessions.upper() and len(sessions.strip().splitlines()) > 2
        return found

    def disconnect(self):
        """Hangs up politely, and leaves the client with its plain network."""
        if processes(self.xl2tpd):
            if os.path.exists(self.control()):
                self.tell_xl2tpd("d vpn")
                quietly_wait_for(lambda: self.ppp_interface() is None, 3)
            stop_unit(self.xl2tpd)
        if processes(self.charon):
            self.swanctl("--terminate", "--ike", "vpn", "--timeout", "5")
            # A gateway that has forgotten the SA never answers: forget it here too.
            if self.swanctl("--list-sas").stdout.strip():
                self.swanctl("--terminate", "--ike", "vpn", "--force", "--timeout", "3")
                if self.swanctl("--list-sas").stdout.strip():
                    stop_unit(self.charon)
        ip_in(self.namespace, "route", "flush", "cache", check=False)

    def status(self):
        if not processes(self.charon):
            return {"connected": False, "reason": "its daemon is not running"}
        found = self.addresses()
        listed = self.swanctl("--list-sas").stdout
        return {"connected": "INSTALLED" in listed and bool(found["address"] or found["address6"]), **found, "securityAssociations": listed}


def resolved(namespace, wanted):
    """An L2TP client's programs want an address: the first that its name server has for the gateway, as a person's would take."""
    found = in_namespace(namespace, "getent", "ahostsv4", wanted["gateway"], check=False, timeout=30).stdout.split()
    if not found:
        raise Failure(f"no name server knows {wanted['gateway']}")
    return {**wanted, "gateway": found[0], "serverId": wanted.get("serverId") or wanted["gateway"]}


def check(wanted):
    if wanted.get("protocol") not in ("l2tp", "ikev2"):
        raise Failure('protocol must be "l2tp" or "ikev2"')
    for key in ("gateway", "user", "password", *(["psk"] if wanted["protocol"] == "l2tp" else [])):
        if not isinstance(wanted.get(key), str) or not wanted[key]:
            raise Failure(f"{key} is missing")
    try:
        # A name is for a name server to judge.
        ipaddress.ip_address(wanted.get("nameServer") or wanted["gateway"])
        for network in wanted.get("splitTunnel") or []:
            ipaddress.ip_network(network)
    except ValueError as error:
        raise Failure(f"not an address or a network: {error}") from None


def refused(started_at, reason):
    return {"connected": False, "seconds": round(time.monotonic() - started_at, 2), "address": None, "address6": None, "mtu": None, "reason": reason}


def reasons(text, most=3):
    """The program's own last words about what went wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    wrong = [line for line in lines if WRONG.search(line) and not NOISE.search(line)]
    return " / ".join((wrong or lines)[-most:]) or "no reason given"


def wait_for(condition, seconds, otherwise):
    if not quietly_wait_for(condition, seconds):
        raise Failure(f"{otherwise} within {seconds} s")


def quietly_wait_for(condition, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def all_names():
    names = os.listdir("/run/netns") if os.path.isdir("/run/netns") else []
    return sorted((name[1:] for name in names if re.fullmatch(r"c\d+", name)), key=int) + (["direct"] if "direct" in names else [])


def stop_all():
    for name in all_names():
        Client(name).stop()
