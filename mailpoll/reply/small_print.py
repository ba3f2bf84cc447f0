"""A paragraph or line that no person wrote → what did: banners, disclaimers, notices, telephones."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mailpoll.reply import languages, words
from mailpoll.reply.lines import Line, is_rule
from mailpoll.reply.phrases import Starts

MAX_SENT_FROM = 140
MAX_BANNER_LINES = 12
SMALL_PRINT_FROM = 60
MAX_NOTICE = 600
# An unmarked line of small print that is shorter than this ended where its writer wanted.
WRAPPED_FROM = 45

# "Sent from my desk, is much easier": a sentence, no telephone speaks so.
_CLAUSE = re.compile(r"^\w+ \w+ \w+ [a-z]+, [a-z]")
_APOLOGY = re.compile(
    r"sent from (?:a|my) (?:mobile|cell|smart|tiny|small|hand|phone|tablet|touch)[\w -]{0,30}(?:[,.;–-]|$)"
)
_GET = re.compile(r"get (?:the )?[\w .-]{2,25} for (?:android|ios|iphone|ipad|windows|mac|mobile)\b")
_BY_A_PERSON = re.compile(r"\?|\bI\b|\bI'(?:m|ve|ll)\b|\bme\b")
_ADDRESS = re.compile(r"https?://|www\.|mailto:|(?:unsub|leave|optout|-off)\S*@")
_ALARM = Starts(words.ALARMS)
_LEAD = " *_|[]()<>!#-–—=~:.⚠️🚨❗🛑✋"


def banner_end(lines: Sequence[Line]) -> tuple[int, int] | None:
    """(first line, end) of a gateway's warning over mail from outside, with the rules round it; or None."""
    first = next((index for index, line in enumerate(lines) if not line.blank), None)
    if first is None:
        return None
    if lines[first].plain.lower().startswith(words.BANNER_MARKS[0]):  # Proofpoint says where its banner ends
        marks = range(first + 1, min(first + MAX_BANNER_LINES, len(lines)))
        end = next((at for at in marks if lines[at].plain.lower().startswith(words.BANNER_MARKS[1])), None)
        return (first, end + 1) if end is not None else None
    at = first
    while at < len(lines) and at - first < 3 and (lines[at].blank or is_rule(lines[at])):
        at += 1
    end = _paragraph_end(lines, at)
    if not _is_banner(lines[at:end]):
        return None
    for _ in range(3):
        after = _skipped(lines, end)
        further = _paragraph_end(lines, after)
        closes = after < len(lines) and at > first and is_rule(lines[after])
        if after >= len(lines) or not (closes or _is_care(lines[after:further])):
            break
        end = after + 1 if is_rule(lines[after]) else further
    return first, end


def _paragraph_end(lines: Sequence[Line], at: int) -> int:
    """The end of the paragraph at `at`: a blank line or a rule."""
    return next(
        (index for index in range(at, len(lines)) if lines[index].blank or (index > at and is_rule(lines[index]))),
        len(lines),
    )


def _skipped(lines: Sequence[Line], at: int) -> int:
    return next((index for index in range(at, len(lines)) if not lines[index].blank), len(lines))


def _is_banner(paragraph: Sequence[Line]) -> bool:
    """Whether a paragraph says that mail comes from outside: by its first words, or an alarm and what it is about."""
    text = " ".join(line.plain for line in paragraph).lower()
    if not paragraph or len(paragraph) > MAX_BANNER_LINES or "?" in text or len(text) > 1500:
        return False
    bare = text.lstrip(_LEAD)
    if text[:1] in "*[<(=" and len(text) < 60 and len(bare.split()) <= 5 and bare.startswith("extern"):
        return text[-1] in "*])>=|" or _has(text, words.CARE)
    if not _has(text, words.OUTSIDE) or not _has(text, words.MAIL):
        return False
    return bare.startswith(languages.BANNER_STARTS) or (_ALARM.end(bare) > 0 and _is_loud(paragraph))


def _is_loud(paragraph: Sequence[Line]) -> bool:
    """Whether a paragraph starts as warnings do: in capitals, stars, brackets, or with what not to click."""
    first = paragraph[0].plain
    text = " ".join(line.plain for line in paragraph).lower()
    return first[:1] in "*[<!|" or first.split()[0].strip(_LEAD).isupper() or any(word in text for word in words.CARE)


def _is_care(paragraph: Sequence[Line]) -> bool:
    """Whether a paragraph goes on to say what to be careful of."""
    text = " ".join(line.plain for line in paragraph).lower()
    return 0 < len(text) < 600 and "?" not in text and sum(word in text for word in words.CARE) >= 2


def is_sent_from(line: Line) -> bool:
    """`Sent from my iPhone` and its like in the languages of telephones."""
    bare = line.plain.lstrip("*_[(-— ")
    lowered = bare.lower()
    if not 6 <= len(lowered) <= MAX_SENT_FROM or lowered[-1] in ":：?":
        return False
    if _APOLOGY.match(lowered) or _GET.match(lowered):
        return True
    if lowered.startswith(languages.SENT_FROM_NAMED):
        rest = bare.split(" ", 2)[2]
        if not rest[:1].isupper() and not rest.lower().startswith(languages.SENT_FROM_NOUNS):
            return rest[:1] == "["
    if _CLAUSE.search(line.plain) or (", " in lowered and not _names_device(lowered)):
        return False
    ends = lowered.rstrip(".!*_]) ")
    starts = lowered.startswith((*_SENT_FROM.get(lowered[:3], ()), *languages.SENT_FROM_NAMED))
    return starts or ends.endswith(_SENT_FROM_ENDS.get(ends[-2:], ()))


def _by_key(phrases: Sequence[str], key: slice) -> dict[str, tuple[str, ...]]:
    """The phrases by their first or last characters: thousands are too many to try in every line."""
    found: dict[str, tuple[str, ...]] = {}
    for phrase in phrases:
        found[phrase[key]] = (*found.get(phrase[key], ()), phrase)
    return found


_SENT_FROM = _by_key(languages.SENT_FROM, slice(3))
_SENT_FROM_ENDS = _by_key(languages.SENT_FROM_ENDS, slice(-2, None))


def _names_device(lowered: str) -> bool:
    """Whether a line names a telephone or an app: what tells a machine's line from a sentence about parcels."""
    names = _WORD.findall(lowered)
    return any(
        any(name == device or (len(device) > 3 and name.startswith(device)) for name in names)
        if device.isascii()
        else device in lowered
        for device in languages.DEVICES
    )


_WORD = re.compile(r"[^\W_]+")


def small_print_start(paragraph: Sequence[Line]) -> int | None:
    """The index of the line of a paragraph from which on it is a confidentiality notice or the like, or None.

    Some add theirs in the line below the last word that was written.
    """
    text = " ".join(line.plain for line in paragraph)[:5000]
    lowered = text.lower()
    if len(lowered) < SMALL_PRINT_FROM or _BY_A_PERSON.search(text):
        return None
    row = _row_of(lowered)
    if row is None:
        return None
    first = next((index for index, line in enumerate(paragraph) if any(word in line.plain.lower() for word in row)), 0)
    while first and len(paragraph[first - 1].plain) >= WRAPPED_FROM and paragraph[first - 1].plain[-1] not in ".!:":
        first -= 1
    return first


def may_be_small_print(paragraph: Sequence[Line]) -> bool:
    """Whether a paragraph has a word of small print, and nothing that only a person says."""
    text = " ".join(line.plain for line in paragraph)[:5000]
    lowered = text.lower()
    if len(lowered) < SMALL_PRINT_FROM or _BY_A_PERSON.search(text):
        return False
    return any(word in lowered for row in (*languages.DISCLAIMER_WORDS, *words.SMALL_PRINT) for word in row)


def _row_of(lowered: str) -> tuple[str, ...] | None:
    """The row of words of which a text has enough."""
    for rows, enough in ((languages.DISCLAIMER_WORDS, 2), (words.SMALL_PRINT, 3)):
        for row in rows:
            if sum(word in lowered for word in row) >= enough:
                return row
    return None


def is_heading(line: Line) -> bool:
    """Whether a line is, or starts with, the heading of small print."""
    return line.plain.lower().lstrip(_LEAD).startswith(words.SMALL_PRINT_HEADINGS)


def is_notice(paragraph: Sequence[Line]) -> bool:
    """Whether a paragraph is a virus scanner's, a subscription's, or asks not to print."""
    text = " ".join(line.plain for line in paragraph)[: MAX_NOTICE + 1]
    lowered = text.lower().lstrip(_LEAD + "🌳🌲♻🍃")
    if len(text) > MAX_NOTICE or _BY_A_PERSON.search(_URL.sub("", text)):
        return False
    if lowered.startswith(words.TREES) and _has(lowered, words.PRINTING) and _has(lowered, words.MAIL):
        return True
    if _has(lowered, words.SCANNERS) and _has(lowered, words.SCANNED):
        about = text.startswith("__") or _has(lowered, words.MAIL) or _ADDRESS.search(text) is not None
        return len(text) < 300 and about
    return lowered.startswith(words.SUBSCRIPTIONS) and _ADDRESS.search(text) is not None


_URL = re.compile(r"https?://\S+")


def _has(text: str, some: Sequence[str]) -> bool:
    return any(word in text for word in some)
