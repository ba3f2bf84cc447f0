"""The end of a letter: where its sign-off is, whose name stands under it, and the contact block below, if there is one.

What most people expect, and most test suites of other tools: a sign-off and a name stay, since they were written
("Thanks, Jane"); with telephone numbers, addresses or titles below they are one signature that a client added, and go.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mailpoll.reply import languages
from mailpoll.reply.lines import Line, is_link_only
from mailpoll.reply.phrases import Starts, Words
from mailpoll.reply.words import JOBS, LABELS, LEGAL_FORMS, PARTICLES, POSTSCRIPTS, SIGN_OFFS

MAX_SIGN_OFF = 60
MAX_NAME = 50
MAX_CONTACT_LINE = 120
MAX_CONTACT_LINES = 24
# How far up from the end a sign-off is looked for.
MAX_LINES = 40

_SIGN_OFF = Starts((*languages.SIGN_OFFS, *SIGN_OFFS))
_POSTSCRIPT = re.compile(r"\W{0,3}(?:" + "|".join(map(re.escape, POSTSCRIPTS)) + r")\s?[:.,\-–—]|\W{0,3}ps\s+\w")
_PHONE = re.compile(
    r"(?<![\w/=.-])(?!\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b)(?:\+|\(\+?|0|1-)?\d[\d\s().\-/\xa0]{5,20}\d(?!\w)"
)
_ADDRESS = re.compile(
    r"[^\s<>@\"():,;]@[^\s<>@\"():,;]{2}|\b(?:www\.|https?://)\w|^[\w-]{2,40}(?:\.[\w-]{2,30}){1,3}/?$"
)
_LABEL = re.compile(r"\W{0,3}(?:" + "|".join(map(re.escape, LABELS)) + r")\.?\s?[:.|/]", re.IGNORECASE)
_STREET = re.compile(
    r"\b[A-Z]{0,2}-?\d{4,6}\b|\b\d{1,4}[a-z]?,? \w|\w{3,} \d{1,4}[a-z]?\b|\b[A-Z]{1,2}\d{1,2} ?\d[A-Z]{2}\b"
)
_IMAGE = re.compile(r"\[(?:cid:|image|logo|inline|https?:)|<image\d|!\[")
_JOB = Words(JOBS)
_LEGAL_FORM = Words(LEGAL_FORMS)
FOOTNOTE = re.compile(r"\[(\d{1,3})\]:? ?\S")
_PROSE = re.compile(r"[a-zа-яß-ÿ)]{2}[.!?;]$|[a-zß-ÿ]{3}[.!?] +\w|[。！？:：]$")
_BOLD = re.compile(r"\*[^*|]{2,50}\* \| \*[^*|]{2,50}\*$")
_WORD = re.compile(r"[^\W\d_]+")
# Of somebody who was asked for one.
_SPEAKS_OF_ADDRESS = re.compile(
    r"person|customer|colleague|client|supplier|kunde|kolleg|partner"
    r"|address|contact|number|details|phone|call|write to|adress|kontakt|nummer|telefon|erreich|coordonn|contac|número"
    r"|direcci|indirizz|recapit|numero|gegevens|адрес|телефон|контакт|номер|連絡先|联系|電話|电话|연락"
)
_DASHED_NAME = re.compile(r"[-~][A-ZÀ-ÞА-Я]\w{1,20}\.?(?: [A-ZÀ-ÞА-Я]\w{0,20}\.?){0,2}$")

# `--Jane Roe`: a delimiter, whose writer left out the end of its line.
_GLUED_NAME = re.compile(r"-- ?[A-ZÀ-ÞА-Я][^\W\d_]{1,20}\.?(?: [A-ZÀ-ÞА-Я][\w'.-]{0,20}){0,3}")


def is_sign_off(line: Line) -> bool:
    """Whether a line is nothing but a sign-off, with or without a name: `Kind regards,`, `Best, Jane`."""
    lowered = line.plain.lower().lstrip("*_-– ")
    if line.blank or line.quoted or len(lowered) > MAX_SIGN_OFF:
        return False
    end = _SIGN_OFF.end(lowered)
    if not end:
        return False
    rest = line.plain.lstrip("*_-– ")[end:].strip("*_ ")
    bare = rest.strip(",.!;:~-–— *_")
    return not bare or (_is_name(bare) and (rest[:1] in ",!.–-" or (bare[:1].isupper() and len(bare.split()) <= 3)))


def is_postscript(line: Line) -> bool:
    """Whether a line starts a postscript, which its writer wrote: `PS: bring the key`."""
    return _POSTSCRIPT.match(line.plain[:20].lower()) is not None


def _is_name(text: str) -> bool:
    """Whether a line may be the name of a person: a few words, each with a capital, no digits, no sentence."""
    words = text.strip("*_-–— ,()/\"'").split()
    if not words or len(words) > 5 or len(text) > MAX_NAME or any(mark in text for mark in "@|:?!=<>;"):
        return False
    if any(character.isdigit() for character in text) or _JOB.stand_in(text.lower()) or _LEGAL_FORM.stand_in(text):
        return False
    if len(words) == 1:
        return True
    capital = all(not word[0].islower() or word in PARTICLES for word in words)
    return capital and not (len(words) > 2 and _PROSE.search(text))


def contact_block(lines: Sequence[Line]) -> tuple[int, int] | None:
    """(first line, end) of the last sign-off with its name and a contact block below, or None without such a block.

    Every line of it must look like one of a contact block, and one at least like nothing else: a number, an address.
    """
    at = _last_sign_off(lines)
    if at is None:
        return _last_block(lines)
    start = _below_name(lines, at)
    end = next((index for index in range(start, len(lines)) if is_postscript(lines[index])), len(lines))
    block = [line for line in lines[start:end] if not line.blank]
    if not block or len(block) > MAX_CONTACT_LINES or not _is_contact(block, apart=lines[start].blank):
        return None
    return at, end


def _last_block(lines: Sequence[Line]) -> tuple[int, int] | None:
    """A contact block at the end without a sign-off: a name, a title or company, and an address, set well apart; or
    what stands below a name glued to a delimiter.

    Less is what somebody writes who was asked for an address, or below words that speak of one.
    """
    end = len(lines)
    while end and lines[end - 1].blank:
        end -= 1
    start = end
    while start and not lines[start - 1].blank:
        start -= 1
    glued = next((at for at in range(max(start, 1), end) if _GLUED_NAME.fullmatch(lines[at].plain)), end)
    if 1 < end - glued <= MAX_CONTACT_LINES and _is_contact(list(lines[glued + 1 : end]), apart=False):
        return glued, end
    bold = _bold_name(lines, end)
    return (bold or start, end) if _is_block(lines, bold or start, end, apart=bold > 0) else None


def _is_block(lines: Sequence[Line], start: int, end: int, *, apart: bool) -> bool:
    """Whether lines [start:end] are a contact block that a client put there."""
    block = [line for line in lines[start:end] if not line.blank]
    above = [line for line in lines[max(0, start - 4) : start] if not line.blank]
    if len(block) < 3 or not above or above[-1].plain[-1] in ":：," or not is_contact(block):
        return False
    said = above[-1].plain
    if _is_name(said) and said.lower() in _WORD.findall(block[0].plain.lower()):
        return True
    evidence = sum(_is_evidence(line.plain) or _is_title(line.plain) for line in block)
    titled = any("|" in line.plain or _is_title(line.plain) or _LEGAL_FORM.stand_in(line.plain) for line in block)
    apart = apart or (start >= 3 and lines[start - 2].blank) or block[0].plain[:1] == "*"
    enough = evidence > 1 if apart else evidence > 3 and not _SPEAKS_OF_ADDRESS.search(said.lower())
    return _is_name(block[0].plain.split("|")[0]) and titled and enough


def _bold_name(lines: Sequence[Line], end: int) -> int:
    """The index of Gmail's `*Jane Roe* | *Engineer*`, from which on a signature may have blank lines; or 0."""
    low = max(1, end - MAX_CONTACT_LINES)
    return next((at for at in range(end - 1, low, -1) if lines[at - 1].blank and _BOLD.match(lines[at].plain)), 0)


def _last_sign_off(lines: Sequence[Line]) -> int | None:
    """The last sign-off below other words, not too far from the end."""
    low = max(0, len(lines) - MAX_LINES)
    at = next((index for index in range(len(lines) - 1, low - 1, -1) if is_sign_off(lines[index])), None)
    return None if at is None or all(line.blank for line in lines[:at]) else at


def _below_name(lines: Sequence[Line], at: int) -> int:
    """Where the block starts: below the sign-off, and below the name when one follows in the next line or two."""
    index = at + 1
    while index < len(lines) and lines[index].blank:
        index += 1
    if index < len(lines) and index - at <= 4 and _is_name(lines[index].plain):
        return index + 1
    return at + 1


def _is_contact(block: list[Line], *, apart: bool) -> bool:
    """Whether lines are a contact block: evidence in one, and none that is prose (but a motto below two that are).

    One line that stands apart from the name is none: `Call me: +43 1 234567` was written.
    """
    evidence = mottos = wraps = 0
    for index, line in enumerate(block):
        if len(line.plain) > MAX_CONTACT_LINE and not is_link_only(line) and not _IMAGE.match(line.plain):
            return False
        if _is_evidence(line.plain) or (index == 0 and not apart and _is_title(line.plain)):
            evidence += 1
        elif index and _goes_on(block[index - 1].plain, line.plain):
            wraps += 1
        elif not _is_plain_entry(line.plain):
            mottos += 1
            if mottos > 1 or evidence < 2:
                return False
    return evidence > min(2 * wraps, 3) and (not apart or len(block) > 1)


def _goes_on(above: str, plain: str) -> bool:
    """Whether a line is the second of a long department: `im Bereich Technik`."""
    short = plain[:1].islower() and len(plain.split()) <= 5 and not _PROSE.search(plain) and plain[-1] != ","
    return short and len(above) >= 20 and above[:1].isupper() and not _PROSE.search(above)


def _is_evidence(plain: str) -> bool:
    """A telephone number, an address, a link or a company, in a line that says nothing else."""
    if _LABEL.match(plain) or _IMAGE.match(plain):
        return True
    if FOOTNOTE.match(plain):
        return False
    if _PROSE.search(plain) and not _LEGAL_FORM.stand_in(plain[-12:]):
        return False
    parted = any(mark in plain for mark in (" | ", " · ", " • ", " – "))
    said = sum(word.isalpha() for word in plain.split())
    if _ADDRESS.search(plain) or _PHONE.search(plain):
        return said <= (12 if parted else 4)
    return said <= 7 and _LEGAL_FORM.stand_in(plain)


def _is_title(plain: str) -> bool:
    return len(plain.split()) <= 8 and not plain[:1].islower() and _JOB.stand_in(plain.lower())


def _is_plain_entry(plain: str) -> bool:
    """A short line that a contact block may have: a street, a department, a name; no sentence, no question."""
    if _PROSE.search(plain) or plain[:1].islower() or len(plain.split()) > 9:
        return False
    return len(plain.split()) <= 6 or _STREET.search(plain) is not None or "|" in plain or "," in plain


def dashed_name(lines: Sequence[Line]) -> int | None:
    """The index of a last line that is a name behind a hyphen (`-Jane`), which no list above explains; or None."""
    last = next((index for index in range(len(lines) - 1, -1, -1) if not lines[index].blank), None)
    if last is None or not _DASHED_NAME.match(lines[last].plain):
        return None
    above = [line for line in lines[max(0, last - 4) : last] if not line.blank]
    if not above or any(line.plain.startswith(("-", "~")) or line.plain.endswith(('"', "”", ":")) for line in above):
        return None
    return last


def is_contact(lines: Sequence[Line]) -> bool:
    """Whether lines are a contact block and nothing else."""
    block = [line for line in lines if not line.blank]
    return 1 < len(block) <= MAX_CONTACT_LINES and _is_contact(block, apart=False)


def looks_signed(below: Sequence[Line], *, strictly: bool = False) -> bool:
    """Whether the lines below a rule or an unusual delimiter are a signature.

    They start with a name or a sign-off, or hold a number or address, and none is prose. `strictly`: where the rule
    may underline a heading, they are the name alone, or hold such evidence.
    """
    lines = [line for line in below if not line.blank]
    if not lines or len(lines) > MAX_CONTACT_LINES:
        return False
    first = lines[0]
    if _is_contact(lines, apart=False):
        return True
    if _PROSE.search(first.plain) and not is_sign_off(first):
        return False
    if len(lines) == 1:
        return is_sign_off(first) or (_is_name(first.plain) and first.plain[:1].isupper())
    if strictly:
        return is_sign_off(first)
    return (is_sign_off(first) or _is_name(first.plain)) and all(
        is_sign_off(line) or _is_name(line.plain) or _is_plain_entry(line.plain) for line in lines[:4]
    )
