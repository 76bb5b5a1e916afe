"""What a client measures through its tunnel."""

import json
import math
import os
import re
import signal
import subprocess
import time

from shell import STATE, Failure, in_namespace, run

REPLY = re.compile(r"^\[(\d+\.\d+)\] \d+ bytes from .*?icmp_seq=(\d+) .*?time=([\d.]+) ms", re.M)
SUMMARY = re.compile(r"(\d+) packets transmitted, (\d+) received")


def ping_command(target, size=None, dont_fragment=False, count=None, interval=0.2):
    words = ["ping", "-n", "-D", "-i", str(interval), "-W", "1"]
    if size is not None:
        words += ["-s", str(payload(target, size))]
    if dont_fragment:
        words += ["-M", "do"]
    if count is not None:
        words += ["-c", str(count)]
    return [*words, target]


def payload(target, packet_size):
    """Bytes of ping's payload in an IP packet of that size."""
    return packet_size - (48 if ":" in target else 28)


def read_ping(text, interval, stopped=False):
    """
    {sent, received, rttMs, longestGapMs}: the gap is the longest time between two replies, less the interval. Of a ping
    that was stopped the last request does not count where it has no answer: it may have been on its way. One more does.
    """
    summary = SUMMARY.search(text)
    sent, received = (int(summary[1]), int(summary[2])) if summary else (0, 0)
    replies = [(float(moment), int(sequence), float(rtt)) for moment, sequence, rtt in REPLY.findall(text)]
    if stopped and replies and sent == replies[-1][1] + 1:
        sent -= 1
    gaps = [later[0] - earlier[0] - interval for earlier, later in zip(replies, replies[1:])]
    # Losses at the end have no later reply: what is missing counts as silence too.
    if replies and sent > replies[-1][1]:
        gaps.append((sent - replies[-1][1]) * interval)
    return {
        "sent": sent,
        "received": received,
        "rttMs": round(sum(reply[2] for reply in replies) / len(replies), 2) if replies else None,
        "longestGapMs": None if not replies else max(0, round(max(gaps, default=0) * 1000)),
    }


def ping(namespace, target, size=None, dont_fragment=False, count=5, interval=0.2):
    done = in_namespace(namespace, *ping_command(target, size, dont_fragment, count, interval), check=False, timeout=count * max(interval, 1) + 20)
    return read_ping(done.stdout, interval)


def background_files(namespace, label):
    if not re.fullmatch(r"[a-z0-9-]{1,30}", label):
        raise Failure("the label of a ping must be small letters, digits and hyphens")
    base = f"{STATE}/ping-{namespace}-{label}"
    return base + ".log", base + ".pid"


def ping_start(namespace, target, interval, label):
    log, pid_file = background_files(namespace, label)
    if os.path.exists(pid_file):
        ping_stop(namespace, label)
    with open(log, "w") as file:
        file.write(f"interval {interval}\n")
        file.flush()
        # Its own session: it outlives the SSH connection that started it.
        child = subprocess.Popen(["ip", "netns", "exec", namespace, *ping_command(target, interval=interval)], stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True)
    with open(pid_file, "w") as file:
        file.write(str(child.pid))
    return {"started": True}


def ping_stop(namespace, label):
    log, pid_file = background_files(namespace, label)
    try:
        with open(pid_file) as file:
            pid = int(file.read())
    except OSError:
        raise Failure(f"no ping {label} of {namespace} is running") from None
    os.remove(pid_file)
    try:
        os.kill(pid, signal.SIGINT)
        for _ in range(40):
            if not os.path.exists(f"/proc/{pid}"):
                break
            time.sleep(0.05)
    except ProcessLookupError:
        pass
    with open(log, errors="replace") as file:
        text = file.read()
    return read_ping(text, float(text.split(None, 2)[1]), stopped=True)


def iperf(namespace, target, seconds=5, reverse=False, udp_megabits=None, streams=1):
    """Goodput in Mbit/s, as the receiver saw it. `reverse` is towards the client."""
    words = ["iperf3", "-J", "-c", target, "-t", str(seconds), "-O", "1", "-P", str(streams), "--connect-timeout", "5000"]
    if reverse:
        words.append("-R")
    if udp_megabits is not None:
        words += ["-u", "-b", f"{udp_megabits}M"]
    done = in_namespace(namespace, *words, check=False, timeout=seconds + 40)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        return {"megabitsPerSecond": 0, "reason": (done.stderr or done.stdout).strip()[:200]}
    if "error" in report:
        return {"megabitsPerSecond": 0, "reason": report["error"]}
    end = report["end"]
    total = end.get("sum_received") or end["sum"]
    sent = end.get("sum_sent", {})
    return {"megabitsPerSecond": round(total["bits_per_second"] / 1e6, 2), "retransmits": sent.get("retransmits"), "lostPercent": end.get("sum", {}).get("lost_percent")}


def passes(namespace, target, size, tries=3):
    return any(ping(namespace, target, size, True, 1)["received"] == 1 for _ in range(tries))


def largest_packet(namespace, target, least=576, most=1500):
    """The largest IP packet (bytes) that passes unfragmented, by halving."""
    if ":" in target:
        least = max(least, 1280)
    if not passes(namespace, target, least):
        return {"mtu": None, "reason": f"not even {least} bytes pass"}
    low, high = least, most + 1
    while high - low > 1:
        middle = math.floor((low + high) / 2)
        if passes(namespace, target, middle, 2):
            low = middle
        else:
            high = middle
    # Both sides once more: one lost ping must not decide.
    return {"mtu": low, "oneMoreFails": not passes(namespace, target, low + 1), "confirmed": passes(namespace, target, low)}
