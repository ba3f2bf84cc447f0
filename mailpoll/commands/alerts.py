"""Tells those whom [alerts] names, once each, that a trouble began or is over: by a way that is not the failing one."""

from __future__ import annotations

import logging
import math
import os
import shlex
import socket
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import click
import msgspec

from mailpoll import config, router
from mailpoll.commands import alarm, alert_mail, alert_post, alert_text
from mailpoll.commands.alarm import Notice
from mailpoll.commands.alert_mail import Mailer, NoTime, Refusals, Send
from mailpoll.commands.alert_text import Place
from mailpoll.commands.installation import Installation
from mailpoll.commands.journal import Journal
from mailpoll.commands.news import News, Owed, known_as
from mailpoll.errors import ConfigError, MailpollError, PermanentFailure, TemporaryFailure
from mailpoll.model import Trouble
from mailpoll.settings import Settings

if TYPE_CHECKING:
    from mailpoll.commands.speaking import Speaker
    from mailpoll.store import Store

# How long past the deadline of a run a mail may still be sent: where an account is busy until then run by run, nobody
# would ever be told.
GRACE_S = 5.0

# As which a mail is refused that others to other people need not be.
_OF_ONE = frozenset({PermanentFailure.exit_status, TemporaryFailure.exit_status})

log = logging.getLogger(__name__)


@dataclass
class Told:
    """What came of alerts by mail, or by posts: the notices of what went wrong, whether the time was over before all
    was told, and whether somebody was told, and all of those who are to be, or nobody of those to whom mail could not
    be sent."""

    notices: list[Notice] = field(default_factory=list)
    late: bool = False
    somebody: bool = False
    everybody: bool = False
    refused: bool = False

    def proves(self, trouble: Trouble | None) -> bool:
        """Whether what was sent shows that `trouble` is over: that one mail was taken shows nothing of another."""
        of_one = self.refused or (trouble is not None and trouble.status in _OF_ONE)
        return self.everybody or (self.somebody and not of_one)


@dataclass
class Alerter:
    """Alerts of `owed`."""

    installation: Installation
    owed: Owed
    now: Callable[[], datetime]
    ends: float
    at_once: bool = False
    send: Send = alert_mail.by_smtp
    journal: Journal = field(default_factory=Journal)

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.installation.settings

    @property
    def place(self) -> Place:
        """Where the troubles are."""
        path = os.fsencode(self.installation.path).decode(errors="replace")  # it may be in no encoding we know
        return Place(socket.gethostname(), path, f"mailpoll --config {shlex.quote(path)}")

    @property
    def addresses(self) -> dict[str, str]:
        """The addresses among the recipients of alerts: as they are written, and by which they are remembered."""
        return {one: known_as(one) for one in self.settings.alerts.recipients if "@" in one}

    def by_mail(self, refusals: Refusals, first: int = 0) -> Told:
        """Mails to every address what it has still to be told, beginning with another one for each number `first`: one
        whose mails take all the time there is must not be the first of every run."""
        told, smtp = Told(), self.settings.smtp
        if smtp is None:
            return told
        mailer = Mailer(self.installation, smtp, refusals, self.now, self.ends, self.at_once, self.send)
        mailed: set[str] = set()
        unsent: dict[str, Notice] = {}
        for written, address in _from(first, list(self.addresses.items())):
            news = self.owed.to(address, without={alarm.SMTP})
            if not news:
                continue
            try:
                words = mailer.mail(written, alert_text.subject(news, self.place), alert_text.text(news, self.place))
            except NoTime:
                told.late = True
                break
            except Exception as problem:  # a bug, too, must not end the run: it is told as a trouble of its own
                unsent[address] = alert_mail.notice(problem, address, mailer.next_try(problem, address))
                self._note(address, news, problem=unsent[address].sentence)
                if isinstance(problem, MailpollError) and not problem.of_a_mail:
                    break  # the way itself: nobody has another
            else:
                mailed.add(address)
                self.owed.told(address, news)
                self._note(address, news, words=words)
        told.notices += [unsent[address] for address in self.addresses.values() if address in unsent]
        told.somebody = bool(mailed)
        told.everybody = told.somebody and mailed == set(self.addresses.values())
        told.refused = told.somebody and any(map(mailer.is_refused, self.addresses.values()))
        return told

    def by_post(self, store: Store, failing: Collection[str]) -> Told:
        """Puts what they have still to be told in for the channels that work."""
        known = alert_post.channels(store, self.settings.alerts.recipients)
        told = Told()
        for channel in alert_post.usable(known, failing, self.settings):
            if not (news := self.owed.to(channel)):
                continue
            try:
                subject, text = alert_text.subject(news, self.place), alert_text.text(news, self.place)
                alert_post.accept(store, channel, subject, text, host=self.place.host, now=self.now())
            except Exception as problem:  # as by_mail()
                told.notices.append(alert_post.notice(channel, problem))
                self._note(channel, news, problem=told.notices[-1].sentence)
            else:
                told.somebody = True
                self.owed.told(channel, news)
                self._note(channel, news, words="accepted")
        return told

    def owing(self) -> bool:
        """Whether somebody has still to be told something."""
        by_mail = (self.owed.anything(address, without={alarm.SMTP}) for address in self.addresses.values())
        return any(by_mail) or self.owing_posts()

    def owing_posts(self) -> bool:
        """Whether a channel has still to be told something."""
        return any(self.owed.anything(name) for name in self.settings.alerts.recipients if "@" not in name)

    def _note(self, to: str, news: Sequence[News], *, words: str = "", problem: str = "") -> None:
        to, words, subject = router.mask(to), alert_text.masked(words), alert_text.subject(news, self.place)
        self.journal.alerts.append({"to": to, "subject": subject, "error": problem or None})
        if problem:
            log.warning("alert to %s not sent, %s: %s", to, subject, problem)
            return
        log.info("alert to %s sent, %s (%s)", to, subject, words)
        if self.journal.talkative and not log.isEnabledFor(logging.INFO):
            click.echo(f"alert to {to} sent: {subject}")


def after_run(alerter: Alerter, speaker: Speaker, post_now: Callable[[], None] = lambda: None) -> None:
    """Alerts of what a run found, unless another host is at it: then the next run does. `post_now` posts what is put in
    for the channels."""
    journal, recipients, store = alerter.journal, alerter.settings.alerts.recipients, speaker.store
    unusable = alert_post.notices(alert_post.channels(store, recipients))
    # Whether a channel that met a bug does so again is known only once there is something to put in for it.
    unknown = alert_post.met_before(store) if alerter.owing_posts() else []
    alerter.owed.add(speaker.settle_one(journal, alarm.ALERTS, [*unusable, *unknown]))
    posts = Told()
    with store.alone("alerts") as mine:
        if mine:
            alerter.owed.renew(store.troubles)
            _by_mail(alerter, speaker)
            failing = {trouble.about for trouble in journal.open} | alert_post.failing(store, speaker.now)
            posts = alerter.by_post(store, failing)
            if posts.notices or unknown:
                notices = [*unusable, *posts.notices]
                alerter.owed.add(speaker.settle_one(journal, alarm.ALERTS, notices))
        else:
            found = {trouble.about for trouble in journal.open}
            lasting = [t for t in store.troubles.list() if t.about in alarm.OF_ALERTS - found]
            journal.open = (*journal.open, *lasting)
    if posts.somebody:
        post_now()
    journal.owing = alerter.owing()


def _by_mail(alerter: Alerter, speaker: Speaker) -> None:
    """Mail first: that it cannot be sent is told in the channels, and to whom `speaker` tells."""
    journal, store = alerter.journal, speaker.store
    before = next((trouble for trouble in store.troubles.list() if trouble.about == alarm.SMTP), None)
    told = alerter.by_mail(store.refusals, before.runs if before else 0)
    if not told.late or told.notices:
        how = "" if told.proves(before) else alarm.NOTHING_TO_MAIL
        alerter.owed.add(speaker.settle_one(journal, alarm.SMTP, told.notices, how))
    elif before:
        journal.open = (*journal.open, before)


def of_standstill(
    installation: Installation,
    news: Sequence[News],
    now: Callable[[], datetime],
    before: Trouble | None = None,
    ends: float = math.inf,
    send: Send = alert_mail.by_smtp,
) -> Told:
    """Alerts of what stopped a whole run: by mail only, since no channel can be had. `before` is the trouble that mail
    could not be sent, if that is open; `ends` the end of the run."""
    usable = able(installation)
    if usable is None or not news:
        return Told()
    until = min(ends + GRACE_S, time.monotonic() + 2 * alert_mail.STEP_S)
    alerter = Alerter(usable, Owed(news), now, until, send=send)
    return alerter.by_mail(alert_mail.FileRefusals(usable.state_directory()), before.runs if before else 0)


def _from(first: int, all_: list[tuple[str, str]]) -> list[tuple[str, str]]:
    start = first % len(all_) if all_ else 0
    return all_[start:] + all_[:start]


def able(installation: Installation) -> Installation | None:
    """The installation, as far as alerts need it: also where other sections of its configuration cannot be used. None
    where [smtp] or [alerts] cannot, or name nobody."""
    try:
        settings = installation.settings
    except ConfigError as problem:
        paths = {sentence.partition(":")[0].partition(".")[0] for sentence in problem.problems}
        if not paths or paths & {"smtp", "alerts"}:
            return None
        others = {each.name for each in msgspec.structs.fields(Settings)} - {"smtp", "alerts"}
        with suppress(MailpollError):
            rest = Installation(str(installation.path), installation.env)
            rest.settings = config.load(installation.path, without={(name,) for name in others | paths})
            return rest if rest.settings.alerts.recipients else None
        return None
    except MailpollError:
        return None
    return installation if settings.alerts.recipients else None
