"""The words of an alert: one mail or post for all that began and ended in a run. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailpoll import router
from mailpoll.commands import alarm
from mailpoll.commands.news import News, comes_and_goes

# What is said of a trouble in a subject, by its kind or by what it is about; the sentence is in the text.
_BEGUN = {
    alarm.CONFIGURATION: "the configuration cannot be used",
    alarm.STORE: "the store cannot be used",
    alarm.PROGRAM: "a run ended with a bug",
    alarm.ALERTS: "not everybody can be alerted",
    alarm.SMTP: "no mail can be sent",
}
_KINDS = {"login": "refuses the login", "paused": "is paused", "limit": "has more mail than may leave"}
_ADDRESS = re.compile(r"[^\s<>@\"'(),;:]{1,320}@[^\s<>@\"'(),;:]{1,255}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the troubles are: the machine, the configuration file, and how `mailpoll` is typed for it."""

    host: str
    configuration: str
    command: str


def subject(news: Sequence[News], place: Place) -> str:
    """`mailpoll on HOST: destination.team is paused`, one line."""
    begun = [_begun(each) for each in news if each.kind]
    ended = [_ended(each) for each in news if not each.kind]
    whats = []
    if begun:
        whats.append(begun[0] if len(begun) == 1 else f"{len(begun)} troubles")
    if ended:
        whats.append(ended[0] if len(ended) == 1 else f"{len(ended)} troubles are over")
    return _one_line(f"mailpoll on {place.host}: {'; '.join(whats)}")


def _begun(news: News) -> str:
    about = news.trouble.about
    if about in _BEGUN:
        return _BEGUN[about]
    return f"{about} {_KINDS.get(news.kind.partition('-')[0], 'does not work')}"


def _ended(news: News) -> str:
    return news.sentence.rpartition(", after ")[0] or news.sentence


def text(news: Sequence[News], place: Place) -> str:
    """All that is to be told, since when, where, and what to type next; no token of an address is in it."""
    return masked("\n".join(_lines(news, place))).encode(errors="replace").decode()  # a path may be in any encoding


def _lines(news: Sequence[News], place: Place) -> Iterator[str]:
    for heading, told in (
        ("Something does not work:", [_since(each) for each in news if each.kind and each.trouble.status]),
        ("This waits, and leaves by and by:", [_since(each) for each in news if each.kind and not each.trouble.status]),
        ("This is over:", [each.sentence for each in news if not each.kind]),
    ):
        if told:
            yield heading
            yield ""
            for each in told:
                yield f"- {each}"
                yield ""
    yield f"Host: {place.host}"
    yield f"Configuration: {place.configuration}"
    yield ""
    yield "To see how all stands, and to look for everything that can be wrong:"
    yield ""
    yield f"    {place.command} status"
    yield f"    {place.command} doctor"
    yield ""
    yield "You are told when a trouble begins and when it ends: [alerts] in the configuration says so."
    yield ""


def _since(news: News) -> str:
    damped = "; it comes and goes: you hear that it is over once that lasts for an hour"
    return f"{news.sentence}\n  (since {alarm.moment(news.trouble.began_at)}{damped * comes_and_goes(news.trouble)})"


def masked(words: str) -> str:
    """`words` with the tokens of all addresses masked: what servers said may name one."""
    return _ADDRESS.sub(lambda found: router.mask(found[0]), words)


def _one_line(words: str) -> str:
    """For a header field: printable, no longer than people read, and nothing in it that would be decoded (RFC 2047)."""
    line = "".join(char if char.isprintable() else " " for char in " ".join(masked(words).split()))
    line = line.replace("=?", "= ?")
    return line if len(line) <= 200 else f"{line[:199]}…"
