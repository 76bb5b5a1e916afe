"""Reads documents with Python's own parsers, for the tests: JSON list of {"kind", "text"} in, list of what was read out."""

import base64
import html.parser
import json
import plistlib
import sys


def plain(value):
    if isinstance(value, bytes):
        return {"data": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


class Page(html.parser.HTMLParser):
    """Every element with its attributes, and every text, in their order."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.elements, self.texts, self.open = [], [], []

    def handle_starttag(self, tag, attributes):
        self.elements.append([tag, dict(attributes)])
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        if self.open.pop() != tag:
            raise ValueError(f"</{tag}> closes something else")

    def handle_data(self, data):
        self.texts.append([self.open[-1] if self.open else "", data])

    def handle_comment(self, data):
        raise ValueError("a comment")


def read(kind, text):
    if kind == "plist":
        return plain(plistlib.loads(text.encode()))
    if kind == "json":
        return json.loads(text)
    page = Page()
    page.feed(text)
    page.close()
    if page.open:
        raise ValueError(f"left open: {page.open}")
    return {"elements": page.elements, "texts": page.texts}


answers = []
for document in json.load(sys.stdin):
    try:
        answers.append({"read": read(document["kind"], document["text"])})
    except Exception as error:
        answers.append({"error": f"{type(error).__name__}: {error}"})
json.dump(answers, sys.stdout)
