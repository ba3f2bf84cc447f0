"""The first text of an element, and whether it is a block of header fields, as Outlook writes over a quoted mail."""

from __future__ import annotations

import re

from mailpoll.reply.lines import header_block, read_lines
from mailpoll.reply.tree import Element

# A header block starts within this many characters, and this many nodes, of its element.
_LENGTH, _STEPS, _LABEL_STEPS = 700, 200, 8
# Blanks before the first word of a text that somebody indented.
_INDENT = 400
_BREAKING = frozenset(("br", "p", "div", "tr", "li", "table", "hr", "h1", "h2", "h3", "blockquote", "pre"))
_BOLD = frozenset(("b", "strong"))
_LABEL = re.compile(r"[^:：\n]{1,40}[:：]")
_ENOUGH_LABELS = 3


def leading_text(element: Element, length: int, *, lines: bool = False, steps: int = _STEPS, end: str = "") -> str:
    """The first `length` visible characters of an element, found in at most `steps` nodes; with `lines` broken where
    the element breaks them, or starts a header field in bold; none from the first element called `end` on."""
    found: list[str] = []
    size = 0
    work: list[Element | str] = [element]
    while work and size < length and steps:
        node = work.pop()
        steps -= 1
        if isinstance(node, str):
            text = " ".join(node[: 4 * length + _INDENT].split())
            found.append(f" {text} " if text else " ")
            size += len(text)
            continue
        if node.tag == end:
            break
        if lines and (node.tag in _BREAKING or _is_bold_field(node)):
            found.append("\n")
        work += reversed(node.children[:_STEPS])
    joined = "".join(found)
    return joined.strip()[:length] if lines else " ".join(joined.split())[:length]


def is_header_start(element: Element, steps: int = _STEPS) -> bool:
    """Whether the element's text starts with the name of a header field."""
    return read_lines(leading_text(element, 60, steps=steps))[0].kind != ""


def _is_bold_field(element: Element) -> bool:
    return element.tag in _BOLD and is_header_start(element, _LABEL_STEPS)


def has_header_block(element: Element, *, by_labels: bool = False) -> bool:
    """Whether an element starts with a block of header fields; `by_labels` in any language: bold words with colons."""
    if by_labels and _has_labels(element):
        return True
    return is_header_start(element) and block_in(leading_text(element, _LENGTH, lines=True))


def block_in(text: str) -> bool:
    """Whether a text starts with a block of header fields."""
    lines = [line for line in read_lines(text) if not line.blank]
    return bool(lines) and header_block(lines, 0) > 0


def _has_labels(element: Element) -> bool:
    """Whether some of the first nodes are bold words with a colon behind them."""
    count = 0
    work: list[Element | str] = [element]
    for _ in range(_STEPS):
        if not work or count == _ENOUGH_LABELS:
            break
        node = work.pop()
        if not isinstance(node, str):
            count += node.tag in _BOLD and bool(_LABEL.fullmatch(leading_text(node, 50, steps=_LABEL_STEPS)))
            work += reversed(node.children[:_STEPS])
    return count == _ENOUGH_LABELS
