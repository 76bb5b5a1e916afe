"""Commands of the world machine, and its namespaces."""

import json
import os
import socket
import subprocess
import sys

STATE = "/run/lab-world"


class Failure(Exception):
    """Something that the one who asked should read: no trace of Python is shown."""


def run(*command, check=True, stdin=None, timeout=None):
    """Runs a program; gives the CompletedProcess with text output."""
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired as expired:
        raise Failure(f"{command[0]} did not end within {timeout} s") from expired
    if check and done.returncode != 0:
        said = (done.stdout + done.stderr).strip().splitlines()[-5:]
        raise Failure(f"{' '.join(command)}: code {done.returncode}: {' / '.join(said)}")
    return done


def ip(*words, check=True):
    return run("ip", *words, check=check)


def ip_in(namespace, *words, check=True):
    return run("ip", "-n", namespace, *words, check=check)


def in_namespace(namespace, *command, **options):
    return run("ip", "netns", "exec", namespace, *command, **options)


def start_unit(unit, namespace, *command, properties=()):
    """Starts a service in a namespace; each of `properties` is one of systemd's, as NAME=VALUE."""
    chosen = [word for one in (f"NetworkNamespacePath=/run/netns/{namespace}", *properties) for word in ("-p", one)]
    # --collect: systemd keeps nothing of one that failed, so the name is free for the next.
    run("systemd-run", "-q", "--collect", f"--unit={unit}", *chosen, *command)


def lab_world(*words):
    """The command line of this program itself, for what runs on as a service."""
    return (sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lab-world"), *words)


def answers(address, port, patience):
    """Whether a TCP port is open, asked for `patience` seconds at most."""
    try:
        with socket.create_connection((address, port), timeout=patience):
            return True
    except OSError:
        return False


def write(path, text, mode=0o644):
    """Writes a file at once, with its final mode from the start."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = f"{path}.{os.getpid()}.new"  # several clients may write what they share
    if os.path.exists(temporary):
        os.remove(temporary)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    os.replace(temporary, path)


def read_json_input():
    text = sys.stdin.read()
    if not text.strip():
        return {}
    try:
        return json.loads(text)
    except ValueError:
        raise Failure("stdin must hold JSON") from None


def answer(value):
    print(json.dumps(value), flush=True)


def stop_unit(unit):
    run("systemctl", "stop", unit, check=False)


def signal_unit(unit, name, check=False):
    """To each of its processes: while they stand still, the kernel goes on to take what is sent to them."""
    run("systemctl", "kill", "-s", name, unit, check=check)


def is_active(unit):
    return run("systemctl", "-q", "is-active", unit, check=False).returncode == 0


def processes(unit):
    """Of a service, without asking systemd, which a client that comes and goes a thousand times would keep busy."""
    try:
        with open(f"/sys/fs/cgroup/system.slice/{unit}.service/cgroup.procs") as file:
            return [int(line) for line in file]
    except OSError:
        return []
