"""How many machines of a pair answer for it, asked again and again: for how long it was two of them, or none."""

import json
import os
import time

from shell import STATE, Failure, answers, lab_world, read_json_input, start_unit, stop_unit, write

ROUTER = "isp"
UNIT = "lab-sampler"
ASKED = os.path.join(STATE, "sampler.json")
SEEN = os.path.join(STATE, "sampler.log")
INTERVAL = 0.2


def serve():
    with open(ASKED) as file:
        wanted = json.load(file)
    with open(SEEN, "w", buffering=1) as log:
        while True:
            began = time.monotonic()
            # None is waited for longer than a sample lasts.
            count = sum(answers(address, wanted["port"], INTERVAL) for address in wanted["addresses"])
            log.write(f"{began:.3f} {count}\n")
            time.sleep(max(0.0, INTERVAL - (time.monotonic() - began)))


def longest(samples, holds):
    """The longest time, in seconds, from a sample for which `holds` until one for which it does not."""
    most, since = 0.0, None
    for moment, count in samples:
        if holds(count):
            since = moment if since is None else since
            most = max(most, moment - since)
        elif since is not None:
            most = max(most, moment - since)
            since = None
    return round(most, 2)


def read(text):
    return [(float(moment), int(count)) for moment, count in (line.split() for line in text.splitlines() if len(line.split()) == 2)]


def start():
    wanted = read_json_input()
    if not wanted.get("addresses") or not wanted.get("port"):
        raise Failure("addresses and port are missing")
    stop_unit(UNIT)
    write(ASKED, json.dumps(wanted))
    write(SEEN, "")
    start_unit(UNIT, ROUTER, *lab_world("sampler", "serve"))
    return {"started": True}


def stop():
    stop_unit(UNIT)
    with open(SEEN) as file:
        samples = read(file.read())
    return {"samples": len(samples), "longestTwo": longest(samples, lambda count: count > 1), "longestNone": longest(samples, lambda count: count == 0)}
