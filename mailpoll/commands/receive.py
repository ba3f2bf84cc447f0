"""`mailpoll receive`: mails from files or a pipe enter where fetched ones do: at accept."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import click

from mailpoll import config, router
from mailpoll.commands import assembly
from mailpoll.commands.fetch import Journal, only_run
from mailpoll.commands.installation import Installation, now
from mailpoll.commands.output import json_option, print_json
from mailpoll.errors import AccessDenied, ConfigError, MailpollError, PermanentFailure, worst
from mailpoll.model import RawMessage
from mailpoll.store import Store

SLICE = 1_000_000


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE...|-]")
@click.option("--to", metavar="ADDRESS|CHANNEL", default="", help="Deliver as if the mail were addressed there.")
@click.option("-v", "--verbose", is_flag=True, help="Say what was done even when nobody is at a terminal.")
@json_option
@click.pass_obj
def command(installation: Installation, files: tuple[str, ...], to: str, verbose: bool, as_json: bool) -> int:
    """Take mails from files, or from standard input, and post them.

    No inbox is needed: a developer tests a web hook with it, a mail server pipes into it. The mail is stored before
    anything else happens: read from a pipe, the exit status is 0 from then on, and what goes wrong later is said on
    standard error and kept for the next run.

    \b
    Examples:
      mailpoll receive mail.eml --to dev
      mailpoll receive - --to username+token@example.com < mail.eml
    """
    talkative = (verbose or sys.stdout.isatty()) and not as_json
    journal = Journal(talkative)
    with installation.store() as store:
        if to:
            _check_destination(installation, store, to)
        refused = [problem for name in files or ("-",) if (problem := _accept(store, name, to))]
        if len(refused) == len(files or ("-",)):
            return worst([problem.exit_status for problem in refused])
        with only_run(installation) as alone:
            if alone:
                _work(installation, store, journal)
            elif talkative:
                click.echo("Accepted. Another run is at work on this store: it, or the next one, posts it.")
    if as_json:
        print_json(journal.as_json())
    else:
        journal.tell_troubles()
    # A mail server at the other end of a pipe would send the mail back, although it is safe here.
    later = [journal.exit_status] if files and "-" not in files else []
    return worst([problem.exit_status for problem in refused] + later)


def _accept(store: Store, name: str, to: str) -> MailpollError | None:
    """Takes one mail; what is wrong with its file is said, returned, and no reason to leave the others."""
    try:
        raw = _from_file(name)
    except (AccessDenied, PermanentFailure) as problem:
        click.echo(f"mailpoll: {problem}", err=True)
        return problem
    store.ledger.accept([raw], now(), sent_to=to)
    return None


def _work(installation: Installation, store: Store, journal: Journal) -> None:
    """Reads and delivers all that waits, as a run without accounts."""
    ends = time.monotonic() + installation.settings.fetch.deadline
    child = assembly.reader(installation, stop_at=ends)
    courier = assembly.courier(installation, store, child, told=journal.attempted, paused=journal.paused)
    with closing(child):
        courier.start()
        assembly.intake(installation, store, child, journal.read).read(lambda: time.monotonic() > ends)
        while time.monotonic() < ends and courier.step():
            pass


def _check_destination(installation: Installation, store: Store, to: str) -> None:
    """Refuses a `--to` that names nothing, before the mail is taken."""
    if "@" not in to:
        if store.channels.as_address(to) is None:
            names = ", ".join(channel.name for channel in store.channels.list())
            there_are = f"There are: {names}." if names else f"Make it: mailpoll channel add {to}"
            raise ConfigError(f"there is no channel {to}", about="--to", advice=there_are)
        return
    patterns = [router.pattern(text) for text in config.patterns(installation.settings)]
    details = [detail for pattern in patterns if (detail := pattern.detail(to)) is not None]
    if not details:
        ours = ", ".join(config.patterns(installation.settings)) or "none"
        raise ConfigError("this is none of our addresses", about="--to", advice=f"Our patterns: {ours}.")


def _from_file(name: str) -> RawMessage:
    try:
        if name == "-":
            chunks = tuple(_slices(sys.stdin.buffer))
        else:
            with Path(name).open("rb") as file:
                chunks = tuple(_slices(file))
    except OSError as problem:
        raise AccessDenied(f"the mail cannot be read ({problem.strerror})", about=name) from problem
    if not any(chunks):
        raise PermanentFailure("there is no mail: not a single byte", about="standard input" if name == "-" else name)
    return RawMessage(None, None, chunks)


def _slices(file: BinaryIO) -> Iterator[bytes]:
    while data := file.read(SLICE):
        yield data
