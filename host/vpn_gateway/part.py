"""A part as text: the strict reader of what `gateway/formats/part.ts` writes."""

import hashlib
import json
import re
from dataclasses import dataclass, field

from .errors import Failure

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
WORD = re.compile(r"[\x21-\x7e]+")
PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+")
MODULE = re.compile(r"[A-Za-z0-9_-]+")
SERVICE = re.compile(r"[A-Za-z0-9@:_.\\-]+\.(service|socket|timer|target|path)")
# Anything else on a gateway belongs to the distribution or to somebody else.
ALLOWED = ("/etc/", "/usr/local/")
LONGEST_CONFIRMATION = 3600


@dataclass(frozen=True)
class PartFile:
    """A file as it shall stand on the gateway, owned by root."""

    path: str
    mode: int
    content: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def secret(self) -> bool:
        """A file that only root may read holds a secret: nothing of it is ever printed."""
        return self.mode & 0o077 == 0


@dataclass
class Part:
    """A set of files that is applied, verified and reverted as one."""

    name: str
    packages: list[str] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    services: list[str] = field(default_factory=list)
    confirm: int = 0
    files: dict[str, PartFile] = field(default_factory=dict)

    def digest(self) -> str:
        """Of all that the part asks for. How long a confirmation may take changes nothing on the gateway."""
        files = [[file.path, file.mode, file.digest] for file in self.files.values()]
        whole = [self.name, self.packages, self.modules, self.services, sorted(files)]
        return hashlib.sha256(json.dumps(whole).encode()).hexdigest()


def parse(text: bytes, expected: str) -> Part:
    """Reads a part. Errors name the line, never what stands in it: it may be a secret."""
    try:
        lines = text.decode().split("\n")
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        raise Failure(f"part {expected}: line {line}: not UTF-8") from None
    if text == b"":
        raise Failure(f"part {expected}: nothing on standard input: give the part's text there")
    return _Reader(lines, expected).read()


class _Reader:
    def __init__(self, lines: list[str], expected: str) -> None:
        self.lines = lines
        self.at = 0
        self.expected = expected

    def fail(self, what: str) -> Failure:
        return Failure(f"part {self.expected}: line {self.at + 1}: {what}")

    def read(self) -> Part:
        if self.lines[0] != f"part {self.expected}":
            raise self.fail(f"must be `part {self.expected}`")
        part = Part(self.expected)
        self.at = 1
        while True:
            # What follows the last line feed is no line: empty, or the beginning of one.
            if self.at >= len(self.lines) - 1 and self.lines[-1] != "end":
                raise self.fail("the text ends before `end`: it was cut off on its way")
            line = self.lines[self.at]
            if line == "end":
                break
            self.header(part, line)
        if self.lines[self.at + 1 :] != [""]:
            self.at += 1
            raise self.fail("nothing but one line feed may follow `end`")
        return part

    def header(self, part: Part, line: str) -> None:
        keyword, _, rest = line.partition(" ")
        if keyword == "file":
            self.file(part, rest)
            return
        if part.files and keyword in ("package", "module", "service", "confirm"):
            raise self.fail(f"`{keyword}` must stand before the first file")
        if keyword == "package":
            self.word(part.packages, rest, PACKAGE, "a package name")
        elif keyword == "module":
            self.word(part.modules, rest, MODULE, "a module name")
        elif keyword == "service":
            self.word(part.services, rest, SERVICE, "a unit name with its suffix")
        elif keyword == "confirm":
            if not re.fullmatch(r"[1-9][0-9]{0,4}", rest) or int(rest) > LONGEST_CONFIRMATION:
                raise self.fail(f"`confirm` takes whole seconds, 1 to {LONGEST_CONFIRMATION}")
            part.confirm = int(rest)
        else:
            raise self.fail("none of package, module, service, confirm, file, end")
        self.at += 1

    def word(self, into: list[str], text: str, pattern: re.Pattern[str], what: str) -> None:
        if not pattern.fullmatch(text):
            raise self.fail(f"not {what}")
        if text in into:
            raise self.fail(f"{text} is named twice")
        into.append(text)

    def file(self, part: Part, rest: str) -> None:
        path, _, mode = rest.rpartition(" ")
        if not WORD.fullmatch(path) or not path.startswith(ALLOWED):
            raise self.fail(f"a file needs a path of printable characters under {' or '.join(ALLOWED)}")
        if any(step in ("", ".", "..") for step in path[1:].split("/")):
            raise self.fail("a path has no empty step, no `.` and no `..`")
        if not re.fullmatch(r"0[0-7]{3}", mode) or int(mode, 8) & ~0o755 or not int(mode, 8) & 0o400:
            raise self.fail("a mode is four octal digits, readable by its owner and writable by nobody else")
        if path in part.files:
            raise self.fail(f"{path} stands in the part twice")
        self.at += 1
        content: list[str] = []
        start = f"{path} |"
        while self.at < len(self.lines) - 1:
            line = self.lines[self.at]
            if line.startswith(f"{start} "):
                content.append(line[len(start) + 1 :])
            elif line == start:
                content.append("")
            else:
                break
            if "\0" in line or "\r" in line:
                raise self.fail("a control character in a file")
            self.at += 1
        text = "".join(f"{line}\n" for line in content)
        part.files[path] = PartFile(path, int(mode, 8), text.encode())
