"""What the gateway had before us, so that it comes back when a part goes: files, services, sysctl values."""

import hashlib
import os

from . import files
from .files import ABSENT, FileState
from .paths import Paths


class Originals:
    """Remembered at the first touch, forgotten when given back."""

    def __init__(self, paths: Paths) -> None:
        self.folder = f"{paths.state}/originals"
        self.path = f"{self.folder}/index.json"
        self.load()

    def load(self) -> None:
        """Reads what was remembered; again once the lock is held, for another change may have gone before."""
        data = files.read_json(self.path, {})
        assert isinstance(data, dict)
        self.files: dict[str, dict] = data.get("files", {})
        self.folders: list[str] = data.get("folders", [])
        self.services: dict[str, dict] = data.get("services", {})
        self.sysctls: dict[str, str] = data.get("sysctls", {})

    def save(self) -> None:
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        data = {"files": self.files, "folders": self.folders, "services": self.services, "sysctls": self.sysctls}
        files.write_json(self.path, data)

    def keep_file(self, path: str, found: FileState) -> None:
        """Remembers what stood at `path`, unless that was done before."""
        if path in self.files:
            return
        entry = {"kind": found.kind, "mode": found.mode, "uid": found.uid, "gid": found.gid}
        if found.kind != "absent":
            blob = f"{hashlib.sha256(path.encode()).hexdigest()[:16]}"
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
            files.write_now(f"{self.folder}/{blob}", found.text)
            entry["blob"] = blob
        self.files[path] = entry

    def file(self, path: str) -> FileState:
        """What stood at `path` before the first part took it."""
        entry = self.files.get(path)
        if entry is None or entry["kind"] == "absent":
            return ABSENT
        with open(f"{self.folder}/{entry['blob']}", "rb") as file:
            return FileState(entry["kind"], entry["mode"], entry["uid"], entry["gid"], file.read())

    def drop_file(self, path: str) -> None:
        entry = self.files.pop(path, None)
        if entry and "blob" in entry:
            files.drop(f"{self.folder}/{entry['blob']}")
