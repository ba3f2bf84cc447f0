"""One line, or a few, of plain text → what kind of line it is: quoted, attribution, separator, header block."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailpoll.reply import languages

# An attribution line is never longer, nor wrapped over more lines.
MAX_ATTRIBUTION = 400
MAX_ATTRIBUTION_LINES = 5
MAX_BLOCK_LINES = 25

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_MARKDOWN_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!>|])")
_QUOTED = re.compile(r"\s{0,8}(?:[A-Z]{1,3})?>")
_EMAIL = re.compile(r"[^\s<>@\"():,;]@[^\s<>@\"():,;]{2}")
_DIGITS = re.compile(r"\d")
_YEAR_OR_TIME = re.compile(r"(?<!\d)(?:(?:19|20)\d\d|[٠-٩۰-۹]{4}|[\d٠-٩۰-۹]{1,2}[:.h][\d٠-٩۰-۹]{2})(?!\d)")
_DATE_FIRST = re.compile(r"(?:\w{2,12}\.?,? )?\d{1,4}[./\- ]")
_RULE = re.compile(r"[-_=*~—–─#+ ]{2,80}|\u1427")  # U+1427 is the mark of a tracking extension for Gmail
_DRAWN = "-_=*~—–─ "
_LINK_STARTS = ("http://", "https://", "mailto:", "_nonce")
_FIELD_KINDS = {name: kind for kind, names in languages.HEADER_NAMES.items() for name in names}
_WROTE = re.compile(
    "|".join(re.escape(verb) if not verb.isascii() else rf"\b{re.escape(verb)}\b" for verb in languages.WROTE)
)
_OPENER = re.compile("(?:" + "|".join(map(re.escape, languages.OPENERS)) + r")(?=[\s\d,.-]|$)")
_SENTENCE = re.compile(r"[a-zа-я]{3}[.!?] +[A-ZА-Я]")


@dataclass(frozen=True, slots=True)
class Line:
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
    return [_line(line, markdown) for line in text.split("\n")]


def _line(text: str, markdown: bool) -> Line:
    visible = _INVISIBLE.sub("", text).replace("\xa0", " ")
    if markdown:
        visible = _MARKDOWN_ESCAPE.sub(r"\1", visible)
    plain = " ".join(visible[:2000].split())
    quoted = bool(_QUOTED.match(visible)) and not plain.endswith("<")
    return Line(text, plain, quoted, _field_kind(plain))


def is_rule(line: Line) -> bool:
    """A line of dashes, underscores or the like: no words."""
    return _RULE.fullmatch(line.plain) is not None


def is_link_only(line: Line) -> bool:
    """A link that a client broke out of the line it stood in."""
    bare = line.plain.strip("<>()[] ")
    return bare.startswith(_LINK_STARTS) and " " not in bare


def _between_rules(text: str) -> str | None:
    """What stands between dashes or the like at both ends (`----- text -----`), or None without them."""
    text = text.rstrip(":")
    inner = text.strip(_DRAWN)
    left = len(text) - len(text.lstrip(_DRAWN))
    return inner if left >= 2 and len(text) - len(inner) - left >= 2 else None


def separator(line: Line) -> str:
    """ "forward", "original" or "above" for a line that announces another mail by a fixed phrase, else ""."""
    if not 5 < len(line.plain) < 160:
        return ""
    lowered = line.plain.lower()
    if any(phrase in lowered for phrase in languages.REPLY_ABOVE) and len(lowered) < 120:
        return "above"
    inner = _between_rules(lowered)
    words = (inner or lowered.rstrip(": ")).strip(" -_=*:>")
    if words.startswith(languages.FORWARDED) and (inner or lowered.endswith(":")):
        return "forward"
    if inner and any(phrase in words for phrase in languages.ORIGINAL) and len(words) < 60:
        return "original"
    if not inner and words in languages.ORIGINAL and lowered.endswith(":"):
        return "original"
    return ""


def attribution(lines: list[Line], at: int) -> tuple[int, bool]:
    """(number of lines, sure) of the attribution that starts at line `at`; 0 lines when none does.

    Sure is one that needs no quote marks below it to be believed: it names a year, a time or an address.
    """
    if lines[at].blank or lines[at].quoted or len(lines[at].plain) > MAX_ATTRIBUTION:
        return 0, False
    joined = ""
    for count in range(1, MAX_ATTRIBUTION_LINES + 1):
        if at + count > len(lines):
            break
        line = lines[at + count - 1]
        if line.blank:
            # Polymail breaks the line before the address, and once more.
            if count > 3 or not lines[min(at + count, len(lines) - 1)].plain.startswith("<"):
                break
            continue
        if line.quoted and not _closes_address(line.plain, joined):
            break
        joined = f"{joined} {line.plain}".strip()
        if len(joined) > MAX_ATTRIBUTION:
            break
        kind = _attributes(joined, count)
        below = lines[at + count] if at + count < len(lines) else None
        if kind == "undecided":
            kind = "maybe" if below is None or below.blank or below.quoted else ""
        if kind:
            return count, kind == "sure"
        if joined.endswith((":", "：")) or (count == 1 and not _may_go_on(line.plain)):
            break
    return 0, False


def _closes_address(plain: str, joined: str) -> bool:
    """Whether a line that looks quoted is the wrapped end of an attribution: `… <jane@example.com` / `>:`."""
    return len(plain) < 40 and joined.count("<") > joined.count(">") and plain.endswith((":", ">"))


def _may_go_on(first: str) -> bool:
    """Whether a line may be the first of a wrapped attribution."""
    lowered = first.lower().lstrip("-_ ")
    opens = _OPENER.match(lowered) is not None or _DATE_FIRST.match(lowered) is not None
    return (opens and _DIGITS.search(first) is not None) or "<" in first


def _attributes(joined: str, count: int) -> str:
    """ "sure", "maybe", "undecided" (ends in an address, without a colon) or "" for joined lines."""
    lowered = joined.lower()
    inner = _between_rules(lowered)
    if inner:
        lowered = inner
    lowered = lowered.lstrip("-–—* ")  # Zimbra and SFR lead in with a dash
    ends = lowered.endswith((":", "：")) or bool(inner)
    undecided = count <= 2 and lowered.endswith(">") and dated_first(lowered)
    if not ends and not undecided and not lowered.endswith(languages.WROTE):
        return ""
    email = _EMAIL.search(joined)
    verb = _WROTE.search(lowered)
    dated = _YEAR_OR_TIME.search(joined) is not None
    opens = _OPENER.match(lowered) is not None or _DATE_FIRST.match(lowered) is not None
    if not ends and not (verb and verb.end() == len(lowered) and opens):
        return "undecided" if undecided and email else ""
    if _SENTENCE.search(joined) and not email:
        return ""
    if verb and (opens or email or inner):
        return _believed(bool(email), dated, bool(inner), joined)
    return "sure" if email and dated and (opens or "<" in joined) and count <= 3 else ""


def _believed(email: bool, dated: bool, ruled: bool, joined: str) -> str:
    if email or dated or ruled:
        return "sure" if email or ruled or ("," in joined or ":" in joined[:-1]) else "maybe"
    return "maybe" if _DIGITS.search(joined) else ""


def dated_first(lowered: str) -> bool:
    """Whether the text starts with a date: `2011/4/7 Nathan <…>`."""
    return _DATE_FIRST.match(lowered) is not None


def header_block(lines: list[Line], at: int) -> int:
    """The number of lines of a block of header fields that starts at line `at` (From, Sent, To, Subject), else 0.

    It needs a sender or a date, a second field, and an address or a date and time for its value: a list that happens
    to say From and To is no block.
    """
    if not lines[at].kind:
        return 0
    kinds: set[str] = set()
    evidence, blanks, last = False, 0, at
    for index in range(at, min(at + MAX_BLOCK_LINES, len(lines))):
        line = lines[index]
        kind = line.kind
        if line.blank:
            blanks += 1
            following = lines[index + 1] if index + 1 < len(lines) else line
            if not following.kind:
                break
            continue
        if kind:
            kinds.add(kind)
        elif index - last > 3:
            break
        last = index
        evidence = evidence or bool(_EMAIL.search(line.plain)) or (kind == "date" and bool(_DIGITS.search(line.plain)))
    enough = len(kinds) >= 2 and bool(kinds & {"from", "date"}) and (evidence or len(kinds) == 4)
    return last + 1 - at if enough else 0


def _field_kind(plain: str) -> str:
    """ "from", "date", "to" or "subject" for a line `*Von:* …` in any language, else ""."""
    name, colon, _ = plain[:60].replace("：", ":").partition(":")
    return _FIELD_KINDS.get(name.strip("*_ |").lower(), "") if colon else ""
