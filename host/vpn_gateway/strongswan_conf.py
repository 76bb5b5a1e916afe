"""Reading strongSwan's settings format, for what we need to know of a file. Whether it is valid, strongSwan says."""

from __future__ import annotations

import re

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|#[^\n]*|[{}=\n]|:(?=\s)|(?:[^\s{}="#:]|:(?!\s))+', re.S)


def flatten(text: str) -> dict[str, str]:
    """All settings by their dotted names. A section alone is there with an empty value."""
    settings: dict[str, str] = {}
    sections: list[str] = []
    name: list[str] = []
    value: list[str] | None = None
    for token in TOKEN.findall(text):
        if token.startswith("#"):
            continue
        if token in ("\n", "}"):
            if value is not None and name:
                settings[".".join([*sections, name[0]])] = " ".join(value)
            elif name and name[0] == "include":
                settings[".".join([*sections, *name])] = ""
            name, value = ([], None) if token == "}" or value is not None or name[:1] == ["include"] else (name, value)
            if token == "}" and sections:
                sections.pop()
        elif value is not None:
            value.append(token[1:-1] if token.startswith('"') else token)
        elif token == "{":
            sections.append(name[0] if name else "")
            settings.setdefault(".".join(sections), "")
            name = []
        elif token == "=":
            value = []
        else:
            name.append(token)
    return settings


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
