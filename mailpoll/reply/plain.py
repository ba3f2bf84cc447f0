"""A plain-text body → its new text and what was cut."""

from __future__ import annotations

import re

from mailpoll.model import Cut
from mailpoll.reply.endings import without_endings
from mailpoll.reply.lines import Line, read_lines
from mailpoll.reply.quotes import with_quotes, without_last_quote, without_quotes
from mailpoll.reply.verbatim import shielded

# More than two together are left out at the end anyway; a mail of nothing else should cost nothing.
_BLANK_LINES = re.compile(r"\n{4,}")


def cut_plain(
    text: str, *, include_quotes: bool = False, include_footer: bool = False, markdown: bool = False
) -> tuple[str, tuple[Cut, ...]]:
    """(new text, cuts). Never empty when the text was not: then everything is new. `markdown` undoes its escapes."""
    text = _BLANK_LINES.sub("\n\n\n", text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = shielded(read_lines(text, markdown), text)
    sorted_ = with_quotes(lines) if include_quotes else without_quotes(lines, cited=not markdown)
    if not include_footer:
        sorted_ = without_endings(sorted_)
    if not include_quotes and not sorted_.forwarded:
        sorted_ = without_last_quote(sorted_)
    new = tidy(sorted_.kept + sorted_.forwarded)
    if not new.strip():
        return text.strip("\n").rstrip(), ()
    return new, sorted_.cuts_in_order(lines)


def tidy(lines: list[Line]) -> str:
    """The lines as text: no blank lines at either end, at most two together inside."""
    out: list[str] = []
    blanks = 0
    for line in lines:
        blanks = blanks + 1 if line.blank else 0
        if blanks <= 2:
            out.append(line.text.rstrip())
    return "\n".join(out).strip("\n").rstrip()
