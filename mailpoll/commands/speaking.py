"""What a run tells when it is over, and what is remembered of that for the next."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from mailpoll.commands import alarm, notices, troubles
from mailpoll.commands.alarm import Notice
from mailpoll.commands.journal import Journal, tell
from mailpoll.commands.logins import Gate
from mailpoll.model import Trouble

if TYPE_CHECKING:
    from mailpoll.store import Store

# Who listens. cron: what begins, lasts for another day or ends; a person: all of it; nobody: what a run met is for
# the caller to tell, and counts as told to nobody.
Listener = Literal["cron", "person", "nobody"]


@dataclass(frozen=True, slots=True)
class Speaker:
    """Tells what is to be told of runs over all accounts that end `now`."""

    store: Store
    now: datetime
    alert_after: int
    listener: Listener

    def settle(self, journal: Journal, gates: Mapping[str, Gate], configured: Collection[str]) -> None:
        """Tells the `listener` of a run, and then writes down who was told what: a run that is ended in between tells
        twice rather than never.

        `gates` are those of the accounts it polled; of those `configured` besides, another run takes care.
        """
        known = {trouble.about: trouble for trouble in self.store.troubles.list()}
        closed, silent = notices.of_destinations(journal, self.store, known, self.now)
        met = {**notices.of_accounts(journal, {name: gate.until for name, gate in gates.items()}), **closed}
        silent |= {f"{alarm.ACCOUNT}{name}" for name in configured if name not in gates}
        changes = [self._change(known.get(about), some) for about, some in met.items()]
        over = [trouble for about, trouble in known.items() if about not in met and about not in silent]
        journal.count_unrouted(self.store, self.now)
        journal.open = tuple(change.trouble for change in changes)
        journal.ended = _ends(journal, over, self.now)
        self._tell(journal, [line for change in changes for line in change.lines])
        news = [trouble for trouble in journal.open if known.get(trouble.about) != trouble]
        self.store.troubles.save(news, [trouble.about for trouble in over])
        journal.settled = True

    def _tell(self, journal: Journal, lines: Sequence[str]) -> None:
        if self.listener == "person":
            journal.tell_accounts()
        if self.listener != "nobody":
            tell([*lines, *journal.events(), *journal.ended])

    def _change(self, trouble: Trouble | None, met: Sequence[Notice]) -> _Change:
        after, lines = alarm.decide(trouble, met, self.now, alert_after=self.alert_after)
        if self.listener == "cron":
            return _Change(after, lines)
        if self.listener == "nobody":
            told_at, told = (trouble.told_at, trouble.told) if trouble else (None, ())
            return _Change(replace(after, told_at=told_at, told=told), ())
        told = tuple(dict.fromkeys((*after.told, *(notice.kind for notice in met))))
        return _Change(replace(after, told_at=self.now, told=told), alarm.in_full(trouble, met))


@dataclass(frozen=True, slots=True)
class _Change:
    """A trouble as it is after a run, and the lines that are to be told of it."""

    trouble: Trouble
    lines: tuple[str, ...]


def _ends(journal: Journal, over: list[Trouble], now: datetime) -> tuple[str, ...]:
    """What is told of troubles that are over: nothing of those that nobody heard of, nor of accounts that are gone."""
    polled = {f"{alarm.ACCOUNT}{result.account}" for result in journal.accounts}
    posted = {
        troubles.destination(attempt.delivery.post.destination)
        for attempt in journal.attempts
        if attempt.state == "delivered"
    }
    told = [trouble for trouble in over if trouble.told_at is not None]
    accounts = [alarm.end(t, now) for t in told if t.about in polled]
    others = [t for t in told if not t.about.startswith(alarm.ACCOUNT)]
    return (
        *accounts,
        *(alarm.end(t, now, "" if t.about in posted else f"{t.about}: no post waits any more") for t in others),
    )
