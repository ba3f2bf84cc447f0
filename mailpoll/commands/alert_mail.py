"""Alerts by mail: through [smtp], within the time there is, and not again at once where that was refused."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import msgspec

from mailpoll import idle, strict_address
from mailpoll.commands import alarm, alert_text, logins, troubles
from mailpoll.commands.alarm import Notice
from mailpoll.commands.installation import Installation
from mailpoll.commands.logins import REFUSED, Gate, LeftAlone, Unconfirmed, Undeliverable
from mailpoll.errors import BUG, LoginRefused, MailpollError
from mailpoll.model import NamedAddress, Refusal
from mailpoll.settings import SmtpSettings

STEP_S = 10.0  # for each step of a dialogue at the most
MAIL_S = 20.0  # for a mail
LEAST_S = 1.0  # with less than this left it is not begun

log = logging.getLogger(__name__)

# Sends a mail (to, subject, text) with these settings and this password or access token, within so many seconds; gives
# the server's words.
Send = Callable[[SmtpSettings, str, NamedAddress, str, str, datetime, float], str]


def by_smtp(
    settings: SmtpSettings, secret: str, to: NamedAddress, subject: str, text: str, now: datetime, seconds: float
) -> str:
    """The real Send. Raises MailpollError."""
    from mailpoll import outbound

    sender = strict_address.parse(settings.sender)
    mail = outbound.compose(sender, [to], subject, text, kind="alert", now=now)
    return outbound.deliver(settings, secret, mail, seconds=seconds)


class Refusals(Protocol):
    """What was refused, remembered."""

    def list(self) -> tuple[Refusal, ...]:
        """All there is."""

    def save(self, refusals: Sequence[Refusal], ended: Sequence[str] = ()) -> None:
        """Writes those of `refusals` anew and forgets those of the names `ended`."""


class NoTime(Exception):
    """The run is over its deadline: the next one sends what is owed."""


@dataclass
class Mailer:
    """Sends mails until the moment `ends` (of time.monotonic). With `at_once` nothing is left alone."""

    installation: Installation
    settings: SmtpSettings
    refusals: Refusals
    now: Callable[[], datetime]
    ends: float
    at_once: bool = False
    send: Send = by_smtp
    _gates: dict[str, Gate] = field(default_factory=dict)
    _secret: str | None = field(default=None, repr=False)

    def mail(self, to: str, subject: str, text: str) -> str:
        """The server's words. Raises NoTime, MailpollError, and what a bug raises."""
        left = self._left()
        if self._secret is None:
            self._secret = self.installation.smtp_secret(self.settings, left)
        secret = self._secret
        address = strict_address.parse(to)

        def send() -> str:
            left = self._left()
            hurried = msgspec.structs.replace(self.settings, timeout=min(self.settings.timeout, STEP_S, left))
            return self.send(hurried, secret, address, subject, text, self.now(), min(left, MAIL_S))

        login, recipient = self._gate(), self._gate(address.address)
        try:
            return recipient.through("", lambda: login.through(secret, send))
        finally:
            self._remember(login, recipient)

    def next_try(self, problem: BaseException, to: str) -> str:
        """When what met `problem` is tried again, as a sentence; empty where the next run does."""
        if isinstance(problem, LoginRefused):
            return troubles.next_login(self._gate().until)
        return troubles.next_mail(self._gate(to).until) if isinstance(problem, REFUSED) else ""

    def is_refused(self, to: str) -> bool:
        """Whether mail to somebody was not taken when it was last tried."""
        return any(refusal.account == self._gate(to).account for refusal in self.refusals.list())

    def _left(self) -> float:
        left = self.ends - time.monotonic()
        if left < LEAST_S:
            raise NoTime
        return left

    def _gate(self, recipient: str = "") -> Gate:
        if recipient not in self._gates:
            known = {} if self.at_once else {refusal.account: refusal for refusal in self.refusals.list()}
            self._gates[recipient] = (
                logins.to_recipient(self.settings, known, self.now, recipient, partial(_sentence, to=recipient))
                if recipient
                else logins.at_smtp(self.settings, known, self.now)
            )
        return self._gates[recipient]

    def _remember(self, *gates: Gate) -> None:
        known = {refusal.account: refusal for refusal in self.refusals.list()}
        news = [gate.refusal for gate in gates if gate.refusal and known.get(gate.account) != gate.refusal]
        self.refusals.save(news, [gate.account for gate in gates if gate.refusal is None and gate.account in known])


def notice(problem: BaseException, to: str, next_try: str = "") -> Notice:
    """What is told of a mail that could not be sent; `next_try` says when it is tried again."""
    status = problem.exit_status if isinstance(problem, MailpollError) else BUG
    if not isinstance(problem, REFUSED):
        fresh = not isinstance(problem, LeftAlone)
        return Notice(alarm.SMTP, status, alarm.kind_of(problem), _sentence(problem), fresh, next_try)
    # One recipient, while others may hear of all.
    told = isinstance(problem, Undeliverable | Unconfirmed)
    sentence = problem.what if told else _sentence(problem, to)
    return Notice(alarm.SMTP, status, f"refused-{quote(to, safe='')}", sentence, tail=next_try)


def _sentence(problem: BaseException, to: str = "") -> str:
    return alert_text.masked(troubles.of_smtp(problem, to))


class FileRefusals:
    """Refusals in a file of the state folder, for when there is no store. Without it nothing is known."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "alerts.json"

    def list(self) -> tuple[Refusal, ...]:
        """All there is; nothing when the file is damaged."""
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=dict[str, tuple[Refusal, ...]])
        except (OSError, ValueError, RecursionError):
            return ()
        return tuple(each for each in found.get("refusals", ()) if each.until.tzinfo)

    def save(self, refusals: Sequence[Refusal], ended: Sequence[str] = ()) -> None:
        """As Refusals.save."""
        if not refusals and not ended:
            return
        kept = {each.account: each for each in (*self.list(), *refusals) if each.account not in ended}
        try:
            idle.save(self._path, {"refusals": msgspec.to_builtins(tuple(kept.values()))})
        except OSError as problem:
            log.warning("%s cannot be written: %s", self._path, problem.strerror)
