"""What a run tells when it is over, and what is remembered of that for the next."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from mailpoll.commands import alarm, news, notices, troubles
from mailpoll.commands.alarm import Notice
from mailpoll.commands.journal import Journal, tell
from mailpoll.commands.logins import Gate
from mailpoll.commands.news import News
from mailpoll.errors import ConfigError
from mailpoll.model import Trouble
from mailpoll.rate import UNLIMITED, Rates

if TYPE_CHECKING:
    from mailpoll.store import Store

# Who listens. cron: what begins, lasts for another day or ends; a person: all of it; nobody: what a run met is for
# the caller to tell, and counts as told to nobody.
Listener = Literal["cron", "person", "nobody"]


class Speaker(Struct, frozen=True):
    """Tells what is to be told of runs over all accounts that end `now`. `owner` tells this configuration from others
    that share the store; `alerting`, whether it names anybody to alert; `rates` are the limits it sets."""

    store: Store
    now: datetime
    alert_after: int
    listener: Listener
    owner: str = ""
    alerting: bool = True
    rates: Rates = UNLIMITED

    def settle(
        self, journal: Journal, gates: Mapping[str, Gate], accounts: Collection[str], destinations: Collection[str]
    ) -> tuple[News, ...]:
        """Tells the `listener` of a run, and then writes down who was told what: a run that is ended in between tells
        twice rather than never. Gives what there is to alert others of.

        `gates` are those of the `accounts` it polled; another run takes care of the others. What is neither among them
        nor among the `destinations` may be of another configuration that shares the store.
        """
        kept = {trouble.about: trouble for trouble in self.store.troubles.kept()}
        known = {about: trouble for about, trouble in kept.items() if trouble.ended_at is None}
        closed, untried = notices.of_destinations(journal, self.store, known, destinations, self.now)
        limited = notices.of_limits(self.store, known, self.rates, self.now)
        logins = {name: gate.until for name, gate in gates.items()}
        met = {**notices.of_accounts(journal, logins), **closed, **limited}
        changes = [self._change(kept.get(about), some) for about, some in met.items()]
        learnt = met.keys() | untried | alarm.OF_ALERTS
        quiet = [trouble for about, trouble in known.items() if about not in learnt]
        over = [trouble for trouble in quiet if _is_ours(trouble, gates, destinations)]
        others = {f"{alarm.ACCOUNT}{name}" for name in accounts}
        gone = [t for t in quiet if t not in over and t.about not in others and alarm.stale(t, self.now)]
        unrouted = self._unrouted(journal)
        journal.open = (*(change.trouble for change in changes), *(known[about] for about in sorted(untried)))
        ends = self._end(journal, over, _ends(journal, over, self.now))
        past = [trouble for trouble in kept.values() if trouble.ended_at is not None and trouble.about not in met]
        gone += [trouble for trouble in past if news.is_forgotten(trouble, self.now)]
        self._tell(journal, [line for change in changes for line in change.lines])
        saved = [trouble for trouble in (*journal.open, *unrouted) if kept.get(trouble.about) != trouble]
        self.store.troubles.save([*saved, *ends.kept], [*ends.gone, *(trouble.about for trouble in gone)])
        journal.settled = True
        for about in () if self.alerting else sorted(alarm.OF_ALERTS & known.keys()):
            self.settle_one(journal, about, [], f"{about}: nobody is to be alerted any more")
        late = [self._over(trouble, trouble.sentence) for trouble in past if trouble not in gone]
        return (*(each for change in changes for each in change.news), *ends.news, *late)

    def settle_one(self, journal: Journal, about: str, notices: Sequence[Notice], how: str = "") -> tuple[News, ...]:
        """As settle(), of a single thing that is known after it: what was met of it, or that it is over. Others that
        share the store may have the same trouble or not; one that nobody has met for days is over, whoever met it."""
        kept = next((each for each in self.store.troubles.kept() if each.about == about), None)
        mine = news.met_by(self.owner)
        rest = tuple(trouble for trouble in journal.open if trouble.about != about)
        if notices:
            change = self._change(kept, notices, mine)
            journal.open = (*rest, change.trouble)
            self._say(change.lines)
            self.store.troubles.save([change.trouble])
            return change.news
        if kept is None or kept.ended_at is not None:
            return ()
        stale = alarm.stale(kept, self.now)
        if mine not in kept.alerted and not stale:
            return ()
        if news.others(kept, self.owner) and not stale:
            self.store.troubles.change([about], partial(news.without, mine))
            return ()
        kept = replace(kept, alerted=news.lasting_marks(kept))
        journal.open = rest
        ends = self._end(journal, [kept], {about: alarm.end(kept, self.now, how)})
        self._say([alarm.end(kept, self.now, how)] if kept.told_at is not None else [])
        self.store.troubles.save(ends.kept, ends.gone)
        return ends.news

    def _over(self, trouble: Trouble, sentence: str) -> News:
        return news.end_of(trouble, sentence, self.store.troubles, self.now)

    def _say(self, lines: Sequence[str]) -> None:
        if self.listener != "nobody":
            tell(lines)

    def _end(self, journal: Journal, over: Sequence[Trouble], sentences: Mapping[str, str]) -> _Ends:
        """What becomes of troubles that are over. Where it is for a run of cron to tell that, or somebody is to be
        alerted, they are kept until that was done."""
        kept, gone, told = [], [], []
        for trouble in over:
            sentence = sentences[trouble.about]
            unsaid = self.listener == "nobody" and trouble.told_at and not alarm.stale(trouble, self.now)
            ended = trouble if unsaid else replace(trouble, sentence=sentence, ended_at=self.now)
            if trouble.alerted:
                told.append(self._over(ended, sentence))
            if unsaid:
                journal.unsaid = True
            elif trouble.alerted:
                kept.append(ended)
            else:
                gone.append(trouble.about)
        journal.ended = (*journal.ended, *(sentences[t.about] for t in over if t.told_at is not None))
        return _Ends(tuple(kept), tuple(gone), tuple(told))

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

    def _change(self, trouble: Trouble | None, met: Sequence[Notice], *marks: str) -> _Change:
        known = trouble.alerted if trouble else ()
        if trouble is not None and trouble.ended_at is not None:  # it begins anew: who did not hear of its end knows it
            known, trouble = news.lasting_marks(trouble), None
        alerted = tuple(dict.fromkeys((*known, *marks)))
        after, lines = alarm.decide(trouble, met, self.now, alert_after=self.alert_after)
        if self.listener == "nobody":
            told_at, told = (trouble.told_at, trouble.told) if trouble else (None, ())
            after, lines = replace(after, told_at=told_at, told=told), ()
        elif self.listener == "person":
            told = tuple(dict.fromkeys((*after.told, *(notice.kind for notice in met))))
            after, lines = replace(after, told_at=self.now, told=told), alarm.in_full(trouble, met)
        after = replace(after, alerted=alerted)
        ripe = alarm.ripe(after, met, alert_after=self.alert_after)
        begun = (News(after, alarm.beginning(notice), self.store.troubles, notice.kind) for notice in ripe)
        return _Change(after, lines, tuple(begun))


class _Change(Struct, frozen=True):
    """A trouble as it is after a run, the lines that are to be told of it, and what others are to be alerted of."""

    trouble: Trouble
    lines: tuple[str, ...]
    news: tuple[News, ...]


class _Ends(Struct, frozen=True):
    """Troubles that are over: those that are kept for a while, what those were about that are forgotten, and what
    others are to be alerted of."""

    kept: tuple[Trouble, ...]
    gone: tuple[str, ...]
    news: tuple[News, ...]


def _is_ours(trouble: Trouble, polled: Collection[str], destinations: Collection[str]) -> bool:
    """Whether what a run did not meet is over: it looked for it, or nothing waits for what is in no configuration."""
    if trouble.about.startswith(alarm.ACCOUNT):
        return trouble.about.removeprefix(alarm.ACCOUNT) in polled
    name = trouble.about.removeprefix(alarm.DESTINATION)
    return name == trouble.about or name in destinations or trouble.status == ConfigError.exit_status


def _ends(journal: Journal, over: Sequence[Trouble], now: datetime) -> dict[str, str]:
    """What is to be told of troubles that are over, by what they were about."""
    posted = {
        troubles.destination(attempt.delivery.post.destination)
        for attempt in journal.attempts
        if attempt.state == "delivered"
    }

    def how(about: str) -> str:
        if about.startswith(alarm.ACCOUNT) or about in posted:
            return ""
        if about.startswith(alarm.CHANNEL) or about == alarm.GATEWAY:
            return f"{about}: no limit keeps a mail back any more"
        return f"{about}: no post waits any more"

    return {trouble.about: alarm.end(trouble, now, how(trouble.about)) for trouble in over}
