"""Putting a generation's files in place, all or none, with a journal for the case that the worker is killed."""

from __future__ import annotations

import os
from dataclasses import dataclass

from . import admitted, files, selinux
from .errors import Failure, os_error
from .files import FileState
from .gateway import Gateway
from .part import Part
from .store import now


@dataclass(frozen=True)
class Effect:
    """One path that differs between two generations; None: no such file."""

    path: str
    before: bytes | None
    after: bytes | None


def wanted(gateway: Gateway, part: Part | None, path: str) -> FileState:
    """What shall stand at `path` when `part` is in force: its file, or what was there before us."""
    file = part.files.get(path) if part else None
    if file is None:
        return gateway.originals.file(path)
    return FileState("file", file.mode, 0, 0, admitted.secrets_of_admitted(gateway, path, file.content))


def same(found: FileState, want: FileState) -> bool:
    """Owners count only for root: nobody else can set them."""
    if os.geteuid() != 0:
        return (found.kind, found.mode, found.text) == (want.kind, want.mode, want.text)
    return found == want


def differing(gateway: Gateway, source: Part | None, target: Part | None) -> dict[str, FileState]:
    """Paths of either generation where the disk is not what `target` says, with what shall stand there."""
    paths = list(dict.fromkeys([*(target.files if target else ()), *(source.files if source else ())]))
    result = {}
    for path in paths:
        want = wanted(gateway, target, path)
        if not same(files.look(gateway.paths.of(path)), want):
            result[path] = want
    return result


def prepare(gateway: Gateway, changes: dict[str, FileState], target: Part | None) -> None:
    """All that needs space, before anything is changed. On failure nothing is left behind."""
    originals = gateway.originals
    try:
        for path in changes:
            if target and path in target.files:
                originals.keep_file(path, files.look(gateway.paths.of(path)))
        # Files that stood there with the right text already are ours from now on, too.
        for path in target.files if target else ():
            originals.keep_file(path, files.look(gateway.paths.of(path)))
        for path, want in changes.items():
            if want.kind != "absent":
                make_folders(gateway, os.path.dirname(path))
                files.prepare(gateway.paths.of(path), want)
        originals.save()
    except OSError as error:
        discard(gateway, changes)
        raise Failure(f"{os_error(error)}; nothing was changed") from None


def make_folders(gateway: Gateway, folder: str) -> None:
    """Folders that are taken away with the last of ours that is in them."""
    missing = []
    while not os.path.isdir(gateway.paths.of(folder)):
        missing.append(folder)
        folder = os.path.dirname(folder)
    for path in reversed(missing):
        os.mkdir(gateway.paths.of(path), 0o755)
        os.chmod(gateway.paths.of(path), 0o755)
        gateway.originals.folders.append(path)


def discard(gateway: Gateway, changes: dict[str, FileState]) -> None:
    """Takes away what `prepare` wrote."""
    for path in changes:
        try:
            files.drop(files.beside(gateway.paths.of(path)))
        except NotADirectoryError:
            pass
    drop_empty_folders(gateway)


def commit(gateway: Gateway, changes: dict[str, FileState]) -> list[Effect]:
    """Renames everything into place. Tells what stood there and what stands there now."""
    effects = []
    for path, want in changes.items():
        found = files.look(gateway.paths.of(path))
        effects.append(Effect(path, _text(found), _text(want)))
        files.commit(gateway.paths.of(path), want)
    selinux.relabel(gateway, [path for path, want in changes.items() if want.kind != "absent"])
    for folder in sorted({os.path.dirname(path) for path in changes}):
        files.sync_folder(gateway.paths.of(folder))
    drop_empty_folders(gateway)
    return effects


def _text(state: FileState) -> bytes | None:
    return state.text if state.kind == "file" else None


def drop_empty_folders(gateway: Gateway) -> None:
    for folder in sorted(gateway.originals.folders, key=len, reverse=True):
        try:
            os.rmdir(gateway.paths.of(folder))
        except FileNotFoundError:
            pass
        except OSError:
            continue  # not empty: still in use
        gateway.originals.folders.remove(folder)


def effects_between(gateway: Gateway, source: Part | None, target: Part | None, touched: list[str]) -> list[Effect]:
    """As `commit` tells, from the generations alone: the disk may hold a mixture after a kill."""
    return [
        Effect(path, _text(wanted(gateway, source, path)), _text(wanted(gateway, target, path)))
        for path in dict.fromkeys(touched)
    ]


class Journal:
    """Says that a change is under way. Whoever finds it without its writer puts back what was there."""

    def __init__(self, gateway: Gateway) -> None:
        self.path = gateway.paths.journal

    def write(self, part: str, source: int | None, target: int | None, touched: list[str]) -> None:
        entry = {"part": part, "from": source, "to": target, "touched": touched, "at": now(), "pid": os.getpid()}
        files.write_json(self.path, entry)

    def read(self) -> dict | None:
        return files.read_json(self.path, None)  # type: ignore[return-value]

    def clear(self) -> None:
        files.drop(self.path)
        files.sync_folder(os.path.dirname(self.path))
