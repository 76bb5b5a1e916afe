"""`vpn-gateway status` and `check`: how the gateway stands. Neither changes anything or takes the lock."""

import json

from . import VERSION, acme, aws_move, certificates, charon, clock, kernel, layer2_status, pair, ppp, routing_status, site_status, systemd, verify
from .errors import Failure
from .gateway import Gateway
from .swap import Journal


def collect(gateway: Gateway) -> dict:
    """All of it as plain data."""
    parts, services, modules = [], {}, {}
    for name in gateway.paths.parts():
        store = gateway.store(name)
        state = store.state()
        part = store.load(state.current)
        parts.append(
            {
                "name": name,
                "generation": state.current,
                "appliedAt": state.applied,
                "confirmed": part is not None and state.unconfirmed is None,
                "confirmUntil": state.unconfirmed and state.unconfirmed["deadline"],
                "files": sorted(part.files) if part else [],
                "drift": verify.drift(gateway, part) if part else [],
                "kept": store.kept(),
                "reverted": state.reverted,
                "lastFailure": state.failure,
            }
        )
        if part:
            services.update({unit: systemd.properties(gateway, unit).get("ActiveState") for unit in part.services})
            modules.update({module: kernel.module_present(gateway, module) for module in part.modules})
    return {
        "version": VERSION,
        "parts": [part for part in parts if part["generation"] is not None or part["lastFailure"] or part["reverted"]],
        "services": services,
        "modules": modules,
        "ike": _ike(gateway),
        "l2tp": {"sessions": len(ppp.sessions(gateway))},
        "certificates": certificates.collect(gateway),
        "clock": clock.collect(gateway),
        "acme": acme.collect(gateway),
        "pair": pair.collect(gateway),
        "sites": site_status.collect(gateway),
        "layer2": layer2_status.collect(gateway),
        "routing": routing_status.collect(gateway),
        "changeUnderWay": Journal(gateway).read() is not None,
    }


def _ike(gateway: Gateway) -> dict:
    if not charon.running(gateway):
        return {"running": False, "connections": 0, "established": 0, "connecting": 0, "children": 0}
    found = [data for _name, data in charon.associations(gateway)]
    established = [data for data in found if data.get("state") == "ESTABLISHED"]
    children = sum(len(data["child-sas"]) for data in found if isinstance(data.get("child-sas"), dict))
    return {
        "running": True,
        "connections": len(charon.connection_names(gateway)),
        "established": len(established),
        "connecting": len(found) - len(established),
        "children": children,
    }


def show(gateway: Gateway, as_json: bool) -> None:
    data = collect(gateway)
    if as_json:
        print(json.dumps(data, indent=2, sort_keys=True))
        return
    for part in data["parts"]:
        print(_line(part))
        for problem in part["drift"]:
            print(f"  {problem}")
        if part["reverted"]:
            print(f"  generation {part['reverted']['generation']} was reverted: {part['reverted']['why']}")
        if part["lastFailure"]:
            print(f"  last failure, {part['lastFailure']['at']}: {part['lastFailure']['what']}")
    for unit, state in data["services"].items():
        print(f"{unit}: {state}")
    for module, present in data["modules"].items():
        print(f"module {module}: {'present' if present else 'missing'}")
    ike = data["ike"]
    print(f"IKE SAs: {ike['established']} established, {ike['connecting']} connecting" if ike["running"] else "charon: down")
    print(f"L2TP sessions: {data['l2tp']['sessions']}")
    for line in certificates.lines(data["certificates"]):
        print(line)
    if data["certificates"] or data["sites"]:
        print(clock.line(data["clock"]))
    for line in acme.lines(data["acme"]) if data["acme"] else ():
        print(line)
    for site in data["sites"]:
        print(site_status.line(site))
    for extension in data["layer2"]:
        print(layer2_status.line(extension))
    for line in routing_status.lines(data["routing"]) if data["routing"] else ():
        print(line)
    if data["pair"]:
        print(_pair_line(data["pair"]))
    if data["changeUnderWay"]:
        print("a change is under way, or was cut off: the next command repairs that")


def _pair_line(found: dict) -> str:
    words = {pair.ACTIVE: "active", "BACKUP": "standby", "FAULT": "not fit to be active"}
    state = words.get(found["state"], "the watch does not run" if pair.both_serve(found) else "VRRP does not run")
    aside = ", asked to stand aside" if found["standsAside"] else ""
    ago = found["ikeAnsweredSecondsAgo"]
    ike = "IKE has never answered" if ago is None else f"IKE answered {ago} s ago"
    other = "answers" if found["peerAnswers"] else "does not answer"
    moved = _move_words(found["move"]) if found["move"] else ""
    return f"machine {found['member']} of a pair: {state}{aside}; {ike}; the other, {found['peer']}, {other}{moved}"


def _move_words(found: dict) -> str:
    if found["state"] == "standby":
        return ""
    if found["state"] == "done":
        return f"; has {', '.join(found['got'])}"
    return "".join(f"; {problem}" for problem in aws_move.problems(found))


def _line(part: dict) -> str:
    if part["generation"] is None:
        return f"{part['name']}: not on the gateway"
    confirmed = "confirmed" if part["confirmed"] else "waits for a second session to confirm it"
    return f"{part['name']}: generation {part['generation']}, applied {part['appliedAt']}, {confirmed}"


def check(gateway: Gateway, as_json: bool) -> int:
    """Verifies everything; 1 with all problems at once."""
    problems = []
    parts = {name: part for name, part in gateway.others("").items()}
    for name, part in parts.items():
        try:
            problems += [{"part": name, "problem": problem} for problem in verify.problems(gateway, part)]
        except (Failure, OSError) as error:
            problems.append({"part": name, "problem": str(error)})
    described = pair.load(gateway)
    if described is not None:
        found = aws_move.collect(gateway, described.get("move"), pair.is_active(gateway))
        problems += [{"part": "base", "problem": problem} for problem in aws_move.problems(found)]
    problems += [{"part": "base", "problem": problem} for problem in acme.problems(gateway)]
    if as_json:
        print(json.dumps({"ok": not problems, "parts": sorted(parts), "problems": problems}, indent=2))
    else:
        for entry in problems:
            print(f"{entry['part']}: {entry['problem']}")
        if not problems:
            print(f"{len(parts)} parts are as they should be")
    return 1 if problems else 0
