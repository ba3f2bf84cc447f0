"""Alerts into channels: a small mail that comes in where all mail does, and so is stored, posted and tried again."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid
from typing import TYPE_CHECKING

from mailpoll.commands import alarm, alert_text, crash, troubles
from mailpoll.commands.alarm import Notice
from mailpoll.doctor import alerts, book
from mailpoll.errors import BUG, ConfigError, MailpollError
from mailpoll.model import KnownAddress, RawMessage
from mailpoll.settings import Settings

if TYPE_CHECKING:
    from mailpoll.store import Store

_POST = "post"  # the kind of what notice() gives


def channels(store: Store, recipients: Collection[str]) -> dict[str, KnownAddress | None]:
    """The channels among the recipients of alerts, and what the store knows of each; None: there is none."""
    return {name: store.channels.as_address(name) for name in recipients if "@" not in name}


def notices(known: Mapping[str, KnownAddress | None]) -> list[Notice]:
    """A notice for each channel that no alert can go into, whatever its destinations do."""
    found = []
    for name, channel in known.items():
        if problem := problem_of(name, channel):
            what, advice = problem
            sentence = f"alerts.to: {what}. {advice}"
            found.append(Notice(alarm.ALERTS, ConfigError.exit_status, f"channel-{_word(name)}", sentence))
    return found


def notice(name: str, problem: BaseException) -> Notice:
    """What is told where an alert could not be put in for a channel."""
    known = isinstance(problem, MailpollError)
    what = alert_text.masked(str(problem) if known else crash.sentence(problem))
    status = problem.exit_status if isinstance(problem, MailpollError) else BUG
    return Notice(alarm.ALERTS, status, _POST, f"alerts.to: no alert into channel {name}: {what}")


def met_before(store: Store) -> list[Notice]:
    """What notice() gave the last time, if that is not over."""
    open_ = (trouble for trouble in store.troubles.list() if trouble.about == alarm.ALERTS)
    return [Notice(t.about, t.status, _POST, t.sentence, False) for t in open_ if t.status != ConfigError.exit_status]


def problem_of(name: str, channel: KnownAddress | None) -> tuple[str, str] | None:
    """Why no alert can go into a channel, and what to do; None when one can."""
    if channel is None:
        return alerts.problem_of(name, None, ())
    return alerts.problem_of(name, channel.channel_enabled, channel.targets)


def _word(name: str) -> str:
    return re.sub(r"\s", "_", name)


def usable(known: Mapping[str, KnownAddress | None], failing: Collection[str], settings: Settings) -> Iterator[str]:
    """The channels of which a destination works, as far as is known; `failing` is what troubles are about."""
    for name, channel in known.items():
        if channel is None or problem_of(name, channel):
            continue
        if any(_works(destination, failing, settings) for destination, _ in channel.targets):
            yield name


def _works(destination: str, failing: Collection[str], settings: Settings) -> bool:
    return troubles.destination(destination) not in failing and not book.unusable(destination, settings)


def failing(store: Store, now: datetime) -> set[str]:
    """The destinations that take nothing now, whether posts wait for them or not, as troubles name them."""
    closed = [pause.destination for pause in store.outbox.pauses()]
    resting = [rest.destination for rest in store.outbox.rests() if rest.until > now]
    return {troubles.destination(name) for name in (*closed, *resting)}


def accept(store: Store, channel: str, subject: str, text: str, *, host: str, now: datetime) -> None:
    """Puts an alert in where all mail comes in, on its way to `channel`."""
    store.ledger.accept([RawMessage(None, None, (mail(subject, text, host=host, now=now),))], now, sent_to=channel)


def mail(subject: str, text: str, *, host: str, now: datetime) -> bytes:
    """The mail that an alert is. It has no X-Mailpoll: mail with that one comes back from us, and is ignored."""
    domain = re.sub(r"[^A-Za-z0-9.-]", "-", host).strip(".-") or "localhost"
    message = EmailMessage(policy=SMTP)
    message["From"] = f"mailpoll <mailpoll@{domain}>"
    message["Subject"] = subject
    message["Date"] = now
    message["Message-ID"] = make_msgid(domain=domain)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text, charset="utf-8", cte="quoted-printable")
    return message.as_bytes()
