"""Files on disk: looking at them, and writing them so that a reader sees the old or the new text, never a mixture."""

import hashlib
import json
import os
import stat
from dataclasses import dataclass

from .errors import Failure


@dataclass(frozen=True)
class FileState:
    """What stands at a path. `kind`: absent, file or link; `text` is the content, or the link's target."""

    kind: str
    mode: int = 0
    uid: int = 0
    gid: int = 0
    text: bytes = b""

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text).hexdigest()


ABSENT = FileState("absent")


def look(path: str) -> FileState:
    """What stands at `path`; anything but a file or a link is an error."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    if stat.S_ISLNK(found.st_mode):
        return FileState("link", 0, found.st_uid, found.st_gid, os.readlink(path).encode())
    if not stat.S_ISREG(found.st_mode):
        raise OSError(0, "is neither a file nor a link", path)
    with open(path, "rb") as file:
        return FileState("file", stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, file.read())


def beside(path: str) -> str:
    """Name of the file that is going to replace `path`: hidden, and matched by no `*.conf` of any daemon."""
    folder, name = os.path.split(path)
    return f"{folder}/.{name}.vpn-gateway-new"


def prepare(path: str, want: FileState) -> None:
    """Writes `want` beside `path`, safely on disk. All that can fail for want of space fails here."""
    temporary = beside(path)
    drop(temporary)
    if want.kind == "link":
        os.symlink(want.text.decode(), temporary)
        return
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        try:
            file.write(want.text)
            file.flush()
            if os.geteuid() == 0:
                os.fchown(handle, want.uid, want.gid)
            os.fchmod(handle, want.mode)
            os.fsync(handle)
        except OSError as error:
            error.filename = error.filename or path
            raise


def commit(path: str, want: FileState) -> None:
    """Puts in place what `prepare` wrote, or takes the file away."""
    if want.kind == "absent":
        drop(path)
    else:
        os.rename(beside(path), path)


def drop(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


def sync_folder(path: str) -> None:
    """Makes renames in a directory survive a power cut."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_now(path: str, text: bytes, mode: int = 0o600) -> None:
    """Replaces one file of our own, atomically and durably."""
    want = FileState("file", mode, os.geteuid(), os.getegid(), text)
    try:
        prepare(path, want)
    except OSError:
        drop(beside(path))
        raise
    commit(path, want)
    sync_folder(os.path.dirname(path))


def write_json(path: str, data: object) -> None:
    write_now(path, (json.dumps(data, indent=1, sort_keys=True) + "\n").encode())


def read_json(path: str, default: object) -> object:
    """A file of our own. One that something else damaged is named, and none of what it says, which may be secret."""
    try:
        with open(path, "rb") as file:
            said = file.read()
    except FileNotFoundError:
        return default
    try:
        return json.loads(said)
    except ValueError:  # or no text at all: UnicodeDecodeError is one
        raise Failure(f"{path} is damaged: of its {len(said)} bytes JSON cannot be read; put it back from a backup of the machine") from None
