"""`mailpoll fetch`: one run over all accounts."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import click

from mailpoll.commands import health, standstill
from mailpoll.commands.installation import Installation
from mailpoll.commands.journal import Journal
from mailpoll.commands.output import json_option, print_json
from mailpoll.commands.runs import run_once
from mailpoll.commands.speaking import Listener

NO_ACCOUNT = (
    "No account is configured: what waits here is read and posted, nothing is fetched. `mailpoll init` sets up an "
    "inbox; `mailpoll receive` takes mail from files and pipes."
)


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
@click.option("--now", "at_once", is_flag=True, help="Try at once what is left alone for a while.")
@click.option("-v", "--verbose", is_flag=True, help="Say what was done even when nobody is at a terminal.")
@json_option
@click.pass_obj
def command(
    installation: Installation,
    since: str | None,
    limit: int | None,
    deadline: float | None,
    dry_run: bool,
    at_once: bool,
    verbose: bool,
    as_json: bool,
) -> int:
    """Fetch new mail, read it, and post it where it belongs.

    This is what cron starts every minute. Two runs never work on one account at once: the second leaves it to
    the first, and ends with status 0 where nothing else is left. What could not be posted earlier is tried again, also
    where no account is configured.

    Without a terminal only what needs a person is printed: a trouble when it begins, once a day while it lasts, and
    when it ends; one that may pass by itself when it lasts for more than a few runs (fetch.alert_after). The exit
    status tells it from the first run on.

    A login that was refused is left alone for 1, 5, 15, then 60 minutes, or until the settings or the password
    change: providers lock accounts that insist. Destinations that give no answer rest for up to 10 minutes, posts that
    could not be delivered for up to 6 hours. --now tries all of them; a
    destination that is paused waits for `mailpoll destination resume`.

    \b
    Examples:
      mailpoll fetch                    one run over all accounts
      mailpoll fetch --since 2026-11-01 also mail that came before mailpoll was set up
      mailpoll fetch --dry-run          what waits on the server, and what it would become
      mailpoll fetch --now -v           try what is left alone, and say what comes of it
    """
    moment = None if since is None else parse_since(since)
    talkative = (verbose or sys.stdout.isatty()) and not as_json
    logging.basicConfig(level=logging.CRITICAL, format="%(message)s")
    if verbose:  # our own words, not those of the libraries
        logging.getLogger("mailpoll").setLevel(logging.INFO)
    if dry_run:
        from mailpoll.commands.dry_run import dry_run as show

        _say_if_idle(installation, talkative)
        return show(installation, since=moment, limit=limit, as_json=as_json)

    listener: Listener = "person" if talkative else "nobody" if as_json else "cron"

    def work() -> Journal | None:
        _say_if_idle(installation, talkative)
        return run_once(
            installation,
            limit=limit,
            since=moment,
            deadline_s=deadline,
            at_once=at_once,
            listener=listener,
            in_detail=as_json,
            begun=partial(health.begun, installation),
        )

    return _ended(installation, work, listener, deadline_s=deadline)


def _ended(
    installation: Installation, work: Callable[[], Journal | None], listener: Listener, *, deadline_s: float | None
) -> int:
    """The exit status of a run, once the one who listens, and the monitor that waits for pings, were told of it."""
    always, heard = listener != "cron", listener != "nobody"
    journal = standstill.watched(installation, work, always=always, heard=heard, deadline_s=deadline_s)
    if journal is None:
        if listener == "person":
            click.echo("Another run is at work on this store; it takes what there is.")
        return 0
    if isinstance(journal, int):
        status = journal
    else:
        status = journal.exit_status
        if listener == "nobody":
            print_json(journal.as_json())
    health.ended(installation, status)
    return status


def _say_if_idle(installation: Installation, talkative: bool) -> None:
    if talkative and not installation.settings.account:
        click.echo(NO_ACCOUNT)
