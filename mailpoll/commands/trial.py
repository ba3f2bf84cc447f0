"""`mailpoll channel test`: a mail of our own through a channel, at once and in this process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from typing import TYPE_CHECKING

import click

from mailpoll.commands import assembly
from mailpoll.commands.facts import shown_destination
from mailpoll.commands.installation import Installation, now
from mailpoll.commands.journal import Journal
from mailpoll.commands.output import print_json
from mailpoll.errors import ConfigError, PermanentFailure, TemporaryFailure, worst
from mailpoll.model import Delivery, Pause, RawMessage

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
        [message_id] = store.ledger.accept([RawMessage(None, None, (test_mail(name),))], now(), sent_to=name)
        _carry(installation, store, message_id)
        posts = store.outbox.list(message_id=message_id)
        entry, pauses = store.messages.get(message_id), store.outbox.pauses()
    if entry.state != "read" or not posts:
        raise PermanentFailure(f"the test mail is {entry.state} ({entry.reason or 'no destination'})", about=name)
    results = [result_of(post, pauses) for post in posts]
    if as_json:
        print_json({"channel": name, "message": message_id, "posts": results})
    for post, result in zip(posts, results, strict=True):
        if not as_json:
            trouble = f": {result['error']}" if result["error"] else ""
            click.echo(f"{shown_destination(post.post.destination, post.post.place)}: {result['state']}{trouble}")
    return status_of(posts, pauses)


def test_mail(channel: str) -> bytes:
    """A mail that says what it is."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "mailpoll test <mailpoll-test@localhost>"
    mail["Subject"] = f"Test of channel {channel}"
    mail["Date"] = format_datetime(now())
    mail["Message-ID"] = make_msgid(domain="mailpoll-test.invalid")
    mail.set_content(f"This is a test of channel {channel}, made by `mailpoll channel test`.\n")
    return mail.as_bytes()


def _carry(installation: Installation, store: Store, message_id: int) -> None:
    """Reads and delivers what waits, in order, until nothing of our message is due any more."""
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


def status_of(posts: Sequence[Delivery], pauses: tuple[Pause, ...]) -> int:
    """The exit status that the states of posts make."""
    paused = {pause.destination for pause in pauses}
    return worst([_STATUS.get(p.state, 77 if p.post.destination in paused else 75) for p in posts])


def result_of(delivery: Delivery, pauses: tuple[Pause, ...]) -> dict[str, object]:
    """What came of a post, for programs."""
    reason = next((p.reason for p in pauses if p.destination == delivery.post.destination), "")
    return {
        "post": delivery.id,
        "destination": shown_destination(delivery.post.destination, delivery.post.place),
        "state": delivery.state,
        "error": delivery.error or (f"the destination is paused: {reason}" if reason else ""),
        "receipt": delivery.receipt,
        "url": delivery.receipt_url,
    }
