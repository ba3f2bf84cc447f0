"""Markdown, line by line: what each line is, how deep it is quoted, what it says.

The Markdown is our own (reply/markdown.py): no mark goes over the end of a line, and no line is part of a quote
because the one above it was, so that nobody's answer is shown as somebody else's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

LineKind = Literal["text", "blank", "heading", "rule", "item", "fence", "code", "row", "delimiter"]

MAX_DEPTH = 8

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})([^`\n]*)\Z")
_QUOTE = re.compile(r" {0,3}>[ ]?")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+|\Z)")
_ROW, _DELIMITER = re.compile(r"\|.*\|[ ]*\Z"), re.compile(r"\|(?:---\|)+[ ]*\Z")
_BAR = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r" {0,3}(?:\*[ \t]*){3,}\Z| {0,3}(?:-[ \t]*){3,}\Z| {0,3}(?:_[ \t]*){3,}\Z")
_ITEM = re.compile(r"([ \t]{0,40})([-*+]|[0-9]{1,9}[.)])[ \t]+(?=\S)")


class Line(NamedTuple):
    """A line: `depth` quotes around it; `mark`: the hashes of a heading, the bullet or number of an item, the fence;
    `indent`: blanks before an item's mark; `text`: what is left, with its marks unread (of `code`: as it is). Of a
    table the rows, and the delimiter below the first one, are as they are: cells() takes them apart."""

    kind: LineKind
    depth: int
    indent: int
    mark: str
    text: str


def lines(markdown: str) -> Iterator[Line]:
    """The lines of a text. A fence that is not closed ends with the text."""
    fence = ""
    in_table = False
    all_ = markdown.split("\n")
    for number, line in enumerate(all_):
        in_table = not fence and _in_table(all_, number, in_table)
        if in_table:
            yield Line("delimiter" if _DELIMITER.match(line) else "row", 0, 0, "", line.rstrip())
            continue
        found = FENCE.match(line)
        if fence:
            closes = found and found[1].startswith(fence) and not found[2].strip()
            yield Line("fence" if closes else "code", 0, 0, fence if closes else "", "" if closes else line)
            fence = "" if closes else fence
        elif found:
            fence = found[1]
            yield Line("fence", 0, 0, fence, found[2].strip())
        else:
            yield _line(line)


def cells(row: str) -> list[str]:
    """The cells of a row, as inline Markdown."""
    return [cell.strip().replace("\\|", "|") for cell in _BAR.split(row.strip())[1:-1]]


def _in_table(all_: list[str], number: int, before: bool) -> bool:
    """Whether a line is part of a table: its headers, the delimiter that makes them such, or a row below."""
    if before:
        return _ROW.match(all_[number]) is not None
    below = all_[number + 1] if number + 1 < len(all_) else ""
    return _DELIMITER.match(below) is not None and _ROW.match(all_[number]) is not None


def _line(line: str) -> Line:
    depth = 0
    while depth < MAX_DEPTH and (quote := _QUOTE.match(line)):
        depth += 1
        line = line[quote.end() :]
    if not line.strip():
        return Line("blank", depth, 0, "", "")
    if heading := _HEADING.match(line):
        return Line("heading", depth, 0, heading[1], line[heading.end() :].rstrip(" \t#"))
    if _RULE.match(line):
        return Line("rule", depth, 0, "", "")
    if item := _ITEM.match(line):
        return Line("item", depth, len(item[1].expandtabs(4)), item[2], line[item.end() :].rstrip())
    return Line("text", depth, 0, "", line.rstrip())
