"""`mailpoll fetch`: one run over all accounts."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from mailpoll.commands import assembly, troubles
from mailpoll.commands.facts import shown_destination
from mailpoll.commands.installation import Installation
from mailpoll.commands.output import json_option, one_line, print_json
from mailpoll.delivery import Attempt
from mailpoll.errors import ConfigError, worst
from mailpoll.model import Pause, Reading
from mailpoll.poll import AccountResult, Run

if TYPE_CHECKING:
    from mailpoll.store import Store

QUARANTINED = 65


@dataclass
class Journal:
    """What a run did, gathered as it happens and told to people or programs at its end."""

    talkative: bool = False
    accounts: tuple[AccountResult, ...] = ()
    readings: list[tuple[int, Reading]] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    reminders: list[str] = field(default_factory=list)

    def read(self, message_id: int, reading: Reading) -> None:
        """A message was read."""
        self.readings.append((message_id, reading))
        if self.talkative:
            click.echo(_reading_line(message_id, reading))

    def attempted(self, attempt: Attempt) -> None:
        """A delivery was attempted."""
        self.attempts.append(attempt)
        if self.talkative:
            click.echo(_attempt_line(attempt))

    def paused(self, pause: Pause) -> None:
        """A destination was paused."""
        self.pauses.append(pause)

    @property
    def exit_status(self) -> int:
        """The one that most needs a person of everything that went wrong."""
        statuses = [account.exit_status for account in self.accounts]
        statuses += [attempt.error.exit_status for attempt in self.attempts if attempt.error]
        statuses += [QUARANTINED for _, reading in self.readings if reading.outcome == "quarantined"]
        statuses += [77 for _ in self.pauses]
        return worst([status for status in statuses if status])

    def remind(self, store: Store) -> None:
        """Of what an earlier run told once and still waits for a person; at a terminal."""
        new = {pause.destination for pause in self.pauses}
        old = [pause for pause in store.outbox.pauses() if pause.destination not in new] if self.talkative else []
        waiting = store.outbox.waiting() if old else {}
        self.reminders = [troubles.of_old_pause(pause, waiting.get(pause.destination, 0)) for pause in old]

    def tell_accounts(self) -> None:
        """A line per account, at a terminal."""
        for result in self.accounts:
            if result.error is None:
                others = f", {result.skipped} not ours" if result.skipped else ""
                click.echo(f"account.{result.account}: {result.accepted} new{others}")
            for note in result.notes:
                click.echo(f"account.{result.account}: {note}")
        for reminder in self.reminders:
            click.echo(reminder)

    def tell_troubles(self) -> None:
        """What needs a person, on standard error; each trouble once however many posts it met."""
        lines = [troubles.of_account(result.account, result.error) for result in self.accounts if result.error]
        lines += [troubles.of_message(*read) for read in self.readings if read[1].outcome == "quarantined"]
        closing = {a.delivery.post.destination: a for a in self.attempts if a.closes}
        for pause in self.pauses:
            closed = closing.get(pause.destination)
            lines.append(troubles.of_pause(pause, closed.error if closed else None))
        lines += troubles.of_posts([attempt for attempt in self.attempts if not attempt.closes])
        for line in lines:
            click.echo(f"mailpoll: {line}", err=True)

    def as_json(self) -> dict[str, object]:
        """The same facts for programs."""
        return {
            "status": self.exit_status,
            "accounts": [
                {
                    "account": result.account,
                    "new": result.accepted,
                    "not_ours": result.skipped,
                    "notes": result.notes,
                    "error": troubles.of_account(result.account, result.error) if result.error else None,
                }
                for result in self.accounts
            ],
            "messages": [
                {
                    "message": message_id,
                    "outcome": reading.outcome,
                    "reason": reading.reason,
                    "sender": reading.facts.sender,
                    "subject": reading.facts.subject,
                    "posts": [
                        {"channel": p.channel, "destination": shown_destination(p.destination)} for p in reading.posts
                    ],
                }
                for message_id, reading in self.readings
            ],
            "posts": [
                {
                    "post": attempt.delivery.id,
                    "channel": attempt.delivery.post.channel,
                    "destination": shown_destination(attempt.delivery.post.destination),
                    "state": attempt.state,
                    "error": None if attempt.error is None else str(attempt.error),
                }
                for attempt in self.attempts
            ],
        }


def _reading_line(message_id: int, reading: Reading) -> str:
    facts = reading.facts
    what = f"message {message_id}: {one_line(facts.subject) or '(no subject)'} from {one_line(facts.sender)}"
    if reading.outcome == "posted":
        return f"{what} → {', '.join(dict.fromkeys(post.channel for post in reading.posts)) or 'nowhere'}"
    todo = f"; once it is added: mailpoll messages retry {message_id}" if reading.outcome == "unrouted" else ""
    return f"{what}: {reading.outcome} ({reading.reason}{todo})"


def _attempt_line(attempt: Attempt) -> str:
    post, trouble = attempt.delivery.post, f": {attempt.error.what}" if attempt.error else ""
    shown = shown_destination(post.destination)
    return f"post {attempt.delivery.id}: {post.channel} → {shown} {attempt.state}{trouble}"


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
    accounts: Sequence[str] | None = None,
    limit: int | None = None,
    since: datetime | None = None,
    deadline_s: float | None = None,
    talkative: bool = False,
) -> Journal | None:
    """One run over `accounts` (None: all of the configuration); None when another run is at work.

    Raises what stops the whole run: ConfigError, AccessDenied and Unavailable of the store.
    """
    seconds = installation.settings.fetch.deadline if deadline_s is None else deadline_s
    journal = Journal(talkative)
    names = tuple(installation.settings.account) if accounts is None else accounts
    with only_run(installation) as alone:
        if not alone:
            return None
        plans = [assembly.plan(installation, name, limit=limit, since=since) for name in names]
        child = assembly.reader(installation, stop_at=time.monotonic() + seconds)
        with installation.store() as store, closing(child):
            run = Run(
                store.ledger,
                assembly.intake(installation, store, child, journal.read),
                assembly.courier(installation, store, child, told=journal.attempted, paused=journal.paused),
                assembly.clock(),
                deadline_s=seconds,
            )
            journal.accounts = run.execute(plans)
            journal.remind(store)
    return journal


def parse_since(text: str) -> datetime:
    """`all`, or a date or date and time (ISO 8601; local time unless it says otherwise) as an aware moment."""
    if text == "all":
        return datetime.min.replace(tzinfo=UTC)
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise click.BadParameter(f"{text!r} is neither `all` nor a date like 2026-11-20 or 2026-11-20T08:00") from None


@click.command()
@click.option("--since", metavar="DATE|all", help="Also take mail that was there before mailpoll was set up.")
@click.option("--limit", type=click.IntRange(min=1), help="Take at most this many mails per account.")
@click.option("--deadline", type=click.FloatRange(min=1), help="Seconds after which the run stops.  [default: 50]")
@click.option("--dry-run", is_flag=True, help="Show what would be posted; change nothing, here or on the server.")
@click.option("-v", "--verbose", is_flag=True, help="Say what was done even when nobody is at a terminal.")
@json_option
@click.pass_obj
def command(
    installation: Installation,
    since: str | None,
    limit: int | None,
    deadline: float | None,
    dry_run: bool,
    verbose: bool,
    as_json: bool,
) -> int:
    """Fetch new mail, read it, and post it where it belongs.

    This is what cron starts every minute. Two runs never work at once: the second ends at once with status 0. Without
    a terminal only what needs a person is printed.

    \b
    Examples:
      mailpoll fetch                    one run over all accounts
      mailpoll fetch --since 2026-11-01 also mail that came before mailpoll was set up
      mailpoll fetch --dry-run          what waits on the server, and what it would become
    """
    if not installation.settings.account:
        raise ConfigError(
            "no account is configured, so there is nothing to fetch",
            about=str(installation.path),
            advice="`mailpoll init` adds one; `mailpoll receive` takes mail from files.",
        )
    moment = None if since is None else parse_since(since)
    talkative = (verbose or sys.stdout.isatty()) and not as_json
    logging.basicConfig(level=logging.CRITICAL, format="%(name)s: %(message)s")
    if verbose:  # our own words, not those of the libraries
        logging.getLogger("mailpoll").setLevel(logging.INFO)
    if dry_run:
        from mailpoll.commands.preview import preview_server

        return preview_server(installation, since=moment, limit=limit, as_json=as_json)
    journal = run_once(installation, limit=limit, since=moment, deadline_s=deadline, talkative=talkative)
    if journal is None:
        if talkative:
            click.echo("Another run is at work on this store; it takes what there is.")
        return 0
    if as_json:
        print_json(journal.as_json())
    elif talkative:
        journal.tell_accounts()
    if not as_json:
        journal.tell_troubles()
    return journal.exit_status
