"""The lines a person wrote → those without signature, telephone line, disclaimer, list footer and banner.

From the end upwards, in rounds: what one machine added stands below what another did.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from mailpoll.model import CutKind
from mailpoll.reply.footers import footer_start
from mailpoll.reply.lines import Line, is_link_only, is_rule
from mailpoll.reply.quotes import Sorted
from mailpoll.reply.sign_offs import FOOTNOTE, contact_block, dashed_name, is_contact, is_postscript, looks_signed
from mailpoll.reply.small_print import (
    banner_end,
    is_heading,
    is_notice,
    is_sent_from,
    may_be_small_print,
    small_print_start,
)

# RFC 3676 §4.3, and what becomes of it on the way: without its blank, as a dash, as Markdown.
DELIMITERS = ("--", "—", "– –")
OTHER_DELIMITERS = ("__", "–", "*--*", "**--**", "- -", "~~")
MAX_AFTER_SENT_FROM = 3
MAX_AFTER_RULE = 12
# How far up from the end lines of telephones, and how many paragraphs of small print, are looked for.
MAX_LAST_LINES = 60
MAX_SMALL_PRINT = 20
MAX_ROUNDS = 4

_REFERENCE = re.compile(r"\[(\d{1,3})\]")
# Six words and a full stop: nobody signs with them.
_CLAUSES = re.compile(r"^(?:\S+ ){5,40}\S*[^\W\d_][.!?]$")


def without_endings(sorted_: Sorted) -> Sorted:
    """The lines without what machines and habits add round a text. Nothing is taken that would leave nothing."""
    _drop_banner(sorted_)
    _drop_first_sent_from(sorted_)
    drops: tuple[Callable[[Sorted], None], ...] = (
        _drop_last_rules,
        _drop_footer,
        _drop_small_print,
        _drop_signature,
        _drop_framed,
        _drop_rule,
        _drop_sent_from,
        _drop_contacts,
        _drop_dashed_name,
    )
    for _ in range(MAX_ROUNDS):
        before = len(sorted_.kept)
        for drop in drops:
            drop(sorted_)
        if len(sorted_.kept) == before:
            break
    return sorted_


def signature_start(lines: Sequence[Line]) -> int | None:
    """The index of the signature delimiter `-- ` (RFC 3676 §4.3), or None.

    Only when there is exactly one: two of them are how people set off a passage, and then nothing may go.
    """
    marks = [index for index, line in enumerate(lines) if line.plain in DELIMITERS]
    return marks[0] if len(marks) == 1 else None


def _cut(sorted_: Sorted, kind: CutKind, at: int, end: int | None = None) -> None:
    """Moves lines [at:end] to the cuts unless nothing would be left."""
    end = len(sorted_.kept) if end is None else end
    if all(line.blank for index, line in enumerate(sorted_.kept) if not at <= index < end):
        return
    cut = sorted_.kept[at:end]
    notes = footnotes(sorted_.kept[:at], cut)
    said = next((line for line in cut if not (line.blank or is_rule(line))), None)
    if notes and said is notes[0]:
        return  # the rule is theirs
    kept = {id(line) for line in notes}
    sorted_.cut(kind, [line for line in cut if id(line) not in kept])
    sorted_.kept[at:end] = notes


def footnotes(above: Sequence[Line], below: Sequence[Line]) -> list[Line]:
    """The lines `[1] https://…` among those that are to be cut, when the text above refers to one."""
    notes = [(line, match[1]) for line in below if (match := FOOTNOTE.match(line.plain))]
    if not notes:
        return []
    named = {number for line in above for number in _REFERENCE.findall(line.plain)}
    return [line for line, _ in notes] if any(number in named for _, number in notes) else []


def _end(lines: Sequence[Line]) -> int:
    """The index below the last line that is not blank."""
    end = len(lines)
    while end and lines[end - 1].blank:
        end -= 1
    return end


def _drop_banner(sorted_: Sorted) -> None:
    """A gateway's warning over mail from outside."""
    found = banner_end(sorted_.kept)
    if found:
        _cut(sorted_, "banner", *found)


def _drop_signature(sorted_: Sorted) -> None:
    """What stands below the delimiter, but for a postscript."""
    lines = sorted_.kept
    at = signature_start(lines)
    if at is None:
        others = [index for index, line in enumerate(lines) if line.plain in OTHER_DELIMITERS]
        at = others[0] if len(others) == 1 else None
    if at is not None and _is_signature(lines, at):
        _cut(sorted_, "signature", at, next((i for i in range(at + 1, len(lines)) if is_postscript(lines[i])), None))


def _is_signature(lines: Sequence[Line], at: int) -> bool:
    """Whether a signature stands below a delimiter. `-- ` clients write, `--` and dashes people type too."""
    plain = lines[at].plain
    return not _sets_off_prose(lines, at) if plain in DELIMITERS and plain != "—" else looks_signed(lines[at + 1 :])


def _sets_off_prose(lines: Sequence[Line], at: int) -> bool:
    """Whether long lines stand below a delimiter, none of a signature: then it parts two passages.

    `-- ` with its blank is what clients write, `--` is what people type too.
    """
    below = [line.plain for line in lines[at + 1 :] if not line.blank]
    prose = sum(len(plain) > 50 and plain[-1:] in ".!?" for plain in below)
    return not lines[at].text.startswith("-- ") and prose >= 3 and not looks_signed(lines[at + 1 : at + 6])


def _drop_footer(sorted_: Sorted) -> None:
    """What stands below a last rule or delimiter, when it speaks as mailing lists do."""
    at = footer_start(sorted_.kept)
    if at is not None:
        _cut(sorted_, "footer", at)


def _drop_rule(sorted_: Sorted) -> None:
    """What stands below the only rule of underscores or dashes, when it is a signature."""
    rules = [i for i, line in enumerate(sorted_.kept) if is_rule(line) and line.plain not in ("--", "—", "\u1427")]
    if len(rules) != 1:
        return
    at = rules[0]
    below = sorted_.kept[at + 1 :]
    plain = sorted_.kept[at].plain
    drawn = set(plain) <= set("_ -") and len(plain) >= 3 and (" " not in plain or set(plain.split()) == {"-"})
    apart = at == 0 or sorted_.kept[at - 1].blank
    if not drawn or not below or (below[0].blank and not apart):
        return
    if looks_signed(below, strictly=not apart) or (apart and _is_underscored(plain, below)):
        _cut(sorted_, "signature", at)


def _is_underscored(rule: str, below: Sequence[Line]) -> bool:
    """A long line of underscores with a line or two right below it: old clients' signature."""
    short = len(below) <= MAX_AFTER_SENT_FROM and all(len(line.plain) <= 80 for line in below)
    prose = any(_CLAUSES.search(line.plain) for line in below)
    return set(rule) == {"_"} and len(rule) >= 10 and short and not prose and not below[0].blank


def _drop_framed(sorted_: Sorted) -> None:
    """A contact block between two rules at the very end, as in Japan."""
    lines = sorted_.kept
    end = _end(lines)
    if not end or not is_rule(lines[end - 1]):
        return
    low = max(0, end - MAX_AFTER_RULE - 2)
    above = next((index for index in range(end - 2, low, -1) if is_rule(lines[index])), None)
    if above and lines[above - 1].blank and is_contact(lines[above + 1 : end - 1]):
        _cut(sorted_, "signature", above)


def _drop_last_rules(sorted_: Sorted) -> None:
    """Rules at the very end set nothing off any more, once what stood below them is gone."""
    end = len(sorted_.kept)
    while end and (
        sorted_.kept[end - 1].blank
        or sorted_.kept[end - 1].plain in DELIMITERS
        or (is_rule(sorted_.kept[end - 1]) and "+" not in sorted_.kept[end - 1].plain)
    ):
        end -= 1
    if end and sorted_.cuts and any(not line.blank for line in sorted_.kept[end:]):
        _cut(sorted_, "footer", end)


def _drop_first_sent_from(sorted_: Sorted) -> None:
    """The line of a telephone that sets it above the text."""
    lines = sorted_.kept
    first = next((index for index, line in enumerate(lines) if not line.blank), len(lines))
    alone = first + 1 < len(lines) and lines[first + 1].blank and not lines[first].plain.endswith(",")
    if alone and is_sent_from(lines[first]):
        _cut(sorted_, "signature", first, first + 1)


def _drop_sent_from(sorted_: Sorted) -> None:
    """The line of a telephone or client, when at most a few lines follow."""
    seen = 0
    for index in range(len(sorted_.kept) - 1, max(-1, len(sorted_.kept) - 1 - MAX_LAST_LINES), -1):
        line = sorted_.kept[index]
        if line.blank:
            continue
        if is_sent_from(line):
            _cut(sorted_, "signature", index)
            seen = 0
            continue
        seen += 1
        if seen > MAX_AFTER_SENT_FROM:
            return


def _drop_small_print(sorted_: Sorted) -> None:
    """The last paragraphs, as long as they are legal small print, a scanner's line or a subscription's."""
    _drop_below_heading(sorted_)
    for _ in range(MAX_SMALL_PRINT):
        before = len(sorted_.kept)
        _drop_last_paragraph(sorted_)
        _drop_last_rules(sorted_)
        if len(sorted_.kept) == before:
            return


def _drop_last_paragraph(sorted_: Sorted) -> None:
    """The last paragraph, if no person wrote it; with the one above when it is but its link."""
    lines = sorted_.kept
    start = _paragraph(lines, _end(lines))
    above = _paragraph(lines, _end(lines[:start]))
    if (
        all(is_link_only(line) or line.plain.startswith("www.") for line in lines[start : _end(lines)])
        and above < start
    ):
        start = above if is_notice([line for line in lines[above:] if not line.blank]) else start
    paragraph = [line for line in lines[start:] if not line.blank]
    if is_notice(paragraph):
        _cut(sorted_, "footer", start)
    elif (first := small_print_start(paragraph)) is not None:
        _cut(sorted_, "disclaimer", start + first)
    elif may_be_small_print(paragraph):  # the second paragraph of some, a word of which says so
        paragraph = [line for line in lines[above:start] if not line.blank]
        first = small_print_start(paragraph)
        if first is not None:
            _cut(sorted_, "disclaimer", above + first)


def _paragraph(lines: Sequence[Line], end: int) -> int:
    """Where the paragraph that ends at `end` starts."""
    while end and not lines[end - 1].blank:
        end -= 1
    return end


def _drop_below_heading(sorted_: Sorted) -> None:
    """`Disclaimer:` and all that stands below it, when that starts as small print does."""
    lines = sorted_.kept
    for at in range(max(0, len(lines) - MAX_LAST_LINES), len(lines)):
        starts = at == 0 or lines[at - 1].blank or is_rule(lines[at - 1])
        if starts and is_heading(lines[at]) and small_print_start(lines[at : at + MAX_AFTER_RULE]) is not None:
            _cut(sorted_, "disclaimer", at)
            return


def _drop_contacts(sorted_: Sorted) -> None:
    """A sign-off, its name, and telephone numbers, addresses and titles below."""
    found = contact_block(sorted_.kept)
    if found:
        _cut(sorted_, "signature", *found)


def _drop_dashed_name(sorted_: Sorted) -> None:
    """`-Jane`, when it stood above something that was cut: alone it may be who said what is quoted."""
    at = dashed_name(sorted_.kept) if sorted_.cuts else None
    if at is not None:
        _cut(sorted_, "signature", at)
