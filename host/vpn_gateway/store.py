"""Generations of a part: what was applied, kept so that it can come back."""

from __future__ import annotations

import os
import re
import shutil
import time
from dataclasses import dataclass, field

from . import files
from .errors import Failure
from .part import Part, PartFile
from .paths import Paths

KEEP = 5  # generations of each part


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


@dataclass
class State:
    """Where a part stands. Generation numbers only grow; None: the part is not on the gateway."""

    last: int = 0
    current: int | None = None
    confirmed: int | None = None
    applied: str = ""
    # {"generation", "seconds", "deadline" (Unix time), "boot", "connection"}: waits for a second session
    unconfirmed: dict | None = None
    # {"generation", "seconds", "why", "at", "told" (somebody heard of it)}: the generation that went back by itself
    reverted: dict | None = None
    # {"at", "generation", "what"}
    failure: dict | None = None
    # Whoever applied it last (`--owner`): nobody else's `remove` takes it away. Empty: nobody in particular.
    owner: str = ""
    # Generations that were confirmed, or needed no confirmation.
    good: list[int] = field(default_factory=list)


class Store:
    """One part's directory under /var/lib/vpn-gateway/parts: root's alone, for it holds secrets."""

    def __init__(self, paths: Paths, name: str) -> None:
        self.name = name
        self.folder = paths.part(name)
        self.generations = f"{self.folder}/generations"

    def state(self) -> State:
        return State(**files.read_json(f"{self.folder}/state.json", {}))  # type: ignore[arg-type]

    def save(self, state: State) -> None:
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        files.write_json(f"{self.folder}/state.json", state.__dict__)

    def tree(self, generation: int) -> str:
        """Directory that holds the generation's files by their paths."""
        return f"{self.generations}/{generation}/tree"

    def stage(self, part: Part, generation: int) -> None:
        """Writes a generation. If the disk is full it leaves nothing behind."""
        folder = f"{self.generations}/{generation}"
        shutil.rmtree(folder, ignore_errors=True)
        try:
            for file in part.files.values():
                path = self.tree(generation) + file.path
                os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(handle, "wb") as out:
                    out.write(file.content)
                    out.flush()
                    os.fsync(handle)
            os.makedirs(folder, mode=0o700, exist_ok=True)
            files.write_json(f"{folder}/manifest.json", _manifest(part))
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def load(self, generation: int | None) -> Part | None:
        """A generation as the part that it was; None stays None."""
        if generation is None:
            return None
        data = files.read_json(f"{self.generations}/{generation}/manifest.json", None)
        if not isinstance(data, dict):
            raise Failure(f"part {self.name}: generation {generation} is not kept: there are {self.kept() or 'none'}")
        part = Part(self.name, data["packages"], data["modules"], data["services"], data["confirm"])
        for path, mode in data["files"]:
            with open(self.tree(generation) + path, "rb") as file:
                part.files[path] = PartFile(path, mode, file.read())
        return part

    def kept(self) -> list[int]:
        try:
            return sorted(int(name) for name in os.listdir(self.generations) if re.fullmatch(r"[0-9]+", name))
        except FileNotFoundError:
            return []

    def discard(self, generation: int) -> None:
        shutil.rmtree(f"{self.generations}/{generation}", ignore_errors=True)

    def prune(self, state: State) -> None:
        """Drops all but the newest, never one that is in force or could come back by itself."""
        needed = {state.current, state.confirmed, (state.reverted or {}).get("generation")}
        for generation in self.kept()[:-KEEP]:
            if generation not in needed:
                self.discard(generation)
        state.good = [generation for generation in state.good if generation in self.kept()]

    def forget(self) -> None:
        """All of the part but the number of its last generation, so that a number never means two things."""
        last = self.state().last
        shutil.rmtree(self.generations, ignore_errors=True)
        self.save(State(last=last))


def _manifest(part: Part) -> dict[str, object]:
    return {
        "packages": part.packages,
        "modules": part.modules,
        "services": part.services,
        "confirm": part.confirm,
        "files": [[file.path, file.mode] for file in part.files.values()],
    }
