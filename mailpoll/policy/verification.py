"""Mail by which somebody signs up, signs in or gets a new password at a third service, with a channel's address.

Who may read a channel reads the code or the link too: known as the ticket trick, from help desks whose tickets let
strangers into a company's chat. The mail is recognised by its words, for no field says what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailpoll.model import Message
from mailpoll.policy import senders
from mailpoll.policy.verification_words import (
    CODES,
    CONDITIONS,
    LINKS,
    NO_REPLY,
    OTHER_CODES,
    OTHER_NUMBERS,
    PASSWORDS,
    PLAIN_CODES,
    ROLES,
    SIGNING_IN,
    STRANGERS,
    folded,
    plain,
)

# In characters: such mail is short, and says what it wants first.
MAX_READ = 3_000
MAX_SUBJECT = 300
MAX_HTML = 100_000
# How far a code may stand behind the words for it, and in front of them.
_BEHIND, _BEFORE, _SENTENCE, _NEAR = 120, 45, 200, 40

_CODE = re.compile(
    r"[A-Z]{1,3}-\d{4,8}|\d{3,5}[- ]\d{3,5}|\d{2,3}(?:[- ]\d{2,3}){2}|\d(?: \d){3,9}"
    r"|[A-Z0-9]{3,5}-[A-Z0-9]{3,5}(?:-[A-Z0-9]{3,5})?|[A-Z0-9]{4,10}"
)
# What makes a number of it that is no code: an amount, a time, a part of a URL or of a longer number.
_NOT_BEFORE = frozenset("#$€£@/.,+=%&?-_")
_NOT_BEHIND = frozenset("/@%=-_")
_LABELLED = re.compile(r":\s?\Z")
_YEAR = re.compile(r"(?:19|20)\d\d")
_MARKS = re.compile(r"[*_`#|>~\\]")
_BREAK = re.compile(r"[.!?\n。！？؟]")


def is_verification(message: Message, new_text: str) -> bool:
    """Whether a program sends a code, or a link, to confirm an address, to sign in or to get a new password with.

    `new_text` is what a post of the mail would show, plain text or Markdown. Only the subject and the first 3 000
    characters are read. Mail of a mailing list, and what answers another mail, is none.
    """
    if message.automatic == "list" or message.in_reply_to or message.references or not _by_program(message):
        return False
    subject = plain(message.subject[:MAX_SUBJECT])
    kept = f"{subject}\n{_paragraphs(plain(new_text[:MAX_READ]))}"
    text = folded(kept)
    if _holds_code(kept, text):
        return True
    return _holds_link(message, new_text) and any(_asks(text, phrase) for phrase in LINKS)


def _by_program(message: Message) -> bool:
    sender = senders.sole(message)
    if sender is None or message.automatic:
        return bool(message.automatic)
    local = sender.address.rpartition("@")[0].lower()
    return any(piece in local for piece in NO_REPLY) or not ROLES.isdisjoint(re.split(r"[^a-z]+", local))


def _paragraphs(text: str) -> str:
    """Text with a line for each paragraph, so that phrases are whole again, and without the marks of Markdown."""
    lines = (" ".join(_MARKS.sub(" ", line).split()) for line in text.split("\n"))
    joined = "\n".join(lines)
    return re.sub(r"\n++", "\n", re.sub(r"(?<=[^\n])\n(?=[^\n])", " ", joined))


def _holds_code(kept: str, text: str) -> bool:
    """Whether a code stands beside words that say what it is for. `text` is `kept` in lower case."""
    found = list(_codes(kept))
    if not found:
        return False
    if any(_beside(text, found, start, start + len(phrase)) for phrase in CODES for start in _all(text, phrase)):
        return True
    if any(word in text for word in OTHER_CODES) or not any(_starts(text, word) for word in SIGNING_IN):
        return False
    digits = [at for at in found if kept[at[0] : at[1]].replace("-", "").replace(" ", "").isdigit()]
    return any(
        _beside(text, digits, start, start + len(word))
        for word in PLAIN_CODES
        for start in _all(text, word)
        if not word.isascii() or not _in_word(text, start, start + len(word))
    )


def _starts(text: str, word: str) -> bool:
    """Whether a word of the text starts so; words of scripts that do not part them may stand anywhere."""
    return any(not word.isascii() or not text[max(0, at - 1) : at].isalnum() for at in _all(text, word))


def _in_word(text: str, start: int, end: int) -> bool:
    return text[max(0, start - 1) : start].isalnum() or text[end : end + 1].isalnum()


def _codes(kept: str) -> Iterator[tuple[int, int]]:
    """Where something stands that can be a code: digits, or capitals and digits, no part of a number, time or URL."""
    for match in _CODE.finditer(kept):
        code, start, end = match[0], *match.span()
        before, after = kept[max(0, start - 2) : start], kept[end : end + 2]
        if (before[-1:].isascii() and before[-1:].isalnum()) or before[-1:] in _NOT_BEFORE:
            continue
        if (after[:1].isascii() and after[:1].isalnum()) or after[:1] in _NOT_BEHIND:
            continue
        if before[-1:] == ":" and before[:1].isdigit():
            continue
        if (after[:1] in (".", ",", ":") and after[1:].isdigit()) or _YEAR.fullmatch(code):
            continue
        if any(character.isdigit() for character in code) or ("-" in code and len(code) in (7, 9, 11)):
            yield start, end


def _all(text: str, phrase: str) -> Iterator[int]:
    at = text.find(phrase)
    while at != -1:
        yield at
        at = text.find(phrase, at + len(phrase))


def _beside(text: str, codes: list[tuple[int, int]], start: int, end: int) -> bool:
    """Whether a code stands behind the words from `start` to `end`, or in front of them in the same sentence and
    without a label of its own."""
    for code_start, code_end in codes:
        if end <= code_start <= end + _BEHIND:
            between = text[end:code_start]
        elif start - _BEFORE <= code_end <= start and not _LABELLED.search(text, max(0, code_start - 3), code_start):
            between = text[code_end:start]
            if _BREAK.search(between.rstrip()):
                continue
        else:
            continue
        if not any(word in between for word in OTHER_NUMBERS):
            return True
    return False


def _holds_link(message: Message, new_text: str) -> bool:
    return "://" in new_text or "://" in message.text[:MAX_HTML] or "://" in message.html[:MAX_HTML]


def _asks(text: str, phrase: str) -> bool:
    """Whether a phrase stands in a sentence that is no advice for those who asked for nothing, which is to change their
    password. Of other phrases every one asks: `Hi Not you, confirm your address` greets whoever signed up as that."""
    if not any(word in phrase for word in PASSWORDS):
        return phrase in text
    for at in _all(text, phrase):
        before = text[max(0, at - _SENTENCE) : at]
        breaks = [match.end() for match in _BREAK.finditer(before)]
        opening = f"{before[breaks[-1] if breaks else 0 :].lstrip()} "
        near = before[-_NEAR:] + opening
        if not any(opening.startswith(f"{word} ") for word in CONDITIONS) and not any(
            words in near for words in STRANGERS
        ):
            return True
    return False
