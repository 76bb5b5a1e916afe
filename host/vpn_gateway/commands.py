"""The other commands that change something: confirm, revert, remove, uninstall, recover."""

from __future__ import annotations

import calendar
import os
import shutil
import time

from . import acme, change, files, swap, systemd, timer
from .apply import put_again, revert_expired
from .errors import Failure
from .gateway import Gateway
from .store import State, Store, now


LONG_AGO = 300  # seconds after which a revert cannot be news to the push that asks: that one has ended


def confirm(gateway: Gateway, name: str, again: bool = False) -> None:
    """
    A second session came through: the current generation stays. One that went back by itself is reported, once; asked
    for `again` after that it is put in force once more, and waits for one more session.
    """
    store = gateway.store(name)
    revert_expired(gateway, store)
    state = store.state()
    if state.reverted:
        if again and state.reverted["generation"] in store.kept() and _is_known(state.reverted):
            put_again(gateway, store)
            gateway.report.result(f"{name} generation {store.state().current} waits for a second session")
            return
        in_force = "the part is not on the gateway" if state.current is None else f"generation {state.current} is in force"
        why = f"generation {state.reverted['generation']} was reverted because {state.reverted['why']}; {in_force}"
        if again and not state.reverted.get("told"):
            state.reverted["told"] = True
            store.save(state)
            why += "; the next push tries it once more"
        raise Failure(why)
    if state.current is None:
        raise Failure(f"part {name} is not on the gateway: apply it first")
    if state.unconfirmed:
        same = timer.connection()
        if same and same == state.unconfirmed["connection"]:
            raise Failure("confirm needs a new SSH connection: this one was there before the change")
        state.unconfirmed, state.confirmed = None, state.current
        state.good.append(state.current)
        store.prune(state)
        store.save(state)
        timer.disarm(gateway, name, state.current)
    gateway.report.result(f"{name} generation {state.current} confirmed")


def _is_known(reverted: dict) -> bool:
    """Whether somebody was told of a revert, or whoever should have been has gone."""
    return bool(reverted.get("told")) or time.time() - calendar.timegm(
        time.strptime(reverted["at"], "%Y-%m-%dT%H:%M:%SZ")
    ) > LONG_AGO


def revert(gateway: Gateway, name: str, generation: int | None) -> None:
    """Back to the last confirmed generation before the current one, or to `generation`."""
    store = gateway.store(name)
    state = store.state()
    source = state.current
    target = _target(store, state, generation)
    if target == source:
        gateway.report.say(f"generation {target} of part {name} is in force already")
    else:
        gateway.free_reserve()
        state.current, state.confirmed, state.unconfirmed = target, target, None
        state.applied, state.failure, state.reverted = now(), None, None
        change.transition(gateway, store, source, target, state)
        gateway.reserve_space()
        if source is not None:
            timer.disarm(gateway, name, source)
    gateway.report.result(f"{name} generation {target}")


def _target(store: Store, state: State, wished: int | None) -> int:
    kept = [generation for generation in state.good if generation in store.kept()]
    if wished is not None:
        if wished not in kept:
            raise Failure(f"part {store.name} has no confirmed generation {wished}: it has {_list(kept)}")
        return wished
    if state.current is None:
        raise Failure(f"part {store.name} is not on the gateway")
    earlier = [generation for generation in kept if generation < state.current]
    if not earlier:
        raise Failure(
            f"part {store.name} has no confirmed generation before {state.current}: "
            f"`vpn-gateway remove {store.name}` takes the part away"
        )
    return earlier[-1]


def _list(generations: list[int]) -> str:
    return ", ".join(map(str, generations)) or "none"


def revert_unconfirmed(gateway: Gateway, name: str, generation: int) -> None:
    """What the timer runs: goes back unless the generation was confirmed, replaced, or given more time."""
    store = gateway.store(name)
    waits = store.state().unconfirmed
    if waits is None or waits["generation"] != generation:
        gateway.report.say(f"generation {generation} of part {name} does not wait for a confirmation")
        return
    revert_expired(gateway, store)
    state = store.state()
    if state.unconfirmed is None:
        gateway.report.result(f"{name} generation {state.current or 'none'}")


def remove(gateway: Gateway, name: str, owner: str = "") -> None:
    """
    Takes a part away: its files go, what was there before comes back. A part that another owner has applied since is
    left alone: the machine was taken over, under another name or address, before its old name was given up.
    """
    store = gateway.store(name)
    state = store.state()
    if state.current is None:
        gateway.report.say(f"part {name} is not on the gateway")
        gateway.report.result(f"{name} removed")
        return
    if owner and state.owner != owner:
        gateway.report.say(f"part {name} belongs to another owner by now and is left alone")
        gateway.report.result(f"{name} left alone")
        return
    gateway.free_reserve()
    change.transition(gateway, store, state.current, None, State(last=state.last))
    timer.disarm(gateway, name, state.current)
    store.forget()
    gateway.report.result(f"{name} removed")


def uninstall(gateway: Gateway, owner: str = "") -> None:
    """Takes the command itself away, once no part is left that it would have to look after."""
    parts = sorted(gateway.others(""))
    if owner and parts and all(gateway.store(name).state().owner != owner for name in parts):
        gateway.report.result("vpn-gateway left alone: its parts belong to another owner by now")
        return
    if parts:
        raise Failure(
            f"the gateway still has {', '.join(parts)}: take each away by `vpn-gateway remove PART`; nothing was changed"
        )
    paths = gateway.paths
    unit = paths.of(f"/etc/systemd/system/{timer.RECOVER}")
    if os.path.lexists(unit):
        gateway.programs.run("systemctl", "disable", "--quiet", "--no-reload", timer.RECOVER)
        files.drop(unit)
        systemd.daemon_reload(gateway)
    gateway.report.result("vpn-gateway removed")
    for folder in (paths.state, paths.of("/run/vpn-gateway"), paths.of("/usr/lib/vpn-gateway")):
        shutil.rmtree(folder, ignore_errors=True)
    for file in (paths.of("/usr/sbin/vpn-gateway"), paths.log, f"{paths.log}.1"):
        files.drop(file)


def recover_at_boot(gateway: Gateway) -> None:
    """Files alone, before any daemon reads them: of changes that were cut off, and of those never confirmed."""
    units_before = _unit_texts(gateway)
    change.recover(gateway, files_only=True)
    _revert_unconfirmed_parts(gateway)
    acme.install(gateway)  # what the connections name, by the files that are in force now
    if _unit_texts(gateway) != units_before:
        systemd.daemon_reload(gateway)


def _revert_unconfirmed_parts(gateway: Gateway) -> None:
    for name in gateway.paths.parts():
        store = gateway.store(name)
        state = store.state()
        waits = state.unconfirmed
        if waits is None or waits["boot"] == gateway.paths.boot_id():
            continue
        source = state.current
        why = "the machine was booted before a second session confirmed it"
        gateway.report.say(f"part {name}: reverting generation {source}: {why}")
        swap.Journal(gateway).write(name, state.confirmed, source, [])
        state.current, state.unconfirmed = state.confirmed, None
        state.reverted = {"generation": source, "seconds": waits["seconds"], "why": why, "at": now()}
        store.save(state)
        change.go_back(gateway, store, state.confirmed, source, [], files_only=True)


def _unit_texts(gateway: Gateway) -> dict[str, bytes]:
    """Of all parts in force, what stands in their unit files."""
    return {
        path: file.content
        for part in gateway.others("").values()
        for path, file in part.files.items()
        if systemd.unit_of(path)
    }
