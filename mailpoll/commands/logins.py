"""What was refused is left alone for a while: providers lock accounts, and shut out senders, that insist."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import msgspec

from mailpoll.errors import LoginRefused, MailpollError, PermanentFailure, Unanswered
from mailpoll.model import Refusal
from mailpoll.retry import LONGEST_LOGIN_DELAY, login_delay
from mailpoll.settings import AccountSettings, SmtpSettings, to_builtin

if TYPE_CHECKING:
    from mailpoll.store import Store

T = TypeVar("T")

_BEFORE = "the server refused the login when it was last tried"
_UNTAKEN = "smtp: the server did not take a mail when it was last tried"

# Whoever logs in to an account has tried it again by then, whichever way its clock was wrong.
STALE = timedelta(days=2)


# Of mail to somebody: a server that takes it and does not say so would bring it to them every minute.
REFUSED = (PermanentFailure, Unanswered)


class LeftAlone(LoginRefused):
    """A login that was refused before, and was not tried now."""


class Undeliverable(PermanentFailure):
    """Mail to somebody that the server did not take before, and was not tried now; what it says is what was told."""


class Unconfirmed(Unanswered):
    """The same of mail that the server may have taken."""


class Gate:
    """Lets an account log in, or leaves it alone. Used by the thread of the account; what came of it is read when the
    run is over: `until` is the moment before which no login is tried.

    What is refused may be something else: `refused` are the errors that say so, `told` what is remembered of one, and
    `left_alone` gives, of the refusal, the error that is raised instead of trying it. `account` is then a name that no
    account can have.
    """

    def __init__(
        self,
        account: str,
        settings: AccountSettings | SmtpSettings,
        refusal: Refusal | None,
        now: Callable[[], datetime],
        *,
        refused: tuple[type[MailpollError], ...] = (LoginRefused,),
        left_alone: Callable[[Refusal], MailpollError] | None = None,
        told: Callable[[MailpollError], str] = lambda _: "",
    ) -> None:
        self.account = account
        self.refusal = refusal
        self._settings = settings
        self._now = now
        self._refused = refused
        self._left_alone = left_alone or (lambda _: LeftAlone(_BEFORE, about=f"account.{account}"))
        self._told = told

    @property
    def until(self) -> datetime | None:
        """The moment before which no login is tried; None: there is none."""
        return self.refusal.until if self.refusal else None

    def through(self, password: str, log_in: Callable[[], T]) -> T:
        """What `log_in` gives. Raises LeftAlone instead of trying the same too soon, and what `log_in` raises."""
        before = self.refusal
        if before is not None and not _is_of(before.fingerprint, self._settings, password):
            before = None
        now = self._now()
        if before is not None and now < before.until <= now + LONGEST_LOGIN_DELAY:
            raise self._left_alone(before)
        try:
            session = log_in()
        except self._refused as error:
            failures = before.failures + 1 if before else 1
            mark = before.fingerprint if before else _fingerprint(os.urandom(16), self._settings, password)
            told = self._told(error)
            status = error.exit_status if told else 0
            self.refusal = Refusal(self.account, failures, now + login_delay(failures), mark, status, told)
            raise
        self.refusal = None
        return session


def gates(
    store: Store, accounts: Mapping[str, AccountSettings], now: Callable[[], datetime], *, at_once: bool = False
) -> dict[str, Gate]:
    """A gate for each account; with `at_once` no login is left alone."""
    refusals = {} if at_once else {refusal.account: refusal for refusal in store.refusals.list()}
    return {name: Gate(name, settings, refusals.get(name), now) for name, settings in accounts.items()}


def at_smtp(settings: SmtpSettings, refusals: Mapping[str, Refusal], now: Callable[[], datetime]) -> Gate:
    """A gate for the login at the SMTP server. The brackets are in no account's name, and who logs in where is, since
    configurations may share a store."""
    name = f"[smtp] {settings.username}@{settings.host}"
    return Gate(name, settings, refusals.get(name), now, left_alone=lambda _: LeftAlone(_BEFORE, about="smtp"))


def to_recipient(
    settings: SmtpSettings,
    refusals: Mapping[str, Refusal],
    now: Callable[[], datetime],
    recipient: str,
    told: Callable[[MailpollError], str],
) -> Gate:
    """A gate for mail to `recipient`; `told` gives the sentence that is told of an error, and told again while the mail
    is left alone."""

    def left_alone(refusal: Refusal) -> MailpollError:
        kind = Unconfirmed if refusal.status == Unanswered.exit_status else Undeliverable
        return kind(refusal.sentence or _UNTAKEN, about="smtp")

    name = f"[smtp] to {recipient} by {settings.username}@{settings.host}"
    return Gate(name, settings, refusals.get(name), now, refused=REFUSED, left_alone=left_alone, told=told)


def remember(store: Store, passed: Mapping[str, Gate], configured: Collection[str], now: datetime) -> None:
    """Writes down what came of the logins of a run, where that is news. What the configuration does not know may be an
    account of another that shares the store: it is forgotten only once nobody cares for it any more."""
    known = {refusal.account: refusal for refusal in store.refusals.list()}
    refused = {name: gate.refusal for name, gate in passed.items() if gate.refusal}
    news = [refusal for name, refusal in refused.items() if known.get(name) != refusal]
    well = [name for name in known if name in passed and name not in refused]
    gone = [name for name, r in known.items() if name not in configured and abs(now - r.until) > STALE]
    store.refusals.save(news, well + gone)


def _is_of(fingerprint: str, settings: AccountSettings | SmtpSettings, password: str) -> bool:
    """Whether a fingerprint is that of these settings and this password."""
    import hmac

    salt = bytes.fromhex(fingerprint.partition("$")[0])
    return hmac.compare_digest(fingerprint, _fingerprint(salt, settings, password))


def _fingerprint(salt: bytes, settings: AccountSettings | SmtpSettings, password: str) -> str:
    """What changes when the section of an account, or [smtp], or the password does.

    The store may be copied to places where the password is not, and a password may be weak: so it is kept as servers
    keep those of their users, by scrypt with a salt of its own (the parameters of its paper for logins: 16 MB, 50 ms).
    That is spent only while a login is refused. A key beside the store would be copied with it, and the times and sizes
    of files know nothing of secrets from commands, keyrings and the environment.
    """
    import hashlib

    told = msgspec.json.encode([settings, password], order="sorted", enc_hook=to_builtin)
    return f"{salt.hex()}${hashlib.scrypt(told, salt=salt, n=2**14, r=8, p=1, dklen=16).hex()}"
