"""When a trouble speaks: when it begins, once a day while it lasts, when it ends. Pure: time is passed in.

What identifies a trouble is what it is about, and its kind: its status, and what we say of it, without numbers and
without the words of others, which vary from run to run (a port, a time, the number of a session). All that passes by
itself (69 and 75) is of one kind: whether a server that is away times out or refuses is nothing to act upon.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from mailpoll.errors import PRECEDENCE, ConfigError, LoginRefused, MailpollError, TemporaryFailure, Unavailable
from mailpoll.model import Trouble

DAY = timedelta(days=1)
# Whoever takes care of a trouble has told it again by then, whichever way its clock was wrong.
STALE = timedelta(days=2)
# What passes by itself, and so is told only when it did not for `fetch.alert_after` runs in a row.
PASSING = frozenset({Unavailable.exit_status, TemporaryFailure.exit_status})
CONFIGURATION = "configuration"
STORE = "store"
PROGRAM = "mailpoll"
SMTP = "smtp"
ALERTS = "alerts"
# What is known only once somebody was to be alerted.
OF_ALERTS = frozenset({SMTP, ALERTS})
ACCOUNT = "account."
DESTINATION = "destination."
CHANNEL = "channel."
GATEWAY = "gateway"
# What waits for a limit waits as somebody wanted: it is told like a trouble, and counts for none.
LIMITED = 0
NOTHING_TO_MAIL = "smtp: no alert waits any more"
# Mail for addresses that no channel has: no trouble, and told once a day all the same.
UNROUTED = "unrouted"

# In "the server denies it: Quota exceeded (id 4711)" the words before these are ours.
_OTHERS_WORDS = re.compile(r": | \(")
_ENDS = {
    CONFIGURATION: "the configuration can be used again",
    STORE: "the store works again",
    SMTP: "mail can be sent again",
    ALERTS: "everybody can be alerted again",
}


class Notice(Struct, frozen=True):
    """What a run met that does not work.

    `kind` is that of kind_of, or another word without blanks. `fresh` is False when it was not tried: the sentence of
    the trouble that is open holds then. `tail` is a sentence that varies and follows whenever it is told; `waiting`
    ("3 posts waiting") is told day by day.
    """

    about: str
    status: int
    kind: str
    sentence: str
    fresh: bool = True
    tail: str = ""
    waiting: str = ""


def kind_of(error: BaseException) -> str:
    """What stays the same of an error while it is the same trouble; a word without blanks."""
    if not isinstance(error, MailpollError):
        return f"bug-{type(error).__name__}"
    if error.exit_status in PASSING:
        return "passing"
    if isinstance(error, LoginRefused):  # about is the server, and what else is said are the server's words
        return "login"
    problems = error.problems if isinstance(error, ConfigError) else ()
    ours = _OTHERS_WORDS.split(error.what)[0]
    import hashlib

    told = "\n".join((re.sub(r"\b\d+\b", "#", f"{error.about}\n{ours}"), *problems))
    return f"{error.exit_status}-{hashlib.sha256(told.encode(errors='replace')).hexdigest()[:12]}"


def due_again(told_at: datetime, now: datetime) -> bool:
    """Whether it was told a day ago; or a day ahead, by a clock that was wrong."""
    return abs(now - told_at) >= DAY


def stale(trouble: Trouble, now: datetime) -> bool:
    """Whether nobody takes care of it any more: it is told day by day as long as somebody does."""
    return abs(now - (trouble.told_at or trouble.began_at)) > STALE


def decide(
    trouble: Trouble | None, notices: Sequence[Notice], now: datetime, *, alert_after: int
) -> tuple[Trouble, tuple[str, ...]]:
    """The trouble as it is after a run that met `notices`, all about one thing, and what is to be told of it now.

    `trouble` is what was open before. A kind that was told is not told again before a day is over, even if others
    come in between: two folders that are missing may be met in turns.
    """
    met = [as_told(trouble, notice) for notice in notices]
    first = min(met, key=lambda notice: PRECEDENCE.index(notice.status))
    began = trouble or Trouble(first.about, first.status, "", 0, now)
    runs = began.runs + 1 if (began.status in PASSING) == (first.status in PASSING) else 1
    again = began.told_at is not None and due_again(began.told_at, now)
    told: tuple[str, ...] = () if again else began.told
    lines = []
    for notice in met:
        known = notice.kind in began.told
        ripe = notice.status not in PASSING or known or runs >= alert_after
        if ripe and notice.kind not in told:
            told = (*told, notice.kind)
            lines.append(reminder(notice, began.began_at) if known else beginning(notice))
    told_at, told = (now, told) if lines else (began.told_at, began.told)
    after = Trouble(first.about, first.status, first.sentence, runs, began.began_at, told_at, told, began.alerted)
    return after, tuple(lines)


def ripe(after: Trouble, notices: Sequence[Notice], *, alert_after: int) -> tuple[Notice, ...]:
    """Those of `notices` that whoever is to be alerted has to know of, whether cron or a person heard of them or not;
    `after` is the trouble after the run that met them."""
    return tuple(
        as_told(after, notice)
        for notice in notices
        if notice.status not in PASSING
        or after.runs >= alert_after
        or any(mark.startswith(f"{notice.kind}/") for mark in after.alerted)
    )


def as_told(trouble: Trouble | None, notice: Notice) -> Notice:
    """`notice` with the sentence of the trouble that is open, where nothing new is known."""
    if notice.fresh or trouble is None or trouble.status != notice.status:
        return notice
    return Notice(
        notice.about, notice.status, notice.kind, trouble.sentence, False, notice.tail, notice.waiting
    )  # fmt: skip


def in_full(trouble: Trouble | None, notices: Sequence[Notice]) -> tuple[str, ...]:
    """All that a run met, for somebody who asks."""
    return tuple(
        beginning(notice) if notice.fresh or trouble is None else reminder(notice, trouble.began_at)
        for notice in (as_told(trouble, each) for each in notices)
    )


def beginning(notice: Notice) -> str:
    """What is told first."""
    return f"{notice.sentence.rstrip('.')}. {notice.tail}" if notice.tail else notice.sentence


def reminder(notice: Notice, since: datetime) -> str:
    """What is told day by day."""
    if notice.status == LIMITED:
        return notice.sentence
    waiting = f", {notice.waiting}" if notice.waiting else ""
    return f"since {moment(since)}{waiting}: {beginning(notice)}"


def end(trouble: Trouble, now: datetime, how: str = "") -> str:
    """What is told at the end; `how` it ended, if not by working again."""
    what = how or _ENDS.get(trouble.about, f"{trouble.about} works again")
    return f"{what}, after {length(now - trouble.began_at)} (since {moment(trouble.began_at)})"


def length(time: timedelta) -> str:
    """`40 s`, `5 min`, `3 h 12 min`, `2 d 4 h`; never negative, whatever the clock did."""
    seconds = max(int(time.total_seconds()), 0)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"
    if hours:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{minutes} min" if minutes else f"{seconds} s"


def moment(at: datetime) -> str:
    """A moment in the time of this machine, to the minute."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M")
