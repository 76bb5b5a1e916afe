"""
Sends broken L2TP and PPP to an xl2tpd of its own, with the pppds that it starts, and says what came of it: a line for each
check, "ok" or "FAIL" first. JSON on stdin: `l2tp` and `ppp`, how many packets of each; `seed`; `user` and `hash`, the NT
hash of their password; `sabotage`: "pppd" or "xl2tpd" is made to crash half-way, which must not go unseen.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, "/mnt/world")
import hostile  # noqa: E402
import hostile_ppp  # noqa: E402
from hostile_ppp import ECHO, ECHO_REPLY, LCP, SCCCN, Gone, Session, Tunnel, packet  # noqa: E402

GATEWAY = "127.0.0.1"
CORES, PPP_LOG = "/run/cores", "/run/ppp.log"
# What pppd says to what is broken: that it read on, in each phase and to the end.
ANSWERS = ("LCP Configure-Reject", "LCP Code-Reject", "LCP Protocol-Reject", "IPCP Configure-Reject", "IPCP Configure-Ack", "IPCP Code-Reject", "CHAP 4")


def check(what, holds, seen=""):
    print(f"{'ok  ' if holds else 'FAIL'} {what}{f': {seen}' if seen else ''}", flush=True)


def open_session(port, number, who):
    tunnel = Tunnel(GATEWAY, port, number)
    tunnel.tell(SCCCN)
    session = Session(tunnel, who)
    session.reach("open")
    return session


class Bystander:
    """Somebody's session, which is to live through it."""

    def __init__(self, who):
        self.session, self.asked, self.answered = open_session(1801, 0x7001, who), 0, 0

    def ask(self):
        self.asked += 1
        self.session.tunnel.frame(LCP, packet(ECHO, self.asked & 0xFF, b"hex!"))
        try:
            until = time.monotonic() + 10
            while True:
                protocol, code, number, _body = self.session.take(until)
                if (protocol, code, number) == (LCP, ECHO_REPLY, self.asked & 0xFF):
                    self.answered += 1
                    return
        except Gone:
            return


def memory(pid):
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) // 1024


def crashed():
    """Cores; and pppd, which catches such a signal itself, says so."""
    found = os.listdir(CORES)
    if os.path.exists(PPP_LOG):
        with open(PPP_LOG, errors="replace") as file:
            found += [f"pppd.{number}." for number in re.findall(r"^Fatal signal (\d+)", file.read(), re.M)]
    return ", ".join(found)


def crash(sabotage):
    subprocess.run(["pkill", f"-{signal.SIGSEGV}", "-n", "-x", sabotage], check=False)


class Dead(Exception):
    """xl2tpd is no more: whoever waited for its answers would wait for minutes."""


def main():
    wanted = json.load(sys.stdin)
    who, seed, half = {"user": wanted["user"], "hash": wanted["hash"]}, wanted["seed"], wanted["ppp"] // 2
    server = subprocess.Popen(["xl2tpd", "-D"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    bystander = Bystander(who)
    held = memory(server.pid)

    # A tunnel that is only begun: its messages wait behind the others at the one socket.
    pacing, silent = Tunnel(GATEWAY, 1802, 0x7002), 0
    def pace():
        nonlocal silent
        try:
            silent += not pacing.lives()
        except Gone:
            silent += 1
    found = hostile.l2tp(GATEWAY, 1803, wanted["l2tp"], seed, pace)
    check(f"xl2tpd read {found['sent']} broken packets: it acknowledged what came behind each 32", silent == 0 and found["answered"] > found["sent"] // 1000, f"{found['answered']} answers, {silent} silences, {found['seconds']} s")
    bystander.ask()

    sent = 0
    def beside(number):
        nonlocal sent
        before, sent = sent, sent + number
        if before < half <= sent and wanted.get("sabotage"):
            crash(wanted["sabotage"])
            time.sleep(0.5)
        if server.poll() is not None:
            raise Dead
        bystander.ask()
    try:
        found = hostile_ppp.run(GATEWAY, 1804, wanted["ppp"], seed, who, beside)
    except Dead:
        found = {"sent": sent, "seconds": 0, "failed": "xl2tpd died", "read": {}, "sent in": {}, "sessions": {}, "answers": {}}
    check(f"{wanted['ppp']} broken frames of PPP were sent into sessions that stood", found["sent"] >= wanted["ppp"], f"{found['sent']}, {found['seconds']} s; not begun: {found['failed']}")
    for phase in hostile_ppp.PHASES:
        read, all_sent = found["read"].get(phase, 0), found["sent in"].get(phase, 1)
        check(f"{phase}: pppd read them, as what it gave back behind each {hostile_ppp.BATCH} shows", read > 0.6 * all_sent, f"{read} of {all_sent} in {found['sessions'].get(phase, 0)} sessions")
    missing = [answer for answer in ANSWERS if answer not in found["answers"]]
    check("pppd answered in each phase", not missing, f"not heard: {', '.join(missing)}" if missing else str(found["answers"]))

    # The last of the pppds that were hung up on have their seconds to end.
    time.sleep(2)
    check("no process crashed", not crashed(), crashed())
    check("xl2tpd is the process of before", server.poll() is None)
    said = subprocess.run(["dmesg"], capture_output=True, text=True, check=False).stdout
    wrong = re.findall(r".*(?:BUG:|Oops|WARNING:|general protection|segfault).*", said)
    check("the kernel has not complained", not wrong, "; ".join(wrong[:3]))
    alive = server.poll() is None
    if alive:
        bystander.ask()
    check("the session of before lives, and was always answered", alive and bystander.answered == bystander.asked > 2, f"{bystander.answered} of {bystander.asked}")
    try:
        reached = "" if alive and open_session(1805, 0x7005, who) else "xl2tpd is dead"
    except Gone as why:
        reached = str(why)
    check("somebody new gets in", not reached, reached)
    if alive:
        # It keeps something of some that it refuses: 350 bytes a packet were seen.
        grown = memory(server.pid) - held
        check("xl2tpd has not grown by more than a kilobyte a packet of L2TP", grown * 1024 <= max(wanted["l2tp"], 16 * 1024), f"{grown} MB")
    print("end", flush=True)


if __name__ == "__main__":
    main()
