"""What is said when a destination cannot be used as it was answered, and which answer was wrong, most likely."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mailpoll.errors import ConfigError

# What sentences of rules say of a section that is there; there is none yet.
_ALLOW = "allow_plaintext = true in its section"
_OR_ALLOW = f", or {_ALLOW}"
_INTO_PLACE = ("into place", "where `token` of the section points")
# Keys that are the subject of sentences about something else: "the homeserver does not know the room".
_SERVERS = frozenset({"homeserver", "server", "site", "url"})


def in_one(problem: ConfigError) -> ConfigError:
    """Every problem in one sentence: the file that it speaks of is not written yet."""
    return ConfigError(". ".join(problem.problems)) if problem.problems else problem


def wants_plaintext(said: str) -> bool:
    """Whether it would be well if http were allowed."""
    return _ALLOW in said


def without_section(said: str, *, asked: bool) -> str:
    """A sentence without the advice to change a section that is not there; who was not asked is told of the flag."""
    if not asked:
        return said.replace(_ALLOW, "give --setting allow_plaintext=true")
    for place in _INTO_PLACE:
        said = said.replace(place, "in here")
    return said.replace(_OR_ALLOW, "")


def likely(keys: Mapping[str, str], said: str, place: str = "", former: str = "") -> str:
    """The choice that a sentence is about; the first of all where it names none.

    Args:
        keys: choice → key of the setting, which sentences name as `key` or section.key, or as a word of their own.
        place: the choice that is a place, of which the sentence may name the value, `former`, instead.
    """
    words = {each: re.escape(key.removeprefix("smtp.")) for each, key in keys.items()}
    if found := _first({each: rf"(?:`|\.){word}\b" for each, word in words.items()}, said):
        return found
    if place in keys and former and re.search(rf"(?<!\w){re.escape(former)}(?!\w)", said):
        return place
    plain = {each: rf"\b{word}\b" for each, word in words.items() if len(word) > 2}  # `to` is a word, too
    named = _first({each: word for each, word in plain.items() if keys[each] not in _SERVERS}, said)
    return named or _first(plain, said) or next(iter(keys))


def _first(patterns: Mapping[str, str], said: str) -> str:
    """The key of the pattern that is found first; empty when none is."""
    places = {each: found.start() for each, pattern in patterns.items() if (found := re.search(pattern, said))}
    return min(places, key=lambda each: places[each], default="")
