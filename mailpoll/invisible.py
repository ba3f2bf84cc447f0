"""What hides or reorders words in a text, and the text without it; visible.py says what that is for."""

from __future__ import annotations

import re

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Control characters; soft hyphens, zero-width spaces, fillers and other characters without a shape; noncharacters.
# Characters that this Python does not know stay: each year brings new emoji.
_HIDING = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\xad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2065\u206a-\u206f"
    "\u202d\u202e\u3164\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0080-\U000e00ff\U000e01f0-\U000e0fff"
    + "".join(chr(plane + 0xFFFE) + chr(plane + 0xFFFF) for plane in range(0x10000, 0x110000, 0x10000))
    + "]+"
)
_HALVES = re.compile("[\ud800-\udfff]")
_TAGS = re.compile(
    "(\U0001f3f4\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074"
    "|\U000e0077\U000e006c\U000e0073)\U000e007f)|[\U000e0000-\U000e007f]+"
)
_SELECTORS = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
# One behind what can vary: digits (keycaps), symbols, Mongolian, ideographs. Rows of them carry hidden text.
_SELECTED = re.compile(
    "(?<=[0-9#*\xa9\xae\u1800-\u180a\u1810-\u18af\u203c\u2049\u2100-\ufdff\U00010000-\U000dffff])"
    f"([{_SELECTORS}])[{_SELECTORS}]*|[{_SELECTORS}]+"
)
# One behind a character of a script that joins, or an emoji: never in Latin, Greek or Cyrillic, where it parts words.
_JOINED = re.compile(
    "(?<=[\u0590-\u060b\u060d-\u061b\u061d-\u167f\u1681-\u1fff\u20d0-\u20ff\u2190-\u2fff\u3001-\ufefe"
    "\U00010000-\U000dffff])([\u200c\u200d])[\u200c\u200d]*|[\u200c\u200d]+"
)
# What there is to look at in none of the mails that have nothing to hide.
_SUSPECT = re.compile(
    f"{_HIDING.pattern[:-2]}\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029\u200c\u200d\u202a-\u202e\u2066-\u2069{_SELECTORS}"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_DIRECTIONS = re.compile("[\u202a-\u202c\u2066-\u2069]")
_EMBEDDING, _POP_EMBEDDING, _POP_ISOLATE = "\u202a\u202b", "\u202c", "\u2069"
# Nobody writes deeper; the Unicode algorithm ends at 125.
_MAX_OPEN = 60


def shown(text: str) -> str:
    """As visible.text(), of any text."""
    if _SUSPECT.search(text) is None:
        return text
    clean = _HIDING.sub("", _LINE_ENDS.sub("\n", text))
    clean = _HALVES.sub("\ufffd", _TAGS.sub(_first, clean))
    clean = _JOINED.sub(_first, _SELECTED.sub(_first, clean))
    if _DIRECTIONS.search(clean) is None:
        return clean
    return "\n".join(_closed(each) for each in clean.split("\n"))


def _first(found: re.Match[str]) -> str:
    return found[1] or ""


def _closed(one: str) -> str:
    """A line (a paragraph of the bidirectional algorithm, UAX #9) with those embeddings and isolates that it closes."""
    open_: list[tuple[str, int]] = []
    kept: set[int] = set()
    for found in _DIRECTIONS.finditer(one):
        mark, at = found[0], found.start()
        if mark not in (_POP_EMBEDDING, _POP_ISOLATE):
            if len(open_) < _MAX_OPEN:
                open_.append((mark, at))
        elif open_ and (open_[-1][0] in _EMBEDDING) == (mark == _POP_EMBEDDING):
            kept |= {open_.pop()[1], at}
    return _DIRECTIONS.sub(lambda found: found[0] if found.start() in kept else "", one)
