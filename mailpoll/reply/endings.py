"""The lines a person wrote → those without signature, telephone line, disclaimer, list footer and banner."""

from __future__ import annotations

import re

from mailpoll.reply import languages
from mailpoll.reply.lines import Line, is_rule
from mailpoll.reply.quotes import Sorted

# "Sent from my desk, is much easier": a sentence, no telephone speaks so.
_CLAUSE = re.compile(r"^\w+ \w+ \w+ [a-z]+, [a-z]")
MAX_SENT_FROM = 140
MAX_AFTER_SENT_FROM = 3
MAX_AFTER_RULE = 12
# How far up from the end lines of telephones, and how many paragraphs of small print, are looked for.
MAX_LAST_LINES = 60
MAX_SMALL_PRINT = 20
SMALL_PRINT_FROM = 60


def without_endings(sorted_: Sorted) -> Sorted:
    """The lines without what machines and habits add round a text. Nothing is taken that would leave nothing."""
    _drop_banner(sorted_)
    for drop in (
        _drop_last_rules,
        _drop_signature,
        _drop_rule,
        _drop_small_print,
        _drop_sent_from,
        _drop_small_print,
        _drop_last_rules,
    ):
        drop(sorted_)
    return sorted_


def signature_start(lines: list[Line]) -> int | None:
    """The index of the signature delimiter `-- ` (RFC 3676 §4.3), or None.

    Only when there is exactly one: two of them are how people set off a passage, and then nothing may go.
    """
    marks = [index for index, line in enumerate(lines) if line.plain in ("--", "—", "– –")]
    return marks[0] if len(marks) == 1 else None


def _cut_from(sorted_: Sorted, at: int, kind: str, end: int | None = None) -> None:
    """Moves lines [at:end] to the cuts unless nothing would be left above them."""
    first = next((index for index, line in enumerate(sorted_.kept) if not line.blank), at)
    if first >= at and end is None:
        return
    cut = sorted_.kept[at:end]
    if kind == "signature":
        sorted_.cut("signature", cut)
    elif kind == "disclaimer":
        sorted_.cut("disclaimer", cut)
    elif kind == "banner":
        sorted_.cut("banner", cut)
    else:
        sorted_.cut("footer", cut)
    del sorted_.kept[at:end]


def _drop_banner(sorted_: Sorted) -> None:
    """A gateway's warning over mail from outside is the first paragraph."""
    first = next((index for index, line in enumerate(sorted_.kept) if not line.blank), None)
    if first is None or not sorted_.kept[first].plain.lower().lstrip("*_ ").startswith(languages.BANNER_STARTS):
        return
    end = next((i for i in range(first, len(sorted_.kept)) if sorted_.kept[i].blank), len(sorted_.kept))
    if any(not line.blank for line in sorted_.kept[end:]):
        _cut_from(sorted_, first, "banner", end)


def _drop_signature(sorted_: Sorted) -> None:
    at = signature_start(sorted_.kept)
    if at is not None:
        _cut_from(sorted_, at, "signature")


def _drop_rule(sorted_: Sorted) -> None:
    """What stands below a last rule of underscores or dashes: a list's footer or a signature, when it is short."""
    rules = [i for i, line in enumerate(sorted_.kept) if is_rule(line) and line.plain not in ("--", "—", "\u1427")]
    if not rules:
        return
    at = rules[-1]
    below = [line for line in sorted_.kept[at + 1 :] if not line.blank]
    small = " ".join(line.plain.lower() for line in below)
    if any(word in small for word in languages.LIST_FOOTER_WORDS) and len(below) <= 2 * MAX_AFTER_RULE:
        first = next((i for i in rules if at - i < MAX_AFTER_RULE), at)
        _cut_from(sorted_, first, "footer")
    elif not below or (len(rules) == 1 and _is_signature(sorted_.kept, at, below)):
        _cut_from(sorted_, at, "signature")


def _is_signature(lines: list[Line], at: int, below: list[Line]) -> bool:
    """Whether the short lines below a rule are a signature: an empty line above it, or it underlines a heading."""
    drawn = set(lines[at].plain) <= set("_ -") and len(lines[at].plain) >= 3
    return drawn and len(below) <= MAX_AFTER_RULE and (at == 0 or lines[at - 1].blank or len(lines[at].plain) == 3)


def _drop_last_rules(sorted_: Sorted) -> None:
    """Rules at the very end set nothing off any more."""
    end = len(sorted_.kept)
    while end and (sorted_.kept[end - 1].blank or is_rule(sorted_.kept[end - 1])):
        end -= 1
    if end and any(not line.blank for line in sorted_.kept[end:]):
        _cut_from(sorted_, end, "footer")


def _drop_sent_from(sorted_: Sorted) -> None:
    """The line of a telephone or client, when at most a few lines follow."""
    seen = 0
    for index in range(len(sorted_.kept) - 1, max(-1, len(sorted_.kept) - 1 - MAX_LAST_LINES), -1):
        line = sorted_.kept[index]
        if line.blank:
            continue
        if is_sent_from(line):
            _cut_from(sorted_, index, "signature")
            seen = 0
            continue
        seen += 1
        if seen > MAX_AFTER_SENT_FROM:
            return


def is_sent_from(line: Line) -> bool:
    """`Sent from my iPhone` and its like in the languages of telephones."""
    lowered = line.plain.lower().lstrip("*_[(-— ")
    if not 6 <= len(lowered) <= MAX_SENT_FROM:
        return False
    ends = lowered.rstrip(".!*_]) ")
    if lowered.startswith(languages.SENT_FROM_NAMED):
        rest = line.plain.lstrip("*_[(-— ").split(" ", 2)[2]
        if not rest[:1].isupper() and not lowered.split(" ", 2)[2].startswith(languages.SENT_FROM_NOUNS):
            return rest[:1] == "["
    if _CLAUSE.search(line.plain):
        return False
    return lowered.startswith((*languages.SENT_FROM, *languages.SENT_FROM_NAMED)) or ends.endswith(
        languages.SENT_FROM_ENDS
    )


def _drop_small_print(sorted_: Sorted) -> None:
    """The last paragraphs, as long as they are legal small print or a list's footer."""
    for _ in range(MAX_SMALL_PRINT):
        end = len(sorted_.kept)
        while end and sorted_.kept[end - 1].blank:
            end -= 1
        start = end
        while start and not sorted_.kept[start - 1].blank:
            start -= 1
        before = len(sorted_.kept)
        if start < end and is_small_print(sorted_.kept[start:end]):
            _cut_from(sorted_, start, "disclaimer")
        if len(sorted_.kept) == before:
            return


def is_small_print(paragraph: list[Line]) -> bool:
    """Whether a paragraph is a confidentiality notice or the like."""
    text = " ".join(line.plain for line in paragraph)[:5000].lower()
    if len(text) < SMALL_PRINT_FROM:
        return False
    return any(sum(word in text for word in row) >= 2 for row in languages.DISCLAIMER_WORDS)
