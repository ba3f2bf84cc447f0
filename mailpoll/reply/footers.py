"""What stands below the last rule of a text → whether a mailing list or a forge put it there, and where."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mailpoll.reply import languages
from mailpoll.reply.lines import Line, is_rule
from mailpoll.reply.small_print import is_notice
from mailpoll.reply.words import LIST_FOOTERS

MAX_LINES = 24
MAX_ADVERTISEMENT = 6
# People draw shorter ones, under headings and between passages.
LONG_RULE = 20
WIDE_RULE = 60

_LINK = re.compile(r"https?://|www\.|[^\s<>@]@[^\s<>@]{2}")
_BY_A_PERSON = re.compile(r"\b(?:I|me|I'(?:m|ve|ll))\b")
_SENTENCE = re.compile(r"[^\W\d_]{2}[)\"'”]?[.!?](?:\s|$)|[。！？]")
_WORDS = (*languages.LIST_FOOTER_WORDS, *LIST_FOOTERS)
# Of clients, and of GitHub: `—`.
_DELIMITERS = ("--", "—", "– –")


def footer_start(lines: Sequence[Line]) -> int | None:
    """The index of the rule from which on a text is a list's footer, with an advertisement above it; or None."""
    end = len(lines)
    while end and (lines[end - 1].blank or is_rule(lines[end - 1])):  # Groups.io closes with one too
        end -= 1
    low = max(0, end - 3 * MAX_LINES)
    rules = [index for index in range(low, end) if is_rule(lines[index]) or lines[index].plain == "—"]
    if not rules or not _is_footer(lines[rules[-1]], lines[rules[-1] + 1 : end]):
        return None
    first = rules[-1]
    for index in reversed(rules[:-1]):
        if lines[index].plain in _DELIMITERS or not _is_advertisement(lines, index, first):
            break
        first = index
    return first


def _is_footer(rule: Line, below: Sequence[Line]) -> bool:
    """Whether no paragraph below a rule is a person's, and one speaks as lists do."""
    if sum(not line.blank for line in below) > MAX_LINES:
        return False
    paragraphs = _paragraphs(below)
    if not all(_may_be_machines(paragraph) for paragraph in paragraphs):
        return False
    text = _text(below)
    said = sum(word in text.lower() for word in _WORDS)
    if said > 1 or any(map(is_notice, paragraphs)):
        return True
    drawn = rule.plain in _DELIMITERS or len(rule.plain) >= LONG_RULE or set(rule.plain) == {"_"}
    return said == 1 and drawn and not below[0].blank and _LINK.search(text) is not None


def _may_be_machines(paragraph: Sequence[Line]) -> bool:
    """Whether a paragraph has a link, an address or a list's word, or no sentence; and no "I"."""
    text = _text(paragraph)
    if _BY_A_PERSON.search(text):
        return False
    return not _SENTENCE.search(text) or bool(_LINK.search(text)) or any(word in text.lower() for word in _WORDS)


def _paragraphs(lines: Sequence[Line]) -> list[list[Line]]:
    found: list[list[Line]] = [[]]
    for line in lines:
        if not line.blank:
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [paragraph for paragraph in found if paragraph]


def _text(lines: Sequence[Line]) -> str:
    return " ".join(line.plain for line in lines)


def _is_advertisement(lines: Sequence[Line], upper: int, lower: int) -> bool:
    """Whether nothing stands between two rules, or what SourceForge and Yahoo sold: below a wide rule that underlines
    nothing, without a blank line, and with a link."""
    between = lines[upper + 1 : lower]
    if all(line.blank for line in between):
        return True
    if len(between) > MAX_ADVERTISEMENT or any(line.blank for line in between):
        return False
    apart = upper == 0 or lines[upper - 1].blank
    return apart and len(lines[upper].plain) >= WIDE_RULE and _LINK.search(_text(between)) is not None
