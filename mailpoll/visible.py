"""A stranger's text → what of it people may be shown: nothing that hides or reorders words, nothing a terminal obeys.

What scripts and emoji are built with stays: joiners where they join, direction marks, closed directional isolates,
variation selectors behind what they vary, the tags of the flags of England, Scotland and Wales.
"""

from __future__ import annotations

import re

_BLANKS = re.compile("\r\n|[\n\r\t\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def text(text: str) -> str:
    """What is shown of a text of several lines: line feeds and tabs stay, other line ends become line feeds.

    Half a surrogate pair, which no encoding can carry, becomes U+FFFD.
    """
    if text.isascii() and text.replace("\n", " ").replace("\t", " ").isprintable():
        return text
    from mailpoll import invisible  # what it looks for takes 5 ms to compile, and much text is plain ASCII

    return invisible.shown(text)


def line(text_: str) -> str:
    """What is shown of a text on one line: each line end and tab becomes a blank."""
    return text(_BLANKS.sub(" ", text_))
