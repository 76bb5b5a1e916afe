"""Taking a part from one generation to another, wholly or not at all."""

from __future__ import annotations

from . import frr, swap, verify
from .actions import act
from .errors import Failure, os_error
from .gateway import Gateway
from .store import State, Store, now
from .swap import Journal


def transition(gateway: Gateway, store: Store, source: int | None, target: int | None, state: State) -> None:
    """
    Puts `target` in force, verifies it and saves `state`. On any failure `source` is in force again when this raises.
    None stands for the gateway without the part.
    """
    before, after = store.load(source), store.load(target)
    changes = swap.differing(gateway, before, after)
    swap.prepare(gateway, changes, after)
    journal = Journal(gateway)
    try:
        journal.write(store.name, source, target, list(changes))
    except OSError as error:
        swap.discard(gateway, changes)
        raise Failure(f"{os_error(error)}; nothing was changed") from None
    try:
        effects = swap.commit(gateway, changes)
        left = verify.astray(gateway, after, [effect.path for effect in effects])
        if left:
            gateway.report.say(f"putting in force again what something else undid: {', '.join(left)}")
            effects += swap.effects_between(gateway, after, after, left)
        started = act(gateway, effects, before, after)
        verify.must_hold(gateway, after, started)
        store.save(state)
    except (Failure, OSError) as error:
        why = os_error(error) if isinstance(error, OSError) else str(error)
        gateway.report.say(f"going back to {_named(source)}")
        try:
            go_back(gateway, store, source, target, list(changes))
        except Failure as second:
            raise Failure(f"{why}\n  {second}") from None
        raise Failure(f"{why}\n  {_named(source)} is in force again") from None
    journal.clear()
    forget_unused_originals(gateway)


def go_back(
    gateway: Gateway, store: Store, to: int | None, away_from: int | None, touched: list[str], files_only: bool = False
) -> None:
    """
    Puts back what was there before a change that failed or was killed, and makes the daemons follow, also where the
    file is right already: they may have read the other one.
    """
    gateway.free_reserve()
    wanted, unwanted = store.load(to), store.load(away_from)
    try:
        changes = swap.differing(gateway, unwanted, wanted)
        swap.prepare(gateway, changes, wanted)
        swap.commit(gateway, changes)
        if not files_only:
            paths = [*changes, *touched]
            effects = swap.effects_between(gateway, unwanted, wanted, paths)
            started = act(gateway, effects, unwanted, wanted)
            verify.must_hold(gateway, wanted, started)
        gateway.originals.save()
    except (Failure, OSError) as error:
        why = os_error(error) if isinstance(error, OSError) else str(error)
        Journal(gateway).clear()
        raise Failure(f"going back to {_named(to)} of part {store.name} left this wrong: {why}") from None
    Journal(gateway).clear()
    forget_unused_originals(gateway)


def _named(generation: int | None) -> str:
    return "what was there before the first generation" if generation is None else f"generation {generation}"


def recover(gateway: Gateway, files_only: bool = False) -> None:
    """Repairs what a killed worker left. Called under the lock, before every change."""
    journal = Journal(gateway).read()
    if journal is None:
        return
    store = gateway.store(journal["part"])
    state = store.state()
    if state.current == journal["to"] and journal["from"] != journal["to"]:
        Journal(gateway).clear()  # killed after the change was complete
        return
    gateway.report.say(f"part {store.name}: a change was cut off at {journal['at']}: going back")
    go_back(gateway, store, journal["from"], journal["to"], journal["touched"], files_only)
    what = f"the change was cut off at {journal['at']} (killed, or the power went)"
    remember_failure(store, state, journal["to"], what)


def remember_failure(store: Store, state: State, generation: int | None, what: str) -> None:
    """For `status`. A full disk must not hide the failure itself."""
    state.failure = {"at": now(), "generation": generation, "what": what}
    try:
        store.save(state)
    except OSError:
        pass


def forget_unused_originals(gateway: Gateway) -> None:
    """What no part holds any more stands on the disk again, and need not be kept."""
    held = {path for part in gateway.others("").values() for path in part.files}
    if frr.BASE in held:
        held.add(frr.CONF)  # made of what the parts hold
    unused = [path for path in gateway.originals.files if path not in held]
    for path in unused:
        gateway.originals.drop_file(path)
    if unused:
        gateway.originals.save()
