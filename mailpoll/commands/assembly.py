"""Puts the parts of a run together: settings → plans, reader, intake, courier."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from mailpoll import config, rate, redaction, router
from mailpoll.commands import secret_place, troubles
from mailpoll.commands.installation import Installation, now
from mailpoll.commands.logins import Gate
from mailpoll.commands.stored_content import StoredContent
from mailpoll.delivery import Attempt, Courier, Destination
from mailpoll.dialogue import Plan
from mailpoll.errors import LoginRefused, MailpollError, RunError, Unavailable
from mailpoll.intake import Intake
from mailpoll.interpret import Interpreter, Rules
from mailpoll.model import FileRules, Limits, Pause, Policy, Reading
from mailpoll.poll import Clock
from mailpoll.rate import Rates
from mailpoll.reader import Limits as ReaderLimits
from mailpoll.reader import Reader, ReaderDied, ReaderStopped
from mailpoll.settings import AccountSettings, Settings
from mailpoll.wire import Line

if TYPE_CHECKING:
    from mailpoll.idle import Glance
    from mailpoll.imap import Session
    from mailpoll.store import Store


def clock(*, patient: bool = False) -> Clock:
    """The real one, `patient` if the run may wait for limits. CLOCK_BOOTTIME goes on while the machine sleeps: a run
    that slept over its deadline is over it."""
    boottime = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Clock(now, lambda: time.clock_gettime(boottime), time.sleep if patient else None)


def plan(
    installation: Installation,
    name: str,
    gate: Gate | None = None,
    *,
    limit: int | None = None,
    since: datetime | None = None,
) -> Plan:
    """What a run does with the account `name`; its password is looked up by the thread that connects, through `gate`
    where one is given."""
    settings, account = installation.settings, installation.settings.account[name]
    glance = installation.glances.pop(name, None)
    line = glance.line if glance and glance.usable else Line()

    def connect() -> Session:
        return connect_to(installation, name, account, line, gate, glance)

    return Plan(
        account=name,
        connect=connect,
        abort=line.abort,
        patterns=tuple(router.pattern(text) for text in config.patterns(settings)),
        headers=settings.addresses.headers,
        folders=account.folders,
        take=account.take,
        after=account.after,
        keyword=account.keyword,
        move_to=account.move_to,
        scope=account.scope,
        channel=account.channel,
        max_message_size=settings.fetch.max_message_size,
        limit=limit or settings.fetch.limit,
        since=since,
        turn=int(time.time() // 60),
    )


def connect_to(
    installation: Installation,
    name: str,
    account: AccountSettings,
    line: Line | None = None,
    gate: Gate | None = None,
    glance: Glance | None = None,
) -> Session:
    """A logged-in session with the account `name`, going on where a glance at it ended."""
    from mailpoll import imap

    password = installation.secret(account.password, f"account.{name}.password")

    def log_in() -> Session:
        if glance is not None and glance.refusal is not None:
            problem = imap.refusal(glance.refusal, account.host, account.port, password)
            if isinstance(problem, LoginRefused):
                raise problem
        if glance is not None and glance.imap is not None and glance.usable:
            with suppress(Unavailable):  # it broke meanwhile
                return imap.adopt(glance.imap, account.host, account.port, account.timeout, glance.line, anew)
        return anew()

    def anew() -> Session:
        return imap.connect(
            account.host,
            account.port,
            account.tls,
            account.username,
            password,
            ca_file=account.ca_file,
            timeout=account.timeout,
            allow_plaintext=account.allow_plaintext,
            line=line,
        )

    return log_in() if gate is None else gate.through(password, log_in)


def limits_of(installation: Installation, destination: str) -> Limits:
    """What a destination takes; everything, where it is not configured any more: delivering will say so."""
    from mailpoll import destinations

    if destination == "store":
        return Limits()
    try:
        return destinations.limits_of(destination, installation.settings)
    except RunError:
        return Limits()


def rules(installation: Installation) -> Rules:
    """The settings that routing obeys."""
    settings = installation.settings
    return Rules(
        patterns=config.patterns(settings),
        headers=settings.addresses.headers,
        limits=lambda destination: limits_of(installation, destination),
        unrouted=settings.unrouted.action,
        channels={name: account.channel for name, account in settings.account.items() if account.channel},
        separators=settings.addresses.separators,
        quotes=settings.reader.quotes,
        policy=lambda account: policy_of(settings, account),
    )


def policy_of(settings: Settings, account: str) -> Policy:
    """What holds for mail of an account ("": given to `receive`) where its channel has nothing of its own."""
    policy = settings.policy
    own = settings.account[account].authserv_id if account in settings.account else None
    authserv_id = policy.authserv_id if own is None else own
    return Policy(
        require=policy.require,
        allow_from=policy.allow_from,
        deny_from=policy.deny_from,
        refused=policy.refused,
        auto_replies=policy.auto_replies,
        bounces=policy.bounces,
        notifications=policy.notifications,
        verification_mail="hold" if policy.hold_verification_mail else "post",
        authserv_ids=(authserv_id,) if isinstance(authserv_id, str) else authserv_id or (),
    )


def reader(installation: Installation, *, stop_at: float | None = None) -> Reader:
    """The reader child, not started yet."""
    settings = installation.settings
    files = settings.attachments
    limits = ReaderLimits(
        cpu_seconds=settings.reader.cpu_seconds,
        wall_seconds=settings.reader.wall_seconds,
        memory=settings.reader.memory,
        max_text=settings.fetch.max_text,
        files=FileRules(files.max_size, files.max_total, files.allow, files.deny),
    )
    return Reader(limits, stop_at=stop_at)


def intake(
    installation: Installation, store: Store, child: Reader, told: Callable[[int, Reading], None]
) -> Intake:  # fmt: skip
    """What reads the accepted messages of `store`."""
    return Intake(
        store.ledger,
        Interpreter(store.channels, child, rules(installation), now),
        died=ReaderDied,
        stopped=ReaderStopped,
        now=now,
        told=told,
    )


def courier(
    installation: Installation,
    store: Store,
    child: Reader,
    *,
    told: Callable[[Attempt], None],
    paused: Callable[[Pause], None],
) -> Courier:
    """What carries the deliveries of `store` to their destinations."""
    return Courier(
        store.outbox,
        Configured(installation),
        lambda delivery: StoredContent(store, child, delivery),
        now=now,
        jitter=lambda: random.uniform(-1, 1),
        told=lambda attempt: told(troubles.traced(troubles.promised(attempt, installation.settings))),
        paused=paused,
        rates=rates(installation),
        advise=partial(secret_place.named, installation),
    )


def rates(installation: Installation) -> Rates:
    """How many posts may leave, as far as the configuration says."""
    from mailpoll import destinations

    policy, settings = installation.settings.policy, installation.settings
    usual = None if policy.rate is None else rate.parse(policy.rate)
    gateway = rate.parse(policy.gateway_rate or rate.NONE)
    return Rates(usual, gateway, lambda destination: destinations.rate_of(destination, settings))


class Configured:
    """The destinations of the configuration, by name."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def make(self, name: str) -> Destination:
        """The destination of this name, its secrets looked up. Raises ConfigError, AccessDenied or
        DestinationRefused."""
        from mailpoll import destinations

        made: Destination = destinations.make(name, self._installation.settings, self._installation.secret)
        return made

    def settings_hash(self, name: str) -> str:
        """What changes when its settings do; empty when there are none, or none that could be used."""
        from mailpoll import destinations

        try:
            return destinations.settings_hash(name, self._installation.settings)
        except RunError:
            return ""


def describe(error: BaseException) -> str:
    """One clear sentence for any error; a bug of ours says where its traceback is."""
    if isinstance(error, MailpollError):
        return str(error)
    return f"mailpoll failed: {type(error).__name__}: {redaction.hide(str(error))}"
