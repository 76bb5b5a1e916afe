"""Faults of the middle link, and what is seen on the gateway's outer wire."""

import os
import re
import signal
import subprocess
import time

from shell import STATE, Failure, in_namespace, ip_in, run

ENDS = ("isp", "edge")
NO_FRAG_NEEDED = """table inet lab_black_hole {
  chain out {
    type filter hook output priority 0
    icmp type destination-unreachable icmp code frag-needed drop
    icmpv6 type packet-too-big drop
  }
}
"""
CUT = """table inet lab_cut {
  chain through {
    type filter hook forward priority -300; policy drop
  }
}
"""


def drop_table(namespace, name):
    in_namespace(namespace, "nft", "delete", "table", "inet", name, check=False)


def mtu(size, drop_frag_needed=False):
    """The MTU of the link between the two routers; with the flag nobody is told of it."""
    for end in ENDS:
        ip_in(end, "link", "set", "middle0", "mtu", str(size))
        drop_table(end, "lab_black_hole")
        if drop_frag_needed:
            in_namespace(end, "nft", "-f", "-", stdin=NO_FRAG_NEEDED)
    for line in run("ip", "netns", "list").stdout.splitlines():
        ip_in(line.split()[0], "route", "flush", "cache", check=False)


def impair(round_trip_milliseconds=0, loss_percent=0):
    """Delay, half of it each way, and loss each way; zero of both takes them away."""
    for end in ENDS:
        in_namespace(end, "tc", "qdisc", "del", "dev", "middle0", "root", check=False)
        if round_trip_milliseconds or loss_percent:
            words = ["tc", "qdisc", "add", "dev", "middle0", "root", "netem", "limit", "10000"]
            if round_trip_milliseconds:
                words += ["delay", f"{round_trip_milliseconds / 2}ms"]
            if loss_percent:
                words += ["loss", f"{loss_percent}%"]
            in_namespace(end, *words)


def cut():
    drop_table("isp", "lab_cut")
    in_namespace("isp", "nft", "-f", "-", stdin=CUT)


def restore():
    """The middle link as it was at first."""
    drop_table("isp", "lab_cut")
    mtu(1500)
    impair()


def capture_files(label):
    if not re.fullmatch(r"[a-z0-9-]{1,30}", label):
        raise Failure("the label of a capture must be small letters, digits and hyphens")
    base = f"{STATE}/capture-{label}"
    return base + ".pcap", base + ".pid", base + ".log"


def capture_start(label, card, filter_text=None):
    """Everything that passes a card of this machine (wan0: the gateway's outer wire), into a file."""
    pcap, pid_file, log = capture_files(label)
    if os.path.exists(pid_file):
        capture_stop(label)
    with open(log, "w") as file:
        child = subprocess.Popen(["tcpdump", "-n", "-U", "-Z", "root", "-B", "8192", "-s", "256", "-i", card, "-w", pcap, *([filter_text] if filter_text else [])], stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True)
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        with open(log) as file:
            said = file.read()
        if "listening on" in said:
            with open(pid_file, "w") as file:
                file.write(str(child.pid))
            return {"started": True}
        if child.poll() is not None:
            raise Failure(f"tcpdump: {said.strip()}")
        time.sleep(0.05)
    child.kill()
    raise Failure("tcpdump did not start within 15 s")


def capture_stop(label):
    pcap, pid_file, log = capture_files(label)
    try:
        with open(pid_file) as file:
            pid = int(file.read())
    except OSError:
        raise Failure(f"no capture {label} is running") from None
    time.sleep(0.3)
    try:
        os.kill(pid, signal.SIGINT)
    except ProcessLookupError:
        pass
    for _ in range(100):
        if not os.path.exists(f"/proc/{pid}"):
            break
        time.sleep(0.05)
    os.remove(pid_file)
    with open(log) as file:
        said = file.read()
    lost = re.search(r"(\d+) packets dropped by kernel", said)
    return {**capture_count(label), "droppedByKernel": int(lost[1]) if lost else None}


def capture_count(label, filter_text=None):
    """How many packets of the capture match a tcpdump filter, and the first few of them."""
    pcap = capture_files(label)[0]
    if not os.path.exists(pcap):
        raise Failure(f"there is no capture {label}")
    done = run("tcpdump", "-n", "-r", pcap, *([filter_text] if filter_text else []))
    # What tcpdump cannot read it shows in further lines, which are indented.
    lines = [line for line in done.stdout.splitlines() if not line[:1].isspace()]
    return {"packets": len(lines), "first": lines[:3]}
