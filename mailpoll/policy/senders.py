"""Who wrote a mail, and whether an address is on a list of senders."""

from __future__ import annotations

from collections.abc import Sequence

from mailpoll.model import Message, NamedAddress
from mailpoll.router import a_labels

EXAMPLES = "jane@example.com, *@example.com or example.com"
MAX_ENTRY = 320  # RFC 3696 §3, with its erratum room to spare: an address has at most 254 octets

# IDNA 2003 writes other letters for these, and so another's domain (RFC 5894 §7.2): they are compared as they are.
_DEVIATIONS = frozenset("ßς\u200c\u200d")
_GLOBS = frozenset("*?")
_SEPARATORS = frozenset(',;<>()"\\')


def sole(message: Message) -> NamedAddress | None:
    """The one sender of a mail (RFC 5322 §3.6.2); None when there is none, several, or something wrong with it."""
    if message.sender_problem or len(message.from_) != 1:
        return None
    return message.from_[0]


def comparable(domain: str) -> str:
    """A domain in the form in which two are compared: lower-case A-labels, without a final dot."""
    folded = domain.rstrip(".").lower()
    return folded if _DEVIATIONS.intersection(folded) else a_labels(folded)


def at_or_below(domain: str, parent: str) -> bool:
    """Whether `domain` is `parent`, or below it at a dot; both comparable."""
    return bool(parent) and (domain == parent or domain.endswith(f".{parent}"))


def matches(address: str, entries: Sequence[str]) -> bool:
    """Whether an address is on a list.

    Entries are an address (`jane@example.com`), a domain and all below it (`example.com`), exactly a domain
    (`@example.com`), or all below one (`*.example.com`). `*` stands for any characters and `?` for one, before the @;
    in the domain within one label, but for a `*` at its start, which stands for one label or more. Upper and lower
    case are the same, and so are U-labels and A-labels.
    """
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        return False
    host = comparable(domain).split(".")
    return all(host) and any(_matches(local.lower(), host, entry) for entry in entries)


def _matches(local: str, host: Sequence[str], entry: str) -> bool:
    wanted, at, domain = entry.lower().rpartition("@")
    if wanted and not _glob(local, wanted):
        return False
    below = domain.startswith("*.")
    if domain == "*":
        return bool(wanted)
    labels = comparable(domain.removeprefix("*.")).split(".")
    deeper = len(host) - len(labels)
    if deeper < 0 or (below and not deeper) or (deeper and at and not below):
        return False
    return all(map(_glob, host[deeper:], labels))


def _glob(text: str, pattern: str) -> bool:
    """Whether a glob fits all of `text`. Goes back to the last `*` only: at most len(text) * len(pattern) steps."""
    at = place = 0
    star, resumed = -1, 0
    while at < len(text):
        if place < len(pattern) and pattern[place] == "*":
            star, resumed = place, at
            place += 1
        elif place < len(pattern) and pattern[place] in ("?", text[at]):
            at, place = at + 1, place + 1
        elif star != -1:
            resumed += 1
            at, place = resumed, star + 1
        else:
            return False
    return not pattern[place:].strip("*")


def entry_problem(text: str) -> str:
    """Why a text cannot be an entry of a list of senders, as a clause that follows it; "" when it can."""
    local, at, domain = text.rpartition("@")
    if not text or len(text) > MAX_ENTRY:
        return f"is empty, or longer than {MAX_ENTRY} characters"
    if not text.isprintable() or any(map(str.isspace, text)) or _SEPARATORS.intersection(text):
        return "holds blanks, or characters that no plain address has: write one address or domain per entry"
    if "@" in local:
        return "holds more than one @"
    if not any(character.isalnum() for character in text):
        return "names everybody: leave the list empty instead" if _GLOBS.intersection(text) else "names nobody"
    return _domain_problem(domain, bool(at and local))


def _domain_problem(domain: str, after_local: bool) -> str:
    if domain == "*" and after_local:
        return ""
    if domain.startswith("[") and domain.endswith("]") and after_local:
        return "" if domain[1:-1].replace(".", "").replace(":", "").isalnum() else "ends with no address literal"
    labels = domain.removeprefix("*.").rstrip(".").split(".")
    if not all(labels):
        return "has no domain, or one with a dot too many"
    if not any(character.isalnum() for character in "".join(labels)):
        return "names no domain"
    for label in labels:
        if not all(character.isalnum() or character in "-_*?\u200c\u200d" for character in label) or len(label) > 63:
            return f"holds {label[:20]!r}, which is no part of a domain"
        if not label.isascii() and _GLOBS.intersection(label):
            return f"holds {label[:20]!r}: * and ? stand for characters of the domain's xn-- form only"
    return ""
