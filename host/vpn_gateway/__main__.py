"""The command line."""

from __future__ import annotations

import ipaddress
import os
import sys
import traceback
from collections.abc import Callable

from . import VERSION, change, commands, doctor, follower, keeper, lock, moving, part, radius_relay, sessions, status, watch, watchdog
from .apply import apply
from .detach import survive
from .errors import Failure, UsageError, os_error
from .gateway import Gateway

USAGE = (
    "usage: vpn-gateway [--root DIR] apply PART [--owner O] | confirm PART [--again] | revert PART [--generation N]"
    " | remove PART [--owner O] | status [--json] | check [--json] | uninstall [--owner O]"
    " | doctor [--minutes N] [--client ADDRESS] [--json] | sessions [--json | --prometheus] | accounting [--user NAME] [--all] [--json] | disconnect USER | hand-over [--at-shutdown] | rejoin | acme [--if-due] | watch | watchdog | follow | relay | keep [--disconnect] | version"
)


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; its exit status: 0, 1 (failed, and said why) or 2 (the command line is wrong)."""
    os.umask(0o077)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    try:
        return _run(list(sys.argv[1:] if arguments is None else arguments))
    except UsageError as error:
        print(f"vpn-gateway: {error}; {USAGE}", file=sys.stderr)
        return 2
    except Failure as failure:
        print(f"vpn-gateway: error: {failure}", file=sys.stderr)
        return 1


class _Arguments:
    def __init__(self, words: list[str]) -> None:
        self.words = words

    def option(self, name: str) -> str | None:
        """Takes `name VALUE` out of the command line."""
        if name not in self.words:
            return None
        at = self.words.index(name)
        if at + 1 >= len(self.words):
            raise UsageError(f"{name} needs a value")
        value = self.words[at + 1]
        del self.words[at : at + 2]
        return value

    def number(self, name: str) -> int | None:
        value = self.option(name)
        if value is not None and not (value.isascii() and value.isdigit()):
            raise UsageError(f"{name} needs a whole number, not {value}")
        return None if value is None else int(value)

    def flag(self, name: str) -> bool:
        found = name in self.words
        if found:
            self.words.remove(name)
        return found

    def part(self) -> str:
        if not self.words or not part.NAME.fullmatch(self.words[0]):
            raise UsageError("name a part: lower-case letters, digits and `-`")
        return self.words.pop(0)

    def end(self) -> None:
        if self.words:
            raise UsageError(f"{self.words[0]} is not understood")


def _run(words: list[str]) -> int:
    given = _Arguments(words)
    root = given.option("--root") or ""
    wished = given.number("--lock-timeout")  # seconds; for tests
    patience = lock.PATIENCE if wished is None else float(wished)
    if not given.words:
        raise UsageError("say what to do")
    command = given.words.pop(0)
    if command == "version":
        given.end()
        print(VERSION)
        return 0
    if command in ("status", "check"):
        as_json = given.flag("--json")
        given.end()
        gateway = Gateway(root, command)
        if command == "check":
            return status.check(gateway, as_json)
        status.show(gateway, as_json)
        return 0
    if command == "sessions":
        form = "json" if given.flag("--json") else "prometheus" if given.flag("--prometheus") else "table"
        given.end()
        sessions.show(Gateway(root, command), form)
        return 0
    if command == "accounting":
        user, whole, as_json = given.option("--user"), given.flag("--all"), given.flag("--json")
        given.end()
        from . import accounting_books  # only here: what it needs takes long to load

        accounting_books.show(Gateway(root, command), user, whole, as_json)
        return 0
    if command == "doctor":
        minutes, client, as_json = given.number("--minutes"), given.option("--client"), given.flag("--json")
        given.end()
        gateway = Gateway(root, command)
        gateway.learn_secrets()
        return doctor.run(gateway, 60 * (minutes or doctor.SPAN // 60), _address(client) if client else None, as_json)
    if command == "disconnect":
        if not given.words:
            raise UsageError("name a user")
        user = given.words.pop(0)
        given.end()
        sessions.disconnect(Gateway(root, command), user)
        return 0
    if command == "keep":
        hears = given.flag("--disconnect")
        given.end()
        keeper.keep(Gateway(root, command), hears)
        return 0
    if command == "acme":
        if_due = given.flag("--if-due")
        given.end()
        from . import acme_attempt  # HTTP is loaded where it is asked for

        return acme_attempt.run(Gateway(root, command), if_due)
    if command in ("watch", "watchdog", "rejoin", "follow", "relay"):
        given.end()
        {"watch": watch.watch, "watchdog": watchdog.guard, "rejoin": moving.rejoin, "follow": follower.follow, "relay": radius_relay.relay}[command](Gateway(root, command))
        return 0
    if command == "hand-over":
        at_shutdown = given.flag("--at-shutdown")
        given.end()
        if at_shutdown:
            return _change(root, command, moving.SHUTDOWN_PATIENCE, moving.hand_over_at_shutdown, recover=False)
        return _change(root, command, patience, moving.hand_over)
    if command == "recover":
        given.flag("--boot")
        given.end()
        return _change(root, command, patience, commands.recover_at_boot, recover=False)
    if command == "uninstall":
        owner = given.option("--owner") or ""
        given.end()
        return _change(root, command, patience, lambda gateway: commands.uninstall(gateway, owner))
    if command not in ("apply", "confirm", "revert", "remove"):
        raise UsageError(f"there is no command {command}")
    name = given.part()
    generation = given.number("--generation") if command == "revert" else None
    unconfirmed = given.number("--unconfirmed") if command == "revert" else None
    owner = (given.option("--owner") if command in ("apply", "remove") else None) or ""
    again = command == "confirm" and given.flag("--again")
    given.end()
    what = f"{command} {name}"
    if command == "apply":
        Gateway(root, what)  # who may not apply is told so before anything else
        wanted = part.parse(sys.stdin.buffer.read(), name)

        def work(gateway: Gateway) -> None:
            gateway.learn(wanted)
            apply(gateway, wanted, owner)

        return _change(root, what, patience, work)
    if command == "confirm":
        return _change(root, what, patience, lambda gateway: commands.confirm(gateway, name, again))
    if command == "remove":
        return _change(root, what, patience, lambda gateway: commands.remove(gateway, name, owner))
    if unconfirmed is not None:
        return _change(root, what, patience, lambda gateway: commands.revert_unconfirmed(gateway, name, unconfirmed))
    return _change(root, what, patience, lambda gateway: commands.revert(gateway, name, generation))


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise UsageError(f"--client needs an IP address, not {text}") from None


def _change(
    root: str, what: str, patience: float, work: Callable[[Gateway], None], recover: bool = True
) -> int:
    """Runs `work` under the lock in a process that outlives the session, after repairing what a killed one left."""
    gateway = Gateway(root, what)

    def locked() -> int:
        try:
            gateway.own_state()
            with lock.held(gateway.paths, gateway.report, what, patience):
                gateway.originals.load()
                gateway.learn_secrets()
                if recover:
                    change.recover(gateway)
                work(gateway)
            return 0
        except Failure as failure:
            gateway.report.say(f"error: {failure}")
        except OSError as error:
            gateway.report.say(f"error: {os_error(error)}")
        except Exception as error:  # its text may hold what a secret file says
            ours = [frame for frame in traceback.extract_tb(error.__traceback__) if os.path.dirname(frame.filename) == os.path.dirname(__file__)]
            where = f"{os.path.basename(ours[-1].filename)}:{ours[-1].lineno}" if ours else "?"
            gateway.report.say(f"error: a mistake in vpn-gateway itself: {type(error).__name__} at {where}")
        return 1

    return survive(locked)


if __name__ == "__main__":
    sys.exit(main())
