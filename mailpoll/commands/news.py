"""What is news of a trouble to those who are alerted: that it began, and that it is over; each of them is told once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol
from urllib.parse import quote, unquote

from msgspec import Struct
from msgspec.structs import replace

from mailpoll import strict_address
from mailpoll.model import Trouble

# Whom an end could not be told for so long does not wait for it any more; where it is IMPLAUSIBLE, the clock is wrong.
OWED = timedelta(days=7)
IMPLAUSIBLE = timedelta(days=365)
# Once so many ends of something were told, with less than REMEMBERED between them, the next is told when it lasted.
OFTEN = 3
REMEMBERED = timedelta(days=1)
LASTING = timedelta(hours=1)
# Of how many kinds of one trouble somebody is told.
KINDS = 6
_BY, _ENDS = "by/", "ends/"


class Memory(Protocol):
    """Where a trouble is remembered: the store, or the file beside it."""

    def kept(self) -> Sequence[Trouble]:
        """Those that are open, and those that are over while somebody is still to be alerted of that."""

    def change(self, abouts: Collection[str], change: Callable[[Trouble], Trouble | None]) -> None:
        """Writes what `change` makes of those about `abouts` as they are now; None forgets one."""


class News(Struct, frozen=True):
    """A trouble that began, with the kind of it (alarm.kind_of); or, without a kind, one that is over. What `waits` is
    owed, and not told yet."""

    trouble: Trouble
    sentence: str
    memory: Memory
    kind: str = ""
    waits: bool = False

    @property
    def place(self) -> tuple[int, str]:
        """Where the trouble is remembered."""
        return id(self.memory), self.trouble.about


def mark_of(kind: str, recipient: str) -> str:
    """What Trouble.alerted holds once `recipient` was told of `kind`; a word without blanks."""
    return f"{kind}/{quote(recipient, safe='@')}"


def met_by(owner: str) -> str:
    """What Trouble.alerted holds where a configuration met a trouble that others, which share the store, need not
    have: only it knows when that is over."""
    return f"{_BY}{quote(owner, errors='surrogateescape')}"


def others(trouble: Trouble, owner: str) -> tuple[str, ...]:
    """Which of the marks of met_by() are not that of `owner`."""
    return tuple(mark for mark in trouble.alerted if mark.startswith(_BY) and mark != met_by(owner))


def lasting_marks(trouble: Trouble) -> tuple[str, ...]:
    """Its marks without those of met_by()."""
    return tuple(mark for mark in trouble.alerted if not mark.startswith(_BY))


def told_marks(trouble: Trouble) -> tuple[str, ...]:
    """Its marks that say who was told of what."""
    return tuple(mark for mark in trouble.alerted if not mark.startswith((_BY, _ENDS)))


def comes_and_goes(trouble: Trouble) -> bool:
    """Whether so many ends of it were told lately that another one has to last before it is."""
    return _ends_told(trouble) >= OFTEN


def end_of(trouble: Trouble, sentence: str, memory: Memory, now: datetime) -> News:
    """The news that a trouble is over."""
    ended_at = trouble.ended_at or now
    return News(trouble, sentence, memory, waits=comes_and_goes(trouble) and abs(now - ended_at) < LASTING)


def _ends_told(trouble: Trouble) -> int:
    counts = [mark.removeprefix(_ENDS) for mark in trouble.alerted if mark.startswith(_ENDS)]
    return max((int(count) for count in counts if count.isdecimal()), default=0)


def without(mark: str, trouble: Trouble) -> Trouble:
    """`trouble` with a mark less."""
    return replace(trouble, alerted=tuple(each for each in trouble.alerted if each != mark))


def known_as(recipient: str) -> str:
    """By what a recipient of [alerts] is remembered: the address alone, or the name of the channel."""
    return strict_address.parse(recipient).address.lower() if "@" in recipient else recipient


def who_knows(trouble: Trouble) -> tuple[str, ...]:
    """Those who were told of any kind of it."""
    return tuple(dict.fromkeys(unquote(mark.partition("/")[2]) for mark in told_marks(trouble)))


def is_told(trouble: Trouble, recipient: str) -> bool:
    """Whether `recipient` was told of any kind of it."""
    return bool(_marks_of(trouble, recipient))


def _marks_of(trouble: Trouble, recipient: str) -> tuple[str, ...]:
    return tuple(mark for mark in told_marks(trouble) if mark.endswith(mark_of("", recipient)))


def is_forgotten(trouble: Trouble, now: datetime) -> bool:
    """Whether it ended so long ago that nobody waits to be told, and that it is nothing that comes and goes."""
    kept = OWED if told_marks(trouble) else REMEMBERED
    return trouble.ended_at is not None and kept < now - trouble.ended_at < IMPLAUSIBLE


class Owed:
    """The news that are still to be told, and to whom."""

    def __init__(self, news: Iterable[News] = ()) -> None:
        self._news: list[News] = []
        self._troubles: dict[tuple[int, str], Trouble] = {}
        self.add(news)

    def add(self, news: Iterable[News]) -> None:
        """More of them; those of a trouble that was among them take the place of what was."""
        more = list(news)
        places = {each.place for each in more}
        self._news = [each for each in self._news if each.place not in places] + more
        self._troubles.update({each.place: each.trouble for each in more})

    def renew(self, memory: Memory) -> None:
        """Looks anew who knows by now of what is remembered there: another host may have told them, or ended it."""
        kept = {each.about: each for each in memory.kept()}

        def lasts(news: News) -> bool:
            here = kept.get(news.trouble.about)
            same = here is not None and here.began_at == news.trouble.began_at
            return same and not (news.kind and here is not None and here.ended_at is not None)

        self._news = [each for each in self._news if each.memory is not memory or lasts(each)]
        for each in self._news:
            if each.memory is memory:
                marks = kept[each.trouble.about].alerted
                self._troubles[each.place] = replace(self._troubles[each.place], alerted=marks)

    def to(self, recipient: str, *, without: Collection[str] = ()) -> tuple[News, ...]:
        """What `recipient` is to be told now; not of the troubles about `without`."""
        return tuple(n for n in self._owed(recipient, without) if not n.waits)

    def anything(self, recipient: str, *, without: Collection[str] = ()) -> bool:
        """Whether `recipient` has still to be told something, now or later."""
        return any(True for _ in self._owed(recipient, without))

    def _owed(self, recipient: str, without: Collection[str]) -> Iterator[News]:
        return (n for n in self._news if n.trouble.about not in without and self._is_owed(n, recipient))

    def told(self, recipient: str, news: Sequence[News]) -> None:
        """Writes down that `recipient` was told. Call it afterwards: a run that is ended in between tells twice rather
        than never. What is forgotten or began anew by then stays so."""
        for memory in {id(each.memory): each.memory for each in news}.values():
            some = [each for each in news if each.memory is memory]
            memory.change({each.trouble.about for each in some}, partial(_after, recipient, some))
        for each in news:
            self._troubles[each.place] = _marked(self._troubles[each.place], each.kind, recipient)

    def _is_owed(self, news: News, recipient: str) -> bool:
        trouble = self._troubles[news.place]
        if news.kind:
            known = _marks_of(trouble, recipient)
            return mark_of(news.kind, recipient) not in known and len(known) < KINDS
        return is_told(trouble, recipient)


def _after(recipient: str, news: Sequence[News], trouble: Trouble) -> Trouble:
    """A trouble after `recipient` was told of `news`; that all were told of its end is counted."""
    for each in news:
        if (each.trouble.about, each.trouble.began_at) == (trouble.about, trouble.began_at):
            trouble = _marked(trouble, each.kind, recipient)
    if trouble.ended_at is None or told_marks(trouble):
        return trouble
    return replace(trouble, alerted=(f"{_ENDS}{_ends_told(trouble) + 1}",))


def _marked(trouble: Trouble, kind: str, recipient: str) -> Trouble:
    if kind:
        return replace(trouble, alerted=tuple(dict.fromkeys((*trouble.alerted, mark_of(kind, recipient)))))
    told = _marks_of(trouble, recipient)
    return replace(trouble, alerted=tuple(mark for mark in trouble.alerted if mark not in told))
