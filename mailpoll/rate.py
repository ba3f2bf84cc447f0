"""Rate limits: how many posts may leave in how long, from text and in words. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from msgspec import Struct

NONE = "none"
EXAMPLE = "50/1m 120/5m 600/1h"
# A window is counted anew for every post: neither may be so large that this takes long.
MOST = 10_000
LONGEST_S = 86_400

_UNITS = {"s": (1, "second"), "m": (60, "minute"), "h": (3600, "hour"), "d": (86_400, "day")}


class Window(Struct, frozen=True):
    """At most `posts` in any `seconds`."""

    posts: int
    seconds: int

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return timedelta(seconds=self.seconds)


# All of them hold; without any there is no limit.
Rate = tuple[Window, ...]


def parse(text: str) -> Rate:
    """The limits that `50/1m 120/5m 600/1h` or `none` stands for. ValueError says what is wrong and what to write."""
    words = text.lower().split()
    if words == [NONE]:
        return ()
    if not words:
        raise ValueError(f'is empty. Write "{EXAMPLE}", or "{NONE}"')
    return tuple(map(_window, words))


def problem(text: str) -> str | None:
    """What is wrong with the text of a rate, and what to write instead; None when nothing is."""
    try:
        parse(text)
    except ValueError as error:
        return str(error)
    return None


def _window(word: str) -> Window:
    posts, _, length = word.partition("/")
    number, unit = (length[:-1] or "1", length[-1:]) if length else ("", "")
    if not (_is_number(posts) and _is_number(number) and unit in _UNITS):
        raise ValueError(f'{word!r} is no rate. Write posts/time, like "{EXAMPLE}", or "{NONE}"')
    window = Window(int(posts), int(number) * _UNITS[unit][0])
    if not (0 < window.posts <= MOST and 0 < window.seconds <= LONGEST_S):
        raise ValueError(f"{word!r} is out of range. Write 1 to {MOST} posts in 1s to 1d")
    return window


def _is_number(text: str) -> bool:
    return 0 < len(text) < 7 and text.isascii() and text.isdecimal()


def in_words(window: Window) -> str:
    """`50 a minute`, `120 in 5 minutes`."""
    size, name = max(each for each in _UNITS.values() if window.seconds % each[0] == 0)
    count = window.seconds // size
    if count > 1:
        return f"{window.posts} in {count} {name}s"
    return f"{window.posts} {'an' if name == 'hour' else 'a'} {name}"


def _without(destination: str) -> Rate:
    return ()


class Rates(Struct, frozen=True):
    """Which limits hold. `usual` is [policy] rate, None: as the kind of each destination says (`of_kind`); `gateway` is
    over all that leaves. What a channel has of its own wins."""

    usual: Rate | None = None
    gateway: Rate = ()
    of_kind: Callable[[str], Rate] = _without

    def of(self, own: str | None, destination: str) -> Rate:
        """The limits of a channel, whose own are `own` (None: none of its own), to a destination."""
        if own is not None and problem(own) is None:
            return parse(own)
        return self.of_kind(destination) if self.usual is None else self.usual


UNLIMITED = Rates()
