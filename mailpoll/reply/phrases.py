"""Many phrases looked for at once; an alternation of hundreds takes milliseconds to compile, in each run."""

from __future__ import annotations

from collections.abc import Iterable


class Starts:
    """Phrases, lower-case, of which a text may begin with one."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._by_start: dict[str, list[str]] = {}
        for phrase in sorted(set(phrases), key=len, reverse=True):
            self._by_start.setdefault(phrase[:1], []).append(phrase)

    def end(self, text: str) -> int:
        """Where the longest phrase ends that `text`, lower-case, begins with, none of its words cut short; 0: none."""
        for phrase in self._by_start.get(text[:1], ()):
            if text.startswith(phrase) and not _goes_on(text, len(phrase)):
                return len(phrase)
        return 0


class Words:
    """Phrases, each of whole words, that may stand anywhere in a text, in the same case."""

    def __init__(self, phrases: Iterable[str]) -> None:
        found = frozenset(phrases)
        self._single = frozenset(phrase for phrase in found if phrase.isalpha())
        self._others = tuple(found - self._single)

    def stand_in(self, text: str) -> bool:
        """Whether one of them does."""
        if self._single and not self._single.isdisjoint(_words(text)):
            return True
        return any(_stands(phrase, text) for phrase in self._others)


def _words(text: str) -> list[str]:
    return "".join(character if character.isalnum() or character == "_" else " " for character in text).split()


def _stands(phrase: str, text: str) -> bool:
    at = text.find(phrase)
    while at >= 0:
        before = at > 0 and _is_word(text[at - 1]) and _is_word(phrase[0])
        if not before and not _goes_on(text, at + len(phrase)):
            return True
        at = text.find(phrase, at + 1)
    return False


def _goes_on(text: str, end: int) -> bool:
    """Whether a word goes on behind `end`."""
    return end < len(text) and _is_word(text[end])


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
