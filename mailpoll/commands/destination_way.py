"""Which way to post a secret belongs to: some services know tokens, and web hooks whose URL is the secret."""

from __future__ import annotations

from collections.abc import Iterable

from mailpoll import destinations
from mailpoll.destinations.kind import Question, Way


def way_of(ways: Iterable[Way], text: str) -> Way | None:
    """The way of several that a secret belongs to; None where nothing tells them apart."""
    by_url = {question.url: way for way in ways if (question := first_secret(way)) is not None}
    if by_url.keys() != {True, False}:
        return None
    if destinations.is_url(text):
        return by_url[True]
    return None if "/" in text else by_url[False]  # a URL without https:// is no token


def other_way(ways: Iterable[Way], question: Question, text: str) -> Way | None:
    """The way that a text belongs to which was given for a secret of another way; None where it may be right."""
    asked = {first.key: way for way in ways if (first := first_secret(way)) is not None}
    found = way_of(asked.values(), text)
    return found if question.key in asked and found not in (None, asked[question.key]) else None


def first_secret(way: Way) -> Question | None:
    """The secret that cannot be left out."""
    return next((each for each in way.questions if each.secret and not each.optional), None)


def mismatch(text: str) -> str:
    """What is wrong with a secret of another way, of which nothing is repeated."""
    return "this is a URL, and no token" if destinations.is_url(text) else "this is no URL, which a web hook has"
