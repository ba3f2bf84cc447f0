"""The line over a block quote in HTML → whether it introduces a quoted mail, or leads in to what its author cites."""

from __future__ import annotations

import re

from mailpoll.reply.attributions import COLONS
from mailpoll.reply.header_text import leading_text
from mailpoll.reply.lines import Line, attribution, read_lines, separator
from mailpoll.reply.tree import Element

# How far back from a quote the line is looked for: siblings, characters.
SIBLINGS, ATTRIBUTION = 12, 400
_BLOCKS = frozenset(("div", "p", "table", "ul", "ol", "li", "blockquote", "hr", "pre", "h1", "h2", "h3"))
# QQ's and NetEase's `------ Original ------`, whatever the word.
_RULED = re.compile(r"-{4,40}[^-]{1,40}-{4,40}")
# Horde's `Zitat von Bob <bob@example.com>:`, in whatever language.
_ADDRESSED = re.compile(r"<[^<>\s]{1,80}@[^<>\s]{1,80}> ?[:：]$")
_YEAR, _TIME = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)"), re.compile(r"(?<!\d)\d{1,2}[:.h]\d{2}(?!\d)")
_QUOTED = Line(">", ">", True)


def line_before(children: list[Element | str], end: int) -> tuple[int, str]:
    """(where it starts, text) of the last line before `end` that says anything; of all lines of a block."""
    start = end
    text = ""
    while start > max(0, end - SIBLINGS):
        node = children[start - 1]
        if isinstance(node, str):
            said, is_break = " ".join(node.split())[-ATTRIBUTION - 1 :], False
        elif node.kind:
            break
        else:
            said = leading_text(node, ATTRIBUTION + 1, lines=True)
            is_break = node.tag == "br" or node.tag in _BLOCKS
        if text and is_break:
            break
        start -= 1
        text = f"{said} {text}".strip()
        if len(text) > ATTRIBUTION or (text and is_break):
            break
    return start, text


def introduces(text: str) -> bool:
    """Whether these lines introduce a quote and do nothing else: in a language we know, or by a date, a time or an
    address, and a colon."""
    if len(text) > ATTRIBUTION:
        return False
    lines = [line for line in read_lines(text) if not line.blank]
    if attribution(lines, 0)[0] == len(lines):
        return True
    if len(lines) > 1:
        return False
    only = lines[0].plain
    if separator(lines[0]) or _RULED.fullmatch(only) or _ADDRESSED.search(only):
        return True
    signs = (_YEAR.search(only), _TIME.search(only), "@" in only)
    return only.endswith(COLONS) and sum(map(bool, signs)) >= 2


def leads_in(text: str) -> bool:
    """Whether a line ends in a colon, and is no attribution, not even one that is a name and a verb."""
    lines = [line for line in read_lines(text[-ATTRIBUTION:]) if not line.blank]
    if not lines or not lines[-1].plain.endswith(COLONS):
        return False
    return not attribution([lines[-1], _QUOTED], 0)[0]
