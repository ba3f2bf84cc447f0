"""`mailpoll receive`: mails from files or a pipe enter where fetched ones do: at accept."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import BinaryIO

import click

from mailpoll import config, router
from mailpoll.commands import alarm, crash, notices, runs, troubles
from mailpoll.commands.installation import Installation, now
from mailpoll.commands.journal import Journal, tell
from mailpoll.commands.outlook import ON_THEIR_WAY
from mailpoll.commands.output import json_option, print_json, say
from mailpoll.errors import AccessDenied, ConfigError, MailpollError, PermanentFailure, TemporaryFailure, worst
from mailpoll.interpret import header_block
from mailpoll.model import RawMessage
from mailpoll.store import Store

SLICE = 1_000_000
PIPE = "-"
# How often a run looks again for mail that was accepted while it held the lock.
ROUNDS = 5


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE...|-]")
@click.option("--to", metavar="ADDRESS|CHANNEL", default="", help="Deliver as if the mail were addressed there.")
@click.option("-v", "--verbose", is_flag=True, help="Say what was done even when nobody is at a terminal.")
@json_option
@click.pass_obj
def command(installation: Installation, files: tuple[str, ...], to: str, verbose: bool, as_json: bool) -> int:
    """Take mails from files, or one from standard input, and post them.

    No inbox is needed: a developer tests a web hook with it, a mail server pipes into it. The mail is stored before
    anything else happens. From standard input, the exit status is 75 until then, whatever is wrong, so that a mail
    server tries again, and 0 from then on: what goes wrong later is said on standard error and kept for the next run.

    \b
    Examples:
      mailpoll receive mail.eml --to dev
      mailpoll receive - --to username+token@example.com < mail.eml
    """
    journal = Journal((verbose or sys.stdout.isatty()) and not as_json)
    if PIPE in files and len(files) > 1:
        raise click.UsageError("Standard input (-) goes with no other file.")
    if files in ((), (PIPE,)):
        sys.exit(_from_pipe(installation, to, journal, as_json=as_json))  # also when not all could be printed
    return _from_files(installation, files, to, journal, as_json=as_json)


def _from_files(installation: Installation, files: Sequence[str], to: str, journal: Journal, *, as_json: bool) -> int:
    """Takes mails from files; what is wrong with one is said, and no reason to leave the others."""
    refused, taken, limit = [], set[int](), installation.settings.fetch.max_message_size
    with installation.store() as store, journal.telling_events():
        _check_destination(installation, store, to)
        for name in files:
            try:
                with _opened(name) as file:
                    taken |= _accept(store, _mail_in(file, name, limit), name, to)
            except (AccessDenied, PermanentFailure) as problem:
                say(problem)
                refused.append(problem.exit_status)
        if len(refused) < len(files):
            _work(installation, store, journal, taken, as_json=as_json)
    return worst([*refused, *([journal.exit_status] if journal.exit_status else [])])


def _accept(store: Store, raw: RawMessage, name: str, to: str) -> AbstractSet[int]:
    if raw.oversize_of:
        raise PermanentFailure(_too_large(raw), about=name)
    return store.ledger.accept([raw], now(), sent_to=to).keys()


def _from_pipe(installation: Installation, to: str, journal: Journal, *, as_json: bool) -> int:
    """Takes the mail that a mail server pipes to us: it would send back to its author what we refuse for good, and what
    is stored but not posted yet. So the status is 75 until the mail is stored, and 0 from then on."""
    stored = False
    try:
        with installation.store() as store, journal.telling_events():
            _check_destination(installation, store, to)
            limit = installation.settings.fetch.max_message_size
            raw = _mail_in(sys.stdin.buffer, "standard input", limit)
            taken = store.ledger.accept([raw], now(), sent_to=to)
            stored = True
            if raw.oversize_of:
                click.echo(f"mailpoll: {_too_large(raw)}; only its headers were taken", err=True)
            _work(installation, store, journal, taken.keys(), as_json=as_json)
    except MailpollError as problem:
        say(problem)
    except KeyboardInterrupt:  # SIGTERM, too: the machine goes down
        click.echo(
            f"mailpoll: stopped; the mail is {'safe, the next run goes on' if stored else 'not stored'}.", err=True
        )
    except Exception as problem:
        click.echo(f"mailpoll: {crash.sentence(problem)}", err=True)
    return 0 if stored else TemporaryFailure.exit_status


def _work(
    installation: Installation, store: Store, journal: Journal, taken: AbstractSet[int], *, as_json: bool
) -> None:
    """Reads and delivers all that waits, as a run without accounts, and tells it, and what keeps waiting what was
    `taken`.

    What others accept meanwhile waits for whoever holds the lock: it is looked for once more after letting it go.
    """
    if journal.talkative or as_json:
        journal.posts_of = store.outbox.standing_for
    ends = time.monotonic() + installation.settings.fetch.deadline
    for turn in range(ROUNDS):
        with store.run() as mine:
            if alone := mine is not None:
                runs.execute(installation, store, journal, deadline_s=max(ends - time.monotonic(), 0.0))
            elif journal.talkative and not turn:
                click.echo("Accepted. Another run is at work on this store: it, or the next one, posts it.")
        if not alone or time.monotonic() > ends or not store.ledger.unread(1):
            break
    waiting = _waiting(installation, store, journal, taken)
    if as_json:
        print_json(journal.as_json())
    else:
        journal.tell_troubles()
        tell(waiting)
    journal.told = True


def _waiting(installation: Installation, store: Store, journal: Journal, taken: AbstractSet[int]) -> tuple[str, ...]:
    """What keeps posts waiting though this run did not meet it, a sentence each: destinations that are paused, and
    those that are left alone while posts of what was `taken` wait for them. The journal has all of it then."""
    known = {trouble.about: trouble for trouble in store.troubles.list()}
    met, _ = notices.of_destinations(journal, store, known, installation.destination_names(), now())
    posts = (post for each in taken for post in store.outbox.standing_for(each) if post.state in ON_THEIR_WAY)
    ours = {troubles.destination(post.post.destination) for post in posts}
    concerns = {
        about: some
        for about, some in met.items()
        if about in ours or any(each.fresh or each.status not in alarm.PASSING for each in some)
    }
    journal.open = tuple(
        alarm.decide(known.get(about), some, now(), alert_after=1)[0] for about, some in concerns.items()
    )
    stale = {about: [each for each in some if not each.fresh] for about, some in concerns.items()}
    return tuple(line for about, some in stale.items() for line in alarm.in_full(known.get(about), some))


def _check_destination(installation: Installation, store: Store, to: str) -> None:
    """Refuses a `--to` that names nothing, before the mail is taken."""
    if not to:
        return
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


def _opened(name: str) -> BinaryIO:
    try:
        return Path(name).open("rb")
    except OSError as problem:
        raise _unreadable(problem, name) from problem


def _mail_in(file: BinaryIO, name: str, limit: int) -> RawMessage:
    """The mail that `file` holds; of one over `limit` octets its headers alone."""
    chunks: list[bytes] = []
    size = 0
    try:
        while data := file.read(SLICE):
            size += len(data)
            if size <= limit or not chunks:
                chunks.append(data)
    except OSError as problem:
        raise _unreadable(problem, name) from problem
    if not size:
        raise PermanentFailure("there is no mail: not a single byte", about=name)
    if size <= limit:
        return RawMessage(None, None, tuple(chunks))
    return RawMessage(None, None, (header_block(iter(chunks)),), oversize_of=size)


def _unreadable(problem: OSError, name: str) -> AccessDenied:
    return AccessDenied(f"the mail cannot be read ({problem.strerror})", about=name)


def _too_large(raw: RawMessage) -> str:
    return f"the mail has {raw.oversize_of} octets, more than fetch.max_message_size allows"
