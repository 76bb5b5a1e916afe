"""`vpn-gateway apply`: a part's new text comes into force, or everything stays as it was."""

from . import change, checks, kernel, packages, swap, timer, verify
from .errors import Failure, os_error
from .gateway import Gateway
from .part import Part
from .store import State, Store, now


def apply(gateway: Gateway, part: Part, owner: str = "") -> None:
    """Under the lock. `owner` has the part from now on. Prints `PART generation N`, the same for the same text."""
    store = gateway.store(part.name)
    revert_expired(gateway, store)
    state = store.state()
    current = store.load(state.current)
    taken_over, state.owner = state.owner != owner, owner
    if current is not None and current.digest() == part.digest():
        if taken_over:
            store.save(state)
        _keep(gateway, store, state, part)
        return
    generation = state.last + 1
    try:
        _take(gateway, store, state, part, generation)
    except (Failure, OSError) as error:
        why = os_error(error) if isinstance(error, OSError) else str(error)
        store.discard(generation)
        timer.disarm(gateway, part.name, generation)
        kept = store.state()
        kept.last = max(kept.last, generation)
        change.remember_failure(store, kept, generation, why)
        raise Failure(f"part {part.name} was refused: {why}") from None


def _take(gateway: Gateway, store: Store, state: State, part: Part, generation: int) -> None:
    conflicts = checks.conflicts(gateway, part)
    if conflicts:
        raise Failure("\n  ".join(conflicts))
    store.stage(part, generation)
    gateway.reserve_space()
    _prepare_machine(gateway, part)
    changed = list(swap.differing(gateway, store.load(state.current), part))
    problems = checks.problems(gateway, store, part, generation, changed)
    if problems:
        raise Failure("\n  ".join([*problems, "nothing was changed"]))
    state.last = generation
    _put(gateway, store, state, generation, part.confirm)
    gateway.reserve_space()
    store.prune(state)
    store.save(state)
    for path in changed:
        gateway.report.say(f"changed {path}")
    _say_notes(gateway, part)
    gateway.report.result(f"{part.name} generation {generation}")


def _put(gateway: Gateway, store: Store, state: State, generation: int, confirm: int) -> None:
    """A kept generation comes into force; with `confirm` (seconds) until a second session confirms it."""
    source = state.current
    state.current, state.applied = generation, now()
    state.failure = state.reverted = None
    if confirm:
        timer.arm(gateway, store.name, generation, confirm + timer.SLACK)
        state.unconfirmed = timer.waiting(gateway, generation, confirm + timer.SLACK)
    else:
        state.unconfirmed, state.confirmed = None, generation
        state.good.append(generation)
    change.transition(gateway, store, source, generation, state)
    if confirm:
        _wait_for_confirmation(gateway, store, state, confirm)
        gateway.report.say(
            f"generation {generation} goes back by itself in {confirm} s unless a second session confirms it"
        )
    if source is not None and source != generation:
        timer.disarm(gateway, store.name, source)


def put_again(gateway: Gateway, store: Store) -> None:
    """The generation that went back by itself, once more."""
    state = store.state()
    assert state.reverted is not None
    generation = int(state.reverted["generation"])
    part = store.load(generation)
    assert part is not None
    gateway.report.say(f"part {store.name}: putting generation {generation} in force once more")
    try:
        gateway.free_reserve()
        _put(gateway, store, state, generation, part.confirm or int(state.reverted["seconds"]))
        gateway.reserve_space()
    except (Failure, OSError):
        timer.disarm(gateway, store.name, generation)
        raise


def _prepare_machine(gateway: Gateway, part: Part) -> None:
    packages.install_missing(gateway, part.packages, part.services)
    kernel.load_modules(gateway, part.modules)
    timer.install_recovery(gateway)


def _wait_for_confirmation(gateway: Gateway, store: Store, state: State, seconds: int) -> None:
    """The whole time counts from now: the second session can only come after this one is through."""
    assert state.current is not None
    state.unconfirmed = timer.waiting(gateway, state.current, seconds)
    store.save(state)
    timer.arm(gateway, store.name, state.current, seconds)


def _keep(gateway: Gateway, store: Store, state: State, part: Part) -> None:
    """The text that is in force already: nothing is touched unless the machine has gone astray from it."""
    found = verify.problems(gateway, part)
    if found:
        gateway.report.say("repairing what is not as the part says:\n  " + "\n  ".join(found))
        _prepare_machine(gateway, part)
        change.transition(gateway, store, state.current, state.current, state)
    if state.unconfirmed:
        _wait_for_confirmation(gateway, store, state, part.confirm or int(state.unconfirmed["seconds"]))
    if state.reverted or state.failure:
        state.reverted = state.failure = None
        store.save(state)
    if not found:
        gateway.report.say(f"part {part.name} is unchanged")
    gateway.report.result(f"{part.name} generation {state.current}")


def _say_notes(gateway: Gateway, part: Part) -> None:
    if gateway.is_real():
        for note in packages.notes(gateway, part.packages):
            gateway.report.say(f"note: {note}")


def revert_expired(gateway: Gateway, store: Store) -> None:
    """Puts the confirmed generation back in force, if nobody confirmed the current one in time."""
    state = store.state()
    waits = state.unconfirmed
    if waits is None or not timer.expired(gateway, state):
        return
    source, target = state.current, state.confirmed
    why = f"no second session confirmed it within {waits['seconds']} s"
    if waits["boot"] != gateway.paths.boot_id():
        why = "the machine was booted before a second session confirmed it"
    gateway.report.say(f"part {store.name}: reverting generation {source}: {why}")
    gateway.free_reserve()
    state.current, state.unconfirmed = target, None
    state.reverted = {"generation": source, "seconds": waits["seconds"], "why": why, "at": now()}
    change.transition(gateway, store, source, target, state)
    gateway.reserve_space()
    timer.disarm(gateway, store.name, int(waits["generation"]))
