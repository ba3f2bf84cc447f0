"""Runs of this process: one at a time on each store, over accounts or over what waits there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mailpoll.commands import assembly
from mailpoll.commands.installation import Installation, now
from mailpoll.commands.journal import Journal
from mailpoll.dialogue import Plan
from mailpoll.poll import Run

if TYPE_CHECKING:
    from mailpoll.store import Store


@contextmanager
def only_run(installation: Installation) -> Iterator[bool]:
    """Holds the lock of the store for the length of a run; gives False when another run holds it."""
    from mailpoll.store import run_lock

    installation.refuse_as_root(installation.store_url)
    lock = run_lock(installation.store_url)
    held = lock.acquire()
    try:
        yield held
    finally:
        lock.release()


def run_once(
    installation: Installation,
    *,
    limit: int | None = None,
    since: datetime | None = None,
    deadline_s: float | None = None,
    talkative: bool = False,
    in_detail: bool = False,
) -> Journal | None:
    """One run over all accounts of the configuration, of which there may be none; None when another run is at work.

    `in_detail` lets the journal say of each mail whether it was posted before. Raises what stops the whole run:
    ConfigError, AccessDenied and Unavailable of the store.
    """
    seconds = installation.settings.fetch.deadline if deadline_s is None else deadline_s
    journal = Journal(talkative)
    with only_run(installation) as alone:
        if not alone:
            return None
        plans = [assembly.plan(installation, name, limit=limit, since=since) for name in installation.settings.account]
        with installation.store() as store:
            if talkative or in_detail:
                journal.posts_of = lambda message_id: store.outbox.list(message_id=message_id)
            execute(installation, store, journal, plans, deadline_s=seconds)
            journal.remind(store)
    return journal


def execute(
    installation: Installation, store: Store, journal: Journal, plans: Sequence[Plan] = (), *, deadline_s: float
) -> None:
    """Collects from the accounts of `plans`, reads and delivers, what waits in the store included; by whoever holds the
    lock."""
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
