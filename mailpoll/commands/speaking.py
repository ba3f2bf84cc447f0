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
from mailpoll.errors import ConfigError
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

    def settle(
        self, journal: Journal, gates: Mapping[str, Gate], accounts: Collection[str], destinations: Collection[str]
    ) -> None:
        """Tells the `listener` of a run, and then writes down who was told what: a run that is ended in between tells
        twice rather than never.

        `gates` are those of the `accounts` it polled; another run takes care of the others. What is neither among them
        nor among the `destinations` may be of another configuration that shares the store.
        """
        known = {trouble.about: trouble for trouble in self.store.troubles.list()}
        closed, untried = notices.of_destinations(journal, self.store, known, destinations, self.now)
        met = {**notices.of_accounts(journal, {name: gate.until for name, gate in gates.items()}), **closed}
        changes = [self._change(known.get(about), some) for about, some in met.items()]
        quiet = [trouble for about, trouble in known.items() if about not in met and about not in untried]
        over = [trouble for trouble in quiet if _is_ours(trouble, gates, destinations)]
        others = {f"{alarm.ACCOUNT}{name}" for name in accounts}
        gone = [t for t in quiet if t not in over and t.about not in others and alarm.stale(t, self.now)]
        unrouted = self._unrouted(journal)
        journal.open = (*(change.trouble for change in changes), *(known[about] for about in sorted(untried)))
        journal.ended = _ends(journal, over, self.now)
        owed = [t for t in over if self.listener == "nobody" and t.told_at and not alarm.stale(t, self.now)]
        journal.unsaid = journal.unsaid or bool(owed)
        self._tell(journal, [line for change in changes for line in change.lines])
        news = [trouble for trouble in (*journal.open, *unrouted) if known.get(trouble.about) != trouble]
        self.store.troubles.save(news, [trouble.about for trouble in (*over, *gone) if trouble not in owed])
        journal.settled = True

    def _tell(self, journal: Journal, lines: Sequence[str]) -> None:
        if self.listener == "person":
            journal.tell_accounts()
        if self.listener != "nobody":
            tell([*lines, *journal.events(), *journal.ended])
            journal.told = True

    def _unrouted(self, journal: Journal) -> list[Trouble]:
        """Counts the mail for addresses that no channel has which came since that was last told, when it is to be told
        now; gives what is to be remembered then. At a terminal what this run read has lines of its own."""
        last = self.store.troubles.told_at(alarm.UNROUTED)
        if last is not None and self.listener != "person" and not alarm.due_again(last, self.now):
            return []
        since = self.now - alarm.DAY if last is not None and last > self.now else last
        count = self.store.troubles.unrouted(since, self.now + alarm.DAY)
        if self.listener == "nobody":
            journal.unsaid = journal.unsaid or bool(count)
        if not count or self.listener == "nobody":
            return []
        shown = sum(reading.outcome == "unrouted" for _, reading in journal.readings)
        journal.unrouted = 0 if self.listener == "person" and count <= shown else count
        return [Trouble(alarm.UNROUTED, 0, "", 0, self.now, self.now)]

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


def _is_ours(trouble: Trouble, polled: Collection[str], destinations: Collection[str]) -> bool:
    """Whether what a run did not meet is over: it looked for it, or nothing waits for what is in no configuration."""
    if trouble.about.startswith(alarm.ACCOUNT):
        return trouble.about.removeprefix(alarm.ACCOUNT) in polled
    name = trouble.about.removeprefix(alarm.DESTINATION)
    return name == trouble.about or name in destinations or trouble.status == ConfigError.exit_status


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
