"""A mail inside a mail → how it is shown: as one that was passed on."""

from __future__ import annotations

import html as html_entities
import re

from mailpoll.message.addresses import addresses
from mailpoll.message.headers import Block, unstructured
from mailpoll.message.senders import shown

# What reply/ knows for a forward, and keeps whole.
_SEPARATOR = "---------- Forwarded message ---------"
_FIELDS = ("From", "Date", "Subject")
_MAX_VALUE = 500

_MAX_STAND_IN = 400
_HTML_WORD = re.compile(r"\bHTML\b", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*+>")
_UNSEEN_ELEMENT = re.compile(r"<(style|script|title)\b|<!--", re.IGNORECASE)
_ENDS = {
    "": re.compile("-->"),
    **{name: re.compile(f"</{name}\\b[^<>]*+>?", re.IGNORECASE) for name in ("style", "script", "title")},
}
_BLANKS = re.compile("[\\s\u00a0\u00ad\u034f\u200b-\u200f\u2060\ufeff]+")


def forwarded_text(head: Block, text: str) -> str:
    """The text of an attached mail below the fields that say whose it is."""
    return "\n".join([_SEPARATOR, *_header_lines(head), "", text.strip("\n")])


def forwarded_html(head: Block, html: str) -> str:
    """The same for HTML."""
    lines = "<br>\n".join(map(html_entities.escape, [_SEPARATOR, *_header_lines(head)]))
    return f"<div>{lines}<br><br></div>\n{html}"


def as_html(text: str) -> str:
    """Plain text as HTML that looks the same."""
    return f"<div style='white-space: pre-wrap'>{html_entities.escape(text)}</div>"


def is_blank(html: str) -> bool:
    """Whether HTML has no text to read, whatever its elements."""
    return not _BLANKS.sub("", _seen(html))


def is_stand_in(plain: str, html: str) -> bool:
    """Whether the plain text of a mail only says that there is HTML: `To view this mail, use a program that …`."""
    if len(plain) > _MAX_STAND_IN or not _HTML_WORD.search(plain):
        return False
    said, seen = _letters(plain), _letters(_seen(html))
    return bool(seen) and said not in seen


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def _seen(html: str) -> str:
    seen = _TAG.sub(" ", _without_unseen(html))
    return html_entities.unescape(seen) if "&" in seen else seen


def _without_unseen(html: str) -> str:
    pieces: list[str] = []
    at = 0
    while found := _UNSEEN_ELEMENT.search(html, at):
        pieces.append(html[at : found.start()])
        end = _ENDS[(found[1] or "").lower()].search(html, found.end())
        if end is None:
            return "".join(pieces)
        at = end.end()
    return "".join([*pieces, html[at:]])


def _header_lines(head: Block) -> list[str]:
    lines = []
    for name in _FIELDS:
        value = head.first(name.lower())
        people = ", ".join(str(shown(person)) for person in addresses(value)[:5]) if name == "From" else ""
        line = " ".join((people or unstructured(value)).split())[:_MAX_VALUE]
        if line:
            lines.append(f"{name}: {line}")
    return lines
