"""Who wrote a mail, and whether an address is on a list of senders."""

from __future__ import annotations

from collections.abc import Sequence

from mailpoll.model import Message, NamedAddress
from mailpoll.router import a_labels

# IDNA 2003 writes other letters for these, and so another's domain (RFC 5894 §7.2): they are compared as they are.
_DEVIATIONS = frozenset("ßς\u200c\u200d")


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
