"""What does not work after a run: of each account and each destination, as notices for the alarm."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from mailpoll.commands import alarm, troubles
from mailpoll.commands.alarm import Notice
from mailpoll.commands.facts import number
from mailpoll.commands.journal import Journal
from mailpoll.commands.logins import LeftAlone
from mailpoll.destinations import is_url
from mailpoll.errors import ConfigError, DestinationRefused, LoginRefused, TemporaryFailure
from mailpoll.model import Pause, Trouble
from mailpoll.rate import Rates

if TYPE_CHECKING:
    from mailpoll.store import Store
    from mailpoll.store.queues import Backlog
    from mailpoll.store.troubles import Waiting

Met = dict[str, list[Notice]]

# What becomes of a post when its destination is there.
ANSWERED = frozenset({"delivered", "failed"})


def of_accounts(journal: Journal, logins: Mapping[str, datetime | None]) -> Met:
    """A notice for each account that an error stopped; `logins` are the moments of the next login by account."""
    met: Met = {}
    sentences = journal.account_errors()
    for result in journal.accounts:
        if (error := result.error) is not None:
            about, status = f"{alarm.ACCOUNT}{result.account}", result.exit_status
            until = logins.get(result.account) if isinstance(error, LoginRefused) else None
            fresh, tail = not isinstance(error, LeftAlone), troubles.next_login(until)
            met[about] = [Notice(about, status, alarm.kind_of(error), sentences[result.account], fresh, tail)]
    return met


def of_destinations(
    journal: Journal, store: Store, known: Mapping[str, Trouble], configured: Collection[str], now: datetime
) -> tuple[Met, frozenset[str]]:
    """Notices for the destinations that keep posts waiting; and those `known` to be in trouble of which this run learnt
    nothing: neither that it lasts, nor that it is over."""
    pauses = {pause.destination: pause for pause in store.outbox.pauses()}
    resting = {rest.destination for rest in store.outbox.rests() if rest.until > now}
    waiting = {each.destination: each for each in store.troubles.waiting()}
    states: dict[str, set[str]] = {}
    for attempt in journal.attempts:
        states.setdefault(attempt.delivery.post.destination, set()).add(attempt.state)
    met: Met = {}
    untried: set[str] = set()
    for name, posts in waiting.items():
        about = troubles.destination(name)
        ours = name in configured or is_url(name) or name in states
        if name in pauses:
            met.setdefault(about, []).append(_of_pause(journal, pauses[name], posts))
        elif ours and (posts.tried or name in resting):
            met.setdefault(about, []).extend(_of_attempts(journal, posts, known.get(about)))
        elif posts.posts > posts.held and not ANSWERED & states.get(name, set()):
            untried.add(about)  # the time was over, or another run has it in hand
    return met, frozenset(untried & known.keys() - met.keys())


def of_limits(store: Store, known: Collection[str], rates: Rates, now: datetime) -> Met:
    """Notices for channels of which more came than may leave at once, and for all of them together.

    It has begun when a limit keeps a post back, and lasts while any waits: between two windows, too.
    """
    closed = {pause.destination for pause in store.outbox.pauses()}
    worst: dict[str, Backlog] = {}
    for backlog in store.outbox.backlogs(now, rates):
        about = f"{alarm.CHANNEL}{backlog.channel}" if backlog.channel else alarm.GATEWAY
        if backlog.destination in closed or (backlog.opens_at is None and about not in known):
            continue
        if about not in worst or worst[about].posts < backlog.posts:
            worst[about] = backlog
    return {
        about: [Notice(about, alarm.LIMITED, "limit", troubles.of_limit(backlog, now))]
        for about, backlog in worst.items()
    }


def _of_pause(journal: Journal, pause: Pause, waiting: Waiting) -> Notice:
    """Every pause is a kind of its own: whoever opened a destination wants to know that it was closed again."""
    told = journal.closings().get(pause.destination)
    kind = f"paused-{pause.paused_at.isoformat()}"
    sentence = told or troubles.of_pause(pause, None)
    about, status = troubles.destination(pause.destination), _status_of(pause)
    return Notice(about, status, kind, sentence, told is not None, waiting=_waiting(waiting))


def _status_of(pause: Pause) -> int:
    """Of what the configuration does not know, or not so that it could be used, and of what does not take our posts."""
    return DestinationRefused.exit_status if pause.settings_hash else ConfigError.exit_status


def _of_attempts(journal: Journal, waiting: Waiting, open_: Trouble | None) -> list[Notice]:
    """What the posts of a destination met in this run; or, where none was tried, what they met before."""
    lasting = [
        attempt
        for attempt in journal.attempts
        if attempt.delivery.post.destination == waiting.destination and troubles.lasts(attempt)
    ]
    about = troubles.destination(waiting.destination)
    notices = []
    for group in troubles.alike(lasting):
        error = group[0].error
        assert error is not None
        sentence = troubles.of_alike(group)
        notices.append(
            Notice(about, error.exit_status, alarm.kind_of(error), sentence, waiting=_waiting(waiting))
        )  # fmt: skip
    if notices:
        return notices
    status = TemporaryFailure.exit_status if open_ is None else open_.status
    known = open_.told or tuple(mark.partition("/")[0] for mark in open_.alerted) if open_ else ()
    kind = known[-1] if known and status not in alarm.PASSING else "passing"
    return [Notice(about, status, kind, troubles.of_untold(waiting), fresh=False, waiting=_waiting(waiting))]


def _waiting(waiting: Waiting) -> str:
    return f"{number(waiting.posts, 'post')} waiting"
