"""Simple HTML → Markdown, by html2text, in linear time and space."""

from __future__ import annotations

import re

import html2text

MAX_MARKDOWN = 1_000_000
# Stands before each line of an author's citation until clients' quotes are cut.
CITED = "\ue004"
# The same before a row of a table that names "From" and "To" as a ticket does, not as a mail.
VALUE = "\ue005"
# Stand-ins that pass through html2text as letters: it takes 20 µs for each character reference.
STAND_IN_BLANK = "\ue003"
_MARKUP = {"&": "\ue000", "<": "\ue001", ">": "\ue002"}
# What html2text would put backslashes before, in code that is fenced.
ESCAPE = "\ue006"
_CODE = {"\\": ESCAPE, ".": "\ue007", "+": "\ue008", "-": "\ue009"}
_NONE = dict.fromkeys((*_MARKUP.values(), *_CODE.values(), STAND_IN_BLANK, CITED, VALUE), "")
STAND_INS = str.maketrans({**_MARKUP, **_NONE})
STAND_INS_OF_CODE = str.maketrans({**_MARKUP, **_CODE, **_NONE})
_MEANT = str.maketrans({
    **{stands: character for character, stands in (_MARKUP | _CODE).items()}, STAND_IN_BLANK: " ", "\xa0": " "
})  # fmt: skip
# What stands directly behind a word, marked or not; html2text puts a blank before it when the word is marked.
_CLINGING = frozenset(",;:'\"’”“»…%/-–—")
# The tags that markdown.py writes without attributes, which are nearly all.
_BARE_TAG = re.compile(r"<([a-z][a-z0-9]*)>")
# What html2text may escape; it looks for each of these in each piece of text by itself.
_ESCAPED = re.compile(r"[\\.+-]")
_EMPTY_LINES = re.compile(r"\n{3,}")


class _Html2Text(html2text.HTML2Text):
    """html2text, but for the blanks it puts around marked words where a line begins and before punctuation."""

    def parse_starttag(self, i: int) -> int:
        # What HTMLParser does with a tag takes ten times as long, and some mails are all lines.
        bare = _BARE_TAG.match(self.rawdata, i)
        if bare is None:
            return super().parse_starttag(i)
        self.handle_starttag(bare[1], [])
        return bare.end()

    def handle_data(self, data: str, entity_char: bool = False) -> None:
        if not self.stressed and data[:1] in _CLINGING:
            self.preceding_stressed = False
        super().handle_data(data, entity_char or _ESCAPED.search(data) is None)

    def handle_tag(self, tag: str, attrs: dict[str, str | None], start: bool) -> None:
        if tag in ("br", "p"):
            self.preceding_stressed, self.preceding_data = False, ""
        super().handle_tag(tag, attrs, start)


class _TooMuch(Exception):
    """The output limit was reached."""


def convert(simple: str) -> str:
    """The Markdown of simple HTML, by html2text."""
    pieces: list[str] = []
    size = 0

    def take(piece: str) -> None:
        nonlocal size
        pieces.append(piece)
        size += len(piece)
        if size > MAX_MARKDOWN:
            raise _TooMuch

    # Its type for `out` is a class of its own that nothing but it can be.
    converter = _Html2Text(out=take, bodywidth=0)  # type: ignore[arg-type]
    converter.unicode_snob = True
    converter.ul_item_mark = "-"
    converter.emphasis_mark = "*"
    try:
        converter.handle(simple)
    except _TooMuch:
        pass
    # Behind a list html2text leaves two empty lines.
    return _EMPTY_LINES.sub("\n\n", "".join(pieces)).translate(_MEANT).strip("\n")


def shown(text: str) -> str:
    """A text without the marks that kept citations and values from being cut."""
    return text.replace(CITED, "> ").replace(VALUE, "")
