"""One line, or a few, of plain text → what kind of line it is: quoted, attribution, separator, header block."""

from __future__ import annotations

import re
import unicodedata

from msgspec import Struct

from mailpoll.reply import languages
from mailpoll.reply.attributions import (
    COLONS,
    between_rules,
    folded,
    has_verb,
    is_dated,
    is_plain,
    is_timed,
    judge,
    may_begin,
    opens,
    opens_by_word,
)

# An attribution line is never longer, nor wrapped over more lines.
MAX_ATTRIBUTION = 400
MAX_ATTRIBUTION_LINES = 6
MAX_BLOCK_LINES = 25

_INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_MARKDOWN_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!>|])")
_QUOTED = re.compile(r"\s{0,8}(?:[A-Z]{1,3})?>")
_EMAIL = re.compile(r"[^\s<>@\"():,;]@[^\s<>@\"():,;]{2}")
_OPEN_ADDRESS = re.compile(r"<[^<>\s]{1,80}@[^<>\s]{1,100}$")
_FROM_NINE = re.compile(r"[^:：]{1,30}[:：][ *_]{0,4}\d{1,2}[:.h]\d\d")
_RFC_TIME = re.compile(r"\d\d:\d\d:\d\d [+-]\d{4}")
_RULE = re.compile(r"[-_=*~—–─‐‑#+ ]{2,80}|\u1427")  # U+1427 is the mark of a tracking extension for Gmail
# Notes: `Jane Roe ---04/03/2024 09:15:12---the first words of the mail`.
_NOTES = re.compile(r"[^-]{1,80}---\d{1,4}[./-]\d{1,2}[./-]\d{1,4} \d{1,2}[:.]\d\d")
# Samsung and other telephones lose the line break: `-------- Original message --------From: Jane Roe …`.
_SHARED = re.compile(r"-{4,40} ?([^-]{4,60}?) ?-{4,40} ?([^:：]{1,30}[:：])")
# "Please reply above this line, it says": a person's, who goes on in the same sentence.
_ASIDE = re.compile(r"[^\W\d_].*[^\W\d_], (?:[^\W\d_]+ ){1,4}[^\W\d_]+[.!]?$")
_LINK_STARTS = ("http://", "https://", "mailto:", "_nonce")
# Phrases that may be in a line of ASCII, or not of ASCII, and the length of the shortest: lines are many, and short.
_ABOVE = {
    ascii_: (min(map(len, some)), some)
    for ascii_, some in (
        (True, tuple(filter(str.isascii, languages.REPLY_ABOVE))),
        (False, languages.REPLY_ABOVE),
    )
}
_FIELD_KINDS = {name: kind for kind, names in languages.HEADER_NAMES.items() for name in names}
# Field names inside a line, where a client made one line of a block.
_INNER_FIELD = re.compile(r"(?:^|[\s*])(\w[\w ]{0,20}?)\s?\*{0,2}[:：]")


class Line(Struct, frozen=True):
    """A line as it came, as it is compared (visible characters, lower-case, Markdown escapes undone), whether it is
    quoted, and which header field it looks like ("from", "date", "to", "subject" or "")."""

    text: str
    plain: str
    quoted: bool
    kind: str = ""

    @property
    def blank(self) -> bool:
        """Nothing to see."""
        return not self.plain


def read_lines(text: str, markdown: bool = False) -> list[Line]:
    """The lines of a text with their labels' raw material."""
    lines = [_line(line, markdown) for line in text.split("\n")]
    for at, line in enumerate(lines):
        if line.quoted and not _is_quoted(lines, at):
            lines[at] = Line(line.text, line.plain, False, line.kind)
    return lines


def _line(text: str, markdown: bool) -> Line:
    visible = text
    if not text.isascii():
        # macOS and some telephones write letters and their accents apart.
        visible = unicodedata.normalize("NFC", _INVISIBLE.sub("", text[:4000]).replace("\xa0", " "))
    if markdown:
        visible = _MARKDOWN_ESCAPE.sub(r"\1", visible)
    plain = " ".join(visible[:2000].split())
    return Line(text, plain, bool(_QUOTED.match(visible)), field_kind(plain))


def _is_quoted(lines: list[Line], at: int) -> bool:
    """Whether the mark at the start of a line is a quote's: neither `>> see below <<` nor the end of a broken
    attribution, `… <jane@example.com` / `> wrote:`."""
    plain = lines[at].plain
    if plain.endswith("<"):
        return at + 1 < len(lines) and lines[at + 1].quoted
    if _is_groupwise(plain[-MAX_ATTRIBUTION:]):
        return False
    if not at or lines[at - 1].quoted or lines[at - 1].blank or "@" not in lines[at - 1].plain:
        return True
    if _OPEN_ADDRESS.search(lines[at - 1].plain[-MAX_ATTRIBUTION:]):
        return False
    rest = plain[:MAX_ATTRIBUTION].lstrip("> ")
    closes = rest.endswith(COLONS) and len(plain) <= 40 and len(rest.split()) <= 5
    return not closes or not (rest in COLONS or has_verb(folded(rest)))


def is_rule(line: Line) -> bool:
    """A line of dashes, underscores or the like: no words."""
    return _RULE.fullmatch(line.plain) is not None


def is_link_only(line: Line) -> bool:
    """A link that a client broke out of the line it stood in."""
    bare = line.plain.strip("<>()[] ")
    return bare.startswith(_LINK_STARTS) and " " not in bare


def separator(line: Line) -> str:
    """ "forward", "original" or "above" for a line that announces another mail by a fixed phrase, else ""."""
    if not 3 < len(line.plain) < (MAX_ATTRIBUTION if line.plain.startswith("---") else 160):
        return ""
    lowered = folded(line.plain)
    if _is_groupwise(lowered) or _NOTES.match(lowered):
        return "original"
    shortest, above = _ABOVE[lowered.isascii()]
    if shortest <= len(lowered) < 120 and any(phrase in lowered for phrase in above):
        return "" if _ASIDE.match(lowered) else "above"
    if lowered.startswith("---") and (shared := _SHARED.match(lowered)) and field_kind(shared[2]):
        return "forward" if shared[1].startswith(languages.FORWARDED) else "original"
    inner = between_rules(lowered)
    if not inner and not lowered.rstrip("*_ ").endswith(COLONS):
        return ""
    words = (inner or lowered).strip(" -_=*:：>[]")
    if words.startswith(languages.FORWARDED):
        return "forward"
    if inner and len(words) < 60 and any(phrase in words for phrase in languages.ORIGINAL):
        return "original"
    return "original" if words in languages.ORIGINAL else ""


def _is_groupwise(lowered: str) -> bool:
    """Whether a line is GroupWise's `>>> Jane Roe <jane@example.com> 3/4/2024 9:15 AM >>>`."""
    return lowered.endswith(" >>>") and is_dated(lowered) and is_timed(lowered)


def attribution(lines: list[Line], at: int) -> tuple[int, bool]:
    """(number of lines, sure) of the attribution that starts at line `at`; 0 lines when none does.

    Sure is one that needs no quote marks below it to be believed: it names an address, or a date and a time.
    """
    first = lines[at].plain
    if lines[at].blank or lines[at].quoted or len(first) > MAX_ATTRIBUTION or is_plain(first, _next_words(lines, at)):
        return 0, False
    joined = ""
    for count in range(1, min(MAX_ATTRIBUTION_LINES, len(lines) - at) + 1):
        line = lines[at + count - 1]
        below = lines[at + count] if at + count < len(lines) else None
        if line.blank:
            # Polymail breaks the line before the address, and once more.
            if count > 3 or below is None or not below.plain.startswith("<"):
                break
            continue
        if line.quoted:
            break
        joined = f"{joined} {line.plain}".strip()
        if len(joined) > MAX_ATTRIBUTION:
            break
        kind = _settled(judge(joined, count), below)
        if kind:
            found = 0 if _begins_later(lines, at, count) else count
            return found, kind == "sure" and found > 0
        ends = joined.endswith(COLONS) and joined.count("(") == joined.count(")")
        if ends or (count == 1 and not may_begin(line.plain, _next_words(lines, at))):
            break
    return 0, False


def _settled(kind: str, below: Line | None) -> str:
    """ "sure", "maybe" or "", when the line below is known."""
    if kind in ("undecided", "alone"):
        ends = below is None or below.blank or below.quoted
        return "" if not ends else "maybe" if kind == "undecided" else "sure"
    if kind == "name":
        return "maybe" if below is not None and below.quoted else ""
    return kind


def _next_words(lines: list[Line], at: int) -> str:
    return next((line.plain for line in lines[at + 1 : at + 3] if not line.blank), "")


def _begins_later(lines: list[Line], at: int, count: int) -> bool:
    """Whether the first of some joined lines is a person's, and the attribution begins below it."""
    first_opens = opens(folded(lines[at].plain))
    for start in range(1, count):
        if _EMAIL.search(lines[at + start - 1].plain):
            return False
        tail = " ".join(line.plain for line in lines[at + start : at + count] if not line.blank)
        lowered = folded(tail)
        begins = opens_by_word(lowered) or (not first_opens and opens(lowered))
        if begins and is_dated(lowered) and judge(tail, count - start) == "sure":
            return True
    return False


def header_block(lines: list[Line], at: int) -> int:
    """The number of lines of a block of header fields that starts at line `at` (From, Sent, To, Subject), else 0.

    It needs a sender and a second field, or three fields, and what only mail has: an address, a time of sending, or a
    subject and a date. A list that happens to say From and To is no block. BlackBerry and Samsung set "Original
    message" over it without dashes.
    """
    titled = not lines[at].kind and at + 1 < len(lines) and bool(lines[at + 1].kind)
    if titled and _is_title(lines[at].plain):
        below = header_block(lines, at + 1)
        return below + 1 if below else 0
    if not lines[at].kind:
        return 0
    window = lines[at : at + MAX_BLOCK_LINES]
    if lines[at].plain.count(":") < 3 and len({line.kind for line in window} - {""}) < 2:
        return 0
    kinds: set[str] = set()
    address = sent = exact = False
    last = at
    for index, line in enumerate(window, at):
        if line.blank:
            # Between fields, or between the name of one and its value.
            named = lines[last].plain.endswith(COLONS) and index - last == 1
            if index + 1 >= len(lines) or not (lines[index + 1].kind or named):
                break
            continue
        if line.kind:
            if line.kind == "from" and _FROM_NINE.match(line.plain):
                return 0  # from nine to five
            kinds |= {line.kind, *(_inner_kinds(line) if index == at else ())}
        elif index - last > 3:
            break
        last = index
        address = address or _EMAIL.search(line.plain) is not None
        sent = sent or (line.kind == "date" and _is_sent(line.plain, "subject" in kinds))
        exact = exact or (line.kind == "date" and _RFC_TIME.search(line.plain) is not None)
    enough = len(kinds) >= 2 and ("from" in kinds or ("date" in kinds and (exact or len(kinds) >= 3)))
    return last + 1 - at if enough and (address or sent or len(kinds) == 4) else 0


def _is_title(plain: str) -> bool:
    """Whether a line says "original message", or QQ's `----- Original -----`."""
    lowered = folded(plain[:200])
    words = (between_rules(lowered) or lowered).strip(" []")
    return words == "original" or words in languages.ORIGINAL


def _is_sent(plain: str, has_subject: bool) -> bool:
    """Whether a date field is a mail's: its name is, or there is a time and a subject too."""
    name, _, value = plain.replace("：", ":").partition(":")
    lowered = folded(value)
    is_mails = folded(name).strip("*_ |") in languages.SENT_NAMES or (has_subject and is_timed(lowered))
    return bool(is_mails) and is_dated(lowered)


def _inner_kinds(line: Line) -> set[str]:
    """The kinds of all header fields in a line that holds more than one."""
    found = {_FIELD_KINDS.get(name.lower(), "") for name in _INNER_FIELD.findall(line.plain[:1000])}
    return found - {""}


def field_kind(plain: str) -> str:
    """ "from", "date", "to" or "subject" for a line `*Von:* …` in any language, else ""."""
    name, colon, _ = plain[:60].replace("：", ":").partition(":")
    return _FIELD_KINDS.get(folded(name.strip("*_ |")), "") if colon else ""
