"""Reading strongSwan's settings format, for what we need to know of a file. Whether it is valid, strongSwan says."""

from __future__ import annotations

import re
from collections.abc import Iterator

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|#[^\n]*|[{}=\n]|:(?=\s)|(?:[^\s{}="#:]|:(?!\s))+', re.S)


def flatten(text: str) -> dict[str, str]:
    """All settings by their dotted names. A section alone is there with an empty value."""
    settings: dict[str, str] = {}
    for path, value in _entries(text):
        if value is None:
            settings.setdefault(".".join(path), "")
        else:
            settings[".".join(path)] = value
    return settings


def tree(text: str) -> dict:
    """The same as sections within each other, and what a quoted value escapes as it was meant."""
    root: dict = {}
    for path, value in _entries(text):
        section = root
        for step in path[:-1]:
            section = section.setdefault(step, {})
        if value is None:
            section.setdefault(path[-1], {})
        else:
            section[path[-1]] = re.sub(r"\\(.)", r"\1", value)
    return root


def _entries(text: str) -> Iterator[tuple[list[str], str | None]]:
    """Each section as it begins, without a value, and each setting with its own."""
    sections: list[str] = []
    name: list[str] = []
    value: list[str] | None = None
    for token in TOKEN.findall(text):
        if token.startswith("#"):
            continue
        if token in ("\n", "}"):
            if value is not None and name:
                yield [*sections, name[0]], " ".join(value)
            elif name and name[0] == "include":
                yield [*sections, *name], ""
            name, value = ([], None) if token == "}" or value is not None or name[:1] == ["include"] else (name, value)
            if token == "}" and sections:
                sections.pop()
        elif value is not None:
            value.append(token[1:-1] if token.startswith('"') else token)
        elif token == "{":
            sections.append(name[0] if name else "")
            yield [*sections], None
            name = []
        elif token == "=":
            value = []
        else:
            name.append(token)


def connections(text: str) -> dict[str, str]:
    """Names of the connections of a swanctl.conf text, with their IKE `version` (`0`: both)."""
    settings = flatten(text)
    names = {}
    for key in settings:
        steps = key.split(".")
        if len(steps) >= 2 and steps[0] == "connections":
            names[steps[1]] = settings.get(f"connections.{steps[1]}.version", "0")
    return names


def differences(before: str, after: str) -> set[str]:
    """Dotted names whose values differ between two texts."""
    old, new = flatten(before), flatten(after)
    return {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
