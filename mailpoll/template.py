"""A JSON body of somebody's own, with placeholders in its texts → the same with a post's values; nothing is executed.

A value is never looked at again for placeholders, and never leaves the text that it stands in. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mailpoll.mentions import DIALECTS, neutralised
from mailpoll.model import Post

# What a placeholder may name.
NAMES = ("topic", "body", "subject", "sender", "address", "tag", "channel", "place", "date", "message_id", "automatic",
         "key")  # fmt: skip
# Compose made these harmless; the channel's own prefix in them is to ring.
_COMPOSED = ("topic", "body")

_MARK = re.compile(r"\{\{|\}\}|\{([^{}]{0,50})\}|[{}]")
_BREAK = "\u200b"
# Where a mention has begun: `@`, `<!`, `@**`; and where one may have, in the last word of a value.
_OPEN = re.compile(r"[@<&][!@#*_|\\]*\Z")
_OPEN_WORD = re.compile(r"[@<&]\S*\Z")
_LOOKED_AT = 300  # characters of the end of a value
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")


def problems(template: Any, path: str) -> Iterator[str]:
    """What cannot be filled, as sentences that name the key path."""
    if isinstance(template, dict):
        for name, each in template.items():
            yield from problems(each, f"{path}.{name}")
    elif isinstance(template, (list, tuple)):
        for index, each in enumerate(template):
            yield from problems(each, f"{path}[{index}]")
    elif isinstance(template, str):
        yield from (f"{path}: {reason}" for reason in _mistakes(template))
    elif not isinstance(template, (bool, int, float)):
        yield f"{path}: JSON has no dates and times. Write it as text, in quotes"


def _mistakes(text: str) -> Iterator[str]:
    for mark in _MARK.finditer(text):
        if mark[0] in "{}":
            yield f"has a lone {mark[0]}. Write {mark[0] * 2} for the character itself"
        elif mark[1] is not None and mark[1] not in NAMES:
            known = ", ".join(f"{{{name}}}" for name in NAMES)
            yield f"{mark[0]} is no placeholder. Write one of {known}; or {{{{ for a brace"


def filled(template: Any, values: Mapping[str, str], dialect: str) -> Any:
    """The template with `values` for its placeholders; what would ring for people in `dialect` is made harmless,
    where two of them meet, too."""
    if isinstance(template, dict):
        return {name: filled(each, values, dialect) for name, each in template.items()}
    if isinstance(template, (list, tuple)):
        return [filled(each, values, dialect) for each in template]
    return _filled(template, values, dialect) if isinstance(template, str) else template


def _filled(text: str, values: Mapping[str, str], dialect: str) -> str:
    pieces: list[str] = []
    end, at, of_value = "", 0, False
    for mark in _MARK.finditer(text):
        literal = text[at : mark.start()] + (mark[0][0] if mark[1] is None else "")
        at = mark.end()
        for piece, is_value in ((literal, False), ("" if mark[1] is None else values[mark[1]], True)):
            if piece:
                pieces += [_joint(end, of_value, piece, is_value) if dialect in DIALECTS else "", piece]
                end, of_value = piece[-_LOOKED_AT:], is_value
    rest = text[at:]
    if rest and dialect in DIALECTS:
        pieces.append(_joint(end, of_value, rest, False))
    return "".join([*pieces, rest])


def _joint(end: str, of_value: bool, piece: str, is_value: bool) -> str:
    """What keeps two neighbours from making a mention that neither is. The template's own words may make one."""
    if not end or end[-1].isspace() or piece[0].isspace() or not (of_value or is_value):
        return ""
    if of_value and _OPEN_WORD.search(end) and (is_value or piece[0].isalnum() or piece[0] in "!@#*_|/"):
        return _BREAK
    return _BREAK if is_value and _OPEN.search(end) else ""


def values_of(post: Post, dialect: str) -> dict[str, str]:
    """What the placeholders stand for, in a post."""
    values = {
        "topic": post.topic,
        "body": _paragraphs(post.body) if dialect == "teams" else post.body,
        "subject": post.subject,
        "sender": post.sender,
        "address": post.address,
        "tag": post.tag,
        "channel": post.channel,
        "place": post.place,
        "date": post.date.isoformat() if post.date else "",
        "message_id": post.message_id,
        "automatic": post.automatic,
        "key": post.key,
    }
    return {name: text if name in _COMPOSED else neutralised(text, dialect) for name, text in values.items()}


def _paragraphs(text: str) -> str:
    """Each line as a paragraph, but for those of a list: Teams makes one line of all lines of a paragraph in a card."""
    pieces: list[str] = []
    in_list = False
    for line in filter(str.strip, text.split("\n")):
        item = _ITEM.match(line) is not None
        if pieces:
            pieces.append("\n" if item and in_list else "\n\n")
        pieces.append(line)
        in_list = item
    return "".join(pieces)
