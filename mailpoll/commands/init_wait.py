"""The first mail of `mailpoll init`: waited for with real runs, shown, and looked for where it went astray."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from mailpoll import config, router
from mailpoll.commands import assembly
from mailpoll.commands.facts import shown_destination
from mailpoll.commands.installation import Installation, now
from mailpoll.commands.journal import Journal
from mailpoll.commands.output import one_line, safe_text
from mailpoll.commands.runs import run_once
from mailpoll.errors import RunError
from mailpoll.model import Delivery

if TYPE_CHECKING:
    from mailpoll.imap import Session

# Seconds between two runs: short at first, then so that no provider minds.
PAUSES_S = (1.0, 1.0, 2.0, 3.0, 5.0, 5.0, 10.0)
RUN_WITHIN_S = 50.0
# Where a mail is looked for that did not come: so many folders, so many new mails in each.
FOLDERS_LOOKED_INTO = 40
MAILS_LOOKED_AT = 200
POSTS_SHOWN = 5


@dataclass
class Waiting:
    """What the runs saw while waiting."""

    account: str
    since: datetime
    deliveries: list[Delivery] = field(default_factory=list)
    others: int = 0
    said: set[str] = field(default_factory=set)

    def heed(self, journal: Journal) -> None:
        """Takes in what a run did; says its troubles, each once."""
        for message_id, reading in journal.readings:
            if reading.outcome != "posted":
                self._say(f"Message {message_id} came in, but is {reading.outcome}: {reading.reason}.")
        for result in journal.accounts:
            self.others += result.skipped if result.account == self.account else 0
            for note in result.notes:
                self._say(note)
            if result.error is not None:
                self._say(assembly.describe(result.error))

    def _say(self, sentence: str) -> None:
        if sentence not in self.said:
            self.said.add(sentence)
            click.echo(sentence)


def wait(installation: Installation, account: str, channel: str, seconds: float) -> Waiting:
    """Runs until something was posted to the channel of the new account, or `seconds` are over."""
    waiting = Waiting(account, since=now())
    until = time.monotonic() + seconds
    for pause in _pauses():
        left = until - time.monotonic()
        if waiting.deliveries or left <= 0:
            break
        journal = run_once(installation, deadline_s=min(RUN_WITHIN_S, max(left, 5.0)))
        if journal is not None:
            waiting.heed(journal)
        waiting.deliveries = _since(installation, channel, waiting.since)
        if not waiting.deliveries:
            time.sleep(max(0.0, min(pause, until - time.monotonic())))
    return waiting


def _since(installation: Installation, channel: str, moment: datetime) -> list[Delivery]:
    """What was posted since, oldest first; by whichever run: cron may be faster."""
    with installation.store() as store:
        newest = store.outbox.list(channel=channel, limit=POSTS_SHOWN, newest_first=True)
    return [delivery for delivery in reversed(newest) if delivery.created_at >= moment]


def _pauses() -> Iterator[float]:
    yield from PAUSES_S
    while True:
        yield PAUSES_S[-1]


def show(waiting: Waiting) -> None:
    """Prints what came."""
    for delivery in waiting.deliveries:
        post = delivery.post
        click.echo(f"\nIt came. Channel {post.channel}, topic: {one_line(post.topic)}\n")
        click.echo(textwrap.indent(safe_text(post.body).strip("\n"), "   "))
        trouble = f": {delivery.error}" if delivery.error else ""
        click.echo(f"\nPost to {shown_destination(post.destination, post.place)}: {delivery.state}{trouble}")


@dataclass(frozen=True, slots=True)
class Strays:
    """How many mails in a folder that is not polled name this address, and how many another one of ours."""

    folder: str
    to_it: int
    to_others: int


def explain(installation: Installation, waiting: Waiting, address: str, token: str) -> None:
    """Says that nothing came, where the mail lies if it can be found, and what to check."""
    click.echo("\nNo mail to that address came.")
    strays: list[Strays] = []
    try:
        strays = whereabouts(installation, waiting.account, token, waiting.since - timedelta(minutes=15))
    except RunError as problem:
        click.echo(f"The other folders could not be looked into: {problem}")
    for stray in strays:
        _say_stray(installation, stray)
    if waiting.others:
        did = (
            "other new mail did come, without" if waiting.others == 1 else "other new mails did come, none of them with"
        )
        click.echo(f"{waiting.others} {did} a +detail in its address.")
    if not any(stray.to_it for stray in strays):
        plain = config.patterns(installation.settings)[0].replace("+%s", "").replace("%s", "")
        click.echo(
            "What to check:\n"
            f"  - Did a message come back to the sender? Then the provider knows no plus addresses: {plain}\n"
            f"    gets mail, {one_line(address, 90)} does not.\n"
            "    Ask for plus addressing (Postfix: recipient_delimiter = +), or\n"
            '    use a domain whose mail all goes to this inbox, with patterns = ["%s@your-domain.example"].\n'
            "  - Is it in spam or quarantine, where IMAP shows no folder? Look into the provider's web mail.\n"
            "  - Is it still on its way? First mails are often held back for some minutes; `mailpoll fetch` takes it."
        )


def _say_stray(installation: Installation, stray: Strays) -> None:
    folder = repr(one_line(stray.folder))
    if stray.to_it:
        what, them = ("a mail to it lies", "it") if stray.to_it == 1 else (f"{stray.to_it} mails to it lie", "them")
        click.echo(
            f"But {what} in the folder {folder}. Move {them} to the inbox, and keep others out of there by a filter of "
            f"your provider; or add the folder to `folders` in {installation.path}."
        )
    if stray.to_others:
        what = "A mail to another address of yours lies" if stray.to_others == 1 else f"{stray.to_others} mails to other addresses of yours lie"  # fmt: skip # noqa: E501
        click.echo(f"{what} in the folder {folder}.")


def whereabouts(installation: Installation, name: str, token: str, since: datetime) -> list[Strays]:
    """The folders, other than the polled ones, with mail to our patterns that came after `since`."""
    account = installation.settings.account[name]
    with closing(assembly.connect_to(installation, name, account)) as session:
        others = [folder for folder in session.folders() if folder not in account.folders]
        found = [_ours_in(installation, session, folder, token, since) for folder in _likely_first(others)]
    return [stray for stray in found if stray.to_it or stray.to_others]


def _likely_first(folders: Sequence[str]) -> list[str]:
    likely = ("junk", "spam", "bulk", "trash", "unerw", "all")
    return sorted(folders, key=lambda name: not any(word in name.lower() for word in likely))[:FOLDERS_LOOKED_INTO]


def _ours_in(installation: Installation, session: Session, folder: str, token: str, since: datetime) -> Strays:
    """Which of the newest mails of a folder name an address of ours; nothing is fetched but recipient headers."""
    addresses = installation.settings.addresses
    patterns = [router.pattern(text) for text in config.patterns(installation.settings)]
    to_it = to_others = 0
    with suppress(RunError):  # a folder that may be listed, but not opened
        last = session.open(folder, read_only=True).uidnext - 1
        before = session.last_uid_before(since, last)
        uids = session.search(above=before, unseen_or_above=before, upto=last)[-MAILS_LOOKED_AT:]
        for candidate in session.candidates(uids, addresses.headers) if uids else ():
            named = router.recipients(candidate.headers, patterns, addresses.headers)
            if token in router.tokens(named, addresses.separators):
                to_it += 1
            elif named:
                to_others += 1
    return Strays(folder, to_it, to_others)
