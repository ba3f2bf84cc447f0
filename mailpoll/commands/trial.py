"""`mailpoll channel test`: a mail of our own through a channel, at once and in this process."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from typing import TYPE_CHECKING

import click

from mailpoll import destinations
from mailpoll.commands import assembly, outlook
from mailpoll.commands.addressbook import Book
from mailpoll.commands.facts import shown_destination
from mailpoll.commands.installation import Installation, now
from mailpoll.commands.journal import Journal
from mailpoll.commands.outlook import Outlook
from mailpoll.commands.output import print_json, safe_text
from mailpoll.commands.placing import look, warning_of
from mailpoll.errors import ConfigError, MailpollError, PermanentFailure, TemporaryFailure, worst
from mailpoll.model import Delivery, RawMessage

if TYPE_CHECKING:
    from mailpoll.store import Store

# After this the post is left to the next run: a terminal waits for us.
PATIENCE_S = 60

_STATUS = {"delivered": 0, "failed": 65}


def try_channel(installation: Installation, name: str, *, as_json: bool) -> int:
    """Sends a test mail through the channel `name` and prints what came of it; returns the exit status."""
    with installation.store() as store, store.run() as mine:
        if mine is None:
            raise TemporaryFailure("another run is at work on this store", advice="Try again when it is done.")
        channel = store.channels.get(name)
        if not channel.enabled:
            raise ConfigError(f"channel {name} is disabled", advice=f"First: mailpoll channel enable {name}")
        found = Book(installation, store).live(name)
        address = found[1] if found else ""
        raw = RawMessage(None, None, (test_mail(name, address),))
        [message_id] = store.ledger.accept([raw], now(), sent_to=address or name)
        journal = _carry(installation, store, message_id)
        posts = store.outbox.list(message_id=message_id)
        entry, sight = store.messages.get(message_id), outlook.of(store, assembly.rates(installation), now())
    if entry.state != "read" or not posts:
        raise PermanentFailure(f"the test mail is {entry.state} ({entry.reason or 'no destination'})", about=name)
    warnings = tuple(_warnings(installation, posts))
    results = [result_of(post, sight) for post in posts]
    if as_json:
        print_json({"channel": name, "address": address, "message": message_id, "posts": results, "warnings": warnings})
    else:
        for post, result in zip(posts, results, strict=True):
            trouble = f": {result['error']}" if result["error"] else ""
            where = shown_destination(post.post.destination, post.post.place)
            click.echo(safe_text(f"{where}: {sight.word(post)}{trouble}"))
        for warning in warnings:
            click.echo(safe_text(f"warn  {warning}"))
    ours = {post.id for post in posts}
    met = [a.error.exit_status for a in journal.attempts if a.error and a.delivery.id in ours]
    return worst([status_of(posts, sight), *met])


def test_mail(channel: str, address: str) -> bytes:
    """A mail that says what it is, to an address of the channel where it has one."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "mailpoll test <mailpoll-test@localhost>"
    if address:
        mail["To"] = address
    mail["Subject"] = f"Test of channel {channel}"
    mail["Date"] = format_datetime(now())
    mail["Message-ID"] = make_msgid(domain="mailpoll-test.invalid")
    mail.set_content(f"This is a test of channel {channel}, made by `mailpoll channel test`.\n")
    return mail.as_bytes()


def _warnings(installation: Installation, posts: Sequence[Delivery]) -> Iterator[str]:
    """What a person should know of the places that took the post."""
    for post in posts:
        name, place = post.post.destination, post.post.place
        if post.state == "delivered" and name in installation.settings.destination:
            with suppress(MailpollError):  # it was there a moment ago
                made = destinations.make(name, installation.settings, installation.secret)
                if warning := warning_of(look(made, place)):
                    yield warning


def _carry(installation: Installation, store: Store, message_id: int) -> Journal:
    """Reads and delivers what waits, in order, until nothing of our message is due any more; what that was."""
    ends = time.monotonic() + PATIENCE_S
    journal, child = Journal(), assembly.reader(installation, stop_at=ends)
    courier = assembly.courier(installation, store, child, told=journal.attempted, paused=journal.paused)
    with closing(child):
        assembly.intake(installation, store, child, journal.read).read(lambda: time.monotonic() > ends)
        if store.outbox.list(message_id=message_id, states=("held",)):
            store.messages.release(message_id, now())  # what the channel's policy makes of strangers is not on trial
        courier.start()
        try:
            while time.monotonic() < ends and store.outbox.list(message_id=message_id, states=("pending",)):
                if not courier.step():
                    break
            courier.finish()
        except BaseException:
            courier.abandon()
            raise
    return journal


def status_of(posts: Sequence[Delivery], sight: Outlook) -> int:
    """The exit status that the states of posts make."""
    return worst([_STATUS.get(post.state, 77 if sight.is_paused(post) else 75) for post in posts])


def result_of(delivery: Delivery, sight: Outlook) -> dict[str, object]:
    """What came of a post, for programs."""
    return {
        "post": delivery.id,
        "destination": shown_destination(delivery.post.destination, delivery.post.place),
        "state": delivery.state,
        "paused": sight.is_paused(delivery),
        "error": sight.why(delivery),
        "until": sight.until(delivery),
        "receipt": delivery.receipt,
        "url": delivery.receipt_url,
    }
