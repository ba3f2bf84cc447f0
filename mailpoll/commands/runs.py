"""Runs of this process, over accounts or over what waits in the store: what each has to itself, and what it does."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from mailpoll.commands import assembly, logins, speaking
from mailpoll.commands.installation import Installation, now
from mailpoll.commands.journal import Journal
from mailpoll.commands.speaking import Listener
from mailpoll.dialogue import Plan
from mailpoll.poll import Run

if TYPE_CHECKING:
    from mailpoll.store import Store


def run_once(
    installation: Installation,
    *,
    limit: int | None = None,
    since: datetime | None = None,
    deadline_s: float | None = None,
    talkative: bool = False,
    in_detail: bool = False,
) -> Journal | None:
    """One run over all accounts of the configuration, of which there may be none; None when other runs are at work on
    all of them.

    `in_detail` lets the journal say of each mail whether it was posted before. Raises what stops the whole run:
    ConfigError, AccessDenied and Unavailable of the store.
    """
    seconds = installation.settings.fetch.deadline if deadline_s is None else deadline_s
    journal = Journal(talkative)
    accounts = installation.settings.account
    with installation.store() as store, store.run(accounts) as mine:
        if mine is None:
            return None
        if talkative:
            for name in accounts.keys() - mine:
                click.echo(f"account.{name}: another run is at work on it.")
        plans = [assembly.plan(installation, name, limit=limit, since=since) for name in accounts if name in mine]
        if talkative or in_detail:
            journal.posts_of = lambda message_id: store.outbox.list(message_id=message_id)
        execute(installation, store, journal, plans, deadline_s=seconds)
        journal.remind(store)
    return journal


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
            assembly.clock(),
            deadline_s=deadline_s,
        )
        journal.accounts = run.execute(plans)
    kept = installation.settings.retention
    store.trim(
        now(), raw=timedelta(seconds=kept.raw.seconds), unfinished=timedelta(seconds=kept.unfinished.seconds)
    )  # fmt: skip
