"""StoredContent: the bytes behind a delivery, and whose fault it is when they cannot be had."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.site import empty_store

from mailpoll.commands.stored_content import StoredContent
from mailpoll.errors import MailpollError, PermanentFailure, TemporaryFailure, Unavailable, Unreadable
from mailpoll.model import Delivery, Facts, Original, Post, RawMessage, Reading
from mailpoll.reader import ReaderDied, ReaderStopped
from mailpoll.store import Store

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    (tmp_path / "mailpoll.db").write_bytes(empty_store())
    with Store(f"sqlite:///{tmp_path / 'mailpoll.db'}") as opened:
        yield opened


class Child:
    """A reader child that gives what it is told to."""

    def __init__(self, answer: bytes | MailpollError) -> None:
        self._answer = answer

    def part(self, raw: Any, size: int, number: int, route: Any) -> Iterator[bytes]:
        """The bytes, or the error."""
        if isinstance(self._answer, MailpollError):
            raise self._answer
        return iter((self._answer,))

    def original(self, raw: Any, size: int, route: Any) -> Original:
        """A mail, or the error."""
        if isinstance(self._answer, MailpollError):
            raise self._answer
        return Original(subject="told")

    def seven_bit(self, raw: Any, size: int) -> Iterator[bytes]:
        """The mail, or the error."""
        return self.part(raw, size, 0, None)


def content(store: Store, answer: bytes | MailpollError) -> StoredContent:
    [message_id] = store.ledger.accept([RawMessage(None, None, (b"x",))], NOW)
    store.ledger.record([(message_id, Reading("posted", "", Facts("k"), (Post("dev", "hook", "", "", ""),)))], NOW)
    delivery: Delivery = store.outbox.list(message_id=message_id)[0]
    return StoredContent(store, Child(answer), delivery)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("trouble", "becomes"),
    [
        (ReaderDied("reading took more memory than allowed"), Unreadable),
        (ReaderStopped("the run was at its end"), TemporaryFailure),
        (Unavailable("the reader does not start"), TemporaryFailure),
    ],
)
def test_a_part_that_kills_the_reader_is_given_up_and_one_we_stopped_is_not(
    store: Store, trouble: MailpollError, becomes: type[MailpollError]
) -> None:
    there = content(store, trouble)
    for asked in (lambda: there.part(2), there.original, there.seven_bit):
        with pytest.raises(MailpollError, match=trouble.what) as caught:
            asked()
        assert type(caught.value) is becomes


def test_of_a_mail_that_is_too_large_there_is_only_what_its_post_knows(store: Store) -> None:
    [message_id] = store.ledger.accept([RawMessage(None, None, (b"x",), oversize_of=99_000_000)], NOW)
    store.ledger.record([(message_id, Reading("posted", "", Facts("l"), (Post("dev", "hook", "", "", ""),)))], NOW)
    there = StoredContent(store, Child(b""), store.outbox.list(message_id=message_id)[0])  # type: ignore[arg-type]
    with pytest.raises(Unreadable, match="only its header was taken"):
        there.original()


def test_a_post_whose_bytes_were_let_go_is_given_up(store: Store) -> None:
    there = content(store, b"bytes")
    assert b"".join(there.part(2)) == b"bytes"
    store.messages.drop(store.messages.list()[0].id, NOW)
    with pytest.raises(PermanentFailure, match="were let go"):
        there.part(2)
