"""Runs of this process, over accounts or over what waits in the store: what each has to itself, and what it does."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from mailpoll import config
from mailpoll.commands import assembly, calm, logins, speaking
from mailpoll.commands.installation import Installation, now
from mailpoll.commands.journal import Journal, tell
from mailpoll.commands.logins import Gate
from mailpoll.commands.news import News, Owed
from mailpoll.commands.speaking import Listener
from mailpoll.dialogue import Plan
from mailpoll.poll import Run
from mailpoll.wire import room_for

if TYPE_CHECKING:
    from mailpoll.store import Store


def run_once(
    installation: Installation,
    *,
    limit: int | None = None,
    since: datetime | None = None,
    deadline_s: float | None = None,
    at_once: bool = False,
    listener: Listener = "nobody",
    in_detail: bool = False,
    begun: Callable[[], None] = lambda: None,
) -> Journal | None:
    """One run over all accounts of the configuration, of which there may be none; None when other runs are at work on
    all of them.

    `listener` is told what the run did. With `at_once` nothing that waits is left alone: refused logins, destinations
    that gave no answer, posts that are tried again later. `in_detail` lets the journal say of each mail whether it was
    posted before. `begun` is called once it is this run's turn. Raises what stops the whole run: ConfigError,
    AccessDenied and Unavailable of the store.
    """
    journal = Journal(listener == "person", config.patterns(installation.settings))
    accounts = installation.settings.account
    beat = calm.heartbeat(installation)
    ends = installation.begun() + (installation.settings.fetch.deadline if deadline_s is None else deadline_s)
    with installation.store() as store:
        with store.run(accounts) as mine, journal.telling_events():
            if mine is None:
                return None
            begun()
            calm.forget(installation)
            _prepare(store, journal, accounts.keys() - mine, at_once=at_once, in_detail=in_detail)
            gates = logins.gates(store, {n: accounts[n] for n in accounts if n in mine}, now, at_once=at_once)
            plans = _plans(installation, gates, limit, since)
            execute(installation, store, journal, _in_turn(plans), deadline_s=max(ends - time.monotonic(), 1.0))
            failed = [result.account for result in journal.accounts if result.error is not None]
            if failed and beat is not None:  # the others were looked through just now
                store.ledger.looked_through(failed, beat)
            _settle(installation, _speaker(installation, store, listener), journal, gates, ends=ends, at_once=at_once)
        # Not before the turn has ended: who found this run at work has written by now what it is to do.
        signed, at = calm.signature(installation), now()
        until = None if limit or since else calm.wake_at(installation, store, journal, at)
    if until is not None:
        calm.remember(installation, journal, signed, at, until)
    return journal


def _prepare(store: Store, journal: Journal, others: Collection[str], *, at_once: bool, in_detail: bool) -> None:
    """Before anything is looked for; `others` are the accounts that another run is at work on."""
    if journal.talkative:
        for name in others:
            click.echo(f"account.{name}: another run is at work on it.")
    if journal.talkative or in_detail:
        journal.posts_of = store.outbox.standing_for
    if at_once:
        make_due(store)


def _plans(
    installation: Installation, gates: Mapping[str, Gate], limit: int | None, since: datetime | None
) -> Sequence[Plan]:
    plans = [assembly.plan(installation, name, gate, limit=limit, since=since) for name, gate in gates.items()]
    for glance in installation.glances.values():  # of accounts that another run is at work on
        glance.close()
    return plans


def _speaker(installation: Installation, store: Store, listener: Listener) -> speaking.Speaker:
    settings = installation.settings
    alerting = bool(settings.alerts.recipients)
    after, rates = settings.fetch.alert_after, assembly.rates(installation)
    return speaking.Speaker(store, now(), after, listener, installation.owner, alerting, rates)


def _settle(
    installation: Installation,
    speaker: speaking.Speaker,
    journal: Journal,
    gates: Mapping[str, Gate],
    *,
    ends: float,
    at_once: bool,
) -> None:
    """When all is done: writes down what came of the logins, tells the listener, and alerts whom that is for."""
    accounts = installation.settings.account
    logins.remember(speaker.store, gates, accounts, now())
    news = speaker.settle(journal, gates, accounts, installation.destination_names())
    if speaker.alerting:
        _alert(installation, journal, speaker, news, ends=ends, at_once=at_once)


def _alert(
    installation: Installation,
    journal: Journal,
    speaker: speaking.Speaker,
    news: Sequence[News],
    *,
    ends: float,
    at_once: bool,
) -> None:
    """Alerts whom the configuration names of what begins and ends; `ends` is the deadline on time.monotonic()."""
    from mailpoll.commands import alerts, standstill

    def post_now() -> None:
        left = ends - time.monotonic()
        if left < alerts.GRACE_S:
            return  # the next run does it
        aside = Journal(journal.talkative, journal.patterns, journal.posts_of)
        execute(installation, speaker.store, aside, deadline_s=left)
        if speaker.listener != "nobody":
            tell(aside.events())
        journal.add(aside)

    owed = Owed([*news, *standstill.ended(installation)])
    until = ends + alerts.GRACE_S
    alerter = alerts.Alerter(installation, owed, lambda: speaker.now, until, at_once, journal=journal)
    alerts.after_run(alerter, speaker, post_now)


def _in_turn(plans: Sequence[Plan]) -> Sequence[Plan]:
    """The accounts, each run beginning with another: where not all have a place at once, none is always the last."""
    first = plans[0].turn % len(plans) if plans else 0
    return [*plans[first:], *plans[:first]]


def make_due(store: Store) -> None:
    """Lets everything that waits for a destination be tried now; what is paused stays so."""
    for destination in store.outbox.waiting():
        store.outbox.make_due(destination, now())


def execute(
    installation: Installation, store: Store, journal: Journal, plans: Sequence[Plan] = (), *, deadline_s: float
) -> None:
    """Collects from the accounts of `plans`, reads and delivers, what waits in the store included; in the turn of a run
    (Store.run)."""
    with closing(assembly.reader(installation, stop_at=time.monotonic() + deadline_s)) as child:
        run = Run(
            store.ledger,
            assembly.intake(installation, store, child, journal.read),
            assembly.courier(installation, store, child, told=journal.attempted, paused=journal.paused),
            assembly.clock(patient=bool(plans)),
            deadline_s=deadline_s,
            at_once=room_for(len(plans)),
        )
        journal.accounts = run.execute(plans)
    kept = installation.settings.retention
    store.trim(
        now(), raw=timedelta(seconds=kept.raw.seconds), unfinished=timedelta(seconds=kept.unfinished.seconds)
    )  # fmt: skip
