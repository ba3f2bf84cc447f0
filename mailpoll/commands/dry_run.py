"""`mailpoll fetch --dry-run`: what a run would take, and what that would become. Nothing is written, here or there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from functools import partial

import click
from msgspec.structs import replace

from mailpoll import listing, poll
from mailpoll.commands import assembly
from mailpoll.commands.installation import Installation, now
from mailpoll.commands.preview import Previewer, configured, existing_store
from mailpoll.dialogue import Plan, Session
from mailpoll.errors import RunError, worst
from mailpoll.interpret import Mail
from mailpoll.model import Candidate, FolderInfo, Position
from mailpoll.store import Store


def dry_run(installation: Installation, *, since: datetime | None, limit: int | None, as_json: bool) -> int:
    """Shows what waits on the servers. Folders are opened with EXAMINE, no lock is taken."""
    statuses = []
    with ExitStack() as stack:
        store = existing_store(installation, stack)
        previewer = configured(installation, stack, store, as_json=as_json)
        for name in installation.settings.account:
            plan = assembly.plan(installation, name, limit=limit, since=since)
            try:
                with closing(plan.connect()) as session:
                    _show_account(previewer, plan, session, store, as_json=as_json)
            except RunError as problem:
                click.echo(f"mailpoll: {problem}", err=True)
                statuses.append(problem.exit_status)
    return worst(statuses)


def _show_account(previewer: Previewer, plan: Plan, session: Session, store: Store | None, *, as_json: bool) -> None:
    left = plan.limit
    for folder in plan.folders:
        ours, others = _sorted(plan, session, session.open(folder, read_only=True), store)
        if not as_json:
            click.echo(f"account.{plan.account}, {folder}: {len(ours)} to take, {others} not ours")
        taken = ours[:left]
        left = None if left is None else left - len(taken)
        for name, mail in _mails(plan, session, folder, taken):
            previewer.show(name, mail)


def _sorted(plan: Plan, session: Session, info: FolderInfo, store: Store | None) -> tuple[list[Candidate], int]:
    """What a run would take from an open folder, and how many mails it would pass over for good."""
    position = _position(plan, info, store)
    uids = listing.candidates(plan, session, position, info.uidnext - 1).uids
    if store is not None:
        uids = store.ledger.unknown(position.folder_id, uids, again=plan.since is not None)
    ours: list[Candidate] = []
    others = 0
    for some in listing.portions(uids):
        found = listing.sort(plan, session, some)
        ours += [replace(candidate, headers=b"") for candidate in found.ours]  # a backlog stays out of memory
        others += len(found.others)
    return ours, others


def _position(plan: Plan, info: FolderInfo, store: Store | None) -> Position:
    margin_s, overlap_s = poll.FIRST_CONTACT_MARGIN_S, poll.UIDVALIDITY_OVERLAP_S
    if store is None:
        return Position(0, None, 0, now() - timedelta(seconds=margin_s))
    return store.ledger.peek(plan.account, info.name, info.uidvalidity, margin_s=margin_s, overlap_s=overlap_s)


def _mails(plan: Plan, session: Session, folder: str, taken: Sequence[Candidate]) -> Iterator[tuple[str, Mail]]:
    for batch in listing.batches(plan, session, taken):
        for raw in batch:
            mail = Mail(partial(iter, raw.chunks), raw.size, raw.oversize_of, plan.account)
            yield f"account.{plan.account}/{folder}/{raw.uid}", mail
